"""What is planned by the owner's clock: once a night, also where an hour comes twice and where a timer is early. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.util import dt as dt_util
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.outlook import Outlook
from custom_components.tesla_scout_worker.worker.reading import (
    Course,
    Known,
    Reading,
    next_read,
    nightly_after,
)
from custom_components.tesla_scout_worker.worker.triggers import Cause

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0
HALF_PAST_TWO = time(2, 30)


@pytest.fixture(autouse=True)
def _berlin() -> Iterator[None]:
    """Let the owner live in Berlin."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(BERLIN)
    yield
    dt_util.set_default_time_zone(before)


def nightly(outlook: Outlook, now: float) -> float:
    """Return when the next nightly check is."""
    at = outlook.known(VehicleData(), Course(), now, is_home=None).nightly_at
    assert at is not None
    return at


@settings(deadline=None)
@given(
    st.integers(1_767_222_000, 1_830_294_000),
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_the_next_night_is_always_ahead_and_at_most_a_long_day_away(moment: int, at: time, zone: str) -> None:
    """Whatever the hour and the zone, twice-told and left-out hours included."""
    now = datetime.fromtimestamp(moment, ZoneInfo(zone))
    ahead = nightly_after(now, at).timestamp() - now.timestamp()
    assert 0 < ahead <= DAY + 3_600


def test_an_hour_that_comes_twice_has_one_check(freezer: FrozenDateTimeFactory) -> None:
    """Half past two comes twice on the last Sunday of October. A start in between does not bring it back, again and again."""
    for second in (
        datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=BERLIN),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
    ):
        freezer.move_to(second.astimezone(UTC))
        tomorrow = datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN).timestamp()
        assert nightly(Outlook(HALF_PAST_TWO), second.timestamp()) == tomorrow


def test_checks_of_a_year_come_once_a_day(freezer: FrozenDateTimeFactory) -> None:
    """With a timer that is early by up to a second, each day of the owner has one."""
    start = datetime(2026, 3, 1, 12, tzinfo=BERLIN)
    freezer.move_to(start.astimezone(UTC))
    outlook, now, days = Outlook(HALF_PAST_TWO), start.timestamp(), []
    for number in range(300):
        at = nightly(outlook, now)
        assert at > now
        now = at - (number % 3) * 0.4
        freezer.move_to(datetime.fromtimestamp(now, UTC))
        outlook.taken(Reading(at, Cause.NIGHTLY_CHECK))
        days.append(datetime.fromtimestamp(at, BERLIN).date())
    assert days == [start.date() + timedelta(days=1 + number) for number in range(300)]


def test_clock_that_was_set_back_does_not_wait_for_its_own_future(freezer: FrozenDateTimeFactory) -> None:
    """A board without a battery starts years ahead until it has asked for the time: the check is tonight."""
    freezer.move_to(datetime(2030, 1, 1, tzinfo=UTC))
    outlook = Outlook(time(21, 30))
    now = datetime(2026, 11, 24, 12, tzinfo=BERLIN)
    freezer.move_to(now.astimezone(UTC))
    assert nightly(outlook, now.timestamp()) == now.replace(hour=21, minute=30).timestamp()


def test_look_whose_timer_is_early_is_taken_once() -> None:
    """Half a second before its time it counts as taken, whatever becomes of it."""
    course = Course(read_at=0.0, is_plugged=False).arrived(1_000.0)
    first = next_read(course, Known(1_000.0, is_home=True))
    assert first is not None
    known = Known(first.at - 0.4, is_home=True)
    second = next_read(course.taken(first, known), known)
    assert second is not None
    assert second.at > first.at + 300
