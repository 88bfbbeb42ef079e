"""Signing in anew: both ways in, from one to the other, the same account and another, and the app's registration."""

from typing import Any

from bench import VIN, SetUp, form, open_paste, settle
from browser_bench import Person, add_app, requests, sign_in_form
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from lookout import SECOND_VIN, value
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_AUTH_IMPLEMENTATION,
    CONF_AUTHORIZE_URL,
    CONF_REGION,
    CONF_TOKEN_URL,
    DOMAIN,
)
from custom_components.tesla_scout_worker.token_keeper import TokenKeeper, keeper_for
from custom_components.tesla_scout_worker.token_rotation import SignInCause
from fleet_simulator import Account, Car, Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car", "current_request_with_host")

WAYS = ["browser", "paste"]


@pytest.fixture
def person(
    hass: HomeAssistant, simulator: FleetSimulator, hass_client_no_auth: ClientSessionGenerator
) -> Person:
    """Put somebody in front of the dialog."""
    return Person(hass, simulator, hass_client_no_auth)


@pytest.fixture(autouse=True)
async def _app(hass: HomeAssistant, simulator: FleetSimulator) -> None:
    await add_app(hass, simulator)


async def set_up_by(way: str, person: Person, account: Account, set_up: SetUp) -> ConfigEntry[Any]:
    """Set an account up in one of the two ways."""
    if way == "paste":
        return await set_up(account)
    result = await person.sign_in(await person.go(), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry: ConfigEntry[Any] = result["result"]
    return entry


async def reauth(hass: HomeAssistant, entry: Any) -> ConfigFlowResult:
    """Let Home Assistant ask for a sign-in."""
    mock: Any = MockConfigEntry
    result: ConfigFlowResult = await mock.start_reauth_flow(entry, hass)
    return result


async def reconfigure(hass: HomeAssistant, entry: Any, step: str) -> ConfigFlowResult:
    """Open the menu of an entry and choose."""
    mock: Any = MockConfigEntry
    menu = await mock.start_reconfigure_flow(entry, hass)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["reconfigure_sign_in", "reconfigure_paste", "register"]
    assert menu["description_placeholders"] == {"account": entry.title}
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": step})


def ids(hass: HomeAssistant, entry: ConfigEntry[Any]) -> dict[str, tuple[str, str]]:
    """Return what history and automations hang on: registry id, unique id and entity id of each entity."""
    return {
        item.id: (item.unique_id, item.entity_id)
        for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


def suggested(shown: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form is filled with, its section's fields too."""
    assert shown["data_schema"] is not None
    found: dict[str, Any] = {}
    for key, field in shown["data_schema"].schema.items():
        inner = field.schema.schema if hasattr(field, "schema") else {key: field}
        found |= {str(name): (name.description or {}).get("suggested_value") for name in inner}
    return found


# --- the same account -----------------------------------------------------------------------------


async def test_reauth_in_the_browser_has_no_fields_and_keeps_all_ids(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """Say why, open Tesla's page at the endpoints of the entry, and go on with the same entities."""
    entry = await set_up_by("browser", person, account, set_up)
    before, known = dict(entry.data), ids(hass, entry)
    account.revoke()
    shown = await reauth(hass, entry)
    assert shown["step_id"] == "reauth_confirm"
    assert suggested(shown) == {}
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["account"] == entry.title
    shown = await person.submit(shown["flow_id"])
    assert shown["url"].startswith(f"{simulator.authorize_url}?")
    result = await person.sign_in(shown, account)
    assert result["reason"] == "reauth_successful"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
    assert ids(hass, entry) == known
    assert {**entry.data, "token": 0} == {**before, "token": 0}
    assert entry.data["token"] != before["token"]
    assert value(hass, "sensor.tesla_scout_sign_in") == "fresh"
    await entry.runtime_data.account.async_refresh_token()


@pytest.mark.parametrize("decision", ["deny", "lose"])
async def test_reauth_in_the_browser_can_be_tried_again(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    set_up: SetUp,
    decision: str,
) -> None:
    """Denied or lost on the way: the same step says so, and leads to Tesla's page once more."""
    entry = await set_up_by("browser", person, account, set_up)
    shown = await person.submit((await reauth(hass, entry))["flow_id"])
    if decision == "lose":
        simulator.faults.add(Fault("token", "reset_after"))
    result = await person.sign_in(shown, account, decision="deny" if decision == "deny" else "allow")
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"base": "consent_denied" if decision == "deny" else "sign_in_lost"}
    result = await person.sign_in(await person.submit(result["flow_id"]), account)
    assert result["reason"] == "reauth_successful"


async def test_reauth_in_the_browser_with_its_credential_gone(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """Home Assistant asks for a credential; with a new one for the same app the entry goes on, under the new name."""
    entry = await set_up_by("browser", person, account, set_up)
    collection = hass.data[DATA_COMPONENT]
    for item in collection.async_items():
        await collection.async_delete_item(item["id"])
    result = await person.submit((await reauth(hass, entry))["flow_id"])
    assert result["reason"] == "missing_credentials"
    await add_app(hass, simulator, name="New")
    shown = await person.submit((await reauth(hass, entry))["flow_id"])
    result = await person.sign_in(shown, account)
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_AUTH_IMPLEMENTATION] == "New"


@pytest.mark.parametrize("before", WAYS)
@pytest.mark.parametrize("after", WAYS)
async def test_reconfigure_from_either_way_to_either(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    set_up: SetUp,
    before: str,
    after: str,
) -> None:
    """The form is filled with the endpoints; what the other way had kept is gone; all ids stay."""
    entry = await set_up_by(before, person, account, set_up)
    known = ids(hass, entry)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "of_another_part": 1})
    endpoints = {CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_url}
    own = {CONF_AUTHORIZE_URL: simulator.authorize_url} if before == "browser" else {CONF_AUTHORIZE_URL: None}
    if after == "browser":
        shown = await reconfigure(hass, entry, "reconfigure_sign_in")
        assert suggested(shown) == {CONF_REGION: "eu", **own, **endpoints}
        shown = await person.submit(shown["flow_id"], sign_in_form(simulator))
        result = await person.sign_in(shown, account)
    else:
        shown = await reconfigure(hass, entry, "reconfigure_paste")
        assert suggested(shown) == {"client_id": simulator.client_id, "refresh_token": None, **endpoints}
        result = await person.submit(shown["flow_id"], form(simulator, account.issue_refresh_token()))
    assert result["reason"] == "reconfigure_successful"
    is_browser = after == "browser"
    assert (CONF_AUTH_IMPLEMENTATION in entry.data) == (CONF_AUTHORIZE_URL in entry.data) == is_browser
    assert entry.data["of_another_part"] == 1
    assert ids(hass, entry) == known
    shown = await reauth(hass, entry)
    assert shown["step_id"] == ("reauth_confirm" if is_browser else "reauth_paste")
    await entry.runtime_data.account.async_refresh_token()


async def test_emptied_endpoint_is_gone(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """The sign-in page is Tesla's own again, of the region that was chosen."""
    entry = await set_up_by("browser", person, account, set_up)
    shown = await reconfigure(hass, entry, "reconfigure_sign_in")
    advanced = {CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_url}
    shown = await person.submit(shown["flow_id"], {CONF_REGION: "cn", CONF_ADVANCED: advanced})
    assert shown["url"].startswith("https://auth.tesla.cn/oauth2/v3/authorize?")
    account_page = shown["url"].replace("https://auth.tesla.cn/oauth2/v3/authorize", simulator.authorize_url)
    await person.come_back(await person.page(account_page, account))
    result = await person.submit(shown["flow_id"])
    assert result["reason"] == "reconfigure_successful"
    assert CONF_AUTHORIZE_URL not in entry.data
    assert entry.data[CONF_REGION] == "cn"


async def test_a_pending_reauth_does_not_keep_others_out(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """While Home Assistant asks for a sign-in, the owner may as well use Reconfigure, or be told who is set up."""
    entry = await set_up(account)
    await reauth(hass, entry)
    result = await person.submit(await open_paste(hass), form(simulator, account.issue_refresh_token()))
    assert result["reason"] == "already_configured"
    shown = await reconfigure(hass, entry, "reconfigure_paste")
    result = await person.submit(shown["flow_id"], form(simulator, account.issue_refresh_token()))
    assert result["reason"] == "reconfigure_successful"


# --- why the owner has to sign in -----------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_reauth_tells_the_probable_cause(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """By the keeper's word, in a message for each; the form can be used all the same, and none is told without a cause."""
    entry = await set_up_by(way, person, account, set_up)
    shown = await reauth(hass, entry)
    assert not shown["errors"]
    for cause in SignInCause:
        health = type("Health", (), {"sign_in_cause": cause})
        with monkeypatch.context() as patch:
            patch.setattr(TokenKeeper, "health", health)
            shown = await hass.config_entries.flow.async_configure(shown["flow_id"])
        assert shown["errors"] == {"base": f"cause_{cause}"}


async def test_a_revoked_sign_in_says_so(
    hass: HomeAssistant,
    account: Account,
    person: Person,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The real thing: the owner withdrew the access, Home Assistant asks by itself, and the form knows of a cause."""
    entry = await set_up_by("browser", person, account, set_up)
    account.revoke()
    freezer.tick(8 * 3600)
    await entry.runtime_data.account.async_refresh()
    await settle(hass)
    (flow,) = hass.config_entries.flow.async_progress()
    shown = await hass.config_entries.flow.async_configure(flow["flow_id"])
    cause = keeper_for(hass, account.sub).health.sign_in_cause
    assert cause is not None
    assert shown["errors"] == {"base": f"cause_{cause}"}
    result = await person.sign_in(await person.submit(flow["flow_id"]), account)
    assert result["reason"] == "reauth_successful"
    assert hass.config_entries.flow.async_progress() == []


# --- another account ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_another_account_is_refused_by_both_names(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    set_up: SetUp,
    way: str,
    source: str,
) -> None:
    """The stored token is not touched, the other's is not kept."""
    entry = await set_up_by(way, person, account, set_up)
    other = simulator.add_account("other@example.com")
    other.add_car(SECOND_VIN, "Other")
    before = dict(entry.data)
    if source == "reauth":
        shown = await reauth(hass, entry)
    elif way == "browser":
        shown = await reconfigure(hass, entry, "reconfigure_sign_in")
    else:
        shown = await reconfigure(hass, entry, "reconfigure_paste")
    if way == "browser":
        typed = sign_in_form(simulator) if source == "reconfigure" else {}
        result = await person.sign_in(await person.submit(shown["flow_id"], typed), other)
    else:
        result = await person.submit(shown["flow_id"], form(simulator, other.issue_refresh_token()))
    assert result["reason"] == "wrong_account"
    assert result["description_placeholders"] == {"expected": "Tesla: Scout", "actual": "Other"}
    assert dict(entry.data) == before
    await settle(hass)
    keeper = keeper_for(hass, other.sub)
    assert await keeper._journal.async_load() is None
    await entry.runtime_data.account.async_refresh_token()


async def test_another_account_without_cars_is_refused(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """It has no name that a person would know."""
    entry = await set_up_by("browser", person, account, set_up)
    other = simulator.add_account("other@example.com")
    shown = await person.submit((await reauth(hass, entry))["flow_id"])
    result = await person.sign_in(shown, other)
    assert result["reason"] == "wrong_account_without_cars"
    assert result["description_placeholders"] == {"expected": "Tesla: Scout"}


async def test_token_of_another_entry_is_not_redeemed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, set_up: SetUp
) -> None:
    """The neighbour's token as it is in use: refused by both names, without a request that would spend it."""
    entry = await set_up(account)
    other = simulator.add_account("other@example.com")
    other.add_car(SECOND_VIN, "Other")
    neighbour = await set_up(other)
    in_use = neighbour.data["token"]["candidates"][0]["refresh_token"]
    await hass.config_entries.async_unload(neighbour.entry_id)
    shown = await reconfigure(hass, entry, "reconfigure_paste")
    before = requests(simulator, "token")
    result = await person.submit(shown["flow_id"], form(simulator, in_use))
    assert result["reason"] == "wrong_account"
    assert result["description_placeholders"] == {"expected": "Tesla: Scout", "actual": "Tesla: Other"}
    assert requests(simulator, "token") == before


# --- an app that is not registered ----------------------------------------------------------------


async def register(
    hass: HomeAssistant, person: Person, shown: ConfigFlowResult, **more: Any
) -> ConfigFlowResult:
    """Register with a key that Home Assistant serves on loopback, and pass the pairing."""
    assert shown["step_id"] == "register", shown
    domain = await person.own_domain()
    shown = await person.submit(shown["flow_id"], {"domain": domain, "serve_key": True, **more})
    assert shown["step_id"] == "pair", shown
    return await person.submit(shown["flow_id"])


async def test_app_that_is_not_registered_is_registered_on_the_way(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """412, then the form for the domain, the key really fetched, and on to the entry with one sign-in."""
    simulator.partner.require()
    shown = await person.sign_in(await person.go(), account)
    assert "client_secret" not in suggested(shown)
    result = await register(hass, person, shown)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    assert len(account.grants) == 1
    assert "eu" in simulator.partner.registrations
    assert value(hass, "sensor.scout_battery") == "62"


async def test_pasted_token_of_an_app_that_is_not_registered(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """The secret is asked for, since no credential has it; the token is not redeemed a second time."""
    simulator.partner.require()
    await person.open_tab()
    shown = await person.submit(await open_paste(hass), form(simulator, account.issue_refresh_token()))
    assert "client_secret" in suggested(shown)
    result = await register(hass, person, shown, client_secret=simulator.client_secret)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(account.refreshes) == 1
    assert simulator.client_secret not in str(result["data"])


async def test_still_in_trouble_after_the_registration(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """What goes wrong behind the registration is told on the form that the owner knows."""
    simulator.partner.require()
    shown = await person.sign_in(await person.go(), account)
    simulator.faults.add(Fault("list", "status", status=503))
    result = await register(hass, person, shown)
    assert result["step_id"] == "sign_in"
    assert result["errors"] == {"base": "sign_in_server_error"}
    result = await person.submit(result["flow_id"], sign_in_form(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("way", WAYS)
async def test_registering_from_the_menu_of_an_entry(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    person: Person,
    set_up: SetUp,
    way: str,
) -> None:
    """The app is the entry's, the secret its credential's where there is one; the sign-in is not touched."""
    await person.open_tab()
    entry = await set_up_by(way, person, account, set_up)
    before = dict(entry.data)
    simulator.partner.require("eu")
    shown = await reconfigure(hass, entry, "register")
    assert ("client_secret" in suggested(shown)) == (way == "paste")
    more = {"client_secret": simulator.client_secret} if way == "paste" else {}
    result = await register(hass, person, shown, **more)
    assert result["reason"] == "reconfigure_successful"
    assert "eu" in simulator.partner.registered
    assert dict(entry.data) == before
    assert value(hass, "sensor.scout_battery") == "62"
    # A sign-in, or a refresh, and the app's own token: all of them are counted.
    assert entry.runtime_data.budget.requests_this_month["auth"] == requests(simulator, "token") == 2


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_app_that_lost_its_registration_is_registered_while_signing_in_anew(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    person: Person,
    set_up: SetUp,
    source: str,
) -> None:
    """The sign-in goes on behind it and ends as it would have."""
    entry = await set_up_by("browser", person, account, set_up)
    simulator.partner.require()
    if source == "reauth":
        shown = await person.submit((await reauth(hass, entry))["flow_id"])
    else:
        shown = await reconfigure(hass, entry, "reconfigure_sign_in")
        shown = await person.submit(shown["flow_id"], sign_in_form(simulator))
    shown = await person.sign_in(shown, account)
    result = await register(hass, person, shown)
    assert result["reason"] == f"{source}_successful"
    assert entry.data["vehicles"] == {VIN: "Scout"}
    assert car.vin == VIN
