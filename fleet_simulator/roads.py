"""A drive that this project made itself: through Berlin, from west to east, home.

The corners are real junctions, placed by hand to about twenty metres. The driver keeps to 50 km/h, brakes for the
lights that are red today and rolls to a stop at home. One fix a second; nothing is random, so it is always the same.
"""

from bisect import bisect_right
from functools import cache
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from .drive import Drive
from .geo import Point, bearing_deg, between, distance_m

HOME: Point = (52.5200, 13.4050)
"""Where the drive ends: Spandauer Straße at Karl-Liebknecht-Straße."""

CRUISE_MPS = 50 / 3.6
ACCELERATION = 1.4
BRAKING = 1.8
STEP_S = 0.1
SHARP_DEG = 35.0
TURN_MPS = 4.0


class _Corner(NamedTuple):
    latitude: float
    longitude: float
    red_for_s: float = 0.0


_ROAD = (
    _Corner(52.5098, 13.2730),  # Theodor-Heuss-Platz
    _Corner(52.5103, 13.2846),  # Kaiserdamm, over the ring
    _Corner(52.5108, 13.2966, 28),  # Sophie-Charlotte-Platz
    _Corner(52.5113, 13.3045),  # Bismarckstraße, Kaiser-Friedrich-Straße
    _Corner(52.5118, 13.3098, 17),  # Deutsche Oper
    _Corner(52.5125, 13.3213),  # Ernst-Reuter-Platz
    _Corner(52.5131, 13.3290),  # Straße des 17. Juni, Charlottenburger Tor
    _Corner(52.5139, 13.3365, 22),  # Klopstockstraße
    _Corner(52.5145, 13.3501),  # Großer Stern
    _Corner(52.5159, 13.3700),  # Soviet memorial
    _Corner(52.5163, 13.3766, 35),  # Platz des 18. März
    _Corner(52.5183, 13.3765),  # Ebertstraße, round the Brandenburg Gate
    _Corner(52.5187, 13.3806),  # Dorotheenstraße
    _Corner(52.5169, 13.3808),  # Wilhelmstraße
    _Corner(52.5171, 13.3889, 30),  # Unter den Linden, Friedrichstraße
    _Corner(52.5174, 13.3945),  # Bebelplatz
    _Corner(52.5177, 13.3988),  # Schlossbrücke
    _Corner(52.5191, 13.4024, 14),  # Liebknechtbrücke
    _Corner(*HOME),
)


def drive_home(seconds: float | None = None) -> Drive:
    """Return the drive home, or its last `seconds` before parking; it ends at HOME and has no start yet."""
    whole = _whole()
    return whole if seconds is None else whole.tail(seconds)


@cache
def _whole() -> Drive:
    along = [0.0]
    for earlier, later in pairwise(_ROAD):
        along.append(along[-1] + distance_m(earlier[:2], later[:2]))
    stops = {along[index]: corner.red_for_s for index, corner in enumerate(_ROAD) if corner.red_for_s}
    slow = dict(zip(along[1:-1], _turn_speeds(), strict=True)) | dict.fromkeys(stops, 0.0) | {along[-1]: 0.0}

    fixes = [(0.0, *_ROAD[0][:2])]
    tick, metres, speed = 0, 0.0, 0.0
    for place, allowed in slow.items():
        while metres < place - 0.05:
            ahead = (
                sqrt(limit**2 + 2 * BRAKING * (at - metres)) for at, limit in slow.items() if at >= place
            )
            # A crawl of half a metre a second brings the car to the line, where braking alone would take for ever.
            speed = max(0.5, min(CRUISE_MPS, speed + ACCELERATION * STEP_S, *ahead))
            metres = min(place, metres + speed * STEP_S)
            tick += 1
            if tick % 10 == 0:
                fixes.append((tick // 10, *_at(along, metres)))
        metres, speed = place, min(speed, allowed)
        waited = int(stops.get(place, 0.0) / STEP_S)
        fixes.extend(
            (second, *_at(along, metres)) for second in range(tick // 10 + 1, (tick + waited) // 10 + 1)
        )
        tick += waited
    fixes.append((tick // 10 + 1, *HOME))
    return Drive(fixes)


def _turn_speeds() -> list[float]:
    """Return the metres per second at which a careful driver takes each corner but the first and the last."""
    speeds: list[float] = []
    for before, here, after in zip(_ROAD, _ROAD[1:], _ROAD[2:], strict=False):
        turn = abs((bearing_deg(here[:2], after[:2]) - bearing_deg(before[:2], here[:2]) + 180) % 360 - 180)
        speeds.append(CRUISE_MPS if turn < SHARP_DEG else TURN_MPS)
    return speeds


def _at(along: list[float], metres: float) -> Point:
    index = min(max(bisect_right(along, metres) - 1, 0), len(along) - 2)
    share = (metres - along[index]) / (along[index + 1] - along[index])
    return between(_ROAD[index][:2], _ROAD[index + 1][:2], min(1.0, share))
