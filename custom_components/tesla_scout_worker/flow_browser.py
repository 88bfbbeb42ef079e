"""Signing in with Tesla in a browser: to its page, back with a code, and again where that brought too little."""

import logging
from typing import Any, Final, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.helpers.config_entry_oauth2_flow import (
    ImplementationUnavailableError,
    async_get_implementations,
)
import voluptuous as vol
from yarl import URL

from .const import CONF_ADVANCED, CONF_AUTH_IMPLEMENTATION, CONF_REGION, DOMAIN
from .fleet.auth import AuthorizationCode
from .fleet.client import REGION_URLS
from .fleet.errors import MissingScopeError
from .flow_account import AccountFlow
from .flow_forms import SIGN_IN_ENDPOINTS, endpoints_in, sign_in_schema, typed_endpoints, wrong_endpoint
from .oauth import TeslaOAuth, consent_url, developer_url, probable_region, redirect_uri
from .sign_in import NoRefreshTokenError, async_sign_in_with_code
from .token_health import TokenHealth
from .token_keeper import keeper_for

_LOGGER = logging.getLogger(__name__)

# What is told otherwise where no token was pasted that could be submitted again.
_OF_A_BROWSER: Final = {
    "answer_lost": "sign_in_lost",
    "cannot_connect": "sign_in_not_sent",
    "cannot_save": "sign_in_not_saved",
    "client_refused": "app_refused",
    "owner_api_token": "app_not_for_fleet_api",
    "request_rejected": "sign_in_rejected",
    "server_error": "sign_in_server_error",
    "token_rejected": "sign_in_token_rejected",
    "vehicle_unavailable": "sign_in_late",
}


