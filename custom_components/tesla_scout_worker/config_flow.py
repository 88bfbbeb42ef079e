"""Setting up an account in the UI, signing in anew, and the options."""

from collections.abc import Mapping
import logging
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.util.file import WriteError
import voluptuous as vol
from yarl import URL

from .budget import FLOW_LEDGERS, FlowMeter
from .const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_BASE_URL,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    CONF_VEHICLES,
    DOMAIN,
)
from .fleet.auth import NEEDED_SCOPES
from .fleet.client import REGION_URLS, FleetClient
from .fleet.errors import FleetError, MissingScopeError
from .fleet.metering import Purpose
from .fleet.models import Vehicle
from .fleet.transport import Transport
from .options_flow import ScoutWorkerOptionsFlow
from .settings import Endpoints
from .sign_in import SignIn, async_forget, async_sign_in
from .token_keeper import is_known_token
from .token_rotation import clean_token

_LOGGER = logging.getLogger(__name__)

_PASSWORD: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_URL: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_LINKS: Final = {
    "developer_url": "https://developer.tesla.com/dashboard",
    "consent_url": "https://auth.tesla.com/user/revoke/consent",
}


class NoVehiclesError(FleetError):
    """The account has no car."""

    code = "no_vehicles"


class ScoutWorkerConfigFlow(ConfigFlow, domain=DOMAIN):
    """Signs in with a refresh token that the owner brings."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Initialize."""
        self._sign_in: SignIn | None = None
        self._base_url = REGION_URLS["na"]
        self._vehicles: list[Vehicle] = []
        self._missing_scopes: frozenset[str] = frozenset()
        self._is_done = False
        self._is_closed = False

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry[Any]) -> OptionsFlow:
        """Return the options flow."""
        return ScoutWorkerOptionsFlow()

    @callback
    @override
    def async_remove(self) -> None:
        """Leave no token behind when the dialog is closed half way."""
        self._is_closed = True
        if self._sign_in and not self._is_done:
            self.hass.async_create_task(async_forget(self.hass, self._sign_in), eager_start=True)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the app's client id and a refresh token, and check them before an entry is made."""
        errors: dict[str, str] = {}
        if user_input is not None:
            user_input = _tidy(user_input)
            if is_known_token(self.hass, user_input[CONF_REFRESH_TOKEN]):
                return self.async_abort(reason="already_configured")
            errors = await self._async_check(user_input)
            if not errors and self._sign_in:
                await self.async_set_unique_id(self._sign_in.account_id)
                self._abort_if_unique_id_configured()
                return self._async_create(user_input)
        return self._async_form("user", user_input or {}, errors)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Sign in anew because Tesla refuses the tokens."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new refresh token."""
        return await self._async_step_again("reauth_confirm", self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the app, the token or the endpoints of an account."""
        return await self._async_step_again("reconfigure", self._get_reconfigure_entry(), user_input)

    async def _async_step_again(
        self, step_id: str, entry: ConfigEntry[Any], user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            user_input = _tidy(user_input)
            errors = await self._async_check(user_input, expected_account=entry.unique_id)
            if not errors and self._sign_in:
                await self.async_set_unique_id(self._sign_in.account_id)
                self._abort_if_unique_id_mismatch(reason="wrong_account")
                self._is_done = True
                # The whole data: an endpoint that was emptied must not stay.
                return self.async_update_reload_and_abort(entry, data=self._data(user_input))
        shown = user_input or {
            CONF_CLIENT_ID: entry.data[CONF_CLIENT_ID],
            CONF_ADVANCED: {key: entry.data[key] for key in _ENDPOINTS if key in entry.data},
        }
        return self._async_form(step_id, shown, errors)

    # --- checking ---------------------------------------------------------------------------------

    async def _async_check(
        self, user_input: dict[str, Any], *, expected_account: str | None = None
    ) -> dict[str, str]:
        """Sign in and list the cars: two requests, none billed. Return the form's errors."""
        if bad := [key for key, url in user_input[CONF_ADVANCED].items() if not _is_url(url)]:
            return {"base": f"invalid_{bad[0]}"}
        try:
            await self._async_ask_tesla(user_input, expected_account)
        except MissingScopeError:
            return {"base": "missing_scope"}
        except FleetError as err:
            _LOGGER.debug("Sign-in check failed: %s", err)
            return {"base": err.code}
        except WriteError:
            return {"base": "cannot_save"}
        return {}

    async def _async_ask_tesla(self, user_input: dict[str, Any], expected_account: str | None) -> None:
        endpoints = Endpoints.from_data(user_input[CONF_ADVANCED])
        meter = FlowMeter()
        transport = Transport(async_get_clientsession(self.hass), meter, trusted_urls=endpoints.typed)
        try:
            self._sign_in = await async_sign_in(
                self.hass,
                transport,
                endpoints.token_url,
                user_input[CONF_CLIENT_ID],
                user_input[CONF_REFRESH_TOKEN],
                earlier=self._sign_in,
                expected_account=expected_account,
            )
            if self._is_closed:
                # The person did not wait for the answer: nobody will keep this token.
                await async_forget(self.hass, self._sign_in)
            self._missing_scopes = NEEDED_SCOPES - self._sign_in.claims.scopes
            if self._missing_scopes:
                raise MissingScopeError
            self._base_url = endpoints.api_url or self._sign_in.claims.base_url or REGION_URLS["na"]
            client = FleetClient(
                transport, self._sign_in, self._base_url, region_moved=self._async_region_moved
            )
            self._vehicles = await client.vehicles(Purpose.SETUP)
            if not self._vehicles:
                raise NoVehiclesError
        finally:
            if self._sign_in:
                ledgers = self.hass.data.setdefault(FLOW_LEDGERS, {})
                meter.ledger.adopt(ledgers.get(self._sign_in.account_id, type(meter.ledger)()))
                ledgers[self._sign_in.account_id] = meter.ledger

    def _async_region_moved(self, base_url: str) -> None:
        self._base_url = base_url

    # --- results ----------------------------------------------------------------------------------

    def _async_create(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        self._is_done = True
        names = [vehicle.name for vehicle in self._vehicles]
        return self.async_create_entry(title=f"Tesla: {', '.join(names[:3])}", data=self._data(user_input))

    def _data(self, user_input: dict[str, Any]) -> dict[str, Any]:
        assert self._sign_in  # noqa: S101 - for the type checker: a check succeeded
        return {
            CONF_CLIENT_ID: user_input[CONF_CLIENT_ID],
            CONF_TOKEN: dict(self._sign_in.stored),
            CONF_BASE_URL: self._base_url,
            CONF_VEHICLES: {vehicle.vin: vehicle.name for vehicle in self._vehicles},
            **user_input[CONF_ADVANCED],
        }

    def _async_form(self, step_id: str, shown: Mapping[str, Any], errors: dict[str, str]) -> ConfigFlowResult:
        advanced = shown.get(CONF_ADVANCED, {})
        schema = vol.Schema(
            {
                vol.Required(CONF_CLIENT_ID): TextSelector(),
                vol.Required(CONF_REFRESH_TOKEN): _PASSWORD,
                vol.Required(CONF_ADVANCED): section(
                    vol.Schema({vol.Optional(key): _URL for key in _ENDPOINTS}),
                    {"collapsed": not any(advanced.values())},
                ),
            }
        )
        is_entry = self.source not in {SOURCE_USER, SOURCE_RECONFIGURE}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={
                **_LINKS,
                "missing_scopes": ", ".join(sorted(self._missing_scopes)) or "-",
                **({"account": self._get_reauth_entry().title} if is_entry else {}),
            },
        )


_ENDPOINTS: Final = (CONF_TOKEN_URL, CONF_API_URL)


def _tidy(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed without what a copy brings along, and without the fields that were left empty."""
    typed = {key: user_input[CONF_ADVANCED].get(key, "").strip().rstrip("/") for key in _ENDPOINTS}
    return {
        CONF_CLIENT_ID: user_input[CONF_CLIENT_ID].strip(),
        CONF_REFRESH_TOKEN: clean_token(user_input[CONF_REFRESH_TOKEN]),
        CONF_ADVANCED: {key: url for key, url in typed.items() if url},
    }


def _is_url(text: str) -> bool:
    """Return whether this is an address that can be asked."""
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host) and not url.user
