"""When to read the car in full, pure: what is known in, the next read with its cause out, or none.

Never by a fixed clock. A read is planned only where it can show something: the cable soon after an arrival, the end of a
charge when the car itself expects it, the start of one that a schedule begins, what a command did, and once a night a day
on which nothing was seen. What happens to the car by itself is told by triggers (triggers.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from math import inf, isfinite
from typing import Any, Final, Self

from ..fleet.models import CloudState, VehicleData
from ..fleet.vehicle_view import VehicleView
from .triggers import Cause, Trigger

# After an arrival the cable is looked for so often (seconds): when people mostly have plugged in, and once more when a car
# that was not has fallen asleep since the look before, which is seen for nothing.
_LOOKS: Final = (300.0, 1_260.0)
# Who charges every other day does not plug in on the day after: where that is seldom done after an arrival like the last
# one, of so many, only the second look is left. After so many without a cable none is: what charges stays online, and so
# the scout sees it all the same.
_TELLING: Final = 3
_SELDOM: Final = 1 / 3
_NEVER: Final = 8
_REMEMBERED: Final = 16
# An arrival so soon after another (seconds) has no looks of its own: the position, or what tells of it, flickers.
_ONE_ARRIVAL: Final = 600.0
# A look that is this late (Home Assistant was off) is left out; a read so short before one answers for it (seconds).
_TOO_LATE: Final = 600.0
_JUST_READ: Final = 60.0
# A charge is over a moment after it should be. Where the car names no end it is looked at after this (seconds).
_END_SLACK: Final = 60.0
_UNKNOWN_END: Final = 3_600.0
# Still charging then: once more after this, and after twice as long; not more often in one session (seconds).
_STILL_CHARGING: Final = 300.0
_MOST_END_LOOKS: Final = 3
# What a command did shows in seconds. Commands that follow each other share one read (seconds).
_SETTLES: Final = 20.0
_LONGEST_SERIES: Final = 120.0
_SHOWS_COMMAND: Final = 5.0
# A scheduled charge has begun so long after its start, also where the car had to wake for it (seconds).
_START_SLACK: Final = 120.0
# A car that comes online at home again and again without news is read ever more rarely (seconds).
_ONLINE_PAUSE: Final = 1_800.0
_LONGEST_ONLINE_PAUSE: Final = 28_800.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A planned read. at: Unix seconds."""

    at: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the course. Times are Unix seconds.

    is_home: None where that is unknown. starts_at: the next start of a scheduled charge that was not looked at yet.
    stops_at: when the window ends in which the charge that was read runs. nightly_at: the next nightly check, None where there is none.
    """

    now: float
    is_home: bool | None = None
    starts_at: float | None = None
    stops_at: float | None = None
    nightly_at: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What the worker follows. It is kept over restarts. Times are Unix seconds.

    read_at: of the last full read. arrived_at: of the last arrival whose cable was not seen; looks: for it, so far.
    plugs: of the last arrivals, whether the cable was in soon. is_plugged, is_charging, is_fast: as read last.
    ends_at: when the charge that was read should end. end_looks: taken at this charge. commanded_at: of the first and the
    last command that no read has followed. started_at: the scheduled start that was looked at last. quiet: how many
    times in a row the car came online at home and nothing was new.
    """

    read_at: float | None = None
    arrived_at: float | None = None
    looks: int = 0
    plugs: tuple[bool, ...] = ()
    is_plugged: bool | None = None
    is_charging: bool = False
    is_fast: bool = False
    ends_at: float | None = None
    end_looks: int = 0
    commanded_at: tuple[float, float] | None = None
    started_at: float | None = None
    quiet: int = 0

    def arrived(self, now: float) -> Self:
        """Return the course after an arrival at home."""
        if self.arrived_at is not None and 0 <= now - self.arrived_at < _ONE_ARRIVAL:
            return self
        plugs = self.plugs if self.arrived_at is None else (*self.plugs, False)
        return replace(self, arrived_at=now, looks=0, plugs=plugs[-_REMEMBERED:], quiet=0)

    def commanded(self, now: float) -> Self:
        """Return the course after a command was sent."""
        first = now if self.commanded_at is None else min(self.commanded_at[0], now)
        return replace(self, commanded_at=(first, now))

    def taken(self, reading: Reading, known: Known) -> Self:
        """Return the course with a planned read taken, whatever comes of it: each is taken once."""
        match reading.cause:
            case Cause.AFTER_ARRIVAL:
                return replace(self, looks=_looks_until(self, max(known.now, reading.at)))
            case Cause.CHARGE_END:
                return replace(self, end_looks=self.end_looks + 1)
            case Cause.CHARGE_START:
                return replace(self, started_at=known.starts_at)
            case Cause.COMMAND:
                return replace(self, commanded_at=None)
            case _:
                return self

    def after(self, read: VehicleData, known: Known, *, came_online: bool) -> Self:
        """Return the course after a read. came_online: it served a car that had come online at home."""
        view, at = VehicleView(read), read.read_at or known.now
        plugged = view.is_plugged_in
        commanded = self.commanded_at
        if commanded is not None and at >= commanded[1] + _SHOWS_COMMAND:
            commanded = None
        followed = replace(self, read_at=at, commanded_at=commanded)
        if self.arrived_at is not None:
            followed = replace(followed, looks=max(self.looks, _looks_until(self, at + _JUST_READ)))
        if known.starts_at is not None and at >= known.starts_at + _JUST_READ:
            followed = replace(followed, started_at=known.starts_at)
        if plugged is None:
            # The car told nothing of its charging: what was read before holds.
            return followed
        is_charging = bool(view.is_charging)
        is_news = (plugged, is_charging) != (self.is_plugged, self.is_charging)
        if plugged and self.arrived_at is not None:
            was_soon = at - self.arrived_at <= _LOOKS[-1] + _TOO_LATE
            followed = replace(followed, arrived_at=None, plugs=(*self.plugs, was_soon)[-_REMEMBERED:])
        return replace(
            followed,
            is_plugged=plugged,
            is_charging=is_charging,
            is_fast=view.is_at_fast_charger,
            ends_at=(view.completes_at or at + _UNKNOWN_END) if is_charging else None,
            end_looks=self.end_looks if is_charging and self.is_charging else 0,
            quiet=0 if is_news else self.quiet + came_online,
        )

    def is_worth_a_read_online(self, now: float) -> bool:
        """Return whether a car that comes online at home should be read for that."""
        if self.read_at is None or self.read_at > now:
            return True
        return now - self.read_at >= min(_ONLINE_PAUSE * 2.0 ** min(self.quiet, 10), _LONGEST_ONLINE_PAUSE)

    def has_answered(self, trigger: Trigger, now: float) -> bool:
        """Return whether a reason needs no read any more: it is old, or a read that was under way has shown the car online."""
        is_for_coming = trigger.cause is Cause.CAME_ONLINE_HOME
        return trigger.has_expired(now) or (is_for_coming and not self.is_worth_a_read_online(now))

    def may_have_missed(self, now: float) -> bool:
        """Return whether a car that goes offline at home was perhaps plugged in since it was read, unseen."""
        return not self.is_plugged and self.is_worth_a_read_online(now)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; what cannot be read has its default."""
        if not isinstance(stored, Mapping):
            return cls()
        plugs, commanded = stored.get("plugs"), stored.get("commanded_at")
        times = [_time(at) for at in commanded] if isinstance(commanded, list | tuple) else []
        is_plugged = stored.get("is_plugged")
        return cls(
            read_at=_time(stored.get("read_at")),
            arrived_at=_time(stored.get("arrived_at")),
            looks=_count(stored.get("looks")),
            plugs=tuple(was is True for was in plugs) if isinstance(plugs, list | tuple) else (),
            is_plugged=is_plugged if isinstance(is_plugged, bool) else None,
            is_charging=stored.get("is_charging") is True,
            is_fast=stored.get("is_fast") is True,
            ends_at=_time(stored.get("ends_at")),
            end_looks=_count(stored.get("end_looks")),
            commanded_at=(times[0], times[1])
            if len(times) == 2 and times[0] is not None and times[1] is not None  # noqa: PLR2004 - first and last
            else None,
            started_at=_time(stored.get("started_at")),
            quiet=_count(stored.get("quiet")),
        )


def next_read(course: Course, known: Known) -> Reading | None:
    """Return the next read that is worth its price, None where only a trigger can tell of one."""
    planned = (
        Reading(_after_command(course), Cause.COMMAND),
        Reading(_after_arrival(course, known), Cause.AFTER_ARRIVAL),
        Reading(_charge_end(course, known), Cause.CHARGE_END),
        Reading(_charge_start(course, known), Cause.CHARGE_START),
        Reading(inf if known.nightly_at is None else known.nightly_at, Cause.NIGHTLY_CHECK),
    )
    first = min(planned, key=lambda reading: reading.at)
    return first if isfinite(first.at) else None


def cause_of_edge(course: Course, before: CloudState, cloud: CloudState, now: float) -> Cause | None:
    """Return what a car at home has done by the cloud's word: come online, or gone offline with a cable perhaps missed."""
    was_online, is_online = before is CloudState.ONLINE, cloud is CloudState.ONLINE
    if CloudState.UNKNOWN in {before, cloud} or was_online is is_online:
        return None
    if is_online:
        return Cause.CAME_ONLINE_HOME if course.is_worth_a_read_online(now) else None
    return Cause.WENT_OFFLINE_HOME if course.may_have_missed(now) else None