class BrowserSteps(AccountFlow):
    """The steps `sign_in`, `reconfigure_sign_in`, `reauth_confirm` and `scopes`, with Home Assistant's in between."""

    def __init__(self) -> None:
        """Initialize."""
        super().__init__()
        self._sign_in_step = "sign_in"

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the logger."""
        return _LOGGER

    async def async_step_sign_in(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the region, which says where to sign in; Tesla's page is next."""
        return await self._async_step_sign_in("sign_in", user_input)

    async def async_step_reconfigure_sign_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign in again with Tesla, with another app or other endpoints if wished."""
        return await self._async_step_sign_in("reconfigure_sign_in", user_input)

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say why the owner has to sign in again; Tesla's page is next."""
        self._sign_in_step = "reauth_confirm"
        if user_input is None:
            return self._form_sign_in(self._cause)
        data = self._get_reauth_entry().data
        region = {CONF_REGION: data.get(CONF_REGION) or self._probable_region}
        self._how |= {**region, **endpoints_in(data, SIGN_IN_ENDPOINTS)}
        return await self._async_go_to_tesla(data[CONF_AUTH_IMPLEMENTATION])

    async def _async_step_sign_in(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        self._sign_in_step = step_id
        if user_input is None:
            try:
                apps = await async_get_implementations(self.hass, DOMAIN)
            except ImplementationUnavailableError:
                # No app is kept here, and who could link an account without one cannot be asked.
                return self.async_abort(reason="oauth_implementation_unavailable")
            if not apps:
                # Before anything is typed: the frontend asks for the app, and begins anew after that.
                return self.async_abort(reason="missing_credentials")
            if entry := self._entry:
                self._how |= endpoints_in(entry.data, (CONF_REGION, *SIGN_IN_ENDPOINTS))
            return self._form_sign_in(None)
        typed, before = typed_endpoints(user_input, SIGN_IN_ENDPOINTS), self._endpoints
        self._how |= {CONF_REGION: user_input[CONF_REGION]}
        self._how = {key: item for key, item in self._how.items() if key not in SIGN_IN_ENDPOINTS} | typed
        if self._endpoints != before:
            # What was found out at other addresses says nothing of these.
            self._base_url = None
            self._may_ask_again = self._may_ask_again and self._endpoints.token_url == before.token_url
        if wrong := wrong_endpoint(typed):
            return self._form_sign_in(wrong)
        return await self._async_go_to_tesla(None)

    async def _async_go_to_tesla(self, implementation: str | None) -> ConfigFlowResult:
        """Show Tesla's page; where a sign-in is held that only waits for an answer, ask for that again."""
        if self._sign_in and self._may_ask_again:
            return await self._async_patiently(
                "sign_in", self._async_conclude(None, self._show_sign_in_error)
            )
        return await self.async_step_pick_implementation(
            {"implementation": implementation} if implementation else None
        )

    @override
    async def async_generate_authorize_url(self) -> str:
        """Return Tesla's page for this app, in the region or at the endpoint that was chosen."""
        app = self._app_at_tesla
        app.authorize_url = self._endpoints.authorize_url
        return await super().async_generate_authorize_url()

    @override
    async def async_step_authorize_rejected(self, data: None = None) -> ConfigFlowResult:
        """Tell that the owner, or Tesla, did not let the app in."""
        is_denied = self.external_data.get("error") == "access_denied"
        return self._form_sign_in("consent_denied" if is_denied else "authorize_failed")

    @override
    async def async_step_creation(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Redeem the code that the browser brought back: one request, not billed; then go on as with any sign-in."""
        brought, self.external_data = self.external_data, None
        if brought is None:
            # A browser that was closed and came back: the code is used up, its answer is held or on its way.
            await self._async_settled()
            return await self._async_patiently(
                "sign_in", self._async_conclude(None, self._show_sign_in_error)
            )
        state, code = brought.get("state"), brought.get("code")
        if not isinstance(code, str) or not isinstance(state, dict) or state.get("flow_id") != self.flow_id:
            return self._form_sign_in("state_mismatch")
        app, endpoints = self._app_at_tesla, self._endpoints
        self._client_secret = app.client_secret
        self._how |= {CONF_CLIENT_ID: app.client_id, CONF_AUTH_IMPLEMENTATION: app.domain}
        grant = AuthorizationCode(
            app.client_id,
            app.client_secret,
            code,
            str(state.get("redirect_uri")),
            REGION_URLS[self._how[CONF_REGION]],
            app.code_verifier,
        )
        signing_in = async_sign_in_with_code(
            self.hass, self._transport(endpoints), endpoints.token_url, grant
        )
        return await self._async_patiently(
            "sign_in", self._async_conclude(signing_in, self._show_sign_in_error)
        )

    async def async_step_scopes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Name what the owner did not grant; Tesla's page is next, once more."""
        if user_input is None:
            return self._form_scopes(None)
        return await self.async_step_pick_implementation({"implementation": self.flow_impl.domain})

    def _show_sign_in_error(self, code: str) -> ConfigFlowResult:
        if code == NoRefreshTokenError.code:
            self._missing_scopes = frozenset({"offline_access"})
            return self._form_scopes(code)
        if code == MissingScopeError.code:
            return self._form_scopes(None)
        return self._form_sign_in(_OF_A_BROWSER.get(code, code))

    def _form_sign_in(self, error: str | None) -> ConfigFlowResult:
        fields = vol.Schema({})
        if self._sign_in_step != "reauth_confirm":
            endpoints = endpoints_in(self._how, SIGN_IN_ENDPOINTS)
            region = self._how.get(CONF_REGION) or self._probable_region
            shown = {CONF_REGION: region, CONF_ADVANCED: endpoints}
            fields = self.add_suggested_values_to_schema(sign_in_schema(shown), shown)
        return self.async_show_form(
            step_id=self._sign_in_step,
            data_schema=fields,
            errors={"base": error} if error else {},
            description_placeholders=self._words,
        )

    def _form_scopes(self, error: str | None) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="scopes",
            data_schema=vol.Schema({}),
            errors={"base": error} if error else {},
            description_placeholders=self._words,
        )

    # --- words ------------------------------------------------------------------------------------

    @property
    def _app_at_tesla(self) -> TeslaOAuth:
        assert isinstance(self.flow_impl, TeslaOAuth)  # noqa: S101 - ours is the only kind of this domain
        return self.flow_impl

    @property
    def _probable_region(self) -> str:
        return probable_region(self.hass.config.country, self.hass.config.time_zone)

    @property
    def _cause(self) -> str | None:
        """Return the message of why the owner is asked to sign in again, None where nobody asks or it is not known."""
        if self.source != SOURCE_REAUTH:
            return None
        cause = self._health_of(self._get_reauth_entry()).sign_in_cause
        return f"cause_{cause}" if cause else None

    def _health_of(self, entry: ConfigEntry[Any]) -> TokenHealth:
        return keeper_for(self.hass, entry.unique_id or entry.entry_id).health

    @property
    def _words(self) -> dict[str, str]:
        """Return what the texts of all steps may name."""
        back_to = redirect_uri(self.hass)
        client_id = self._how.get(CONF_CLIENT_ID, "")
        return {
            "developer_url": developer_url(self._how.get(CONF_REGION) or self._probable_region),
            "redirect_uri": back_to,
            "consent_url": consent_url(client_id, str(URL(back_to).origin()), self._endpoints.authorize_url),
            "missing_scopes": ", ".join(sorted(self._missing_scopes)) or "-",
            "account": self._entry.title if self._entry else "",
        }
