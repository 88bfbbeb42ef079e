"""What the owner's own entities say of a car, pure: states in; a reason to look, an answer, or nothing out.

An eye is one entity in one role. What it says costs nothing, so it may bring a look forward, or answer in a look's
place. An entity that is not there says nothing, and when it is back in the same state nothing has happened.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from .arrival import Presence

# A tracker is outside only beyond this margin, metres and a share of the radius: at the edge it says what it said before.
_MARGIN: Final = 50.0
_MARGIN_SHARE: Final = 0.5
# A position that is this unsure, as from a cell tower, and farther off than the zone is large, says nothing (metres).
_VAGUE: Final = 200.0
# What an eye that flaps may spend: looks that are this far apart (seconds), and so many in an hour.
_LOOKS_APART: Final = 60.0
_LOOKS_AN_HOUR: Final = 10
_HOUR: Final = 3_600.0
_ABSENT: Final = frozenset({"", "unavailable", "unknown"})
_SWITCHED: Final = {"on": True, "off": False}
_MOVED: Final = {"open": True, "closed": False}  # on the way between the two it says what it said before


class Role(StrEnum):
    """What an eye is for: a change of it is worth a look, or while it says yes the car is at home, or away."""

    LOOK = "look"
    HOME = "home"
    AWAY = "away"


class Kind(StrEnum):
    """How the states of an entity are to be read."""

    TRACKER = "tracker"
    SWITCH = "switch"
    COVER = "cover"
    EVENT = "event"
    OTHER = "other"


_KINDS: Final = {
    "device_tracker": Kind.TRACKER,
    "person": Kind.TRACKER,
    "binary_sensor": Kind.SWITCH,
    "input_boolean": Kind.SWITCH,
    "switch": Kind.SWITCH,
    "cover": Kind.COVER,
    "event": Kind.EVENT,
}
# Domains that can say yes, and those of which only a change can be told.
ANSWERING: Final = tuple(_KINDS)
CHANGING: Final = (*_KINDS, "lock", "sensor")


@dataclass(frozen=True, slots=True)
class Glimpse:
    """Something that an eye saw happen. at: Unix seconds."""

    role: Role
    at: float
    entity_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One state of an entity. text: None where it has none. in_zone: of a tracker, None where it cannot be told."""

    text: str | None
    at: float
    in_zone: bool | None = None


@dataclass(frozen=True, slots=True)
class Eye:
    """An entity in a role, and what is remembered of it.

    watched_since: Unix seconds; an event that fired before is none. text: the last state that said something. says: the
    last clear yes or no. is_there: whether it has a state now.
    """

    entity_id: str
    role: Role
    watched_since: float
    text: str | None = None
    says: bool | None = None
    is_there: bool = False

    @property
    def kind(self) -> Kind:
        """Return how its states are read."""
        return kind_of(self.entity_id)

    @property
    def stands(self) -> bool:
        """Return whether it answers for the car now."""
        return self.role is not Role.LOOK and self.is_there and self.says is True


def kind_of(entity_id: str) -> Kind:
    """Return how the states of an entity are to be read, by its domain."""
    return _KINDS.get(entity_id.partition(".")[0], Kind.OTHER)


def see(eye: Eye, seen: Seen) -> tuple[Eye, Glimpse | None]:
    """Return what is remembered of an eye after a state, and what happened by it.

    The first state that says something is where it starts from: nothing happened.
    """
    if seen.text is None or seen.text in _ABSENT:
        return replace(eye, is_there=False), None
    says = reading(eye.kind, eye.role, seen.text, in_zone=seen.in_zone)
    after = replace(eye, is_there=True, text=seen.text, says=eye.says if says is None else says)
    at = seen.at
    if eye.kind is Kind.EVENT:
        at = _fired_at(seen.text)
        happened = seen.text != eye.text and at >= eye.watched_since
    elif eye.role is Role.LOOK:
        happened = eye.text is not None and eye.text != seen.text
    else:
        happened = eye.says is False and after.says is True
    return after, Glimpse(eye.role, at, eye.entity_id) if happened else None


def reading(kind: Kind, role: Role, text: str, *, in_zone: bool | None) -> bool | None:
    """Return whether a state says yes in a role, None where it says neither. An event says yes only as it fires."""
    match kind:
        case Kind.TRACKER:
            return None if in_zone is None else in_zone is (role is not Role.AWAY)
        case Kind.SWITCH:
            return _SWITCHED.get(text)
        case Kind.COVER:
            return _MOVED.get(text)
        case Kind.EVENT | Kind.OTHER:
            return None


def in_any_zone(distances: Iterable[tuple[float, float]], accuracy: float) -> bool | None:
    """Return whether a position is in one of the zones, None at an edge, without a zone, or where it is too vague.

    distances: metres from each zone's centre, and that zone's radius in metres. accuracy: of the position, metres.
    """
    zones = tuple(distances)
    if not zones or accuracy > max(_VAGUE, *(radius for _, radius in zones)):
        return None
    if any(distance <= radius for distance, radius in zones):
        return True
    is_outside = all(distance > radius + max(_MARGIN, _MARGIN_SHARE * radius) for distance, radius in zones)
    return False if is_outside else None


def standing(eyes: Iterable[Eye]) -> Presence | None:
    """Return what the eyes answer for the car now; None where none says yes, or one says home and another away."""
    said = {eye.role for eye in eyes if eye.stands}
    if len(said) != 1:
        return None
    return Presence.HOME if Role.HOME in said else Presence.AWAY


class LookBound:
    """How often eyes may make a scout look: what comes above that is dropped, since a later look sees it too."""

    def __init__(self) -> None:
        """Initialize."""
        self._looks: deque[float] = deque(maxlen=_LOOKS_AN_HOUR)

    def admits(self, now: float) -> bool:
        """Return whether a look may happen at this time (Unix seconds), and count it."""
        # A time that is still to come is a clock that was set back: waiting for it would take too long.
        while self._looks and self._looks[-1] > now:
            self._looks.pop()
        if self._looks and now - self._looks[-1] < _LOOKS_APART:
            return False
        if len(self._looks) == _LOOKS_AN_HOUR and now - self._looks[0] < _HOUR:
            return False
        self._looks.append(now)
        return True


def _fired_at(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("-inf")
