"""The app's registration, against the simulator: what is asked, what comes back, and what of it may be shown."""

from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fleet_bench import Elsewhere, FleetBench
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet.auth import Claims
from custom_components.tesla_scout_worker.fleet.client import REGION_URLS
from custom_components.tesla_scout_worker.fleet.errors import (
    BadAnswerError,
    CannotConnectError,
    FleetError,
    RateLimitedError,
    ServerError,
)
from custom_components.tesla_scout_worker.fleet.metering import Category, Purpose
from custom_components.tesla_scout_worker.fleet.partner import (
    KEY_PATH,
    RegistrationRefusedError,
    SecretRefusedError,
    async_partner_token,
    async_register,
    audience_of,
    key_url,
    pairing_url,
)
from custom_components.tesla_scout_worker.fleet.transport import Transport
from custom_components.tesla_scout_worker.fleet.words import shown_words
from fleet_simulator import Fault

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time
fleet = fleet_fixtures.fleet
elsewhere = fleet_fixtures.elsewhere
transport = fleet_fixtures.transport

KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
POINT = KEY.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
SECRET = "ta-secret.x1Y2"


@pytest.fixture
def domain(elsewhere: Elsewhere) -> str:
    """Host the public key."""
    elsewhere.answer = lambda _: web.Response(text=PEM)
    return elsewhere.url.removeprefix("http://")


EU, NA = REGION_URLS["eu"], REGION_URLS["na"]
PROXY = "https://proxy.example"


@pytest.mark.parametrize(
    ("audience", "region", "base_url", "expected"),
    [
        ((NA, EU, "https://fleet-auth.tesla.com/oauth2/v3/userinfo"), "eu", EU, EU),
        ((NA, EU), "eu", PROXY, EU),
        ((NA, f"{EU}/"), None, PROXY, NA),
        ((), "eu", f"{PROXY}/", EU),
        ((), None, PROXY, PROXY),
        # The app is registered where the account's cars were asked for, whatever else its token names.
        ((), "na", EU, EU),
        # A server that stands in for Tesla.
        (("http://127.0.0.1:1", "http://127.0.0.1:3/oauth2/v3/userinfo"), "eu", "http://127.0.0.1:1/", "http://127.0.0.1:1"),
    ],
)  # fmt: skip
def test_an_app_is_registered_for_a_host_that_tesla_knows(
    audience: tuple[str, ...], region: str | None, base_url: str, expected: str
) -> None:
    """The region's own, also where a proxy stands between."""
    assert audience_of(Claims(audience=audience, region=region), base_url) == expected


async def partner_token(fleet: FleetBench, transport: Transport, secret: str | None = None) -> str:
    """Ask for a partner token."""
    simulator = fleet.simulator
    return await async_partner_token(
        transport,
        simulator.token_url,
        simulator.client_id,
        simulator.client_secret if secret is None else secret,
        simulator.api_url,
    )


async def test_the_app_is_registered_in_the_region(
    fleet: FleetBench, transport: Transport, domain: str
) -> None:
    """Two requests, none of them billed; Tesla has read the key and the region is open."""
    partner = fleet.simulator.partner
    partner.require()
    token = await partner_token(fleet, transport)
    assert await async_register(transport, fleet.simulator.api_url, token, domain) == POINT
    assert partner.registered == {"eu"}
    assert partner.registrations["eu"].domain == domain
    assert [(errand.category, errand.purpose) for errand in fleet.meter.admitted] == [
        (Category.AUTH, Purpose.SETUP),
        (Category.STATE, Purpose.SETUP),
    ]
    assert [record.status for record in fleet.simulator.requests] == [200, 200]


async def test_twice_does_no_harm(fleet: FleetBench, transport: Transport, domain: str) -> None:
    """An owner who submits again, or whose answer got lost, is registered as before."""
    token = await partner_token(fleet, transport)
    for _ in range(2):
        assert await async_register(transport, fleet.simulator.api_url, token, domain) == POINT


async def test_a_wrong_secret_has_its_own_error(fleet: FleetBench, transport: Transport) -> None:
    """It shows neither the secret nor more than the status."""
    with pytest.raises(SecretRefusedError) as caught:
        await partner_token(fleet, transport, SECRET)
    assert SECRET not in f"{caught.value!r} {vars(caught.value)}"


async def test_a_refusal_brings_the_words_of_tesla(
    fleet: FleetBench, transport: Transport, elsewhere: Elsewhere, domain: str
) -> None:
    """A file that is not there is Tesla's to tell; the error itself prints its kind and status only."""
    elsewhere.answer = lambda _: web.Response(status=404)
    token = await partner_token(fleet, transport)
    with pytest.raises(RegistrationRefusedError) as caught:
        await async_register(transport, fleet.simulator.api_url, token, domain)
    assert caught.value.status == 424
    assert caught.value.answer == (
        f"Public key download failed for {elsewhere.url}{KEY_PATH}, error: status 404"
    )
    assert str(caught.value) == "registration_refused (HTTP 424)"


