"""What the scout plans, pure: why and when it looks, and what it may cost."""

from dataclasses import replace
from itertools import pairwise, product
from math import inf
import random

import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.habits import CERTAIN_TO_VANISH, Habits, Leaving
from custom_components.tesla_scout_worker.scout.journey import Halt, Journey, Span, Step
from custom_components.tesla_scout_worker.scout.policy import (
    has_vanished_at_home,
    is_worth_a_read,
    may_have_vanished,
    plan,
)
from custom_components.tesla_scout_worker.scout.roads import brisk_arrival, earliest_arrival
from custom_components.tesla_scout_worker.scout.view import Promptness, Reason, View, past

# Monday 16 November 2026, noon in UTC.
NOW = 1_794_830_400.0
PARKED = View(
    now=NOW,
    cloud=CloudState.ONLINE,
    presence=Presence.AWAY,
    to_home=9_000.0,
    fix_at=NOW - 60,
    parked_since=NOW - 300,
    online_since=NOW - 4_000,
    last_read=NOW - 60,
)
DRIVING = replace(PARKED, is_driving=True, parked_since=None, fix_at=NOW, last_read=NOW)
OUTBOUND = Journey(left=Span(NOW - 400, NOW - 360), trail=(Step(NOW, 9_000.0),))
# The way home from nine kilometres takes ten minutes at least.
KNOWN_WAY = Habits(paces=((9_000.0, 600.0), (9_100.0, 640.0), (8_900.0, 700.0)))


@pytest.mark.parametrize(
    ("view", "reason", "shortest", "longest"),
    [
        pytest.param(replace(PARKED, last_read=None), Reason.FIRST_LOOK, 1, 120, id="never read"),
        pytest.param(PARKED, Reason.PARKED_AWAY, 300, 360, id="parked away"),
        pytest.param(replace(PARKED, presence=Presence.HOME), Reason.PARKED_HOME, 300, 360, id="parked home"),
        pytest.param(
            replace(PARKED, to_home=None, fix_at=None), Reason.NO_POSITION, 300, 360, id="no position"
        ),
        pytest.param(replace(PARKED, to_home=None), Reason.HOME_ZONE_MISSING, 300, 360, id="no home zone"),
        pytest.param(replace(PARKED, doubted_at=NOW - 5, last_read=NOW), Reason.DOUBTFUL_POSITION, 20, 45, id="doubtful"),
        pytest.param(replace(PARKED, doubted_at=NOW - 600), Reason.PARKED_AWAY, 300, 360, id="a doubt that is old"),
        pytest.param(replace(DRIVING, to_home=300.0), Reason.DRIVING, 25, 90, id="driving near"),
        pytest.param(replace(DRIVING, to_home=900_000.0), Reason.DRIVING, 300, 360, id="driving very far"),
        pytest.param(replace(DRIVING, journey=OUTBOUND), Reason.DRIVING_AWAY, 60, 360, id="driving away"),
        pytest.param(replace(DRIVING, minutes_home=4.0), Reason.NAVIGATING_HOME, 200, 290, id="navigating"),
        pytest.param(replace(DRIVING, presence=Presence.HOME, to_home=0.0), Reason.DRIVING, 200, 300, id="in the zone"),
        pytest.param(replace(PARKED, presence=Presence.HOME, charging_until=NOW + 7_200), Reason.CHARGING_HOME, 300, 360, id="charging"),
        pytest.param(replace(PARKED, cloud=CloudState.ASLEEP), Reason.ASLEEP_AWAY, 300, 360, id="asleep away"),
        pytest.param(replace(PARKED, cloud=CloudState.OFFLINE, presence=Presence.HOME), Reason.ASLEEP_HOME, 300, 360, id="offline home"),
        pytest.param(replace(DRIVING, cloud=CloudState.OFFLINE), Reason.OUT_OF_REACH, 45, 90, id="out of reach"),
        pytest.param(replace(PARKED, eyes=Presence.AWAY), Reason.EYES_ANSWER, 600, 1_200, id="eyes answer"),
        pytest.param(replace(PARKED, eyes=Presence.HOME), Reason.PARKED_AWAY, 300, 360, id="eyes contradict"),
    ],
)  # fmt: skip
def test_reason_and_time(view: View, reason: Reason, shortest: float, longest: float) -> None:
    """Each situation has its reason, and a time that suits it."""
    planned = plan(view)
    assert planned.reason is reason
    assert shortest <= min(planned.look_at, planned.read_at) - NOW <= longest


@pytest.mark.parametrize("cloud", [CloudState.ASLEEP, CloudState.OFFLINE, CloudState.UNKNOWN])
def test_car_that_is_not_online_is_never_read(cloud: CloudState) -> None:
    """An answer 408 is billed too."""
    for view in (PARKED, DRIVING, replace(PARKED, last_read=None), replace(PARKED, eyes=Presence.AWAY)):
        assert plan(replace(view, cloud=cloud)).read_at == inf


