"""What somebody trusted tells, without a position, pure: what is believed then, and what a fix can say against it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from custom_components.tesla_scout_worker.scout.arrival import (
    Change,
    Place,
    Presence,
    Sighting,
    Whereabouts,
    advance,
    inferred_home,
    settle,
    told_away,
    told_home,
)

START = 1_000_000.0
UNKNOWN = Whereabouts()
AT_HOME = Whereabouts(Presence.HOME, START, START, zone="zone.home")
GONE = Whereabouts(Presence.AWAY, START, START, has_departed=True, zone="zone.home")
AT_THE_EDGE = replace(GONE, has_departed=False)
TOLD = START + 600.0

type Tell = Callable[[Whereabouts, float], tuple[Whereabouts, Change | None]]


def seen(
    distance: float, after: float, *, age: float = 0.0, driving: bool = False, step: float = 0.0
) -> Sighting:
    """Return a sighting so many seconds after it was told; age: of the fix, seconds."""
    at = TOLD + after
    return Sighting(at - age, at, (Place("zone.home", distance, 100.0),), step, driving)


@pytest.mark.parametrize("tell", [told_home, inferred_home])
@pytest.mark.parametrize(
    ("before", "change"),
    [
        pytest.param(UNKNOWN, None, id="nothing was known"),
        pytest.param(AT_HOME, None, id="it was at home"),
        pytest.param(GONE, Change.ARRIVED, id="it was gone"),
        pytest.param(AT_THE_EDGE, None, id="it was at the edge and never gone"),
        pytest.param(
            replace(GONE, doubted=Presence.HOME, doubted_at=TOLD - 9), Change.ARRIVED, id="in doubt"
        ),
    ],
)
def test_told_home(tell: Tell, before: Whereabouts, change: Change | None) -> None:
    """Home it is; only a car that was gone arrives, and what is told again changes nothing."""
    after, told = tell(before, TOLD)
    assert told is change
    assert (after.presence, after.has_departed, after.doubted) == (Presence.HOME, False, None)
    assert after.since == (before.since if before.presence is Presence.HOME else TOLD)
    assert tell(after, TOLD + 60) == (after, None)


@pytest.mark.parametrize(
    ("before", "change"),
    [
        pytest.param(UNKNOWN, None, id="nothing was known"),
        pytest.param(AT_HOME, Change.LEFT, id="it was at home"),
        pytest.param(GONE, None, id="it was gone"),
        pytest.param(AT_THE_EDGE, None, id="it was at the edge"),
    ],
)
def test_told_away(before: Whereabouts, change: Change | None) -> None:
    """Away it is, and the way back is an arrival; what is told again changes nothing."""
    after, told = told_away(before, TOLD)
    assert told is change
    assert (after.presence, after.has_departed) == (Presence.AWAY, True)
    assert told_away(after, TOLD + 60) == (after, None)
    assert told_home(after, TOLD + 3_600)[1] is Change.ARRIVED


def test_there_and_back_by_word_alone_is_told_once_each() -> None:
    """A day without a single fix: left and arrived, in turn."""
    believed, told = AT_HOME, []
    for hour, tell in enumerate((told_home, told_away, told_away, told_home, told_home, told_away)):
        believed, change = tell(believed, TOLD + hour * 3_600)
        told.append(change)
    assert told == [None, Change.LEFT, None, Change.ARRIVED, None, Change.LEFT]


@pytest.mark.parametrize(
    ("zone", "expected"), [("zone.home", "zone.home"), ("zone.cabin", "zone.cabin"), (None, None)]
)
def test_zone_is_known_only_if_it_was_told(zone: str | None, expected: str | None) -> None:
    """Which of several homes it came to is not guessed from the one that it left."""
    assert told_home(GONE, TOLD, zone)[0].zone == expected
    assert told_home(AT_HOME, TOLD, zone)[0].zone == "zone.home"


@pytest.mark.parametrize("tell", [told_home, inferred_home])
def test_older_fix_does_not_speak_against_it(tell: Tell) -> None:
    """The last position before the garage, read after the door told of the car, takes nobody away again."""
    believed, _ = tell(GONE, TOLD)
    for after in (5, 300, 3_600):
        believed, change = advance(believed, seen(2_000, after, age=after + 20, driving=True))
        assert (believed.presence, change) == (Presence.HOME, None)


def test_edges_that_are_drawn_differently_tell_it_once() -> None:
    """A gate 300 m from the zone tells of the car; fixes on the last metres are neither a departure nor an arrival."""
    believed, change = told_home(GONE, TOLD)
    told = [change]
    for after, distance in ((5, 300), (15, 200), (25, 120), (40, 60)):
        believed, change = advance(believed, seen(distance, after, driving=True))
        told.append(change)
    assert told == [Change.ARRIVED, None, None, None, None]
    assert (believed.presence, believed.zone, believed.told_at) == (Presence.HOME, "zone.home", 0.0)


def test_departure_told_at_the_door_is_no_arrival_on_the_drive() -> None:
    """The garage tells that the car is gone while it still is within the zone: no fix of the next moment brings it back."""
    believed, change = told_away(AT_HOME, TOLD)
    told = [change]
    for after, distance in ((3, 20), (10, 90), (30, 400), (60, 1_500)):
        believed, change = advance(believed, seen(distance, after, driving=True))
        told.append(change)
    assert told == [Change.LEFT, None, None, None, None]
    assert (believed.presence, believed.at) == (Presence.AWAY, TOLD + 60)


def test_word_that_was_wrong_is_corrected() -> None:
    """A stuck eye does not keep a driving car at home: after the moment of grace a fix is believed."""
    believed, _ = told_home(GONE, TOLD)
    believed, change = advance(believed, seen(5_000, 200, driving=True))
    assert (believed.presence, change) == (Presence.AWAY, Change.LEFT)


def test_inference_has_no_grace() -> None:
    """A car that vanished near home and comes up again elsewhere was in a tunnel: the first fix counts."""
    believed, change = inferred_home(GONE, TOLD)
    assert change is Change.ARRIVED
    believed, change = advance(believed, seen(3_000, 20, driving=True))
    assert (believed.presence, change) == (Presence.AWAY, Change.LEFT)


def test_clock_of_the_car_that_is_late_needs_two_fixes() -> None:
    """Where the car's clock is an hour behind, its fixes look older than what was told: two in a row are believed."""
    believed, _ = told_home(GONE, TOLD)
    believed, first = advance(believed, seen(5_000, 300, age=3_600, driving=True))
    believed, second = advance(believed, seen(5_500, 360, age=3_600, driving=True))
    assert (first, second) == (None, Change.LEFT)


def test_zone_that_moves_does_not_undo_it() -> None:
    """The last fix is from before; drawing the zone anew says nothing about a car that is told to be at home."""
    believed, _ = told_home(replace(GONE, at=TOLD - 900), TOLD)
    assert settle(believed, seen(9_000, 60, age=960)) == believed
    # A fix from afterwards is judged like any other.
    assert settle(believed, seen(9_000, 60)).presence is Presence.AWAY
