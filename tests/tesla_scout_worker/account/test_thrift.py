"""How much longer automatic looks wait, pure: by table, and over whole months."""

from datetime import datetime, timedelta
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.book import Book
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.prices import Prices
from custom_components.tesla_scout_worker.thrift import thrift

BERLIN = ZoneInfo("Europe/Berlin")
READ = Errand(Category.DATA, Purpose.SCOUT, "5YJ3E1EA1KF000001")


@pytest.mark.parametrize(
    ("spent", "budget", "gone", "forecast", "expected"),
    [
        pytest.param(0, 10, 0, None, 1, id="nothing spent yet"),
        pytest.param(5, 10, 0.5, 9, 1, id="the forecast stays inside"),
        pytest.param(9, 10, 0.9, 9, 1, id="nearly all spent at the end, as foreseen"),
        pytest.param(1, 10, 0.02, 12, 1, id="a dense first day"),
        pytest.param(0.1, 1, 0.02, 3, 1, id="the same with a small budget"),
        pytest.param(4, 10, 0.5, 20, 1, id="behind the pace, whatever is foreseen"),
        pytest.param(0, 0, 0.5, 0, inf, id="no budget"),
        pytest.param(9.5, 10, 0.99, 9.6, inf, id="the scout's share is spent"),
        pytest.param(11, 10, 0.1, 90, inf, id="more than all"),
        pytest.param(8, 10, 0.2, 40, 4, id="far ahead of time"),
        pytest.param(9.4, 10, 0.1, None, 4, id="nothing to foresee by, far ahead"),
    ],
)
def test_by_table(spent: float, budget: float, gone: float, forecast: float | None, expected: float) -> None:
    """1 while it lasts, 4 where it is far from lasting, inf where nothing is left."""
    assert thrift(spent, budget, gone, forecast) == expected


def test_it_rises_smoothly() -> None:
    """With what is spent and with what is foreseen, never falling, without a jump, and back down as time passes."""
    for rising in (
        [thrift(cents / 100, 10, 0.3, 30) for cents in range(945)],
        [thrift(6, 10, 0.5, cents / 100) for cents in range(600, 2_000)],
        [thrift(6, 10, gone / 1_000, 30) for gone in range(1_000, 0, -1)],
    ):
        steps = [after - before for before, after in pairwise(rising)]
        assert rising[0] == 1
        assert rising[-1] > 2
        assert all(-1e-9 <= step < 0.1 for step in steps), max(steps)


def month(daily: float, budget: float) -> tuple[float, float, list[datetime]]:
    """Live through a month with a car that would cost so much a day; the longest wait, the cost, the half hours without."""
    now = datetime(2026, 11, 1, tzinfo=BERLIN)
    book = Book(lambda: now, budget, Prices())
    book._count_from(now.timestamp())
    longest, due, without = 1.0, 0.0, []
    while now.month == 11:
        factor = book.thrift
        if factor == inf:
            without.append(now)
        else:
            longest = max(longest, factor)
            due += daily / 48 / factor
        while due >= 0.002:
            due -= 0.002
            if book.affords(READ):
                book.ledger.enter(Admission(READ, book.calendar.today, 0.002))
        cost = book.cost_this_month
        now += timedelta(minutes=30)
    return longest, cost, without


@pytest.mark.parametrize(
    ("times", "longest", "is_stopped"),
    [
        (0.5, (1, 1), False),
        (0.85, (1, 1.1), False),
        (1.2, (1.5, 2.5), False),
        (1.8, (2.5, 4), False),
        (5, (4, 4), True),
    ],
)
@pytest.mark.parametrize("budget", [10.0, 0.5])
def test_a_month_lasts(budget: float, times: float, longest: tuple[float, float], is_stopped: bool) -> None:
    """A car that would cost up to nearly twice the budget is still looked at on the last evening; nothing is exceeded."""
    waited, cost, without = month(times * budget / 30, budget)
    assert longest[0] <= waited <= longest[1]
    assert cost <= 0.95 * budget + 1e-9
    assert bool(without) is is_stopped
    assert cost >= min(times, 0.9) * budget * 0.95, "what may be spent is spent"
