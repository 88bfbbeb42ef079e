"""Several home zones, pure: in any of them the car is at home, and the way from one to another is told as it is."""

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

START = 1_000_000.0
CITY, CABIN = "zone.home", "zone.cabin"
IN_CITY = Whereabouts(Presence.HOME, START, START, zone=CITY)
GONE = Whereabouts(Presence.AWAY, START, START, has_departed=True, zone=CITY)


def seen(
    city: float,
    cabin: float,
    minute: float,
    *,
    driving: bool = True,
    step: float = 0.0,
    radius: tuple[float, float] = (100.0, 100.0),
) -> Sighting:
    """Return a position by its metres from the two centres."""
    at = START + minute * 60
    return Sighting(at, at, (Place(CITY, city, radius[0]), Place(CABIN, cabin, radius[1])), step, driving)


def story(before: Whereabouts, *sightings: Sighting) -> tuple[Whereabouts, list[Change]]:
    """Return what is believed in the end, and what was told on the way."""
    told = []
    for sighting in sightings:
        before, change = advance(before, sighting)
        if change:
            told.append(change)
    return before, told


@pytest.mark.parametrize(
    ("city", "cabin", "zone", "presence", "to_home"),
    [
        (20, 20_000, CITY, Presence.HOME, 0.0),
        (20_000, 20, CABIN, Presence.HOME, 0.0),
        (9_000, 12_000, None, Presence.AWAY, 8_900.0),
        (12_000, 900, None, Presence.AWAY, 800.0),
    ],
)
def test_any_of_them_is_home(
    city: float, cabin: float, zone: str | None, presence: Presence, to_home: float
) -> None:
    """Presence, zone, and the distance to the nearest edge."""
    sighting = seen(city, cabin, 1)
    after, _ = advance(Whereabouts(), sighting)
    assert (after.presence, after.zone, sighting.to_home) == (presence, zone, to_home)


def test_nearest_edge_is_not_the_nearest_centre() -> None:
    """A wide zone begins earlier."""
    assert seen(1_000, 1_500, 1, radius=(100.0, 1_200.0)).to_home == 300.0


def test_from_one_home_to_the_other_is_a_departure_and_an_arrival() -> None:
    """Left the one, arrived at the other, each once, each with its zone."""
    after, told = story(IN_CITY, seen(400, 19_600, 1))
    assert (told, after.zone) == ([Change.LEFT], CITY)
    after, told = story(after, seen(10_000, 10_000, 9), seen(19_950, 50, 18), seen(20_000, 0, 19))
    assert (told, after.zone, after.since) == ([Change.ARRIVED], CABIN, START + 18 * 60)


def test_found_at_the_other_home_is_a_late_arrival() -> None:
    """Nobody looked while it drove: it is at home before and after, and has arrived all the same, once."""
    after, told = story(
        IN_CITY, seen(20_000, 5, 60, driving=False, step=20_000), seen(20_000, 5, 75, driving=False)
    )
    assert told == [Change.ARRIVED]
    assert (after.presence, after.zone, after.since) == (Presence.HOME, CABIN, START + 3_600)


def test_one_wild_fix_in_the_other_home_is_no_arrival() -> None:
    """20 km in a minute is no drive."""
    after, told = story(
        IN_CITY,
        seen(20_000, 5, 1, driving=False, step=20_000),
        seen(3, 20_000, 2, driving=False, step=20_000),
    )
    assert told == []
    assert (after.zone, after.doubted) == (CITY, None)


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param(((95, 150), (105, 100), (150, 50), (200, 5)), id="overlapping"),
        pytest.param(((95, 155), (125, 125), (155, 95), (250, 5)), id="edge to edge"),
        pytest.param(
            ((95, 200), (140, 160), (160, 140), (280, 15)), id="a gap that both outer edges reach over"
        ),
        pytest.param(((5, 295), (295, 5)), id="nobody looked in the gap"),
    ],
)
def test_neighbouring_zones_are_one_home(ways: tuple[tuple[float, float], ...]) -> None:
    """From the drive into the yard next to it nobody leaves and nobody arrives."""
    there = [seen(city, cabin, minute + 1) for minute, (city, cabin) in enumerate(ways)]
    after, told = story(IN_CITY, *there)
    assert (told, after.presence, after.zone) == ([], Presence.HOME, CABIN)
    back = [seen(city, cabin, minute + 11) for minute, (city, cabin) in enumerate(reversed(ways))]
    after, told = story(after, *back)
    assert (told, after.zone) == ([], CITY)


def test_each_zone_has_its_own_edges() -> None:
    """A wide zone has a wide outer edge, the narrow one beside it keeps its narrow one."""
    radius = (100.0, 2_000.0)
    assert story(replace(IN_CITY, zone=CABIN), seen(9_000, 2_900, 1, radius=radius))[1] == []
    assert story(IN_CITY, seen(160, 9_000, 1, radius=radius))[1] == [Change.LEFT]


def test_zone_in_a_zone_keeps_the_one_it_was_in() -> None:
    """A carport within the yard does not change the zone back and forth."""
    radius = (30.0, 200.0)
    after, told = story(
        replace(IN_CITY, zone=CABIN), seen(60, 80, 1, radius=radius), seen(20, 40, 2, radius=radius)
    )
    assert (told, after.zone) == ([], CABIN)


@pytest.mark.parametrize(
    ("before", "sighting", "unmoved", "presence", "zone"),
    [
        pytest.param(IN_CITY, seen(120, 50, 5), (CITY,), Presence.HOME, CABIN, id="cabin drawn around it"),
        pytest.param(
            IN_CITY, seen(120, 9_000, 5), (CITY,), Presence.HOME, CITY, id="at the edge of one that stayed"
        ),
        pytest.param(IN_CITY, seen(120, 9_000, 5), (CABIN,), Presence.AWAY, CITY, id="its own shrank"),
        pytest.param(GONE, seen(9_000, 40, 5), (CITY,), Presence.HOME, CABIN, id="cabin moved to it"),
        pytest.param(
            GONE, seen(120, 9_000, 5), (CITY,), Presence.AWAY, CITY, id="away at the edge stays away"
        ),
    ],
)
def test_one_zone_that_moves_tells_nothing(
    before: Whereabouts, sighting: Sighting, unmoved: tuple[str, ...], presence: Presence, zone: str
) -> None:
    """Nobody arrives and nobody leaves, and the zones that stayed where they were keep their edges."""
    after = settle(before, sighting, unmoved)
    assert (after.presence, after.zone) == (presence, zone)
    assert advance(after, sighting)[1] is None


def test_deleted_zone_is_not_there() -> None:
    """At the cabin when it was deleted: away, untold; home in the city is the next arrival."""
    alone = Sighting(START + 60, START + 60, (Place(CITY, 20_000, 100.0),), None, is_driving=False)
    after = settle(replace(IN_CITY, zone=CABIN), alone, (CITY,))
    assert (after.presence, after.has_departed) == (Presence.AWAY, True)
    home = Sighting(START + 3_600, START + 3_600, (Place(CITY, 10, 100.0),), 20_000, is_driving=False)
    assert advance(after, home)[1] is Change.ARRIVED
