"""What the dialog says is true of the way that was taken: in a browser nobody has pasted a token, and Tesla is told apart."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench import SetUp, form, open_paste
from browser_bench import Person, add_app, sign_in_form
from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.config_entry_oauth2_flow import (
    AbstractOAuth2Implementation,
    ImplementationUnavailableError,
    async_add_implementation_provider,
)
from homeassistant.helpers.translation import async_get_translations
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.application_credentials import async_get_description_placeholders
from custom_components.tesla_scout_worker.const import CONF_REGION, DOMAIN
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


@pytest.fixture
async def linking_is_down(hass: HomeAssistant) -> None:
    """Let the service be down that could link an account without an app of the owner's."""

    async def _down(hass: HomeAssistant, domain: str) -> list[AbstractOAuth2Implementation]:
        raise ImplementationUnavailableError("down")

    async_add_implementation_provider(hass, "cloud", _down)


async def error_text(hass: HomeAssistant, shown: ConfigFlowResult) -> str:
    """Return the error of a form as it is read, in English, with its names filled in."""
    (code,) = (shown["errors"] or {}).values()
    texts = await async_get_translations(hass, "en", "config", [DOMAIN])
    return texts[f"component.{DOMAIN}.config.error.{code}"].format(
        **(shown["description_placeholders"] or {})
    )


def answer(request: Any, status: int, error: str, **more: str) -> Fault:
    """Return an answer with an error word."""
    return Fault(request, "json", status=status, body={"error": error, **more})


@pytest.mark.usefixtures("app")
async def test_a_wrong_secret_is_told_as_one(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """And where it is mended; with the right one the same dialog goes on."""
    right, simulator.auth.client_secret = simulator.auth.client_secret, "changed"
    result = await person.sign_in(await person.go(), account)
    assert result["errors"] == {"base": "app_refused"}
    assert "client secret" in await error_text(hass, result)
    simulator.auth.client_secret = right
    result = await person.sign_in(await person.submit(result["flow_id"], sign_in_form(simulator)), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer("token", 503, "unavailable"), "sign_in_server_error"),
        (answer("list", 500, "oops"), "sign_in_server_error"),
        (answer("token", 403, "third-party applications only"), "app_not_for_fleet_api"),
        (answer("token", 400, "invalid_redirect_url"), "sign_in_rejected"),
        (answer("list", 401, "invalid bearer token"), "sign_in_token_rejected"),
        (answer("list", 408, "timeout"), "sign_in_late"),
        (answer("list", 429, "slow down"), "rate_limited"),
        (Fault("list", "reset_after"), "sign_in_lost"),
    ],
    ids=lambda item: f"{item.request}-{item.status}" if isinstance(item, Fault) else item,
)
async def test_no_error_speaks_of_a_token_that_was_not_pasted(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, fault: Fault, error: str
) -> None:
    """Whatever goes wrong, the text says what to do in the browser way, and the dialog goes on from there."""
    simulator.faults.add(fault)
    result = await person.sign_in(await person.go(), account)
    assert result["errors"] == {"base": error}
    assert "token" not in await error_text(hass, result)
    result = await person.submit(result["flow_id"], sign_in_form(simulator))
    if result["type"] is FlowResultType.EXTERNAL_STEP:
        result = await person.sign_in(result, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("app")
async def test_a_server_that_is_not_there_is_told_without_a_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, unused_tcp_port: int
) -> None:
    """Nothing was sent, so nothing is said of what was not used."""
    typed = sign_in_form(simulator)
    typed["advanced"]["api_url"] = f"http://127.0.0.1:{unused_tcp_port}"
    begun = await person.begin()
    result = await person.sign_in(await person.submit(begun["flow_id"], typed), account)
    assert result["errors"] == {"base": "sign_in_not_sent"}
    assert "token" not in await error_text(hass, result)


@pytest.mark.usefixtures("app")
async def test_a_redirect_uri_that_tesla_does_not_know_is_named(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person
) -> None:
    """Each newcomer's first mistake: the address stands in the message, to be copied."""
    simulator.faults.add(
        answer("token", 400, "invalid_redirect_url", error_description="redirect_uri does not match")
    )
    result = await person.sign_in(await person.go(), account)
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    assert placeholders["redirect_uri"].endswith("/auth/external/callback")
    assert placeholders["redirect_uri"] in await error_text(hass, result)


