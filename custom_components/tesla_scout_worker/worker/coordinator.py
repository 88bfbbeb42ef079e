"""The worker of one car: reads everything once when there is a reason, and keeps the reason until that is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.client import EVERYTHING_BUT_SCHEDULES, SCHEDULE_ENDPOINTS
from ..fleet.errors import (
    AnswerLostError,
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
    MissingScopeError,
    RateLimitedError,
    ServerError,
    VehicleUnavailableError,
)
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, Vehicle, VehicleData
from ..memory import Memory
from ..problems import for_coordinator
from .triggers import Cause, Trigger, add, due

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "worker"
_EVERYTHING: Final = EVERYTHING_BUT_SCHEDULES + SCHEDULE_ENDPOINTS
_POSITION: Final = "location_data"
# What makes a read fail is then not asked for, for this long (seconds).
_LEAVE_OUT_FOR: Final = 86_400.0
# After a read that failed nothing is read in passing, for this long (seconds): where the car is must still be seen.
_PLAIN_FOR: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class WorkerData:
    """What the worker knows. last_cause: of the read that brought vehicle_data."""

    vehicle_data: VehicleData = field(default_factory=VehicleData)
    last_cause: Cause | None = None
    pending: tuple[Trigger, ...] = ()


class WorkerCoordinator(DataUpdateCoordinator[WorkerData]):
    """Works off what is pending; without that it has no timer and asks nothing."""

    config_entry: ScoutWorkerConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vehicle: Vehicle,
    ) -> None:
        """Initialize. What was read before a restart is there at once."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"worker of {vehicle.name}")
        self._account = account
        self._memory = memory
        self._vin = vehicle.vin
        #: Told of each read, so that the scout learns from it for free.
        self.on_read: Callable[[VehicleData], Awaitable[None]] | None = None
        self._left_out: dict[str, float] = {}
        self._plain_until = 0.0
        self._last_error: FleetError | None = None
        self._reads = 0
        self.data = _recall(memory.recall(vehicle.vin, _ROOM))
        memory.register(vehicle.vin, _ROOM, self._describe)
        self._plan()

    @callback
    def async_raise(self, cause: Cause, *, is_told: bool = True) -> None:
        """Note a reason to read the car. is_told: False where an event must be fired for it first."""
        self._set(pending=add(self.data.pending, Trigger(cause, _now(), is_told)))
        self._memory.save_soon()

    @callback
    def async_wake(self) -> None:
        """Work off what is due, in the background. Called when the car is known to be online."""
        if self.has_work:
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"{self.name} run"
            )

    @property
    def has_work(self) -> bool:
        """Return whether a read is due."""
        return bool(due(self.data.pending, _now()))

    @property
    def untold(self) -> tuple[Trigger, ...]:
        """Return the reasons whose event was not fired yet."""
        return tuple(trigger for trigger in self.data.pending if not trigger.is_told)

    @callback
    def async_mark_told(self) -> None:
        """Note that the events were fired."""
        self._set(pending=tuple(replace(trigger, is_told=True) for trigger in self.data.pending))
        self._memory.save_soon()

    async def async_run(self) -> bool:
        """Read the car now, since a person or an automation asked; one or two billed requests.

        Return False where the car is not online: the reason stays pending. Raises FleetError; AskedTooOftenError where
        nothing was sent and nothing changed.
        """
        self._account.budget.check_asked(self._vin)
        self.async_raise(Cause.REQUESTED)
        self._last_error, reads = None, self._reads
        await self.async_refresh()
        if self._last_error is not None:
            raise self._last_error
        return self._reads > reads

    @override
    async def _async_update_data(self) -> WorkerData:
        """Work off what is due: ask the cloud (not billed) and, if the car is online, read it."""
        now = _now()
        waiting = tuple(trigger for trigger in self.data.pending if not trigger.has_expired(now))
        self._set(pending=waiting)
        todo = due(waiting, now)
        if not todo:
            self._plan()
            return self.data
        self._last_error = None
        is_requested = any(trigger.cause is Cause.REQUESTED for trigger in todo)
        purpose = Purpose.REQUESTED if is_requested else Purpose.WORKER
        try:
            if not await self._is_online(purpose):
                # Not an attempt that failed: the scout wakes the worker as soon as it sees the car online.
                self._keep(todo)
                return self.data
            read = await self._async_read(purpose)
        except VehicleUnavailableError as err:
            # It fell asleep between the two questions. The answer was billed, so it is not asked again at once.
            self._keep(todo, err)
            return self.data
        except BudgetSpentError:
            # Nothing was sent: it waits, and is done as soon as the owner grants more or the month turns.
            self._keep(todo)
            return self.data
        except AskedTooOftenError as err:
            # Too much was asked for meanwhile: that is told to who asked, and puts nothing off.
            self._last_error = err
            self._keep(todo)
            return self.data
        except FleetError as err:
            self._last_error = err
            self._keep(todo, err)
            raise for_coordinator(err) from err
        self._reads += 1
        await self._async_take(read, waiting, todo[-1].cause, self.on_read)
        self._plan()
        self._memory.save_soon()
        return self.data

    async def async_read_in_passing(
        self, purpose: Purpose, see: Callable[[VehicleData], Awaitable[None]]
    ) -> bool:
        """Read everything in the scout's place, where it would have read the position: one billed request, seldom two.

        see: told of the read. Return False where not everything can be read: the position alone should be asked for
        then. Raises FleetError.
        """
        if _now() < self._plain_until:
            return False
        waiting = self.data.pending
        try:
            read = await self._async_read(purpose, needs_position=True)
        except BudgetSpentError, RateLimitedError:
            raise
        except FleetError as err:
            self._plain_until = _now() + _PLAIN_FOR
            if isinstance(err, VehicleUnavailableError):
                # Perhaps it fell asleep; perhaps that is how this car refuses a part of it.
                raise
            return False
        await self._async_take(read, waiting, Cause.IN_PASSING, see)
        self._plan()
        self.async_set_updated_data(self.data)
        return True

    async def _async_take(
        self,
        read: VehicleData,
        waiting: tuple[Trigger, ...],
        cause: Cause,
        see: Callable[[VehicleData], Awaitable[None]] | None,
    ) -> None:
        """Take a read into account. It serves every reason that waited for one, also those that were being put off."""
        served = {trigger.key for trigger in waiting}
        self._set(
            vehicle_data=read.over(self.data.vehicle_data),
            last_cause=cause,
            pending=tuple(
                trigger for trigger in self.data.pending if trigger.key not in served or not trigger.is_told
            ),
        )
        if see:
            before = self.data.pending
            await see(read)
            self._serve_found_arrival(before)

    def _serve_found_arrival(self, known: tuple[Trigger, ...]) -> None:
        """Take an arrival that this very read showed as worked: a second read would tell nothing new."""
        known_keys = {trigger.key for trigger in known}
        found = {
            trigger.key
            for trigger in self.data.pending
            if trigger.cause is Cause.ARRIVED_HOME and trigger.is_told and trigger.key not in known_keys
        }
        if found:
            pending = tuple(trigger for trigger in self.data.pending if trigger.key not in found)
            self._set(last_cause=Cause.ARRIVED_HOME, pending=pending)

    async def _async_read(self, purpose: Purpose, *, needs_position: bool = False) -> VehicleData:
        """Read everything in one billed request; where a part makes it fail, once more without that part."""
        asked = tuple(endpoint for endpoint in _EVERYTHING if self._may_ask(endpoint))
        try:
            return await self._account.client.vehicle_data(self._vin, asked, purpose)
        except FleetError as err:
            suspects = tuple(part for part in _suspects(err) if part != _POSITION or not needs_position)
            rest = tuple(endpoint for endpoint in asked if endpoint not in suspects)
            if rest == asked:
                raise
            if isinstance(err, VehicleUnavailableError) and not await self._is_online(purpose):
                # It was not the schedules: it fell asleep.
                raise
            read = await self._account.client.vehicle_data(self._vin, rest, purpose)
        self._left_out |= dict.fromkeys(suspects, _now() + _LEAVE_OUT_FOR)
        return read

    async def _is_online(self, purpose: Purpose) -> bool:
        """Ask the cloud, which is not billed."""
        return (await self._account.client.vehicle(self._vin, purpose)).state is CloudState.ONLINE

    def _may_ask(self, endpoint: str) -> bool:
        if endpoint == _POSITION and not self._account.sees_location:
            return False
        return self._left_out.get(endpoint, 0.0) <= _now()

    def _keep(self, tried: tuple[Trigger, ...], err: FleetError | None = None) -> None:
        """Keep the reasons that were tried in vain; an error puts them off."""
        now = _now()
        self._set(
            pending=tuple(
                trigger.failed(now, err.retry_after) if err and trigger in tried else trigger
                for trigger in self.data.pending
                # What a person asked for was answered to that person; what happened to the car waits.
                if trigger.cause is not Cause.REQUESTED or trigger not in tried
            )
        )
        self._plan()
        self._memory.save_soon()

    def _plan(self) -> None:
        """Set the timer to the first retry. What is due without one waits until the scout sees the car online."""
        now = _now()
        waits = [trigger.retry_at - now for trigger in self.data.pending if trigger.retry_at > now]
        self.update_interval = timedelta(seconds=max(min(waits), 1.0)) if waits else None

    def _set(self, **changes: Any) -> None:
        self.data = replace(self.data, **changes)

    def _describe(self) -> dict[str, Any]:
        return {
            "blocks": self.data.vehicle_data.blocks,
            "read_at": self.data.vehicle_data.read_at,
            "last_cause": self.data.last_cause,
            "pending": [trigger.as_dict() for trigger in self.data.pending],
        }


def _suspects(err: FleetError) -> tuple[str, ...]:
    """Return what may have made a read fail: some cars cannot read their schedules in time, some grants lack a part."""
    match err:
        case VehicleUnavailableError() | ServerError() | AnswerLostError():
            return SCHEDULE_ENDPOINTS
        case MissingScopeError():
            return (_POSITION,)
        case _:
            return ()


def _recall(stored: Mapping[str, Any]) -> WorkerData:
    blocks, read_at = stored.get("blocks"), stored.get("read_at")
    last_cause, pending = stored.get("last_cause"), stored.get("pending")
    triggers = [Trigger.from_dict(item) for item in (pending if isinstance(pending, list) else ())]
    return WorkerData(
        VehicleData(
            {key: block for key, block in blocks.items() if isinstance(block, dict)}
            if isinstance(blocks, dict)
            else {},
            read_at if isinstance(read_at, int | float) else None,
        ),
        Cause(last_cause) if last_cause in tuple(Cause) else None,
        tuple(trigger for trigger in triggers if trigger),
    )


def _now() -> float:
    return dt_util.utcnow().timestamp()
