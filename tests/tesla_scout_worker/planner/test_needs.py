"""A need for once: what becomes of it, and of the car's limit."""

from dataclasses import replace
import json
from typing import Any

from planner_bench import HOUR, MIDNIGHT
import pytest

from custom_components.tesla_scout_worker.worker.needs import CarNow, InvalidNeedError, Need, Outcome

BY = MIDNIGHT + 6 * HOUR
NEED = Need(100, BY)
CAR = CarNow(level=60.0, limit=80)


def taken(need: Need, car: CarNow, at: float | None = None) -> Need:
    """Return the need after its limit was stored, sent and taken."""
    return need.before_setting(car).after_setting(at)


def test_it_raises_the_limit_and_puts_it_back_when_done() -> None:
    assert NEED.outcome(CAR, MIDNIGHT) is Outcome.PENDING
    assert NEED.limit_to_set(CAR, MIDNIGHT) == 100
    need = taken(NEED, CAR)
    raised = replace(CAR, limit=100)
    assert need.limit_to_set(raised, MIDNIGHT) is None
    full = replace(raised, level=100.0)
    assert need.outcome(full, MIDNIGHT) is Outcome.DONE
    assert need.limit_to_set(full, MIDNIGHT) == 80
    assert need.limit_to_set(replace(full, limit=80), MIDNIGHT) is None


def test_it_ends_by_itself_when_it_was_missed() -> None:
    need, raised = taken(NEED, CAR), replace(CAR, limit=100)
    assert need.outcome(raised, BY - 1) is Outcome.PENDING
    assert need.outcome(raised, BY) is Outcome.MISSED
    assert need.limit_to_set(raised, BY) == 80


def test_a_car_that_says_it_is_full_is_full() -> None:
    full = CarNow(level=99.0, limit=100, is_complete=True)
    assert NEED.outcome(full, MIDNIGHT) is Outcome.DONE
    assert NEED.outcome(replace(full, level=90.0), MIDNIGHT) is Outcome.PENDING
    # Complete at its old limit is not what was needed.
    assert NEED.outcome(CarNow(level=80.0, limit=80, is_complete=True), MIDNIGHT) is Outcome.PENDING


def test_a_person_has_the_last_word() -> None:
    need = taken(NEED, CAR)
    lowered = replace(CAR, limit=70)
    assert need.outcome(lowered, MIDNIGHT) is Outcome.OVERRULED
    assert need.limit_to_set(lowered, MIDNIGHT) is None
    done = CarNow(level=100.0, limit=90)
    assert need.limit_to_set(done, MIDNIGHT) is None


def test_a_read_from_before_says_nothing_of_the_limit() -> None:
    """The command was taken a moment ago, the last read is older and shows the old limit: nobody has overruled it."""
    need = taken(NEED, CAR, MIDNIGHT)
    older, newer = replace(CAR, read_at=MIDNIGHT - 60), replace(CAR, read_at=MIDNIGHT + 60)
    assert need.outcome(older, MIDNIGHT) is Outcome.PENDING
    assert need.limit_to_set(older, MIDNIGHT) is None
    assert need.outcome(newer, MIDNIGHT) is Outcome.OVERRULED


def test_a_limit_that_is_high_enough_is_left_alone() -> None:
    car = CarNow(level=60.0, limit=90)
    need = Need(90, BY)
    assert need.limit_to_set(car, MIDNIGHT) is None
    assert need.before_setting(car) == need
    assert need.limit_to_set(replace(car, level=90.0), MIDNIGHT) is None


def test_an_unknown_car_is_waited_for() -> None:
    assert NEED.outcome(CarNow(), MIDNIGHT) is Outcome.PENDING
    assert NEED.limit_to_set(CarNow(), MIDNIGHT) is None
    assert NEED.before_setting(CarNow()) == NEED
    assert taken(NEED, CAR).outcome(CarNow(), BY) is Outcome.MISSED


def test_a_crash_after_the_command_forgets_nothing() -> None:
    """It was stored that 80 was the limit, the car took 100, and nobody was left to store that."""
    need = NEED.before_setting(CAR)
    raised = replace(CAR, limit=100)
    assert need.limit_to_set(raised, MIDNIGHT) is None
    assert need.limit_to_set(raised, BY) == 80


@pytest.mark.parametrize(("first", "second"), [(90, 100), (100, 90)])
def test_a_second_need_puts_back_what_was_before_the_first(first: int, second: int) -> None:
    one = taken(Need(first, BY), CAR)
    car = replace(CAR, limit=first)
    two = one.replaced_by(Need(second, BY + HOUR))
    assert (two.target, two.by) == (second, BY + HOUR)
    assert two.outcome(car, MIDNIGHT) is Outcome.PENDING
    limit = two.limit_to_set(car, MIDNIGHT)
    if second > first:
        assert limit == second
        # A crash between the two steps forgets nothing either.
        assert two.before_setting(car).limit_to_set(replace(CAR, limit=second), BY + HOUR) == 80
        two, car = taken(two, car), replace(car, limit=second)
    else:
        assert limit is None
    assert two.limit_to_set(car, BY + HOUR) == 80


def test_it_is_kept_over_a_restart() -> None:
    for need in (NEED, taken(NEED, CAR), taken(NEED, CAR, MIDNIGHT)):
        assert Need.from_dict(json.loads(json.dumps(need.as_dict()))) == need


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        {"target": 100},
        {"target": 200, "by": 5},
        {"target": True, "by": 5},
        {"target": 99.5, "by": 5},
        {"target": 100, "by": "5"},
        {"target": 100, "by": float("nan")},
    ],
)
def test_what_is_no_need_is_none(stored: Any) -> None:
    assert Need.from_dict(stored) is None


def test_what_makes_no_sense_of_a_limit_is_not_put_back() -> None:
    need = Need.from_dict({"target": 100, "by": BY, "limit_before": 7, "limit_set": "x", "set_at": True})
    assert need == NEED


@pytest.mark.parametrize(
    ("target", "by", "key"), [(49, BY, "target"), (101, BY, "target"), (80, float("inf"), "by")]
)
def test_what_no_car_can_do_is_named(target: int, by: float, key: str) -> None:
    with pytest.raises(InvalidNeedError) as caught:
        Need(target, by)
    assert caught.value.key == key
