"""The token endpoint's answers, and what an access token says of itself."""

from itertools import product
import json
from typing import Any

from aiohttp import web
from fleet_bench import NOON, Elsewhere, FleetBench
import fleet_fixtures
import jwt
import pytest

from custom_components.tesla_scout_worker.fleet.auth import (
    Claims,
    TokenAnswer,
    Verdict,
    async_refresh,
    is_token,
    read_claims,
    verdict,
)
from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    BadAnswerError,
    FleetError,
    RateLimitedError,
    RequestRejectedError,
    ServerError,
)
from custom_components.tesla_scout_worker.fleet.metering import Category
from custom_components.tesla_scout_worker.fleet.transport import Transport
from fleet_simulator import Fault

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time
fleet = fleet_fixtures.fleet
elsewhere = fleet_fixtures.elsewhere
transport = fleet_fixtures.transport

NA = "https://fleet-api.prd.na.vn.cloud.tesla.com"
EU = "https://fleet-api.prd.eu.vn.cloud.tesla.com"
CN = "https://fleet-api.prd.cn.vn.cloud.tesla.cn"
KEY = "k" * 64
NOT_OBJECTS: list[Any] = [None, [], "<html>login_required</html>", "", 7, True]


def token(**claims: Any) -> str:
    """Return a JWT with these claims."""
    return jwt.encode(claims, KEY, algorithm="HS256")


@pytest.mark.parametrize("status", [200, 201])
def test_only_an_access_token_is_a_grant(status: int) -> None:
    """A success without one is nothing to go on with, and no refusal either."""
    assert verdict(status, {"access_token": "a.b.c"}) is Verdict.GRANTED
    for odd in (None, "", 7, ["a"], "a\nb", "ä", " "):
        assert verdict(status, {"access_token": odd}) is Verdict.LATER
    assert verdict(status, {"error": "login_required"}) is Verdict.LATER


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("login_required", Verdict.REFUSED),
        ("invalid_grant", Verdict.REFUSED),
        ("unauthorized_client", Verdict.CLIENT_REFUSED),
        ("invalid_client", Verdict.CLIENT_REFUSED),
        ("invalid_request", Verdict.LATER),
        ("unsupported_grant_type", Verdict.LATER),
        ("access_denied", Verdict.LATER),
        ("", Verdict.LATER),
        (None, Verdict.LATER),
        (["login_required"], Verdict.LATER),
    ],
)
def test_a_refusal_is_said_in_words(status: int, word: Any, meaning: Verdict) -> None:
    """Only the documented words speak of the token or of the app."""
    assert verdict(status, {"error": word}) is meaning


@pytest.mark.parametrize(
    ("status", "word"),
    product(
        [301, 307, 402, 403, 404, 408, 412, 418, 421, 429, 500, 502, 503, 504],
        ["login_required", "invalid_client"],
    ),
)
def test_another_status_is_weather_whatever_it_says(status: int, word: str) -> None:
    """No gateway, limit or outage can make the owner sign in anew."""
    assert verdict(status, {"error": word, "access_token": "a.b.c"}) is Verdict.LATER


@pytest.mark.parametrize(("status", "body"), product([200, 400, 401, 403, 500], NOT_OBJECTS))
def test_what_is_no_object_says_nothing(status: int, body: Any) -> None:
    """HTML, null, lists and nothing at all keep the token."""
    assert verdict(status, body) is Verdict.LATER


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "a.b.c",
        "a.b",
        "ä.ö.ü",
        "\ud800",
        jwt.encode({}, KEY, "HS256")[:-20] + "\0",
        "." * 999,
        "[" * 9999,
    ],
)
def test_a_token_that_is_no_jwt_claims_nothing(odd: str) -> None:
    """Tesla may make its tokens opaque one day: everything is then unknown, nothing breaks."""
    assert read_claims(odd) == Claims()


def test_every_claim_is_read() -> None:
    """The account, what was granted, the region, the API's addresses and the life."""
    claims = read_claims(
        token(sub="me", scp=["a", "brand_new_scope"], ou_code="EU", aud=[NA, EU], iat=NOON, exp=NOON + 28_800)
    )
    assert claims == Claims("me", frozenset({"a", "brand_new_scope"}), "eu", (NA, EU), 28_800)
    assert claims.base_url == EU


