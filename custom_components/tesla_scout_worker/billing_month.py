"""The month that Tesla bills, pure: days and moments in, periods out.

Tesla's cycles are calendar months; in which time zone they turn it does not say. Here they turn at the owner's midnight,
as do Home Assistant's own statistics: what a sensor, the ledger and a graph call November is the same. Where Tesla turns
some hours earlier or later, the requests of those hours are booked in the neighbouring month, a day's worth at most. A
door that Tesla still keeps closed in the first hours of the owner's month is simply found closed once more.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

# A clock that is set back by less than this does not bring back a day that has ended.
_SET_BACK: Final = timedelta(days=1)


def month_of(day: date) -> str:
    """Return a day's billing month, such as `2026-11`."""
    return f"{day:%Y-%m}"


def first_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def first_after(day: date) -> date:
    """Return the first day of the month after a day's."""
    return first_of(first_of(day) + timedelta(days=31))


def seconds_between(begin: datetime, end: datetime) -> float:
    """Return the seconds that pass: two moments of one zone are an hour further apart where the clocks change."""
    return (end.astimezone(UTC) - begin.astimezone(UTC)).total_seconds()


class Calendar:
    """Which day it is for the bill, and when its day and month began.

    A clock that is set back over midnight by minutes, as a time server does, does not reopen the day or month: the sums
    would begin twice. One that is set back by days was wrong, and is followed.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Initialize. clock: returns the owner's local time, with its zone."""
        self._clock = clock
        self._latest = date.min

    @property
    def today(self) -> date:
        """Return the owner's day."""
        day = self._clock().date()
        if not timedelta() < self._latest - day <= _SET_BACK:
            self._latest = day
        return self._latest

    @property
    def now(self) -> datetime:
        """Return the owner's local time, not before today began."""
        return max(self._clock(), self.day_began)

    @property
    def month(self) -> str:
        """Return the billing month."""
        return month_of(self.today)

    @property
    def day_began(self) -> datetime:
        """Return the last midnight."""
        return self._midnight(self.today)

    @property
    def day_ends(self) -> datetime:
        """Return the next midnight."""
        return self._midnight(self.today + timedelta(days=1))

    @property
    def month_began(self) -> datetime:
        """Return the midnight with which the month began."""
        return self._midnight(first_of(self.today))

    @property
    def month_ends(self) -> datetime:
        """Return the midnight with which the next month begins."""
        return self._midnight(first_after(self.today))

    @property
    def seconds_left(self) -> float:
        """Return how long the month still lasts."""
        return seconds_between(self.now, self.month_ends)

    @property
    def seconds_gone(self) -> float:
        """Return how long the month has lasted."""
        return seconds_between(self.month_began, self.now)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._clock().tzinfo)
