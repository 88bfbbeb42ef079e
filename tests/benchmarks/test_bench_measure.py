"""What counts as noticed, and what a bill adds up to."""

from typing import Any

import pytest

from benchmarks.life import midnight
from benchmarks.limits import LIMITS, broken
from benchmarks.measure import Span, figures, match, percentile
from benchmarks.overall import over_seeds, together
from fleet_simulator import BillEntry

SPAN = Span(1_000.0, 10_000.0)
ARRIVALS, DEPARTURES = [2_000.0, 4_000.0, 6_000.0], [1_500.0, 3_000.0, 5_000.0, 7_000.0]


def test_each_arrival_has_its_own_telling() -> None:
    found = match(ARRIVALS, DEPARTURES, [2_012.0, 4_300.0, 6_000.5], SPAN)
    assert found.arrivals == ((2_000.0, 12.0), (4_000.0, 300.0), (6_000.0, 0.5))
    assert found.late == [0.5, 12.0, 300.0]
    assert (found.double, found.false) == (0, 0)


def test_what_is_told_after_the_car_left_again_is_missed_and_false() -> None:
    found = match(ARRIVALS, DEPARTURES, [2_012.0, 5_000.5, 6_001.0], SPAN)
    assert found.arrivals[1] == (4_000.0, None)
    assert (found.double, found.false) == (0, 1)


def test_second_telling_is_double_and_one_without_a_crossing_is_false() -> None:
    found = match(ARRIVALS, DEPARTURES, [1_200.0, 2_010.0, 2_500.0, 4_001.0, 6_001.0], SPAN)
    assert found.late == [1.0, 1.0, 10.0]
    assert (found.double, found.false) == (1, 1)


def test_a_minute_early_is_not_late_and_more_is_false() -> None:
    assert match([2_000.0], [], [1_941.0], SPAN).arrivals == ((2_000.0, 0.0),)
    early = match([2_000.0], [], [1_939.0], SPAN)
    assert early.arrivals == ((2_000.0, None),)
    assert early.false == 1


def test_only_the_span_counts_but_its_last_arrival_may_be_told_after_it() -> None:
    found = match([500.0, 9_990.0, 11_000.0], [400.0, 9_000.0, 10_500.0], [510.0, 10_020.0, 11_010.0], SPAN)
    assert found.arrivals == ((9_990.0, 30.0),)
    assert (found.double, found.false) == (0, 0)


def test_percentile_is_a_value_that_was_there() -> None:
    values = [float(value) for value in range(1, 21)]
    assert percentile(values, 50) == 10
    assert percentile(values, 95) == 19
    assert percentile(values, 100) == 20
    assert percentile([7.0], 95) == 7
    assert percentile([], 95) is None


def entry(at: float, category: str, *, billed: bool) -> BillEntry:
    """Return a line of the bill."""
    return BillEntry(at, category, "VIN", "GET", "/", 200, billed=billed, account="A")  # type: ignore[arg-type]  # any text


def test_figures_are_a_day_of_24_hours_and_a_month_of_30_days() -> None:
    span = Span(midnight(0), midnight(2))
    night, day, before = midnight(0) + 3_600, midnight(1) + 12 * 3_600, midnight(0) - 1
    bill = [
        *(entry(day, "data", billed=True) for _ in range(6)),
        entry(day, "data", billed=False),
        entry(before, "data", billed=True),
        *(entry(night, "state", billed=False) for _ in range(3)),
        entry(midnight(1) - 3_600, "state", billed=False),
        entry(day, "state", billed=False),
        entry(day, "wakes", billed=True),
    ]
    result = figures(match([day], [], [day + 5], span), bill, span)
    assert result.reads_a_day == 3
    assert (result.state_calls_a_day, result.state_calls_a_night) == (2.5, 2)
    assert result.wakes_a_day == 0.5
    assert result.dollars_a_month == pytest.approx((6 * 0.002 + 0.02) * 15)
    assert (result.driven, result.seen, result.missed, result.late_p95) == (1, 1, 0, 5)


def run_of(
    world: str, contender: str = "balanced", late: float | None = 10.0, **changes: Any
) -> dict[str, Any]:
    """Return the result of a run as it is written."""
    seen = late is not None
    measured = {
        "reads_a_day": 1.0,
        "state_calls_a_day": 100.0,
        "state_calls_a_night": 20.0,
        "wakes_a_day": 0.0,
        "dollars_a_month": 0.6,
        "driven": 1,
        "seen": int(seen),
        "missed": int(not seen),
        "double": 0,
        "false": 0,
        "late_p50": late,
        "late_p95": late,
        "late_max": late,
        **changes,
    }
    return {
        "world": world,
        "contender": contender,
        "label": contender,
        "arrivals": [["Mon", late]],
        "measured": measured,
        "learning": None,
        "learning_arrivals": [],
        "reads_a_day_by_place": {"at home": measured["reads_a_day"]},
        "seconds": 1.0,
    }


def test_all_lives_together_are_means_of_costs_and_all_arrivals() -> None:
    runs = [run_of("a", late=10.0), run_of("a", "core"), run_of("b", late=None, reads_a_day=39.0)]
    (ours,) = together(runs)
    assert ours["contender"] == "balanced", "the other was not in both worlds"
    assert ours["measured"]["reads_a_day"] == 20
    assert (ours["measured"]["driven"], ours["measured"]["missed"], ours["measured"]["late_p95"]) == (
        2,
        1,
        10,
    )
    assert together([run_of("a")]) == []


def test_seeds_of_a_life_become_one_result() -> None:
    runs = [run_of("a", late=10.0), run_of("a", "core"), run_of("a", late=90.0, reads_a_day=29.0)]
    ours, core = over_seeds(runs)
    assert (ours["contender"], core["contender"]) == ("balanced", "core")
    assert ours["measured"]["reads_a_day"] == ours["reads_a_day_by_place"]["at home"] == 15
    assert (ours["measured"]["late_p50"], ours["measured"]["late_max"]) == (10, 90)
    assert [late for _, late in ours["arrivals"]] == [10.0, 90.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reads_a_day": 1e3}, "reads_a_day"),
        ({"late_p95": 1e5}, "late_p95"),
        ({"state_calls_a_day": 1e4}, "state_calls_a_day"),
        ({"missed": 1}, "missed"),
        ({"double": 1}, "double"),
        ({"false": 1}, "false"),
        ({"seen": 0}, "late_p95"),
    ],
)
def test_guard_tells_what_is_worse_than_it_may_be(changes: dict[str, Any], said: str) -> None:
    world, contender = next(iter(LIMITS))
    assert broken([run_of(world, contender)]) == []
    line = broken([run_of(world, contender, **changes)])[0]
    assert said in line
    assert broken([run_of(world, "core", **changes), run_of("another", contender, **changes)]) == []


def test_guard_looks_at_the_weeks_before_as_well() -> None:
    world, contender = next(iter(LIMITS))
    run = run_of(world, contender)
    busy = {**run, "learning": {**run["measured"], "state_calls_a_day": 17_280.0}}
    (line,) = broken([busy])
    assert "learning is 17280" in line
