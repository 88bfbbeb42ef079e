"""Software that has one start time or one departure: what it can express, and what is refused. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.command_errors import CommandError
from custom_components.tesla_scout_worker.fleet.commands import (
    Command,
    set_scheduled_charging,
    set_scheduled_departure,
)
from custom_components.tesla_scout_worker.worker.days import EVERY_DAY, WEEKDAYS
from custom_components.tesla_scout_worker.worker.old_software import departure_commands, start_commands
from custom_components.tesla_scout_worker.worker.schedule_errors import (
    NewerSoftwareNeededError,
    SchedulesUnknownError,
    SetByHandError,
)
from custom_components.tesla_scout_worker.worker.schedules import ChargeSchedule, PreconditionSchedule

ONE = ChargeSchedule(
    id=None, name=None, days=EVERY_DAY, start=60, end=None, enabled=True, one_time=False, latitude=1.0, longitude=2.0
)  # fmt: skip
SEVEN = PreconditionSchedule(
    id=None, name=None, days=EVERY_DAY, at=420, enabled=True, one_time=False, latitude=1.0, longitude=2.0
)
WORKDAYS = replace(SEVEN, days=WEEKDAYS)
OFF = {"scheduled_charging_mode": "Off", "preconditioning_enabled": False}

type State = Mapping[str, Any]


def starts_at(minutes: int) -> State:
    """Return what a car tells that begins to charge then."""
    return {**OFF, "scheduled_charging_mode": "StartAt", "scheduled_charging_start_time_app": minutes}


def departs_at(minutes: int, times: str | None = "all_week") -> State:
    """Return what a car tells that is warm by then. times: None where it does not tell on which days."""
    told = {} if times is None else {"preconditioning_times": times}
    return {
        "scheduled_charging_mode": "DepartBy", "preconditioning_enabled": True, "scheduled_departure_time_minutes": minutes,
        **told,
    }  # fmt: skip


def blocks(charge_state: State) -> dict[str, State]:
    """Return a read of a car with such software."""
    return {"charge_state": charge_state, "vehicle_state": {"car_version": "2024.20.9 0123456789ab"}}


def warm(*, weekdays_only: bool) -> Command:
    """Return the command that has the car warm at seven."""
    return set_scheduled_departure(
        enable=True, departure=420, preconditioning=True, preconditioning_weekdays_only=weekdays_only
    )


def test_car_that_told_nothing_is_sent_nothing() -> None:
    """Nobody knows what would be changed."""
    with pytest.raises(SchedulesUnknownError):
        start_commands([], {}, None)
    with pytest.raises(SchedulesUnknownError):
        departure_commands([SEVEN], {}, None)


@pytest.mark.parametrize(
    ("wanted", "state", "ours", "sent"),
    [
        pytest.param([ONE], OFF, None, [set_scheduled_charging(enable=True, minutes=60)], id="set"),
        pytest.param([ONE], starts_at(60), None, [], id="as it is"),
        pytest.param(
            [ONE], starts_at(90), 90, [set_scheduled_charging(enable=True, minutes=60)], id="moved"
        ),
        pytest.param([], starts_at(0), 0, [set_scheduled_charging(enable=False, minutes=0)], id="midnight goes"),
        pytest.param([], starts_at(90), 60, [], id="another's stays"),
        pytest.param([], OFF, 60, [], id="gone already"),
        pytest.param([replace(ONE, enabled=False)], OFF, None, [], id="switched off is none"),
    ],
)  # fmt: skip
def test_one_start(wanted: list[ChargeSchedule], state: State, ours: int | None, sent: list[Command]) -> None:
    """A start on each day is all that there is."""
    assert start_commands(wanted, blocks(state), ours) == tuple(sent)


@pytest.mark.parametrize(
    ("wanted", "state", "ours", "error"),
    [
        pytest.param([replace(ONE, end=240)], OFF, None, NewerSoftwareNeededError, id="an end"),
        pytest.param([replace(ONE, days=WEEKDAYS)], OFF, None, NewerSoftwareNeededError, id="some days"),
        pytest.param([replace(ONE, start=None, end=240)], OFF, None, NewerSoftwareNeededError, id="no start"),
        pytest.param([replace(ONE, one_time=True)], OFF, None, NewerSoftwareNeededError, id="once"),
        pytest.param([ONE, replace(ONE, start=90)], OFF, None, NewerSoftwareNeededError, id="two"),
        pytest.param([ONE], starts_at(90), 30, SetByHandError, id="set by hand"),
        pytest.param([ONE], starts_at(0), None, SetByHandError, id="midnight by hand"),
        pytest.param([ONE], departs_at(420), None, SetByHandError, id="a departure would be switched off"),
    ],
)
def test_start_that_is_refused(
    wanted: list[ChargeSchedule], state: State, ours: int | None, error: type[CommandError]
) -> None:
    """Rather than to set half of it, or to undo what a person did."""
    with pytest.raises(error):
        start_commands(wanted, blocks(state), ours)


@pytest.mark.parametrize(
    ("wanted", "state", "ours", "sent"),
    [
        pytest.param([SEVEN], OFF, None, [warm(weekdays_only=False)], id="set"),
        pytest.param([WORKDAYS], OFF, None, [warm(weekdays_only=True)], id="on working days"),
        pytest.param([SEVEN], departs_at(420), None, [], id="as it is"),
        pytest.param([WORKDAYS], departs_at(420, "weekdays"), None, [], id="as it is on working days"),
        pytest.param([WORKDAYS], departs_at(420, None), None, [], id="days that are not told"),
        pytest.param([WORKDAYS], departs_at(420), 420, [warm(weekdays_only=True)], id="fewer days"),
        pytest.param([SEVEN], departs_at(450), 450, [warm(weekdays_only=False)], id="moved"),
        pytest.param([], departs_at(420), 420, [set_scheduled_departure(enable=False, departure=420)], id="goes"),
        pytest.param([], departs_at(420), None, [], id="another's stays"),
    ],
)  # fmt: skip
def test_one_departure(
    wanted: list[PreconditionSchedule], state: State, ours: int | None, sent: list[Command]
) -> None:
    """A departure on each day, or on each working day."""
    assert departure_commands(wanted, blocks(state), ours) == tuple(sent)


@pytest.mark.parametrize(
    ("wanted", "state", "ours", "error"),
    [
        pytest.param([replace(SEVEN, days=0b100)], OFF, None, NewerSoftwareNeededError, id="one day"),
        pytest.param([SEVEN, WORKDAYS], OFF, None, NewerSoftwareNeededError, id="two"),
        pytest.param([SEVEN], departs_at(450), 420, SetByHandError, id="set by hand"),
        pytest.param([SEVEN], starts_at(60), None, SetByHandError, id="a start would be switched off"),
    ],
)
def test_departure_that_is_refused(
    wanted: list[PreconditionSchedule], state: State, ours: int | None, error: type[CommandError]
) -> None:
    """Rather than to set half of it, or to undo what a person did."""
    with pytest.raises(error):
        departure_commands(wanted, blocks(state), ours)
