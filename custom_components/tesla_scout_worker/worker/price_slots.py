"""Prices over time, pure: what a kilowatt-hour costs from when to when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from typing import Self


class OverlappingPricesError(ValueError):
    """Two prices for the same time. at: where the second one begins (UTC timestamp, seconds)."""

    def __init__(self, at: float) -> None:
        """Initialize."""
        super().__init__(f"two prices at {at}")
        self.at = at


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """One price. start, end: UTC timestamps in seconds. price: for a kWh, in the currency's main unit, may be negative.

    Raises ValueError for a slot that does not last, or a price that is no number.
    """

    start: float
    end: float
    price: float

    def __post_init__(self) -> None:
        """Refuse what nobody could plan with."""
        if not (isfinite(self.start) and isfinite(self.end) and self.end > self.start):
            raise ValueError("a slot ends after its start")
        if not isfinite(self.price):
            raise ValueError("a price is a number")


@dataclass(frozen=True, slots=True)
class Prices:
    """What is known of prices. slots: in order, without overlap, maybe with gaps. currency: ISO 4217, None if nobody told.

    Raises OverlappingPricesError for slots that overlap or are not in order; `Prices.of` takes them in any order.
    """

    slots: tuple[PriceSlot, ...] = ()
    currency: str | None = None

    def __post_init__(self) -> None:
        """Check what everything else relies on."""
        for before, after in pairwise(self.slots):
            if after.start < before.end:
                raise OverlappingPricesError(after.start)

    @classmethod
    def of(cls, slots: Iterable[PriceSlot], currency: str | None = None) -> Self:
        """Put slots in order; the same one told twice counts once. Raises OverlappingPricesError."""
        ordered = sorted(set(slots), key=lambda slot: (slot.start, slot.end))
        return cls(tuple(ordered), currency)

    def at(self, moment: float) -> float | None:
        """Return the price at a time, None where it is not known."""
        return next((slot.price for slot in self.slots if slot.start <= moment < slot.end), None)

    def known_until(self, start: float) -> float:
        """Return until when prices are known without a gap, counted from a time; that time itself where none is."""
        until = start
        for slot in self.slots:
            if slot.start > until:
                break
            until = max(until, slot.end)
        return until

    def gaps(self, start: float, end: float) -> tuple[tuple[float, float], ...]:
        """Return the spans of a time for which no price is known."""
        found: list[tuple[float, float]] = []
        reached = start
        for slot in self.within(start, end).slots:
            if slot.start > reached:
                found.append((reached, slot.start))
            reached = slot.end
        if reached < end:
            found.append((reached, end))
        return tuple(found)

    def touching(self, start: float, end: float) -> Self:
        """Return the slots that have a part in a span, each of them whole."""
        return replace(self, slots=tuple(s for s in self.slots if s.end > start and s.start < end))

    def within(self, start: float, end: float) -> Self:
        """Return what is known of a span, the slots at its ends cut."""
        cut = (
            replace(s, start=max(s.start, start), end=min(s.end, end))
            for s in self.touching(start, end).slots
        )
        return replace(self, slots=tuple(cut))

    def joined(self) -> Self:
        """Return the same prices in as few slots as they need."""
        found: list[PriceSlot] = []
        for slot in self.slots:
            if found and found[-1].end == slot.start and found[-1].price == slot.price:
                found[-1] = replace(found[-1], end=slot.end)
            else:
                found.append(slot)
        return replace(self, slots=tuple(found))

    def completed_by(self, other: Self) -> Self:
        """Return these prices, and the other's where these know none. For sources that tell a day in two places."""
        missing = (
            slot
            for slot in other.slots
            if not any(own.start < slot.end and slot.start < own.end for own in self.slots)
        )
        return replace(self.of((*self.slots, *missing)), currency=self.currency or other.currency)

    def topped(self, factor: float = 1.0, addend: float = 0.0, fees: Self | None = None) -> Self:
        """Return what is paid in the end: price times factor, plus addend, plus the fee of the hour.

        factor: 1.23 for 23 % tax. addend: for a kWh, in the same currency, all taxes in it, as are the fees. Where fees
        are given but not known, neither is the sum.
        """
        topped = (replace(slot, price=slot.price * factor + addend) for slot in self.slots)
        if fees is None:
            return replace(self, slots=tuple(topped))
        return replace(
            self,
            slots=tuple(
                PriceSlot(part.start, part.end, slot.price + part.price)
                for slot in topped
                for part in fees.within(slot.start, slot.end).slots
            ),
        )
