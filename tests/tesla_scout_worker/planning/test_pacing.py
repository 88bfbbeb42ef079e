"""When a plan is looked at again, and which moment is meant. Pure."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.fleet.vehicle_view import VehicleView
from custom_components.tesla_scout_worker.planning.learning import after_read
from custom_components.tesla_scout_worker.planning.pacing import Pace
from custom_components.tesla_scout_worker.planning.wish import Learned, PlanState, PlanWish
from custom_components.tesla_scout_worker.services_plan import moment

NOW = 1_800_000_000.0
HOUR = 3_600.0
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")


def wishing(ready_by: float) -> PlanState:
    """Return the state of a car with a usual wish."""
    return PlanState(wish=PlanWish(ready_by=ready_by))


def test_what_is_past_is_no_reason_to_come_again() -> None:
    """Each minute would be one."""
    pace = Pace()
    assert pace.next_time(wishing(NOW - 1), None, NOW) is None
    assert pace.next_time(wishing(NOW + HOUR), None, NOW) == NOW + HOUR
    assert pace.next_time(wishing(NOW + HOUR), NOW + 5, NOW) == NOW + 60
    assert pace.next_time(PlanState(), None, NOW) is None


@pytest.mark.parametrize(("is_transient", "wait"), [(True, 1_800.0), (False, 7_200.0)])
def test_after_a_failure_nothing_is_tried_for_a_while(is_transient: bool, wait: float) -> None:
    """Whatever would be due meanwhile."""
    pace = Pace()
    assert not pace.is_waiting(NOW)
    assert pace.failed(NOW, is_transient=is_transient) == NOW + wait
    assert pace.is_waiting(NOW + wait - 1)
    assert not pace.is_waiting(NOW + wait)
    assert pace.next_time(wishing(NOW + 300), None, NOW) == NOW + wait
    # A clock that was set back does not stop it for ever.
    assert not pace.is_waiting(NOW - 30 * DAY)


def test_what_nobody_asked_for_changes_the_car_seldom() -> None:
    """Six times at once, and once more each two hours."""
    pace = Pace()
    assert [pace.may_change(NOW) for _ in range(8)] == [True] * 6 + [False] * 2
    assert pace.may_change(NOW + 2 * HOUR)
    assert not pace.may_change(NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("asked", "now", "expected"),
    [
        (NOW, NOW, NOW + 5.9 * DAY),
        (NOW, NOW + 3 * DAY, NOW + 5.9 * DAY),
        (NOW, NOW + 6 * DAY, NOW + 6.8 * DAY),
        (None, NOW, NOW + 5.9 * DAY),
    ],
)
def test_far_deadline_is_planned_for_as_far_as_a_car_can(
    asked: float | None, now: float, expected: float
) -> None:
    """It stays where it is as the days pass."""
    wish = PlanWish(ready_by=NOW + 6.8 * DAY, asked_at=asked)
    assert wish.deadline(now) == expected
    assert PlanWish.from_dict({"ready_by": NOW + DAY, "asked_at": NOW}) == PlanWish(ready_by=NOW + DAY)


@pytest.mark.parametrize(
    ("now", "clock", "expected"),
    [
        ((2026, 10, 25, 1, 0, 0), time(2, 30), (2026, 10, 25, 2, 30, 0)),
        ((2026, 10, 25, 2, 45, 0), time(2, 30), (2026, 10, 25, 2, 30, 1)),
        ((2026, 10, 25, 2, 15, 1), time(2, 30), (2026, 10, 25, 2, 30, 1)),
        ((2026, 10, 25, 2, 45, 1), time(2, 30), (2026, 10, 26, 2, 30, 0)),
        ((2026, 3, 28, 23, 0, 0), time(7), (2026, 3, 29, 7, 0, 0)),
        ((2026, 6, 1, 7, 0, 0), time(7), (2026, 6, 2, 7, 0, 0)),
    ],
)
def test_time_of_day_is_the_next_one(now: tuple[int, ...], clock: time, expected: tuple[int, ...]) -> None:
    """Also in the night in which an hour comes twice."""

    def at(year: int, month: int, day: int, hour: int, minute: int, fold: int) -> datetime:
        return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold)

    assert moment(clock, at(*now)) == at(*expected).timestamp()


def test_wall_is_not_learned_near_full() -> None:
    """There the battery takes less than the plug gives."""

    def seen(level: float, amps: float) -> float | None:
        state = {
            "charging_state": "Charging", "battery_level": level, "charger_voltage": 230, "charger_actual_current": amps,
            "charger_phases": 2,
        }  # fmt: skip
        view = VehicleView(VehicleData({"charge_state": state}, NOW))
        return after_read(Learned(wall_kw=7.0), view, is_home=True).wall_kw

    assert seen(98, 4) == 7.0
    told = seen(60, 16)
    assert told is not None
    assert told > 7.1
