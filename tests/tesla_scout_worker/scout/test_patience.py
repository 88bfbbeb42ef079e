"""How long a car that does not drive is left alone, pure."""

from dataclasses import replace
from math import inf
import random

import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.habits import Habits, Leaving, Stay
from custom_components.tesla_scout_worker.scout.journey import Journey, Span
from custom_components.tesla_scout_worker.scout.policy import plan
from custom_components.tesla_scout_worker.scout.roads import brisk_arrival, earliest_arrival
from custom_components.tesla_scout_worker.scout.view import Promptness, Reason, View

DAY = 86_400.0
# Monday 16 November 2026, midnight in UTC, which is the local time here.
MONDAY = 1_794_787_200.0
HOUR = 3_600.0
WORK = 9_000.0


def works(leaves: float = 17.0, way_home: float = 900.0) -> Habits:
    """Return the habits of a car that leaves work about then (hour), and home about twenty to eight."""
    stays = tuple(
        Stay(day, leaves * 60 + spread, WORK, way_home) for day in range(5) for spread in (-15.0, 10.0)
    )
    leavings = tuple(
        Leaving(day, 460.0 + spread, 1_100.0, 34_000.0) for day in range(5) for spread in (-10.0, 10.0)
    )
    return Habits(leavings=leavings, stays=stays)


def kept_awake(hour: float, habits: Habits) -> View:
    """Return a car with Sentry Mode at work, on Monday at that hour, just read."""
    now = MONDAY + hour * HOUR
    return View(
        now=now,
        cloud=CloudState.ONLINE,
        presence=Presence.AWAY,
        to_home=WORK,
        fix_at=now,
        parked_since=MONDAY + 8 * HOUR,
        online_since=MONDAY + 7.5 * HOUR,
        last_read=now,
        habits=habits,
    )


def test_car_that_usually_leaves_now_is_read_as_often_as_its_way_home_takes() -> None:
    """So that a read falls into each drive home."""
    view = kept_awake(17, works())
    planned = plan(view)
    assert planned.reason is Reason.LEAVES_ABOUT_NOW
    assert 600 <= planned.read_at - view.now <= 900


def test_car_that_hardly_leaves_now_is_left_alone() -> None:
    """An hour and a half, but never past the time at which it usually leaves."""
    view = kept_awake(11, works())
    assert 4_000 <= plan(view).read_at - view.now <= 5_500
    late = kept_awake(15.5, works())
    assert plan(late).read_at <= MONDAY + 17 * HOUR


def test_unknown_place_is_read_with_growing_patience() -> None:
    """Fewer than twenty reads in nine hours (a car was once read every minute there, until Tesla answered 429)."""
    now, reads = MONDAY + 8.2 * HOUR, 0
    while now < MONDAY + 17 * HOUR:
        view = replace(kept_awake(now / HOUR - MONDAY / HOUR, Habits()), now=now, last_read=now, fix_at=now)
        now, reads = plan(view).read_at, reads + 1
    assert 10 <= reads < 20


@pytest.mark.parametrize(
    ("hour", "habits", "longest"),
    [(2, Habits(), 900), (12, Habits(), 330), (7.7, works(), 240), (2, works(leaves=2.0), 900)],
)
def test_sleeping_car_is_asked_for(hour: float, habits: Habits, longest: float) -> None:
    """Often around the times at which it leaves, rarely at night: at most three hundred times a day."""
    view = replace(kept_awake(hour, habits), cloud=CloudState.ASLEEP, presence=Presence.HOME, to_home=0.0)
    assert plan(view).look_at - view.now == longest


@pytest.mark.parametrize("habits", [Habits(), works(), works(leaves=9.0)])
@pytest.mark.parametrize("presence", [Presence.HOME, Presence.AWAY])
def test_questions_of_a_day_asleep(habits: Habits, presence: Presence) -> None:
    """Not more than three hundred, and few at night."""
    now, asked, at_night = MONDAY, 0, 0
    while now < MONDAY + DAY:
        view = replace(kept_awake(0, habits), now=now, cloud=CloudState.ASLEEP, presence=presence)
        at_night += not 6 * HOUR <= now - MONDAY < 23 * HOUR
        now, asked = plan(view).look_at, asked + 1
    assert asked <= 300
    assert at_night <= 40


