"""When to read in full, pure: each planned read, what stops it, and that none comes without end."""

from dataclasses import replace
from datetime import datetime, time
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState, VehicleData
from custom_components.tesla_scout_worker.worker.reading import (
    Course,
    Known,
    Reading,
    cause_of_edge,
    next_read,
    nightly_after,
)
from custom_components.tesla_scout_worker.worker.triggers import Cause

NOW = 1_795_536_000.0
BERLIN = ZoneInfo("Europe/Berlin")
CHARGING = Course(read_at=NOW, is_plugged=True, is_charging=True, ends_at=NOW + 7_200)
PLUGGED = Course(read_at=NOW - 900, is_plugged=True)
ARRIVED = Course(read_at=NOW, is_plugged=False).arrived(NOW)


def read(state: str | None = "Charging", at: float = NOW, **charge: Any) -> VehicleData:
    """Return a read; state None: the car told nothing of its charging."""
    blocks = {} if state is None else {"charge_state": {"charging_state": state, **charge}}
    return VehicleData(blocks, at)


def planned(course: Course, **known: Any) -> tuple[float, Cause] | None:
    """Return the next read as seconds from now, and its cause."""
    reading = next_read(course, Known(**{"now": NOW, **known}))
    return None if reading is None else (reading.at - NOW, reading.cause)


def drained(course: Course, known: Known) -> list[tuple[float, Cause]]:
    """Return all reads that are planned, each taken in its turn without a read that would change anything."""
    found: list[tuple[float, Cause]] = []
    while (reading := next_read(course, known)) and len(found) < 50:
        found.append((reading.at - NOW, reading.cause))
        known = replace(known, now=max(reading.at, known.now))
        course = course.taken(reading, known)
    return found


def test_nothing_is_planned_by_the_clock() -> None:
    """A car that is parked, plugged in and full is read when something happens, and not before."""
    for course in (Course(), PLUGGED, Course(read_at=NOW, is_plugged=False)):
        assert planned(course) is None
        assert planned(course, is_home=True) is None


@pytest.mark.parametrize(
    ("course", "known", "expected"),
    [
        pytest.param(CHARGING, {}, (7_260, Cause.CHARGE_END), id="expected end"),
        pytest.param(
            CHARGING, {"stops_at": NOW + 3_600}, (3_660, Cause.CHARGE_END), id="its window ends first"
        ),
        pytest.param(
            CHARGING, {"stops_at": NOW + 9_000}, (7_260, Cause.CHARGE_END), id="its window ends later"
        ),
        pytest.param(replace(CHARGING, ends_at=None), {}, (3_660, Cause.CHARGE_END), id="no end told"),
        pytest.param(replace(CHARGING, is_fast=True), {}, None, id="fast charger"),
        pytest.param(replace(CHARGING, end_looks=3), {}, None, id="looked at often enough"),
        pytest.param(
            replace(CHARGING, end_looks=1, ends_at=NOW + 60), {}, (300, Cause.CHARGE_END), id="still charging"
        ),
        pytest.param(
            replace(CHARGING, end_looks=2, ends_at=NOW + 60), {}, (600, Cause.CHARGE_END), id="and still"
        ),
        pytest.param(
            replace(CHARGING, end_looks=1),
            {},
            (7_260, Cause.CHARGE_END),
            id="a new end far off is waited for",
        ),
        pytest.param(PLUGGED, {"starts_at": NOW + 600}, (720, Cause.CHARGE_START), id="scheduled start"),
        pytest.param(PLUGGED, {"starts_at": NOW + 600, "is_home": False}, None, id="start, but away"),
        pytest.param(
            CHARGING, {"starts_at": NOW + 600}, (7_260, Cause.CHARGE_END), id="start, but it charges"
        ),
        pytest.param(
            replace(PLUGGED, started_at=NOW + 600),
            {"starts_at": NOW + 600},
            None,
            id="start that was looked at",
        ),
        pytest.param(
            Course(read_at=NOW, is_plugged=False), {"starts_at": NOW + 600}, None, id="start without a cable"
        ),
        pytest.param(ARRIVED, {"is_home": True}, (300, Cause.AFTER_ARRIVAL), id="just come home"),
        pytest.param(ARRIVED, {"is_home": False}, None, id="and left again"),
        pytest.param(replace(ARRIVED, is_plugged=True), {"is_home": True}, None, id="and plugged in"),
        pytest.param(ARRIVED, {"now": NOW + 1_000}, (1_260, Cause.AFTER_ARRIVAL), id="a look missed"),
        pytest.param(ARRIVED, {"now": NOW + 3_000}, None, id="all looks missed"),
        pytest.param(Course().commanded(NOW), {}, (20, Cause.COMMAND), id="command"),
        pytest.param(
            Course().commanded(NOW - 110).commanded(NOW),
            {},
            (10, Cause.COMMAND),
            id="a long series of commands",
        ),
        pytest.param(Course(), {"nightly_at": NOW + 5}, (5, Cause.NIGHTLY_CHECK), id="nightly check"),
    ],
)
def test_planned(course: Course, known: dict[str, Any], expected: tuple[float, Cause] | None) -> None:
    """Each planned read at its time and with its cause."""
    assert planned(course, **known) == expected


