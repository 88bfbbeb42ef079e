"""Between moments and schedules: a car knows weekdays and the time on its clock, not dates and not UTC. Pure.

A schedule is made of a moment in the zone of the car's home. In the night in which the clock is put back an hour comes
twice, and a schedule cannot say which one: there it covers both, so that a car charges an hour more rather than too little.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from .days import EVERY_DAY, day_flag
from .schedules import MINUTES_A_DAY, ChargeSchedule, PreconditionSchedule, Schedule

_DAY: Final = 86_400.0
_MINUTE: Final = 60.0
# A window of a whole day would end at the minute at which it began: it is written as pieces of half a day.
_LONGEST_PIECE: Final = _DAY / 2
# A later window would come a week too early: by its weekday alone it is one of this week.
_HORIZON: Final = 6 * _DAY
# How long something is shown that has a beginning or an end only.
_A_MOMENT: Final = timedelta(minutes=15)


class Occurrence(NamedTuple):
    """When a schedule runs, in UTC. begins or ends: None where the schedule does not say."""

    begins: datetime | None
    ends: datetime | None

    @property
    def start(self) -> datetime:
        """Return from when it is shown."""
        return self.begins or self.end - _A_MOMENT

    @property
    def end(self) -> datetime:
        """Return until when it is shown."""
        if self.ends:
            return self.ends
        return (self.begins or datetime.max.replace(tzinfo=UTC)) + _A_MOMENT


def one_time_schedules(
    windows: Iterable[tuple[float, float]],
    zone: tzinfo,
    latitude: float,
    longitude: float,
    *,
    now: float,
    name: str | None = None,
) -> tuple[ChargeSchedule, ...]:
    """Return the schedules by which a car charges in each window once.

    windows: (start, end), Unix seconds. zone: of the car's home. latitude, longitude: of the place, degrees. A window that
    runs already keeps its beginning, so that a plan that did not change gives the same schedules. Left out are windows
    that are over, that have no whole minute, or that begin more than six days from now. Windows that touch become one.
    """
    schedules = []
    for start, end in _joined(windows):
        if end <= now or start > now + _HORIZON:
            continue
        for piece_start, piece_end in _pieces(start, end):
            begins, ends = _on_the_wall(piece_start, piece_end, zone)
            if begins != ends:
                schedules.append(
                    ChargeSchedule(
                        id=None,
                        name=name,
                        days=day_flag(begins.date()),
                        start=_minute(begins),
                        end=_minute(ends),
                        enabled=True,
                        one_time=True,
                        latitude=latitude,
                        longitude=longitude,
                    )
                )
    return tuple(schedules)


def occurrences(
    schedule: Schedule, zone: tzinfo, since: float, until: float, *, known_at: float | None = None
) -> list[Occurrence]:
    """Return when an enabled schedule runs between two moments (Unix seconds), in order.

    zone: of the car's home. known_at: when the car told of the schedule; one that runs once does so at its first time after
    that. Without it that is `since`.
    """
    if not schedule.enabled:
        return []
    if schedule.one_time:
        told = since if known_at is None else known_at
        # A one-time schedule without a day is for the next time on the clock.
        first = next(_all(schedule, zone, told, told + 9 * _DAY), None)
        return [first] if first and _overlaps(first, since, until) else []
    return list(_all(schedule, zone, since, until))


def next_occurrence(
    schedules: Iterable[Schedule], zone: tzinfo, now: float, *, known_at: float | None = None
) -> Occurrence | None:
    """Return the first time at which one of the schedules begins after now (Unix seconds), or one that runs now."""
    found = [
        run
        for schedule in schedules
        for run in occurrences(schedule, zone, now, now + 9 * _DAY, known_at=known_at)
    ]
    return min(found, key=lambda run: run.start, default=None)


def _all(schedule: Schedule, zone: tzinfo, since: float, until: float) -> Iterator[Occurrence]:
    day = datetime.fromtimestamp(since, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(until, zone).date()
    days = schedule.days or (EVERY_DAY if schedule.one_time else 0)
    while day <= last:
        if days & day_flag(day):
            run = _run(schedule, day, zone)
            if run and _overlaps(run, since, until):
                yield run
        day += timedelta(days=1)


def _run(schedule: Schedule, day: date, zone: tzinfo) -> Occurrence | None:
    if isinstance(schedule, PreconditionSchedule):
        return Occurrence(None, _moment(day, schedule.at, zone))
    if schedule.start is None:
        return None if schedule.end is None else Occurrence(None, _moment(day, schedule.end, zone))
    begins = _moment(day, schedule.start, zone)
    if schedule.end is None:
        return Occurrence(begins, None)
    ends = _moment(day, schedule.end, zone)
    if schedule.end <= schedule.start:
        ends = _moment(day + timedelta(days=1), schedule.end, zone)
    return Occurrence(begins, ends)


def _overlaps(run: Occurrence, since: float, until: float) -> bool:
    return run.end.timestamp() > since and run.start.timestamp() < until


def _moment(day: date, minute: int, zone: tzinfo) -> datetime:
    """Return when a clock on the wall first shows a time of a day or, where it leaves that out, has passed it."""
    wall = datetime.combine(day, time(*divmod(minute, 60)), zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    early = wall.replace(fold=1).astimezone(UTC)
    return datetime.fromtimestamp(_turn(early.timestamp(), moment.timestamp(), zone), UTC)


def _joined(windows: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the windows in order and in whole minutes, never longer than they were; those that touch as one."""
    whole: list[tuple[float, float]] = []
    for start, end in sorted(windows):
        from_minute, to_minute = -(-start // _MINUTE) * _MINUTE, end // _MINUTE * _MINUTE
        if whole and from_minute <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], to_minute)
        elif from_minute < to_minute:
            whole.append((from_minute, to_minute))
    return whole


def _pieces(start: float, end: float) -> Iterable[tuple[float, float]]:
    if end - start < 2 * _LONGEST_PIECE - 3 * 3_600:
        yield start, end
        return
    while start < end:
        yield start, min(start + _LONGEST_PIECE, end)
        start += _LONGEST_PIECE


def _on_the_wall(start: float, end: float, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return what the clock shows at both ends of a window; over the hour that comes twice, the whole of that hour."""
    begins, ends = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)
    put_back = (begins.utcoffset() or timedelta()) - (ends.utcoffset() or timedelta())
    if put_back > timedelta():
        turn = _turn(start, end, zone)
        again, over = turn - put_back.total_seconds(), turn + put_back.total_seconds()
        if end > turn:
            begins = datetime.fromtimestamp(min(start, again), zone)
        ends = datetime.fromtimestamp(max(end, over), zone)
    return begins, ends


def _turn(before: float, after: float, zone: tzinfo) -> float:
    """Return the second at which the clock is put forward or back between two moments."""
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    low, high = int(before), int(after)
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return float(high)


def _minute(moment: datetime) -> int:
    return (moment.hour * 60 + moment.minute) % MINUTES_A_DAY
