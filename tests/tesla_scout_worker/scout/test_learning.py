"""What each look adds to what is known, pure: the cloud's state, a position, what others tell."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState, Fix
from custom_components.tesla_scout_worker.scout.arrival import Change, Presence, Whereabouts
from custom_components.tesla_scout_worker.scout.data import ScoutData
from custom_components.tesla_scout_worker.scout.habits import Habits, Leaving, Stay
from custom_components.tesla_scout_worker.scout.journey import Halt, Journey, Span, Step
from custom_components.tesla_scout_worker.scout.learning import (
    after_cloud,
    after_sighting,
    after_told,
    without_habits,
)
from custom_components.tesla_scout_worker.scout.roads import earliest_arrival

HOUR = 3_600.0
# Monday 16 November 2026, noon in UTC.
T = 1_794_830_400.0
WORK = 9_000.0
# It left home at twenty to eight, stands at work since eight, and sleeps there until now.
AT_WORK = ScoutData(
    cloud=CloudState.ASLEEP,
    whereabouts=Whereabouts(Presence.AWAY, T - 4.3 * HOUR, T - 4 * HOUR, has_departed=True),
    fix=Fix(52.5, 13.4, T - 4 * HOUR),
    to_home=WORK,
    parked_since=T - 4 * HOUR,
    asleep_at=T,
    last_read=T - 4 * HOUR,
    journey=Journey(
        left=Span(T - 4.4 * HOUR, T - 4.3 * HOUR),
        halt=Halt(WORK, Span(T - 4.1 * HOUR, T - 4 * HOUR)),
        first_halt=T - 4.05 * HOUR,
        seen_still=T,
    ),
)


def driving(before: ScoutData, at: float, to_home: float) -> ScoutData:
    """Return what is known after a read that saw the car drive there, away from home."""
    return seen(before, at, Presence.AWAY, to_home, is_driving=True)


def seen(
    before: ScoutData,
    at: float,
    presence: Presence,
    to_home: float,
    *,
    is_driving: bool = False,
    change: Change | None = None,
) -> ScoutData:
    """Return what is known after a read that was believed. A parked car stands since it was seen to drive."""
    parked_since = None if is_driving else (before.parked_since or at)
    if not is_driving and to_home != before.to_home:
        parked_since = at
    after = replace(
        before,
        whereabouts=replace(before.whereabouts, presence=presence, at=at),
        fix=Fix(52.5, 13.4, at),
        to_home=to_home,
        is_driving=is_driving,
        parked_since=parked_since,
        last_read=at,
    )
    return after_sighting(before, after, change, 0.0)


def came_home(before: ScoutData, at: float, *, is_driving: bool = False) -> ScoutData:
    """Return what is known after a read that saw the car come home."""
    return seen(before, at, Presence.HOME, 0.0, is_driving=is_driving, change=Change.ARRIVED)


# --- the cloud ----------------------------------------------------------------------------------------


def test_car_that_woke_is_online_since_then() -> None:
    """And stays so, however often the cloud says it again."""
    woken = after_cloud(AT_WORK, CloudState.ONLINE, T + 60)
    assert woken.online_since == T + 60
    assert after_cloud(woken, CloudState.ONLINE, T + 90).online_since == T + 60
    assert after_cloud(woken, CloudState.ONLINE, T + 90).last_look == T + 90
    asleep = after_cloud(woken, CloudState.ASLEEP, T + 120)
    assert (asleep.online_since, asleep.asleep_at, asleep.journey.seen_still) == (None, T + 120, T + 120)


@pytest.mark.parametrize(("state", "stands"), [(CloudState.ASLEEP, True), (CloudState.OFFLINE, False)])
def test_tunnel_is_no_stay(state: CloudState, stands: bool) -> None:
    """A driving car without signal drives on; one that sleeps stands somewhere."""
    on_its_way = driving(AT_WORK, T + 300, 6_000.0)
    after = after_cloud(on_its_way, state, T + 400)
    assert (after.journey.trail == ()) is stands
    assert (after.journey != on_its_way.journey) is stands
    parked = after_cloud(replace(on_its_way, is_driving=False), CloudState.OFFLINE, T + 400)
    assert parked.journey.trail == ()


# --- positions ----------------------------------------------------------------------------------------


def test_day_at_work_is_learned_when_it_ends_at_home() -> None:
    """When it left, how long it drove and was away, when it left work, how long the way home took, and its pace."""
    home = came_home(driving(driving(AT_WORK, T + 300, 6_000.0), T + 600, 2_500.0), T + 900)
    (leaving,) = home.habits.leavings
    (stay,) = home.habits.stays
    assert (leaving.weekday, stay.weekday) == (0, 0)
    assert leaving.minute == pytest.approx(7 * 60 + 39, abs=4)
    assert leaving.back_after == pytest.approx(4.6 * HOUR, abs=0.15 * HOUR)
    assert leaving.drive == pytest.approx(0.3 * HOUR, abs=0.1 * HOUR)
    assert stay.minute == pytest.approx(12 * 60 + 2, abs=3)
    assert stay.to_home == WORK
    assert stay.way_home is not None
    assert 600 <= stay.way_home <= 900
    assert [metres for metres, _ in home.habits.paces] == [6_000.0, 2_500.0]
    assert home.journey == Journey(seen_still=T + 900)


def test_only_an_arrival_teaches() -> None:
    """At home again after a doubt, at home still: nothing was learned."""
    home = seen(AT_WORK, T + 900, Presence.HOME, 0.0)
    assert home.habits == Habits()
    assert seen(home, T + 1_900, Presence.HOME, 0.0).habits == Habits()


def test_arrival_of_a_car_that_rolls_in_was_a_moment_ago() -> None:
    """One that stands came sometime since it was seen last."""
    near = driving(AT_WORK, T + 600, 2_500.0)
    (rolling,), (standing,) = (
        came_home(near, T + 900, is_driving=is_driving).habits.paces for is_driving in (True, False)
    )
    assert rolling == (2_500.0, 290.0)
    assert standing[1] < rolling[1]


def test_way_home_that_was_not_seen_begins_when_the_car_woke() -> None:
    """Asleep at twelve, online at five past, at home at a quarter past."""
    home = came_home(after_cloud(AT_WORK, CloudState.ONLINE, T + 300), T + 900)
    assert [row.way_home for row in home.habits.stays] == [pytest.approx(600, abs=200)]
    # It was awake before it stood at work: when it set off is not known.
    awake = replace(AT_WORK, online_since=T - 5 * HOUR, asleep_at=T - 6 * HOUR)
    assert came_home(awake, T + 900).habits.stays == ()


def test_no_way_home_is_quicker_than_roads_allow() -> None:
    """Asleep at work a moment ago, at home now: the cloud was late, and no read is planned by that later."""
    home = came_home(after_cloud(AT_WORK, CloudState.ONLINE, T + 2), T + 4)
    (stay,) = home.habits.stays
    assert stay.way_home == earliest_arrival(WORK)


def test_clock_set_back_on_the_way_teaches_no_nonsense() -> None:
    """It came home before it left: no outing of a negative length is remembered."""
    home = came_home(driving(AT_WORK, T + 300, 6_000.0), T - 9 * HOUR)
    assert home.habits.leavings == ()
    assert [row.way_home for row in home.habits.stays] == [earliest_arrival(WORK)]
    assert all(seconds > 0 for _, seconds in home.habits.paces)


def test_stay_that_leads_elsewhere_is_learned_too() -> None:
    """From work to a shop twelve kilometres away."""
    shop = seen(driving(AT_WORK, T + 300, 11_000.0), T + 900, Presence.AWAY, 12_000.0)
    assert [(row.to_home, row.way_home) for row in shop.habits.stays] == [(WORK, None)]
    assert shop.journey.halt is not None
    assert shop.journey.halt.to_home == 12_000.0
    assert shop.journey.left == AT_WORK.journey.left


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"fix": None}, id="no position"),
        pytest.param({"fix": Fix(52.5, 13.4, T - 60)}, id="not the position that was believed"),
        pytest.param(
            {"whereabouts": Whereabouts(Presence.HOME, at=T + 900, doubted=Presence.AWAY)}, id="in doubt"
        ),
    ],
)
def test_position_that_was_not_believed_teaches_nothing(changes: dict[str, Any]) -> None:
    """Also no end of the outing."""
    fields: dict[str, Any] = {
        "fix": Fix(52.5, 13.4, T + 900),
        "whereabouts": Whereabouts(Presence.HOME, at=T + 900),
    }
    after = replace(AT_WORK, **fields | changes)
    assert after_sighting(AT_WORK, after, Change.ARRIVED, 0.0) is after


def test_reads_that_found_it_where_it_was_are_counted() -> None:
    """The first tells where it stands, each later one that it still does; a drive begins anew."""
    parked = seen(driving(AT_WORK, T, 5_000.0), T + 900, Presence.AWAY, 4_000.0)
    assert parked.still == 0
    counted = parked
    for reads in (1, 2, 3):
        counted = seen(counted, T + 900 + 1_000 * reads, Presence.AWAY, 4_000.0)
        assert counted.still == reads
    assert driving(counted, T + 9_000, 3_000.0).still == 0


# --- a garage without signal --------------------------------------------------------------------------


def vanished(gone_for: float) -> ScoutData:
    """Return a car that lost its signal at T + 600, 300 m from home, and was not online for so long after that."""
    near = driving(AT_WORK, T + 570, 300.0)
    return replace(near, vanished_at=T + 600, cloud=CloudState.ONLINE, asleep_at=T + 600 + gone_for)


@pytest.mark.parametrize(
    ("gone_for", "to_home", "counted"),
    [
        pytest.param(12 * HOUR, 0.0, 2, id="found at home"),
        pytest.param(12 * HOUR, 600.0, 2, id="found a minute's drive away"),
        pytest.param(12 * HOUR, 5_000.0, 0, id="found elsewhere"),
        pytest.param(600.0, 0.0, 1, id="gone for too short"),
    ],
)
def test_where_it_is_found_teaches_of_the_garage(gone_for: float, to_home: float, counted: int) -> None:
    """It is counted in a row; one that was elsewhere begins anew."""
    gone = vanished(gone_for)
    gone = replace(gone, habits=Habits(vanished=1))
    presence = Presence.AWAY if to_home else Presence.HOME
    found = seen(gone, T + 630 + gone_for, presence, to_home, is_driving=bool(to_home))
    assert (found.habits.vanished, found.vanished_at) == (counted, None)


@pytest.mark.parametrize(
    ("online_for", "counted"),
    [
        pytest.param(900.0, 1, id="drove home online"),
        pytest.param(-3_600.0, 2, id="woke an hour later"),
    ],
)
def test_home_with_signal_makes_the_garage_doubtful(online_for: float, counted: int) -> None:
    """Where it vanished is then perhaps a shop nearby. It is taken into account once for each stay."""
    home = ScoutData(
        cloud=CloudState.ONLINE,
        whereabouts=Whereabouts(Presence.HOME, T, T),
        online_since=T - online_for,
        last_look=T,
        habits=Habits(vanished=2),
    )
    for minutes in (4, 9):
        home = after_cloud(home, CloudState.ONLINE, T + minutes * 60)
        assert home.habits.vanished == 2
    for minutes in (12, 16, 20, 300):
        home = after_cloud(home, CloudState.ONLINE, T + minutes * 60)
        assert home.habits.vanished == counted
    away = replace(home, whereabouts=Whereabouts(Presence.AWAY, T, T), last_look=T)
    assert after_cloud(away, CloudState.ONLINE, T + 900).habits.vanished == counted
    gone = replace(home, last_look=T)
    assert after_cloud(gone, CloudState.OFFLINE, T + 900).habits.vanished == counted


def test_car_found_outside_its_garage_has_left_home_since() -> None:
    """The way to work in the morning begins at home, not where the signal went the evening before."""
    found = driving(vanished(12 * HOUR), T + 660 + 12 * HOUR, 600.0)
    assert found.journey.left is not None
    assert found.journey.left.best >= T + 600 + 12 * HOUR
    assert found.journey.is_outbound


# --- what others tell ---------------------------------------------------------------------------------


def test_told_home_and_left() -> None:
    """An eye's word ends and begins an outing as a position does."""
    on_its_way = driving(AT_WORK, T + 300, 2_500.0)
    told = replace(on_its_way, whereabouts=Whereabouts(Presence.HOME, T + 500, T + 300))
    home = after_told(told, Change.ARRIVED, T + 500, 0.0)
    assert (home.is_driving, home.parked_since, home.to_home) == (False, T + 500, 0.0)
    assert home.habits.paces == ((2_500.0, 200.0),)
    assert home.journey == Journey(seen_still=T + 500)
    gone = replace(home, whereabouts=Whereabouts(Presence.AWAY, T + HOUR, T + 300, has_departed=True))
    left = after_told(replace(gone, still=4), Change.LEFT, T + HOUR, 0.0)
    assert left.journey == Journey(left=Span(T + HOUR, T + HOUR))
    assert left.still == 0
    assert after_told(left, None, T + 2 * HOUR, 0.0) is left


def test_forgotten_is_everything_that_was_learned() -> None:
    """Of this outing too, and that a garage was just about to be learned; not where the car is."""
    habits = Habits((Leaving(0, 1.0, 2.0, 3.0),), (Stay(0, 1.0, 2.0, 3.0),), ((1.0, 2.0),), 2)
    known = replace(vanished(12 * HOUR), habits=habits)
    forgotten = without_habits(known)
    assert forgotten.habits == Habits()
    assert forgotten.journey == Journey(seen_still=known.journey.seen_still)
    assert seen(forgotten, T + 13 * HOUR, Presence.HOME, 0.0).habits == Habits()
    assert (forgotten.whereabouts, forgotten.fix) == (known.whereabouts, known.fix)


def test_whole_day_learns_the_trail_in_order() -> None:
    """Only what leads home tells of the way home: the steps outwards are left out."""
    gone = driving(AT_WORK, T + 300, 10_000.0)
    assert gone.journey.trail == (Step(T + 300, 10_000.0),)
    home = came_home(driving(driving(gone, T + 600, 14_000.0), T + 1_200, 5_000.0), T + 1_700)
    assert [metres for metres, _ in home.habits.paces] == [14_000.0, 5_000.0]