def test_every_look_is_taken_once() -> None:
    """Whatever becomes of them: two looks after an arrival, three at the end of a charge, one of all else."""
    assert [at for at, _ in drained(ARRIVED, Known(NOW, is_home=True))] == [300, 1_260]
    assert len(drained(CHARGING, Known(NOW))) == 3
    assert len(drained(PLUGGED, Known(NOW, starts_at=NOW + 60))) == 1
    assert len(drained(Course().commanded(NOW), Known(NOW))) == 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Charging", "Complete", "Stopped", "Disconnected", None, "Unknown"]),
            st.floats(0, 20_000),
        ),
        max_size=40,
    )
)
def test_a_session_has_few_looks_whatever_the_car_says(answers: list[tuple[str | None, float]]) -> None:
    """However the end moves and whatever the car answers: three looks a charge, and none that comes before the one before."""
    course, known, looks, last = CHARGING, Known(NOW, is_home=True), 0, -inf
    for state, seconds in answers:
        reading = next_read(course, known)
        if reading is None:
            break
        assert reading.at >= last
        last = reading.at
        looks = looks + 1 if course.is_charging else 1
        assert looks <= 3
        known = replace(known, now=reading.at)
        course = course.taken(reading, known)
        told = read(state, reading.at, minutes_to_full_charge=seconds / 60)
        course = course.after(told, known, came_online=False)
        if not course.is_charging:
            looks = 0


def test_read_that_shows_the_cable_ends_the_looks() -> None:
    """Stop when plugged in; what was seen is remembered for the next arrivals."""
    seen = ARRIVED.after(read("Charging", NOW + 125), Known(NOW + 125, is_home=True), came_online=False)
    assert (seen.arrived_at, seen.plugs) == (None, (True,))
    late = ARRIVED.after(read("Stopped", NOW + 9_000), Known(NOW + 9_000), came_online=False)
    assert late.plugs == (False,)
    assert ARRIVED.arrived(NOW + 7_200).plugs == (False,)
    assert ARRIVED.arrived(NOW + 60) == ARRIVED, "a position that flickers is one arrival"


def test_read_for_another_reason_serves_what_is_planned_for_just_then() -> None:
    """A look within a minute, a command before it, a start before it: all served by one read."""
    course = replace(ARRIVED.commanded(NOW + 250), is_plugged=False)
    at = NOW + 260
    after = course.after(read("Disconnected", at), Known(at, is_home=True), came_online=False)
    assert (after.looks, after.commanded_at) == (1, None)
    at = NOW + 200
    started = PLUGGED.after(read("Charging", at), Known(at, starts_at=NOW + 100), came_online=False)
    assert started.started_at == NOW + 100
    too_soon = Course().commanded(NOW).after(read("Charging", NOW + 2), Known(NOW), came_online=False)
    assert too_soon.commanded_at is not None, "the command was perhaps not carried out yet"


