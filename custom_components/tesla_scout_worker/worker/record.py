"""What the worker knows of a car, and how that survives a restart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from ..fleet.models import VehicleData
from .reading import Course, Reading
from .sessions import Happened, Log
from .triggers import Cause, Trigger

_FINDINGS: Final = {
    Happened.PLUGGED_IN: Cause.PLUGGED_IN_HOME,
    Happened.CHARGING_INTERRUPTED: Cause.CHARGE_ENDED_SHORT,
}


@dataclass(frozen=True, slots=True)
class WorkerData:
    """What the worker knows.

    last_cause: of the read that brought vehicle_data. pending: reasons that wait for a read. course: what is followed.
    log: the charge sessions. untold: what happened by the reads and was not told yet, with the Unix seconds of the read.
    next_reading: the next read that is planned; made anew after a restart.
    """

    vehicle_data: VehicleData = field(default_factory=VehicleData)
    last_cause: Cause | None = None
    pending: tuple[Trigger, ...] = ()
    course: Course = field(default_factory=Course)
    log: Log = field(default_factory=Log)
    untold: tuple[tuple[Happened, float], ...] = ()
    next_reading: Reading | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "blocks": self.vehicle_data.blocks,
            "read_at": self.vehicle_data.read_at,
            "last_cause": self.last_cause,
            "pending": [trigger.as_dict() for trigger in self.pending],
            "course": self.course.as_dict(),
            "log": self.log.as_dict(),
            "untold": [list(item) for item in self.untold],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what was stored; what cannot be read is as if it were not there."""
        blocks, read_at = stored.get("blocks"), stored.get("read_at")
        last_cause, pending = stored.get("last_cause"), stored.get("pending")
        triggers = [Trigger.from_dict(item) for item in (pending if isinstance(pending, list) else ())]
        return cls(
            VehicleData(
                {key: block for key, block in blocks.items() if isinstance(block, dict)}
                if isinstance(blocks, dict)
                else {},
                read_at if isinstance(read_at, int | float) else None,
            ),
            Cause(last_cause) if last_cause in tuple(Cause) else None,
            tuple(trigger for trigger in triggers if trigger),
            Course.from_dict(stored.get("course")),
            Log.from_dict(stored.get("log")),
            _untold(stored.get("untold")),
        )


def remembered_cause(
    cause: Cause | None, happened: tuple[Happened, ...], *, is_home: bool | None
) -> Cause | None:
    """Return what a read is remembered for. One in passing had no cause of its own but what it showed at home."""
    if cause is not Cause.IN_PASSING or not is_home:
        return cause
    return next((_FINDINGS[item] for item in happened if item in _FINDINGS), cause)


def _untold(stored: Any) -> tuple[tuple[Happened, float], ...]:
    items = [item for item in (stored if isinstance(stored, list) else ()) if isinstance(item, list | tuple)]
    return tuple(
        (Happened(item[0]), item[1])
        for item in items
        if len(item) == 2 and item[0] in tuple(Happened) and isinstance(item[1], int | float)  # noqa: PLR2004 - a pair
    )
