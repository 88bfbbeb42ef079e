"""Whether a car is at home, pure: sightings in, presence and its changes out.

Home is one zone or several. Each has an inner edge, its radius, at which a car comes home, and an outer edge; beyond all
outer edges the car has left. What happens between them changes nothing, so that a position that trembles at the edge
opens no garage. A sighting that cannot well be true (a jump, a fix that comes late, a parked car that moved a little)
needs a second, newer one. What somebody trusted tells counts without a position.
"""

from collections.abc import Iterable
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
# For this long a position at the edge does not speak against what was told: the two draw the edge differently (seconds).
_TOLD_HOLDS: Final = 180.0


type Circle = tuple[float, float, float]
"""Where a zone is: latitude and longitude in degrees, radius in metres. Can be stored and compared."""


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
class Place:
    """A home zone as it is seen from a position. zone: its entity ID. distance: metres from its centre; radius: metres."""

    zone: str
    distance: float
    radius: float

    @property
    def outer_radius(self) -> float:
        """Return metres from the centre to the edge at which a car leaves."""
        return self.radius + max(_MARGIN, _MARGIN_SHARE * self.radius)

    @property
    def to_edge(self) -> float:
        """Return metres to the zone's edge, 0 inside."""
        return max(0.0, self.distance - self.radius)

    @property
    def is_inside(self) -> bool:
        """Return whether a car there comes home."""
        return self.distance <= self.radius

    @property
    def is_outside(self) -> bool:
        """Return whether a car there has left."""
        return self.distance > self.outer_radius


