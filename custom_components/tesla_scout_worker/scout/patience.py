"""How long to leave a car alone that does not drive, pure: one that sleeps, one parked at home, one parked elsewhere."""

from collections.abc import Callable
from typing import Final

from .arrival import Presence
from .habits import Chance, LocalTime
from .journey import Span
from .roads import brisk_arrival, earliest_arrival
from .view import LET_IT_SLEEP, Reason, View

# The unbilled state: by day, by night where nothing is known, around the times at which the car usually leaves (seconds).
STATE_PAUSE: Final = 330.0
_STATE_NIGHT: Final = 900.0
_STATE_LIKELY: Final = 240.0
_NIGHT: Final = (23 * 60, 6 * 60)
# A car that was driving and is not reachable is looked for this often (seconds).
_OUT_OF_REACH: Final = 60.0
# Saving money does not make much rarer what costs nothing, as far as is known.
_STATE_THRIFT: Final = 1.5
# A car that woke at home is given this long to leave; each read that found it still there doubles the pause (seconds).
_WOKEN_HOME: Final = 150.0
_STILL_HOME: Final = 300.0
_LONGEST_STILL: Final = 7_200.0
_MOST_STILL: Final = 10
# The same away from home, after so many reads in vain (seconds).
_VAIN: Final = 3
_STILL_AWAY: Final = 600.0
# A way home is not much quicker than the quickest that was learned.
_QUICKER: Final = 0.93
# A car parked where nothing is known of it is read again when it was parked half as long again (seconds).
_UNKNOWN_SHARE: Final = 0.5
_UNKNOWN_LONGEST: Final = 2_100.0
# How often to read one that likely leaves home, that may leave (so much less often), that hardly does (seconds).
_HOME_PAUSE: Final = 1_500.0
_POSSIBLE: Final = 1.4
_UNLIKELY_PAUSE: Final = 5_400.0
# While it charges at home it leaves only if somebody unplugs it; some time after that it should sleep (seconds). Where it
# hardly leaves, a charge that takes all night is looked at after this share of what is left of it.
_CHARGING_PAUSE: Final = 9_000.0
_CHARGING_SHARE: Final = 0.6
_CHARGED: Final = 1_260.0
# The start of a usual way home is confirmed so long before its earliest end; of an unknown one, after this share of it.
_HALFWAY: Final = 220.0
_UNKNOWN_WAY: Final = 0.3
_LONGEST_THRIFT: Final = 1.5
# A drive out is over when it has taken so much longer than the longest one; surely before this share of being back.
_SURELY_STANDS: Final = 600.0
_BACK_SHARE: Final = 0.7
_SHORTEST: Final = 25.0
# A car that has parked stays online at least this long (seconds).
_FALLS_ASLEEP: Final = 600.0
# However near home it stands, a parked car is not read more often than this for its drive home (seconds).
_SHORTEST_CATCHING: Final = 300.0
# So short an outing is watched from its start (seconds).
_SHORT_OUTING: Final = 3_600.0
# The chance that it has left is added up in steps of this length, at most for so long (seconds).
_STEP: Final = 300.0
_HORIZON: Final = 6 * 3_600.0


def while_not_online(view: View) -> tuple[float, Reason]:
    """Return how many seconds to wait before the cloud is asked again for a car that is not online."""
    if view.is_out_of_reach:
        return _OUT_OF_REACH, Reason.OUT_OF_REACH
    local = view.local(view.now)
    if view.presence is Presence.HOME:
        chance, reason = view.habits.leaves_home(local), Reason.ASLEEP_HOME
    else:
        chance = Chance.UNKNOWN if view.to_home is None else view.habits.sets_off(view.to_home, local)
        reason = Reason.ASLEEP_AWAY
    return _state_pause(chance, local) * min(view.thrift, _STATE_THRIFT), reason


def _state_pause(chance: Chance, local: LocalTime) -> float:
    if chance is Chance.LIKELY:
        return _STATE_LIKELY
    return _STATE_NIGHT if _is_night(local) and chance is not Chance.POSSIBLE else STATE_PAUSE


def _is_night(local: LocalTime) -> bool:
    return not _NIGHT[1] <= local.minute < _NIGHT[0]


def parked_home(view: View, last_read: float) -> tuple[float, Reason]:
    """Return when to read a car that is online and parked at home."""
    if view.has_woken:
        woken_at = (view.online_since or view.now) + (_usual_drive(view) or _WOKEN_HOME)
        pause = min(_STILL_HOME * 2.0 ** min(view.still, _MOST_STILL), _LONGEST_STILL) if view.still else 0.0
        return max(woken_at, last_read + pause), Reason.WOKEN_HOME
    if view.glimpsed_at is not None and view.glimpsed_at <= last_read < view.glimpsed_at + _WOKEN_HOME:
        # An eye saw something happen, perhaps before the car moved.
        return view.glimpsed_at + 2 * _WOKEN_HOME, Reason.WOKEN_HOME
    if view.charging_until is not None and view.charging_until + _CHARGED > view.now:
        pause = _charging_pause(view, view.charging_until - last_read)
        return min(last_read + pause, view.charging_until + _CHARGED), Reason.CHARGING_HOME

    def _pause(at: float) -> float:
        match view.habits.leaves_home(view.local(at)):
            case Chance.LIKELY:
                return _HOME_PAUSE
            case Chance.POSSIBLE:
                return _HOME_PAUSE * _POSSIBLE
            case Chance.UNLIKELY:
                return _UNLIKELY_PAUSE
            case _:
                return _unknown_pause(view, at)

    return _due(view, last_read, _pause), Reason.PARKED_HOME


