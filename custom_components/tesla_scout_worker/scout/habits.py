"""What a car usually does, pure: when it leaves home and other places, how long it stays away, how long the way takes.

Small (a few dozen rows a car), local, and without positions: only times, durations and distances from home. Rows
fade as newer ones come, so a new job is learned in a few weeks and an old one forgotten.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from math import log
from typing import Any, Final, Self

from .journey import Journey, Span
from .roads import earliest_arrival

_ROWS_KEPT: Final = 48
_PACES_KEPT: Final = 96
# So many alike make a habit.
_ENOUGH: Final = 3
# So many of a habit's rows near a time make it likely, one possible.
_OFTEN: Final = 2
# Of a habit's rows only so many of the newest are looked at.
_NEWEST: Final = 15
# Two departures are alike within this time of day (minutes), two places within this distance (metres, share).
_ALIKE_MINUTES: Final = 75.0
_SAME_PLACE: Final = 300.0
_SAME_PLACE_SHARE: Final = 0.04
# A sighting tells of another one if their distances differ by no more than this (metres, share).
_NEAR: Final = 150.0
_ALIKE: Final = 0.15
_COMPARABLE: Final = 2.5
# Of so many close ones the quickest few are taken for luck: one in so many.
_CLOSEST: Final = 12
_LUCKY: Final = 6
# Within so many minutes of a time at which it left before, it may leave again.
_SLACK: Final = 45.0
_DAY: Final = 1_440.0
# So often in a row must a car that lost its signal near home have proved to be there.
CERTAIN_TO_VANISH: Final = 2
SATURDAY: Final = 5


class Chance(IntEnum):
    """How likely a car is to leave about now."""

    UNKNOWN = 0
    UNLIKELY = 1
    POSSIBLE = 2
    LIKELY = 3


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of the week at the car's home: weekday, Monday is 0; minute of the day."""

    weekday: int
    minute: float

    @classmethod
    def of(cls, at: float, offset: float) -> Self:
        """Return it for a time (Unix seconds) with the zone's offset from UTC (seconds)."""
        days, seconds = divmod(at + offset, 86_400.0)
        return cls(int(days + 3) % 7, seconds / 60)

    @property
    def is_weekend(self) -> bool:
        """Return whether most people do not work."""
        return self.weekday >= SATURDAY

    def minutes_to(self, minute: float) -> float:
        """Return how far another minute of the day is, either way round."""
        apart = abs(self.minute - minute) % _DAY
        return min(apart, _DAY - apart)


@dataclass(frozen=True, slots=True)
class Leaving:
    """The car left home: when, how long it then drove (seconds), and after how long it was back."""

    weekday: int
    minute: float
    drive: float | None
    back_after: float


@dataclass(frozen=True, slots=True)
class Stay:
    """The car left a place away from home: when, how far that is (metres), how long the way home took (seconds).

    way_home: None where it led elsewhere.
    """

    weekday: int
    minute: float
    to_home: float
    way_home: float | None


