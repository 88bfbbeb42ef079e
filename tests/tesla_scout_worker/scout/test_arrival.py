"""Who is at home, pure: what a list of sightings makes of what was believed."""

from dataclasses import replace

import pytest

from custom_components.tesla_scout_worker.scout.arrival import (
    Change,
    Place,
    Presence,
    Sighting,
    Whereabouts,
    advance,
    settle,
)

RADIUS = 100.0
START = 1_000_000.0
AT_HOME = Whereabouts(Presence.HOME, START, START, zone="zone.home")
GONE = Whereabouts(Presence.AWAY, START, START, has_departed=True)


def seen(
    distance: float,
    minute: float,
    *,
    step: float | None = 0.0,
    driving: bool = False,
    age: float = 0.0,
    radius: float = RADIUS,
) -> Sighting:
    """Return a sighting so many minutes after the start; age: of the fix, seconds."""
    at = START + minute * 60
    return Sighting(at - age, at, (Place("zone.home", distance, radius),), step, driving)


def story(before: Whereabouts, *sightings: Sighting) -> tuple[Whereabouts, list[Change]]:
    """Return what is believed in the end, and what was told on the way."""
    told = []
    for sighting in sightings:
        before, change = advance(before, sighting)
        if change:
            told.append(change)
    return before, told


def drive(*distances: float) -> list[Sighting]:
    """Return a driving car's sightings, a minute apart."""
    return [seen(distance, minute + 1, driving=True) for minute, distance in enumerate(distances)]


@pytest.mark.parametrize(
    ("before", "distances", "told", "presence"),
    [
        pytest.param(AT_HOME, (95, 105, 98, 120, 2_000), [Change.LEFT], Presence.AWAY, id="leaves once"),
        pytest.param(AT_HOME, (105, 95, 149, 99, 101, 150), [], Presence.HOME, id="trembles at the edge"),
        pytest.param(AT_HOME, (151,), [Change.LEFT], Presence.AWAY, id="beyond the outer edge"),
        pytest.param(GONE, (140, 120, 101), [], Presence.AWAY, id="between the edges it is still away"),
        pytest.param(GONE, (900, 100), [Change.ARRIVED], Presence.HOME, id="on the inner edge it is home"),
        pytest.param(GONE, (100, 130, 90, 110, 40), [Change.ARRIVED], Presence.HOME, id="arrives once"),
        pytest.param(
            AT_HOME,
            (400, 5_000, 400, 50),
            [Change.LEFT, Change.ARRIVED],
            Presence.HOME,
            id="there and back",
        ),
        pytest.param(Whereabouts(), (5_000,), [], Presence.AWAY, id="first seen away"),
        pytest.param(Whereabouts(), (50,), [], Presence.HOME, id="first seen at home"),
        pytest.param(
            Whereabouts(), (5_000, 50), [Change.ARRIVED], Presence.HOME, id="first seen away, then home"
        ),
        pytest.param(
            Whereabouts(),
            (120, 50),
            [],
            Presence.HOME,
            id="first seen at the edge: it did not come from afar",
        ),
    ],
)
def test_edges_have_width(
    before: Whereabouts, distances: tuple[float, ...], told: list[Change], presence: Presence
) -> None:
    """A position that trembles at the edge opens no garage, and each way is told once."""
    after, changes = story(before, *drive(*distances))
    assert changes == told
    assert after.presence is presence


@pytest.mark.parametrize(
    ("radius", "outer"), [(30.0, 80.0), (100.0, 150.0), (400.0, 600.0), (2_000.0, 3_000.0)]
)
def test_outer_edge_grows_with_the_zone(radius: float, outer: float) -> None:
    """A wide zone has a wide edge, a narrow one at least fifty metres."""
    inside, outside = (seen(outer + off, 1, driving=True, radius=radius) for off in (-1, 1))
    assert advance(AT_HOME, inside)[1] is None
    assert advance(AT_HOME, outside)[1] is Change.LEFT


def test_one_jump_of_a_parked_car_is_not_believed() -> None:
    """A parked car whose receiver errs by 300 m once neither leaves nor comes home."""
    after, told = story(AT_HOME, seen(300, 10, step=300), seen(5, 20, step=5))
    assert told == []
    assert after == replace(AT_HOME, at=START + 1200)


def test_far_jump_and_back_is_not_believed() -> None:
    """Ten kilometres in ten seconds is no drive, not even in gear."""
    sightings = (seen(10_000, 1 / 6, step=10_000, driving=True), seen(20, 1 / 3, step=20, driving=True))
    after, told = story(AT_HOME, *sightings)
    assert told == []
    assert after.presence is Presence.HOME
    assert after.doubted is None


def test_jump_into_the_zone_and_out_again_is_no_arrival() -> None:
    """A wild fix at home in the middle of a drive far away opens no garage."""
    sightings = (seen(20, 0.5, step=9_000, driving=True), seen(8_000, 1, step=1_000, driving=True))
    after, told = story(GONE, *sightings)
    assert told == []
    assert after.presence is Presence.AWAY


def test_second_sighting_settles_a_doubt() -> None:
    """What two fixes say is believed, and told once."""
    after, told = story(AT_HOME, seen(300, 10, step=300), seen(310, 11, step=10), seen(310, 12, step=0))
    assert told == [Change.LEFT]
    assert after.presence is Presence.AWAY
    assert after.doubted is None


