"""The onboarding inside the dialog: a 412 leads there, and back to where the owner was going."""

from typing import Any

from bench import SetUp, form, open_paste, settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from onboarding_bench import fields, serve
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import Account, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car")


@pytest.fixture
async def domain(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> str:
    """Serve Home Assistant's web server on loopback; its address is the owner's domain."""
    return await serve(hass, hass_client_no_auth)


async def submit(hass: HomeAssistant, shown: ConfigFlowResult, **typed: Any) -> ConfigFlowResult:
    """Submit what is shown."""
    result = await hass.config_entries.flow.async_configure(shown["flow_id"], typed)
    await settle(hass)
    return result


async def test_an_app_that_is_registered_nowhere(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, domain: str
) -> None:
    """One sign-in, the registration in its midst, and an entry with the car."""
    simulator.partner.require()
    shown = await hass.config_entries.flow.async_configure(
        await open_paste(hass), form(simulator, account.issue_refresh_token())
    )
    assert shown["step_id"] == "register"
    # A pasted token says nothing of the app's secret.
    shown = await submit(hass, shown, domain=domain, serve_key=True, client_secret=simulator.client_secret)
    assert shown["step_id"] == "pair"
    shown = await submit(hass, shown)
    assert shown["type"] is FlowResultType.CREATE_ENTRY, shown
    entry = shown["result"]
    assert entry.title == "Tesla: Scout"
    assert simulator.client_secret not in repr(dict(entry.data))
    assert len(account.refreshes) == 1
    assert simulator.partner.registrations["eu"].domain == domain
    # What the registration asked is in the account's ledger: unbilled, as Tesla's bill says.
    assert entry.runtime_data.budget.cost_this_month == simulator.bill.usd


async def test_tesla_does_not_know_yet_what_it_has_registered(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, domain: str
) -> None:
    """The form says to wait, and where; submitting asks for the cars again, without the secret and without a new token."""
    simulator.partner.require()
    shown = await hass.config_entries.flow.async_configure(
        await open_paste(hass), form(simulator, account.issue_refresh_token())
    )
    typed = {"domain": domain, "serve_key": True}
    shown = await submit(hass, shown, **typed, client_secret=simulator.client_secret)
    assert shown["step_id"] == "pair"
    simulator.partner.registered.discard("eu")
    for _ in range(2):
        shown = await submit(hass, shown, **({} if shown["step_id"] == "pair" else typed))
        assert (shown["step_id"], shown["errors"]) == ("register", {"base": "still_not_registered"})
        assert fields(shown) == {**typed, "client_secret": None}
        assert shown["description_placeholders"] is not None
        assert shown["description_placeholders"]["region"]
    asked = sum(record.kind == "partner" for record in simulator.requests)
    assert asked == 1
    simulator.partner.registered.add("eu")
    shown = await submit(hass, shown, **typed)
    assert shown["type"] is FlowResultType.CREATE_ENTRY, shown
    assert sum(record.kind == "partner" for record in simulator.requests) == asked
    assert len(account.refreshes) == 1


async def test_what_tesla_has_forgotten_is_registered_again(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, domain: str
) -> None:
    """Who types the secret once more registers once more, and is not shown the pairing twice."""
    simulator.partner.require()
    shown = await hass.config_entries.flow.async_configure(
        await open_paste(hass), form(simulator, account.issue_refresh_token())
    )
    typed = {"domain": domain, "serve_key": True}
    shown = await submit(hass, shown, **typed, client_secret=simulator.client_secret)
    simulator.partner.require()
    shown = await submit(hass, shown)
    assert shown["errors"] == {"base": "still_not_registered"}
    # Another domain is another registration, and that needs the secret.
    shown = await submit(hass, shown, domain="127.0.0.1:1", serve_key=True)
    assert shown["errors"] == {"client_secret": "app_without_secret"}
    shown = await submit(hass, shown, **typed, client_secret=simulator.client_secret)
    assert shown["type"] is FlowResultType.CREATE_ENTRY, shown
    assert sum(record.kind == "partner" for record in simulator.requests) == 2


async def test_the_owner_asks_for_it_later(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, domain: str
) -> None:
    """From the menu of an account that works: its key for commands, and the entry is as it was."""
    entry = await set_up(account)
    data = dict(entry.data)
    shown = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    shown = await submit(hass, shown, next_step_id="register")
    shown = await submit(hass, shown, domain=domain, serve_key=True, client_secret=simulator.client_secret)
    assert shown["step_id"] == "pair"
    shown = await submit(hass, shown)
    assert shown["reason"] == "reconfigure_successful"
    assert simulator.client_secret not in repr(dict(entry.data))
    assert {key: entry.data[key] for key in data if key != "token"} == {
        key: item for key, item in data.items() if key != "token"
    }
    key = await async_virtual_key(hass)
    assert simulator.partner.registrations["eu"].public_key == key.public_point_hex
