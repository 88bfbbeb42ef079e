"""A charge that a schedule's end stops is paused, any other one that stops short is interrupted. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.pauses import with_pauses
from custom_components.tesla_scout_worker.worker.sessions import Happened

BERLIN = ZoneInfo("Europe/Berlin")
STOPPED = (Happened.CHARGING_INTERRUPTED,)
PAUSED = (Happened.CHARGING_PAUSED,)
NIGHT: Mapping[str, Any] = {
    "id": 1, "days_of_week": 127, "start_enabled": True, "start_time": 60, "end_enabled": True, "end_time": 240,
    "one_time": False, "enabled": True, "latitude": 52.0, "longitude": 13.0,
}  # fmt: skip


def at(hour: int, minute: int = 0) -> float:
    """Return a time of a winter's night in Berlin, Unix seconds."""
    return datetime(2026, 1, 14, hour, minute, tzinfo=BERLIN).timestamp()


def read(state: str, when: float | None, *schedules: Mapping[str, Any]) -> VehicleData:
    """Return a read."""
    blocks: dict[str, dict[str, Any]] = {
        "charge_state": {"charging_state": state},
        "charge_schedule_data": {"charge_schedules": list(schedules)},
    }
    return VehicleData(blocks, when)


def told(
    state: str = "Stopped",
    *,
    since: float | None = at(2),
    until: float = at(4, 5),
    schedule: Mapping[str, Any] = NIGHT,
    is_home: bool | None = True,
    happened: tuple[Happened, ...] = STOPPED,
    then: Mapping[str, Any] | None = NIGHT,
) -> tuple[Happened, ...]:
    """Return what is told of a charge that ended between two reads."""
    after = read(state, until, *([then] if then else []))
    return with_pauses(happened, read("Charging", since, schedule), after, BERLIN, is_home=is_home)


def test_end_of_a_schedule_is_a_pause() -> None:
    """Also where the car has forgotten a schedule that ran once, and where nobody knows the place."""
    assert told() == PAUSED
    assert told(is_home=None) == PAUSED
    assert told(schedule={**NIGHT, "one_time": True, "days_of_week": 8}) == PAUSED
    assert told(until=at(3, 59)) == PAUSED, "the clocks differ by a minute"
    assert told(happened=(*STOPPED, Happened.UNPLUGGED)) == (*PAUSED, Happened.UNPLUGGED)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"until": at(3, 30)}, id="before the end"),
        pytest.param({"since": at(4, 30), "until": at(5)}, id="after it"),
        pytest.param({"state": "NoPower"}, id="the power failed"),
        pytest.param({"state": "Disconnected"}, id="somebody unplugged it"),
        pytest.param({"is_home": False}, id="elsewhere"),
        pytest.param({"schedule": {**NIGHT, "enabled": False}}, id="switched off"),
        pytest.param({"schedule": {**NIGHT, "end_enabled": False}}, id="without an end"),
        pytest.param({"schedule": {**NIGHT, "days_of_week": 1}}, id="on another day"),
        pytest.param({"since": None}, id="nothing known before"),
    ],
)
def test_all_else_is_an_interruption(changed: dict[str, Any]) -> None:
    """Somebody may have to look after it."""
    assert told(**changed) == STOPPED


def test_what_is_complete_stays_so() -> None:
    """Full at the end of a window is full."""
    assert told("Complete", happened=(Happened.CHARGING_COMPLETE,)) == (Happened.CHARGING_COMPLETE,)


def test_last_window_of_all_ends_the_charge() -> None:
    """As full as it was planned: the car does not go on by itself, and somebody may wait for that."""
    once = {**NIGHT, "one_time": True, "days_of_week": 8}
    assert told(schedule=once, then=None) == (Happened.CHARGING_COMPLETE,)
    assert told(schedule=once, then={**NIGHT, "enabled": False}) == (Happened.CHARGING_COMPLETE,)
    assert told(schedule=once, then={**NIGHT, "one_time": True, "days_of_week": 16}) == PAUSED
