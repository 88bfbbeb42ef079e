"""The cheapest minutes, against every possible choice of minutes."""

from itertools import accumulate, pairwise
from time import process_time

from hypothesis import given, settings, strategies as st
from planner_bench import CASES, every_plan, minutes_of, starts_of, worth
import pytest

from custom_components.tesla_scout_worker.worker.windows import Stretch, Task, Ties, cheapest, most

# Few prices, so that many plans cost the same; and any.
PRICES = st.one_of(st.sampled_from([-2, 0, 1, 2, 3]), st.integers(-300_000, 900_000))
STEADY_KW = 183


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Return stretches of one to four minutes, with gaps, over a dozen minutes at most."""
    found: list[Stretch] = []
    at = draw(st.integers(0, 2))
    while at < 10:
        length = draw(st.integers(1, 4))
        if not found or draw(st.integers(0, 6)):
            found.append(Stretch(at, at + length, draw(PRICES)))
        at += length
    return found


@st.composite
def tasks(draw: st.DrawFn, energy: st.SearchStrategy[list[int]]) -> Task:
    """Return a task with that energy for each minute."""
    is_running = draw(st.booleans())
    return Task(
        [0, *accumulate(draw(energy))],
        draw(st.integers(0 if is_running else 1, 5)),
        draw(st.sampled_from(Ties)),
        draw(st.sampled_from([0, 0, 50, 3_000])),
        is_running,
    )


STEADY = st.integers(1, 7).map(lambda minutes: [STEADY_KW] * minutes)
FALLING = st.lists(st.integers(20, 200), min_size=1, max_size=7).map(lambda rows: sorted(rows, reverse=True))


@settings(CASES, max_examples=1_000)
@given(stretches(), tasks(STEADY))
def test_no_choice_of_minutes_is_better_at_a_steady_power(found: list[Stretch], task: Task) -> None:
    windows = cheapest(found, task)
    minutes = minutes_of(windows)
    begun = starts_of(minutes) - (task.is_running and bool(minutes) and minutes[0] == found[0].start)
    assert len(minutes) == min(task.minutes, most(found, task))
    assert begun <= task.max_windows
    best = min(worth(found, task, chosen, starts) for chosen, starts in every_plan(found, task, len(minutes)))
    assert worth(found, task, minutes, begun) == best


@settings(CASES, max_examples=250)
@given(stretches(), tasks(STEADY))
def test_what_fits_is_charged(found: list[Stretch], task: Task) -> None:
    fits = most(found, task)
    assert any(True for _ in every_plan(found, task, fits))
    total = sum(stretch.end - stretch.start for stretch in found)
    assert fits == total or not any(True for _ in every_plan(found, task, fits + 1))


@settings(CASES, max_examples=250)
@given(stretches(), tasks(FALLING), st.sampled_from(Ties))
def test_no_block_is_better_where_the_power_falls(found: list[Stretch], task: Task, ties: Ties) -> None:
    task = Task(task.energy, 1, ties)
    windows = cheapest(found, task)
    minutes = minutes_of(windows)
    assert len(windows) == 1
    best = min(worth(found, task, chosen, starts) for chosen, starts in every_plan(found, task, len(minutes)))
    assert worth(found, task, minutes, 1) == best


@settings(CASES, max_examples=300)
@given(stretches(), tasks(FALLING))
def test_where_the_power_falls_no_plan_of_whole_stretches_but_one_is_better(
    found: list[Stretch], task: Task
) -> None:
    minutes = minutes_of(cheapest(found, task))
    begun = starts_of(minutes) - (task.is_running and bool(minutes) and minutes[0] == found[0].start)
    assert begun <= task.max_windows
    of_family = [
        worth(found, task, chosen, starts)
        for chosen, starts in every_plan(found, task, len(minutes))
        if sum(0 < used < s.end - s.start for s in found if (used := _used(s, chosen))) <= 1
    ]
    assert worth(found, task, minutes, begun) <= min(of_family)


@settings(CASES, max_examples=150)
@given(stretches(), tasks(STEADY))
def test_windows_are_in_order_and_apart(found: list[Stretch], task: Task) -> None:
    windows = cheapest(found, task)
    assert all(start < end for start, end in windows)
    assert all(before[1] < after[0] for before, after in pairwise(windows))


def test_nothing_to_charge_is_no_window() -> None:
    assert cheapest([Stretch(0, 60, 1)], Task([0], 3)) == []
    assert cheapest([], Task([0, 5], 3)) == []
    assert cheapest([Stretch(0, 60, 1)], Task([0, 5], 0)) == []


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        (Ties.EARLIER, [(0, 60), (120, 180)]),
        (Ties.LATER, [(180, 240), (300, 360)]),
        (Ties.FEWER_STARTS, [(120, 240)]),
    ],
)
def test_what_is_preferred_of_equals(ties: Ties, expected: list[tuple[int, int]]) -> None:
    """The earliest hours, the latest, and two in one go cost the same."""
    found = [Stretch(i * 60, i * 60 + 60, price) for i, price in enumerate((1, 9, 1, 1, 9, 1))]
    assert cheapest(found, Task([i * STEADY_KW for i in range(121)], 5, ties)) == expected


def test_a_start_must_pay_for_itself() -> None:
    found = [Stretch(0, 60, 10), Stretch(60, 120, 12), Stretch(120, 180, 10)]
    energy = list(range(121))
    assert cheapest(found, Task(energy, 5)) == [(0, 60), (120, 180)]
    assert cheapest(found, Task(energy, 5, start_cost=119)) == [(0, 60), (120, 180)]
    assert cheapest(found, Task(energy, 5, start_cost=121)) == [(0, 120)]


def test_four_days_of_quarters_are_searched() -> None:
    """The most that is ever asked: a socket, a large battery, few windows. Searched in a second, not in minutes."""
    found = [Stretch(i * 15, i * 15 + 15, (i * 7_919) % 400_000) for i in range(96 * 4)]
    begun = process_time()
    windows = cheapest(found, Task([i * 38_000 for i in range(1_801)], 4))
    assert sum(end - start for start, end in windows) == 1_800
    assert len(windows) == 4
    assert process_time() - begun < 20


def _used(stretch: Stretch, minutes: tuple[int, ...]) -> int:
    return sum(stretch.start <= minute < stretch.end for minute in minutes)
