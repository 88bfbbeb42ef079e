"""One mapping from what Tesla answered to what the caller must do.

Statuses and bodies are those of Tesla's documentation and of its own SDK
(https://developer.tesla.com/docs/fleet-api/getting-started/conventions,
https://github.com/teslamotors/vehicle-command). The text of a body is only looked at where a status
means more than one thing, and it is never put into an exception: it can hold a VIN or a token.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import re
from typing import Any, ClassVar

# Without a header that says how long, a rate limit is waited out this long (seconds).
DEFAULT_RATE_LIMIT_WAIT = 900.0
# Tesla has asked for ten hours; a header beyond two days is a mistake (seconds).
LONGEST_RATE_LIMIT_WAIT = 172_800.0

_BASE_URL = re.compile(r"https?://[A-Za-z0-9.:_-]+")
# A status whose waits are all meant: elsewhere a rate limit's reset says when the count begins anew, not to wait.
_TOO_MANY_REQUESTS = 429


class FleetError(Exception):
    """Something that Tesla, or the way to Tesla, did not do.

    code: a short name of the kind, also the key of its translated message.
    status: the HTTP status, None where no answer came.
    retry_after: seconds that Tesla asked to wait, None where it named none.
    """

    code: ClassVar[str] = "request_rejected"
    #: The same request can succeed later without anybody doing anything.
    is_transient: ClassVar[bool] = False

    def __init__(self, status: int | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(f"{self.code} (HTTP {status})" if status else self.code)
        self.status = status
        self.retry_after = retry_after


class RequestRejectedError(FleetError):
    """A 4xx that a repetition will not mend."""


class TokenRejectedError(FleetError):
    """401: this access token is not accepted (any more)."""

    code = "token_rejected"


class SignInRequiredError(FleetError):
    """No token is left that Tesla would take: only the owner can mend that."""

    code = "sign_in_required"


class MobileAccessDisabledError(FleetError):
    """401 with a word of its own: the owner switched mobile access off in the car."""

    code = "mobile_access_disabled"


class MissingScopeError(FleetError):
    """403: the owner did not grant what this request needs."""

    code = "missing_scope"


class SigningRequiredError(FleetError):
    """403, or 412 Not Supported: this car, or this command, goes only signed."""

    code = "signing_required"


class OwnerApiTokenError(FleetError):
    """403: a token of the retired owner API, not of a Fleet API app."""

    code = "owner_api_token"


class AccountDisabledError(FleetError):
    """402, 423, or 403 EXCEEDED_LIMIT: the billing limit is reached or the account is locked."""

    code = "account_disabled"


class NotFoundError(FleetError):
    """404: no such car on this account."""

    code = "not_found"


class VehicleUnavailableError(FleetError):
    """408: the car is asleep or has no connection. Billed all the same."""

    code = "vehicle_unavailable"
    is_transient = True


class NotRegisteredError(FleetError):
    """412: the developer app is not registered in this region."""

    code = "not_registered"


class WrongRegionError(FleetError):
    """421: the account lives in another region, whose base URL the answer names."""

    code = "wrong_region"

    def __init__(self, status: int | None = None, *, base_url: str | None = None) -> None:
        super().__init__(status)
        self.base_url = base_url


class RateLimitedError(FleetError):
    """429: too many requests; `retry_after` is always set. Billed all the same."""

    code = "rate_limited"
    is_transient = True


class ServerError(FleetError):
    """5xx: Tesla's side failed. Not billed; a command may have been carried out."""

    code = "server_error"
    is_transient = True


class CannotConnectError(FleetError):
    """The request never left: name not found, refused, TLS failed. Nothing happened and nothing is billed."""

    code = "cannot_connect"
    is_transient = True


class AnswerLostError(FleetError):
    """The request was sent and no whole answer came back: what it did is unknown."""

    code = "answer_lost"
    is_transient = True


class BadAnswerError(FleetError):
    """An answer came, but not one that the API gives: HTML, null, a list, a redirect."""

    code = "bad_answer"
    is_transient = True


