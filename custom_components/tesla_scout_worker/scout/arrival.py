"""Whether a car is at home, pure: sightings in, presence and its changes out.

A zone has an inner edge, its radius, at which a car comes home, and an outer edge, at which it leaves: what happens
between them changes nothing, so that a position that trembles at the edge opens no garage. A sighting that cannot
well be true (a jump, a parked car that moved a little) needs a second one.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

# The outer edge is this far beyond the radius: metres, and a share of the radius.
_MARGIN: Final = 50.0
_MARGIN_SHARE: Final = 0.5
# Faster than any of these cars for long, and farther than a bad fix is normally off: a jump (m/s, m).
_JUMP_SPEED: Final = 70.0
_JUMP_STEP: Final = 300.0
# A car that is not in gear and is seen this near to home has not left; the fix is bad (metres beyond the radius).
_PARKED_DRIFT: Final = 1000.0
# While a car drives, a fix this old does not say where it is (seconds).
_OLD_WHILE_DRIVING: Final = 300.0


class Presence(StrEnum):
    """Where a car is, as far as home is concerned."""

    HOME = "home"
    AWAY = "away"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """What a sighting changed."""

    ARRIVED = "arrived"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A position, seen from home.

    at: Unix seconds of the fix; seen_at: of our learning it. distance: metres from the zone's centre; radius: the
    zone's, metres. step: metres from the sighting believed last, None where there is none.
    """

    at: float
    seen_at: float
    distance: float
    radius: float
    step: float | None
    is_driving: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is believed.

    since: when the presence began, Unix seconds. at: time of the fix believed last. has_departed: the car was beyond
    the outer edge since it was last at home; without that, coming back is no arrival. doubted: what an unlikely
    sighting said, waiting for another one; doubted_at: the time of that fix.
    """

    presence: Presence = Presence.UNKNOWN
    since: float | None = None
    at: float = 0.0
    has_departed: bool = False
    doubted: Presence | None = None
    doubted_at: float = 0.0


def advance(before: Whereabouts, sighting: Sighting) -> tuple[Whereabouts, Change | None]:
    """Return what is believed after a sighting, and what changed by it."""
    if sighting.at < before.at <= sighting.seen_at:
        # An old fix that comes late says nothing about now. (A time that is still to come is a clock that was set back.)
        return before, None
    says = _says(before, sighting)
    if says is not before.presence and _is_doubtful(before, sighting, says):
        is_second = before.doubted is says and sighting.at > before.doubted_at
        if not is_second:
            return replace(before, doubted=says, doubted_at=sighting.at), None
    after = _believe(before, sighting, says)
    return after, _change(before, after)


def settle(before: Whereabouts, sighting: Sighting) -> Whereabouts:
    """Return what is believed when not the car but the zone moved: nobody arrived and nobody left."""
    says = _says(replace(before, presence=Presence.UNKNOWN), sighting)
    return _believe(before, replace(sighting, at=max(sighting.at, before.at)), says)


def _says(before: Whereabouts, sighting: Sighting) -> Presence:
    if sighting.distance <= sighting.radius:
        return Presence.HOME
    if _is_outside(sighting) or before.presence is Presence.UNKNOWN:
        return Presence.AWAY
    return before.presence


def _is_outside(sighting: Sighting) -> bool:
    return sighting.distance > sighting.radius + max(_MARGIN, _MARGIN_SHARE * sighting.radius)


def _is_doubtful(before: Whereabouts, sighting: Sighting, says: Presence) -> bool:
    if before.presence is Presence.UNKNOWN:
        return False
    elapsed = max(sighting.at - before.at, 1.0)
    step = sighting.step or 0.0
    if step > _JUMP_STEP and step / elapsed > _JUMP_SPEED:
        return True
    if says is Presence.AWAY:
        return not sighting.is_driving and sighting.distance < sighting.radius + _PARKED_DRIFT
    return sighting.is_driving and sighting.seen_at - sighting.at > _OLD_WHILE_DRIVING


def _believe(before: Whereabouts, sighting: Sighting, says: Presence) -> Whereabouts:
    is_new = says is not before.presence
    return Whereabouts(
        presence=says,
        since=sighting.seen_at if is_new else before.since,
        at=sighting.at,
        has_departed=_is_outside(sighting) or (before.has_departed and says is Presence.AWAY),
    )


def _change(before: Whereabouts, after: Whereabouts) -> Change | None:
    match before.presence, after.presence:
        case Presence.AWAY, Presence.HOME if before.has_departed:
            return Change.ARRIVED
        case Presence.HOME, Presence.AWAY:
            return Change.LEFT
        case _:
            return None
