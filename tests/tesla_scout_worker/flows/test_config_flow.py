"""The dialog: signing in, each way in which that fails and how it heals on the same form, and signing in anew."""

import contextlib
from pathlib import Path
from typing import Any

from bench import VIN, SetUp, form, open_paste, settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.util.file import WriteError
from lookout import SECOND_VIN, billed, value
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    CONF_VEHICLES,
    DOMAIN,
)
from custom_components.tesla_scout_worker.token_journal import TokenJournal
from fleet_simulator import Account, Car, Fault, FleetSimulator

# Everything here happens in a dialog; nothing needs the clock.
pytestmark = pytest.mark.usefixtures("home", "car")

OWNER_API = "forbidden, see https://developer.tesla.com/docs/fleet-api"
OWNER_APP = {
    "error": "access_denied",
    "error_description": "This domain is restricted to third-party applications only.",
}


async def submit(hass: HomeAssistant, flow_id: str, typed: dict[str, Any]) -> ConfigFlowResult:
    """Submit the form and wait for what it started."""
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    await settle(hass)
    return result


def journals(hass: HomeAssistant) -> list[Path]:
    """Return the token journals on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.token_*"))


async def test_sign_in_makes_an_entry(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """One token, two unbilled requests, an entry that is loaded, and the token as pasted is nowhere in it."""
    token = account.issue_refresh_token()
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, form(simulator, f' "{token}" \n'))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Tesla: Scout"
    entry = result["result"]
    assert entry.unique_id == account.sub
    assert entry.data[CONF_VEHICLES] == {VIN: "Scout"}
    assert token not in str({key: item for key, item in entry.data.items() if key != "token"})
    assert [record.kind for record in simulator.requests[:2]] == ["token", "list"]
    assert value(hass, "sensor.scout_battery") == "62"
    assert len(account.refreshes) == 1


async def test_several_cars_and_energy_sites(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The title names the first three cars, all are kept, a Powerwall is passed over."""
    account.add_energy_site()
    for number, name in enumerate(("Second", "Third", "Fourth"), 2):
        account.add_car(f"5YJ3E1EA1KF00000{number}", name)
    result = await submit(hass, await open_paste(hass), form(simulator, account.issue_refresh_token()))
    assert result["step_id"] == "cars"
    result = await submit(hass, result["flow_id"], {})
    assert result["title"] == "Tesla: Scout, Second, Third"
    assert len(result["result"].data[CONF_VEHICLES]) == 4


def _status(request: str, status: int, error: str, **more: Any) -> Fault:
    return Fault(request, "json", status=status, body={"response": None, "error": error}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        pytest.param([Fault("token", "reset_before")], "answer_lost", id="token: reset"),
        pytest.param([Fault("token", "reset_after")], "answer_lost", id="token: answer lost"),
        pytest.param([Fault("token", "half")], "answer_lost", id="token: half an answer"),
        pytest.param([Fault("token", "garbage")], "bad_answer", id="token: HTML"),
        pytest.param([Fault("token", "empty")], "bad_answer", id="token: empty"),
        pytest.param([Fault("token", "redirect", url="https://example.com/")], "bad_answer", id="token: redirect"),
        pytest.param([Fault("token", "status", status=503, body="down")], "server_error", id="token: 503"),
        pytest.param([Fault("token", "status", status=429, body="slow")], "rate_limited", id="token: 429"),
        pytest.param([_status("token", 401, "unauthorized_client")], "client_refused", id="token: client"),
        pytest.param([Fault("token", "json", status=403, body=OWNER_APP)], "owner_api_token", id="token: owner API"),
        pytest.param([_status("list", 401, "token expired (401)")], "token_rejected", id="list: 401"),
        pytest.param([_status("list", 401, "mobile_access_disabled")], "mobile_access_disabled", id="list: mobile"),
        pytest.param([_status("list", 403, OWNER_API)], "owner_api_token", id="list: owner API"),
        pytest.param([_status("list", 403, "account disabled: EXCEEDED_LIMIT")], "account_disabled", id="list: limit"),
        pytest.param([_status("list", 403, "Unauthorized missing scopes")], "missing_scope", id="list: scope"),
        pytest.param([_status("list", 403, "no")], "request_rejected", id="list: 403"),
        pytest.param([_status("list", 403, "Vehicle Command Protocol required")], "signing_required", id="list: signed"),
        pytest.param([_status("list", 404, "not_found")], "not_found", id="list: 404"),
        pytest.param([_status("list", 408, "timeout")], "vehicle_unavailable", id="list: 408"),
        pytest.param([_status("list", 421, "wrong region")], "wrong_region", id="list: 421"),
        pytest.param([_status("list", 429, "slow")], "rate_limited", id="list: 429"),
        pytest.param([_status("list", 500, "oops")], "server_error", id="list: 500"),
        pytest.param([Fault("list", "garbage")], "bad_answer", id="list: HTML"),
        pytest.param([Fault("list", "json", body=None)], "bad_answer", id="list: null"),
        pytest.param([Fault("list", "json", body={"response": {}})], "bad_answer", id="list: no list"),
        pytest.param([Fault("list", "json", body={"response": []})], "no_vehicles", id="list: no car"),
        pytest.param([Fault("list", "json", body={"response": [{"energy_site_id": 1}]})], "no_vehicles", id="list: no car but energy"),
        pytest.param([Fault("list", "reset_after")], "answer_lost", id="list: reset"),
    ],
)  # fmt: skip
async def test_each_trouble_is_told_and_heals_on_the_same_form(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, faults: list[Fault], error: str
) -> None:
    """The form stays open with a message, and the very same input succeeds once the trouble is over."""
    for fault in faults:
        simulator.faults.add(fault)
    typed = form(simulator, account.issue_refresh_token())
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert not hass.config_entries.async_entries(DOMAIN)
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert value(hass, "sensor.scout_battery") == "62"