def test_read_that_tells_nothing_of_the_charge_keeps_what_was_known() -> None:
    """A block that is missing, or a word for not knowing, ends no charge."""
    for state in (None, "Unknown"):
        after = CHARGING.after(read(state, NOW + 60), Known(NOW + 60), came_online=False)
        assert replace(after, read_at=NOW) == CHARGING


def test_car_that_comes_online_for_nothing_is_read_ever_more_rarely() -> None:
    """Half an hour, an hour, … eight hours; news brings it back."""
    course = Course(read_at=NOW, is_plugged=False)
    pauses = []
    for _ in range(7):
        pauses.append(next(s for s in range(0, 40_000, 300) if course.is_worth_a_read_online(NOW + s)))
        course = replace(course.after(read("Disconnected", NOW), Known(NOW), came_online=True))
    assert pauses == [1_800, 3_600, 7_200, 14_400, 28_800, 28_800, 28_800]
    assert course.after(read("Charging", NOW), Known(NOW), came_online=True).quiet == 0
    assert course.is_worth_a_read_online(NOW - 60), "the clock was set back"


@pytest.mark.parametrize(
    ("before", "cloud", "plugged", "expected"),
    [
        (CloudState.ASLEEP, CloudState.ONLINE, False, Cause.CAME_ONLINE_HOME),
        (CloudState.OFFLINE, CloudState.ONLINE, True, Cause.CAME_ONLINE_HOME),
        (CloudState.ONLINE, CloudState.ASLEEP, False, Cause.WENT_OFFLINE_HOME),
        (CloudState.ONLINE, CloudState.OFFLINE, None, Cause.WENT_OFFLINE_HOME),
        (CloudState.ONLINE, CloudState.ASLEEP, True, None),
        (CloudState.ASLEEP, CloudState.OFFLINE, False, None),
        (CloudState.UNKNOWN, CloudState.ONLINE, False, None),
        (CloudState.ONLINE, CloudState.UNKNOWN, False, None),
    ],
)
def test_edges(before: CloudState, cloud: CloudState, plugged: bool | None, expected: Cause | None) -> None:
    """Online is one side, asleep and offline are the other; what is not known is neither."""
    course = Course(read_at=NOW - 7_200, is_plugged=plugged)
    assert cause_of_edge(course, before, cloud, NOW) is expected
    assert cause_of_edge(replace(course, read_at=NOW - 60), before, cloud, NOW) is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 24, 17, 0, tzinfo=BERLIN), datetime(2026, 11, 24, 21, 30, tzinfo=BERLIN)),
        (datetime(2026, 11, 24, 21, 30, tzinfo=BERLIN), datetime(2026, 11, 25, 21, 30, tzinfo=BERLIN)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=BERLIN), datetime(2027, 1, 1, 21, 30, tzinfo=BERLIN)),
        # An hour shorter and an hour longer.
        (datetime(2027, 3, 27, 22, 0, tzinfo=BERLIN), datetime(2027, 3, 28, 21, 30, tzinfo=BERLIN)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 21, 30, tzinfo=BERLIN)),
    ],
)
def test_nightly_time(moment: datetime, expected: datetime) -> None:
    """The next time the clock on the wall shows it."""
    assert nightly_after(moment, time(21, 30)).timestamp() == expected.timestamp()


def test_stored_and_read_back_is_the_same() -> None:
    """What is followed survives a restart whole, and a damaged store loses it quietly."""
    course = replace(
        ARRIVED.commanded(NOW), plugs=(True, False), ends_at=NOW, started_at=NOW, quiet=2, is_fast=True
    )
    assert Course.from_dict(course.as_dict()) == course
    damaged: Any
    for damaged in (
        None,
        [],
        "x",
        {"plugs": 3, "commanded_at": [1], "looks": -1, "ends_at": "x", "read_at": True},
    ):
        assert Course.from_dict(damaged) == Course()


def test_reading_is_what_it_says() -> None:
    """A planned read is a time and a cause."""
    assert next_read(CHARGING, Known(NOW)) == Reading(NOW + 7_260, Cause.CHARGE_END)
