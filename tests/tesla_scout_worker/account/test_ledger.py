"""What was asked and what it costs, pure."""

from datetime import date, timedelta
import json
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.ledger import Ledger, is_billed
from custom_components.tesla_scout_worker.prices import Prices

DAY = date(2026, 11, 24)
ONE, TWO = "5YJ3E1EA1KF000001", "5YJ3E1EA1KF000002"
PRICES = Prices()
DATA = Errand(Category.DATA, Purpose.SCOUT, ONE)


def admitted(errand: Errand = DATA, day: date = DAY, prices: Prices = PRICES) -> Admission:
    """Return a request that was let out."""
    return Admission(errand, day, prices.of(errand.category))


def filled(prices: Prices = PRICES) -> Ledger:
    """Return a ledger with a bit of everything."""
    ledger = Ledger()
    for errand in (
        DATA,
        DATA,
        Errand(Category.DATA, Purpose.WORKER, TWO),
        Errand(Category.WAKES, Purpose.REQUESTED, TWO),
        Errand(Category.COMMANDS, Purpose.WORKER, ONE),
        Errand(Category.STATE, Purpose.SCOUT, ONE),
        Errand(Category.AUTH, Purpose.TOKEN),
    ):
        ledger.enter(admitted(errand, prices=prices))
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
    assert filled().requests("2026-11") == filled().requests("2026-11-24") == filled().requests() == expected
    assert filled().requests("2026-12") == dict.fromkeys(Category, 0)


def test_costs_are_told_by_purpose_and_category() -> None:
    """Who spent money and on what, and nothing for what is free."""
    nothing = dict.fromkeys(Purpose, 0.0)
    assert filled().purposes("2026-11") == nothing | {
        Purpose.SCOUT: 0.004,
        Purpose.WORKER: 0.003,
        Purpose.REQUESTED: 0.02,
    }
    assert filled().categories("2026-11-24") == {
        Category.DATA: 0.006,
        Category.COMMANDS: 0.001,
        Category.WAKES: 0.02,
        Category.STATE: 0,
        Category.AUTH: 0,
    }


def test_costs_are_tesla_s_prices() -> None:
    """Reads, commands and wakes, of one car or of all; Tesla's own example comes out."""
    assert filled().cost("2026-11") == pytest.approx(3 * 0.002 + 0.001 + 0.02)
    assert filled().cost("2026-11", ONE) == pytest.approx(2 * 0.002 + 0.001)
    assert filled().cost("2026-11", "nobody") == 0
    assert filled().cost() == filled().cost("2026-11-24") == filled().cost("2026-11")
    assert 384 * PRICES.data + 4 * PRICES.commands + 4 * PRICES.wakes == pytest.approx(0.852)


def test_what_was_spent_keeps_the_price_of_its_day() -> None:
    """A price that changes in the middle of a month changes neither this month's past nor that of others."""
    ledger = filled()
    ledger.enter(admitted(prices=Prices(data=0.5)))
    ledger = Ledger.from_dict(json.loads(json.dumps(ledger.as_dict())))
    ledger.enter(admitted(day=date(2026, 12, 1), prices=Prices(data=7)))
    assert ledger.cost("2026-11") == pytest.approx(0.027 + 0.5)
    assert ledger.cost("2026-12") == 7
    assert ledger.days() == {DAY: pytest.approx(0.527), date(2026, 12, 1): 7}


def test_state_requests_count_as_billed_where_they_have_a_price() -> None:
    """What Tesla bills counts even at a price of nothing; what it does not name, only where the owner gave it a price."""
    assert filled().billed("2026-11") == 5
    assert filled(Prices(state=0.002)).billed() == 6
    assert filled(Prices(0, 0, 0)).billed() == 5
    assert filled(Prices(0, 0, 0)).cost() == 0


def test_what_was_not_billed_is_taken_back() -> None:
    """From its day and its month, at its own price, and no further than to nothing."""
    ledger = filled()
    ledger.enter(admitted(prices=Prices(data=0.5)))
    ledger.take_back(admitted(prices=Prices(data=0.5)))
    assert ledger == filled()
    for _ in range(5):
        ledger.take_back(admitted())
    assert ledger.requests("2026-11")[Category.DATA] == ledger.requests("2026-11-24")[Category.DATA] == 1
    assert ledger.cost("2026-11", ONE) == pytest.approx(0.001)


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
        ledger.enter(admitted(day=DAY + timedelta(days)))
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
        ["data", "scout", ONE, 10**400],
        ["data", "scout", ONE, 2, "3"],
        ["data", "scout", ONE, 2, -0.002],
        ["data", "scout", ONE, 2, float("nan")],
        ["data", "scout", ONE, 2, float("inf")],
        ["data", "scout", ONE, 2, 10**400],
        ["data", "scout", ONE, 2, 0.004, 0.004],
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
    ledger.enter(admitted())
    assert set(ledger.as_dict()) == {"2026-11", "2026-11-24"}


def test_a_ledger_from_before_prices_could_be_changed_is_read() -> None:
    """Its rows have no cost: they cost what Tesla publishes."""
    ledger = Ledger.from_dict(
        {"2026-11": [["data", "scout", ONE, 500], ["wakes", "requested", TWO, 2], ["state", "scout", ONE, 9]]}
    )
    assert ledger.cost("2026-11") == pytest.approx(1.04)
    ledger.enter(admitted())
    assert ledger.cost("2026-11", ONE) == pytest.approx(1.002)


def test_another_ledger_is_added() -> None:
    """What a dialog asked before there was an entry belongs to its month, at the entry's prices or at its own."""
    ledger = filled()
    ledger.adopt(filled())
    assert ledger.requests("2026-11")[Category.DATA] == 6
    assert ledger.cost("2026-11") == pytest.approx(2 * 0.027)
    other = Ledger()
    other.enter(Admission(Errand(Category.STATE, Purpose.SETUP), date(2026, 12, 1)))
    ledger.adopt(other, Prices(state=0.002))
    assert ledger.requests("2026-12")[Category.STATE] == 1
    assert ledger.cost("2026-12") == 0.002
    assert ledger.requests("2026-11")[Category.DATA] == 6
