"""Whether a plan is another one, and what is kept of it."""

from dataclasses import replace
import json
from typing import Any

from planner_bench import HOUR, MIDNIGHT, day, wish
import pytest

from custom_components.tesla_scout_worker.worker.charge_plan import ChargePlan, ChargeWindow, Limit
from custom_components.tesla_scout_worker.worker.plan_words import (
    COST_UNKNOWN,
    ESTIMATED,
    KEYS,
    PLANS_AGAIN,
    POSSIBLE,
    remarks,
)
from custom_components.tesla_scout_worker.worker.planner import plan
from custom_components.tesla_scout_worker.worker.price_slots import Prices


def of(*windows: tuple[float, float], **more: Any) -> ChargePlan:
    """Return a plan with these windows, in hours after midnight."""
    made = ChargePlan(
        tuple(
            ChargeWindow(MIDNIGHT + begin * HOUR, MIDNIGHT + end * HOUR, 10.0 * (end - begin), end - begin)
            for begin, end in windows
        ),
        10.0,
        1.0,
        "EUR",
        Limit.NOTHING,
        80.0,
        MIDNIGHT + 5 * HOUR,
    )
    return replace(made, **more)


IN_FORCE = of((1, 3), (5, 6))


@pytest.mark.parametrize(
    ("newer", "is_same"),
    [
        (of((1, 3), (5, 6)), True),
        # The estimate wavers by some minutes.
        (of((1, 3), (5, 6.05)), True),
        (of((1, 2.9), (5, 5.95)), True),
        (of((1.02, 3.02), (5.02, 6.02)), True),
        # It has to charge longer, much shorter, or at another time.
        (of((1, 3), (5, 6.2)), False),
        (of((1, 3)), False),
        (of((1, 3), (5, 5.6)), False),
        (of((2, 4), (5, 6)), False),
        (of(), False),
        (of((1, 3), (5, 6), (8, 9)), False),
    ],
)
def test_a_plan_is_replaced_only_when_it_really_changes(newer: ChargePlan, *, is_same: bool) -> None:
    assert newer.is_same_as(IN_FORCE, MIDNIGHT) is is_same


def test_what_is_over_does_not_count() -> None:
    """At half past five: the first window is over in one plan and never was in the other; the second runs in both."""
    now = MIDNIGHT + 5.5 * HOUR
    assert of((5.5, 6)).is_same_as(IN_FORCE, now)
    assert of((0, 1), (4, 6)).is_same_as(IN_FORCE, now)
    assert not of((5.5, 7)).is_same_as(IN_FORCE, now)


def test_what_it_costs_does_not_count() -> None:
    assert of((1, 3), (5, 6), cost=99.0, limited_by=Limit.CAR_LIMIT).is_same_as(IN_FORCE, MIDNIGHT)


def test_the_first_plan_is_no_other_ones() -> None:
    assert not IN_FORCE.is_same_as(None, MIDNIGHT)


def test_a_plan_made_again_each_quarter_is_the_same() -> None:
    """A car that follows its plan gets no new one, though its level is a little other than reckoned."""
    prices = day(*[0.1, 0.3] * 4)
    first = plan(wish(40, 80, hours=8), prices, MIDNIGHT)
    level = 40.0
    for quarter in range(1, 8 * 4):
        now = MIDNIGHT + quarter * HOUR / 4
        charged = first.running_until(now - 1) is not None
        level += 2.5 * 0.98 if charged else 0.0
        again = plan(wish(min(level, 80), 80, hours=8, keep_until=first.running_until(now)), prices, now)
        assert again.is_same_as(first, now), quarter
        first = again if not again.is_same_as(first, now) else first


def test_which_window_runs() -> None:
    assert IN_FORCE.running_until(MIDNIGHT) is None
    assert IN_FORCE.running_until(MIDNIGHT + HOUR) == MIDNIGHT + 3 * HOUR
    assert IN_FORCE.running_until(MIDNIGHT + 3 * HOUR) is None


def test_a_plan_is_kept_over_a_restart() -> None:
    for made in (
        plan(wish(40, 90, hours=31, min_level=50), day(*[0.1, 0.3] * 12), MIDNIGHT),
        plan(wish(40, 90), Prices(), MIDNIGHT),
        plan(wish(90, 80), Prices(), MIDNIGHT),
        IN_FORCE,
    ):
        assert ChargePlan.from_dict(json.loads(json.dumps(made.as_dict()))) == made


WINDOW = {"start": 60.0, "end": 120.0, "energy_kwh": 1.0, "cost": None}
STORED = {"windows": [WINDOW], "energy_kwh": 1.0, "reaches_level": 80.0, "limited_by": "nothing"}


def test_what_is_enough_of_a_plan() -> None:
    found = ChargePlan.from_dict(STORED)
    assert found is not None
    assert found.windows == (ChargeWindow(60.0, 120.0, 1.0, None),)
    assert (found.cost, found.currency, found.replan_at) == (None, None, None)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "plan",
        {},
        {**STORED, "windows": None},
        {**STORED, "windows": "ab"},
        {**STORED, "windows": [None]},
        {**STORED, "windows": [{**WINDOW, "start": "60"}]},
        {**STORED, "windows": [{**WINDOW, "end": 60.0}]},
        {**STORED, "windows": [{**WINDOW, "energy_kwh": float("nan")}]},
        {**STORED, "energy_kwh": True},
        {**STORED, "reaches_level": None},
        {**STORED, "limited_by": "moon"},
        {**STORED, "limited_by": ["nothing"]},
    ],
)
def test_what_is_no_plan_is_none(stored: Any) -> None:
    assert ChargePlan.from_dict(stored) is None


# --- words ----------------------------------------------------------------------------------------


def test_all_is_well() -> None:
    told = remarks(plan(wish(50, 80), day(*[0.1, 0.3] * 12), MIDNIGHT))
    assert [remark.key for remark in told] == ["nothing"]
    assert told[0].figures == {"level": 80}


def test_what_is_possible_is_told() -> None:
    told = remarks(plan(wish(50, 80, hours=2), day(*[0.1, 0.3] * 12), MIDNIGHT))
    assert [remark.key for remark in told] == ["deadline", POSSIBLE]
    assert told[1].figures == {"level": pytest.approx(70)}
    assert told[1].times == {"at": MIDNIGHT + 3 * HOUR}


def test_what_is_guessed_is_told() -> None:
    told = remarks(plan(wish(50, 80, hours=31), day(*[0.1] * 6, *[0.3] * 18), MIDNIGHT + 10 * HOUR))
    assert [remark.key for remark in told] == ["nothing", ESTIMATED, PLANS_AGAIN]
    assert told[2].times == {"at": MIDNIGHT + 13 * HOUR}
    told = remarks(plan(wish(50, 80), Prices(), MIDNIGHT))
    assert [remark.key for remark in told] == ["nothing", COST_UNKNOWN, PLANS_AGAIN]


def test_each_key_is_known_and_one() -> None:
    assert len(set(KEYS)) == len(KEYS)
    assert set(Limit) < set(KEYS)