class BudgetSpentError(FleetError):
    """Our own meter did not let the request out."""

    code = "budget_spent"
    is_transient = True


class AskedTooOftenError(FleetError):
    """People or automations asked too often: our own meter did not let the request out; `retry_after` is always set."""

    code = "asked_too_often"
    is_transient = True


def error_for(status: int, headers: Mapping[str, str], body: Any, now: float) -> FleetError:
    """Return the error that an answer with this status means; status is not 2xx.

    now: Unix seconds, for headers that name a date.
    """
    text = error_text(body)
    match status:
        case 401 if "mobile_access_disabled" in text:
            return MobileAccessDisabledError(status)
        case 401:
            return TokenRejectedError(status)
        case 402 | 423:
            return AccountDisabledError(status)
        case 403:
            return _forbidden(text)
        case 404:
            return NotFoundError(status)
        case 408:
            return VehicleUnavailableError(status, retry_after=retry_after(status, headers, now))
        case 412:
            # The other is what a plain command is answered that goes only signed.
            return SigningRequiredError(status) if "not supported" in text else NotRegisteredError(status)
        case 421:
            return WrongRegionError(status, base_url=_named_base_url(text, headers))
        case 429:
            wait = retry_after(status, headers, now) or DEFAULT_RATE_LIMIT_WAIT
            return RateLimitedError(status, retry_after=wait)
        case _ if status >= 500:  # noqa: PLR2004
            return ServerError(status, retry_after=retry_after(status, headers, now))
        case _ if status < 400:  # noqa: PLR2004
            # A redirect is never followed: the bearer token would go along, a POST would become a GET.
            return BadAnswerError(status)
        case _:
            return RequestRejectedError(status)


def error_text(body: Any) -> str:
    """Return the words of an error body in lower case, empty for anything without words.

    A page of HTML is not Tesla's: its words (`scope="col"`) mean nothing.
    """
    if isinstance(body, str):
        return "" if body.lstrip().startswith("<") else body.lower()
    if not isinstance(body, dict):
        return ""
    words = (body.get("error"), body.get("error_description"))
    return " ".join(word for word in words if isinstance(word, str)).lower()


def _forbidden(text: str) -> FleetError:
    if "exceeded_limit" in text or "account disabled" in text:
        return AccountDisabledError(403)
    if "vehicle command protocol" in text:
        return SigningRequiredError(403)
    # The second is what the token endpoint answers to a client that is no app of the Fleet API.
    if ("forbidden" in text and "fleet-api" in text) or "third-party applications only" in text:
        return OwnerApiTokenError(403)
    if "scope" in text:
        return MissingScopeError(403)
    return RequestRejectedError(403)


def _named_base_url(text: str, headers: Mapping[str, str]) -> str | None:
    """Return the URL after the words `base URL:`, else that of `Alt-Svc: h2=https://host`."""
    _, _, rest = text.partition("base url:")
    services = " ".join(value for name, value in headers.items() if name.lower() == "alt-svc")
    found = _BASE_URL.search(rest) or _BASE_URL.search(services)
    return found.group(0).rstrip(".") if found else None


def retry_after(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds an answer asks to wait, None where it names none.

    `Retry-After` comes as seconds or as an HTTP date; of a 429 also `RateLimit-Reset` (or
    `RateLimit-<class>-Reset`) as seconds. The longest of those present counts.
    """
    waits = []
    for name, value in headers.items():
        lower = name.lower()
        is_reset = lower.startswith("ratelimit") and lower.endswith("reset")
        if lower == "retry-after" or (is_reset and status == _TOO_MANY_REQUESTS):
            waits.append(_seconds(value, now))
    known = [wait for wait in waits if wait is not None]
    return min(max(known), LONGEST_RATE_LIMIT_WAIT) if known else None


def _seconds(value: str, now: float) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        # NaN and infinity are valid floats and useless waits.
        return max(0.0, seconds) if seconds <= 10 * LONGEST_RATE_LIMIT_WAIT else None
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.fromtimestamp(now, UTC)).total_seconds())
