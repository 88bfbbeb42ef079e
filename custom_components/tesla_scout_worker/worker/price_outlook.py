"""What charging will cost, pure: the prices that are known, and a careful guess for the hours whose price is not.

The price of an unknown hour is taken to be that of the same hour of the day when it was last known. Where that is less
than the middle of the last day, it is a hope, and a quarter of what it would save is not believed. So a plan waits for the
night where nights are cheap, and an hour that is known and nearly as cheap is not passed over for it. An hour that was
never known costs as the middle.
Of a known and an unknown hour at the same price the known one is used. Where no price is known at all there is no guess.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from math import ceil, floor
from typing import Final

from .price_slots import Prices, PriceSlot

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
_DAY: Final = 86_400.0
_LOOK_BACK_DAYS: Final = 7
# Beyond the known prices a plan looks no further than this: until then it will be made anew (seconds).
_LOOK_AHEAD: Final = 4 * _DAY
# Power exchanges publish the next day's prices at about this time of day.
PUBLISHED_AT: Final = time(13)
# What is late is looked for again after this (seconds).
LATE_AGAIN: Final = 1_800.0
_DOUBT: Final = 0.25
# Prices that differ by less are the same.
_PLACES: Final = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A time with one price. start, end: minutes since 1970. price: for a kWh, None: nobody knows. is_guess: as above."""

    start: int
    end: int
    price: float | None
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a kWh costs over a time, in order and without a gap; it ends before a very far deadline."""

    spans: tuple[Span, ...]

    @property
    def has_unknown(self) -> bool:
        """Return whether a price is missing or guessed."""
        return any(span.is_guess or span.price is None for span in self.spans)

    @property
    def is_flat(self) -> bool:
        """Return whether time makes no difference: one price, or none at all."""
        return len({None if span.price is None else round(span.price, _PLACES) for span in self.spans}) <= 1


def outlook(prices: Prices, start: int, end: int) -> Outlook:
    """Return what a kWh costs between two times (minutes since 1970)."""
    if end <= start:
        return Outlook(())
    known = _on_whole_minutes(prices)
    last = max((slot.end for slot in known.slots), default=None)
    if last is None:
        return Outlook((Span(start, end, None, is_guess=True),))
    end = min(end, max(start, int(last / _MINUTE)) + int(_LOOK_AHEAD / _MINUTE))
    first, until = start * _MINUTE, end * _MINUTE
    told = [(slot.start, slot.end, slot.price, False) for slot in known.within(first, until).slots]
    guess = _Guess(known, last)
    guessed = [
        (begin, finish, guess.at(begin), True)
        for gap in known.gaps(first, until)
        for begin, finish in _by_hours(*gap)
    ]
    return Outlook(tuple(_joined(sorted(told + guessed))))


def next_prices_at(prices: Prices, now: float, until: float, zone: tzinfo) -> float:
    """Return when prices that are missing before `until` can be had (Unix seconds), later than now.

    They come at about 13:00 of the day before, by the clock of the zone; what should be there and is not, half an hour
    from now.
    """
    missing = prices.known_until(now)
    missing = min(until, missing)
    day = datetime.fromtimestamp(missing, zone).date() - timedelta(days=1)
    expected = datetime.combine(day, PUBLISHED_AT, zone).timestamp()
    return expected if expected > now else now + LATE_AGAIN


class _Guess:
    """Guesses prices from those of the days before."""

    def __init__(self, known: Prices, last: float) -> None:
        self._known = known
        self._middle = _middle(known.within(last - _DAY, last).slots)

    def at(self, start: float) -> float:
        """Return the guess for the hour (or the part of one) that begins at a time."""
        usual = self._usual(start)
        return round(usual + _DOUBT * max(0.0, self._middle - usual), _PLACES)

    def _usual(self, start: float) -> float:
        begin = start // _HOUR * _HOUR
        for days in range(1, _LOOK_BACK_DAYS + 1):
            same = self._known.within(begin - days * _DAY, begin + _HOUR - days * _DAY).slots
            if same:
                lasts = sum(slot.end - slot.start for slot in same)
                return sum(slot.price * (slot.end - slot.start) for slot in same) / lasts
        return self._middle


def _middle(slots: Iterable[PriceSlot]) -> float:
    """Return the price that half of the time costs no more than."""
    ordered = sorted(slots, key=lambda slot: slot.price)
    left = sum(slot.end - slot.start for slot in ordered) / 2
    for slot in ordered:
        left -= slot.end - slot.start
        if left <= 0:
            return slot.price
    return ordered[-1].price


def _on_whole_minutes(prices: Prices) -> Prices:
    """Return prices whose slots begin and end at a minute; a slot that has none is dropped."""
    slots = []
    for slot in prices.slots:
        start, end = round(slot.start / _MINUTE) * _MINUTE, round(slot.end / _MINUTE) * _MINUTE
        if end > start:
            slots.append(PriceSlot(start, end, slot.price))
    return Prices(tuple(slots), prices.currency)


def _by_hours(start: float, end: float) -> Iterator[tuple[float, float]]:
    while start < end:
        finish = min(end, start // _HOUR * _HOUR + _HOUR)
        yield start, finish
        start = finish


def _joined(rows: Iterable[tuple[float, float, float, bool]]) -> Iterator[Span]:
    """Yield spans in minutes; neighbours at one price, both known or both guessed, as one."""
    last: Span | None = None
    for begin, finish, price, is_guess in rows:
        start, end = ceil(begin / _MINUTE), floor(finish / _MINUTE)
        if last is not None and last.end == start and (last.price, last.is_guess) == (price, is_guess):
            last = Span(last.start, end, price, is_guess)
            continue
        if last is not None:
            yield last
        last = Span(start, end, price, is_guess)
    if last is not None:
        yield last
