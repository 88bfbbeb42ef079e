"""What happens to a car in some weeks: drives, cables, what keeps it awake, and where it has no signal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
import random
from typing import Final, Self
from zoneinfo import ZoneInfo

from fleet_simulator import Car, Drive, Point

from .roads import Roads, Way, comes_home_at, leaves_home_at, paced

ZONE: Final = ZoneInfo("Europe/Berlin")
FIRST_DAY: Final = date(2026, 11, 2)
"""A Monday; the weeks after it have no change of the clocks."""

MINUTE: Final = 60.0
HOUR: Final = 3600.0
_PLUGS_IN_AFTER: Final = 180.0
_PACE: Final = (0.9, 1.15)


def midnight(day: int) -> float:
    """Return when the local day begins that many days after the first one, epoch seconds."""
    return datetime.combine(FIRST_DAY + timedelta(days=day), time(), ZONE).timestamp()


@dataclass
class Life:
    """A car's weeks, entered in order of time. All times are epoch seconds.

    drives: with their starts. plugs: when a cable is plugged in. kept_awake, without_signal: from, to. touches: moments
    at which the owner's app or a door wakes it.
    """

    roads: Roads
    rng: random.Random
    drives: list[Drive] = field(default_factory=list[Drive])
    plugs: list[float] = field(default_factory=list[float])
    kept_awake: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    without_signal: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    touches: list[float] = field(default_factory=list[float])

    @classmethod
    def of(cls, roads: Roads, seed: str) -> Self:
        """Begin a life at home. seed: the same one makes the same life."""
        return cls(roads, random.Random(seed))  # noqa: S311 - chance, not secrecy

    # --- what is entered --------------------------------------------------------------------------

    def spread(self, minutes: float) -> float:
        """Return a time between that many minutes too early and too late, in seconds."""
        return self.rng.uniform(-minutes, minutes) * MINUTE

    def go(self, drive: Drive, at: float) -> Drive:
        """Drive one way, from that time on or as soon as the car is there; each time at another pace."""
        begin = max(at, self.drives[-1].end + MINUTE) if self.drives else at
        driven = paced(drive, begin, self.rng.uniform(*_PACE))
        self.drives.append(driven)
        return driven

    def leave(self, way: Way, at: float) -> Drive:
        """Drive from home to a place."""
        return self.go(way.out, at)

    def come_home(self, way: Way, at: float, *, plugs_in: bool = False) -> Drive:
        """Drive from a place to home, and plug in where that is wished."""
        driven = self.go(way.home, at)
        if plugs_in:
            self.plugs.append(driven.end + _PLUGS_IN_AFTER)
        return driven

    def is_parked(self, begin: float, end: float) -> bool:
        """Return whether the car stands all of that time."""
        return all(drive.end <= begin or end <= drive.begin for drive in self.drives)

    # --- what follows -----------------------------------------------------------------------------

    @property
    def home(self) -> Point:
        """Where the car lives."""
        return self.roads.home

    @cached_property
    def arrivals(self) -> list[float]:
        """When it came home: the last crossing of the zone's edge of each drive that ends at home."""
        return [at for drive in self.drives if (at := comes_home_at(drive, self.home)) is not None]

    @cached_property
    def departures(self) -> list[float]:
        """When it left home, likewise."""
        return [at for drive in self.drives if (at := leaves_home_at(drive, self.home)) is not None]

    def place(self, at: float) -> str:
        """Return where the car is, in words: on its way, at home or away."""
        for drive in reversed(self.drives):
            if drive.begin <= at:
                is_homeward = comes_home_at(drive, self.home) is not None
                if at < drive.end:
                    return "driving home" if is_homeward else "driving away"
                return "at home" if is_homeward else "parked away"
        return "at home"

    def stays_at_home(self, until: float) -> list[tuple[float, float]]:
        """Return from when to when it stands at home: from each drive's end to the next drive's begin, or `until`."""
        begins = [*(drive.begin for drive in self.drives[1:]), until]
        return [
            (drive.end, begin)
            for drive, begin in zip(self.drives, begins, strict=True)
            if comes_home_at(drive, self.home) is not None
        ]

    def happen_to(self, car: Car) -> None:
        """Enter it all into a car that stands at home."""
        for drive in self.drives:
            car.drive(drive)
        for at in self.plugs:
            # Who is off again within minutes does not plug in.
            if car.trip(at) is None:
                car.plug_in(at)
        for begin, end in self.kept_awake:
            car.stay_awake(begin, end)
        for begin, end in self.without_signal:
            car.offline(begin, end)
        for at in self.touches:
            car.note_activity(at)


type Lives = Callable[[Life, int], None]
"""A profile: writes that many days into a life."""