def test_driving_car_is_looked_at_when_it_should_be_home() -> None:
    """By what was learned; else by a brisk drive; never before any car could be there."""
    learned = plan(replace(DRIVING, habits=KNOWN_WAY)).read_at - NOW
    assert 540 <= learned <= 660
    brisk = plan(DRIVING).read_at - NOW
    assert brisk_arrival(9_000.0) < brisk < brisk_arrival(9_000.0) + 60
    impossible = Habits(paces=((9_000.0, 5.0),) * 3)
    assert plan(replace(DRIVING, habits=impossible)).read_at - NOW >= earliest_arrival(9_000.0)


def test_fast_car_near_home_is_looked_at_sooner() -> None:
    """On a motorway that ends at home the last kilometre takes half a minute."""
    near = replace(DRIVING, to_home=1_500.0)
    assert plan(replace(near, speed=33.0)).read_at < plan(replace(near, speed=8.0)).read_at - 60


@pytest.mark.parametrize(("is_new", "shortest", "longest"), [(False, 900, 1_800), (True, 15, 60)])
def test_position_that_stays_the_same_is_asked_for_ever_more_rarely(
    is_new: bool, shortest: float, longest: float
) -> None:
    """In gear on a ferry. One that is new and only looks old, by a clock that is an hour late, is no reason to wait."""
    steps = (Step(NOW - 3_700, 6_000.0), Step(NOW - 3_600, 4_000.0))
    trail = steps if is_new else (*steps, steps[-1])
    old = replace(DRIVING, fix_at=NOW - 3_600, to_home=4_000.0, journey=Journey(trail=trail))
    assert shortest <= plan(old).read_at - NOW <= longest


def test_usual_drive_out_is_read_when_it_should_stand() -> None:
    """And before the car can be back."""
    rows = (Leaving(0, 12 * 60 - 6, 1_200.0, 30_000.0),) * 3
    view = replace(DRIVING, journey=OUTBOUND, habits=Habits(leavings=rows))
    left = (NOW - 380.0) if OUTBOUND.left is None else OUTBOUND.left.best
    assert left + 1_200 <= plan(view).read_at <= left + 1_500
    short = (Leaving(0, 12 * 60 - 6, None, 1_000.0),) * 3
    back = plan(replace(view, habits=Habits(leavings=short)))
    assert left + 900 <= back.read_at <= left + 1_200


@pytest.mark.parametrize(
    ("view", "is_full"),
    [
        (replace(PARKED, presence=Presence.HOME), True),
        (DRIVING, True),
        (replace(DRIVING, journey=OUTBOUND), False),
        (PARKED, False),
    ],
)
def test_read_that_may_show_the_car_at_home_is_full(view: View, is_full: bool) -> None:
    """It costs the same and saves the one at the arrival."""
    assert plan(view).is_full is is_full


def test_wish_and_thrift_make_looks_rarer() -> None:
    """Prompt is sooner than balanced, thrifty later, and a budget that runs short later still."""
    reads = [plan(replace(DRIVING, promptness=wish)).read_at for wish in (Promptness.PROMPT, Promptness.BALANCED, Promptness.THRIFTY)]  # fmt: skip
    assert reads == sorted(set(reads))
    thin = [plan(replace(PARKED, thrift=thrift)).read_at for thrift in (1.0, 2.0, 4.0)]
    assert thin == sorted(set(thin))
    assert plan(replace(PARKED, thrift=inf)).read_at >= NOW + 3_600


def test_eyes_are_checked_once_a_day_after_the_car_woke() -> None:
    """One that died silently does not answer for ever; one that is right costs nothing."""
    view = replace(PARKED, eyes=Presence.AWAY)
    assert plan(replace(view, last_read=NOW - 3_600)).read_at > NOW + 80_000
    assert plan(replace(view, last_read=NOW - 90_000, online_since=NOW - 60)).read_at == NOW + 540


def test_car_that_vanishes_on_its_last_metres_is_home_if_that_proved_right() -> None:
    """The signal went about when the car should be home, and it was found there after such a loss, twice in a row."""
    gone = replace(DRIVING, cloud=CloudState.OFFLINE, habits=KNOWN_WAY, fix_at=NOW - 600, to_home=7_800.0)
    known = replace(gone, habits=replace(KNOWN_WAY, vanished=CERTAIN_TO_VANISH))
    assert may_have_vanished(gone)
    assert not has_vanished_at_home(gone)
    assert has_vanished_at_home(known)
    for other in (
        replace(known, cloud=CloudState.ASLEEP),
        replace(known, fix_at=NOW - 120),
        replace(known, fix_at=NOW - 3_600),
        replace(known, to_home=30_000.0),
        replace(known, is_driving=False),
        replace(known, presence=Presence.HOME),
        replace(known, journey=OUTBOUND),
    ):
        assert not has_vanished_at_home(other), other


