"""A sign-in is kept where its dialog ends well, whole, and nowhere else."""

from typing import Any

from account_bench import journalled, kept_in, reauth_flows, restart
from bench import SetUp, settle
from browser_bench import Person, add_app, sign_in_form
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.const import (
    CONF_API_URL,
    CONF_AUTH_IMPLEMENTATION,
    CONF_BASE_URL,
    DOMAIN,
)
from custom_components.tesla_scout_worker.token_journal import TokenJournal
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car", "current_request_with_host")


@pytest.fixture(autouse=True)
async def _app(hass: HomeAssistant, simulator: FleetSimulator) -> None:
    await add_app(hass, simulator)


@pytest.fixture
def person(
    hass: HomeAssistant, simulator: FleetSimulator, hass_client_no_auth: ClientSessionGenerator
) -> Person:
    """Return somebody with a browser."""
    return Person(hass, simulator, hass_client_no_auth)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("list", "status", status=429),
        Fault("list", "status", status=408),
        Fault("list", "status", status=503),
        Fault("list", "reset_before"),
        Fault("list", "garbage"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_a_second_try_of_a_new_sign_in_keeps_the_entry_whole(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    fault: Fault,
    source: str,
) -> None:
    """The cars could not be listed at first: after the second try the entry still knows its app and its credential."""
    made = await person.sign_in(await person.go(), account)
    entry = made["result"]
    await settle(hass)
    before = dict(entry.data)
    context: Any = {"source": source, "entry_id": entry.entry_id}
    shown = await hass.config_entries.flow.async_init(
        DOMAIN, context=context, data=dict(entry.data) if source == "reauth" else None
    )
    typed = {}
    if source == "reconfigure":
        shown = await person.submit(shown["flow_id"], {"next_step_id": "reconfigure_sign_in"})
        typed = sign_in_form(simulator)
    shown = await person.submit(shown["flow_id"], typed)
    simulator.faults.add(Fault("list", fault.kind, status=fault.status))
    result = await person.sign_in(shown, account)
    assert result["type"] is FlowResultType.FORM
    result = await person.submit(result["flow_id"], typed)
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == f"{source}_successful"
    await settle(hass)
    assert {key for key in entry.data if entry.data[key] != before.get(key)} == {"token"}
    assert entry.data[CONF_CLIENT_ID] == simulator.client_id
    assert entry.data[CONF_AUTH_IMPLEMENTATION] == before[CONF_AUTH_IMPLEMENTATION]
    assert kept_in(entry) == journalled(hass)
    assert reauth_flows(hass) == 0


async def test_an_open_dialog_does_not_take_over_a_working_account(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """Reconfigure stands on a missing permission while the entry is reloaded: its own token goes on."""
    entry = await set_up(account)
    before = kept_in(entry)
    shown = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    shown = await person.submit(shown["flow_id"], {"next_step_id": "reconfigure_sign_in"})
    shown = await person.submit(shown["flow_id"], sign_in_form(simulator))
    shown = await person.sign_in(shown, account, unchecked=["vehicle_location"])
    assert shown["step_id"] == "scopes"
    assert await restart(hass, entry)
    assert kept_in(entry).grant == before.grant == journalled(hass).grant
    assert "vehicle_location" in entry.runtime_data.account.data.token.claims.scopes
    hass.config_entries.flow.async_abort(shown["flow_id"])


async def test_a_wrong_address_that_is_emptied_is_forgotten(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The API was typed wrong; typed right, the same sign-in goes on at the right one."""
    typed = sign_in_form(simulator)
    wrong = {**typed, "advanced": {**typed["advanced"], CONF_API_URL: "http://127.0.0.1:1"}}
    shown = await person.submit((await person.begin())["flow_id"], wrong)
    shown = await person.sign_in(shown, account)
    assert shown["type"] is FlowResultType.FORM
    result = await person.submit(shown["flow_id"], typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_BASE_URL] == simulator.api_url
    assert len(account.grants) == 1


async def test_a_disk_that_fills_up_at_the_end_keeps_the_sign_in(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The draft was written, the journal was not: with room on the disk, submitting is enough."""
    save, drafts = TokenJournal.async_save, 0

    async def _only_drafts(journal: TokenJournal, chain: TokenChain) -> None:
        nonlocal drafts
        if drafts:
            raise WriteError("no space left on device")
        drafts += 1
        await save(journal, chain)

    with monkeypatch.context() as patch:
        patch.setattr(TokenJournal, "async_save", _only_drafts)
        result = await person.sign_in(await person.go(), account)
    assert result["errors"] == {"base": "sign_in_not_saved"}
    assert not hass.config_entries.async_entries(DOMAIN)
    again = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert again["type"] is FlowResultType.CREATE_ENTRY
    assert len(account.grants) == 1
