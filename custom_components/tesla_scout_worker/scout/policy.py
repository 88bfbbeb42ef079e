"""When to look next, and when a billed read is worth it, pure: what is known in, a plan with its reason out.

A look asks the cloud first, which is not billed and does not touch the car. Only a car that is online is read, and
only when the read can tell something: a driving car about when it should be home (here), a parked one the more often
the likelier it leaves, so that it can fall asleep (patience.py). What is likely is learned (habits.py); what a road
allows bounds it (roads.py).
"""

from math import inf
from typing import Final

from ..fleet.models import CloudState
from .arrival import Presence
from .patience import STATE_PAUSE, back_home, parked_away, parked_home, while_not_online
from .roads import brisk_arrival, earliest_arrival
from .view import Plan, Reason, View

# Two reads of a driving car are at least this far apart, and without knowing its way at most (seconds).
_SHORTEST: Final = 25.0
_LONGEST: Final = 1_800.0
# When an eye has just asked for a look, as a garage door does, the car is about to come (seconds).
_GLIMPSE_HOLDS: Final = 120.0
_LATE_GLIMPSED: Final = 6.0
_SHORTEST_GLIMPSED: Final = 15.0
# A position that is that old is asked for again after this share of its age.
_STALE_SHARE: Final = 0.33
# A way home is not much quicker than the quickest that was learned; nor than the car's own navigation says.
_QUICKER: Final = 0.93
_QUICKER_THAN_ROUTE: Final = 0.85
# So near to home (metres) and so fast (metres a second) it will not be held up much.
_SOON: Final = 4_000.0
_FAST: Final = 17.0
# A drive away from home is looked at again when it has lasted twice as long, at least this long (seconds).
_OUTBOUND: Final = 180.0
# A drive out is over when it has taken so much longer than the longest one (seconds).
_STANDS: Final = 180.0
# A car that moves inside the zone is about to leave, or has come so lately that it is about to stand (seconds).
_INSIDE: Final = 240.0
_JUST_COME: Final = 120.0
_DOUBT: Final = 30.0
# The first read is the worker's, which is about to happen (seconds).
_FIRST_LOOK: Final = 60.0
# Without a position there is nothing to be patient about (seconds).
_NO_POSITION: Final = 960.0
# While the eyes answer for a car it is asked for this often, and read this often to see whether they are right (seconds).
_EYES_STATE: Final = 900.0
_EYES_CHECK: Final = 86_400.0
_EYES_CHECK_AFTER: Final = 600.0
# What an eye saw is not worth a read so soon after another; Home Assistant's timers are early by up to a second (seconds).
_GLIMPSES_APART: Final = 20.0
_MOST_STILL: Final = 10
_LONGEST_APART: Final = 3_600.0
_THRIFTY_APART: Final = 360.0
_TIMER_TOLERANCE: Final = 1.5
# A car that loses its signal so near to home (metres), where its way is known and where it is not, may be in its
# garage: no earlier than this share of its quickest way, no later than so long after it should be home (seconds).
_VANISHES_WITHIN: Final = 8_000.0
_VANISHES_WITHIN_UNKNOWN: Final = 1_500.0
_VANISHED_SHARE: Final = 0.8
_VANISHED_LATE: Final = 900.0


def plan(view: View) -> Plan:
    """Return what to do next, after a look that saw this."""
    if view.eyes is not None and view.eyes is view.presence:
        return Plan(view.looked_at + _EYES_STATE, _check_of_eyes(view), Reason.EYES_ANSWER, is_full=True)
    if view.cloud is not CloudState.ONLINE:
        wait, reason = while_not_online(view)
        return Plan(view.looked_at + wait, inf, reason)
    read_at, reason = _while_online(view)
    return Plan(min(read_at, view.looked_at + STATE_PAUSE), read_at, reason, is_full=_may_show_home(view))


def is_worth_a_read(planned: Plan, view: View, *, is_glimpsed: bool) -> bool:
    """Return whether an online car should be read at this look. is_glimpsed: an eye asked for it."""
    if planned.is_held:
        return planned.read_at <= view.now + _TIMER_TOLERANCE
    if view.last_read is None:
        return True
    if is_glimpsed and planned.reason not in {Reason.EYES_ANSWER, Reason.HOME_ZONE_MISSING}:
        return view.now - view.last_read >= _glimpses_apart(view)
    return planned.read_at <= view.now + _TIMER_TOLERANCE


def _glimpses_apart(view: View) -> float:
    """Return how long after a read an eye is worth another: ever longer while the car is parked at home and stays."""
    if view.presence is Presence.HOME and not view.is_driving and not view.has_woken:
        return min(_GLIMPSES_APART * 2.0 ** min(view.still, _MOST_STILL), _LONGEST_APART)
    return _GLIMPSES_APART if view.thrift <= 1 else _THRIFTY_APART * view.thrift