def _charging_pause(view: View, left: float) -> float:
    """Return how long to leave a car alone that charges at home. left: how long that takes (seconds)."""
    local = view.local(view.now)
    chance = view.habits.leaves_home(local)
    if chance is Chance.UNLIKELY or (chance is Chance.UNKNOWN and _is_night(local)):
        return max(_CHARGING_PAUSE, left * _CHARGING_SHARE)
    return _CHARGING_PAUSE


def _usual_drive(view: View) -> float | None:
    """Return after how long a car that has probably just left home stands again, where no read is worth it before."""
    if not view.wish.is_sparing or view.online_since is None:
        return None
    local = view.local(view.online_since)
    outing = view.habits.outing(local)
    if outing is None or outing.drive is None or outing.back_after.low < _SHORT_OUTING:
        return None
    if view.habits.leaves_home(local) is not Chance.LIKELY:
        return None
    return min(outing.drive + _SURELY_STANDS, outing.back_after.low * _BACK_SHARE)


def parked_away(view: View, last_read: float, to_home: float) -> tuple[float, Reason]:
    """Return when to read a car that is online and parked away from home. to_home: metres."""
    way = view.habits.way_home(to_home)
    # Ways that held a stop nobody saw are long. By then a car that drove straight home is there, and still online.
    before_it_sleeps = brisk_arrival(to_home) + _FALLS_ASLEEP
    soonest = brisk_arrival(to_home)
    if way is not None:
        soonest = min(max(way.low * _QUICKER, earliest_arrival(to_home)), before_it_sleeps)
    if view.has_woken:
        online = view.online_since or view.now
        began = view.asleep_at if view.asleep_at is not None else view.now
        if way is None:
            wait = _UNKNOWN_WAY * soonest * min(view.pause, _LONGEST_THRIFT)
        elif view.wish.is_sparing and not view.habits.vanished:
            # The one read that finds it at home: when even the slowest way is over that began when it was seen online.
            # In a garage without signal it would find nothing: there the car must be seen on its way.
            wait = min(max(soonest + view.late, online - began + way.high), before_it_sleeps)
        else:
            wait = min(max(soonest - _HALFWAY, 0.0), before_it_sleeps)
        # One that has a weak signal seems to wake again and again.
        doublings = min(view.vain - _VAIN, _MOST_STILL)
        pause = min(_STILL_AWAY * 2.0**doublings, _LONGEST_STILL) if doublings >= 0 else 0.0
        return max(online, began + wait, last_read + pause), Reason.WOKEN_AWAY
    # A read at least this often falls into each drive home, unless that is a matter of moments.
    catching = max(soonest + view.late, _SHORTEST_CATCHING)

    def _pause(at: float) -> float:
        match view.habits.sets_off(to_home, view.local(at)):
            case Chance.LIKELY:
                # Also a thrifty look comes before the car, back home, has fallen asleep.
                return min(catching, (catching + _FALLS_ASLEEP) / view.wish.pause)
            case Chance.POSSIBLE:
                return max(catching * _POSSIBLE, LET_IT_SLEEP)
            case Chance.UNLIKELY:
                return max(catching, _UNLIKELY_PAUSE)
            case _:
                return _unknown_pause(view, at)

    due = _due(view, last_read, _pause)
    back = back_home(view)
    if back is not None and last_read + _SHORTEST < back.high < due:
        return min(max(back.low, last_read + catching), back.high), Reason.BACK_ABOUT_NOW
    is_likely = view.habits.sets_off(to_home, view.local(view.now)) is Chance.LIKELY
    return due, Reason.LEAVES_ABOUT_NOW if is_likely else Reason.PARKED_AWAY


def back_home(view: View) -> Span | None:
    """Return from when till when a car that left home at this time of day is usually back; None if nothing is usual."""
    left = view.journey.left
    outing = view.habits.outing(view.local(left.best)) if left else None
    if left is None or outing is None:
        return None
    back = outing.back_after
    return Span(left.best + back.low * _QUICKER + view.late, left.best + back.high + view.late)


def _unknown_pause(view: View, at: float) -> float:
    parked_for = at - (view.parked_since if view.parked_since is not None else view.now)
    return min(max(parked_for * _UNKNOWN_SHARE, LET_IT_SLEEP), _UNKNOWN_LONGEST)


def _due(view: View, last_read: float, pause_at: Callable[[float], float]) -> float:
    """Return when the chance that the car has left since the last read is worth the price of a read.

    pause_at: how often to read at a time, if it were always as then (seconds).
    """
    at, chance = last_read, 0.0
    while at < last_read + _HORIZON:
        pause = pause_at(at) * view.pause
        if chance + _STEP / pause >= 1.0:
            at += (1.0 - chance) * pause
            break
        at, chance = at + _STEP, chance + _STEP / pause
    return at if view.is_kept_awake else max(at, last_read + LET_IT_SLEEP)
