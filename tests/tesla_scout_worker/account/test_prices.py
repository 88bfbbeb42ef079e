"""What a request costs, and what becomes of nonsense: pure."""

import math
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.metering import Category
from custom_components.tesla_scout_worker.prices import NAMES, Prices

PUBLISHED = Prices()
NONSENSE: list[Any] = [
    None,
    "",
    "0.1",
    "x",
    [],
    {},
    True,
    -0.001,
    -1,
    math.nan,
    math.inf,
    -math.inf,
    1e9,
    10**400,
]


def test_defaults_are_what_tesla_publishes() -> None:
    """500 reads, 1,000 commands or 50 wakes for a dollar, and ten dollars a month free; the rest has no price."""
    assert [PUBLISHED.of(category) for category in Category] == [0.002, 0.001, 0.02, 0.0, 0.0]
    assert PUBLISHED.credit == 10
    assert [category for category in Category if PUBLISHED.is_limited(category)] == [
        "data",
        "commands",
        "wakes",
    ]


def test_what_the_owner_typed_counts() -> None:
    """Each figure by itself; nothing is a price, too."""
    typed = {"data": 0.003, "wakes": 0, "state": 0.002, "credit": 8}
    prices = Prices.from_options(typed)
    assert [prices.of(category) for category in Category] == [0.003, 0.001, 0, 0.002, 0]
    assert prices.credit == 8
    assert prices.is_limited(Category.STATE)
    assert prices.is_limited(Category.WAKES), "what Tesla bills stays limited at a price of nothing"
    assert prices.changes() == typed
    assert PUBLISHED.changes() == {}


@pytest.mark.parametrize("odd", NONSENSE, ids=lambda odd: str(odd)[:9])
@pytest.mark.parametrize("name", NAMES)
def test_nonsense_is_tesla_s_price(name: str, odd: Any) -> None:
    """One figure that makes no sense does not cost the others, and no entry fails to load."""
    other = "data" if name != "data" else "wakes"
    prices = Prices.from_options({name: odd, other: 0.5, "gold": 3})
    assert getattr(prices, name) == getattr(PUBLISHED, name)
    assert getattr(prices, other) == 0.5


@pytest.mark.parametrize("stored", [*NONSENSE, "prices", ["data"]], ids=lambda odd: str(odd)[:9])
def test_what_are_no_prices_are_tesla_s(stored: Any) -> None:
    """A damaged entry."""
    assert Prices.from_options(stored) == PUBLISHED
