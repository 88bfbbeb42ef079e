"""A drive: where a car was, second by second, and what follows from that."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
import csv
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple, Self

from .geo import Point, bearing_deg, between, distance_m

JUMP_MPS = 70.0
"""Faster than any car goes (252 km/h): two fixes further apart than this are the receiver's doing."""

MOVING_MPS = 0.3
"""Slower than this a fix's course is noise."""


class Fix(NamedTuple):
    """One position: seconds since the drive's start, and degrees."""

    seconds: float
    latitude: float
    longitude: float

    @property
    def point(self) -> Point:
        """Latitude and longitude."""
        return (self.latitude, self.longitude)


class Crossing(NamedTuple):
    """One passage over a circle's edge: seconds since the drive's start, and the direction."""

    seconds: float
    direction: Literal["enter", "leave"]


class Drive:
    """A car's way, as fixes, with or without the moment at which it happens.

    `position` is what a receiver reports, so wild fixes are in it. Speed, course and distance are what the wheels
    know: a lone wild fix (out and back faster than JUMP_MPS) is left out of them, and over a jump that stays (a hole
    in a recording) the speed before it goes on.

    Raises ValueError for fewer than two fixes or for times that do not rise.
    """

    def __init__(self, fixes: Iterable[tuple[float, float, float]], start: float | None = None) -> None:
        rows = [Fix(*row) for row in fixes]
        if len(rows) < 2:  # noqa: PLR2004 - a way has two ends
            msg = "a drive needs at least two fixes"
            raise ValueError(msg)
        if any(later.seconds <= earlier.seconds for earlier, later in pairwise(rows)):
            msg = "a drive's fixes must be in rising order of time"
            raise ValueError(msg)
        origin = rows[0].seconds
        self.fixes = tuple(Fix(row.seconds - origin, row.latitude, row.longitude) for row in rows)
        self.start = start
        self.wild_fixes = _lone_jumps(self.fixes)
        self._times = [fix.seconds for fix in self.fixes]
        self._road = [fix for index, fix in enumerate(self.fixes) if index not in self.wild_fixes]
        self._road_times = [fix.seconds for fix in self._road]
        self._road_m = [0.0]
        for earlier, later in pairwise(self._road):
            self._road_m.append(self._road_m[-1] + distance_m(earlier.point, later.point))

    @classmethod
    def from_csv(cls, path: str | Path) -> Self:
        """Read a recording with the columns seconds, latitude and longitude (WGS 84 degrees).

        Gaps and jitter are kept. Of several fixes in the same second the last one counts.
        Raises ValueError when a column is missing, is not a number, or when time runs backwards.
        """
        fixes: list[tuple[float, float, float]] = []
        with Path(path).open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                try:
                    fix = (float(row["seconds"]), float(row["latitude"]), float(row["longitude"]))
                except (KeyError, TypeError, ValueError) as err:
                    msg = f"line {number} of the recording has no seconds, latitude and longitude"
                    raise ValueError(msg) from err
                if fixes and fixes[-1][0] == fix[0]:
                    fixes.pop()
                fixes.append(fix)
        return cls(fixes)

    @property
    def duration(self) -> float:
        """Seconds from the first fix to the last."""
        return self.fixes[-1].seconds

    @property
    def length_m(self) -> float:
        """Metres driven."""
        return self._road_m[-1]

    @property
    def end(self) -> float:
        """Epoch seconds of the arrival; ValueError for a drive without a start."""
        return self.begin + self.duration

    @property
    def begin(self) -> float:
        """Epoch seconds of the departure; ValueError for a drive without a start."""
        if self.start is None:
            msg = "this drive has no start; use starting_at() or arriving_at()"
            raise ValueError(msg)
        return self.start

    def starting_at(self, epoch: float) -> Drive:
        """Return the same drive, departing at this epoch second."""
        return Drive(self.fixes, epoch)

    def arriving_at(self, epoch: float) -> Drive:
        """Return the same drive, with its last fix at this epoch second."""
        return Drive(self.fixes, epoch - self.duration)

    def reversed(self) -> Drive:
        """Return the way back over the same road, with the same pace mirrored and the same start."""
        return Drive(
            [(self.duration - fix.seconds, *fix.point) for fix in reversed(self.fixes)],
            self.start,
        )

    def tail(self, seconds: float) -> Drive:
        """Return the last `seconds` of the drive; a known arrival stays at its epoch second.

        The whole drive when it is shorter than that. Raises ValueError when seconds is not positive.
        """
        if seconds <= 0:
            msg = "the tail of a drive must last"
            raise ValueError(msg)
        cut = self.duration - seconds
        if cut <= 0:
            return self
        first = (cut, *self.position(cut))
        start = None if self.start is None else self.start + cut
        return Drive([first, *(fix for fix in self.fixes if fix.seconds > cut)], start)

    def position(self, seconds: float) -> Point:
        """Return the reported position that many seconds after the start; the ends hold before and after."""
        index = _segment(self._times, seconds)
        earlier, later = self.fixes[index], self.fixes[index + 1]
        share = (seconds - earlier.seconds) / (later.seconds - earlier.seconds)
        return between(earlier.point, later.point, min(1.0, max(0.0, share)))

    def distance_m(self, seconds: float) -> float:
        """Return the metres driven that many seconds after the start."""
        index = _segment(self._road_times, seconds)
        t0, t1 = self._road_times[index], self._road_times[index + 1]
        share = min(1.0, max(0.0, (seconds - t0) / (t1 - t0)))
        return self._road_m[index] + (self._road_m[index + 1] - self._road_m[index]) * share

    def speed_mps(self, seconds: float) -> float:
        """Return the wheels' speed in metres per second; 0 before the start and from the end on."""
        if not 0 <= seconds < self.duration:
            return 0.0
        index = _segment(self._road_times, seconds)
        while index > 0 and self._segment_mps(index) > JUMP_MPS:
            index -= 1
        return min(self._segment_mps(index), JUMP_MPS)

    def heading(self, seconds: float) -> float:
        """Return the course in degrees (0 = north); a standing car keeps the one it had."""
        index = _segment(self._road_times, seconds)
        while index > 0 and self._segment_mps(index) < MOVING_MPS:
            index -= 1
        return bearing_deg(self._road[index].point, self._road[index + 1].point)

    def crossings(self, center: Point, radius_m: float, *, wild: bool = True) -> list[Crossing]:
        """Return when the drive passed the edge of a circle, interpolated between fixes, in order of time.

        A fix on the edge is inside. A lone wild fix that jumps over the edge and back is reported like any other fix,
        as two crossings within a second or so; with wild=False it is left out, which gives the car's own passages.
        """
        found: list[Crossing] = []
        for earlier, later in pairwise(self.fixes if wild else self._road):
            before = distance_m(earlier.point, center) - radius_m
            after = distance_m(later.point, center) - radius_m
            if (before <= 0) != (after <= 0):
                share = before / (before - after)
                seconds = earlier.seconds + share * (later.seconds - earlier.seconds)
                found.append(Crossing(seconds, "enter" if after <= 0 else "leave"))
        return found

    def _segment_mps(self, index: int) -> float:
        metres = self._road_m[index + 1] - self._road_m[index]
        return metres / (self._road_times[index + 1] - self._road_times[index])


def _segment(times: Sequence[float], seconds: float) -> int:
    """Return the index of the pair of times that holds this moment, the first or last one outside."""
    return min(max(bisect_right(times, seconds) - 1, 0), len(times) - 2)


def _lone_jumps(fixes: Sequence[Fix]) -> frozenset[int]:
    """Return the indexes of fixes that jump away from both neighbours, which themselves fit together."""
    found: set[int] = set()
    for index in range(1, len(fixes) - 1):
        before, here, after = fixes[index - 1], fixes[index], fixes[index + 1]
        if (
            index - 1 not in found
            and _is_jump(before, here)
            and _is_jump(here, after)
            and not _is_jump(before, after)
        ):
            found.add(index)
    return frozenset(found)


def _is_jump(earlier: Fix, later: Fix) -> bool:
    return distance_m(earlier.point, later.point) > JUMP_MPS * (later.seconds - earlier.seconds)