async def test_refused_token_is_told_and_a_good_one_succeeds(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A wrong or cut-off token is not kept, and nothing of it is on the disk."""
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, form(simulator, "EU_0123"))
    assert result["errors"] == {"base": "sign_in_required"}
    assert journals(hass) == []
    result = await submit(hass, flow_id, form(simulator, account.issue_refresh_token()))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_unknown_client_id(hass: HomeAssistant, simulator: FleetSimulator, account: Account) -> None:
    """The token was not looked at: with the right client id the same one is taken; spaces around it do not matter."""
    token = account.issue_refresh_token()
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, form(simulator, token, client_id="somebody-else"))
    assert result["errors"] == {"base": "client_refused"}
    result = await submit(hass, flow_id, form(simulator, token, client_id=f" {simulator.client_id}\t"))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["client_id"] == simulator.client_id


@pytest.mark.parametrize("lacking", ["vehicle_location", "vehicle_device_data"])
async def test_missing_scope_is_named_and_the_same_token_works_once_it_is_granted(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, lacking: str
) -> None:
    """The token was used up by the check; pasted again it stands for its successor."""
    account.scopes.discard(lacking)
    typed = form(simulator, account.issue_refresh_token())
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "missing_scope"}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["missing_scopes"] == lacking
    assert billed(simulator) == 0
    account.scopes.add(lacking)
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert {record.outcome for record in account.refreshes} == {"rotated"}


async def test_server_that_is_not_there(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, unused_tcp_port: int
) -> None:
    """Nobody listens: the token was not used."""
    token = account.issue_refresh_token()
    flow_id = await open_paste(hass)
    nobody = f"http://127.0.0.1:{unused_tcp_port}/token"
    result = await submit(
        hass,
        flow_id,
        form(simulator, token, advanced={CONF_TOKEN_URL: nobody, CONF_API_URL: simulator.api_url}),
    )
    assert result["errors"] == {"base": "cannot_connect"}
    assert account.refreshes == []
    result = await submit(hass, flow_id, form(simulator, token))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("field", [CONF_TOKEN_URL, CONF_API_URL])
@pytest.mark.parametrize(
    "url",
    ["ftp://tesla.example/", "tesla.example/token", "/token", "http://", "https://", "http://a:b", "javascript:alert(1)",
     "http://user:secret@tesla.example/", "http://[::1", "?"],
)  # fmt: skip
async def test_address_that_is_none_is_told_without_a_request(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, field: str, url: str
) -> None:
    """Nothing is sent anywhere, the token stays unused, and the message names the field."""
    typed = form(simulator, account.issue_refresh_token())
    wrong = {**typed, CONF_ADVANCED: {**typed[CONF_ADVANCED], field: url}}
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, wrong)
    assert result["errors"] == {"base": f"invalid_{field}"}
    assert simulator.requests == []
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_addresses_are_tidied(hass: HomeAssistant, simulator: FleetSimulator, account: Account) -> None:
    """Spaces and a slash at the end, as copied, are asked and stored without them; empty fields are not stored."""
    typed = form(
        simulator,
        account.issue_refresh_token(),
        advanced={CONF_TOKEN_URL: f"  {simulator.token_url}/ ", CONF_API_URL: f"{simulator.api_url}/\n"},
    )
    result = await submit(hass, await open_paste(hass), typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_TOKEN_URL] == simulator.token_url
    assert result["data"][CONF_API_URL] == simulator.api_url


async def test_disk_that_takes_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told; once there is room the same token works, by Tesla's grace."""

    async def _full(*_: object) -> None:
        raise WriteError("no space left on device")

    typed = form(simulator, account.issue_refresh_token())
    flow_id = await open_paste(hass)
    with monkeypatch.context() as patch:
        patch.setattr(TokenJournal, "async_save", _full)
        result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "cannot_save"}
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_same_account_twice_is_refused(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """Another token of the same account: refused, and the entry's own sign-in is not touched."""
    entry = await set_up(account)
    before = dict(entry.data["token"])
    result = await submit(hass, await open_paste(hass), form(simulator, account.issue_refresh_token()))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert result["description_placeholders"] == {"account": "Tesla: Scout"}
    assert entry.data["token"] == before
    assert len(journals(hass)) == 1
    assert await _can_refresh(hass)


async def test_same_token_twice_is_refused_without_a_request(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """Redeeming it a second time would spend the grace that the entry may need."""
    typed = form(simulator, account.issue_refresh_token())
    await submit(hass, await open_paste(hass), typed)
    before = len(simulator.requests)
    result = await submit(hass, await open_paste(hass), typed)
    assert result["reason"] == "already_configured"
    assert len(simulator.requests) == before


async def test_two_accounts_are_two_entries(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """A second owner's account is set up beside the first."""
    other = simulator.add_account("other@example.com")
    other.add_car(SECOND_VIN, "Other")
    await set_up(account)
    await set_up(other)
    assert value(hass, "sensor.scout_battery") == value(hass, "sensor.other_battery") == "62"
    assert len(journals(hass)) == 2


async def test_second_token_on_the_same_form_replaces_the_first(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """First the neighbour's account, which has no car, then the own: the neighbour's token is not left on the disk."""
    empty = simulator.add_account("empty@example.com")
    flow_id = await open_paste(hass)
    result = await submit(hass, flow_id, form(simulator, empty.issue_refresh_token()))
    assert result["errors"] == {"base": "no_vehicles"}
    assert journals(hass) == []
    result = await submit(hass, flow_id, form(simulator, account.issue_refresh_token()))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(journals(hass)) == 1
    assert await _can_refresh(hass)


async def test_dialog_closed_half_way_leaves_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A token that was redeemed for a dialog that came to nothing is not left on the disk."""
    account.scopes.discard("vehicle_location")
    flow_id = await open_paste(hass)
    await submit(hass, flow_id, form(simulator, account.issue_refresh_token()))
    assert journals(hass) == []
    hass.config_entries.flow.async_abort(flow_id)
    await settle(hass)
    assert journals(hass) == []


async def test_dialog_closed_before_anything_was_typed(hass: HomeAssistant) -> None:
    """There is nothing to forget then."""
    flow_id = await open_paste(hass)
    hass.config_entries.flow.async_abort(flow_id)
    await settle(hass)
    assert hass.config_entries.flow.async_progress() == []


async def test_what_the_dialog_asked_is_in_the_ledger(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """The meter counts from the first request on, failed tries included."""
    simulator.faults.add(Fault("list", "garbage"))
    typed = form(simulator, account.issue_refresh_token())
    flow_id = await open_paste(hass)
    await submit(hass, flow_id, typed)
    result = await submit(hass, flow_id, typed)
    budget = result["result"].runtime_data.budget
    assert budget.requests_this_month["state"] == simulator.bill.state_calls
    assert budget.requests_this_month["auth"] == len(account.refreshes)
    assert budget.billed_this_month == billed(simulator)


async def test_region_that_nobody_typed_is_not_followed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """Another port on loopback is another origin: it does not get the token, whatever a 421 says."""
    typed = form(
        simulator,
        account.issue_refresh_token(),
        advanced={CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_urls["na"]},
    )
    result = await submit(hass, await open_paste(hass), typed)
    assert result["errors"] == {"base": "wrong_region"}


async def test_region_that_may_be_asked_is_followed_and_kept(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A 421 that names an address that may be asked is followed once, within the same submit."""
    named = f"user out of region, use base URL: {simulator.api_url}, see the manual"
    simulator.faults.add(_status("list", 421, named))
    result = await submit(hass, await open_paste(hass), form(simulator, account.issue_refresh_token()))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["base_url"] == simulator.api_url


# --- signing in anew ------------------------------------------------------------------------------


async def _can_refresh(hass: HomeAssistant) -> bool:
    answer = await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True, return_response=True)
    return answer is not None and answer["refreshed"] is True


async def start(entry: Any, hass: HomeAssistant, source: str) -> str:
    """Start a reauth or a reconfigure flow."""
    mock: Any = MockConfigEntry
    starter = mock.start_reauth_flow if source == "reauth" else mock.start_reconfigure_flow
    result = await starter(entry, hass)
    if source == "reconfigure":
        assert result["type"] is FlowResultType.MENU
        result = await hass.config_entries.flow.async_configure(
            result["flow_id"], {"next_step_id": "reconfigure_paste"}
        )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == f"{source}_paste"
    return str(result["flow_id"])


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_new_token_replaces_the_old_one(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, source: str
) -> None:
    """After the password was changed: a first wrong token, then a good one; entities and the entry stay the same."""
    entry = await set_up(account)
    entities = set(hass.states.async_entity_ids())
    account.revoke()
    flow_id = await start(entry, hass, source)
    result = await submit(hass, flow_id, form(simulator, "EU_wrong"))
    assert result["errors"] == {"base": "sign_in_required"}
    result = await submit(hass, flow_id, form(simulator, account.issue_refresh_token()))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == f"{source}_successful" if source == "reauth" else "reconfigure_successful"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
    assert set(hass.states.async_entity_ids()) == entities
    assert value(hass, "sensor.scout_battery") == "62"
    assert value(hass, "sensor.tesla_scout_sign_in") == "fresh"
    assert len(journals(hass)) == 1
    assert await _can_refresh(hass)


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_other_account_is_refused_and_nothing_changes(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, source: str
) -> None:
    """A token of the neighbour's account: refused, the own sign-in works on, the neighbour's token is not kept."""
    entry = await set_up(account)
    other = simulator.add_account("other@example.com")
    other.add_car(SECOND_VIN, "Other")
    before = dict(entry.data)
    flow_id = await start(entry, hass, source)
    result = await submit(hass, flow_id, form(simulator, other.issue_refresh_token()))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_account"
    assert result["description_placeholders"] == {"expected": "Tesla: Scout", "actual": "Other"}
    assert dict(entry.data) == before
    assert len(journals(hass)) == 1
    assert await _can_refresh(hass)


async def test_emptied_endpoint_is_gone(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Back from a proxy to Tesla's own host: what was emptied in the form is not kept from before."""
    entry = await set_up(account)
    assert CONF_API_URL in entry.data
    flow_id = await start(entry, hass, "reconfigure")
    typed = form(simulator, account.issue_refresh_token(), advanced={CONF_TOKEN_URL: simulator.token_url})
    # Without an API URL the region's host is asked; that host cannot be had here.
    monkeypatch.setattr(
        "custom_components.tesla_scout_worker.flow_account.FleetClient.vehicles", _one_car, raising=True
    )
    result = await submit(hass, flow_id, typed)
    assert result["reason"] == "reconfigure_successful"
    assert CONF_API_URL not in entry.data
    assert entry.data["base_url"] == "https://fleet-api.prd.eu.vn.cloud.tesla.com"


async def _one_car(*_: object) -> list[Any]:
    from custom_components.tesla_scout_worker.fleet.models import CloudState, Vehicle  # noqa: PLC0415

    return [Vehicle(VIN, "Scout", CloudState.ASLEEP)]


async def test_forms_for_signing_in_anew_show_what_is_known(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Client id and endpoints are filled in, the token is not; the account is named."""
    entry = await set_up(account)
    flow_id = await start(entry, hass, "reauth")
    flow = hass.config_entries.flow.async_get(flow_id)
    assert flow["context"]["title_placeholders"] == {"name": entry.title}
    result = await hass.config_entries.flow.async_configure(flow_id)
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["account"] == entry.title
    assert result["data_schema"] is not None
    suggested = {
        str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema
    }
    assert suggested["client_id"] == simulator.client_id
    assert suggested[CONF_REFRESH_TOKEN] is None


async def test_dialog_closed_while_tesla_is_asked_leaves_no_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The answer comes after the person left: the token that it brings is not kept on the disk."""
    slow = simulator.faults.add(Fault("token", kind="delay"))
    flow_id = await open_paste(hass)
    asking = hass.async_create_task(
        hass.config_entries.flow.async_configure(flow_id, form(simulator, account.issue_refresh_token()))
    )
    await slow.reached()
    hass.config_entries.flow.async_abort(flow_id)
    slow.release()
    with contextlib.suppress(UnknownFlow):
        await asking
    await settle(hass)
    assert [record.outcome for record in account.refreshes] == ["rotated"]
    assert journals(hass) == []
    assert not hass.config_entries.async_entries(DOMAIN)
