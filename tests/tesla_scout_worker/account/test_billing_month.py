"""When the day and the month turn: pure, with a clock that is set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.billing_month import Calendar, first_after, month_of

BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """A clock that shows what it is told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return what it shows."""
        return self.now


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0, zone: ZoneInfo = BERLIN) -> Clock:
    """Return a clock that shows a local time."""
    return Clock(datetime(year, month, day, hour, minute, tzinfo=zone))


def test_months_are_calendar_months() -> None:
    """Of every length, and over the year's end."""
    assert month_of(date(2026, 1, 31)) == "2026-01"
    assert month_of(date(2026, 12, 1)) == "2026-12"
    assert first_after(date(2026, 12, 31)) == date(2027, 1, 1)
    assert first_after(date(2028, 2, 29)) == date(2028, 3, 1)
    assert first_after(date(2026, 1, 31)) == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("clock", "hours"),
    [
        (at(2026, 11, 24, 12), 30 * 24),
        (at(2026, 2, 3, 12), 28 * 24),
        (at(2028, 2, 29, 12), 29 * 24),
        # The clocks change in these: an hour less, an hour more.
        (at(2026, 3, 31, 12), 31 * 24 - 1),
        (at(2026, 10, 1, 12), 31 * 24 + 1),
        # A zone whose clocks change at midnight, and one without a first of the month of its own offset.
        (at(2026, 3, 31, 12, zone=ZoneInfo("Asia/Beirut")), 31 * 24 - 1),
        (at(2026, 12, 31, 12, zone=ZoneInfo("Pacific/Kiritimati")), 31 * 24),
    ],
)
def test_a_month_is_as_long_as_it_is(clock: Clock, hours: int) -> None:
    """What is gone and what is left make the whole, in seconds that really pass."""
    calendar = Calendar(clock)
    assert calendar.seconds_gone + calendar.seconds_left == hours * 3600
    began, ends = calendar.month_began, calendar.month_ends
    assert (began.day, began.hour, ends.day, ends.hour) == (1, 0, 1, 0)
    clock.now = ends.astimezone(UTC).astimezone(ends.tzinfo)
    assert calendar.seconds_gone == 0
    assert calendar.month_began == ends


def test_days_on_which_the_clocks_change_are_days() -> None:
    """23 and 25 hours, from midnight to midnight."""
    for clock, hours in ((at(2026, 3, 29, 1, 30), 23), (at(2026, 10, 25, 2, 30), 25)):
        calendar = Calendar(clock)
        length = calendar.day_ends.timestamp() - calendar.day_began.timestamp()
        assert length == hours * 3600


def test_a_clock_that_steps_back_over_midnight_reopens_nothing() -> None:
    """A time server sets it right by minutes: the month that has begun goes on, and all agree on it."""
    clock = at(2026, 12, 1, 0, 10)
    calendar = Calendar(clock)
    assert calendar.month == "2026-12"
    clock.now = datetime(2026, 11, 30, 23, 50, tzinfo=BERLIN)
    assert calendar.today == date(2026, 12, 1)
    assert calendar.month_began == datetime(2026, 12, 1, tzinfo=BERLIN)
    assert calendar.seconds_gone == 0
    assert calendar.seconds_left == 31 * 86_400
    clock.now = datetime(2026, 12, 1, 0, 30, tzinfo=BERLIN)
    assert calendar.seconds_gone == 1_800


def test_a_clock_that_was_wrong_by_days_is_followed() -> None:
    """A machine without a battery begins in the wrong year and is set right when the network is there."""
    clock = at(2027, 11, 30, 12)
    calendar = Calendar(clock)
    assert calendar.month == "2027-11"
    clock.now = datetime(2026, 11, 24, 12, tzinfo=BERLIN)
    assert calendar.today == date(2026, 11, 24)
    clock.now += timedelta(days=7)
    assert calendar.month == "2026-12"
