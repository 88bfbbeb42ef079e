"""What every way through the set-up dialog ends with: an account that let us in, its cars, and an entry that keeps both."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler
from homeassistant.util.file import WriteError
import voluptuous as vol

from .budget import FLOW_LEDGERS, FlowMeter, async_owner_acted
from .const import (
    CONF_API_URL,
    CONF_AUTH_IMPLEMENTATION,
    CONF_AUTHORIZE_URL,
    CONF_BASE_URL,
    CONF_REGION,
    CONF_TOKEN_URL,
    CONF_VEHICLES,
    CONF_WATCHED,
    DOMAIN,
)
from .fleet.auth import NEEDED_SCOPES, Claims
from .fleet.client import REGION_URLS, FleetClient
from .fleet.errors import FleetError, MissingScopeError, NotRegisteredError
from .fleet.metering import Purpose
from .fleet.models import Vehicle
from .fleet.partner import audience_of
from .fleet.transport import Transport, is_fleet_api
from .flow_forms import car_picker
from .onboarding_flow import AppAccess, OnboardingSteps
from .settings import Endpoints
from .sign_in import CodeRefusedError, SignIn, async_discard, async_keep, async_undo_keep
from .token_flight import run_apart

_LOGGER = logging.getLogger(__name__)

# What a sign-in writes into an entry. Anything else in its data is not a sign-in's business.
_OF_A_SIGN_IN: Final = frozenset(
    {
        CONF_API_URL, CONF_AUTH_IMPLEMENTATION, CONF_AUTHORIZE_URL, CONF_BASE_URL, CONF_CLIENT_ID, CONF_REGION, CONF_TOKEN,
        CONF_TOKEN_URL, CONF_VEHICLES,
    }
)  # fmt: skip


class NoVehiclesError(FleetError):
    """The account has no car."""

    code = "no_vehicles"


class AccountFlow(OnboardingSteps, AbstractOAuth2FlowHandler):
    """Holds a sign-in until an entry keeps it; until then it is a draft on the disk, and nobody else uses it."""

    DOMAIN = DOMAIN

    def __init__(self) -> None:
        """Initialize."""
        super().__init__()
        self._sign_in: SignIn | None = None
        #: What the entry keeps of how the owner signed in: client id, typed endpoints, region, the credential.
        self._how: dict[str, Any] = {}
        self._client_secret = ""
        self._base_url: str | None = None
        self._vehicles: list[Vehicle] = []
        #: VINs of the cars that are looked after, empty for all; None as long as nobody was asked.
        self._chosen: list[str] | None = None
        self._missing_scopes: frozenset[str] = frozenset()
        self._show_error: Callable[[str], ConfigFlowResult] | None = None
        self._may_ask_again = False
        self._meter = FlowMeter()
        self._taking: asyncio.Task[None] | None = None
        self._is_closed = False

    @callback
    @override
    def async_remove(self) -> None:
        """Leave no token behind when the dialog has ended."""
        super().async_remove()
        self._is_closed = True
        if self._sign_in:
            self.hass.async_create_task(async_discard(self.hass, self._sign_in), eager_start=True)

    def _was_closed(self) -> bool:
        return self._is_closed

    @property
    def _entry(self) -> ConfigEntry[Any] | None:
        """Return the entry that is signed in anew, None for a new one."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        return self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None

    @property
    def _expected_account(self) -> str | None:
        return self._entry.unique_id if self._entry else None

    @property
    def _endpoints(self) -> Endpoints:
        return Endpoints.from_data(self._how)

    def _transport(self, endpoints: Endpoints) -> Transport:
        return Transport(async_get_clientsession(self.hass), self._meter, trusted_urls=endpoints.typed)

    # --- from a sign-in to an entry ---------------------------------------------------------------

    async def _async_conclude(
        self, signing_in: Coroutine[Any, Any, SignIn] | None, show_error: Callable[[str], ConfigFlowResult]
    ) -> ConfigFlowResult:
        """Sign in, list the cars and finish: two requests, three where the token names no region, none billed.

        signing_in: None to go on with the sign-in that is held. show_error: makes the form that tells what went wrong.
        """
        self._show_error, self._may_ask_again = show_error, False
        try:
            if signing_in:
                await self._async_take(signing_in)
            if self._sign_in is None:
                raise CodeRefusedError
            self._may_ask_again = True
            if self._was_closed():
                raise UnknownFlow
            if self._expected_account not in {None, self._sign_in.account_id}:
                return await self._async_abort_for_other_account(self._sign_in)
            await self._async_list_cars(self._sign_in)
        except NotRegisteredError:
            endpoints, base_url = self._endpoints, self._base_url or REGION_URLS["na"]
            self.app = AppAccess(
                self._how[CONF_CLIENT_ID],
                self._client_secret,
                endpoints,
                base_url,
                self._transport(endpoints),
                audience_of(self._sign_in.claims if self._sign_in else Claims(), base_url),
            )
            return await self.async_step_register()
        except FleetError as err:
            _LOGGER.debug("Sign-in check failed: %s", err)
            self._may_ask_again = self._may_ask_again and err.is_transient
            return show_error(err.code)
        except WriteError:
            return show_error("cannot_save")
        finally:
            self._keep_count()
        try:
            return await self._async_finish(self._sign_in)
        except WriteError:
            return show_error("cannot_save")

    @override
    async def _async_onboarded(self) -> ConfigFlowResult:
        """Go on where the app was missing; an entry whose app was registered from its menu is loaded anew."""
        if self._sign_in and self._show_error:
            return await self._async_conclude(None, self._show_error)
        self._keep_count()
        entry = self._get_reconfigure_entry()
        async_owner_acted(self.hass, entry.entry_id)
        return self.async_update_reload_and_abort(entry)

    async def _async_take(self, signing_in: Coroutine[Any, Any, SignIn]) -> None:
        """Hold a sign-in, in a task that no closed browser can reach: what is redeemed must be kept or taken back."""
        self._taking = run_apart(self.hass, self._async_hold(signing_in))
        await asyncio.wait([self._taking])
        self._taking.result()

    async def _async_settled(self) -> None:
        if self._taking:
            await asyncio.wait([self._taking])

    async def _async_hold(self, signing_in: Coroutine[Any, Any, SignIn]) -> None:
        earlier, self._sign_in = self._sign_in, await signing_in
        self._base_url = None
        if earlier and earlier.account_id != self._sign_in.account_id:
            await async_discard(self.hass, earlier)
        if self._was_closed():
            # The person did not wait for the answer.
            await async_discard(self.hass, self._sign_in)

    async def _async_list_cars(self, sign_in: SignIn) -> None:
        self._missing_scopes = NEEDED_SCOPES - sign_in.claims.scopes
        if self._missing_scopes:
            raise MissingScopeError
        endpoints = self._endpoints
        transport = self._transport(endpoints)
        if self._base_url is None or endpoints.api_url:
            self._base_url = endpoints.api_url or await self._async_region(sign_in, transport)
        client = FleetClient(transport, sign_in, self._base_url, region_moved=self._region_moved)
        self._vehicles = await client.vehicles(Purpose.SETUP)
        if not self._vehicles:
            raise NoVehiclesError

    async def _async_region(self, sign_in: SignIn, transport: Transport) -> str:
        """Return the base URL of an account's region: what its token names, else what Tesla answers, asked once."""
        if named := _named_base_url(sign_in.claims):
            return named
        client = FleetClient(transport, sign_in, REGION_URLS[self._how.get(CONF_REGION, "na")])
        try:
            return await client.region_url(Purpose.SETUP) or client.base_url
        except FleetError as err:
            # The list of cars is asked next, and says of a wrong region which is the right one.
            _LOGGER.debug("The region could not be asked: %s", err)
            return client.base_url

    @callback
    def _region_moved(self, base_url: str) -> None:
        self._base_url = base_url

    async def _async_abort_for_other_account(self, sign_in: SignIn) -> ConfigFlowResult:
        """Refuse the tokens of another account, by the names of both."""
        entry = self._entry
        assert entry  # noqa: S101 - for the type checker: an account was expected
        try:
            await self._async_list_cars(sign_in)
        except FleetError as err:
            _LOGGER.debug("The other account could not be named: %s", err)
            return self.async_abort(
                reason="wrong_account_without_cars", description_placeholders={"expected": entry.title}
            )
        return self.async_abort(
            reason="wrong_account",
            description_placeholders={"expected": entry.title, "actual": self._names},
        )

    async def _async_finish(self, sign_in: SignIn) -> ConfigFlowResult:
        if self._was_closed():
            raise UnknownFlow
        await self.async_set_unique_id(sign_in.account_id)
        entry = self._entry
        other = self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, sign_in.account_id)
        if entry is None and other:
            return self._abort_as_configured(other)
        if entry is None and self._chosen is None and len(self._vehicles) > 1:
            return self._form_cars(None)
        stored = await async_keep(self.hass, sign_in)
        if self._was_closed():
            await async_undo_keep(self.hass, sign_in)
            raise UnknownFlow
        data = {
            **self._how,
            CONF_TOKEN: stored,
            CONF_BASE_URL: self._base_url,
            CONF_VEHICLES: {vehicle.vin: vehicle.name for vehicle in self._vehicles},
        }
        if entry is None:
            # Who looks after all of them means a car bought later too.
            options = {CONF_WATCHED: self._chosen} if self._chosen else {}
            return self.async_create_entry(title=f"Tesla: {self._names}", data=data, options=options)
        # What was emptied must not stay.
        kept = {key: item for key, item in entry.data.items() if key not in _OF_A_SIGN_IN}
        async_owner_acted(self.hass, entry.entry_id)
        return self.async_update_reload_and_abort(entry, data={**kept, **data})

    async def async_step_cars(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take which cars are looked after, and keep the account. Asks nothing of Tesla."""
        assert self._sign_in  # noqa: S101 - for the type checker: the cars are of an account that let us in
        if user_input is None:
            return self._form_cars(None)
        chosen = user_input[CONF_WATCHED]
        if not chosen:
            return self._form_cars("no_vehicle_chosen")
        self._chosen = chosen if len(chosen) < len(self._vehicles) else []
        try:
            return await self._async_finish(self._sign_in)
        except WriteError:
            return self._form_cars("cannot_save")

    @callback
    def _form_cars(self, error: str | None) -> ConfigFlowResult:
        vehicles = {vehicle.vin: vehicle.name for vehicle in self._vehicles}
        fields = {vol.Required(CONF_WATCHED, default=list(vehicles)): car_picker(vehicles)}
        return self.async_show_form(
            step_id="cars",
            data_schema=vol.Schema(fields),
            errors={"base": error} if error else {},
        )

    @callback
    def _abort_as_configured(self, entry: ConfigEntry[Any]) -> ConfigFlowResult:
        return self.async_abort(
            reason="already_configured", description_placeholders={"account": entry.title}
        )

    @property
    def _names(self) -> str:
        watched = [
            vehicle.name for vehicle in self._vehicles if not self._chosen or vehicle.vin in self._chosen
        ]
        return ", ".join(watched[:3])

    @callback
    def _keep_count(self) -> None:
        """Leave the count of what was asked where the account's ledger will find it."""
        account_id = self._sign_in.account_id if self._sign_in else self._expected_account
        if account_id is None:
            return
        ledgers = self.hass.data.setdefault(FLOW_LEDGERS, {})
        for key in [key for key, ledger in ledgers.items() if ledger is self._meter.ledger]:
            # Two accounts were tried in this dialog: what was asked is counted once.
            del ledgers[key]
        earlier = ledgers.get(account_id)
        if earlier and earlier is not self._meter.ledger:
            self._meter.ledger.adopt(earlier)
        ledgers[account_id] = self._meter.ledger


def _named_base_url(claims: Claims) -> str | None:
    """Return the base URL that a token names without a doubt."""
    hosts = {url for url in claims.audience if is_fleet_api(url)}
    return claims.base_url if claims.region or len(hosts) == 1 else None