def test_farther_is_never_sooner() -> None:
    """A car farther from home is not home sooner."""
    for one, other in pairwise(range(0, 100_000, 500)):
        assert earliest_arrival(one) < earliest_arrival(other)
        assert earliest_arrival(one) <= brisk_arrival(one) < brisk_arrival(other)


def _any_view(rng: random.Random) -> View:
    def _at(longest: float) -> float | None:
        return None if rng.random() < 0.2 else NOW - rng.uniform(0, longest)

    halt = Halt(rng.uniform(0, 20_000), Span(NOW - 9_000, NOW - 8_000))
    return View(
        now=NOW,
        cloud=rng.choice(list(CloudState)),
        presence=rng.choice(list(Presence)),
        to_home=rng.choice([None, 0.0, rng.uniform(0, 3_000), rng.uniform(0, 400_000)]),
        fix_at=_at(10_000),
        is_driving=rng.random() < 0.5,
        speed=rng.choice([None, 0.0, 13.0, 40.0]),
        parked_since=_at(100_000),
        online_since=_at(100_000),
        asleep_at=_at(100_000),
        last_read=_at(50_000),
        still=rng.choice([0, 1, 5, 2_000]),
        glimpsed_at=_at(600),
        eyes=rng.choice([None, None, *Presence]),
        doubted_at=rng.choice([None, NOW - 10]),
        minutes_home=rng.choice([None, None, 0.0, 12.0]),
        charging_until=rng.choice([None, NOW - 5_000, NOW + 5_000]),
        journey=rng.choice([Journey(), OUTBOUND, Journey(left=Span(NOW - 9_500, NOW - 9_000), halt=halt)]),
        habits=rng.choice([Habits(), KNOWN_WAY, Habits(leavings=(Leaving(0, 700.0, 900.0, 5_000.0),) * 4)]),
        promptness=rng.choice(list(Promptness)),
        thrift=rng.choice([1.0, 3.0, inf]),
    )


def test_no_situation_spends_without_bound() -> None:
    """Whatever is known: two reads are never a moment apart, and the cloud is asked sometime, but not all the time."""
    rng = random.Random(7)
    for _ in range(5_000):
        view = _any_view(rng)
        planned = plan(view)
        if view.last_read is not None:
            assert planned.read_at - view.last_read >= 15, view
        assert planned.look_at >= NOW or planned.look_at == planned.read_at
        assert planned.look_at <= NOW + 1_800


def test_parked_car_can_fall_asleep() -> None:
    """Nothing is read for a quarter of an hour after it was read, unless it proved to stay awake."""
    rng = random.Random(8)
    seen = 0
    for _ in range(5_000):
        view = replace(
            _any_view(rng),
            is_driving=False,
            cloud=CloudState.ONLINE,
            doubted_at=None,
            eyes=None,
            glimpsed_at=None,
        )
        if (
            view.last_read is None
            or view.to_home is None
            or view.has_woken
            or view.is_kept_awake
            or view.journey.left
        ):
            continue
        if view.charging_until is not None and view.presence is Presence.HOME:
            continue
        seen += 1
        assert plan(view).read_at >= view.last_read + 900, view
    assert seen > 300


def test_time_to_come_is_a_clock_that_was_set_back() -> None:
    """Waiting for it would take too long."""
    assert past(NOW + 1, NOW) is None
    assert past(NOW, NOW) == NOW
    assert past(None, NOW) is None


def test_each_presence_and_cloud_state_has_a_plan() -> None:
    """No gap in the table."""
    for cloud, presence in product(CloudState, Presence):
        assert plan(replace(PARKED, cloud=cloud, presence=presence)).reason in set(Reason)


def test_read_is_worth_it_when_it_is_due_or_an_eye_asked() -> None:
    """Not again a moment after another, and not while the eyes answer for the car."""
    view = replace(PARKED, last_read=NOW - 60, online_since=NOW - 20_000, parked_since=NOW - 19_000)
    assert not is_worth_a_read(plan(view), view, is_glimpsed=False)
    assert is_worth_a_read(plan(view), view, is_glimpsed=True)
    just_read = replace(view, last_read=NOW - 5)
    assert not is_worth_a_read(plan(just_read), just_read, is_glimpsed=True)
    answered = replace(view, eyes=Presence.AWAY)
    assert not is_worth_a_read(plan(answered), answered, is_glimpsed=True)
    due = replace(view, last_read=NOW - 9_000)
    assert is_worth_a_read(plan(due), due, is_glimpsed=False)
    never = replace(view, last_read=None)
    assert is_worth_a_read(plan(never), never, is_glimpsed=False)


def test_car_is_looked_at_soon_after_an_eye_asked() -> None:
    """The door opens a moment before the car is in the zone."""
    near = replace(DRIVING, to_home=60.0)
    assert plan(near).read_at - NOW >= 25
    assert plan(replace(near, glimpsed_at=NOW - 2)).read_at - NOW <= 16
    assert plan(replace(near, glimpsed_at=NOW - 600)).read_at == plan(near).read_at