@pytest.mark.parametrize(
    ("scp", "scopes"),
    [
        (["vehicle_location", 7, None, "x"], {"vehicle_location", "x"}),
        ("openid vehicle_location", {"openid", "vehicle_location"}),
        (None, set()),
        ({"vehicle_location": True}, set()),
        (7, set()),
    ],
)
def test_scopes_come_as_they_come(scp: Any, scopes: set[str]) -> None:
    """A list or a text; unknown ones are kept, other types are none."""
    assert read_claims(token(scp=scp)).scopes == scopes


def test_a_token_without_claims_claims_nothing() -> None:
    """No claim is taken for granted."""
    assert read_claims(token()) == Claims()
    assert read_claims(token(sub="", ou_code="XX", aud=7, scp=7)) == Claims()


@pytest.mark.parametrize(
    "claims",
    [{"sub": 7}, {"sub": None}, {"sub": ["x"]}, {"ou_code": 7}, {"ou_code": None}, {"aud": {"a": 1}}],
)
def test_a_claim_of_another_type_is_missing(claims: dict[str, Any]) -> None:
    """A number is no account, and an object no audience."""
    payload = jwt.encode({}, KEY, algorithm="HS256").split(".")
    payload[1] = jwt.utils.base64url_encode(json.dumps(claims).encode()).decode()
    assert read_claims(".".join(payload)) == Claims()


@pytest.mark.parametrize(
    ("issued", "expires", "lifetime"),
    [
        (NOON, NOON + 60, 60),
        (NOON, NOON, None),
        (NOON, NOON - 60, None),
        (None, NOON, None),
        (NOON, None, None),
        (0, 10**400, None),
        (0.5, 10**400, None),
        ("x", NOON, None),
        ([], NOON, None),
        (0, 1e300, None),
    ],
)
def test_a_life_that_cannot_be_is_unknown(issued: Any, expires: Any, lifetime: float | None) -> None:
    """Nothing that a token says of its dates can make it live for ever, or raise."""
    assert read_claims(token(iat=issued, exp=expires)).lifetime == lifetime


@pytest.mark.parametrize(
    ("region", "audience", "url"),
    [
        ("eu", [NA, EU], EU),
        ("na", [NA, EU], NA),
        ("cn", [CN], CN),
        ("cn", ["https://auth.tesla.cn/oauth2/v3/userinfo"], CN),
        (None, [NA, EU], NA),
        ("eu", [NA], NA),
        ("eu", [f"{EU}/"], EU),
        ("eu", [], EU),
        (None, [], None),
        ("eu", ["https://fleet-api.prd.eu.vn.cloud.tesla.com.evil.example"], EU),
        (
            None,
            ["https://fleet-api.tesla.com@evil.example", "https://[", "http://fleet-api.x.tesla.com"],
            None,
        ),
        (None, ["https://auth.tesla.com/oauth2/v3/userinfo"], None),
        (None, ["https://owner:pw@fleet-api.prd.na.vn.cloud.tesla.com", NA], NA),
    ],
)
def test_the_base_url_is_tesla_s_own(region: str | None, audience: list[str], url: str | None) -> None:
    """It is chosen as Tesla's SDK chooses it, and no claim leads elsewhere."""
    assert Claims(region=region, audience=tuple(audience)).base_url == url


def test_one_audience_may_be_a_text() -> None:
    """JWTs may write one audience without a list."""
    assert read_claims(token(aud=EU)).audience == (EU,)
    assert read_claims(token(aud=[EU, 7])).audience == (EU,)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("EU_0af3", True),
        ("a.b-c_d", True),
        ("", False),
        (" ", False),
        ("a\nb", False),
        ("ü", False),
        (None, False),
        (7, False),
    ],
)
def test_a_token_can_stand_in_a_header(value: Any, is_one: bool) -> None:
    """What cannot be sent is no token."""
    assert is_token(value) is is_one


