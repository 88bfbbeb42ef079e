"""What a contender spent and how late it was. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from typing import Any, Final

from fleet_simulator import BillEntry
from fleet_simulator.bill import PRICES_USD

from .life import ZONE

_DAY: Final = 86_400.0
_MONTH_DAYS: Final = 30.0
EARLY: Final = 60.0
"""An arrival may be told so many seconds before the car crosses the edge: a garage door sees it come."""

_NIGHT: Final = (23, 6)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when is measured, epoch seconds."""

    begin: float
    end: float

    @property
    def days(self) -> float:
        """How long that is."""
        return (self.end - self.begin) / _DAY

    def holds(self, at: float) -> bool:
        """Return whether a time is in it."""
        return self.begin <= at < self.end


@dataclass(frozen=True, slots=True)
class Matched:
    """Arrivals and what was told of them. arrivals: when (epoch seconds), and seconds late; None for a missed one."""

    arrivals: tuple[tuple[float, float | None], ...]
    double: int
    false: int

    @property
    def late(self) -> list[float]:
        """Return how late the seen ones were, in rising order."""
        return sorted(late for _, late in self.arrivals if late is not None)


def match(
    arrivals: Sequence[float], departures: Sequence[float], told: Sequence[float], span: Span
) -> Matched:
    """Find for each arrival in the span when it was told. All are epoch seconds.

    What is told from EARLY before the crossing until the car leaves again belongs to an arrival; a second time is
    double. What belongs to none is false, and an arrival that nothing belongs to is missed.
    """
    found: list[tuple[float, float | None]] = []
    double = 0
    left = list(told)
    leaving = sorted(departures)
    for at in sorted(arrivals):
        index = bisect_right(leaving, at)
        until = leaving[index] if index < len(leaving) else float("inf")
        hits = [moment for moment in left if at - EARLY <= moment < until]
        left = [moment for moment in left if moment not in hits]
        if not span.holds(at):
            continue
        found.append((at, max(0.0, hits[0] - at) if hits else None))
        double += max(0, len(hits) - 1)
    return Matched(tuple(found), double, sum(span.holds(moment) for moment in left))


@dataclass(frozen=True, slots=True)
class Figures:
    """One run in one span of time. A day is 24 hours, a night from 23 to 6 o'clock, late in seconds.

    reads: billed requests for data. late_*: None where nothing was seen.
    """

    reads_a_day: float
    state_calls_a_day: float
    state_calls_a_night: float
    wakes_a_day: float
    dollars_a_month: float
    driven: int
    seen: int
    missed: int
    double: int
    false: int
    late_p50: float | None
    late_p95: float | None
    late_max: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def figures(matched: Matched, entries: Iterable[BillEntry], span: Span) -> Figures:
    """Add up a bill and what was noticed."""
    inside = [entry for entry in entries if span.holds(entry.time)]
    billed = [entry for entry in inside if entry.billed]
    states = [entry for entry in inside if entry.category == "state"]
    late = matched.late
    return Figures(
        reads_a_day=sum(entry.category == "data" for entry in billed) / span.days,
        state_calls_a_day=len(states) / span.days,
        state_calls_a_night=sum(map(_is_night, states)) / span.days,
        wakes_a_day=sum(entry.category == "wakes" for entry in inside) / span.days,
        dollars_a_month=sum(PRICES_USD[entry.category] for entry in billed) / span.days * _MONTH_DAYS,
        driven=len(matched.arrivals),
        seen=len(late),
        missed=len(matched.arrivals) - len(late),
        double=matched.double,
        false=matched.false,
        late_p50=percentile(late, 50),
        late_p95=percentile(late, 95),
        late_max=percentile(late, 100),
    )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest value that so many per cent do not exceed (nearest rank), None of nothing."""
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1] if ordered else None


def _is_night(entry: BillEntry) -> bool:
    hour = datetime.fromtimestamp(entry.time, ZONE).hour
    return hour >= _NIGHT[0] or hour < _NIGHT[1]
