"""Tesla's token endpoint: one refresh, and what its answer means.

https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
import math
from typing import Any, Final, TypeGuard

import jwt

from .client import REGION_URLS
from .errors import FleetError, ServerError, VehicleUnavailableError, error_for
from .metering import Category, Errand, Purpose
from .transport import Answer, Transport, is_fleet_api

TOKEN_URL: Final = "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"  # noqa: S105
# Tesla's documentation names one for all regions. That China has its own is the word of other people's programs alone,
# which sign in there: nobody has tried it with this one.
TOKEN_URLS: Final[Mapping[str, str]] = {
    "na": TOKEN_URL,
    "eu": TOKEN_URL,
    "cn": "https://auth.tesla.cn/oauth2/v3/token",
}
# Where an owner signs in, with a browser, by region.
AUTHORIZE_URLS: Final[Mapping[str, str]] = {
    "na": "https://auth.tesla.com/oauth2/v3/authorize",
    "eu": "https://auth.tesla.com/oauth2/v3/authorize",
    "cn": "https://auth.tesla.cn/oauth2/v3/authorize",
}
SCOPE_LOCATION: Final = "vehicle_location"
SCOPE_DATA: Final = "vehicle_device_data"
NEEDED_SCOPES: Final = frozenset({SCOPE_DATA, SCOPE_LOCATION})

# Words with which the endpoint says that this refresh token is spent, expired or revoked.
_TOKEN_REFUSED: Final = frozenset({"login_required", "invalid_grant"})
# Words with which it says that it does not know the app: another refresh token would not help.
_CLIENT_REFUSED: Final = frozenset({"unauthorized_client", "invalid_client"})
# Words with which it says that a code is spent, expired or of another sign-in.
_CODE_REFUSED: Final = frozenset({"invalid_auth_code", "invalid_grant", "login_required"})
# Without a word on how long a token lives (seconds).
_ASSUMED_LIFE: Final = 3600.0
# Less would mean a refresh for every request (seconds).
_SHORTEST_LIFE: Final = 1.0
_LONGEST_LIFE: Final = 10 * 365 * 86_400.0


class Verdict(StrEnum):
    """What an answer of the token endpoint means for the refresh token that was offered."""

    GRANTED = "granted"
    #: This token is dead. Another candidate may live.
    REFUSED = "refused"
    #: The app is refused; the token was not looked at.
    CLIENT_REFUSED = "client_refused"
    #: Nothing is known about the token: keep it and come again later.
    LATER = "later"


def verdict(status: int, body: Any) -> Verdict:
    """Classify an answer.

    | status  | body                                   | verdict        |
    |---------|----------------------------------------|----------------|
    | 2xx     | has an access_token                    | GRANTED        |
    | 400,401 | login_required, invalid_grant          | REFUSED        |
    | 400,401 | unauthorized_client, invalid_client    | CLIENT_REFUSED |
    | any     | anything else: HTML, empty, other word | LATER          |
    """
    if not isinstance(body, dict):
        return Verdict.LATER
    if 200 <= status < 300:  # noqa: PLR2004
        return Verdict.GRANTED if is_token(body.get("access_token")) else Verdict.LATER
    if status in {400, 401}:
        word = body.get("error")
        if not isinstance(word, str):
            return Verdict.LATER
        if word in _TOKEN_REFUSED:
            return Verdict.REFUSED
        if word in _CLIENT_REFUSED:
            return Verdict.CLIENT_REFUSED
    return Verdict.LATER


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says of itself. It is read, not verified: Tesla verifies it.

    subject: the account. scopes: granted, unknown ones included. region: na, eu or cn where named.
    audience: base URLs of the API. lifetime: seconds, None where not told.
    """

    subject: str | None = None
    scopes: frozenset[str] = frozenset()
    region: str | None = None
    audience: tuple[str, ...] = ()
    lifetime: float | None = None

    @property
    def base_url(self) -> str | None:
        """Return the API's base URL for this token, chosen as Tesla's own SDK does."""
        urls = [url for url in self.audience if is_fleet_api(url)]
        mine = [url for url in urls if self.region and f".{self.region}." in url]
        if mine or urls:
            return (mine or urls)[0].rstrip("/")
        return REGION_URLS.get(self.region or "")


