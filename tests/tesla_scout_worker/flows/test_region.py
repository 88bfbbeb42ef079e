"""Which of Tesla's hosts is asked for an account: the token's word, else Tesla's answer; and which page is opened."""

from collections.abc import Mapping
from typing import Any

from aiohttp.test_utils import make_mocked_request
from browser_bench import Person, add_app, requests
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import http
from homeassistant.setup import async_setup_component
import jwt
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator
from yarl import URL

from custom_components.tesla_scout_worker import flow_account, flow_browser
from custom_components.tesla_scout_worker.const import CONF_ADVANCED, CONF_REGION, DOMAIN
from custom_components.tesla_scout_worker.fleet import auth, client, transport
from custom_components.tesla_scout_worker.oauth import consent_url, probable_region, redirect_uri
from custom_components.tesla_scout_worker.settings import Endpoints
from fleet_simulator import Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "current_request_with_host")


@pytest.fixture
async def person(
    hass: HomeAssistant, simulator: FleetSimulator, hass_client_no_auth: ClientSessionGenerator
) -> Person:
    """Put somebody in front of the dialog who has an app."""
    await add_app(hass, simulator)
    return Person(hass, simulator, hass_client_no_auth)


@pytest.fixture(autouse=True)
def _tesla_is_the_simulator(simulator: FleetSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Tesla's hosts be the simulator's, since no test may leave this machine: names and trust, not behaviour."""
    urls: Mapping[str, str] = simulator.api_urls
    for module in (auth, client, flow_account, flow_browser):
        monkeypatch.setattr(module, "REGION_URLS", urls)
    for module in (flow_account, transport):
        monkeypatch.setattr(module, "is_fleet_api", lambda url: url.rstrip("/") in urls.values())
    typed = property(lambda endpoints: (endpoints.token_url, *urls.values()))
    monkeypatch.setattr(Endpoints, "typed", typed)


def form(simulator: FleetSimulator, region: str) -> dict[str, Any]:
    """Return what is typed by somebody who has no API of his own."""
    advanced = {"authorize_url": simulator.authorize_url, "token_url": simulator.token_url}
    return {CONF_REGION: region, CONF_ADVANCED: advanced}


def answer(simulator: FleetSimulator, token: str, **claims: Any) -> None:
    """Let the next access token say something else; None takes a claim out."""
    payload = jwt.decode(token, options={"verify_signature": False}) | claims
    payload = {key: item for key, item in payload.items() if item is not None}
    spoken = jwt.encode(payload, "x" * 32, algorithm="HS256")
    # The simulator knows this token as the account's.
    known = simulator.auth.access(token)
    assert known is not None
    simulator.auth._access[spoken] = known
    body = {"access_token": spoken, "refresh_token": "EU_x", "expires_in": 28800}
    simulator.faults.add(Fault("token", "json", body=body))


@pytest.mark.parametrize("chosen", ["na", "eu", "cn"])
@pytest.mark.parametrize("true", ["na", "eu", "cn"])
async def test_the_token_decides_whatever_was_chosen(
    simulator: FleetSimulator, person: Person, chosen: str, true: Any
) -> None:
    """`ou_code` names the region; the choice was only for the page, and is corrected without a detour."""
    account = simulator.add_account("there@example.com", region=true)
    account.add_car()
    result = await person.sign_in(await person.go(**form(simulator, chosen)), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["base_url"] == simulator.api_urls[true]
    assert {record.role for record in simulator.requests if record.kind == "list"} == {true}
    assert requests(simulator, "region") == 0


@pytest.mark.parametrize("true", ["na", "eu"])
@pytest.mark.parametrize("code", [None, "", "XX", "APAC", 7, ["EU"], "EU1"])
async def test_a_token_that_names_no_known_region_has_tesla_asked_once(
    simulator: FleetSimulator, person: Person, monkeypatch: pytest.MonkeyPatch, true: Any, code: Any
) -> None:
    """An `ou_code` that nobody knows, or none, breaks nothing; two hosts in `aud` name none either."""
    account = simulator.add_account("there@example.com", region=true)
    account.add_car()
    monkeypatch.setattr(auth, "is_fleet_api", lambda url: url in simulator.api_urls.values())
    answer(simulator, account.issue_access_token(), ou_code=code)
    result = await person.sign_in(await person.go(**form(simulator, "na")), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["base_url"] == simulator.api_urls[true]
    # Asked of the region that was chosen, and again of the one that its 421 names.
    asked = [record for record in simulator.requests if record.path.endswith("/users/region")]
    assert len(asked) <= (1 if true == "na" else 2)
    assert asked


async def test_one_host_in_the_token_is_its_region(
    simulator: FleetSimulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `ou_code`, `aud` with one host leaves no doubt."""
    monkeypatch.setattr(auth, "is_fleet_api", lambda url: url == simulator.api_urls["na"])
    account = simulator.add_account("there@example.com", region="na")
    account.add_car()
    answer(simulator, account.issue_access_token(), ou_code=None, aud=[simulator.api_urls["na"]])
    result = await person.sign_in(await person.go(**form(simulator, "eu")), account)
    assert result["data"]["base_url"] == simulator.api_urls["na"]
    assert not [record for record in simulator.requests if record.path.endswith("/users/region")]


async def test_region_of_the_account_that_was_tried_before_is_forgotten(
    simulator: FleetSimulator, person: Person
) -> None:
    """Another account on the same form is asked for where it is at home."""
    empty = simulator.add_account("empty@example.com", region="eu")
    account = simulator.add_account("there@example.com", region="na")
    account.add_car()
    result = await person.sign_in(await person.go(**form(simulator, "eu")), empty)
    assert result["errors"] == {"base": "no_vehicles"}
    result = await person.sign_in(await person.submit(result["flow_id"], form(simulator, "eu")), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert [record.role for record in simulator.requests if record.kind == "list"] == ["eu", "na", "na"]


@pytest.mark.parametrize("kind", ["reset_after", "garbage", "empty"])
async def test_region_that_cannot_be_asked_is_found_by_the_list(
    simulator: FleetSimulator, person: Person, kind: Any
) -> None:
    """The list's 421 names the right host, which is followed and kept."""
    account = simulator.add_account("there@example.com", region="eu")
    account.add_car()
    answer(simulator, account.issue_access_token(), ou_code="XX")
    simulator.faults.add(Fault("region", kind))
    result = await person.sign_in(await person.go(**form(simulator, "na")), account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["base_url"] == simulator.api_urls["eu"]


@pytest.mark.parametrize(
    ("region", "host"), [("na", "auth.tesla.com"), ("eu", "auth.tesla.com"), ("cn", "auth.tesla.cn")]
)
async def test_the_region_says_which_page_is_opened(person: Person, region: str, host: str) -> None:
    """Nothing typed: Tesla's own page."""
    shown = await person.go(**{CONF_REGION: region, CONF_ADVANCED: {}})
    assert URL(shown["url"]).origin() == URL(f"https://{host}")
    assert URL(shown["url"]).path == "/oauth2/v3/authorize"


@pytest.mark.parametrize(
    ("country", "time_zone", "region"),
    [
        ("DE", "Europe/Berlin", "eu"),
        ("US", "Europe/Berlin", "na"),
        ("CN", "Asia/Shanghai", "cn"),
        ("AU", "Australia/Sydney", "na"),
        ("JP", "Asia/Tokyo", "na"),
        ("AE", "Asia/Dubai", "eu"),
        ("MA", "Africa/Casablanca", "eu"),
        (None, "Europe/London", "eu"),
        (None, "Asia/Shanghai", "cn"),
        (None, "Asia/Jerusalem", "eu"),
        (None, "Asia/Seoul", "na"),
        (None, "America/New_York", "na"),
        (None, "UTC", "na"),
    ],
)
async def test_the_region_is_proposed(
    hass: HomeAssistant, person: Person, country: str | None, time_zone: str, region: str
) -> None:
    """By the country, else by the time zone; the form is filled with it."""
    assert probable_region(country, time_zone) == region
    hass.config.country = country
    await hass.config.async_update(time_zone=time_zone)
    shown = await person.begin()
    assert shown["data_schema"] is not None
    (proposed,) = (key for key in shown["data_schema"].schema if key == CONF_REGION)
    assert proposed.description == {"suggested_value": region}


async def test_what_the_dialog_for_a_new_app_tells(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where to make it, and which address to enter there: as the browser asks, as known, or My Home Assistant's."""
    assert await async_setup_component(hass, DOMAIN, {})
    shown = await person.go()
    sent = URL(shown["url"]).query["redirect_uri"]
    assert sent == redirect_uri(hass) == "https://example.com/auth/external/callback"
    shown = await person.begin()
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["redirect_uri"] == sent

    # No browser asks any more: the fixture's request goes.
    mocked: Any = http.current_request
    mocked.get.return_value = None
    hass.config.internal_url, hass.config.external_url = None, None
    with monkeypatch.context() as patch:
        patch.setattr(hass.config, "api", None)
        assert redirect_uri(hass) == "https://homeassistant.local:8123/auth/external/callback"
    hass.config.external_url = "https://home.example.com"
    # Over the frontend's web socket only the browser says where it is.
    mocked.get.return_value = make_mocked_request("GET", "/", {"Origin": "http://192.0.2.7:8123"})
    assert redirect_uri(hass) == "http://192.0.2.7:8123/auth/external/callback"
    mocked.get.return_value = make_mocked_request("GET", "/", {"Origin": "null"})
    assert redirect_uri(hass) == "https://home.example.com/auth/external/callback"
    mocked.get.return_value = None
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "application_credentials/config"})
    told = (await client.receive_json())["result"]["integrations"][DOMAIN]["description_placeholders"]
    assert told == {
        "developer_url": "https://developer.tesla.com/dashboard",
        "redirect_uri": "https://home.example.com/auth/external/callback",
    }
    hass.config.components.add("my")
    assert redirect_uri(hass) == "https://my.home-assistant.io/redirect/oauth"


def test_the_page_for_consent_is_the_regions() -> None:
    """Beside the page that signs in; for an address that is none, Tesla's own."""
    query = "/user/revoke/consent?revoke_client_id=app&back_url=https%3A%2F%2Fhome"
    assert consent_url("app", "https://home", "https://auth.tesla.cn/x") == f"https://auth.tesla.cn{query}"
    assert consent_url("app", "https://home", "nonsense") == f"https://auth.tesla.com{query}"
