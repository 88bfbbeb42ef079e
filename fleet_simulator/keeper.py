"""What a car does by its charge schedules: starting, stopping, waiting, and letting schedules for one time go.

Where Tesla says nothing, this is the reading, and `ScheduleRules` has the doubtful points as knobs:

* A plugged-in car near a schedule's place waits unless one of the windows there is open; a start without an end lets it
  charge for six hours after (owner's manual), an end without a start begins in time to be done by then.
* A person's or a command's start and stop hold until the next start or end of a window.
* A schedule for one time goes when its window has passed while the car stood at its place.
* At a fast charger schedules say nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .battery import Battery, Change
from .geo import Point
from .timetable import Schedule, charges, holds_at, running, to_come, windows

_STRIDE_S = 86400.0


@dataclass(slots=True)
class ScheduleRules:
    """The doubtful points.

    new_schedule_stops: a schedule that is added while the car charges outside of its window stops it; off, the car goes on.
    last_removal_starts: a car that waits begins to charge when its last schedule here is taken away.
    """

    new_schedule_stops: bool = False
    last_removal_starts: bool = True


class _Event(NamedTuple):
    """One end (before) or start of a window."""

    at: float
    starts: bool
    which: int
    stops: bool


class Keeper:
    """Keeps one car's schedules. place: where the car believes to be at an epoch second."""

    def __init__(self, zone: ZoneInfo, place: Callable[[float], Point]) -> None:
        self.zone = zone
        self.rules = ScheduleRules()
        self._place = place

    def next_event(self, battery: Battery, until: float) -> tuple[float, Change] | None:
        """Return what the schedules do next, after the battery's time and not after `until`."""
        schedules = effective(battery)
        if not any(charges(schedule) for schedule in schedules):
            return None
        since = battery.time
        while since < until:
            end = min(until, since + _STRIDE_S)
            events = [
                event
                for index, schedule in enumerate(schedules)
                for window in windows(schedule, since, end, self.zone, battery.need_s)
                for event in (
                    _Event(window.end, starts=False, which=index, stops=window.stops),
                    _Event(window.start, starts=True, which=index, stops=window.stops),
                )
                if since < event.at <= end
            ]
            if events:
                first = min(events).at
                due = sorted(event for event in events if event.at == first)
                steps = [(schedules[event.which], event) for event in due]
                return first, partial(self._run, steps)
            since = end
        return None

    def _run(self, steps: list[tuple[Schedule, _Event]], battery: Battery) -> Battery:
        for schedule, event in steps:
            step = self._start if event.starts else self._end
            battery = step(battery, schedule, stops=event.stops)
        return battery

    def plugged(self, battery: Battery) -> Battery:
        """Return a battery that has just got its cable: it charges, or waits for a schedule."""
        here = self._here(battery)
        starts = not here or self._running(here, battery)
        return replace(battery, wanted=starts, waiting=not starts)

    def rescheduled(
        self, battery: Battery, schedules: Sequence[Schedule], legacy: Schedule | None
    ) -> Battery:
        """Return a battery with other schedules, and what follows from that at once."""
        before = effective(battery)
        battery = replace(battery, schedules=tuple(schedules), legacy=legacy)
        if not self._listens(battery):
            return battery
        here = self._here(battery)
        added = [schedule for schedule in here if schedule not in before]
        if added and self._running(added, battery):
            return replace(battery, wanted=True, waiting=False)
        if added and battery.flowing and self.rules.new_schedule_stops and not self._running(here, battery):
            return replace(battery, wanted=False, waiting=True)
        if battery.waiting and not here and self.rules.last_removal_starts:
            return replace(battery, wanted=True, waiting=False)
        return battery

    def current(self, battery: Battery) -> Schedule | None:
        """Return the charge schedule whose window is open here now."""
        return next((one for one in self._here(battery) if self._running([one], battery)), None)

    def _start(self, battery: Battery, schedule: Schedule, *, stops: bool) -> Battery:
        if not self._listens(battery) or not self._near(battery, schedule):
            return battery
        return replace(battery, wanted=True, waiting=False)

    def _end(self, battery: Battery, schedule: Schedule, *, stops: bool) -> Battery:
        if battery.drive is not None or not self._near(battery, schedule):
            return battery
        if schedule.get("one_time"):
            kept = tuple(one for one in battery.schedules if one.get("id") != schedule.get("id"))
            battery = replace(battery, schedules=kept)
        here = self._here(battery)
        if not stops or not battery.wanted or not self._listens(battery) or self._running(here, battery):
            return battery
        return replace(battery, wanted=False, waiting=self._to_come(here, battery) is not None)

    def _listens(self, battery: Battery) -> bool:
        return battery.charger is not None and battery.charger.fast_kw is None and battery.drive is None

    def _here(self, battery: Battery) -> list[Schedule]:
        if not self._listens(battery):
            return []
        return [one for one in effective(battery) if charges(one) and self._near(battery, one)]

    def _near(self, battery: Battery, schedule: Schedule) -> bool:
        return holds_at(schedule, self._place(battery.time))

    def _running(self, schedules: Sequence[Schedule], battery: Battery) -> bool:
        return running(schedules, battery.time, self.zone, battery.need_s)

    def _to_come(self, schedules: Sequence[Schedule], battery: Battery) -> float | None:
        return to_come(schedules, battery.time, self.zone, battery.need_s)


def effective(battery: Battery) -> tuple[Schedule, ...]:
    """Return the charge schedules, that of old firmware among them."""
    return battery.schedules if battery.legacy is None else (*battery.schedules, battery.legacy)
