"""From what is known to what the policy sees, pure."""

from dataclasses import fields, replace
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState, Fix, VehicleData
from custom_components.tesla_scout_worker.scout.arrival import Presence, Whereabouts
from custom_components.tesla_scout_worker.scout.data import ScoutData
from custom_components.tesla_scout_worker.scout.habits import Habits
from custom_components.tesla_scout_worker.scout.journey import Journey
from custom_components.tesla_scout_worker.scout.outlook import charging_until, view_of
from custom_components.tesla_scout_worker.scout.policy import is_worth_a_read, plan
from custom_components.tesla_scout_worker.scout.view import Promptness, View

NOW = 1_794_830_400.0
HOUR = 3_600.0
DATA = ScoutData(
    cloud=CloudState.ONLINE,
    online_since=NOW - 900,
    whereabouts=Whereabouts(Presence.AWAY, NOW - 5_000, NOW - 60),
    fix=Fix(52.5, 13.4, NOW - 60, speed_mph=60.0),
    to_home=9_000.0,
    parked_since=NOW - 500,
    last_look=NOW - 10,
    last_read=NOW - 70,
    asleep_at=NOW - 950,
    still=3,
    glimpsed_at=NOW - 5,
    journey=Journey(seen_still=NOW - 60),
    habits=Habits(vanished=1),
)
TIMES = [
    view_field.name
    for view_field in fields(View)
    if view_field.name.endswith(("_at", "_since")) or view_field.name == "last_read"
]


def view(data: ScoutData, now: float = NOW, **changes: Any) -> View:
    """Return the view of an owner who asked for nothing special."""
    asked: dict[str, Any] = {
        "offset": 3_600.0,
        "promptness": Promptness.BALANCED,
        "thrift": 1.0,
        "learns": True,
        "minutes_home": None,
        "charging_until": None,
        "eyes": None,
    }
    return view_of(data, now, **{**asked, **changes})


def test_what_is_known_is_seen() -> None:
    """Unchanged, with the speed in metres a second."""
    seen = view(DATA, thrift=2.0, minutes_home=7.0, charging_until=NOW + 5, eyes=Presence.AWAY)
    assert seen.speed == pytest.approx(26.82, abs=0.01)
    assert (seen.online_since, seen.parked_since, seen.last_read) == (NOW - 900, NOW - 500, NOW - 70)
    assert (seen.fix_at, seen.asleep_at, seen.glimpsed_at) == (NOW - 60, NOW - 950, NOW - 5)
    assert (seen.still, seen.to_home, seen.journey, seen.habits) == (3, 9_000.0, DATA.journey, DATA.habits)
    assert (seen.thrift, seen.minutes_home, seen.charging_until) == (2.0, 7.0, NOW + 5)
    assert (seen.eyes, seen.offset, seen.promptness) == (Presence.AWAY, 3_600.0, Promptness.BALANCED)
    assert (seen.home_since, seen.doubted_at) == (None, None)


def test_nothing_known_is_seen_as_nothing() -> None:
    """And planned for all the same."""
    seen = view(ScoutData())
    assert all(getattr(seen, name) is None for name in TIMES)
    assert plan(seen).look_at > NOW


def test_home_since_is_of_a_car_at_home() -> None:
    """That it is away since then is something else."""
    home = replace(DATA, whereabouts=replace(DATA.whereabouts, presence=Presence.HOME))
    assert view(home).home_since == NOW - 5_000
    assert view(DATA).home_since is None


def test_doubt_has_a_time_only_while_there_is_one() -> None:
    """What is stored beside a doubt that was settled means nothing."""
    doubted = replace(DATA.whereabouts, doubted=Presence.HOME, doubted_at=NOW - 20)
    assert view(replace(DATA, whereabouts=doubted)).doubted_at == NOW - 20
    assert view(replace(DATA, whereabouts=replace(doubted, doubted=None))).doubted_at is None
    assert view(replace(DATA, whereabouts=replace(doubted, doubted_at=NOW + 20))).doubted_at is None


def test_who_wants_nothing_learned_has_nothing_used() -> None:
    """Also what was learned before."""
    assert view(DATA, learns=False).habits == Habits()


@pytest.mark.parametrize("hours", [1, 24, 9_000])
@pytest.mark.parametrize("presence", list(Presence))
@pytest.mark.parametrize("is_driving", [True, False])
def test_clock_that_was_set_back(hours: int, presence: Presence, is_driving: bool) -> None:
    """No time is still to come, the car is looked at soon, and read once to know anew: not once for each look."""
    known = replace(DATA, is_driving=is_driving, whereabouts=replace(DATA.whereabouts, presence=presence))
    now = NOW - hours * HOUR
    seen = view(known, now)
    assert all(at is None or at <= now for at in (getattr(seen, name) for name in TIMES))
    planned = plan(seen)
    assert now <= planned.look_at <= now + 1_800
    assert is_worth_a_read(planned, seen, is_glimpsed=False)
    again = view(replace(known, last_read=now, fix=Fix(52.5, 13.4, now)), now + 5)
    assert not is_worth_a_read(plan(again), again, is_glimpsed=False)


@pytest.mark.parametrize(
    ("charge", "until"),
    [
        ({"charging_state": "Charging", "minutes_to_full_charge": 90}, 90 * 60.0),
        ({"charging_state": "Starting", "minutes_to_full_charge": 0}, HOUR),
        ({"charging_state": "Charging"}, HOUR),
        ({"charging_state": "Complete", "minutes_to_full_charge": 0}, None),
        ({"charging_state": "Disconnected"}, None),
        ({"charging_state": None}, None),
        ({"charging_state": "Charging", "minutes_to_full_charge": "soon"}, HOUR),
        ({}, None),
    ],
)
def test_end_of_a_charge(charge: dict[str, Any], until: float | None) -> None:
    """As the car says, else an hour; no charge has no end."""
    read = VehicleData({"charge_state": charge}, read_at=NOW)
    assert charging_until(read) == (None if until is None else NOW + until)


def test_charge_of_an_unknown_time_has_no_end() -> None:
    """A read without its time tells of no charge."""
    assert charging_until(VehicleData({"charge_state": {"charging_state": "Charging"}})) is None
