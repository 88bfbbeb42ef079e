"""One mapping from what Tesla answered to what the caller must do."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from fleet_bench import NOON
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet.errors import (
    DEFAULT_RATE_LIMIT_WAIT,
    LONGEST_RATE_LIMIT_WAIT,
    AccountDisabledError,
    BadAnswerError,
    FleetError,
    MissingScopeError,
    MobileAccessDisabledError,
    NotFoundError,
    NotRegisteredError,
    OwnerApiTokenError,
    RateLimitedError,
    RequestRejectedError,
    ServerError,
    SigningRequiredError,
    TokenRejectedError,
    VehicleUnavailableError,
    WrongRegionError,
    error_for,
    error_text,
)

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time

EU = "https://fleet-api.prd.eu.vn.cloud.tesla.com"
HTML = '<!DOCTYPE html><table><th scope="col">account disabled</th></table>'


def body(error: str, description: str = "") -> dict[str, Any]:
    """Return an error body in Tesla's shape."""
    return {"response": None, "error": error, "error_description": description}


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (300, None, BadAnswerError),
        (307, "", BadAnswerError),
        (400, body("invalid_command"), RequestRejectedError),
        (401, body("token expired (401)"), TokenRejectedError),
        (401, body("invalid bearer token"), TokenRejectedError),
        (401, "", TokenRejectedError),
        (401, body("mobile_access_disabled"), MobileAccessDisabledError),
        (402, body("payment required"), AccountDisabledError),
        (404, body("not_found"), NotFoundError),
        (405, None, RequestRejectedError),
        (406, None, RequestRejectedError),
        (408, body("vehicle unavailable: vehicle is offline or asleep"), VehicleUnavailableError),
        (408, body('vehicle unavailable: {:error=>"vehicle unavailable:"}'), VehicleUnavailableError),
        (412, body("Account must be registered in the current region"), NotRegisteredError),
        (421, body("user out of region"), WrongRegionError),
        (422, {"messages": {"percent": ["bad"]}}, RequestRejectedError),
        (423, None, AccountDisabledError),
        (424, None, RequestRejectedError),
        (429, "slow down", RateLimitedError),
        (451, None, RequestRejectedError),
        (499, None, RequestRejectedError),
        (500, body("vehicle unavailable: vehicle is offline or asleep"), ServerError),
        (502, HTML, ServerError),
        (503, None, ServerError),
        (504, [], ServerError),
        (540, 7, ServerError),
    ],
)
def test_each_status_has_one_meaning(status: int, answer: Any, kind: type[FleetError]) -> None:
    """Every status of Tesla's documentation becomes the error that says what to do."""
    error = error_for(status, {}, answer, NOON)
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (body("account disabled: EXCEEDED_LIMIT"), AccountDisabledError),
        ({"error": "", "error_description": "Account Disabled"}, AccountDisabledError),
        (body("Unauthorized missing scopes"), MissingScopeError),
        (
            body(
                "Tesla Vehicle Command Protocol required, please refer to the documentation here: https://x"
            ),
            SigningRequiredError,
        ),
        (body("forbidden", "see https://developer.tesla.com/docs/fleet-api"), OwnerApiTokenError),
        (body("forbidden"), RequestRejectedError),
        (HTML, RequestRejectedError),
        ("unauthorized missing scopes", MissingScopeError),
        (None, RequestRejectedError),
        ({"error": None, "error_description": 7}, RequestRejectedError),
    ],
)
def test_a_403_means_what_its_text_says(answer: Any, kind: type[FleetError]) -> None:
    """Billing, scope, signing and the old API share the 403; a page of HTML says none of that."""
    assert type(error_for(403, {}, answer, NOON)) is kind


