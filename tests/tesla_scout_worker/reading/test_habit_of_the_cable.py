"""Who plugs in when: the cable is looked for soon where it is usual, late where it is not, and never where it never is. Pure."""

from dataclasses import replace

import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.reading import Course, Known, next_read
from custom_components.tesla_scout_worker.worker.triggers import Cause

NOW = 1_795_536_000.0
DAY = 86_400.0
SOON, LATE = 300.0, 1_260.0


def lived(pattern: str) -> Course:
    """Return the course after arrivals, the oldest first: + plugged in soon, - not, ! hours later."""
    course = Course(read_at=NOW, is_plugged=False)
    for number, what in enumerate(pattern):
        at = NOW + number * DAY
        course = replace(course, is_plugged=False).arrived(at)
        if what != "-":
            seen = at + (400 if what == "+" else 20_000)
            read = VehicleData({"charge_state": {"charging_state": "Stopped"}}, seen)
            course = course.after(read, Known(seen, is_home=True), came_online=False)
    return course


def looks(pattern: str) -> list[float]:
    """Return when the cable is looked for after one more arrival (seconds), where no look shows it."""
    at = NOW + len(pattern) * DAY
    course, known, found = replace(lived(pattern), is_plugged=False).arrived(at), Known(at, is_home=True), []
    while reading := next_read(course, known):
        assert reading.cause is Cause.AFTER_ARRIVAL
        found.append(reading.at - at)
        known = Known(reading.at, is_home=True)
        course = course.taken(reading, known)
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("", [SOON, LATE], id="nothing known"),
        pytest.param("---", [SOON, LATE], id="three are too few to tell"),
        pytest.param("----", [LATE], id="not usual"),
        pytest.param("--------", [], id="never"),
        pytest.param("--------+", [SOON, LATE], id="for the first time"),
        pytest.param("+++++", [SOON, LATE], id="always"),
        pytest.param("+-+-+-", [SOON, LATE], id="every other time, and now"),
        pytest.param("+-+-+-+", [LATE], id="every other time, and not now"),
        pytest.param("++-+-+-+", [LATE], id="mostly not after one like that"),
        pytest.param("++-++-+", [SOON, LATE], id="half of the time after one like that"),
        pytest.param("!!!!", [LATE], id="only hours later"),
    ],
)
def test_cable_is_looked_for_where_it_is_usual(pattern: str, expected: list[float]) -> None:
    """The last arrivals tell, by what followed one like the last."""
    assert looks(pattern) == expected


def test_only_lately_counts() -> None:
    """Sixteen arrivals are remembered: what somebody did in another season is forgotten."""
    assert len(lived("+-" * 30).plugs) <= 16
    assert looks("-" * 30 + "+" * 8) == [SOON, LATE]
    assert looks("+" * 30 + "-" * 8) == []
