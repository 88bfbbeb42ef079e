"""What a car has of schedules: the lists, the zone of its wall clock, and the battery that follows them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from .battery import Battery, BatteryLine
from .book import ScheduleBook
from .energy import Energy
from .geo import Point
from .keeper import Keeper, ScheduleRules
from .timetable import Schedule

TIME_ZONE = "Europe/Berlin"
SCHEDULES_SINCE = (2024, 26)
"""The first firmware with lists of schedules."""


class Scheduled(ABC):
    """A car's battery and its schedules. firmware: decides which commands and blocks the car knows."""

    def __init__(self, battery: Battery, clock: Callable[[], float]) -> None:
        self.firmware = "2026.32.6"
        self._clock = clock
        self._keeper = Keeper(ZoneInfo(TIME_ZONE), self._place)
        self._line = BatteryLine(battery, self._keeper.next_event)

    @abstractmethod
    def _place(self, moment: float) -> Point:
        """Return where the car believes to be."""

    @property
    def time_zone(self) -> str:
        """The zone of the wall clock that the car's schedules go by."""
        return self._keeper.zone.key

    @time_zone.setter
    def time_zone(self, name: str) -> None:
        self._keeper.zone = ZoneInfo(name)
        self._line.forget()

    @property
    def zone(self) -> ZoneInfo:
        """The same as an object."""
        return self._keeper.zone

    @property
    def schedule_rules(self) -> ScheduleRules:
        """What is not sure about schedules, as knobs."""
        return self._keeper.rules

    @property
    def has_schedules(self) -> bool:
        """Whether the firmware keeps lists of schedules (2024.26 and later); before, there is one setting."""
        year, week = (int(part) for part in self.firmware.split(".")[:2])
        return (year, week) >= SCHEDULES_SINCE

    @property
    def charge_schedules(self) -> ScheduleBook:
        """The charge schedules with their read names. What is written here, the owner does in the car at the clock's now."""
        return ScheduleBook(lambda: self.battery().schedules, self.put_charge_schedules)

    @charge_schedules.setter
    def charge_schedules(self, schedules: Iterable[Mapping[str, Any]]) -> None:
        self.put_charge_schedules(tuple(schedules))

    @property
    def precondition_schedules(self) -> ScheduleBook:
        """The preconditioning schedules, likewise."""
        return ScheduleBook(lambda: self.battery().preconditions, self.put_precondition_schedules)

    @precondition_schedules.setter
    def precondition_schedules(self, schedules: Iterable[Mapping[str, Any]]) -> None:
        self.put_precondition_schedules(tuple(schedules))

    def battery(self, now: float | None = None) -> Battery:
        """Return the battery."""
        return self._line.at(self._at(now))

    def energy(self, start: float, end: float) -> Energy:
        """Return what was charged in that time (epoch seconds): kWh into the battery and out of the wall."""
        before, after = self.battery(start), self.battery(end)
        return Energy(after.life_kwh - before.life_kwh, after.wall_kwh - before.wall_kwh)

    def current_schedule(self, now: float | None = None) -> Schedule | None:
        """Return the charge schedule whose window is open here now, for a plugged-in car."""
        return self._keeper.current(self.battery(now))

    def put_charge_schedules(self, schedules: tuple[Schedule, ...], at: float | None = None) -> None:
        """Replace the charge schedules; the car starts or goes on as its rules say."""
        self._line.change(
            self._at(at), lambda battery: self._keeper.rescheduled(battery, schedules, battery.legacy)
        )

    def put_precondition_schedules(self, schedules: tuple[Schedule, ...], at: float | None = None) -> None:
        """Replace the preconditioning schedules."""
        self._line.change(self._at(at), lambda battery: replace(battery, preconditions=schedules))

    def put_legacy_schedule(self, schedule: Schedule | None, at: float | None = None) -> None:
        """Set the one schedule that firmware before 2024.26 has."""
        self._line.change(
            self._at(at), lambda battery: self._keeper.rescheduled(battery, battery.schedules, schedule)
        )

    def _at(self, now: float | None) -> float:
        return self._clock() if now is None else now
