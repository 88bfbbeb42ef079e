"""What states mean, to the letter: readings, edges, standing answers, and what a flapping eye may spend."""

from datetime import UTC, datetime

import pytest

from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.eyes import (
    Eye,
    Glimpse,
    Kind,
    LookBound,
    Role,
    Seen,
    in_any_zone,
    kind_of,
    reading,
    see,
    standing,
)

NOW = 1_795_000_000.0
DOOR = "binary_sensor.garage"
PHONE = "device_tracker.phone"


def watch(eye: Eye, *states: str | None, in_zone: tuple[bool | None, ...] = ()) -> tuple[Eye, list[float]]:
    """Show an eye some states, a second apart; the seconds at which something happened come back."""
    happened: list[float] = []
    for second, text in enumerate(states):
        inside = in_zone[second] if in_zone else None
        eye, glimpse = see(eye, Seen(text, NOW + second, inside))
        if glimpse:
            assert glimpse == Glimpse(eye.role, NOW + second, eye.entity_id)
            happened.append(second)
    return eye, happened


@pytest.mark.parametrize(
    ("kind", "text", "in_zone", "home", "away"),
    [
        (Kind.TRACKER, "home", True, True, False),
        (Kind.TRACKER, "not_home", False, False, True),
        (Kind.TRACKER, "not_home", None, None, None),
        (Kind.SWITCH, "on", None, True, True),
        (Kind.SWITCH, "off", None, False, False),
        (Kind.COVER, "open", None, True, True),
        (Kind.COVER, "closed", None, False, False),
        (Kind.COVER, "opening", None, None, None),
        (Kind.EVENT, "2026-11-24T16:00:00+00:00", None, None, None),
        (Kind.OTHER, "on", None, None, None),
    ],
)
def test_what_a_state_says(
    kind: Kind, text: str, in_zone: bool | None, home: bool | None, away: bool | None
) -> None:
    """Yes, no, or neither, for both roles."""
    assert reading(kind, Role.HOME, text, in_zone=in_zone) is home
    assert reading(kind, Role.AWAY, text, in_zone=in_zone) is away


@pytest.mark.parametrize(
    ("entity_id", "kind"),
    [
        ("person.anna", Kind.TRACKER),
        ("device_tracker.phone", Kind.TRACKER),
        ("binary_sensor.door", Kind.SWITCH),
        ("input_boolean.guest", Kind.SWITCH),
        ("switch.charger", Kind.SWITCH),
        ("cover.garage", Kind.COVER),
        ("event.doorbell", Kind.EVENT),
        ("sensor.power", Kind.OTHER),
    ],
)
def test_the_domain_says_how_to_read(entity_id: str, kind: Kind) -> None:
    """By nothing but its ID."""
    assert kind_of(entity_id) is kind


def test_each_change_of_a_looked_at_entity_is_one() -> None:
    """Whatever the states mean; the same state again is none."""
    eye = Eye("sensor.gear", Role.LOOK, NOW)
    assert watch(eye, "P", "P", "D", "D", "R", "P")[1] == [2, 4, 5]


@pytest.mark.parametrize("gone", ["unavailable", "unknown", "", None])
def test_what_is_gone_and_back_has_not_changed(gone: str | None) -> None:
    """Unless it comes back otherwise."""
    eye = Eye(DOOR, Role.LOOK, NOW)
    assert watch(eye, "off", gone, "off", gone, gone, "off")[1] == []
    assert watch(eye, "off", gone, "on")[1] == [2]
    assert watch(eye, gone, "on", gone, "on", "off")[1] == [4]


def test_the_first_state_is_where_it_starts_from() -> None:
    """What is restored at a start is no news, but it stands."""
    eye, happened = watch(Eye(DOOR, Role.HOME, NOW), "on")
    assert happened == []
    assert eye.stands
    eye, happened = watch(Eye(DOOR, Role.HOME, NOW), "unavailable", "unknown", "on")
    assert happened == []
    assert eye.stands


def test_an_answer_happens_when_no_becomes_yes() -> None:
    """Also where the entity was gone in between; the end of a yes is no event."""
    for role in (Role.HOME, Role.AWAY):
        eye, happened = watch(Eye(DOOR, role, NOW), "off", "on", "on", "off", "unavailable", "on")
        assert happened == [1, 5]
        assert eye.stands
        assert watch(eye, "unavailable", "on")[1] == []


def test_an_answer_stands_only_while_its_entity_is_there() -> None:
    """Unavailable is as if it had not been picked."""
    eye, _ = watch(Eye(DOOR, Role.HOME, NOW), "off", "on")
    assert eye.stands
    eye, _ = watch(eye, "unavailable")
    assert not eye.stands
    eye, happened = watch(eye, "on")
    assert eye.stands
    assert not happened


