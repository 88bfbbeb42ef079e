"""When schedules begin and end a charge here, as far as the last read told, pure. Times are Unix seconds."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Final

from ..fleet.models import VehicleData
from .schedules import ChargeSchedule, charge_schedules_of, is_near
from .wall_clock import Occurrence, occurrences

# So far ahead is planned; there is a read before that.
_HORIZON: Final = 8 * 86_400.0
# A window that began so long ago may still run.
_LONGEST_WINDOW: Final = 86_400.0


def next_start(read: VehicleData, zone: tzinfo, after: float) -> float | None:
    """Return the first start of a scheduled charge later than that, None where the car has none. zone: of the car's home."""
    starts = [
        run.begins.timestamp()
        for run in _runs(read, zone, after, after + _HORIZON)
        if run.begins is not None and run.begins.timestamp() > after
    ]
    # An older firmware tells the moment itself.
    if read.flag("charge_state", "scheduled_charging_pending"):
        told = read.number("charge_state", "scheduled_charging_start_time")
        starts += [told] if told is not None and after < told < after + _HORIZON else []
    return min(starts, default=None)


def window_end(read: VehicleData, zone: tzinfo, now: float) -> float | None:
    """Return when the window ends in which a charge runs now: the last one where several do. None outside of all."""
    ends = [
        run.ends.timestamp()
        for run in _runs(read, zone, now - _LONGEST_WINDOW, now + 1.0)
        if run.begins is not None and run.ends is not None
        if run.begins.timestamp() <= now < run.ends.timestamp()
    ]
    return max(ends, default=None)


def has_end_between(read: VehicleData, zone: tzinfo, since: float, until: float) -> bool:
    """Return whether a schedule ends a charge between two moments."""
    return any(
        run.ends is not None and since <= run.ends.timestamp() <= until
        for run in _runs(read, zone, since, until)
    )


def _runs(read: VehicleData, zone: tzinfo, since: float, until: float) -> Iterator[Occurrence]:
    for schedule in charge_schedules_of(read.blocks) or ():
        if _is_here(schedule, read):
            yield from occurrences(schedule, zone, since, until, known_at=read.read_at)


def _is_here(schedule: ChargeSchedule, read: VehicleData) -> bool:
    """Return whether a schedule is for where the car stands; where that is not known it may be."""
    fix = read.fix
    return fix is None or is_near(schedule, fix.latitude, fix.longitude)
