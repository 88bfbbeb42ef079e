"""Signing in with Tesla in a browser: to the page, back with a code, to an entry; and each way in which that fails."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from bench import VIN, SetUp, form, settle
from browser_bench import Person, add_app, requests, sign_in_form
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.config_entry_oauth2_flow import async_get_implementations
from homeassistant.util.file import WriteError
from lookout import billed, value
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_AUTH_IMPLEMENTATION,
    CONF_REGION,
    CONF_VEHICLES,
    DOMAIN,
)
from custom_components.tesla_scout_worker.oauth import SCOPES, TeslaOAuth
from custom_components.tesla_scout_worker.token_journal import TokenJournal
from fleet_simulator import Account, Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car", "current_request_with_host")


@pytest.fixture
def person(
    hass: HomeAssistant, simulator: FleetSimulator, hass_client_no_auth: ClientSessionGenerator
) -> Person:
    """Put somebody in front of the dialog."""
    return Person(hass, simulator, hass_client_no_auth)


@pytest.fixture
async def app(hass: HomeAssistant, simulator: FleetSimulator) -> None:
    """Enter the owner's app in the application credentials."""
    await add_app(hass, simulator)


def journals(hass: HomeAssistant) -> list[Path]:
    """Return the token journals on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.token_*"))


def status(request: Any, code: int, error: str) -> Fault:
    """Return an answer with an error word."""
    return Fault(request, "json", status=code, body={"response": None, "error": error})


# --- it works -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed_secret", "has_secret", "knows_pkce"),
    [
        pytest.param("right", True, True, id="secret and challenge"),
        pytest.param("right", True, False, id="a server that ignores the challenge"),
        pytest.param("none", False, True, id="an app without a secret: challenge alone"),
        pytest.param("-", True, True, id="a secret that was not entered: challenge alone"),
        pytest.param("", False, False, id="neither"),
    ],
)
async def test_signing_in_makes_an_entry(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    typed_secret: str,
    has_secret: bool,
    knows_pkce: bool,
) -> None:
    """A code, a token, the list of cars: two requests from Home Assistant, none billed, and an entry that works."""
    simulator.auth.has_secret, simulator.auth.pkce_supported = has_secret, knows_pkce
    await add_app(hass, simulator, None if typed_secret == "right" else typed_secret)
    shown = await person.go()
    url = URL(shown["url"])
    assert str(url.with_query(None)) == simulator.authorize_url
    assert set(url.query["scope"].split()) == set(SCOPES)
    assert url.query["prompt_missing_scopes"] == "true"
    assert url.query["code_challenge_method"] == "S256"
    result = await person.sign_in(shown, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    assert result["title"] == "Tesla: Scout"
    entry = result["result"]
    assert entry.unique_id == account.sub
    assert entry.data[CONF_AUTH_IMPLEMENTATION] == "Mine"
    assert entry.data[CONF_REGION] == "eu"
    assert entry.data[CONF_VEHICLES] == {VIN: "Scout"}
    assert simulator.client_secret not in str(entry.data)
    assert requests(simulator, "token") == 1
    assert account.refreshes == []
    assert len(journals(hass)) == 1
    assert value(hass, "sensor.scout_battery") == "62"
    answer = await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True, return_response=True)
    assert answer is not None
    assert answer["refreshed"] is True


@pytest.mark.usefixtures("app")
async def test_what_the_dialog_asked_is_in_the_ledger(
    simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Each request of the sign-in was metered, a failed one and the code's too."""
    simulator.faults.add(Fault("token", "garbage"))
    shown = await person.go()
    result = await person.sign_in(shown, account)
    result = await person.submit(result["flow_id"], sign_in_form(simulator))
    result = await person.sign_in(result, account)
    budget = result["result"].runtime_data.budget
    assert budget.requests_this_month["auth"] == 2
    assert budget.requests_this_month["state"] == simulator.bill.state_calls
    assert budget.billed_this_month == billed(simulator)


