"""What reading every ten minutes would have cost, pure."""

import json
import math
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fixed_poll import FixedPoll

ONE, TWO = "5YJ3E1EA1KF000001", "5YJ3E1EA1KF000002"
MONTH = "2026-11"
DAY = 86_400.0


def noted(*seconds: float, vin: str = ONE, price: float = 0.002, most: float = DAY) -> FixedPoll:
    """Return what a car that was online for so long each time would have cost."""
    poll = FixedPoll()
    for one in seconds:
        poll.note(MONTH, vin, one, price, most)
    return poll


def test_every_ten_minutes_online_are_a_read() -> None:
    """Parts of it count as parts; cars and months are apart; a price counts for its own time."""
    poll = noted(300, 300, 600)
    poll.note(MONTH, TWO, 1_200, 0.002, DAY)
    poll.note("2026-12", ONE, 600, 0.002, DAY)
    assert poll.seconds(MONTH) == 2_400
    assert poll.cost(MONTH) == pytest.approx(4 * 0.002)
    poll.note(MONTH, ONE, 600, 1.0, DAY)
    assert poll.cost(MONTH) == pytest.approx(4 * 0.002 + 1.0)
    assert poll.cost("2026-10") == poll.seconds("2026-10") == 0


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [
        (0, 0),
        (-5, 0),
        (math.nan, 0),
        (-math.inf, 0),
        (3_600, 3_600),
        (7_200, 3_600),
        (1e9, 3_600),
        (math.inf, 3_600),
    ],
)
def test_what_a_clock_can_make_of_it_is_bounded(seconds: float, counted: float) -> None:
    """Steps of a clock, and hours in which nobody looked."""
    assert noted(seconds).seconds(MONTH) == counted


def test_no_car_was_online_for_longer_than_the_month_has_lasted() -> None:
    """However often the clock steps."""
    assert noted(*[3_600.0] * 50, most=7_200.0).seconds(MONTH) == 7_200
    assert noted(300, most=-5.0).seconds(MONTH) == 0


def test_what_is_stored_comes_back() -> None:
    """Through JSON and back."""
    poll = noted(300.5)
    assert FixedPoll.from_dict(json.loads(json.dumps(poll.as_dict()))) == poll


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        {MONTH: None},
        {MONTH: [1]},
        *(
            {MONTH: {ONE: odd}}
            for odd in (
                None,
                3,
                [],
                [1],
                [1, 2, 3],
                ["1", 2],
                [-1, 2],
                [1, math.nan],
                [math.inf, 1],
                [10**400, 1],
            )
        ),
    ],
)
def test_what_is_damaged_is_dropped(stored: Any) -> None:
    """And the rest stays."""
    assert FixedPoll.from_dict(stored) == FixedPoll()
    if isinstance(stored, dict):
        assert FixedPoll.from_dict({**stored, "2026-10": {ONE: [600, 0.002]}}).cost("2026-10") == 0.002
