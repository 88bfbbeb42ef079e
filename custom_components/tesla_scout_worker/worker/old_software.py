"""What software before 2024.26 has instead of schedules: one start time, or one departure. Pure.

From 2024.26 on these commands add a schedule at each call, so they are for older software only
(https://github.com/teslamotors/vehicle-command/issues/290).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..fleet.commands import Command, set_scheduled_charging, set_scheduled_departure
from ..fleet.models import VehicleData
from .days import EVERY_DAY, WEEKDAYS
from .schedule_errors import NewerSoftwareNeededError, SchedulesUnknownError, SetByHandError
from .schedules import (
    ChargeSchedule,
    PreconditionSchedule,
    Schedule,
    charge_schedules_of,
    precondition_schedules_of,
)

type Blocks = Mapping[str, Mapping[str, Any]]


def start_commands(wanted: Iterable[ChargeSchedule], blocks: Blocks, ours: int | None) -> tuple[Command, ...]:
    """Return what is to be sent so that charging begins as it is wanted; empty where it does already.

    ours: the start that was set here last, None where none was. Raises NewerSoftwareNeededError where more is wanted than one
    start on every day, SetByHandError where another time is set, SchedulesUnknownError where the car told nothing.
    """
    present = charge_schedules_of(blocks)
    if present is None:
        raise SchedulesUnknownError
    is_set = present[0].start if present else None
    schedule = _only(wanted)
    if schedule is None:
        return (
            () if is_set is None or is_set != ours else (set_scheduled_charging(enable=False, minutes=ours),)
        )
    if schedule.start is None or schedule.end is not None or schedule.days != EVERY_DAY:
        raise NewerSoftwareNeededError
    if schedule.start == is_set:
        return ()
    # The car has either a start or a departure: one switches the other off.
    if is_set not in {None, ours} or precondition_schedules_of(blocks):
        raise SetByHandError
    return (set_scheduled_charging(enable=True, minutes=schedule.start),)


def departure_commands(
    wanted: Iterable[PreconditionSchedule], blocks: Blocks, ours: int | None
) -> tuple[Command, ...]:
    """Return what is to be sent so that the car is warm as it is wanted; the rest as with `start_commands`."""
    present = precondition_schedules_of(blocks)
    if present is None:
        raise SchedulesUnknownError
    is_set = present[0].at if present else None
    schedule = _only(wanted)
    if schedule is None:
        if is_set is None or is_set != ours:
            return ()
        return (set_scheduled_departure(enable=False, departure=ours),)
    if schedule.days not in {EVERY_DAY, WEEKDAYS}:
        raise NewerSoftwareNeededError
    # Some cars do not tell on which days.
    tells_days = VehicleData(blocks).text("charge_state", "preconditioning_times") is not None
    if present and schedule.at == is_set and (schedule.days == present[0].days or not tells_days):
        return ()
    if is_set not in {None, ours} or charge_schedules_of(blocks):
        raise SetByHandError
    return (
        # Each parameter is given: with some of them only, a car answers yes and does nothing.
        set_scheduled_departure(
            enable=True,
            departure=schedule.at,
            preconditioning=True,
            preconditioning_weekdays_only=schedule.days == WEEKDAYS,
        ),
    )


def _only[S: Schedule](wanted: Iterable[S]) -> S | None:
    """Return the one schedule that does something. What runs once cannot be told from what runs each day."""
    enabled = [one for one in wanted if one.enabled]
    if len(enabled) > 1 or any(one.one_time for one in enabled):
        raise NewerSoftwareNeededError
    return enabled[0] if enabled else None
