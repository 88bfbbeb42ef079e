"""The account: whose tokens these are, which cars it has, what may be known of both.

The refresh token itself stays with the account's keeper; everyone else gets a short-lived access token from here.
"""

from dataclasses import dataclass, field
from datetime import timedelta
import logging
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_CLIENT_ID, CONF_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .budget import Budget
from .car_list import CarList
from .const import CONF_BASE_URL, CONF_VEHICLES, DOMAIN
from .data import ScoutWorkerConfigEntry
from .fleet.auth import NEEDED_SCOPES, SCOPE_LOCATION
from .fleet.client import REGION_URLS, FleetClient, region_of
from .fleet.errors import FleetError
from .fleet.metering import Purpose
from .fleet.models import Vehicle
from .fleet.transport import Transport
from .issues import update_issue
from .problems import for_coordinator
from .settings import Endpoints
from .token_health import TokenHealth, TokenState
from .token_keeper import TokenKeeper, keeper_for
from .token_rotation import SignInCause

if TYPE_CHECKING:
    from .commanding import Commander

_LOGGER = logging.getLogger(__name__)

# The token is looked after at least this often; that asks nothing of Tesla (seconds).
_LONGEST_WAIT: Final = 3_600.0
_SHORTEST_WAIT: Final = 5.0
# A repair speaks of failing refreshes after this many in a row: about ten minutes.
_FAILURES_TO_TELL: Final = 5
# A clock this far off makes tokens look younger or older than they are (seconds).
_CLOCK_TOLERANCE: Final = 300.0


@dataclass(frozen=True, slots=True)
class AccountData:
    """What is known of an account.

    vehicles: by VIN, as the cloud listed them last. clock_error: minutes by which Home Assistant's clock is ahead of
    Tesla's (negative: behind), None while it is right or nobody knows.
    """

    token: TokenHealth
    vehicles: dict[str, Vehicle] = field(default_factory=dict)
    clock_error: int | None = None

    @property
    def token_state(self) -> TokenState:
        """Return the health of the sign-in."""
        return self.token.state

    @property
    def missing_scopes(self) -> frozenset[str]:
        """Return what the owner did not grant; empty while no token tells."""
        return NEEDED_SCOPES - self.token.claims.scopes if self.token.claims.subject else frozenset()


