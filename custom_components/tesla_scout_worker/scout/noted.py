"""The memory of what a scout did, kept beside what it knows."""

from typing import Any, Final, override

from homeassistant.core import callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..fleet.errors import FleetError
from ..memory import Memory
from ..worker.coordinator import WorkerCoordinator
from .data import ScoutData
from .history import FullRead, History
from .times import now_utc

_ROOM: Final = "history"


class LookLog:
    """The last looks at one car, kept over restarts. It is written with what the scout writes anyway."""

    def __init__(self, memory: Memory, vin: str, worker: WorkerCoordinator) -> None:
        """Initialize. What was noted before a restart is there at once."""
        self._worker = worker
        self._before = ScoutData()
        self._error: FleetError | None = None
        self.history = History.from_dict(memory.recall(vin, _ROOM))
        memory.register(vin, _ROOM, self._describe)

    def starts_from(self, data: ScoutData) -> None:
        """Take what is known before the first look."""
        self._before = data

    def saw(self, data: ScoutData, error: FleetError | None) -> None:
        """Note a look, if there was one since the last time. error: with which it ended."""
        # Whoever is told of a failure twice has the same error before him.
        is_new, self._error = error is not self._error, error
        known = self._worker.data
        read_at = known.vehicle_data.read_at
        self.history = self.history.looked(
            self._before,
            data,
            now_utc(),
            None if read_at is None else FullRead(read_at, known.last_cause),
            error.code if error is not None and is_new else None,
        )
        self._before = data

    def _describe(self) -> dict[str, Any]:
        return self.history.as_dict()


class NotedCoordinator(DataUpdateCoordinator[ScoutData]):
    """A coordinator whose looks are noted before anybody is told of them."""

    looks: LookLog
    #: Of the last look; None where it went well.
    last_error: FleetError | None = None

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Tell who listens."""
        self.looks.saw(self.data, self.last_error)
        super().async_update_listeners()