@pytest.mark.usefixtures("app")
async def test_the_credential_of_an_entry_cannot_be_deleted_underneath(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Home Assistant finds the entry by the name under which it keeps the credential."""
    collection = hass.data[DATA_COMPONENT]
    (item,) = collection.async_items()
    # As the UI enters it: the credential is found by its own id.
    await collection.async_delete_item(item["id"])
    created = await collection.async_create_item(
        {"domain": DOMAIN, "client_id": simulator.client_id, "client_secret": simulator.client_secret}
    )
    result = await person.sign_in(await person.go(), account)
    assert result["data"][CONF_AUTH_IMPLEMENTATION] == created["id"]
    with pytest.raises(HomeAssistantError):
        await collection.async_delete_item(created["id"])


@pytest.mark.usefixtures("app")
async def test_no_secret_is_shown_or_logged(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Codes, tokens, the client's secret: in no message, good or bad, and in no step of the dialog."""
    caplog.set_level(logging.DEBUG)
    steps = [await person.go()]
    for fault in (Fault("token", "reset_after"), Fault("token", "garbage"), status("list", 500, "oops")):
        simulator.faults.add(fault)
        steps.append(await person.sign_in(steps[-1], account))
        steps.append(await person.submit(steps[-1]["flow_id"], sign_in_form(simulator)))
    # What is made is the entry, which keeps its token.
    assert steps.pop()["type"] is FlowResultType.CREATE_ENTRY
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        # The store of the tests logs what it would write to the disk, its web servers whom they serve.
        if not record.name.startswith(("pytest_homeassistant_custom_component", "aiohttp.access"))
    )
    secrets = simulator.all_secrets()
    assert len(secrets) > 5
    assert [secret for secret in secrets if secret in logged + str(steps)] == []


@pytest.mark.usefixtures("app")
async def test_each_sign_in_has_a_verifier_of_its_own(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Two dialogs, and a second try of one, never share one: a code of the one is worth nothing to the other."""
    first, second = await person.go(), await person.go()
    back = await person.page(first["url"], account, decision="deny")
    await person.come_back(back)
    result = await person.submit(first["flow_id"])
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    challenges = {URL(shown["url"]).query["code_challenge"] for shown in (first, second, again)}
    assert len(challenges) == 3
    assert not any(challenge in str(result) for challenge in challenges)


@pytest.mark.usefixtures("app")
async def test_a_code_for_another_try_is_refused(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The page of the first try, used during the second: its code does not fit, and the third try works."""
    first = await person.go()
    await person.come_back(await person.page(first["url"], account, decision="deny"))
    denied = await person.submit(first["flow_id"])
    second = await person.submit(denied["flow_id"], sign_in_form(simulator))
    await person.come_back(await person.page(first["url"], account))
    result = await person.submit(second["flow_id"])
    assert result["errors"] == {"base": "code_refused"}
    third = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(third, account))["type"] is FlowResultType.CREATE_ENTRY


