"""When to look next, and whether that look is worth a billed read, pure: what is known in, a plan out.

A look asks the cloud first, which is not billed and does not touch the car. Only a car that is online is read, and
only where the read can tell something: a driving car about as often as it could be home by then, a parked one with
growing patience, so that it can fall asleep.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..fleet.models import CloudState
from .arrival import Presence

# What roads allow, leg by leg from home outwards: (up to metres from home, metres a second). The last kilometre is town.
_ROAD_SPEEDS: Final = ((1_000.0, 12.0), (5_000.0, 20.0), (float("inf"), 33.0))
# Look after this share of the earliest possible time of arrival.
_CAUTION: Final = 0.8
_LONGEST_WHILE_DRIVING: Final = 900.0
# Reads closer together than this keep some cars awake (seconds): core's own integration pauses 15 minutes.
_LET_IT_SLEEP: Final = 960.0
# A parked car is read again when it has been parked half as long again, at most this rarely (seconds).
_PATIENCE: Final = 0.5
_LONGEST_PATIENCE: Final = 2_100.0
# A car that woke away from home is about to drive or soon asleep again: looked at this often, for this long (seconds).
_WOKEN_PATIENCE: Final = 120.0
_WOKEN_FOR: Final = 600.0
# One that woke at home is given a moment to leave, and looked at again in case it took longer (seconds). A departure
# that nobody saw would make the return home no arrival.
_WOKEN_HOME_DELAY: Final = 120.0
_WOKEN_HOME_PATIENCE: Final = 240.0
# The unbilled state of a car that is not online (seconds).
_ASLEEP_AWAY: Final = 300.0
_ASLEEP_HOME: Final = 300.0
_ONLINE_PARKED: Final = 300.0
# A car that was driving and is not reachable, a tunnel, a dead spot: looked for this often, for this long (seconds).
_OUT_OF_REACH: Final = 120.0
_OUT_OF_REACH_FOR: Final = 1_800.0
# A second fix settles a doubtful one. One that is not followed by another for this long, as in a garage, is not urgent.
_DOUBT: Final = 30.0
_DOUBT_FOR: Final = 180.0
# The first read is the worker's, which is about to happen (seconds).
_FIRST_LOOK: Final = 60.0


class Promptness(StrEnum):
    """The owner's wish: money or minutes."""

    THRIFTY = "thrifty"
    BALANCED = "balanced"
    PROMPT = "prompt"


# (how much longer than balanced to wait, the shortest wait in seconds)
_WISHES: Final = {
    Promptness.THRIFTY: (2.0, 60.0),
    Promptness.BALANCED: (1.0, 20.0),
    Promptness.PROMPT: (0.6, 15.0),
}