def test_a_tracker_leaves_once_and_arrives_once() -> None:
    """At the edge it says what it said before, so that a position that trembles there opens no garage."""
    seen = (False, None, True, None, True, None, None, False, None, True)
    texts = ("not_home",) * len(seen)
    home, arrived = watch(Eye(PHONE, Role.HOME, NOW), *texts, in_zone=seen)
    away, left = watch(Eye(PHONE, Role.AWAY, NOW), *texts, in_zone=seen)
    assert arrived == [2, 9]
    assert left == [7]
    assert home.stands
    assert not away.stands


def test_a_tracker_at_home_that_is_lost_and_found_outside_has_left() -> None:
    """Only the way from home to home, over nowhere, is none."""
    eye = Eye(PHONE, Role.AWAY, NOW)
    assert watch(eye, "home", "unavailable", "not_home", in_zone=(True, None, False))[1] == [2]
    assert watch(eye, "home", "unavailable", "home", in_zone=(True, None, True))[1] == []


def test_a_cover_in_motion_is_neither_open_nor_closed() -> None:
    """It answers when it is there; for a look each of its states is a change."""
    states = ("closed", "opening", "open", "closing", "closed")
    assert watch(Eye("cover.garage", Role.HOME, NOW), *states)[1] == [2]
    assert watch(Eye("cover.garage", Role.LOOK, NOW), *states)[1] == [1, 2, 3, 4]


def test_an_event_says_something_only_as_it_fires() -> None:
    """What is restored was fired before; the first one ever counts; none of them stands."""

    def fired(second: float) -> str:
        return datetime.fromtimestamp(NOW + second, UTC).isoformat(timespec="milliseconds")

    for role in Role:
        eye = Eye("event.gate", role, NOW)
        eye, glimpse = see(eye, Seen(fired(-60), NOW))
        assert glimpse is None
        eye, glimpse = see(eye, Seen(fired(5), NOW + 5.2))
        assert glimpse == Glimpse(role, NOW + 5, "event.gate")
        assert not eye.stands
        assert watch(eye, "unavailable", fired(5))[1] == []
        eye, glimpse = see(Eye("event.gate", role, NOW), Seen("unknown", NOW))
        assert see(eye, Seen(fired(9), NOW + 9))[1]
        assert see(eye, Seen("gibberish", NOW + 9))[1] is None


def test_what_stands() -> None:
    """One yes is enough; home against away is none; a no says nothing."""
    home, _ = watch(Eye(DOOR, Role.HOME, NOW), "on")
    not_home, _ = watch(Eye("switch.plug", Role.HOME, NOW), "off")
    away, _ = watch(Eye(PHONE, Role.AWAY, NOW), "not_home", in_zone=(False,))
    look, _ = watch(Eye(DOOR, Role.LOOK, NOW), "on")
    gone, _ = watch(Eye(PHONE, Role.AWAY, NOW), "not_home", "unavailable", in_zone=(False, None))
    assert standing([]) is None
    assert standing([look, not_home]) is None
    assert standing([home, not_home, look]) is Presence.HOME
    assert standing([away, not_home]) is Presence.AWAY
    assert standing([home, away]) is None
    assert standing([home, gone]) is Presence.HOME


@pytest.mark.parametrize(
    ("distance", "accuracy", "expected"),
    [
        (99, 0, True),
        (100, 0, True),
        (101, 0, None),
        (150, 0, None),
        (151, 0, False),
        (50, 300, None),
        (9_000, 150, False),
    ],
)
def test_a_position_and_a_zone(distance: float, accuracy: float, expected: bool | None) -> None:
    """An inner edge, an outer edge, and a position from a cell tower that may be anywhere."""
    assert in_any_zone([(distance, 100.0)], accuracy) is expected


def test_a_position_and_several_zones() -> None:
    """One is enough to be in; all of them have to be left; a large zone forgives a vague position."""
    assert in_any_zone([(5_000, 100), (80, 100)], 10) is True
    assert in_any_zone([(5_000, 100), (120, 100)], 10) is None
    assert in_any_zone([(5_000, 100), (700, 400)], 10) is False
    assert in_any_zone([(5_000, 100), (700, 2_000)], 900) is True
    assert in_any_zone([], 10) is None


def test_a_flapping_eye_costs_one_look_a_minute_and_ten_an_hour() -> None:
    """For any stretch of an hour, not only on average."""
    bound = LookBound()
    looks = [NOW + second for second in range(7_200) if bound.admits(NOW + second)]
    assert looks[:3] == [NOW, NOW + 60, NOW + 120]
    assert len(looks) == 20
    for start in looks:
        assert sum(start <= at < start + 3_600 for at in looks) <= 10


def test_a_clock_that_was_set_back_does_not_shut_the_eyes() -> None:
    """A look that is still to come is forgotten."""
    bound = LookBound()
    assert bound.admits(NOW + 86_400)
    assert bound.admits(NOW)
    assert not bound.admits(NOW + 59)
    assert bound.admits(NOW + 60)
