"""Signing in with Tesla in a browser: what Home Assistant's OAuth helpers need to know of it.

https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens
"""

from typing import Any, Final, override
from urllib.parse import urlencode

from homeassistant.components.application_credentials import (
    AuthImplementation,
    AuthorizationServer,
    ClientCredential,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import http
from homeassistant.helpers.config_entry_oauth2_flow import (
    AUTH_CALLBACK_PATH,
    LocalOAuth2ImplementationWithPkce,
    async_get_redirect_uri,
)
from homeassistant.helpers.network import NoURLAvailableError, get_url
from yarl import URL

from .settings import Endpoints

_DEVELOPER_URL: Final = "https://developer.tesla.com/dashboard"
_CHINESE_DEVELOPER_URL: Final = "https://developer.tesla.cn"
# Where an owner sees all apps that may act for him.
_APPS_OF_AN_OWNER: Final = "https://accounts.tesla.com/account-settings/security?tab=tpty-apps"
SCOPES: Final = (
    "openid",
    "offline_access",
    "user_data",
    "vehicle_device_data",
    "vehicle_location",
    "vehicle_cmds",
    "vehicle_charging_cmds",
)

# Home Assistant's form wants a secret; this is what an owner types there whose app has none.
_NO_SECRET: Final = frozenset({"", "-", "none"})

# https://developer.tesla.com/docs/fleet-api/getting-started/regions-countries
_AMERICA_AND_PACIFIC: Final = frozenset(
    {
        "AR", "AU", "BR", "CA", "CL", "CO", "GU", "HK", "ID", "IN", "JP", "KR", "MO", "MX", "MY", "NZ", "PE", "PH", "PR",
        "SG", "TH", "TW", "US", "VI", "VN",
    }
)  # fmt: skip
_CHINESE_TIME: Final = frozenset({"Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "Asia/Urumqi", "PRC"})
_EUROPE_AND_MIDDLE_EAST: Final = (
    "Europe/", "Africa/", "Atlantic/", "Arctic/", "Asia/Amman", "Asia/Bahrain", "Asia/Dubai", "Asia/Istanbul",
    "Asia/Jerusalem", "Asia/Kuwait", "Asia/Muscat", "Asia/Nicosia", "Asia/Qatar", "Asia/Riyadh",
)  # fmt: skip


class TeslaOAuth(AuthImplementation):
    """One app of the owner's, for one sign-in: Home Assistant makes a new one whenever it looks for the apps.

    The challenge (RFC 7636) is always sent, the secret where there is one: an app without a secret needs the former, and
    RFC 6749 has a server pass over what it does not know.
    """

    def __init__(self, hass: HomeAssistant, auth_domain: str, credential: ClientCredential) -> None:
        """Initialize."""
        endpoints = Endpoints()
        server = AuthorizationServer(endpoints.authorize_url, endpoints.token_url)
        super().__init__(hass, auth_domain, credential, server)
        self.client_secret = secret_in(self.client_secret)
        self.code_verifier = LocalOAuth2ImplementationWithPkce.generate_code_verifier()

    @property
    @override
    def extra_authorize_data(self) -> dict[str, Any]:
        """Return what Tesla is asked for beside a code."""
        return {
            "scope": " ".join(SCOPES),
            "prompt_missing_scopes": "true",
            "code_challenge": LocalOAuth2ImplementationWithPkce.compute_code_challenge(self.code_verifier),
            "code_challenge_method": "S256",
        }

    @override
    async def _token_request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Send nothing: tokens are asked for where each request is metered, and kept before they are used."""
        raise RuntimeError("the config flow and the token keeper ask for tokens, nobody else")


def secret_in(typed: str) -> str:
    """Return the client secret that was typed, empty for the words with which an owner says that there is none."""
    secret = typed.strip()
    return "" if secret.lower() in _NO_SECRET else secret


def developer_url(region: str) -> str:
    """Return where an owner makes an app and looks at it. region: na, eu or cn; what is none counts as na."""
    return _CHINESE_DEVELOPER_URL if region == "cn" else _DEVELOPER_URL


def redirect_uri(hass: HomeAssistant) -> str:
    """Return the address that the owner enters at Tesla as the one to come back to.

    It is the one by which the owner's browser asks, or My Home Assistant's where that is in use; where no browser asks, the
    one that Home Assistant knows of itself.
    """
    try:
        return async_get_redirect_uri(hass)
    except RuntimeError:
        pass
    # The frontend names itself in the requests of a dialog; over its web socket only the browser does.
    request = http.current_request.get()
    origin = request.headers.get("Origin", "") if request else ""
    if origin.startswith("http"):
        return origin + AUTH_CALLBACK_PATH
    try:
        return get_url(hass, prefer_external=True) + AUTH_CALLBACK_PATH
    except NoURLAvailableError:
        return f"https://homeassistant.local:8123{AUTH_CALLBACK_PATH}"


def consent_url(client_id: str, back_url: str, authorize_url: str) -> str:
    """Return the page on which the owner changes what an app may do; all apps where no client ID is known yet."""
    if not client_id:
        return _APPS_OF_AN_OWNER
    try:
        host = URL(authorize_url).origin()
    except ValueError:
        # What was typed is no address; the form says so.
        host = URL(Endpoints().authorize_url).origin()
    query = urlencode({"revoke_client_id": client_id, "back_url": back_url})
    return f"{host}/user/revoke/consent?{query}"


def probable_region(country: str | None, time_zone: str) -> str:
    """Return the region (na, eu or cn) in which an account probably is: only a proposal, Tesla's token decides."""
    if country:
        return "cn" if country == "CN" else "na" if country in _AMERICA_AND_PACIFIC else "eu"
    if time_zone in _CHINESE_TIME:
        return "cn"
    return "eu" if time_zone.startswith(_EUROPE_AND_MIDDLE_EAST) else "na"