@dataclass(frozen=True, slots=True)
class Sighting:
    """A position, seen from home.

    at: Unix seconds of the fix; seen_at: of our learning it. places: the home zones, at least one. step: metres from the
    sighting believed last, None where there is none.
    """

    at: float
    seen_at: float
    places: tuple[Place, ...]
    step: float | None
    is_driving: bool

    @property
    def to_home(self) -> float:
        """Return metres to the nearest edge, 0 inside a zone."""
        return min(place.to_edge for place in self.places)

    @property
    def is_outside(self) -> bool:
        """Return whether the position is beyond the outer edges of all zones."""
        return all(place.is_outside for place in self.places)

    def place(self, zone: str | None) -> Place | None:
        """Return how one zone is seen from here."""
        return next((place for place in self.places if place.zone == zone), None)

    def inside(self, zone: str | None) -> Place | None:
        """Return the zone the position is in, that one where there are several and it is among them; None for none."""
        inside = [place for place in self.places if place.is_inside]
        return min(inside, key=lambda place: (place.zone != zone, place.distance), default=None)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is believed. Times are Unix seconds.

    since: when the presence began. at: time of the fix believed last. has_departed: the car was beyond the outer edges
    since it was last at home; without that, coming back is no arrival. doubted: what an unlikely sighting said, waiting
    for another one; doubted_at: the time of that fix. zone: the home zone that the car is in, or was in last. told_at:
    when somebody told where it is, 0 where a fix said so; told_until: until then a fix does not speak against that.
    """

    presence: Presence = Presence.UNKNOWN
    since: float | None = None
    at: float = 0.0
    has_departed: bool = False
    doubted: Presence | None = None
    doubted_at: float = 0.0
    zone: str | None = None
    told_at: float = 0.0
    told_until: float = 0.0


def advance(before: Whereabouts, sighting: Sighting) -> tuple[Whereabouts, Change | None]:
    """Return what is believed after a sighting, and what changed by it."""
    says = _says(before, sighting)
    is_news = says is not before.presence or (sighting.step or 0.0) > _MARGIN
    if not is_news and _is_earlier(sighting, before.at):
        return before, None
    if says is not before.presence and before.told_at <= sighting.seen_at < before.told_until:
        return before, None
    if _is_doubtful(before, sighting, says):
        is_second = before.doubted is says and sighting.at > before.doubted_at
        if not is_second:
            return replace(before, doubted=says, doubted_at=sighting.at), None
    after = _believe(before, sighting, says)
    if _is_another_home(before, sighting):
        return replace(after, since=sighting.seen_at), Change.ARRIVED
    return after, _change(before, after)


def settle(before: Whereabouts, sighting: Sighting, unmoved: Iterable[str] = ()) -> Whereabouts:
    """Return what is believed when not the car but a zone moved: nobody arrived and nobody left.

    unmoved: the zones that are where they were.
    """
    if sighting.at < before.told_at:
        # The fix is from before; that somebody told where the car is does not depend on where the zone is drawn.
        return before
    kept = [place for zone in unmoved if (place := sighting.place(zone))]
    stays = before.presence is Presence.HOME and any(not place.is_outside for place in kept)
    is_home = stays or sighting.inside(before.zone) is not None
    says = Presence.HOME if is_home else Presence.AWAY
    return _believe(before, replace(sighting, at=max(sighting.at, before.at)), says)


def told_home(before: Whereabouts, at: float, zone: str | None = None) -> tuple[Whereabouts, Change | None]:
    """Return what is believed after somebody trusted told that the car is at home, and what changed by it.

    at: of that, Unix seconds. zone: the home zone, where it is known. Told again it changes nothing.
    """
    return _told(before, Presence.HOME, at, at + _TOLD_HOLDS, zone)


def inferred_home(
    before: Whereabouts, at: float, zone: str | None = None
) -> tuple[Whereabouts, Change | None]:
    """Return what is believed of a car that vanished right at home; the first fix that says otherwise is believed."""
    return _told(before, Presence.HOME, at, at, zone)


def told_away(before: Whereabouts, at: float) -> tuple[Whereabouts, Change | None]:
    """Return what is believed after somebody trusted told that the car is away, and what changed by it.

    at: of that, Unix seconds. Told again it changes nothing.
    """
    return _told(before, Presence.AWAY, at, at + _TOLD_HOLDS, None)


def _told(
    before: Whereabouts, says: Presence, at: float, until: float, zone: str | None
) -> tuple[Whereabouts, Change | None]:
    is_away = says is Presence.AWAY
    if says is before.presence and before.has_departed is is_away and before.doubted is None:
        return before, None
    after = replace(
        before,
        presence=says,
        since=before.since if says is before.presence else at,
        has_departed=is_away,
        doubted=None,
        # Which home an arrival without a position was at is not known from the one before.
        zone=zone if says is Presence.HOME and says is not before.presence else before.zone,
        told_at=at,
        told_until=until,
    )
    return after, _change(before, after)


def _says(before: Whereabouts, sighting: Sighting) -> Presence:
    if sighting.inside(before.zone) is not None:
        return Presence.HOME
    if sighting.is_outside or before.presence is Presence.UNKNOWN:
        return Presence.AWAY
    return before.presence


def _is_earlier(sighting: Sighting, at: float) -> bool:
    # A time that is still to come is a clock that was set back.
    return sighting.at < at <= sighting.seen_at


def _is_doubtful(before: Whereabouts, sighting: Sighting, says: Presence) -> bool:
    if before.presence is Presence.UNKNOWN:
        return False
    if _is_earlier(sighting, before.at) or _is_jump(before, sighting):
        # A fix that comes late says nothing about now, unless a newer one as late follows: then the car's clock is late.
        return True
    if says is before.presence:
        return False
    if _is_earlier(sighting, before.told_at):
        return True
    if says is Presence.AWAY:
        return not sighting.is_driving and sighting.to_home < _PARKED_DRIFT
    return sighting.is_driving and sighting.seen_at - sighting.at > _OLD_WHILE_DRIVING


def _is_jump(before: Whereabouts, sighting: Sighting) -> bool:
    step = sighting.step or 0.0
    # A fix elsewhere with the time of the last one has no time of its own.
    at = sighting.seen_at if sighting.at == before.at else sighting.at
    return step > _JUMP_STEP and step / max(at - before.at, 1.0) > _JUMP_SPEED


def _is_another_home(before: Whereabouts, sighting: Sighting) -> bool:
    """Return whether the car is in a home that it cannot have come to from its last one without having left."""
    last, now = sighting.place(before.zone), sighting.inside(before.zone)
    if last is None or now is None or before.presence is not Presence.HOME:
        return False
    return last.distance - now.distance > last.outer_radius + now.outer_radius


def _believe(before: Whereabouts, sighting: Sighting, says: Presence) -> Whereabouts:
    is_new = says is not before.presence
    inside = sighting.inside(before.zone)
    return Whereabouts(
        presence=says,
        since=sighting.seen_at if is_new else before.since,
        at=sighting.at,
        has_departed=sighting.is_outside or (before.has_departed and says is Presence.AWAY),
        zone=inside.zone if inside else before.zone,
    )


def _change(before: Whereabouts, after: Whereabouts) -> Change | None:
    match before.presence, after.presence:
        case Presence.AWAY, Presence.HOME if before.has_departed:
            return Change.ARRIVED
        case Presence.HOME, Presence.AWAY:
            return Change.LEFT
        case _:
            return None
