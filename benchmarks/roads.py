"""The ways between home and elsewhere, all made from one drive home."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from fleet_simulator import Drive, Point, drive_home

RADIUS: Final = 100.0
"""Of the home zone, metres."""

_NEAR_S: Final = 420.0
_SCHOOL_S: Final = 480.0
_MOTORWAY_MPS: Final = 32.0
_MOTORWAY_STEP_S: Final = 5.0
# Slower at its ends, where there are a junction and a traffic light.
_RAMP_S: Final = 60.0
_METRES_A_DEGREE: Final = 111_195.0


@dataclass(frozen=True)
class Way:
    """A road between home and one place. home: the drive from there to home, without a start."""

    home: Drive

    @cached_property
    def out(self) -> Drive:
        """The same road away from home."""
        return self.home.reversed()


class Roads:
    """What a life drives on. name: of the world, "" for the road that comes with the simulator."""

    def __init__(self, home: Drive, name: str = "") -> None:
        """Initialize. home: a drive that ends at home. ValueError where it does not come from outside the home zone."""
        self.name = name
        self._home = home
        if not any(
            crossing.direction == "enter" for crossing in home.crossings(self.home, RADIUS, wild=False)
        ):
            raise ValueError("the drive does not come home from outside the home zone")

    @property
    def home(self) -> Point:
        """Where all ways home end."""
        return self._home.fixes[-1].point

    @cached_property
    def work(self) -> Way:
        """The whole drive."""
        return Way(self._home)

    @cached_property
    def near(self) -> Way:
        """Seven minutes: a shop."""
        return Way(self._home.tail(_NEAR_S))

    @cached_property
    def school(self) -> Way:
        """Eight minutes."""
        return Way(self._home.tail(_SCHOOL_S))

    def far(self, kilometres: float) -> Way:
        """Return a motorway that ends where the drive begins, and the drive after it. kilometres: of both."""
        rest = kilometres * 1000 - self._home.length_m
        return Way(_with_motorway(self._home, rest)) if rest > 0 else self.work


def own_roads() -> Roads:
    """Return the roads around the simulator's own drive."""
    return Roads(drive_home())


def recorded_roads(path: Path) -> Roads:
    """Return the roads around a recorded drive whose first point is home.

    path: a CSV with the columns seconds, latitude and longitude. ValueError where it is none or stays at home.
    """
    return Roads(Drive.from_csv(path).reversed(), path.stem)


def paced(drive: Drive, start: float, pace: float) -> Drive:
    """Return a drive at an epoch second, its time stretched by `pace`."""
    return Drive([(fix.seconds * pace, *fix.point) for fix in drive.fixes], start)


def comes_home_at(drive: Drive, home: Point) -> float | None:
    """Return when a drive crossed the edge of the home zone for the last time inwards, epoch seconds."""
    crossings = drive.crossings(home, RADIUS, wild=False)
    if not crossings or crossings[-1].direction != "enter":
        return None
    return drive.begin + crossings[-1].seconds


def leaves_home_at(drive: Drive, home: Point) -> float | None:
    """Return when a drive crossed the edge of the home zone for the first time outwards, epoch seconds."""
    crossings = drive.crossings(home, RADIUS, wild=False)
    if not crossings or crossings[0].direction != "leave":
        return None
    return drive.begin + crossings[0].seconds


def _with_motorway(home: Drive, metres: float) -> Drive:
    """Put a straight motorway in front of a drive, away from home."""
    begin, end = home.fixes[0].point, home.fixes[-1].point
    north, east = begin[0] - end[0], begin[1] - end[1]
    length = (north**2 + east**2) ** 0.5
    degrees = metres / _METRES_A_DEGREE / length
    # A degree of longitude is shorter; the metres are put right by the drive's own measure of it.
    straight = _motorway((begin[0] + north * degrees, begin[1] + east * degrees), begin, metres)
    measured = straight.length_m
    degrees *= metres / measured
    straight = _motorway((begin[0] + north * degrees, begin[1] + east * degrees), begin, metres)
    joined = straight.duration + 1.0
    return Drive([*straight.fixes, *((joined + fix.seconds, *fix.point) for fix in home.fixes)])


def _motorway(begin: Point, end: Point, metres: float) -> Drive:
    metres_at = [0.0]
    while metres_at[-1] < metres:
        left = metres - metres_at[-1]
        speed = _MOTORWAY_MPS * min(
            1.0, 0.2 + len(metres_at) * _MOTORWAY_STEP_S / _RAMP_S, 0.2 + left / (_MOTORWAY_MPS * _RAMP_S)
        )
        metres_at.append(min(metres, metres_at[-1] + speed * _MOTORWAY_STEP_S))
    fixes: list[tuple[float, float, float]] = []
    for index, driven in enumerate(metres_at):
        share = driven / metres
        latitude, longitude = (a + (b - a) * share for a, b in zip(begin, end, strict=True))
        fixes.append((index * _MOTORWAY_STEP_S, latitude, longitude))
    return Drive(fixes)