def _check_of_eyes(view: View) -> float:
    """Return when to see whether the eyes are right: at most once a day, some time after the car woke."""
    if view.cloud is not CloudState.ONLINE or view.last_read is None or view.online_since is None:
        return inf
    return max(view.last_read + _EYES_CHECK, view.online_since + _EYES_CHECK_AFTER)


def has_vanished_at_home(view: View) -> bool:
    """Return whether the car drove home and has lost its signal there, as it does in its garage."""
    return view.habits.is_known_to_vanish and may_have_vanished(view)


def may_have_vanished(view: View) -> bool:
    """Return whether the car lost its signal on the last metres of its way home."""
    if view.cloud is not CloudState.OFFLINE or view.presence is not Presence.AWAY or not view.is_driving:
        return False
    if view.fix_at is None or view.to_home is None or view.journey.is_outbound:
        return False
    learned = view.habits.remaining(view.to_home)
    if view.to_home > (_VANISHES_WITHIN if learned else _VANISHES_WITHIN_UNKNOWN):
        return False
    slowest = learned.high if learned else brisk_arrival(view.to_home)
    driven = view.now - view.fix_at
    return _VANISHED_SHARE * _soonest(view, view.to_home) <= driven < slowest + _VANISHED_LATE


def _may_show_home(view: View) -> bool:
    if view.presence is Presence.HOME:
        return True
    return view.is_driving and not view.journey.is_outbound


def _while_online(view: View) -> tuple[float, Reason]:
    if view.last_read is None:
        return view.now + _FIRST_LOOK, Reason.FIRST_LOOK
    if view.is_doubted:
        return view.last_read + _DOUBT, Reason.DOUBTFUL_POSITION
    if view.to_home is None:
        # Without a home zone no position tells anything.
        is_homeless = view.fix_at is not None
        return (
            (inf, Reason.HOME_ZONE_MISSING)
            if is_homeless
            else (view.last_read + _NO_POSITION, Reason.NO_POSITION)
        )
    if view.is_driving:
        return _driving(view, view.last_read, view.to_home)
    if view.presence is Presence.HOME:
        return parked_home(view, view.last_read)
    return parked_away(view, view.last_read, view.to_home)


def _driving(view: View, last_read: float, to_home: float) -> tuple[float, Reason]:
    if view.presence is Presence.HOME:
        has_just_come = view.home_since is not None and last_read - view.home_since < _JUST_COME
        return parked_home(view, last_read) if has_just_come else (last_read + _INSIDE, Reason.DRIVING)
    fix_at = view.fix_at if view.fix_at is not None else last_read
    is_glimpsed = view.glimpsed_at is not None and view.now - view.glimpsed_at < _GLIMPSE_HOLDS
    late, shortest = (_LATE_GLIMPSED, _SHORTEST_GLIMPSED) if is_glimpsed else (view.late, _SHORTEST)
    home_at = fix_at + _soonest(view, to_home) + late
    reason = Reason.DRIVING if view.minutes_home is None else Reason.NAVIGATING_HOME
    if view.minutes_home is None and view.journey.is_outbound:
        home_at, reason = max(home_at, _outbound(view, fix_at)), Reason.DRIVING_AWAY
    longest = max(_LONGEST, earliest_arrival(to_home))
    # A car in gear that brings no new position, on a ferry or a tow truck, is asked for it ever more rarely.
    trail = view.journey.trail
    if len(trail) > 1 and trail[-1].at == trail[-2].at:
        # Only then is it old: where the car's clock is late, each new position looks so.
        shortest = max(shortest, (last_read - fix_at) * _STALE_SHARE)
    return min(max(home_at, last_read + shortest), last_read + longest), reason


def _soonest(view: View, to_home: float) -> float:
    """Return how many seconds after its last fix a driving car may be home: by its route, its habits, or the roads."""
    if view.minutes_home is not None:
        soonest = view.minutes_home * 60 * _QUICKER_THAN_ROUTE
    elif learned := view.habits.remaining(to_home):
        soonest = learned.low * _QUICKER
    else:
        soonest = brisk_arrival(to_home)
    if view.speed is not None and view.speed > _FAST and to_home < _SOON:
        soonest = min(soonest, to_home / view.speed)
    return max(soonest, earliest_arrival(to_home))


def _outbound(view: View, fix_at: float) -> float:
    """Return when a car that drives away is worth a read: when it stands, before it can be back."""
    left, trail = view.journey.left, view.journey.trail
    if left is None or view.journey.halt is not None:
        began = trail[0].at if trail else fix_at
        return fix_at + max(fix_at - began, _OUTBOUND) * view.pause
    outing = view.habits.outing(view.local(left.best))
    back = back_home(view)
    if outing is None or back is None:
        return fix_at + max(fix_at - left.best, _OUTBOUND) * view.pause
    stands = inf if outing.drive is None else left.best + outing.drive + _STANDS
    return stands if stands < back.low - _STANDS else back.low