def nightly_after(moment: datetime, at: time) -> datetime:
    """Return the next moment with this time of day, in the moment's own time zone; an hour that comes twice counts once."""
    today = moment.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0, fold=0)
    # Compared as moments: within one zone the clock's faces would be compared.
    return today if today.timestamp() > moment.timestamp() else today + timedelta(days=1)


def _after_command(course: Course) -> float:
    if course.commanded_at is None:
        return inf
    first, last = course.commanded_at
    return min(last + _SETTLES, first + _LONGEST_SERIES)


def _looks(course: Course) -> tuple[float, ...]:
    plugs = course.plugs
    if len(plugs) >= _NEVER and not any(plugs[-_NEVER:]):
        return ()
    followed = [was_in for before, was_in in pairwise(plugs) if before is plugs[-1]]
    is_seldom = len(followed) >= _TELLING and sum(followed) <= len(followed) * _SELDOM
    return _LOOKS[-1:] if is_seldom else _LOOKS


def _looks_until(course: Course, at: float) -> int:
    gone = at - course.arrived_at if course.arrived_at is not None else inf
    return sum(after <= gone for after in _looks(course))


def _after_arrival(course: Course, known: Known) -> float:
    if course.arrived_at is None or course.is_plugged or known.is_home is False:
        return inf
    due = (course.arrived_at + after for after in _looks(course)[course.looks :])
    return next((at for at in due if at >= known.now - _TOO_LATE), inf)


def _charge_end(course: Course, known: Known) -> float:
    # A fast charger is left to the person beside it.
    if not course.is_charging or course.is_fast or course.end_looks >= _MOST_END_LOOKS:
        return inf
    read_at = course.read_at or known.now
    ends_at = course.ends_at if course.ends_at is not None else read_at + _UNKNOWN_END
    if known.stops_at is not None and known.stops_at > read_at:
        ends_at = min(ends_at, known.stops_at)
    pause = _STILL_CHARGING * 2.0 ** (course.end_looks - 1) if course.end_looks else 0.0
    return max(ends_at + _END_SLACK, read_at + pause)


def _charge_start(course: Course, known: Known) -> float:
    if known.starts_at is None or known.starts_at == course.started_at:
        return inf
    if not course.is_plugged or course.is_charging or known.is_home is False:
        return inf
    return known.starts_at + _START_SLACK


def _time(stored: Any) -> float | None:
    is_number = isinstance(stored, int | float) and not isinstance(stored, bool) and isfinite(stored)
    return stored if is_number else None


def _count(stored: Any) -> int:
    return stored if isinstance(stored, int) and not isinstance(stored, bool) and stored >= 0 else 0
