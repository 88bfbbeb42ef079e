"""The scout of one car: looks when the policy says, remembers, and tells the worker."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator, update_issue
from ..data import ScoutWorkerConfigEntry
from ..fleet.client import LOCATION_ENDPOINTS
from ..fleet.errors import BudgetSpentError, FleetError, MissingScopeError, VehicleUnavailableError
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, Fix, Vehicle, VehicleData
from ..memory import Memory
from ..problems import for_coordinator
from ..settings import Options
from ..worker.coordinator import WorkerCoordinator
from ..worker.triggers import Cause
from .arrival import Change, Presence, advance, settle
from .data import ScoutData
from .home import HomeZone, async_follow_zone, current_zone, step_between
from .policy import NextLook, Reason, View, next_look, past, should_read

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "scout"
_FIRST_RETRY: Final = 60.0
_LONGEST_RETRY: Final = 900.0
# Stray 403s on good tokens were seen: only a row of them is told. Each is billed, so they are far apart (seconds).
_SCOPE_ERRORS_TO_TELL: Final = 3
_SCOPE_RETRY: Final = 3_600.0
# A car that was parked and is farther from there than this has driven in between (metres).
_MOVED: Final = 200.0
# A car that no longer says whether it drives is believed to for this long after its last position (seconds).
_DRIVING_UNCONFIRMED: Final = 600.0
# The car's navigation leads home if it ends this near to the zone (metres).
_NEAR_HOME: Final = 100.0

type ChangeListener = Callable[[Change, float], None]


class ScoutCoordinator(DataUpdateCoordinator[ScoutData]):
    """Watches where one car is."""

    config_entry: ScoutWorkerConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vehicle: Vehicle,
        options: Options,
        worker: WorkerCoordinator,
    ) -> None:
        """Initialize. What was known before a restart is known at once; nothing is asked yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"scout of {vehicle.name}")
        self._account = account
        self._memory = memory
        self._vin = vehicle.vin
        self._options = options
        self._worker = worker
        self._change_listeners: list[ChangeListener] = []
        self._listed: Vehicle | None = None
        self._is_requested = False
        self._is_closed = False
        self._failures = 0
        self._scope_errors = 0
        self._last_error: FleetError | None = None
        self.data = ScoutData.from_dict(memory.recall(vehicle.vin, _ROOM))
        memory.register(vehicle.vin, _ROOM, self._describe)
        worker.on_read = self.async_learn

    @callback
    def async_follow_zone(self) -> Callable[[], None]:
        """Judge anew whenever the home zone is moved or resized, also while nobody looked; the release comes back."""
        self._async_judge_home()
        return async_follow_zone(self.hass, self._options.home_zone, self._async_judge_home)

    @callback
    def async_add_change_listener(self, listener: ChangeListener) -> Callable[[], None]:
        """Tell a listener of each arrival and departure, with the time of the fix; the release comes back."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    def close(self) -> None:
        """Take nothing into account any more: the entry is being unloaded."""
        self._is_closed = True

    @callback
    def async_seed(self, vehicle: Vehicle) -> None:
        """Use what a list of all cars said of this one for the next look: one request serves them all."""
        self._listed = vehicle
        self._set_cloud(vehicle.state)

    async def async_look(self) -> None:
        """Look now, and read the car if it is online, since somebody asked: at most one billed request.

        Raises FleetError.
        """
        if not self._account.sees_location:
            raise MissingScopeError
        self._is_requested = True
        await self.async_refresh()
        if self._last_error is not None:
            raise self._last_error

    async def async_tell_pending(self) -> None:
        """Fire the events of arrivals that an earlier run noticed and could not tell."""
        for trigger in self._worker.untold:
            await self._async_tell(Change.ARRIVED, trigger.raised_at)

    # --- a look -----------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> ScoutData:
        """Ask the cloud, which is not billed; read the position where that is worth it: at most one billed read."""
        is_requested, self._is_requested = self._is_requested, False
        listed, self._listed = self._listed, None
        self._last_error = None
        purpose = Purpose.REQUESTED if is_requested else Purpose.SCOUT
        try:
            vehicle = listed or await self._account.client.vehicle(self._vin, purpose)
            self._set_cloud(vehicle.state)
            if self._wants_read(is_requested=is_requested):
                await self._async_read(purpose)
            self._failures = 0
            self._plan()
        except VehicleUnavailableError:
            # It fell asleep between the two questions. The answer was billed, so it is not asked again at once.
            self._set_cloud(CloudState.ASLEEP)
            self._plan()
        except BudgetSpentError:
            self._plan(NextLook(_LONGEST_RETRY, Reason.BUDGET_SPENT))
        except MissingScopeError as err:
            self._last_error = err
            self._scope_refused()
        except FleetError as err:
            self._last_error = err
            self._failures += 1
            wait = min(_FIRST_RETRY * 2.0 ** min(self._failures - 1, 10), _LONGEST_RETRY)
            self._plan(NextLook(max(wait, err.retry_after or 0.0), Reason.RETRY))
            # Home Assistant tells of the first failure only; the plan changes with each.
            self.async_update_listeners()
            raise for_coordinator(err) from err
        self._memory.save_soon()
        if self.data.cloud is CloudState.ONLINE:
            self._worker.async_wake()
        return self.data

    def _wants_read(self, *, is_requested: bool) -> bool:
        if not self._account.sees_location or self.data.cloud is not CloudState.ONLINE:
            return False
        if is_requested:
            return True
        # The worker is about to read everything: the position comes with it.
        return not self._worker.has_work and should_read(self._view())

    async def _async_read(self, purpose: Purpose) -> None:
        read = await self._account.client.vehicle_data(self._vin, LOCATION_ENDPOINTS, purpose)
        was_told = self._scope_errors >= _SCOPE_ERRORS_TO_TELL
        self._scope_errors = 0
        if was_told:
            update_issue(self.hass, self.config_entry, "location_refused", is_present=False)
        await self._async_see(read)

    async def async_learn(self, read: VehicleData) -> None:
        """Take into account what the worker read; that the scout need not pay for."""
        self._set_cloud(CloudState.ONLINE)
        await self._async_see(read)
        self._plan()
        self.async_set_updated_data(self.data)

    async def _async_see(self, read: VehicleData) -> None:
        """Take a read into account. An arrival is on the disk before it is told."""
        if self._is_closed:
            return
        self._set(last_read=read.read_at, last_look=read.read_at)
        self._set_driving(read)
        fix = read.fix
        # No position is unknown: what was believed stays, and nothing happened.
        change = self._sight(fix) if fix else None
        if fix is None or change is None:
            return
        if change is Change.ARRIVED:
            self._worker.async_raise(Cause.ARRIVED_HOME, is_told=False)
        await self._memory.async_save()
        if not self._is_closed:
            await self._async_tell(change, fix.at)

    def _sight(self, fix: Fix) -> Change | None:
        zone = self._zone()
        if zone is None:
            self._set(fix=fix)
            return None
        before = self.data
        sighting = zone.sighting(fix, before.fix, _now())
        whereabouts, change = advance(before.whereabouts, sighting)
        self._set(whereabouts=whereabouts, judged_by=zone.circle)
        if whereabouts.doubted is None and whereabouts.at == fix.at:
            has_moved = (step_between(before.fix, fix) or 0.0) > _MOVED
            still_parked = before.parked_since if before.parked_since and not has_moved else fix.at
            self._set(
                fix=fix,
                to_home=max(0.0, sighting.distance - zone.radius),
                parked_since=None if self.data.is_driving else still_parked,
            )
        return change

    def _set_driving(self, read: VehicleData) -> None:
        """Believe gear and speed of each read, also where its position is missing or cannot be true."""
        is_driving = read.is_driving
        if is_driving is None:
            fix, now = self.data.fix, read.read_at or _now()
            is_driving = self.data.is_driving and fix is not None and now - fix.at < _DRIVING_UNCONFIRMED
        parked_since = None if is_driving else (self.data.parked_since or read.read_at)
        self._set(is_driving=is_driving, parked_since=parked_since)

    async def _async_tell(self, change: Change, at: float) -> None:
        for listener in tuple(self._change_listeners):
            listener(change, at)
        if change is Change.ARRIVED:
            # On the disk as well, at once: a kill in the next seconds must not tell it again.
            self._worker.async_mark_told()
            await self._memory.async_save()

    # --- the plan ---------------------------------------------------------------------------------

    def _plan(self, planned: NextLook | None = None) -> None:
        if planned is None:
            planned = (
                next_look(self._view(), self._options.promptness)
                if self._account.sees_location
                else NextLook(_LONGEST_RETRY, Reason.LOCATION_NOT_GRANTED)
            )
        self.update_interval = timedelta(seconds=planned.delay)
        self._set(next_look=_now() + planned.delay, reason=planned.reason)

    def _view(self) -> View:
        data, now = self.data, _now()
        return View(
            now=now,
            cloud=data.cloud,
            presence=data.presence,
            to_home=data.to_home,
            is_driving=data.is_driving,
            parked_since=past(data.parked_since, now),
            online_since=past(data.online_since, now),
            last_read=past(data.last_read, now),
            doubted_at=data.whereabouts.doubted_at if data.whereabouts.doubted else None,
            minutes_home=self._minutes_home(data.fix),
        )

    def _minutes_home(self, fix: Fix | None) -> float | None:
        zone = self._zone()
        if zone is None or fix is None or fix.destination is None:
            return None
        leads_home = zone.metres_to(*fix.destination) <= zone.radius + _NEAR_HOME
        return fix.minutes_to_arrival if leads_home else None

    def _scope_refused(self) -> None:
        self._scope_errors += 1
        # Before that nothing is taken back: the repair may be another car's.
        if self._scope_errors >= _SCOPE_ERRORS_TO_TELL:
            update_issue(self.hass, self.config_entry, "location_refused", is_present=True)
        self._plan(NextLook(_SCOPE_RETRY, Reason.LOCATION_NOT_GRANTED))

    # --- home -------------------------------------------------------------------------------------

    def _zone(self) -> HomeZone | None:
        zone = current_zone(self.hass, self._options.home_zone)
        update_issue(self.hass, self.config_entry, "home_zone_missing", is_present=zone is None)
        return zone

    @callback
    def _async_judge_home(self) -> None:
        """Judge anew where home is not the circle that presence was judged by: nobody arrived and nobody left."""
        zone, fix = self._zone(), self.data.fix
        if fix is None or (zone and zone.circle) == self.data.judged_by:
            return
        if zone is None:
            self._lose_home()
        else:
            sighting = zone.sighting(fix, None, _now())
            self._set(
                whereabouts=settle(self.data.whereabouts, sighting),
                to_home=max(0.0, sighting.distance - zone.radius),
                judged_by=zone.circle,
            )
        self._memory.save_soon()
        self._plan()
        self.async_set_updated_data(self.data)

    def _lose_home(self) -> None:
        """Without the zone nobody is at home or away, and nobody arrives when it is back."""
        unknown = replace(self.data.whereabouts, presence=Presence.UNKNOWN)
        self._set(whereabouts=unknown, to_home=None, judged_by=None)

    def _set_cloud(self, state: CloudState) -> None:
        now = _now()
        since = (self.data.online_since or now) if state is CloudState.ONLINE else None
        self._set(cloud=state, online_since=since, last_look=now)

    def _describe(self) -> dict[str, Any]:
        return self.data.as_dict()

    def _set(self, **changes: Any) -> None:
        self.data = replace(self.data, **changes)


def _now() -> float:
    return dt_util.utcnow().timestamp()
