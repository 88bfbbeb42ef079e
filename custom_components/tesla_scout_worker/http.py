"""The address at which another program takes the access token."""

import math
from typing import TYPE_CHECKING, Final

from homeassistant.components.http.const import KEY_HASS_REFRESH_TOKEN_ID, KEY_HASS_USER
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .const import DOMAIN
from .fleet.errors import FleetError, SignInRequiredError
from .problems import for_action
from .token_sharing import async_hand_out, shared_entry

if TYPE_CHECKING:
    from aiohttp import web
    from homeassistant.auth.models import User

# Where Tesla's side names no time to wait (seconds).
_RETRY_AFTER: Final = 30
# What is said of a refusal: status and name, by the key of its message.
_REFUSALS: Final = {
    "access_token_not_shared": (403, "disabled"),
    "several_accounts_shared": (400, "ambiguous"),
    "service_config_entry_not_loaded": (503, "not_loaded"),
}
_UNKNOWN_ACCOUNT: Final = (404, "unknown_account")


class AccessTokenView(HomeAssistantView):
    """GET /api/tesla_scout_worker/token, for administrators only.

    Query: config_entry_id, not needed where one account is shared. A token is answered with 200, everything else with
    `status`, `error` and `message`:

    400 ambiguous: several accounts are shared and none is named. 401: without a valid token of Home Assistant, by Home
    Assistant itself. 403 admins_only, disabled. 404 unknown_account. 409 sign_in_required: only a person can mend it.
    503 not_loaded, and the name of any other trouble, with Retry-After: it goes away by itself.
    """

    url = f"/api/{DOMAIN}/token"
    name = f"api:{DOMAIN}:token"

    async def get(self, request: web.Request) -> web.Response:
        """Hand out the access token; Tesla is asked only to renew an old one, which is not billed."""
        hass: HomeAssistant = request.app[KEY_HASS]
        user: User = request[KEY_HASS_USER]
        # Not a 401 as for Home Assistant's own views: that is for a token that is wrong, and counts towards a ban.
        if not user.is_admin:
            err = HomeAssistantError(translation_domain=DOMAIN, translation_key="admins_only")
            return self._refuse(403, "admins_only", err)
        try:
            entry = shared_entry(hass, request.query.get(ATTR_CONFIG_ENTRY_ID))
            answer = await async_hand_out(hass, entry, _caller(hass, request, user))
        except ServiceValidationError as err:
            status, code = _REFUSALS.get(err.translation_key or "", _UNKNOWN_ACCOUNT)
            return self._refuse(status, code, err, retry_after=_RETRY_AFTER)
        except SignInRequiredError as err:
            return self._refuse(409, err.code, for_action(err))
        except FleetError as err:
            return self._refuse(503, err.code, for_action(err), retry_after=err.retry_after)
        return self.json(answer, headers={"Cache-Control": "no-store"})

    def _refuse(
        self, status: int, code: str, err: HomeAssistantError, *, retry_after: float | None = None
    ) -> web.Response:
        headers = {"Cache-Control": "no-store"}
        if status == 503:  # noqa: PLR2004 - as in the table above
            headers["Retry-After"] = str(max(1, math.ceil(retry_after or _RETRY_AFTER)))
        return self.json({"status": "error", "error": code, "message": str(err)}, status, headers)


@callback
def async_setup_view(hass: HomeAssistant) -> None:
    """Open the address; whether it hands anything out is each account's option."""
    hass.http.register_view(AccessTokenView())


def _caller(hass: HomeAssistant, request: web.Request, user: User) -> str:
    """Return what the owner calls who asks: the name of a long-lived token, else that of the user."""
    token_id = request.get(KEY_HASS_REFRESH_TOKEN_ID)
    refresh_token = hass.auth.async_get_refresh_token(token_id) if token_id else None
    return (refresh_token.client_name if refresh_token else None) or user.name or "-"
