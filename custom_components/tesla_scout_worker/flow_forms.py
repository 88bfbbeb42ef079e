"""The fields of the set-up dialog, what is typed into them, and what can be said of it without asking anybody."""

from collections.abc import Iterable, Mapping
import re
from typing import Any, Final

from homeassistant.const import CONF_CLIENT_ID
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import jwt
import voluptuous as vol
from yarl import URL

from .const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_AUTHORIZE_URL,
    CONF_REFRESH_TOKEN,
    CONF_REGION,
    CONF_TOKEN_URL,
)
from .fleet.client import REGION_URLS
from .token_rotation import clean_token

PASTE_ENDPOINTS: Final = (CONF_TOKEN_URL, CONF_API_URL)
SIGN_IN_ENDPOINTS: Final = (CONF_AUTHORIZE_URL, *PASTE_ENDPOINTS)

_PASSWORD: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_URL: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_REGION: Final = SelectSelector(SelectSelectorConfig(options=list(REGION_URLS), translation_key=CONF_REGION))

# What tokens are made of: RFC 6750, section 2.1.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# A JSON Web Token: an object in JSON, in base64, begins like this.
_JWT: Final = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_OWNER_API: Final = ("ownerapi", "owner-api")


def paste_schema(shown: Mapping[str, Any]) -> vol.Schema:
    """Return the form for a refresh token. shown: what it is filled with."""
    return vol.Schema(
        {
            vol.Required(CONF_CLIENT_ID): TextSelector(),
            vol.Required(CONF_REFRESH_TOKEN): _PASSWORD,
            vol.Required(CONF_ADVANCED): _endpoints(PASTE_ENDPOINTS, shown),
        }
    )


def sign_in_schema(shown: Mapping[str, Any]) -> vol.Schema:
    """Return the form for a sign-in with Tesla. shown: what it is filled with."""
    return vol.Schema(
        {
            vol.Required(CONF_REGION): _REGION,
            vol.Required(CONF_ADVANCED): _endpoints(SIGN_IN_ENDPOINTS, shown),
        }
    )


def car_picker(vehicles: Mapping[str, str]) -> SelectSelector:
    """Return the choice of cars. vehicles: names by VIN."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=vin, label=name) for vin, name in vehicles.items()],
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )


def _endpoints(keys: Iterable[str], shown: Mapping[str, Any]) -> section:
    is_used = any(shown.get(CONF_ADVANCED, {}).values())
    return section(vol.Schema({vol.Optional(key): _URL for key in keys}), {"collapsed": not is_used})


def endpoints_in(data: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    """Return the endpoints that are kept in an entry's data."""
    return {key: data[key] for key in keys if key in data}


def typed_endpoints(user_input: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    """Return what was typed without what a copy brings along, and without the fields that were left empty."""
    typed = {key: user_input[CONF_ADVANCED].get(key, "").strip().rstrip("/") for key in keys}
    return {key: url for key, url in typed.items() if url}


def wrong_endpoint(endpoints: Mapping[str, str]) -> str | None:
    """Return the error of the first endpoint that is no address that can be asked, None where all are."""
    return next((f"invalid_{key}" for key, url in endpoints.items() if not _is_url(url)), None)


def wrong_token(pasted: str) -> str | None:
    """Return the error of what is plainly no refresh token of the Fleet API, None for what Tesla has to be asked about.

    | what was pasted                                  | error                |
    |--------------------------------------------------|----------------------|
    | nothing, or more than a token: JSON, a sentence  | malformed_token      |
    | a token of the retired owner API                 | owner_api_token      |
    | an access token                                  | access_token_pasted  |
    """
    if pasted.strip("\"'` \t\r\n").lower().startswith("bearer "):
        return "access_token_pasted"
    token = clean_token(pasted)
    if not _TOKEN.fullmatch(token):
        return "malformed_token"
    claims = _claims(token)
    words = str(claims).lower()
    if any(name in words for name in _OWNER_API):
        return "owner_api_token"
    # Before 2024 a refresh token was such a token too, for the token endpoint alone.
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    is_for_renewal = any(str(one).rstrip("/").endswith("/token") for one in audiences)
    is_access_token = "fleet-api" in words or ("scp" in claims and not is_for_renewal)
    return "access_token_pasted" if is_access_token else None


def _claims(token: str) -> dict[str, Any]:
    if not _JWT.fullmatch(token):
        return {}
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError, ValueError, RecursionError:
        return {}


def _is_url(text: str) -> bool:
    """Return whether this is an address that can be asked."""
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host) and not url.user