@pytest.mark.usefixtures("linking_is_down")
async def test_an_account_is_changed_while_account_linking_is_down(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """Its menu opens, and a token can be pasted; nobody has to have an app for that."""
    entry = await set_up(account)
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id})
    assert menu["type"] is FlowResultType.MENU
    shown = await flows.async_configure(menu["flow_id"], {"next_step_id": "reconfigure_paste"})
    result = await flows.async_configure(shown["flow_id"], form(simulator, account.issue_refresh_token()))
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.usefixtures("linking_is_down")
@pytest.mark.parametrize("has_app", [True, False])
async def test_a_sign_in_while_account_linking_is_down(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, person: Person, has_app: bool
) -> None:
    """With an app of the owner's it does not matter; without one the dialog ends in words, and not in an error."""
    await add_app(hass, simulator)
    if not has_app:
        collection = hass.data[DATA_COMPONENT]
        for item in collection.async_items():
            await collection.async_delete_item(item["id"])
    shown = await person.begin()
    if has_app:
        assert shown["step_id"] == "sign_in"
    else:
        assert (shown["type"], shown["reason"]) == (FlowResultType.ABORT, "oauth_implementation_unavailable")
        assert shown["translation_domain"] == "homeassistant"


async def test_where_a_scope_is_granted_stands_in_the_description(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """An error is plain text, so the link is in the step's own: to all apps at first, then to the app that was typed."""
    flow_id = await open_paste(hass)
    (shown,) = hass.config_entries.flow.async_progress()
    assert shown["step_id"] == "paste"
    account.scopes.discard("vehicle_location")
    result = await hass.config_entries.flow.async_configure(
        flow_id, form(simulator, account.issue_refresh_token())
    )
    assert result["errors"] == {"base": "missing_scope"}
    text = await error_text(hass, result)
    assert "vehicle_location" in text
    assert "](" not in text
    texts = await async_get_translations(hass, "en", "config", [DOMAIN])
    description = texts[f"component.{DOMAIN}.config.step.paste.description"]
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    assert "]({consent_url})" in description
    url = urlsplit(placeholders["consent_url"])
    assert parse_qs(url.query)["revoke_client_id"] == [simulator.client_id]


async def test_the_link_is_to_all_apps_before_one_is_known(hass: HomeAssistant) -> None:
    """A link to the consent of no app would be a page with an error."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    shown = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "paste"})
    assert shown["description_placeholders"] is not None
    assert "revoke_client_id" not in shown["description_placeholders"]["consent_url"]
    assert shown["description_placeholders"]["consent_url"].startswith("https://accounts.tesla.com/")


@pytest.mark.parametrize(
    ("country", "url"),
    [("DE", "https://developer.tesla.com/dashboard"), ("CN", "https://developer.tesla.cn")],
)
@pytest.mark.usefixtures("app")
async def test_an_app_is_made_where_the_region_makes_them(
    hass: HomeAssistant, person: Person, country: str, url: str
) -> None:
    """China has a site of its own for developers, too."""
    hass.config.country = country
    assert (await async_get_description_placeholders(hass))["developer_url"] == url
    shown = await person.begin()
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["developer_url"] == url


@pytest.mark.usefixtures("app")
async def test_china_is_signed_in_to_at_chinese_addresses(
    hass: HomeAssistant, simulator: FleetSimulator, person: Person
) -> None:
    """The page that opens; the address for the token is where no test can go, so what the flow holds is looked at."""
    begun = await person.begin()
    shown = await person.submit(begun["flow_id"], {CONF_REGION: "cn", "advanced": {}})
    assert shown["url"].startswith("https://auth.tesla.cn/oauth2/v3/authorize?")
    flow: Any = hass.config_entries.flow._progress[begun["flow_id"]]
    assert flow._endpoints.token_url == "https://auth.tesla.cn/oauth2/v3/token"
