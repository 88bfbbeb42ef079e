"""What was asked and what it costs, pure."""

from datetime import date, timedelta
import json
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.metering import Category, Errand, Purpose
from custom_components.tesla_scout_worker.ledger import PRICES, Ledger, is_billed, month_of

DAY = date(2026, 11, 24)
ONE, TWO = "5YJ3E1EA1KF000001", "5YJ3E1EA1KF000002"


def filled() -> Ledger:
    """Return a ledger with a bit of everything."""
    ledger = Ledger()
    ledger.count(DAY, Errand(Category.DATA, Purpose.SCOUT, ONE))
    ledger.count(DAY, Errand(Category.DATA, Purpose.SCOUT, ONE))
    ledger.count(DAY, Errand(Category.DATA, Purpose.WORKER, TWO))
    ledger.count(DAY, Errand(Category.WAKES, Purpose.REQUESTED, TWO))
    ledger.count(DAY, Errand(Category.COMMANDS, Purpose.WORKER, ONE))
    ledger.count(DAY, Errand(Category.STATE, Purpose.SCOUT, ONE))
    ledger.count(DAY, Errand(Category.AUTH, Purpose.TOKEN))
    return ledger


def test_requests_are_counted_by_category_day_and_month() -> None:
    """Each category is there, the empty ones too."""
    expected = {
        Category.DATA: 3,
        Category.COMMANDS: 1,
        Category.WAKES: 1,
        Category.STATE: 1,
        Category.AUTH: 1,
    }
    assert filled().requests("2026-11") == filled().requests("2026-11-24") == expected
    assert filled().requests("2026-12") == dict.fromkeys(Category, 0)


def test_purposes_are_those_of_what_costs() -> None:
    """Who spent money, and nobody for what is free."""
    purposes = filled().purposes("2026-11")
    assert purposes == {
        Purpose.SETUP: 0,
        Purpose.TOKEN: 0,
        Purpose.SCOUT: 2,
        Purpose.WORKER: 2,
        Purpose.REQUESTED: 1,
    }


def test_costs_are_tesla_s_prices() -> None:
    """Reads, commands and wakes, of one car or of all; Tesla's own example comes out."""
    assert filled().cost("2026-11") == pytest.approx(3 * 0.002 + 0.001 + 0.02)
    assert filled().cost("2026-11", ONE) == pytest.approx(2 * 0.002 + 0.001)
    assert filled().cost("2026-11", "nobody") == 0
    example = 384 * PRICES[Category.DATA] + 4 * PRICES[Category.COMMANDS] + 4 * PRICES[Category.WAKES]
    assert example == pytest.approx(0.852)


@pytest.mark.parametrize(
    ("status", "billed"),
    [
        (200, True),
        (307, True),
        (400, True),
        (403, True),
        (408, True),
        (429, True),
        (499, True),
        (500, False),
        (503, False),
        (540, False),
        (None, True),
    ],
)
def test_everything_below_500_is_billed(status: int | None, billed: bool) -> None:
    """A refusal costs as much as a success; a lost answer is counted as one."""
    assert is_billed(status) is billed


def test_days_go_and_months_stay() -> None:
    """Two months of days are kept, so that the file does not grow for ever."""
    ledger = Ledger()
    for days in range(400):
        ledger.count(DAY + timedelta(days), Errand(Category.DATA, Purpose.SCOUT, ONE))
    stored = ledger.as_dict()
    assert sum(len(period) == len("2026-11-24") for period in stored) == 63
    assert sum(len(period) == len("2026-11") for period in stored) == 14
    assert sum(ledger.requests(period)[Category.DATA] for period in stored if len(period) == 7) == 400


def test_what_is_stored_comes_back() -> None:
    """Through JSON and back."""
    stored = json.loads(json.dumps(filled().as_dict()))
    assert Ledger.from_dict(stored) == filled()


@pytest.mark.parametrize("stored", [None, [], "x", 7, {}])
def test_what_is_no_ledger_is_an_empty_one(stored: Any) -> None:
    """Counting begins anew."""
    assert Ledger.from_dict(stored) == Ledger()


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "x",
        ["data", "scout", ONE],
        ["data", "scout", ONE, "2"],
        ["data", "scout", ONE, -2],
        ["data", "scout", ONE, 0],
        ["data", "scout", None, 2],
        ["gold", "scout", ONE, 2],
        ["data", "thief", ONE, 2],
        ["data", "scout", ONE, 2, 3],
    ],
)
def test_a_damaged_row_is_dropped_and_the_rest_stays(row: Any) -> None:
    """One bad row does not cost the month, and nothing is counted below nought."""
    stored = {"2026-11": [["data", "worker", ONE, 5], row]}
    ledger = Ledger.from_dict(stored)
    assert ledger.requests("2026-11")[Category.DATA] == 5
    assert ledger.cost("2026-11") == pytest.approx(0.01)


@pytest.mark.parametrize("period", ["", "x", "2026", "2026-13", "2026-11-31", "November", "2026-11-24T00:00"])
def test_a_damaged_period_is_dropped(period: str) -> None:
    """What is no date would break the next clean-up."""
    ledger = Ledger.from_dict({period: [["data", "scout", ONE, 2]], "2026-11": 7})
    ledger.count(DAY, Errand(Category.DATA, Purpose.SCOUT, ONE))
    assert set(ledger.as_dict()) == {"2026-11", "2026-11-24"}


def test_another_ledger_is_added() -> None:
    """What a dialog asked before there was an entry belongs to its month."""
    ledger = filled()
    ledger.adopt(filled())
    assert ledger.requests("2026-11")[Category.DATA] == 6
    other = Ledger()
    other.count(date(2026, 12, 1), Errand(Category.STATE, Purpose.SETUP))
    ledger.adopt(other)
    assert ledger.requests("2026-12")[Category.STATE] == 1
    assert ledger.requests("2026-11")[Category.DATA] == 6


def test_months_are_calendar_months() -> None:
    """Tesla's cycles are."""
    assert month_of(date(2026, 1, 31)) == "2026-01"
    assert month_of(date(2026, 12, 1)) == "2026-12"
