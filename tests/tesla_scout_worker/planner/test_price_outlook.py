"""What hours may cost whose price nobody has told yet, and when somebody will."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
from planner_bench import BERLIN, CASES, HOUR, MIDNIGHT, day, midnight_of
import pytest

from custom_components.tesla_scout_worker.worker.price_outlook import next_prices_at, outlook
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot

START = round(MIDNIGHT / 60)


def guesses(prices: Prices, first: int, last: int) -> list[float]:
    """Return what is guessed between two hours after midnight."""
    spans = outlook(prices, START + first * 60, START + last * 60).spans
    return [
        span.price
        for span in spans
        if span.is_guess and span.price is not None
        for _ in range((span.end - span.start) // 60)
    ]


def test_an_hour_costs_what_it_last_cost() -> None:
    prices = day(*[float(hour) for hour in range(24)])
    assert guesses(prices, 24, 48)[11:] == [float(hour) for hour in range(11, 24)]
    twice = day(*[float(hour) for hour in range(24)], *[float(hour) + 50 for hour in range(12)])
    assert guesses(twice, 36, 60)[12:] == [50.0 + hour for hour in range(12)]


def test_a_quarter_of_a_hope_is_not_believed() -> None:
    """The middle of the day is 11: an hour that cost 3 would save 8."""
    prices = day(*[float(hour) for hour in range(24)])
    assert guesses(prices, 24, 35) == [pytest.approx(hour + (11 - hour) / 4) for hour in range(11)]


def test_an_hour_that_was_never_known_costs_as_the_middle() -> None:
    assert guesses(day(1, 2, 3, 4, start=MIDNIGHT + 10 * HOUR), 20, 22) == [2, 2]


def test_an_hour_of_quarters_is_their_mean() -> None:
    prices = day(*[8.0, 9.0, 10.0, 11.0] * 24, step=HOUR / 4)
    assert guesses(prices, 24, 25) == [9.5]


def test_a_gap_is_guessed_and_what_is_known_is_not() -> None:
    slots = day(*[float(hour) for hour in range(24)]).slots
    prices = Prices((*slots[:20], *slots[21:]))
    look = outlook(prices, START + 18 * 60, START + 23 * 60)
    assert [(span.price, span.is_guess) for span in look.spans] == [
        (18, False),
        (19, False),
        # The twentieth hour was never known: the middle of what was.
        (11, True),
        (21, False),
        (22, False),
    ]
    assert look.has_unknown


def test_without_prices_nothing_is_guessed() -> None:
    look = outlook(Prices(), START, START + 600)
    assert [(span.start, span.end, span.price) for span in look.spans] == [(START, START + 600, None)]
    assert look.is_flat
    assert look.has_unknown


def test_a_flat_tariff_stays_flat_where_it_is_guessed() -> None:
    assert outlook(day(*[0.1 + 0.2] * 24), START, START + 30 * 60).is_flat
    assert not outlook(day(*[0.3] * 23, 0.4), START, START + 30 * 60).is_flat


def test_no_time_is_no_outlook() -> None:
    assert outlook(day(1), START, START).spans == ()
    assert outlook(day(1), START, START - 5).spans == ()


def test_it_looks_no_further_than_it_could_know() -> None:
    look = outlook(day(*[1.0, 2.0] * 12), START, START + 30 * 24 * 60)
    assert look.spans[-1].end == START + 5 * 24 * 60


@settings(CASES, max_examples=150)
@given(
    st.lists(st.floats(-1, 2), min_size=1, max_size=30),
    st.sets(st.integers(0, 29)),
    st.integers(-300, 3_000),
    st.integers(1, 3_000),
    st.sampled_from([900.0, HOUR]),
)
def test_an_outlook_has_no_gap_and_no_overlap(
    told: list[float], missing: set[int], start: int, lasts: int, step: float
) -> None:
    slots = tuple(slot for i, slot in enumerate(day(*told, step=step).slots) if i not in missing)
    spans = outlook(Prices(slots), START + start, START + start + lasts).spans
    assert spans[0].start == START + start
    assert spans[-1].end == START + start + lasts
    assert all(before.end == after.start for before, after in pairwise(spans))
    known = Prices(slots)
    for span in spans:
        price = known.at(span.start * 60)
        assert span.is_guess is (price is None)
        if price is not None:
            assert span.price == price


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # The morning before: at one of today.
        (8.0, 13.0),
        (12.99, 13.0),
        # They should be there: in half an hour.
        (13.0, 13.5),
        (23.9, 24.4),
    ],
)
def test_tomorrow_is_known_at_one(now: float, expected: float) -> None:
    prices = day(*[0.3] * 24)
    due = next_prices_at(prices, MIDNIGHT + now * HOUR, MIDNIGHT + 40 * HOUR, BERLIN)
    assert due == pytest.approx(MIDNIGHT + expected * HOUR)


def test_the_day_after_tomorrow_is_known_at_one_tomorrow() -> None:
    prices = day(*[0.3] * 48)
    assert next_prices_at(prices, MIDNIGHT + 15 * HOUR, MIDNIGHT + 60 * HOUR, BERLIN) == MIDNIGHT + 37 * HOUR


@pytest.mark.parametrize("date", [(2026, 3, 29), (2026, 10, 25)])
def test_one_is_one_by_the_clock_of_the_day(date: tuple[int, int, int]) -> None:
    begins, ends = midnight_of(*date, BERLIN), midnight_of(*date, BERLIN, days=1)
    prices = Prices((PriceSlot(begins, ends, 0.3),))
    due = next_prices_at(prices, begins + 60, ends + 8 * HOUR, BERLIN)
    assert datetime.fromtimestamp(due, BERLIN).hour == 13


def test_a_zone_far_away_has_its_own_one() -> None:
    zone = ZoneInfo("Pacific/Auckland")
    begins = midnight_of(2026, 11, 25, zone)
    due = next_prices_at(day(*[0.3] * 24, start=begins), begins, begins + 30 * HOUR, zone)
    assert due == begins + 13 * HOUR