class AccountCoordinator(DataUpdateCoordinator[AccountData]):
    """Keeps the sign-in alive and hands out access tokens."""

    config_entry: ScoutWorkerConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ScoutWorkerConfigEntry, budget: Budget) -> None:
        """Initialize."""
        super().__init__(hass, _LOGGER, config_entry=entry, name="account")
        self._keeper = keeper_for(hass, entry.unique_id or entry.entry_id)
        self._endpoints = Endpoints.from_data(entry.data)
        self._transport = Transport(
            async_get_clientsession(hass),
            budget,
            trusted_urls=self._endpoints.typed,
            clock=lambda: dt_util.utcnow().timestamp(),
        )
        self.budget = budget
        #: Sends commands; set by the set-up.
        self.commander: Commander
        #: The sign-in that its owner was asked to renew.
        self._asked_for: str | None = None
        self.client = FleetClient(
            self._transport, self, base_url_of(entry), region_moved=self._async_region_moved
        )
        self.car_list = CarList(self.client, lambda: entry.data.get(CONF_VEHICLES, {}))
        self.car_list.async_add_listener(self._async_publish)

    async def async_bind(self) -> None:
        """Take over the tokens that the entry and the journal hold. Asks nothing of Tesla."""
        await self._keeper.async_bind(
            self._transport,
            self._endpoints.token_url,
            self.config_entry.data[CONF_CLIENT_ID],
            lambda: self.config_entry.data.get(CONF_TOKEN),
            self._async_store_chain,
        )
        self.data = self._data()
        self._async_plan()
        self._async_update_issues()
        self._async_ask_owner()
        self.config_entry.async_on_unload(self.budget.async_add_listener(self._async_requested))

    # --- tokens -----------------------------------------------------------------------------------

    async def async_access_token(self) -> str:
        """Return an access token that should work now; raises FleetError where none can be had."""
        try:
            return await self._keeper.async_access_token()
        finally:
            self._async_publish()

    async def async_token_rejected(self, access_token: str) -> None:
        """Get a better token than one that Tesla answered 401 to, at most one a minute."""
        try:
            await self._keeper.async_token_rejected(access_token)
        finally:
            self._async_publish()

    async def async_refresh_token(self) -> bool:
        """Renew the token now; False where that was done less than a minute ago. Raises FleetError."""
        try:
            return await self._keeper.async_force_refresh()
        finally:
            self._async_publish()

    @override
    async def _async_update_data(self) -> AccountData:
        """Renew the token when it has aged, long before anyone has to wait for it."""
        try:
            await self._keeper.async_renew()
        except FleetError as err:
            health = self._keeper.health
            # While the old access token works nothing is lost: the state says that it is being tried again.
            if health.needs_sign_in or health.usable_until <= dt_util.utcnow().timestamp():
                raise for_coordinator(err) from err
        finally:
            # A failure, too, is something to show.
            self._async_publish()
            self._async_plan()
            self._async_update_issues()
        return self._data()

    # --- cars -------------------------------------------------------------------------------------

    async def async_list_vehicles(self) -> dict[str, Vehicle]:
        """Ask which cars the account has and how the cloud sees them: one request, not billed. Raises FleetError."""
        return await self.car_list.async_ask(Purpose.SETUP)

    @property
    def sees_location(self) -> bool:
        """Return whether the owner granted the location, as far as the token tells."""
        return SCOPE_LOCATION not in self.data.missing_scopes

    # --- housekeeping -----------------------------------------------------------------------------

    def _data(self) -> AccountData:
        error = self._transport.clock_error or 0.0
        minutes = round(error / 60) if abs(error) >= _CLOCK_TOLERANCE else None
        return AccountData(self._keeper.health, self.car_list.vehicles, minutes)

    @callback
    def _async_publish(self) -> None:
        """Show what a request from elsewhere changed, and plan the renewal by it."""
        if not self._is_entry_there:
            # An answer can come after the entry was removed.
            return
        self._async_ask_owner()
        data = self._data()
        if data == self.data:
            return
        self.data = data
        self._async_plan()
        self._async_update_issues()
        if self._listeners and not data.token.needs_sign_in:
            self._schedule_refresh()
        self.async_update_listeners()

    @property
    def _is_entry_there(self) -> bool:
        return self.hass.config_entries.async_get_entry(self.config_entry.entry_id) is not None

    @callback
    def _async_ask_owner(self) -> None:
        """Ask for a new sign-in as soon as nothing else helps, whoever found out; and no more once it is good again."""
        grant, entry = self._keeper.grant, self.config_entry
        if self._keeper.health.needs_sign_in:
            self._asked_for = grant
            entry.async_start_reauth(self.hass)
        elif self._asked_for == grant:
            # The same sign-in works again, as after an app was mended at Tesla: what had stopped must start.
            for flow in entry.async_get_active_flows(self.hass, {SOURCE_REAUTH}):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
            self._asked_for = None
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def _async_requested(self) -> None:
        """Take note of what any answer tells: Tesla's clock, a disabled account, a budget used up."""
        before, self.data = self.data, self._data()
        if self._is_entry_there:
            self._async_update_issues()
        # All entities of all cars listen, and what a request costs is nothing to them.
        if self.data != before:
            self.async_update_listeners()

    @callback
    def _async_plan(self) -> None:
        wait = self._keeper.health.renew_at - dt_util.utcnow().timestamp()
        self.update_interval = timedelta(seconds=min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT))

    @callback
    def _async_store_chain(self, stored: dict[str, Any]) -> None:
        if self._is_entry_there:
            self.hass.config_entries.async_update_entry(
                self.config_entry, data={**self.config_entry.data, CONF_TOKEN: stored}
            )

    @callback
    def _async_region_moved(self, base_url: str) -> None:
        if not self._is_entry_there:
            return
        _LOGGER.info("Tesla serves this account at %s", base_url)
        self.hass.config_entries.async_update_entry(
            self.config_entry, data={**self.config_entry.data, CONF_BASE_URL: base_url}
        )

    @callback
    def _async_update_issues(self) -> None:
        """Raise a repair for what only the owner can mend, and take it back when it is mended."""
        data, budget = self._data(), self.budget
        token = data.token
        problems = {
            "location_not_granted": SCOPE_LOCATION in data.missing_scopes,
            "scopes_missing": bool(data.missing_scopes - {SCOPE_LOCATION}),
            "token_not_saved": not token.is_saved,
            "token_refresh_fails": token.failures >= _FAILURES_TO_TELL and not token.needs_sign_in,
            "token_used_elsewhere": token.is_used_elsewhere,
            "account_disabled": budget.is_disabled,
            "app_not_registered": budget.is_unregistered,
            # Without a budget nothing was promised that could be missed.
            "budget_spent": not budget.scout_may_spend and budget.monthly_budget > 0,
            "clock_wrong": data.clock_error is not None,
            # ANOTHER_PROGRAM is told by token_used_elsewhere.
            "sign_in_revoked": token.sign_in_cause is SignInCause.REVOKED,
            "sign_in_expired": token.sign_in_cause is SignInCause.EXPIRED,
            "sign_in_refused": token.sign_in_cause is SignInCause.REFUSED,
            "sign_in_app_refused": token.sign_in_cause is SignInCause.APP_REFUSED,
        }
        placeholders = self._words(data)
        for key, is_present in problems.items():
            update_issue(self.hass, self.config_entry, key, is_present=is_present, placeholders=placeholders)

    def _words(self, data: AccountData) -> dict[str, str]:
        return {
            "region": region_of(self.client.base_url),
            "scopes": ", ".join(sorted(data.missing_scopes - {SCOPE_LOCATION})),
            "minutes": str(abs(data.clock_error or 0)),
        }


def base_url_of(entry: ConfigEntry[Any]) -> str:
    """Return where the account's region is asked: the typed URL, else the region that was found."""
    return Endpoints.from_data(entry.data).api_url or entry.data.get(CONF_BASE_URL) or REGION_URLS["na"]


async def async_forget_account(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Delete the account's tokens and repairs, when its entry is removed."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)
    keeper: TokenKeeper = keeper_for(hass, entry.unique_id or entry.entry_id)
    await keeper.async_remove()
