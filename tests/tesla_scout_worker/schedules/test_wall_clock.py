"""Moments to schedules and back: windows over midnight, nights of 23 and 25 hours, schedules that run once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.worker.days import day_flag
from custom_components.tesla_scout_worker.worker.schedules import ChargeSchedule, PreconditionSchedule
from custom_components.tesla_scout_worker.worker.wall_clock import (
    next_occurrence,
    occurrences,
    one_time_schedules,
)

BERLIN = ZoneInfo("Europe/Berlin")
HOME = (52.4, 13.1)
HOUR = 3_600.0
ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata", "UTC")
]


def at(text: str) -> float:
    """Return the Unix second of a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def made(
    *windows: tuple[str, str], zone: ZoneInfo = BERLIN, now: str | None = None
) -> list[tuple[int, str, str]]:
    """Return (days, start, end) of the schedules of windows that are given in UTC."""
    moments = [(at(start), at(end)) for start, end in windows]
    found = one_time_schedules(moments, zone, *HOME, now=at(now) if now else min(moments)[0])
    assert all(one.one_time and one.enabled and one.id is None for one in found)
    return [(one.days, clock(one.start), clock(one.end)) for one in found]


def clock(minute: int | None) -> str:
    """Return HH:MM."""
    assert minute is not None
    return f"{minute // 60:02}:{minute % 60:02}"


SUN, MON, TUE, SAT = 1, 2, 4, 64


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # 2026-11-24 is a Tuesday, in winter time.
        ("2026-11-24T01:00", "2026-11-24T04:00", (TUE, "02:00", "05:00")),
        ("2026-11-24T22:00", "2026-11-25T02:30", (TUE, "23:00", "03:30")),
        ("2026-11-23T23:00", "2026-11-24T00:15", (TUE, "00:00", "01:15")),
        ("2026-11-24T20:00", "2026-11-24T23:00", (TUE, "21:00", "00:00")),
        # Never more than the window: it may be dear outside.
        ("2026-11-24T01:00:01", "2026-11-24T03:59:59", (TUE, "02:01", "04:59")),
        # 2026-03-29, the clock goes from 02:00 to 03:00 at 01:00 UTC.
        ("2026-03-29T00:00", "2026-03-29T02:00", (SUN, "01:00", "04:00")),
        ("2026-03-29T00:30", "2026-03-29T01:00", (SUN, "01:30", "03:00")),
        ("2026-03-29T01:00", "2026-03-29T01:30", (SUN, "03:00", "03:30")),
        ("2026-03-28T22:00", "2026-03-29T03:00", (SAT, "23:00", "05:00")),
        # 2026-10-25, it goes from 03:00 back to 02:00 at 01:00 UTC.
        ("2026-10-24T23:00", "2026-10-25T00:00", (SUN, "01:00", "02:00")),
        ("2026-10-25T00:00", "2026-10-25T00:30", (SUN, "02:00", "02:30")),
        ("2026-10-25T00:00", "2026-10-25T01:00", (SUN, "02:00", "03:00")),
        ("2026-10-25T00:30", "2026-10-25T01:30", (SUN, "02:00", "03:00")),
        ("2026-10-25T00:45", "2026-10-25T01:15", (SUN, "02:00", "03:00")),
        ("2026-10-25T01:15", "2026-10-25T01:45", (SUN, "02:15", "02:45")),
        ("2026-10-24T22:30", "2026-10-25T01:30", (SUN, "00:30", "03:00")),
        ("2026-10-25T00:45", "2026-10-25T04:00", (SUN, "02:00", "05:00")),
        ("2026-10-25T02:00", "2026-10-25T03:00", (SUN, "03:00", "04:00")),
    ],
)
def test_a_window_on_the_wall(start: str, end: str, expected: tuple[int, str, str]) -> None:
    """By the clock in the car, on the day of its beginning."""
    assert made((start, end)) == [expected]


def test_windows_that_touch_are_one() -> None:
    """In any order, also four quarters of an hour."""
    quarters = [(f"2026-11-24T01:{15 * n:02}", f"2026-11-24T01:{15 * n + 14}:59") for n in range(4)]
    assert len(made(*quarters)) == 4
    touching = [("2026-11-24T01:30", "2026-11-24T02:00"), ("2026-11-24T01:00", "2026-11-24T01:30")]
    assert made(*touching) == [(TUE, "02:00", "03:00")]
    inside = [("2026-11-24T01:00", "2026-11-24T04:00"), ("2026-11-24T02:00", "2026-11-24T03:00")]
    assert made(*inside) == [(TUE, "02:00", "05:00")]


def test_what_is_over_or_far_is_left_out() -> None:
    """A weekday says nothing of which week: in seven days it would run at once."""
    window = ("2026-11-24T01:00", "2026-11-24T04:00")
    assert made(window, now="2026-11-24T04:00") == []
    assert made(window, now="2026-11-24T03:59") == [(TUE, "02:00", "05:00")]
    assert made(window, now="2026-11-18T01:00") == [(TUE, "02:00", "05:00")]
    assert made(window, now="2026-11-18T00:59") == []
    assert made(("2026-11-24T01:00:10", "2026-11-24T01:00:50")) == []


def test_a_window_of_a_day_and_more() -> None:
    """Its end would be its beginning: it comes as pieces that join."""
    assert made(("2026-11-24T01:00", "2026-11-25T01:00")) == [
        (TUE, "02:00", "14:00"),
        (TUE, "14:00", "02:00"),
    ]


EVENINGS = ("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31", "2026-06-01")


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_car_charges_in_the_whole_window(zone: ZoneInfo) -> None:
    """Windows of all lengths around the nights in which clocks are changed."""
    dice = Random(str(zone))
    for evening in EVENINGS:
        for _ in range(25):
            check_window(zone, at(evening) + 60.0 * dice.randint(0, 48 * 60), dice.randint(1, 20 * 60))


