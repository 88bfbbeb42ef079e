"""What one outing looks like while it happens, pure: from leaving home to coming home, look by look.

Only distances from home and times are kept, no positions. Times are Unix seconds, distances metres from the zone's
edge.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from .roads import brisk_arrival, earliest_arrival

# A parked car that is seen this much nearer or farther from home than before has driven in between (metres).
MOVED: Final = 200.0
# As many sightings of a drive as its way home can be learned from.
_LONGEST_TRAIL: Final = 16


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is known to lie between two looks, and where it probably was."""

    low: float
    high: float
    likely: float | None = None

    @property
    def best(self) -> float:
        """Return the probable time, the middle where nothing says more."""
        return (self.low + self.high) / 2 if self.likely is None else self.likely


@dataclass(frozen=True, slots=True)
class Step:
    """A sighting of a driving car: when, and how far from home."""

    at: float
    to_home: float


@dataclass(frozen=True, slots=True)
class Halt:
    """A stay away from home. to_home: its distance. since: when it came there.

    is_seen: where it is was seen; else only that the car sleeps somewhere, and to_home is where it drove last.
    """

    to_home: float
    since: Span
    is_seen: bool = True


@dataclass(frozen=True, slots=True)
class Journey:
    """What is known of the present outing; of a car at home only seen_still counts.

    left: when it left home, None where that was not seen. halt: where it stands or stood last. set_off: when it left
    that place. trail: the sightings of the drive since then, or since home. seen_still: the last moment at which it
    surely had not moved yet: seen parked, or not online.
    """

    left: Span | None = None
    halt: Halt | None = None
    set_off: Span | None = None
    first_halt: float | None = None
    trail: tuple[Step, ...] = ()
    seen_still: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; where that cannot be read the journey begins anew."""
        try:
            return cls(
                left=_span(stored["left"]),
                halt=_halt(stored["halt"]),
                set_off=_span(stored["set_off"]),
                first_halt=_number(stored["first_halt"]),
                trail=tuple(Step(float(step["at"]), float(step["to_home"])) for step in stored["trail"]),
                seen_still=_number(stored["seen_still"]),
            )
        except KeyError, TypeError, ValueError:
            return cls()

    @property
    def is_outbound(self) -> bool:
        """Return whether the drive leads away from home, as far as distances tell."""
        if not self.trail:
            return False
        last = self.trail[-1].to_home
        before = [step.to_home for step in self.trail[:-1]]
        if before:
            return last > max(before) - MOVED
        if self.halt is not None and self.set_off is not None:
            return last > self.halt.to_home + MOVED
        return self.left is not None


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _halt(stored: Any) -> Halt | None:
    if stored is None:
        return None
    return Halt(float(stored["to_home"]), _certain(stored["since"]), stored["is_seen"] is True)


def _certain(stored: Any) -> Span:
    return Span(float(stored["low"]), float(stored["high"]), _number(stored["likely"]))


def _span(stored: Any) -> Span | None:
    return None if stored is None else _certain(stored)


def not_online(journey: Journey, now: float) -> Journey:
    """Return the journey after the cloud said that the car sleeps: it stands, and stood until now."""
    if not journey.trail:
        return replace(journey, seen_still=now)
    last = journey.trail[-1]
    somewhere = Halt(last.to_home, Span(last.at, now), is_seen=False)
    return replace(journey, halt=somewhere, set_off=None, trail=(), seen_still=now)


def seen_at_home(at: float, *, is_driving: bool) -> Journey:
    """Return the journey of a car that is at home: none."""
    return Journey(seen_still=None if is_driving else at)


def seen_driving(journey: Journey, at: float, to_home: float) -> Journey:
    """Return the journey after a sighting of the car driving, away from home."""
    step = Step(at, to_home)
    if journey.halt is not None and journey.set_off is None:
        moved = abs(to_home - journey.halt.to_home) if journey.halt.is_seen else 0.0
        return replace(journey, set_off=_began(journey.seen_still, at, moved), trail=(step,))
    if journey.left is None and journey.halt is None and not journey.trail:
        return replace(journey, left=_began(journey.seen_still, at, to_home), trail=(step,))
    return replace(journey, trail=(*journey.trail, step)[-_LONGEST_TRAIL:])


def seen_parked(journey: Journey, at: float, to_home: float) -> Journey:
    """Return the journey after a sighting of the car parked, away from home."""
    halt = journey.halt
    if halt is not None and journey.set_off is None and not halt.is_seen:
        return replace(journey, halt=Halt(to_home, halt.since), seen_still=at)
    if halt is not None and journey.set_off is None and abs(to_home - halt.to_home) <= MOVED:
        return replace(journey, seen_still=at)
    if journey.left is None and halt is None and not journey.trail:
        journey = replace(journey, left=_began(journey.seen_still, at, to_home))
    since = Span(journey.trail[-1].at if journey.trail else (journey.seen_still or at), at)
    return replace(
        journey,
        halt=Halt(to_home, since),
        first_halt=journey.first_halt if journey.first_halt is not None else since.best,
        set_off=None,
        trail=(),
        seen_still=at,
    )


def _began(seen_still: float | None, at: float, moved: float) -> Span:
    """Return when a drive began that has led this far (metres) by now."""
    latest = at - earliest_arrival(moved)
    earliest = min(seen_still if seen_still is not None else latest, latest)
    return Span(earliest, latest, max(earliest, at - brisk_arrival(moved)))
