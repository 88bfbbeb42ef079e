"""When a car's schedules start and stop it, on the wall clock of the car's time zone.

A schedule is kept as it is read back: `days_of_week` is a mask (Sunday 1, Monday 2, … Saturday 64), times are minutes after
midnight, `latitude` and `longitude` say where it holds. A time that a spring night leaves out is an hour later, one that an
autumn night has twice is the first of the two.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .geo import Point, distance_m

type Schedule = Mapping[str, Any]

NEAR_M = 150.0
"""How near to its point the car must be for a schedule to hold. Tesla gives no figure."""

LATE_S = 6 * 3600.0
"""A schedule that has a start and no end still starts a car that is plugged in so much later (Tesla's owner's manual)."""

_MINUTES = 1440
_DAY_S = 86400.0
_SEARCH_DAYS = 9


class Window(NamedTuple):
    """One occurrence: epoch seconds. stops: the car stops charging at the end; else the end is only when it is too late."""

    start: float
    end: float
    stops: bool


def holds_at(schedule: Schedule, point: Point) -> bool:
    """Return whether a schedule is for this place."""
    place = (float(schedule.get("latitude", 0.0)), float(schedule.get("longitude", 0.0)))
    return distance_m(place, point) <= NEAR_M


def charges(schedule: Schedule) -> bool:
    """Return whether a charge schedule does anything at all."""
    return bool(schedule.get("enabled")) and bool(
        schedule.get("start_enabled") or schedule.get("end_enabled")
    )


def epoch(day: date, minutes: int, zone: ZoneInfo) -> float:
    """Return the epoch second of a wall-clock time; minutes may pass the day's end."""
    day += timedelta(days=minutes // _MINUTES)
    minutes %= _MINUTES
    return (
        datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
        .astimezone(UTC)
        .timestamp()
    )


def windows(
    schedule: Schedule, since: float, until: float, zone: ZoneInfo, need_s: float = 0.0
) -> Iterator[Window]:
    """Yield the occurrences of a charge schedule that touch the time from since to until, in order.

    need_s: how long charging takes; a schedule with an end and no start begins so early that it is done by then.
    """
    if not charges(schedule):
        return
    mask = int(schedule.get("days_of_week", 0))
    if mask == 0 and schedule.get("one_time"):
        mask = 127
    day = datetime.fromtimestamp(since, zone).date() - timedelta(days=2)
    last = datetime.fromtimestamp(until, zone).date() + timedelta(days=1)
    while day <= last:
        if mask >> (day.isoweekday() % 7) & 1:
            window = _window(schedule, day, zone, need_s)
            # On a night that leaves out the start, the end may come first: then there is no window.
            if window.start < window.end and window.end > since and window.start <= until:
                yield window
        day += timedelta(days=1)


def _window(schedule: Schedule, day: date, zone: ZoneInfo, need_s: float) -> Window:
    start = int(schedule.get("start_time", 0))
    end = int(schedule.get("end_time", 0))
    if not schedule.get("start_enabled"):
        done = epoch(day, end, zone)
        return Window(done - min(need_s, _DAY_S), done, stops=True)
    begin = epoch(day, start, zone)
    if not schedule.get("end_enabled"):
        return Window(begin, begin + LATE_S, stops=False)
    return Window(begin, epoch(day, end if end > start else end + _MINUTES, zone), stops=True)


def running(schedules: Iterable[Schedule], now: float, zone: ZoneInfo, need_s: float) -> bool:
    """Return whether any of these schedules has a window now (the start counts, the end does not)."""
    return any(
        window.start <= now < window.end
        for schedule in schedules
        for window in windows(schedule, now, now, zone, need_s)
    )


def to_come(schedules: Iterable[Schedule], now: float, zone: ZoneInfo, need_s: float) -> float | None:
    """Return the next start after now, None when none comes."""
    starts = [
        window.start
        for schedule in schedules
        for window in windows(schedule, now, now + _SEARCH_DAYS * _DAY_S, zone, need_s)
        if window.start > now
    ]
    return min(starts, default=None)