def check_window(zone: ZoneInfo, begin: float, length: int) -> None:
    """And, but for the night that has an hour twice, never outside."""
    end = begin + 60.0 * length
    (schedule,) = one_time_schedules([(begin, end)], zone, *HOME, now=begin)
    assert schedule.start is not None
    assert schedule.end is not None
    assert schedule.start != schedule.end
    span = (schedule.end - schedule.start) % 1_440
    first = datetime.fromtimestamp(begin, zone)
    offsets = {datetime.fromtimestamp(begin + 60 * n, zone).utcoffset() for n in range(-120, length + 120)}
    for minute in range(length):
        wall = datetime.fromtimestamp(begin + 60 * minute, zone)
        assert (wall.hour * 60 + wall.minute - schedule.start) % 1_440 < span, wall
    if len(offsets) == 1:
        assert (span, schedule.days) == (length, day_flag(first.date()))
        (run,) = occurrences(schedule, zone, begin, end)
        assert (run.start.timestamp(), run.end.timestamp()) == (begin, end)


NIGHT = ChargeSchedule(1, None, 127, 23 * 60, 6 * 60, True, False, *HOME)


def runs(
    schedule: ChargeSchedule | PreconditionSchedule, since: str, until: str, known: str | None = None
) -> list[tuple[str, str]]:
    """Return the occurrences in UTC."""
    found = occurrences(schedule, BERLIN, at(since), at(until), known_at=at(known) if known else None)
    return [(one.start.strftime("%d %H:%M"), one.end.strftime("%d %H:%M")) for one in found]


def test_a_schedule_over_midnight() -> None:
    """It is on each of its days, and one that runs already is told."""
    assert runs(NIGHT, "2026-11-24T00:00", "2026-11-25T23:00") == [
        ("23 22:00", "24 05:00"), ("24 22:00", "25 05:00"), ("25 22:00", "26 05:00"),
    ]  # fmt: skip
    assert runs(replace(NIGHT, days=TUE), "2026-11-24T06:00", "2026-12-01T21:00") == [
        ("24 22:00", "25 05:00")
    ]
    assert runs(replace(NIGHT, enabled=False), "2026-11-24T00:00", "2026-11-25T23:00") == []
    assert runs(replace(NIGHT, days=0), "2026-11-24T00:00", "2026-11-25T23:00") == []


def test_nights_of_23_and_25_hours() -> None:
    """A time that is left out is when the clock has passed it, one that comes twice is the first."""
    assert runs(NIGHT, "2026-03-28T12:00", "2026-03-29T12:00") == [("28 22:00", "29 04:00")]
    assert runs(NIGHT, "2026-10-24T12:00", "2026-10-25T12:00") == [("24 21:00", "25 05:00")]
    twice = replace(NIGHT, start=150, end=210)
    assert runs(twice, "2026-03-29T00:00", "2026-03-29T12:00") == [("29 01:00", "29 01:30")]
    assert runs(twice, "2026-10-24T22:00", "2026-10-25T12:00") == [("25 00:30", "25 02:30")]


def test_a_schedule_that_runs_once() -> None:
    """At its first time after the car told of it, and never again, however old the news is."""
    once = replace(NIGHT, one_time=True, days=TUE)
    assert runs(once, "2026-11-24T12:00", "2026-12-20T12:00") == [("24 22:00", "25 05:00")]
    assert runs(once, "2026-11-26T12:00", "2026-12-20T12:00", "2026-11-24T12:00") == []
    assert runs(once, "2026-11-20T12:00", "2026-12-20T12:00", "2026-11-24T23:00") == [
        ("24 22:00", "25 05:00")
    ]
    assert runs(replace(once, days=0), "2026-11-24T12:00", "2026-12-20T12:00") == [("24 22:00", "25 05:00")]


def test_what_has_a_beginning_or_an_end_only() -> None:
    """It is shown for a quarter of an hour there."""
    assert runs(replace(NIGHT, end=None), "2026-11-24T12:00", "2026-11-24T23:00") == [
        ("24 22:00", "24 22:15")
    ]
    assert runs(replace(NIGHT, start=None), "2026-11-24T00:00", "2026-11-24T12:00") == [
        ("24 04:45", "24 05:00")
    ]
    assert runs(replace(NIGHT, start=None, end=None), "2026-11-24T00:00", "2026-11-24T12:00") == []
    warm = PreconditionSchedule(1, None, 127, 0, True, False, *HOME)
    assert runs(warm, "2026-11-24T00:00", "2026-11-24T23:30") == [("24 22:45", "24 23:00")]


def test_the_next_of_several() -> None:
    """The first that begins, whichever schedule it is of; None without one."""
    noon = replace(NIGHT, start=720, end=780)
    found = next_occurrence([NIGHT, noon], BERLIN, at("2026-11-24T09:00"))
    assert found is not None
    assert found.start == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert next_occurrence([replace(noon, enabled=False)], BERLIN, 0.0) is None
    assert next_occurrence([], BERLIN, 0.0) is None


def test_every_full_hour_is_handled_alike() -> None:
    """0, 60, 120 and so on as well as 61: midnight is a time."""
    for minute in (*range(0, 1_440, 60), 61):
        hourly = replace(NIGHT, start=minute, end=(minute + 30) % 1_440)
        (run,) = occurrences(hourly, BERLIN, at("2026-11-23T23:00"), at("2026-11-24T22:59"))
        assert run.end - run.start == timedelta(minutes=30)
        assert run.start == datetime(2026, 11, 23, 23, tzinfo=UTC) + timedelta(minutes=minute)
