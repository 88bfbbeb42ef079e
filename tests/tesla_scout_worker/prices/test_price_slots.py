"""Prices over time: order, gaps, overlaps, and what comes on top."""

from math import inf, nan

import pytest

from custom_components.tesla_scout_worker.worker.price_slots import OverlappingPricesError, Prices, PriceSlot


def prices(*slots: tuple[float, float, float], currency: str | None = "PLN") -> Prices:
    return Prices.of((PriceSlot(*slot) for slot in slots), currency)


def told(found: Prices) -> list[tuple[float, float, float]]:
    return [(slot.start, slot.end, round(slot.price, 9)) for slot in found.slots]


def test_slots_come_in_order_and_the_same_one_twice_counts_once() -> None:
    assert told(prices((2, 3, 5), (0, 1, 7), (2, 3, 5), (1, 2, -6))) == [(0, 1, 7), (1, 2, -6), (2, 3, 5)]


@pytest.mark.parametrize("second", [(0, 2, 8), (1, 2, 7), (0, 1, 7), (-1, 5, 1)])
def test_two_prices_for_one_time_are_refused(second: tuple[float, float, float]) -> None:
    with pytest.raises(OverlappingPricesError) as caught:
        prices((0, 2, 7), second)
    assert caught.value.at == max(0, second[0])
    with pytest.raises(OverlappingPricesError):
        Prices((PriceSlot(1, 2, 7), PriceSlot(0, 1, 7)))


@pytest.mark.parametrize("slot", [(1, 1, 0), (2, 1, 0), (0, inf, 0), (nan, 1, 0), (0, 1, nan), (0, 1, inf)])
def test_what_is_no_slot_is_refused(slot: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"a slot|a price"):
        PriceSlot(*slot)


def test_what_is_known_and_what_is_not() -> None:
    known = prices((0, 2, 1), (2, 3, 2), (5, 6, 3))
    assert [known.at(moment) for moment in (-1, 0, 1.9, 2, 3, 5, 6)] == [None, 1, 1, 2, None, 3, None]
    assert [known.known_until(start) for start in (0, 1, 2.5, 3, 4, 5.5, 9)] == [3, 3, 3, 3, 4, 6, 9]
    assert known.gaps(-1, 7) == ((-1, 0), (3, 5), (6, 7))
    assert known.gaps(0, 3) == ()
    assert known.gaps(3.5, 4.5) == ((3.5, 4.5),)
    assert told(known.touching(1, 5)) == [(0, 2, 1), (2, 3, 2)]
    assert told(known.within(1, 5.5)) == [(1, 2, 1), (2, 3, 2), (5, 5.5, 3)]


def test_neighbours_of_one_price_are_one_slot() -> None:
    assert told(prices((0, 1, 4), (1, 2, 4), (3, 4, 4), (4, 5, 6)).joined()) == [
        (0, 2, 4),
        (3, 4, 4),
        (4, 5, 6),
    ]


def test_a_second_source_fills_only_what_the_first_leaves_open() -> None:
    first, second = prices((0, 1, 1), (1, 2, 2)), prices((1, 2, 9), (2, 3, 3), currency="EUR")
    assert told(first.completed_by(second)) == [(0, 1, 1), (1, 2, 2), (2, 3, 3)]
    assert first.completed_by(second).currency == "PLN"
    assert Prices().completed_by(second).currency == "EUR"


def test_taxes_and_fees_come_on_top() -> None:
    """Also of a price below zero, and where a fee changes within a slot."""
    market = prices((0, 4, 0.5), (4, 8, -0.1))
    assert told(market.topped(1.23, 0.1)) == [(0, 4, 0.715), (4, 8, -0.023)]
    fees = prices((0, 2, 0.3), (2, 6, 0.1))
    # Where the fee is not known, neither is what is paid.
    assert told(market.topped(1.0, 0.0, fees)) == [(0, 2, 0.8), (2, 4, 0.6), (4, 6, 0.0)]
    assert market.topped() == market