async def test_one_of_several_apps_is_chosen(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The one that is chosen is asked for; the other is not touched."""
    await add_app(hass, simulator, name="Other", client_id="other-client")
    await add_app(hass, simulator)
    result = await person.begin()
    result = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert result["step_id"] == "pick_implementation"
    result = await person.submit(result["flow_id"], {"implementation": "Mine"})
    result = await person.sign_in(result, account)
    assert result["data"][CONF_AUTH_IMPLEMENTATION] == "Mine"
    assert result["data"]["client_id"] == simulator.client_id


async def test_without_an_app_home_assistant_asks_for_one(person: Person, simulator: FleetSimulator) -> None:
    """This abort is what makes the frontend open its form for a new credential, before anything else is typed."""
    result = await person.begin()
    assert result["reason"] == "missing_credentials"


@pytest.mark.usefixtures("app")
async def test_nobody_else_asks_for_tokens(hass: HomeAssistant) -> None:
    """Home Assistant's own way of asking would be neither metered nor journalled: it is closed."""
    (implementation,) = (await async_get_implementations(hass, DOMAIN)).values()
    assert isinstance(implementation, TeslaOAuth)
    assert implementation.name == "Mine"
    with pytest.raises(RuntimeError):
        await implementation.async_resolve_external_data({"code": "x", "state": {"redirect_uri": "y"}})
    with pytest.raises(RuntimeError):
        await implementation.async_refresh_token({"refresh_token": "x"})


@pytest.mark.usefixtures("app")
async def test_the_same_account_is_set_up_once(
    hass: HomeAssistant, account: Account, person: Person, set_up: SetUp
) -> None:
    """Refused by the name of the entry, whose own tokens stay as they are."""
    entry = await set_up(account)
    before, written = dict(entry.data), journals(hass)[0].read_text()
    result = await person.sign_in(await person.go(), account)
    assert result["reason"] == "already_configured"
    assert result["description_placeholders"] == {"account": "Tesla: Scout"}
    assert dict(entry.data) == before
    assert [path.read_text() for path in journals(hass)] == [written]


# --- it fails, and how it heals -------------------------------------------------------------------


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault("token", "reset_before"), "sign_in_lost", id="reset before"),
        pytest.param(Fault("token", "reset_after"), "sign_in_lost", id="answer lost"),
        pytest.param(Fault("token", "half"), "sign_in_lost", id="half an answer"),
        pytest.param(Fault("token", "garbage"), "bad_answer", id="HTML"),
        pytest.param(Fault("token", "empty"), "bad_answer", id="empty"),
        pytest.param(Fault("token", "json", body={"access_token": "opaque", "refresh_token": "EU_x"}), "bad_answer", id="no account"),
        pytest.param(status("token", 400, "invalid_auth_code"), "code_refused", id="code"),
        pytest.param(status("token", 400, "invalid_grant"), "code_refused", id="verifier"),
        pytest.param(status("token", 400, "unauthorized_client"), "app_refused", id="client"),
        pytest.param(status("token", 400, "invalid_redirect_url"), "sign_in_rejected", id="redirect"),
        pytest.param(status("token", 429, "slow"), "rate_limited", id="429"),
        pytest.param(status("token", 503, "down"), "sign_in_server_error", id="503"),
    ],
)  # fmt: skip
async def test_a_code_that_came_to_nothing_is_told_and_the_next_sign_in_works(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, fault: Fault, error: str
) -> None:
    """A code works once: whatever happened to it, the way back leads to Tesla's page, with what was typed."""
    fault.fired, fault.times = 0, 1
    simulator.faults.add(fault)
    result = await person.sign_in(await person.go(), account)
    assert result["step_id"] == "sign_in"
    assert result["errors"] == {"base": error}
    assert journals(hass) == []
    assert result["data_schema"] is not None
    fields = {str(key): (key, field) for key, field in result["data_schema"].schema.items()}
    assert fields[CONF_REGION][0].description == {"suggested_value": "eu"}
    assert not fields[CONF_ADVANCED][1].options["collapsed"]
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    result = await person.sign_in(again, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert requests(simulator, "token") == 2


@pytest.mark.usefixtures("app")
async def test_a_code_that_has_expired(
    simulator: FleetSimulator, account: Account, person: Person, freezer: FrozenDateTimeFactory
) -> None:
    """A browser that waited for a quarter of an hour brings a dead code: told, and mended by another sign-in."""
    shown = await person.go()
    back = await person.page(shown["url"], account)
    freezer.tick(900)
    await person.come_back(back)
    result = await person.submit(shown["flow_id"])
    assert result["errors"] == {"base": "code_refused"}
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_consent_that_is_denied(simulator: FleetSimulator, account: Account, person: Person) -> None:
    """Nothing is asked of Tesla, and the owner may think again."""
    result = await person.sign_in(await person.go(), account, decision="deny")
    assert result["step_id"] == "sign_in"
    assert result["errors"] == {"base": "consent_denied"}
    assert requests(simulator, "token") == 0
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_tesla_breaks_the_sign_in_off(
    simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Another error than a denial says so."""
    shown = await person.go()
    state = URL(shown["url"]).query["state"]
    back = URL("https://example.com/auth/external/callback").with_query(error="invalid_scope", state=state)
    await person.come_back(back)
    result = await person.submit(shown["flow_id"])
    assert result["errors"] == {"base": "authorize_failed"}
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "brought",
    [
        {"code": "x"},
        {"code": "x", "state": "y"},
        {"code": "x", "state": {"flow_id": "of another dialog", "redirect_uri": "z"}},
        {"state": {"flow_id": "mine", "redirect_uri": "z"}},
        {"code": 7, "state": {"flow_id": "mine", "redirect_uri": "z"}},
    ],
)
async def test_an_answer_that_is_not_of_this_sign_in(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, brought: dict[str, Any]
) -> None:
    """What did not come through Home Assistant's callback, with its own state, is not sent to Tesla."""
    shown = await person.go()
    if isinstance(brought.get("state"), dict) and brought["state"]["flow_id"] == "mine":
        brought = {**brought, "state": {**brought["state"], "flow_id": shown["flow_id"]}}
    await hass.config_entries.flow.async_configure(shown["flow_id"], brought)
    result = await person.submit(shown["flow_id"])
    assert result["errors"] == {"base": "state_mismatch"}
    assert requests(simulator, "token") == 0
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_a_forged_state_does_not_reach_the_dialog(
    simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Home Assistant signs the state; what it did not sign it does not pass on."""
    shown = await person.go()
    back = await person.page(shown["url"], account)
    assert await person.come_back(back.update_query(state="forged")) == 400
    assert requests(simulator, "token") == 0
    assert await person.come_back(back) == 200
    assert (await person.submit(shown["flow_id"]))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_cars_that_cannot_be_listed_for_a_moment_need_no_second_sign_in(
    simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The sign-in is held: submitting the form again asks only for the cars."""
    simulator.faults.add(status("list", 500, "oops"))
    result = await person.sign_in(await person.go(), account)
    assert result["errors"] == {"base": "sign_in_server_error"}
    result = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert requests(simulator, "token") == 1


@pytest.mark.usefixtures("app")
async def test_an_account_without_a_car_leads_back_to_teslas_page(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """It is probably the wrong account: the first sign-in is forgotten once the right one is there."""
    empty = simulator.add_account("empty@example.com")
    result = await person.sign_in(await person.go(), empty)
    assert result["errors"] == {"base": "no_vehicles"}
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    result = await person.sign_in(again, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(journals(hass)) == 1


@pytest.mark.usefixtures("app")
async def test_disk_that_takes_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A token that cannot be kept is not used; with room on the disk the next sign-in works."""

    async def _full(*_: object) -> None:
        raise WriteError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(TokenJournal, "async_save", _full)
        result = await person.sign_in(await person.go(), account)
    assert result["errors"] == {"base": "sign_in_not_saved"}
    assert requests(simulator, "list") == 0
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("field", ["authorize_url", "token_url", "api_url"])
async def test_address_that_is_none_is_told_before_the_page_opens(
    simulator: FleetSimulator, person: Person, field: str
) -> None:
    """The message names the field, and what was typed stays."""
    result = await person.begin()
    typed = sign_in_form(simulator)
    wrong = {**typed, CONF_ADVANCED: {**typed[CONF_ADVANCED], field: "example.com"}}
    result = await person.submit(result["flow_id"], wrong)
    assert result["errors"] == {"base": f"invalid_{field}"}
    result = await person.submit(result["flow_id"], typed)
    assert result["type"] is FlowResultType.EXTERNAL_STEP
    assert simulator.requests == []


# --- what the owner did not grant -----------------------------------------------------------------


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "lacking", [("vehicle_location",), ("vehicle_device_data",), ("vehicle_device_data", "vehicle_location")]
)
async def test_missing_scopes_are_named_and_granted_in_a_second_round(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, lacking: tuple[str, ...]
) -> None:
    """The step names them and links the page on which they are granted; then Tesla's page asks for them again."""
    result = await person.sign_in(await person.go(), account, unchecked=lacking)
    assert result["step_id"] == "scopes"
    assert not result["errors"]
    words = result["description_placeholders"]
    assert words is not None
    assert words["missing_scopes"] == ", ".join(lacking)
    consent = URL(words["consent_url"])
    assert (consent.origin(), consent.path) == (URL(simulator.auth_url), "/user/revoke/consent")
    assert consent.query["revoke_client_id"] == simulator.client_id
    assert consent.query["back_url"].startswith("http")
    shown = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert shown["step_id"] == "scopes"
    again = await person.submit(result["flow_id"])
    assert URL(again["url"]).query["prompt_missing_scopes"] == "true"
    result = await person.sign_in(again, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert requests(simulator, "list") == 2
    assert len(journals(hass)) == 1


@pytest.mark.usefixtures("app")
async def test_scopes_that_are_not_needed_may_be_missing(account: Account, person: Person) -> None:
    """Commands and the profile can be granted later."""
    unneeded = ("vehicle_cmds", "vehicle_charging_cmds", "user_data")
    result = await person.sign_in(await person.go(), account, unchecked=unneeded)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_an_answer_without_a_refresh_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """It could not be renewed: it has its own message, and the same way back."""
    body = {"access_token": account.issue_access_token(), "expires_in": 28800}
    simulator.faults.add(Fault("token", "json", body=body))
    result = await person.sign_in(await person.go(), account)
    assert result["step_id"] == "scopes"
    assert result["errors"] == {"base": "no_refresh_token"}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["missing_scopes"] == "offline_access"
    assert journals(hass) == []
    again = await person.submit(result["flow_id"])
    assert (await person.sign_in(again, account))["type"] is FlowResultType.CREATE_ENTRY


# --- a dialog that is closed ----------------------------------------------------------------------


@pytest.mark.usefixtures("app")
async def test_dialog_closed_after_the_code_was_redeemed_leaves_no_token(
    hass: HomeAssistant, account: Account, person: Person
) -> None:
    """The person sees that something is missing, and gives up."""
    result = await person.sign_in(await person.go(), account, unchecked=["vehicle_location"])
    assert journals(hass) == []
    hass.config_entries.flow.async_abort(result["flow_id"])
    await settle(hass)
    assert journals(hass) == []


@pytest.mark.usefixtures("app")
async def test_dialog_closed_while_the_code_is_redeemed_leaves_no_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The answer comes after the person left: what it brings is taken back, no entry is made."""
    slow = simulator.faults.add(Fault("token", "delay"))
    shown = await person.go()
    await person.come_back(await person.page(shown["url"], account))
    asking = hass.async_create_task(hass.config_entries.flow.async_configure(shown["flow_id"]))
    await slow.reached()
    hass.config_entries.flow.async_abort(shown["flow_id"])
    slow.release()
    with pytest.raises(UnknownFlow):
        await asking
    await settle(hass)
    assert len(account.grants) == 1
    assert journals(hass) == []
    assert not hass.config_entries.async_entries(DOMAIN)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("waits", [True, False])
async def test_browser_that_is_closed_and_comes_back_finds_its_sign_in(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, waits: bool
) -> None:
    """The request of the frontend was cancelled in mid-flight: the code is not sent twice, its answer is not lost."""
    slow = simulator.faults.add(Fault("token", "delay"))
    shown = await person.go()
    await person.come_back(await person.page(shown["url"], account))
    asking = asyncio.create_task(hass.config_entries.flow.async_configure(shown["flow_id"]))
    await slow.reached()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    again = asyncio.create_task(hass.config_entries.flow.async_configure(shown["flow_id"]))
    if not waits:
        slow.release()
    await asyncio.sleep(0)
    slow.release()
    result = await again
    await settle(hass)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert requests(simulator, "token") == 1


@pytest.mark.usefixtures("app")
async def test_browser_that_comes_back_after_its_code_came_to_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The code is not sent a second time, and the way to Tesla's page is open."""
    slow = simulator.faults.add(Fault("token", "delay", processed=False, status=503))
    simulator.auth.client_secret = "changed meanwhile"
    shown = await person.go()
    await person.come_back(await person.page(shown["url"], account))
    asking = asyncio.create_task(hass.config_entries.flow.async_configure(shown["flow_id"]))
    await slow.reached()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    slow.release()
    result = await person.submit(shown["flow_id"])
    assert result["errors"] == {"base": "code_refused"}
    assert requests(simulator, "token") == 1
    assert journals(hass) == []


@pytest.mark.usefixtures("app")
async def test_dialog_closed_while_the_cars_are_listed_changes_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """Not a new account, and not one that is signed in anew: who closed the dialog did not want it."""
    slow = simulator.faults.add(Fault("list", "delay"))
    shown = await person.go()
    await person.come_back(await person.page(shown["url"], account))
    asking = hass.async_create_task(hass.config_entries.flow.async_configure(shown["flow_id"]))
    await slow.reached()
    hass.config_entries.flow.async_abort(shown["flow_id"])
    slow.release()
    with pytest.raises(UnknownFlow):
        await asking
    await settle(hass)
    assert journals(hass) == []

    entry = await set_up(account)
    before, written = dict(entry.data), journals(hass)[0].read_text()
    slow = simulator.faults.add(Fault("list", "delay"))
    shown = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reauth", "entry_id": entry.entry_id}, data=dict(entry.data)
    )
    asking = hass.async_create_task(
        hass.config_entries.flow.async_configure(
            shown["flow_id"], form(simulator, account.issue_refresh_token())
        )
    )
    await slow.reached()
    hass.config_entries.flow.async_abort(shown["flow_id"])
    slow.release()
    with pytest.raises(UnknownFlow):
        await asking
    await settle(hass)
    assert dict(entry.data) == before
    assert journals(hass)[0].read_text() == written


@pytest.mark.usefixtures("app")
async def test_dialog_closed_on_teslas_page(hass: HomeAssistant, person: Person) -> None:
    """There is nothing to forget then."""
    shown = await person.go()
    hass.config_entries.flow.async_abort(shown["flow_id"])
    await settle(hass)
    assert journals(hass) == []