@dataclass(frozen=True, slots=True)
class Habits:
    """What was learned of a car, oldest first.

    paces: sightings on ways home, metres from home and the seconds it then took. vanished: how often in a row the car
    lost its signal right at home and proved to be there.
    """

    leavings: tuple[Leaving, ...] = ()
    stays: tuple[Stay, ...] = ()
    paces: tuple[tuple[float, float], ...] = ()
    vanished: int = 0

    @property
    def is_known_to_vanish(self) -> bool:
        """Return whether the car's garage is known to have no signal."""
        return self.vanished >= CERTAIN_TO_VANISH

    # --- what is usual ----------------------------------------------------------------------------

    def leaves_home(self, local: LocalTime) -> Chance:
        """Return how likely the car is to leave home about now."""
        return _chance([row for row in self.leavings if _same_kind(row, local)], local)

    def sets_off(self, to_home: float, local: LocalTime) -> Chance:
        """Return how likely the car is to leave a place that far from home about now."""
        return _chance(
            [row for row in self.stays if _is_same_place(row, to_home) and _same_kind(row, local)], local
        )

    def way_home(self, to_home: float) -> Span | None:
        """Return how long the way home from a place takes: the shortest and the longest (seconds); None if unknown."""
        rows = [row for row in self.stays if _is_same_place(row, to_home)]
        times = [row.way_home for row in rows[-_NEWEST:] if row.way_home is not None]
        return Span(min(times), max(times)) if times else None

    def remaining(self, to_home: float) -> Span | None:
        """Return how long a driving car takes home from there: the shortest and the longest; None if unknown."""
        near = sorted(
            (abs(log(max(metres, _NEAR) / max(to_home, _NEAR))), index)
            for index, (metres, _) in enumerate(self.paces)
            if max(metres, _NEAR) < _COMPARABLE * max(to_home, _NEAR) < _COMPARABLE**2 * max(metres, _NEAR)
        )
        close = [index for apart, index in near if apart < _ALIKE]
        found = close[:_CLOSEST] if len(close) >= _ENOUGH else [index for _, index in near[:_ENOUGH]]
        times = sorted(self.paces[i][1] * max(to_home, _NEAR) / max(self.paces[i][0], _NEAR) for i in found)
        return Span(times[len(times) // _LUCKY], times[-1]) if len(times) >= _ENOUGH else None

    def outing(self, left: LocalTime) -> Outing | None:
        """Return what follows a departure from home at such a time, None if nothing is usual then."""
        alike = [
            row
            for row in self.leavings
            if _same_kind(row, left) and left.minutes_to(row.minute) <= _ALIKE_MINUTES
        ][-_NEWEST:]
        if len(alike) < _ENOUGH:
            return None
        drives = [row.drive for row in alike if row.drive is not None]
        backs = [row.back_after for row in alike]
        return Outing(max(drives, default=None), Span(min(backs), max(backs)))

    # --- what is stored ---------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored, short: rows of numbers."""
        return {
            "leavings": [[row.weekday, row.minute, row.drive, row.back_after] for row in self.leavings],
            "stays": [[row.weekday, row.minute, row.to_home, row.way_home] for row in self.stays],
            "paces": [list(pace) for pace in self.paces],
            "vanished": self.vanished,
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; where that cannot be read everything is learned anew."""
        try:
            return cls(
                leavings=tuple(
                    Leaving(int(day), float(minute), _number(drive), float(back))
                    for day, minute, drive, back in stored["leavings"]
                ),
                stays=tuple(
                    Stay(int(day), float(minute), float(to_home), _number(way))
                    for day, minute, to_home, way in stored["stays"]
                ),
                paces=tuple((float(metres), float(seconds)) for metres, seconds in stored["paces"]),
                vanished=int(stored["vanished"]),
            )
        except KeyError, TypeError, ValueError:
            return cls()

    # --- learning ---------------------------------------------------------------------------------

    def came_home(self, journey: Journey, arrived: Span, offset: float) -> Self:
        """Learn from an outing that ended at home. offset: of the local time from UTC (seconds)."""
        return replace(
            self,
            paces=(*self.paces, *_paces(journey, arrived))[-_PACES_KEPT:],
            leavings=(*self.leavings, *_leaving(journey, arrived, offset))[-_ROWS_KEPT:],
            stays=(*self.stays, *_stay(journey, arrived, offset))[-_ROWS_KEPT:],
        )

    def went_on(self, journey: Journey, offset: float) -> Self:
        """Learn from a stay after which the car drove elsewhere. offset: of the local time from UTC (seconds)."""
        return replace(self, stays=(*self.stays, *_stay(journey, None, offset))[-_ROWS_KEPT:])

    def found_after_vanishing(self, *, at_home: bool) -> Self:
        """Learn where the car was after it had lost its signal right at home."""
        return replace(self, vanished=min(self.vanished + 1, CERTAIN_TO_VANISH) if at_home else 0)


@dataclass(frozen=True, slots=True)
class Outing:
    """What usually follows a departure: the longest drive out, where it was seen, and after how long it was back (seconds)."""

    drive: float | None
    back_after: Span


def _paces(journey: Journey, arrived: Span) -> list[tuple[float, float]]:
    trail = journey.trail
    # Steps that lead away from home tell of no way home.
    turn = max(range(len(trail)), key=lambda index: trail[index].to_home, default=0)
    return [
        (step.to_home, max(arrived.best - step.at, earliest_arrival(step.to_home))) for step in trail[turn:]
    ]


def _leaving(journey: Journey, arrived: Span, offset: float) -> list[Leaving]:
    # Home before it left: the clock was set back meanwhile.
    if journey.left is None or arrived.best <= journey.left.best:
        return []
    left = journey.left.best
    local = LocalTime.of(left, offset)
    drive = None if journey.first_halt is None else journey.first_halt - left
    return [Leaving(local.weekday, local.minute, drive, arrived.best - left)]


def _stay(journey: Journey, arrived: Span | None, offset: float) -> list[Stay]:
    """Return what a stay taught, where it and its end were seen. arrived: at home after it, None elsewhere."""
    if journey.halt is None or not journey.halt.is_seen or journey.set_off is None:
        return []
    local = LocalTime.of(journey.set_off.best, offset)
    way_home = None
    if arrived is not None:
        # One that no car can have driven was not seen from its start, or the clock was set back meanwhile.
        way_home = max(arrived.best - journey.set_off.best, earliest_arrival(journey.halt.to_home))
    return [Stay(local.weekday, local.minute, journey.halt.to_home, way_home)]


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _chance(rows: list[Leaving] | list[Stay], local: LocalTime) -> Chance:
    newest = rows[-_NEWEST:]
    if len(newest) < _ENOUGH:
        return Chance.UNKNOWN
    near = sum(local.minutes_to(row.minute) <= _SLACK for row in newest)
    if near >= _OFTEN:
        return Chance.LIKELY
    return Chance.POSSIBLE if near else Chance.UNLIKELY


def _same_kind(row: Leaving | Stay, local: LocalTime) -> bool:
    return (row.weekday >= SATURDAY) == local.is_weekend


def _is_same_place(row: Stay, to_home: float) -> bool:
    return abs(row.to_home - to_home) <= max(_SAME_PLACE, _SAME_PLACE_SHARE * to_home)
