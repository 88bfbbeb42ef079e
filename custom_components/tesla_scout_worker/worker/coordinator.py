"""The worker of one car: reads everything once when there is a reason, and keeps the reason until that is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..data import ScoutWorkerConfigEntry
from ..fleet.client import EVERYTHING_BUT_SCHEDULES, SCHEDULE_ENDPOINTS, FleetClient
from ..fleet.errors import AnswerLostError, FleetError, ServerError, VehicleUnavailableError
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, Vehicle, VehicleData
from ..memory import Memory
from ..problems import for_coordinator
from .triggers import Cause, Trigger, add, due

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "worker"
# Some cars cannot read their schedules in time; for this long they are then not asked for (seconds).
_SCHEDULES_PAUSE: Final = 86_400.0


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
        client: FleetClient,
        memory: Memory,
        vehicle: Vehicle,
    ) -> None:
        """Initialize. What was read before a restart is there at once."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"worker of {vehicle.name}")
        self._client = client
        self._memory = memory
        self._vin = vehicle.vin
        #: Told of each read, so that the scout learns from it for free.
        self.on_read: Callable[[VehicleData], Awaitable[None]] | None = None
        self._schedules_from = 0.0
        self._last_error: FleetError | None = None
        self._has_read = False
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

        Return False where the car is not online: the reason stays pending. Raises FleetError.
        """
        self.async_raise(Cause.REQUESTED)
        self._last_error, self._has_read = None, False
        await self.async_refresh()
        if self._last_error is not None:
            raise self._last_error
        return self._has_read

    @override
    async def _async_update_data(self) -> WorkerData:
        """Work off what is due: ask the cloud (not billed) and, if the car is online, read it."""
        now = _now()
        self._set(pending=tuple(trigger for trigger in self.data.pending if not trigger.has_expired(now)))
        todo = due(self.data.pending, now)
        if not todo:
            self._plan()
            return self.data
        is_requested = any(trigger.cause is Cause.REQUESTED for trigger in todo)
        purpose = Purpose.REQUESTED if is_requested else Purpose.WORKER
        try:
            vehicle = await self._client.vehicle(self._vin, purpose)
            read = await self._async_read(purpose) if vehicle.state is CloudState.ONLINE else None
        except VehicleUnavailableError:
            read = None
        except FleetError as err:
            self._last_error = err
            self._postpone(todo, err.retry_after)
            raise for_coordinator(err) from err
        if read is None:
            # Not an error: it sleeps. The scout wakes the worker when it sees the car online.
            self._postpone(todo, None)
            return self.data
        self._has_read = True
        self._set(
            vehicle_data=read.over(self.data.vehicle_data),
            last_cause=todo[-1].cause,
            pending=tuple(trigger for trigger in self.data.pending if trigger not in todo),
        )
        self._plan()
        self._memory.save_soon()
        if self.on_read:
            await self.on_read(read)
        return self.data

    async def _async_read(self, purpose: Purpose) -> VehicleData:
        """Read everything in one billed request; where the schedules make it fail, once more without them."""
        if _now() < self._schedules_from:
            return await self._client.vehicle_data(self._vin, EVERYTHING_BUT_SCHEDULES, purpose)
        try:
            return await self._client.vehicle_data(
                self._vin, EVERYTHING_BUT_SCHEDULES + SCHEDULE_ENDPOINTS, purpose
            )
        except VehicleUnavailableError, ServerError, AnswerLostError:
            read = await self._client.vehicle_data(self._vin, EVERYTHING_BUT_SCHEDULES, purpose)
            self._schedules_from = _now() + _SCHEDULES_PAUSE
            return read

    def _postpone(self, todo: tuple[Trigger, ...], asked: float | None) -> None:
        now = _now()
        # What a person asked for was answered to that person; what happened to the car waits.
        self._set(
            pending=tuple(
                trigger.failed(now, asked) if trigger in todo else trigger
                for trigger in self.data.pending
                if trigger.cause is not Cause.REQUESTED
            )
        )
        self._plan()
        self._memory.save_soon()

    def _plan(self) -> None:
        """Set the timer to the first retry, or to nothing."""
        waits = [trigger.retry_at for trigger in self.data.pending]
        self.update_interval = timedelta(seconds=max(min(waits) - _now(), 1.0)) if waits else None

    def _set(self, **changes: Any) -> None:
        self.data = replace(self.data, **changes)

    def _describe(self) -> dict[str, Any]:
        return {
            "blocks": self.data.vehicle_data.blocks,
            "read_at": self.data.vehicle_data.read_at,
            "last_cause": self.data.last_cause,
            "pending": [trigger.as_dict() for trigger in self.data.pending],
        }


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
        Cause(last_cause) if last_cause in frozenset(Cause) else None,
        tuple(trigger for trigger in triggers if trigger),
    )


def _now() -> float:
    return dt_util.utcnow().timestamp()
