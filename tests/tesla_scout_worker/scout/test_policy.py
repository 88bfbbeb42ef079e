"""When the scout looks next, pure: bounds for each reason and wish, and what is worth a billed read."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.policy import (
    NextLook,
    Promptness,
    Reason,
    View,
    earliest_arrival,
    next_look,
    past,
    should_read,
)

NOW = 1_000_000.0
PARKED = View(
    now=NOW,
    cloud=CloudState.ONLINE,
    presence=Presence.AWAY,
    to_home=9_000.0,
    is_driving=False,
    parked_since=NOW - 300,
    online_since=NOW - 4_000,
    last_read=NOW - 60,
)
DRIVING = replace(PARKED, is_driving=True, parked_since=None)


def look(view: View, wish: Promptness = Promptness.BALANCED) -> NextLook:
    """Return the plan after a look that saw this."""
    return next_look(view, wish)


@pytest.mark.parametrize(
    ("view", "reason", "shortest", "longest"),
    [
        pytest.param(replace(PARKED, last_read=None), Reason.FIRST_LOOK, 1, 120, id="never read"),
        pytest.param(PARKED, Reason.PARKED_AWAY, 120, 300, id="parked away"),
        pytest.param(replace(PARKED, presence=Presence.HOME), Reason.PARKED_HOME, 120, 300, id="parked home"),
        pytest.param(replace(PARKED, to_home=None), Reason.NO_POSITION, 900, 1_000, id="no position"),
        pytest.param(
            replace(PARKED, doubted_at=NOW - 5), Reason.DOUBTFUL_POSITION, 20, 45, id="doubtful position"
        ),
        pytest.param(
            replace(PARKED, doubted_at=NOW - 600), Reason.PARKED_AWAY, 120, 300, id="a doubt that is old"
        ),
        pytest.param(replace(DRIVING, to_home=800), Reason.DRIVING, 20, 57, id="driving near"),
        pytest.param(DRIVING, Reason.DRIVING, 60, 450, id="driving far"),
        pytest.param(replace(DRIVING, to_home=900_000), Reason.DRIVING, 600, 900, id="driving very far"),
        pytest.param(
            replace(DRIVING, presence=Presence.HOME, to_home=0), Reason.DRIVING, 60, 180, id="leaving"
        ),
        pytest.param(
            replace(DRIVING, minutes_home=10),
            Reason.NAVIGATING_HOME,
            300,
            600,
            id="ten minutes by navigation",
        ),
        pytest.param(
            replace(DRIVING, minutes_home=0.1),
            Reason.NAVIGATING_HOME,
            15,
            30,
            id="almost there by navigation",
        ),
        pytest.param(
            replace(DRIVING, minutes_home=400), Reason.NAVIGATING_HOME, 600, 900, id="hours by navigation"
        ),
        *(
            pytest.param(replace(view, cloud=cloud), reason, shortest, 300, id=f"{reason} and {cloud}")
            for cloud in (CloudState.ASLEEP, CloudState.OFFLINE, CloudState.UNKNOWN)
            for view, reason, shortest in (
                (PARKED, Reason.ASLEEP_AWAY, 288),
                (replace(PARKED, presence=Presence.HOME), Reason.ASLEEP_HOME, 288),
                (DRIVING, Reason.OUT_OF_REACH, 60),
                (replace(DRIVING, presence=Presence.HOME), Reason.ASLEEP_HOME, 288),
                (replace(DRIVING, last_read=NOW - 3_600), Reason.ASLEEP_AWAY, 288),
                (replace(DRIVING, last_read=None), Reason.ASLEEP_AWAY, 288),
            )
        ),
    ],
)
def test_each_reason_has_bounds(view: View, reason: Reason, shortest: float, longest: float) -> None:
    """The wait is neither a loop that costs money nor so long that the arrival comes too late."""
    plan = look(view)
    assert plan.reason is reason
    assert shortest <= plan.delay <= longest
    assert look(view, Promptness.PROMPT).delay <= plan.delay <= look(view, Promptness.THRIFTY).delay


@pytest.mark.parametrize(
    ("wish", "shortest"), [(Promptness.THRIFTY, 60), (Promptness.BALANCED, 20), (Promptness.PROMPT, 15)]
)
def test_no_wish_makes_a_storm(wish: Promptness, shortest: float) -> None:
    """At the door of the house there is still a shortest wait."""
    assert look(replace(DRIVING, to_home=0.0), wish).delay == shortest


@pytest.mark.parametrize("metres", [10, 500, 1_999, 2_001, 9_999, 10_001, 60_000])
def test_driving_car_is_read_before_it_can_be_home(metres: float) -> None:
    """A car on its way is looked at before the earliest moment at which it could arrive, or after the shortest wait."""
    delay = look(replace(DRIVING, to_home=metres)).delay
    assert delay <= max(earliest_arrival(metres), 20)


@pytest.mark.parametrize(
    ("view", "is_read"),
    [
        pytest.param(replace(PARKED, last_read=None), True, id="never read"),
        pytest.param(replace(PARKED, cloud=CloudState.ASLEEP, last_read=None), False, id="asleep"),
        pytest.param(replace(PARKED, cloud=CloudState.OFFLINE), False, id="offline"),
        pytest.param(replace(PARKED, cloud=CloudState.UNKNOWN), False, id="no state"),
        pytest.param(replace(PARKED, last_read=NOW - 959), False, id="parked, read 16 minutes ago"),
        pytest.param(replace(PARKED, last_read=NOW - 960), True, id="parked, read longer ago"),
        pytest.param(
            replace(PARKED, parked_since=NOW - 4_000, last_read=NOW - 1_900), False, id="parked for an hour"
        ),
        pytest.param(
            replace(PARKED, parked_since=NOW - 90_000, last_read=NOW - 2_101), True, id="parked for a day"
        ),
        pytest.param(replace(DRIVING, last_read=NOW - 9), False, id="driving, read a moment ago"),
        pytest.param(replace(DRIVING, last_read=NOW - 10), True, id="driving"),
        pytest.param(replace(PARKED, doubted_at=NOW - 20, last_read=NOW - 20), True, id="in doubt"),
        pytest.param(
            replace(PARKED, doubted_at=NOW - 200, last_read=NOW - 20), False, id="in doubt for long"
        ),
        pytest.param(replace(PARKED, to_home=None, last_read=NOW - 900), False, id="no position, parked"),
        pytest.param(replace(PARKED, to_home=None, last_read=NOW - 961), True, id="no position, again"),
        pytest.param(replace(PARKED, online_since=NOW, last_read=NOW - 60), True, id="woken away"),
        pytest.param(
            replace(PARKED, online_since=NOW, presence=Presence.HOME), False, id="woken at home, just now"
        ),
        pytest.param(
            replace(PARKED, online_since=NOW - 121, last_read=NOW - 200, presence=Presence.HOME),
            True,
            id="woken at home, two minutes ago",
        ),
        pytest.param(
            replace(PARKED, parked_since=NOW - 900, online_since=NOW - 300, last_read=NOW - 119),
            False,
            id="woken away, read since",
        ),
        pytest.param(
            replace(PARKED, parked_since=NOW - 900, online_since=NOW - 300, last_read=NOW - 121),
            True,
            id="woken away, read since, again",
        ),
        pytest.param(
            replace(PARKED, parked_since=None, online_since=None, last_read=NOW - 961),
            True,
            id="nothing known of its sleep",
        ),
    ],
)
def test_only_a_read_that_can_tell_something_is_paid_for(view: View, is_read: bool) -> None:
    """A parked car is left alone for 16 minutes, a woken one away is read, a sleeping one never."""
    assert should_read(view) is is_read


def test_next_look_at_a_parked_car_comes_when_its_read_is_due() -> None:
    """The plan does not sleep over the moment at which patience ends."""
    assert look(replace(PARKED, last_read=NOW - 860)).delay == pytest.approx(100)


@pytest.mark.parametrize(("at", "expected"), [(None, None), (NOW - 1, NOW - 1), (NOW, NOW), (NOW + 1, None)])
def test_time_still_to_come_counts_as_unknown(at: float | None, expected: float | None) -> None:
    """A clock that was set back must not put a read off until it has caught up."""
    assert past(at, NOW) == expected


def test_farther_away_is_never_looked_at_sooner() -> None:
    """The earliest arrival grows with the distance, also where the road changes its kind."""
    times = [earliest_arrival(float(metres)) for metres in range(0, 30_000, 50)]
    assert all(near < far for near, far in pairwise(times))
    # A motorway up to the last kilometre: from no distance is the car home more than a minute before the look.
    for metres in (2_000.0, 5_000.0, 9_900.0, 30_000.0):
        assert 0.8 * earliest_arrival(metres) <= (metres - 1_000) / 33 + 1_000 / 12 + 60