async def test_a_refresh_is_asked_as_tesla_wants_it(fleet: FleetBench, transport: Transport) -> None:
    """One request, which the meter sees as not billed, brings a token, its successor and its life."""
    spent = fleet.account.issue_refresh_token()
    answer = await async_refresh(transport, fleet.simulator.token_url, fleet.simulator.client_id, spent)
    assert answer.verdict is Verdict.GRANTED
    assert read_claims(answer.access_token or "").subject == fleet.account.sub
    assert fleet.account.accepts(answer.refresh_token or "")
    assert answer.lifetime == 28_800
    assert [errand.category for errand in fleet.meter.admitted] == [Category.AUTH]
    assert [record.outcome for record in fleet.account.refreshes] == ["rotated"]


def test_no_answer_shows_its_tokens() -> None:
    """A repr lands in logs and traces."""
    assert "secret" not in repr(TokenAnswer(Verdict.GRANTED, "secret-access", "secret-refresh"))


@pytest.mark.parametrize(
    ("body", "life", "successor"),
    [
        ({"expires_in": 28_800, "refresh_token": "EU_next"}, 28_800, "EU_next"),
        ({"expires_in": "7200"}, 7200, None),
        ({"expires_in": None}, 3600, None),
        ({"expires_in": 0}, 3600, None),
        ({"expires_in": -5}, 3600, None),
        ({"expires_in": True}, 3600, None),
        ({"expires_in": "soon"}, 3600, None),
        ({"expires_in": []}, 3600, None),
        ({"expires_in": 10**400}, 3600, None),
        ({"expires_in": 1e12}, 3600, None),
        ({"expires_in": 5}, 5, None),
        ({"expires_in": 0.01}, 1, None),
        ({"access_token": token(iat=0, exp=7200)}, 7200, None),
        ({"access_token": token(iat=0, exp=9), "refresh_token": 7}, 9, None),
        ({"refresh_token": "x\ny"}, 3600, None),
        ({"refresh_token": ""}, 3600, None),
    ],
)
async def test_an_odd_grant_is_a_grant(
    fleet: FleetBench, elsewhere: Elsewhere, body: dict[str, Any], life: float, successor: str | None
) -> None:
    """A token once rotated must not be lost to a strange number beside it, nor be renewed all the time."""
    elsewhere.answer = lambda _: web.json_response({"access_token": "a.b.c", **body})
    answer = await async_refresh(fleet.transport(elsewhere.url), elsewhere.url, "app", "EU_x")
    assert answer.verdict is Verdict.GRANTED
    assert (answer.lifetime, answer.refresh_token) == (life, successor)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("token", "status", status=403, body={"error": "access_denied"}), RequestRejectedError),
        (Fault("token", "status", status=408), ServerError),
        (Fault("token", "status", status=429, headers={"Retry-After": "77"}), RateLimitedError),
        (Fault("token", "status", status=503), ServerError),
        (Fault("token", "garbage"), BadAnswerError),
        (Fault("token", "empty"), BadAnswerError),
        (Fault("token", "json", body=None), BadAnswerError),
        (Fault("token", "redirect", url="http://127.0.0.1:1/"), BadAnswerError),
    ],
)
async def test_what_says_nothing_of_the_token_is_an_error_to_wait_out(
    fleet: FleetBench, transport: Transport, fault: Fault, kind: type[FleetError]
) -> None:
    """The answer tells what went wrong; a 408 of this server speaks of no sleeping car."""
    fleet.simulator.faults.add(fault)
    answer = await async_refresh(transport, fleet.simulator.token_url, "sim-client", "EU_x")
    assert answer.verdict is Verdict.LATER
    assert type(answer.error) is kind


async def test_a_lost_grant_is_told_as_lost(fleet: FleetBench, transport: Transport) -> None:
    """The token may be spent: the caller must know that it cannot know, and no error shows the token."""
    spent = fleet.account.issue_refresh_token()
    fleet.simulator.faults.add(Fault("token", "reset_after"))
    with pytest.raises(AnswerLostError) as caught:
        await async_refresh(transport, fleet.simulator.token_url, fleet.simulator.client_id, spent)
    assert fleet.account.refreshes[0].outcome == "rotated"
    assert spent not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
