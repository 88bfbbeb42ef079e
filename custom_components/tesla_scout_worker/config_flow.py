"""Setting up an account in the UI: signing in with Tesla or with a pasted token, and both anew."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import callback
from homeassistant.helpers.config_entry_oauth2_flow import (
    ImplementationUnavailableError,
    async_get_implementations,
)

from .account import base_url_of
from .const import CONF_ADVANCED, CONF_AUTH_IMPLEMENTATION, CONF_REFRESH_TOKEN, DOMAIN
from .fleet.partner import audience_of
from .flow_browser import BrowserSteps
from .flow_forms import (
    PASTE_ENDPOINTS,
    endpoints_in,
    paste_schema,
    typed_endpoints,
    wrong_endpoint,
    wrong_token,
)
from .oauth import TeslaOAuth
from .onboarding_flow import AppAccess
from .options_flow import ScoutWorkerOptionsFlow
from .settings import Endpoints
from .sign_in import account_entry_with, async_sign_in
from .token_rotation import clean_token


class ScoutWorkerConfigFlow(BrowserSteps, domain=DOMAIN):
    """The steps. What follows a sign-in is the same for all of them."""

    VERSION = 1
    MINOR_VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry[Any]) -> OptionsFlow:
        """Return the options flow."""
        return ScoutWorkerOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the owner choose how to sign in."""
        return self.async_show_menu(
            step_id="user", menu_options=["sign_in", "paste"], description_placeholders=self._words
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Sign in anew, in the way of the first time, because Tesla refuses the tokens."""
        if CONF_AUTH_IMPLEMENTATION in entry_data:
            return await self.async_step_reauth_confirm()
        return await self.async_step_reauth_paste()

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the owner choose what to change: the sign-in, in either way, or the app."""
        entry = self._get_reconfigure_entry()
        endpoints = Endpoints.from_data(entry.data)
        stored = entry.data.get(CONF_AUTH_IMPLEMENTATION)
        try:
            app = (await async_get_implementations(self.hass, DOMAIN)).get(stored or "")
        except ImplementationUnavailableError:
            app = None
        self.app = AppAccess(
            entry.data[CONF_CLIENT_ID],
            app.client_secret if isinstance(app, TeslaOAuth) else "",
            endpoints,
            base_url_of(entry),
            self._transport(endpoints),
            audience_of(self._health_of(entry).claims, base_url_of(entry)),
        )
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=["reconfigure_sign_in", "reconfigure_paste", "register"],
            description_placeholders={"account": entry.title},
        )

    # --- a pasted refresh token -------------------------------------------------------------------

    async def async_step_paste(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the app's client id and a refresh token, and check them before an entry is made."""
        return await self._async_step_paste("paste", user_input)

    async def async_step_reauth_paste(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new refresh token."""
        return await self._async_step_paste("reauth_paste", user_input)

    async def async_step_reconfigure_paste(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the app, the token or the endpoints of an account."""
        return await self._async_step_paste("reconfigure_paste", user_input)

    async def _async_step_paste(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        entry = self._entry
        if user_input is None:
            shown = _paste_fields(entry.data) if entry else {}
            return self._form_paste(step_id, shown, self._cause)

        token = clean_token(user_input[CONF_REFRESH_TOKEN])
        how = {
            CONF_CLIENT_ID: user_input[CONF_CLIENT_ID].strip(),
            **typed_endpoints(user_input, PASTE_ENDPOINTS),
        }
        shown = {**_paste_fields(how), CONF_REFRESH_TOKEN: token}
        wrong = wrong_endpoint(endpoints_in(how, PASTE_ENDPOINTS)) or wrong_token(
            user_input[CONF_REFRESH_TOKEN]
        )
        if wrong:
            return self._form_paste(step_id, shown, wrong)
        if (owner := account_entry_with(self.hass, token)) and owner is not entry:
            if entry is None:
                return self._abort_as_configured(owner)
            return self.async_abort(
                reason="wrong_account",
                description_placeholders={"expected": entry.title, "actual": owner.title},
            )
        self._how, self._client_secret = how, ""
        endpoints = self._endpoints
        signing_in = async_sign_in(
            self.hass,
            self._transport(endpoints),
            endpoints.token_url,
            how[CONF_CLIENT_ID],
            token,
            earlier=self._sign_in,
        )
        return await self._async_patiently(
            "sign_in",
            self._async_conclude(signing_in, lambda code: self._form_paste(step_id, shown, code)),
        )

    def _form_paste(self, step_id: str, shown: Mapping[str, Any], error: str | None) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(paste_schema(shown), shown),
            errors={"base": error} if error else {},
            description_placeholders=self._words,
        )


def _paste_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {CONF_CLIENT_ID: data[CONF_CLIENT_ID], CONF_ADVANCED: endpoints_in(data, PASTE_ENDPOINTS)}