def test_car_that_woke_at_home_is_given_time_to_leave() -> None:
    """Some minutes; with each read that found it there twice as long, so that a flickering signal costs little."""
    now = MONDAY + 12 * HOUR
    woken = replace(
        kept_awake(12, Habits()),
        presence=Presence.HOME,
        to_home=0.0,
        online_since=now - 10,
        last_read=now - 60,
    )
    assert plan(replace(woken, last_read=now - HOUR)).read_at == now + 140
    pauses = [plan(replace(woken, still=still)).read_at - now for still in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 500
    assert pauses[-1] == 7_140
    assert plan(woken).reason is Reason.WOKEN_HOME


def test_thrifty_leaves_out_the_start_of_a_usual_drive() -> None:
    """It is read when it should stand at work."""
    now = MONDAY + 7.7 * HOUR
    woken = replace(
        kept_awake(7.7, works()),
        presence=Presence.HOME,
        to_home=0.0,
        online_since=now,
        last_read=now - 9 * HOUR,
    )
    assert plan(replace(woken, promptness=Promptness.THRIFTY)).read_at >= now + 1_100
    assert plan(woken).read_at <= now + 200


def test_car_that_woke_elsewhere_is_looked_at_on_its_way_home() -> None:
    """If the way is known, well before it can be home; else within minutes."""
    now = MONDAY + 17 * HOUR
    woken = replace(
        kept_awake(17, works()), online_since=now, asleep_at=now - 240, last_read=now - 9 * HOUR, parked_since=now - 9 * HOUR
    )  # fmt: skip
    planned = plan(woken)
    assert planned.reason is Reason.WOKEN_AWAY
    assert now <= planned.read_at <= now - 240 + 900 - 180
    assert plan(replace(woken, habits=Habits())).read_at <= now + 120


@pytest.mark.parametrize("promptness", list(Promptness))
@pytest.mark.parametrize("thrift", [1.0, 3.0, inf])
@pytest.mark.parametrize("to_home", [400.0, WORK, 80_000.0])
def test_way_home_with_a_stop_that_nobody_saw_makes_no_arrival_missed(
    to_home: float, thrift: float, promptness: Promptness
) -> None:
    """Learned as two hours: today it drives straight home, and is read before it has fallen asleep there."""
    now = MONDAY + 17 * HOUR
    stays = (Stay(0, 1_020.0, to_home, brisk_arrival(to_home) + 7_200),) * 4
    woken = replace(
        kept_awake(17, Habits(stays=stays)),
        to_home=to_home,
        online_since=now,
        asleep_at=now - 240,
        last_read=now - 9 * HOUR,
        parked_since=now - 9 * HOUR,
        promptness=promptness,
        thrift=thrift,
    )
    assert plan(woken).read_at <= now + brisk_arrival(to_home) + 600


def test_charging_car_is_left_alone_until_the_charge_should_end() -> None:
    """Somebody would have to unplug it first."""
    view = replace(kept_awake(19, works()), presence=Presence.HOME, to_home=0.0)
    assert plan(replace(view, charging_until=view.now + 2 * HOUR)).read_at >= view.now + 2 * HOUR
    assert plan(replace(view, charging_until=view.now + 9 * HOUR)).read_at == view.now + 0.6 * 9 * HOUR
    done = plan(replace(view, charging_until=view.now - 2 * HOUR))
    assert done.reason is Reason.PARKED_HOME


def test_long_charge_is_looked_at_seldom_but_when_the_car_may_leave() -> None:
    """All night from a socket. About the time at which it leaves, and where nothing is known by day, it is seen each 2.5 hours."""
    for hour, habits, pause in (
        (2, works(), 0.6 * 10 * HOUR),
        (2, Habits(), 0.6 * 10 * HOUR),
        (7.5, works(), 2.5 * HOUR),
        (12, Habits(), 2.5 * HOUR),
    ):
        now = MONDAY + hour * HOUR
        view = replace(kept_awake(hour, habits), presence=Presence.HOME, to_home=0.0, online_since=now - HOUR)
        planned = plan(replace(view, parked_since=now - HOUR, charging_until=now + 10 * HOUR))
        assert planned.reason is Reason.CHARGING_HOME
        assert planned.read_at - now == pytest.approx(pause), hour


def test_short_outing_is_looked_for_when_it_is_usually_back() -> None:
    """A school run stands for three minutes only: its way home is not left to patience."""
    now = MONDAY + 8 * HOUR
    run = tuple(Leaving(day, 470.0, 480.0, 1_140.0 + 20 * day) for day in range(4))
    view = replace(
        kept_awake(8, Habits(leavings=run)),
        parked_since=now - 30,
        online_since=now - 600,
        journey=Journey(left=Span(now - 640, now - 560)),
        to_home=4_000.0,
    )
    planned = plan(view)
    assert planned.reason is Reason.BACK_ABOUT_NOW
    assert planned.read_at <= now - 600 + 1_200 + 60
    assert plan(replace(view, journey=Journey())).read_at >= now + 900


def test_look_that_an_eye_asked_for_is_followed_by_one_more() -> None:
    """The door opens before the car moves."""
    view = replace(kept_awake(12, works()), presence=Presence.HOME, to_home=0.0)
    seen = plan(replace(view, glimpsed_at=view.now - 5))
    assert seen.reason is Reason.WOKEN_HOME
    assert seen.read_at <= view.now + 300
    assert plan(replace(view, glimpsed_at=view.now - 900)).reason is Reason.PARKED_HOME


def reads_of_a_day(view: View, *, awake_before: bool = True) -> list[float]:
    """Return when a car that stands there from one midnight to the next is read, as often as planned."""
    parked = MONDAY - 3 * HOUR
    now, reads = MONDAY, []
    while now < MONDAY + DAY:
        reads.append(now)
        still = replace(
            view,
            now=now,
            last_read=now,
            fix_at=now,
            parked_since=parked,
            online_since=parked + (-600 if awake_before else 600),
        )
        planned = plan(still)
        assert planned.read_at >= now + 10, planned
        now = planned.read_at
    return reads


@pytest.mark.parametrize("promptness", list(Promptness))
@pytest.mark.parametrize("to_home", [30.0, 150.0, 1_000.0])
def test_street_next_to_home_is_no_money_pit(to_home: float, promptness: Promptness) -> None:
    """Sentry Mode within sight of home, which it leaves at any time of the day: the way takes moments, reads do not."""
    rows = tuple(
        Stay(day, hour * 60.0, to_home, to_home / 8) for day, hour in enumerate((8, 10, 12, 14, 16, 18))
    )
    view = replace(kept_awake(0, Habits(stays=(*rows, *rows))), to_home=to_home, promptness=promptness)
    assert len(reads_of_a_day(view)) <= 200


@pytest.mark.parametrize("way_home", [-5_000.0, -34.0, 0.0, 2.0])
def test_way_home_that_no_car_can_have_driven_is_not_believed(way_home: float) -> None:
    """However it came into the store."""
    view = kept_awake(0, works(way_home=way_home))
    assert len(reads_of_a_day(view)) <= 60
    planned = plan(replace(view, now=MONDAY + 17 * HOUR, last_read=MONDAY + 17 * HOUR))
    assert planned.read_at <= MONDAY + 17 * HOUR + 900
    stays = tuple(replace(row, to_home=60_000.0) for row in view.habits.stays)
    far = replace(kept_awake(17, Habits(stays=stays)), to_home=60_000.0)
    assert plan(far).read_at >= far.now + earliest_arrival(60_000.0)


def any_habits(rng: random.Random) -> Habits:
    """Return habits as they may be learned, or may have got into the store."""
    to_home = rng.choice([50.0, 2_000.0, WORK, 60_000.0])

    def _minute() -> float:
        return rng.choice([rng.uniform(0, 1_440), 480.0, 1_020.0, -90.0, 5_000.0])

    return Habits(
        leavings=tuple(
            Leaving(rng.randrange(9), _minute(), rng.choice([None, -50.0, 900.0]), rng.uniform(-900, 40_000))
            for _ in range(rng.choice([0, 2, 12, 48]))
        ),
        stays=tuple(
            Stay(rng.randrange(9), _minute(), to_home, rng.choice([None, -50.0, 0.0, 900.0]))
            for _ in range(rng.choice([0, 2, 12, 48]))
        ),
        paces=tuple(
            (rng.uniform(0, 60_000), rng.uniform(-900, 5_000)) for _ in range(rng.choice([0, 3, 90]))
        ),
    )


def test_no_habit_makes_a_parked_car_expensive() -> None:
    """Whatever was learned: at most two hundred and fifty reads a day if it stays awake, else as many as let it sleep."""
    rng = random.Random(5)
    for _ in range(150):
        awake_before = rng.random() < 0.5
        view = replace(
            kept_awake(0, any_habits(rng)),
            presence=rng.choice([Presence.HOME, Presence.AWAY]),
            to_home=rng.choice([0.0, 60.0, 2_000.0, WORK, 60_000.0]),
            promptness=rng.choice(list(Promptness)),
            offset=rng.choice([0.0, HOUR, -5 * HOUR]),
        )
        reads = reads_of_a_day(view, awake_before=awake_before)
        assert len(reads) <= (260 if awake_before else DAY / 960 + 1), view


def test_budget_that_runs_short_makes_a_parked_car_cheap() -> None:
    """Twice the patience, not much more than half the reads; none at all where nothing is left."""
    view = kept_awake(0, works())
    full, half, none = (len(reads_of_a_day(replace(view, thrift=thrift))) for thrift in (1.0, 2.0, inf))
    assert half <= 0.7 * full
    assert none <= 5