def test_repeated_fix_is_no_second_sighting() -> None:
    """The same frozen fix, read twice, proves nothing."""
    same = [seen(300, 10 + minute, step=300, age=minute * 60) for minute in range(5)]
    after, told = story(AT_HOME, *same)
    assert told == []
    assert after.presence is Presence.HOME
    assert after.doubted is Presence.AWAY


def test_late_fix_says_nothing_about_now() -> None:
    """A fix older than the one believed last brings nobody home, and the next one in time clears the doubt."""
    before, _ = advance(GONE, seen(5_000, 10, driving=True))
    after, told = story(before, seen(10, 11, age=200), seen(10, 12, age=260), seen(5_100, 13, driving=True))
    assert told == []
    assert (after.presence, after.doubted, after.at) == (Presence.AWAY, None, START + 780)


def test_clock_of_home_assistant_that_is_hours_ahead() -> None:
    """Every fix looks three hours old: two of them on the way into the zone are an arrival, told once."""
    before = replace(GONE, at=START - 10_800)
    ways = ((900, 1), (80, 2), (20, 3))
    after, told = story(before, *(seen(*way, age=10_800, driving=True) for way in ways))
    assert (told, after.presence) == ([Change.ARRIVED], Presence.HOME)


def test_clock_of_the_car_that_stands_still() -> None:
    """Each fix bears the time of the first, yet the car moves: what it says once it is parked is believed."""
    stuck = [
        replace(seen(distance, minute, driving=distance > 50, step=4_000), at=START)
        for minute, distance in enumerate((9_000, 5_000, 1_000, 10), start=1)
    ]
    after, told = story(GONE, *stuck)
    assert (told, after.presence) == ([Change.ARRIVED], Presence.HOME)


def test_late_fix_that_tells_nothing_new_is_passed_over() -> None:
    """The frozen fix of a parked car, after one without a time of its own, leaves everything as it is."""
    before, _ = advance(AT_HOME, seen(10, 10))
    assert advance(before, seen(10, 11, age=300, step=3)) == (before, None)


def test_wild_fix_does_not_put_a_car_elsewhere() -> None:
    """500 km off for one fix, away before and after: the position stays, or the way home would be looked at too late."""
    before, _ = advance(GONE, seen(3_000, 10, driving=True))
    wild, change = advance(before, seen(500_000, 10.5, step=500_000, driving=True))
    assert (change, wild.at, wild.doubted) == (None, before.at, Presence.AWAY)
    after, _ = advance(wild, seen(2_500, 11, step=500, driving=True))
    assert (after.at, after.doubted) == (START + 660, None)


def test_same_fix_again_changes_nothing() -> None:
    """A parked car gives the same fix for hours."""
    sighting = seen(10, 5, driving=True)
    after, told = story(GONE, *[sighting] * 3)
    assert told == [Change.ARRIVED]
    assert after.since == sighting.seen_at


def test_old_fix_while_driving_is_no_arrival() -> None:
    """A receiver that froze at home while the car drives away must not bring it home again."""
    before = replace(GONE, at=START - 3_600)
    after, told = story(before, seen(10, 10, age=400, driving=True))
    assert told == []
    assert after.presence is Presence.AWAY


def test_old_fix_of_a_parked_car_is_an_arrival() -> None:
    """In a garage the last fix is that of its entrance, however long ago."""
    assert story(GONE, seen(10, 40, age=2_000))[1] == [Change.ARRIVED]


def test_outage_over_the_whole_drive_is_a_late_arrival() -> None:
    """From work to home without a fix in between: the first sighting at home tells it, once."""
    assert story(GONE, seen(8, 30, step=9_500), seen(8, 40))[1] == [Change.ARRIVED]


def test_time_still_to_come_is_not_waited_for() -> None:
    """A clock that was an hour ahead and was set right costs no arrival: two fixes settle it."""
    before = replace(GONE, at=START + 3_600)
    after, told = story(before, seen(20, 1, step=9_000), seen(20, 2, step=0))
    assert told == [Change.ARRIVED]
    assert after.at == START + 120


@pytest.mark.parametrize(
    ("before", "distance", "presence", "departed"),
    [
        pytest.param(AT_HOME, 5_000, Presence.AWAY, True, id="moved away from the car"),
        pytest.param(AT_HOME, 120, Presence.AWAY, False, id="shrunk around the car"),
        pytest.param(GONE, 20, Presence.HOME, False, id="moved to the car"),
        pytest.param(GONE, 130, Presence.AWAY, True, id="moved near to the car"),
        pytest.param(Whereabouts(), 20, Presence.HOME, False, id="nothing was known"),
    ],
)
def test_zone_that_moves_is_no_arrival(
    before: Whereabouts, distance: float, presence: Presence, departed: bool
) -> None:
    """Where the zone moved and not the car, presence follows and nothing is told."""
    after = settle(before, seen(distance, 5))
    assert (after.presence, after.has_departed, after.doubted) == (presence, departed, None)
    assert after.since == (before.since if presence is before.presence else START + 300)
    # The same fix again, by the next look, tells nothing either.
    assert advance(after, seen(distance, 5))[1] is None


def test_zone_that_moves_does_not_turn_time_back() -> None:
    """After the zone moved, a fix from before the one believed last stays too old."""
    before = replace(GONE, at=START + 600)
    after = settle(before, seen(20, 5))
    assert after.at == START + 600
