"""A charge that stops where a schedule says so has not failed: it waits for its next hours, or has had all of them. Pure."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from ..fleet.models import VehicleData
from ..fleet.vehicle_view import VehicleView
from .sessions import Happened
from .timetable import has_end_between, next_start

# The clocks of car and Home Assistant may differ, and a car takes a while to stop (seconds).
_ABOUT: Final = 180.0


def with_pauses(
    happened: Iterable[Happened],
    before: VehicleData,
    read: VehicleData,
    zone: tzinfo,
    *,
    is_home: bool | None,
) -> tuple[Happened, ...]:
    """Return what happened between two reads; a charge that a schedule's end stopped is told as paused.

    After the last window of all it is told as complete: as full as it was planned, and the car does not go on by itself.

    zone: of the car's home. is_home: where the schedules hold; away from there nothing is a pause. The schedules are those
    that were known before: one that runs once is gone from the car when it has.
    """
    happened = tuple(happened)
    if (
        Happened.CHARGING_INTERRUPTED not in happened
        or is_home is False
        or VehicleView(read).charging_state != "stopped"
        or before.read_at is None
        or read.read_at is None
    ):
        return happened
    since, until = before.read_at - _ABOUT, read.read_at + _ABOUT
    if not has_end_between(before, zone, since, until):
        return happened
    goes_on = next_start(read, zone, read.read_at) is not None
    told = Happened.CHARGING_PAUSED if goes_on else Happened.CHARGING_COMPLETE
    return tuple(told if one is Happened.CHARGING_INTERRUPTED else one for one in happened)