async def test_other_regions_are_not_this_one(fleet: FleetBench, transport: Transport, domain: str) -> None:
    """A token for Europe does not register in America."""
    token = await partner_token(fleet, transport)
    with pytest.raises(RegistrationRefusedError) as caught:
        await async_register(transport, fleet.simulator.api_urls["na"], token, domain)
    assert caught.value.status == 401
    assert token not in caught.value.answer


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("partner", "status", status=503), ServerError),
        (Fault("partner", "status", status=429), RateLimitedError),
        (Fault("partner", "garbage"), BadAnswerError),
        (Fault("partner", "empty"), BadAnswerError),
        (Fault("partner", "json", body=None), BadAnswerError),
        (Fault("partner", "json", body={"response": []}), BadAnswerError),
        (Fault("partner", "json", body=[]), BadAnswerError),
        (Fault("partner", "redirect", url="https://example.com"), BadAnswerError),
    ],
    ids=lambda item: item.kind if isinstance(item, Fault) else item.__name__,
)
async def test_weather_is_no_refusal(
    fleet: FleetBench, transport: Transport, domain: str, fault: Fault, error: type[FleetError]
) -> None:
    """What another try can mend says so."""
    token = await partner_token(fleet, transport)
    fleet.simulator.faults.add(fault)
    with pytest.raises(error) as caught:
        await async_register(transport, fleet.simulator.api_url, token, domain)
    assert caught.value.is_transient


@pytest.mark.parametrize(
    "fault",
    [
        Fault("token", "json", body={"access_token": "a\nb"}),
        Fault("token", "json", body=[]),
        Fault("token", "garbage"),
    ],
)
async def test_an_answer_without_a_token_is_no_token(
    fleet: FleetBench, transport: Transport, fault: Fault
) -> None:
    """Whatever came with success, it is not sent as a header."""
    fleet.simulator.faults.add(fault)
    with pytest.raises(BadAnswerError):
        await partner_token(fleet, transport)


@pytest.mark.parametrize("found", [{}, {"public_key": None}, {"public_key": 7}, {"public_key": ""}])
async def test_an_answer_may_name_no_key(
    fleet: FleetBench, transport: Transport, domain: str, found: dict[str, Any]
) -> None:
    """Then nothing is known of it, and the app is registered all the same."""
    fleet.simulator.faults.add(Fault("partner", "json", body={"response": found}))
    token = await partner_token(fleet, transport)
    assert await async_register(transport, fleet.simulator.api_url, token, domain) is None


async def test_the_secret_goes_to_no_stranger(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """Neither the app's secret nor its token leaves for a URL that is not Tesla's and was not typed."""
    transport = fleet.transport(fleet.simulator.api_url)
    with pytest.raises(CannotConnectError):
        await async_partner_token(transport, f"{elsewhere.url}/token", "client", SECRET, elsewhere.url)
    with pytest.raises(CannotConnectError):
        await async_register(transport, elsewhere.url, "token", "example.com")
    assert elsewhere.seen == []


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF-123"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "invalid_request", "error_description": "no domain"}, "invalid_request: no domain"),
        ({"response": None, "error": "Invalid domain: x.", "txid": "7"}, "Invalid domain: x."),
        ({"error": "same", "error_description": "same"}, "same"),
        ({"error": None, "error_description": ""}, "-"),
        ({"error": {"deep": "x"}}, "-"),
        ("plain words", "plain words"),
        ("  <html>Welcome</html>", "-"),
        (None, "-"),
        ([1], "-"),
        ({"error": "a\n\tb\0c\u202ed  e"}, "a b c d e"),
        ({"error": f"token {JWT} of"}, "token … of"),
        ({"error": "EU_0123456789abcdef!"}, "…!"),
        ({"error": "with ta-secret.a%b$c d"}, "with … d"),
        ({"error": f"known {SECRET}s"}, "known …s"),
        ({"error": f"half {SECRET[3:]} of it"}, f"half {SECRET[3:]} of it"),
        ({"error": "car 5YJ3E1EA1KF000001 here"}, "car … here"),
        ({"error": POINT}, "…"),
        ({"error": "see https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints#register"},
         "see https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints#register"),
        ({"error": "word " * 100}, f"{'word ' * 60}…"),
    ],
)  # fmt: skip
def test_what_may_be_shown(body: Any, words: str) -> None:
    """One line of a sane length, and nothing in it that could be a token, a key or a car."""
    assert shown_words(body, SECRET, "") == words


def test_addresses() -> None:
    """Where Tesla looks, and where the phone goes."""
    assert key_url("home.example.com") == (
        "https://home.example.com/.well-known/appspecific/com.tesla.3p.public-key.pem"
    )
    assert key_url("127.0.0.1:8123").startswith("http://127.0.0.1:8123/.well-known/")
    assert pairing_url("home.example.com") == "https://tesla.com/_ak/home.example.com"