class Reason(StrEnum):
    """Why the next look comes when it comes."""

    FIRST_LOOK = "first_look"
    DRIVING = "driving"
    NAVIGATING_HOME = "navigating_home"
    OUT_OF_REACH = "out_of_reach"
    PARKED_AWAY = "parked_away"
    PARKED_HOME = "parked_home"
    ASLEEP_AWAY = "asleep_away"
    ASLEEP_HOME = "asleep_home"
    DOUBTFUL_POSITION = "doubtful_position"
    NO_POSITION = "no_position"
    LOCATION_NOT_GRANTED = "location_not_granted"
    BUDGET_SPENT = "budget_spent"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class View:
    """What the policy knows. Times are Unix seconds, distances metres.

    to_home: from the car to the zone's edge, None without a position. parked_since: None while driving. online_since:
    None while it is not online. last_read: of the last billed read, None before the first. doubted_at: of the fix that
    waits for a second one. minutes_home: what the car's own navigation says, None unless it leads home.
    """

    now: float
    cloud: CloudState
    presence: Presence
    to_home: float | None = None
    is_driving: bool = False
    parked_since: float | None = None
    online_since: float | None = None
    last_read: float | None = None
    doubted_at: float | None = None
    minutes_home: float | None = None

    @property
    def is_doubted(self) -> bool:
        """Return whether a second fix is worth a read now."""
        return self.doubted_at is not None and self.now - self.doubted_at < _DOUBT_FOR

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether the car was driving a moment ago, away from home."""
        is_fresh = self.last_read is not None and self.now - self.last_read < _OUT_OF_REACH_FOR
        return self.is_driving and is_fresh and self.presence is not Presence.HOME


@dataclass(frozen=True, slots=True)
class NextLook:
    """When to look next (seconds from now), and why."""

    delay: float
    reason: Reason


def should_read(view: View) -> bool:
    """Return whether an online car is worth a billed read at this look."""
    if view.cloud is not CloudState.ONLINE:
        return False
    if view.last_read is None or view.to_home is None or view.is_driving or view.is_doubted:
        return view.last_read is None or view.now - view.last_read >= _soonest_read(view)
    return _until_read(view) <= 0


def next_look(view: View, wish: Promptness) -> NextLook:
    """Return when to look next after a look that saw this."""
    factor, shortest = _WISHES[wish]
    delay, reason = _look(view)
    return NextLook(max(delay * factor, shortest), reason)


def _look(view: View) -> tuple[float, Reason]:
    if view.cloud is not CloudState.ONLINE:
        if view.is_out_of_reach:
            return _OUT_OF_REACH, Reason.OUT_OF_REACH
        if view.presence is Presence.HOME:
            return _ASLEEP_HOME, Reason.ASLEEP_HOME
        return _ASLEEP_AWAY, Reason.ASLEEP_AWAY
    if view.is_doubted:
        return _DOUBT, Reason.DOUBTFUL_POSITION
    if view.last_read is None:
        return _FIRST_LOOK, Reason.FIRST_LOOK
    if view.to_home is None:
        return _LET_IT_SLEEP, Reason.NO_POSITION
    if view.is_driving:
        if view.presence is Presence.HOME:
            return 4 * _DOUBT, Reason.DRIVING
        if view.minutes_home is not None:
            return min(view.minutes_home * 60 * _CAUTION, _LONGEST_WHILE_DRIVING), Reason.NAVIGATING_HOME
        return min(earliest_arrival(view.to_home) * _CAUTION, _LONGEST_WHILE_DRIVING), Reason.DRIVING
    reason = Reason.PARKED_HOME if view.presence is Presence.HOME else Reason.PARKED_AWAY
    return min(max(_until_read(view), _DOUBT), _ONLINE_PARKED), reason


def past(at: float | None, now: float) -> float | None:
    """Return a time unless it is still to come: the clock was set back, and waiting for it would take too long."""
    return at if at is not None and at <= now else None


def earliest_arrival(to_home: float) -> float:
    """Return how soon a car this far from home (metres) could be there, by what roads allow (seconds)."""
    seconds, driven = 0.0, 0.0
    for limit, speed in _ROAD_SPEEDS:
        leg = min(to_home, limit) - driven
        if leg <= 0:
            break
        seconds += leg / speed
        driven += leg
    return seconds


def _soonest_read(view: View) -> float:
    # A look that a person or a free eye brought forward is not a reason to pay for a driving car twice in a moment.
    return _LET_IT_SLEEP if view.to_home is None and not view.is_driving else 10.0


def _until_read(view: View) -> float:
    """Return how long to leave a parked car unread, seconds from now."""
    last_read = view.last_read or 0.0
    if view.online_since is not None and last_read < view.online_since:
        # It woke since: somebody is probably about to drive. At home it is not gone yet.
        delay = _WOKEN_HOME_DELAY if view.presence is Presence.HOME else 0.0
        return view.online_since + delay - view.now
    return last_read + _patience(view) - view.now


def _patience(view: View) -> float:
    if _has_just_woken(view):
        return _WOKEN_HOME_PATIENCE if view.presence is Presence.HOME else _WOKEN_PATIENCE
    parked_for = view.now - (view.parked_since if view.parked_since is not None else view.now)
    return min(max(parked_for * _PATIENCE, _LET_IT_SLEEP), _LONGEST_PATIENCE)


def _has_just_woken(view: View) -> bool:
    if view.online_since is None or view.parked_since is None:
        return False
    return view.parked_since < view.online_since and view.now - view.online_since < _WOKEN_FOR