@pytest.mark.parametrize(
    ("answer", "headers", "url"),
    [
        (body(f"user out of region, use base URL: {EU}, see https://developer.tesla.com/docs"), {}, EU),
        (body("user out of region", f"Use Base URL: {EU.upper()}."), {}, EU),
        (body("use base URL: http://127.0.0.1:8123/x"), {}, "http://127.0.0.1:8123"),
        (body(f"use base URL: {EU}@evil.example/"), {}, EU),
        (body("user out of region, see https://developer.tesla.com/docs"), {}, None),
        (body("use base URL: "), {}, None),
        (HTML + EU, {}, None),
        (None, {}, None),
        (None, {"alt-svc": f"h2={EU}"}, EU),
        (None, {"Alt-Svc": 'h3=":443"; ma=86400'}, None),
        (body("use base URL: https://a.tesla.com"), {"Alt-Svc": f"h2={EU}"}, "https://a.tesla.com"),
    ],
)
def test_a_421_names_the_region_or_none(answer: Any, headers: dict[str, str], url: str | None) -> None:
    """Only the URL after Tesla's own words, or of Alt-Svc, counts: a link to a manual is no base URL."""
    error = error_for(421, headers, answer, NOON)
    assert isinstance(error, WrongRegionError)
    assert error.base_url == url


def http_date(seconds: float) -> str:
    """Return an HTTP date so many seconds from now."""
    return format_datetime(datetime.fromtimestamp(NOON, UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "37829"}, 37829),
        ({"retry-after": "12.5"}, 12.5),
        ({"Retry-After": http_date(600)}, 600),
        ({"Retry-After": http_date(600).replace(" GMT", " -0000")}, 600),
        ({"Retry-After": http_date(-600)}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": http_date(10 * 86_400)}, LONGEST_RATE_LIMIT_WAIT),
        ({"ratelimit-limit": "300", "ratelimit-remaining": "0", "ratelimit-reset": "45983"}, 45983),
        ({"RateLimit-Realtime-Data-Reset": "77"}, 77),
        ({"Retry-After": "30", "RateLimit-Reset": "90"}, 90),
        ({"Retry-After": "soon", "RateLimit-Reset": "90"}, 90),
        ({}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": ""}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "nan"}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "inf"}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "-5"}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "1800000"}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "200000"}, LONGEST_RATE_LIMIT_WAIT),
        ({"Retry-After": "9" * 400}, DEFAULT_RATE_LIMIT_WAIT),
        ({"Retry-After": "Wed, 99 Foo 99999999999999 25:61:00 GMT"}, DEFAULT_RATE_LIMIT_WAIT),
    ],
)
def test_a_rate_limit_is_waited_out_as_asked(headers: dict[str, str], wait: float) -> None:
    """Seconds, dates and resets are taken; nonsense is a quarter of an hour, and nothing is waited for ever."""
    error = error_for(429, headers, None, NOON)
    assert error.retry_after == pytest.approx(wait)


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_reset_is_no_wish_to_wait_unless_it_is_a_429(status: int) -> None:
    """Tesla tells when the count begins anew on every answer: an error of the car must not stop looks for ten hours."""
    assert error_for(status, {"ratelimit-reset": "45983"}, None, NOON).retry_after is None
    assert error_for(status, {"Retry-After": "7"}, None, NOON).retry_after == 7


@pytest.mark.parametrize("answer", [None, [], 7, True, {"error": ["x"]}, HTML, "", {}])
def test_a_body_without_words_has_none(answer: Any) -> None:
    """Whatever JSON a body is, its words are a text."""
    assert not error_text(answer).strip()


def test_an_error_never_repeats_the_body() -> None:
    """A body can hold a VIN or a token: neither text nor repr of the error has it."""
    error = error_for(400, {"x-secret": "hush"}, body("token NA_secret of 5YJ3E1EA1KF000001"), NOON)
    assert "secret" not in f"{error} {error!r} {error.args}"
    assert str(error) == "request_rejected (HTTP 400)"
    assert str(BadAnswerError()) == "bad_answer"


def test_what_passes_by_itself_is_told_apart() -> None:
    """Only what can succeed later without anybody doing anything is transient."""
    transient = {status for status in range(300, 600) if error_for(status, {}, None, NOON).is_transient}
    assert transient == {*range(300, 400), 408, 429, *range(500, 600)}