def read_claims(access_token: str) -> Claims:
    """Read a token's claims; what is missing, unreadable or of another type stays empty."""
    try:
        payload = jwt.decode(access_token, options={"verify_signature": False})
    except jwt.PyJWTError, ValueError, RecursionError:
        return Claims()
    scopes = payload.get("scp")
    audience = payload.get("aud")
    region = payload.get("ou_code")
    issued, expires = payload.get("iat"), payload.get("exp")
    return Claims(
        subject=_text(payload.get("sub")),
        scopes=frozenset(_texts(scopes.split() if isinstance(scopes, str) else scopes)),
        region=region.lower() if isinstance(region, str) and region.lower() in REGION_URLS else None,
        audience=tuple(_texts([audience] if isinstance(audience, str) else audience)),
        lifetime=_span(issued, expires),
    )


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """One answer of the token endpoint.

    error: what to tell where nothing was granted. The tokens are None where the answer has none.
    """

    verdict: Verdict
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    lifetime: float = _ASSUMED_LIFE
    error: FleetError = field(default_factory=ServerError)


async def async_refresh(
    transport: Transport, token_url: str, client_id: str, refresh_token: str
) -> TokenAnswer:
    """Offer a refresh token, once. Not billed.

    Raises CannotConnectError or AnswerLostError; after the latter the token may be spent.
    """
    answer = await transport.send(
        "POST",
        token_url,
        Errand(Category.AUTH, Purpose.TOKEN, endpoint="refresh"),
        headers={"Accept": "application/json"},
        form={"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token},
    )
    return _token_answer(answer, transport.clock())


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a browser brought back from the sign-in. It works once and for a few minutes.

    client_secret: empty for an app that has none. audience: the base URL of the region's API. verifier: the other half of
    the challenge that was sent along (RFC 7636); a server that does not know it passes it over.
    """

    client_id: str
    client_secret: str = field(repr=False)
    code: str = field(repr=False)
    redirect_uri: str
    audience: str
    verifier: str = field(repr=False)


async def async_exchange_code(transport: Transport, token_url: str, code: AuthorizationCode) -> TokenAnswer:
    """Exchange a code for tokens, once. Not billed. REFUSED means that the owner has to sign in again.

    Raises CannotConnectError or AnswerLostError; after the latter the code is probably spent.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": code.client_id,
        "code": code.code,
        "redirect_uri": code.redirect_uri,
        "audience": code.audience,
        "code_verifier": code.verifier,
    }
    if code.client_secret:
        form["client_secret"] = code.client_secret
    answer = await transport.send(
        "POST",
        token_url,
        Errand(Category.AUTH, Purpose.TOKEN, endpoint="code"),
        headers={"Accept": "application/json"},
        form=form,
    )
    told = _token_answer(answer, transport.clock())
    word = answer.body.get("error") if isinstance(answer.body, dict) else None
    is_refused = answer.status in {400, 401} and isinstance(word, str) and word in _CODE_REFUSED
    return replace(told, verdict=Verdict.REFUSED) if is_refused else told


def _token_answer(answer: Answer, now: float) -> TokenAnswer:
    meaning = verdict(answer.status, answer.body)
    if meaning is not Verdict.GRANTED:
        error = error_for(answer.status, answer.headers, answer.body, now)
        if isinstance(error, VehicleUnavailableError):
            # Here a 408 speaks of no car.
            error = ServerError(error.status, retry_after=error.retry_after)
        return TokenAnswer(meaning, error=error)
    body: Mapping[str, Any] = answer.body
    access_token, refresh_token = str(body["access_token"]), body.get("refresh_token")
    lifetime = _lifetime(body.get("expires_in")) or read_claims(access_token).lifetime or _ASSUMED_LIFE
    return TokenAnswer(
        meaning,
        access_token=access_token,
        refresh_token=refresh_token if is_token(refresh_token) else None,
        lifetime=max(lifetime, _SHORTEST_LIFE),
    )


def is_token(value: Any) -> TypeGuard[str]:
    """Return whether a value can be a token: something that can stand in a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())


def _span(issued: Any, expires: Any) -> float | None:
    try:
        return _lifetime(float(expires) - float(issued))
    except TypeError, ValueError, OverflowError:
        return None


def _lifetime(value: Any) -> float | None:
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except TypeError, ValueError, OverflowError:
        return None
    return seconds if 0 < seconds < _LONGEST_LIFE else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
