"""Random nights, and the true least cost of a charge, counted minute by minute."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot

MINUTE: Final = 60.0
BERLIN: Final = ZoneInfo("Europe/Berlin")
# Wednesday 25 November 2026, seven in the evening in Berlin.
EVENING: Final = 1_795_629_600.0
# 60 kW from the wall into 100 kWh, nothing lost: a per cent and a kWh a minute.
STEADY: Final = ChargeCurve(100.0, 60.0, conversion=1.0, overhead_kw=0.0, taper_share=0.0)


def dice(seed: str) -> Random:
    """Return what is thrown, the same in each run."""
    return Random(seed)


def night(random: Random, lengths: Sequence[int], minutes: int, gaps: float = 0.0) -> Prices:
    """Return prices from the evening on. lengths: of slots in minutes, mixed. gaps: share of slots that are missing."""
    slots: list[PriceSlot] = []
    at = 0
    while at < minutes:
        length = min(random.choice(lengths), minutes - at)
        # Few prices, so that many plans cost the same; and any, below nothing as well.
        price = random.choice([0.1, 0.2, 0.3, round(random.uniform(-0.2, 0.9), 4)])
        if random.random() >= gaps:
            slots.append(PriceSlot(EVENING + at * MINUTE, EVENING + (at + length) * MINUTE, price))
        at += length
    return Prices(tuple(slots), "EUR")


def by_minute(prices: Prices, minutes: int, ceiling: float | None = None) -> list[float | None]:
    """Return what a kWh costs in each minute, None where the car may not charge."""
    told = [prices.at(EVENING + minute * MINUTE) for minute in range(minutes)]
    return [None if price is None or (ceiling is not None and price > ceiling) else price for price in told]


def least(price: Sequence[float | None], drawn: Sequence[float], windows: int) -> float | None:
    """Return what the cheapest of all choices of minutes costs, None where there are not so many.

    drawn: kWh in each minute of charging, one after another. windows: how many there may be at most.
    """
    waiting: dict[tuple[int, int], float] = {(0, 0): 0.0}
    charging: dict[tuple[int, int], float] = {}
    for cost in price:
        before = dict(waiting)
        for state, paid in charging.items():
            before[state] = min(paid, before.get(state, paid))
        after: dict[tuple[int, int], float] = {}
        if cost is not None:
            begun = {(done, count + 1): paid for (done, count), paid in waiting.items() if count < windows}
            for ways in (begun, charging):
                for (done, count), paid in ways.items():
                    if done < len(drawn):
                        state, now = (done + 1, count), paid + cost * drawn[done]
                        after[state] = min(now, after.get(state, now))
        waiting, charging = before, after
    ended = [paid for ways in (waiting, charging) for (done, _), paid in ways.items() if done == len(drawn)]
    return min(ended, default=None)


def drawn_by(curve: ChargeCurve, level: float, minutes: int) -> list[float]:
    """Return the kWh from the wall in each minute of charging."""
    levels = [curve.level_after(level, minute / 60) for minute in range(minutes + 1)]
    return [curve.wall_kwh(before, after) for before, after in pairwise(levels)]
