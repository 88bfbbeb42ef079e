"""How soon a car can be home from a distance, and how soon one usually is, pure.

Distances are as the crow flies, from the car to the zone's edge (metres); times are seconds.
"""

from typing import Final

type _Legs = tuple[tuple[float, float], ...]

# Leg by leg from home outwards: (up to metres from home, metres a second). What roads allow, and what they usually
# give: a way is a third longer than the crow's, and the last kilometres are town.
_FASTEST: Final[_Legs] = ((float("inf"), 40.0),)
_BRISK: Final[_Legs] = ((1_000.0, 9.0), (5_000.0, 11.0), (20_000.0, 18.0), (float("inf"), 28.0))


def earliest_arrival(to_home: float) -> float:
    """Return how soon a car could be home, by what roads allow."""
    return _time(to_home, _FASTEST)


def brisk_arrival(to_home: float) -> float:
    """Return how soon a car is home where nothing is known of its way, if it is quick."""
    return _time(to_home, _BRISK)


def _time(to_home: float, legs: _Legs) -> float:
    seconds, driven = 0.0, 0.0
    for limit, speed in legs:
        leg = min(to_home, limit) - driven
        if leg <= 0:
            break
        seconds += leg / speed
        driven += leg
    return seconds
