"""What each look adds to what is known of a car, pure: its cloud state, its journey, its habits."""

from dataclasses import replace

from ..fleet.models import CloudState
from .arrival import Change, Presence
from .data import ScoutData
from .habits import Habits
from .journey import Journey, Span, not_online, seen_at_home, seen_driving, seen_parked
from .roads import earliest_arrival

# A car that was out of sight for less than this has not stood in a garage (seconds).
_SHORTEST_STAY = 1_200.0
# A first position this much farther from home than the car can have driven since is not from home (metres).
_SLACK = 300.0
_FASTEST = 15.0
# Seen so soon after it was back it is telling where it came from; of more than the longest time nothing is (seconds).
_TELLING_GAP = 120.0
_LONGEST_GAP = 600.0
# One that is online so long after it came home has signal there (seconds).
_HAS_SIGNAL = 600.0
# A car that is seen rolling into the zone crossed its edge a moment ago (seconds).
_JUST_CROSSED = 10.0


def after_cloud(data: ScoutData, state: CloudState, now: float) -> ScoutData:
    """Return what is known after the cloud told its state of the car. now: Unix seconds."""
    if state is CloudState.ONLINE:
        online = replace(data, cloud=state, online_since=data.online_since or now, last_look=now)
        return _with_signal(online) if _shows_signal(data, now) else online
    journey = data.journey
    # A driving car in a tunnel is offline; one that sleeps stands.
    if state is CloudState.ASLEEP or not data.is_driving:
        journey = not_online(journey, now)
    return replace(data, cloud=state, online_since=None, asleep_at=now, last_look=now, journey=journey)


def after_sighting(
    before: ScoutData, after: ScoutData, change: Change | None, offset: float, *, has_woken: bool = False
) -> ScoutData:
    """Return what is known with a position that was believed taken into the journey and the habits.

    before, after: what was known without and with the position. offset: of the local time from UTC (seconds). has_woken:
    the car was read because it woke.
    """
    fix = after.fix
    if fix is None or after.whereabouts.at != fix.at or after.whereabouts.doubted is not None:
        return after
    is_still = before.fix is not None and not after.is_driving and after.parked_since == before.parked_since
    vain = before.vain + has_woken if is_still else 0
    after = _after_vanishing(replace(after, still=before.still + 1 if is_still else 0, vain=vain))
    match after.presence:
        case Presence.HOME:
            likely = fix.at - _JUST_CROSSED if after.is_driving else None
            return _at_home(after, change, fix.at, likely, offset)
        case Presence.AWAY:
            return _away(after, fix.at, offset)
        case _:
            return after


def after_told(data: ScoutData, change: Change | None, at: float, offset: float) -> ScoutData:
    """Return what is known after somebody else told that the car came home or left. at: Unix seconds."""
    if data.presence is Presence.HOME:
        data = replace(data, is_driving=False, parked_since=at, to_home=0.0)
        return _at_home(data, change, at, at if change else None, offset)
    if change is Change.LEFT:
        return replace(data, journey=Journey(left=Span(at, at)), still=0)
    return data


def _at_home(
    data: ScoutData, change: Change | None, at: float, likely: float | None, offset: float
) -> ScoutData:
    journey, habits = data.journey, data.habits
    if change is Change.ARRIVED:
        journey = _with_waking(journey, data)
        habits = habits.came_home(journey, _arrived(journey, at, likely), offset)
    return replace(data, habits=habits, journey=seen_at_home(at, is_driving=data.is_driving))


def _with_waking(journey: Journey, data: ScoutData) -> Journey:
    """Return the journey of a car that was not seen on its way home, but when it woke for it."""
    if (
        journey.halt is None
        or journey.set_off is not None
        or data.asleep_at is None
        or data.online_since is None
    ):
        return journey
    if not journey.halt.since.high <= data.asleep_at <= data.online_since:
        return journey
    return replace(journey, set_off=Span(data.asleep_at, data.online_since))


def _arrived(journey: Journey, at: float, likely: float | None) -> Span:
    if journey.trail:
        last = journey.trail[-1]
        earliest = last.at + earliest_arrival(last.to_home)
    elif journey.set_off is not None:
        earliest = journey.set_off.high
    else:
        earliest = journey.seen_still if journey.seen_still is not None else at
    earliest = min(earliest, at)
    return Span(earliest, at, None if likely is None else max(earliest, likely))


def _away(data: ScoutData, at: float, offset: float) -> ScoutData:
    before, to_home = data.journey, data.to_home or 0.0
    if data.is_driving:
        return replace(data, journey=seen_driving(before, at, to_home))
    journey = seen_parked(before, at, to_home)
    went_on = before.set_off is not None and journey.set_off is None
    habits = data.habits.went_on(before, offset) if went_on else data.habits
    return replace(data, journey=journey, habits=habits)


def _shows_signal(before: ScoutData, now: float) -> bool:
    """Return whether this look, the first so long after the car came home, finds it online without a break."""
    came_at = before.whereabouts.since
    if before.presence is not Presence.HOME or came_at is None or before.online_since is None:
        return False
    is_first = (before.last_look or 0.0) < came_at + _HAS_SIGNAL <= now
    return is_first and before.online_since <= came_at


def _with_signal(data: ScoutData) -> ScoutData:
    """Learn that there is signal at home: where the car vanished lately, it was perhaps somewhere else."""
    habits = replace(data.habits, vanished=max(data.habits.vanished - 1, 0))
    return replace(data, habits=habits)


def _after_vanishing(data: ScoutData) -> ScoutData:
    """Learn from where a car is seen after it had lost its signal on the last metres home."""
    if data.vanished_at is None or data.fix is None:
        return data
    gone_until = data.asleep_at if data.asleep_at is not None else data.vanished_at
    to_home, gap = data.to_home or 0.0, max(data.fix.at - gone_until, 0.0)
    if to_home > _SLACK + _FASTEST * min(gap, _LONGEST_GAP):
        # It was elsewhere, however short it stood there.
        return replace(data, vanished_at=None, habits=data.habits.found_after_vanishing(at_home=False))
    if to_home > _SLACK + _FASTEST * _TELLING_GAP or gone_until - data.vanished_at < _SHORTEST_STAY:
        # It may have come from home, or not.
        return replace(data, vanished_at=None)
    habits = data.habits.found_after_vanishing(at_home=True)
    return replace(data, vanished_at=None, habits=habits, journey=Journey(seen_still=gone_until))


def without_habits(data: ScoutData) -> ScoutData:
    """Return what is known with everything forgotten that was learned, of this outing too."""
    return replace(
        data, habits=Habits(), journey=Journey(seen_still=data.journey.seen_still), vanished_at=None
    )
