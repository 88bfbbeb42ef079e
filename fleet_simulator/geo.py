"""Distances and directions on the earth's surface, as a sphere."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_000.0

type Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


def distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance in metres (haversine, good to about 0.5 %)."""
    latitude_a, latitude_b = radians(a[0]), radians(b[0])
    half_dlat = (latitude_b - latitude_a) / 2
    half_dlon = radians(b[1] - a[1]) / 2
    h = sin(half_dlat) ** 2 + cos(latitude_a) * cos(latitude_b) * sin(half_dlon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Return the initial course from a to b in degrees: 0 = north, 90 = east, below 360."""
    latitude_a, latitude_b = radians(a[0]), radians(b[0])
    dlon = radians(b[1] - a[1])
    east = sin(dlon) * cos(latitude_b)
    north = cos(latitude_a) * sin(latitude_b) - sin(latitude_a) * cos(latitude_b) * cos(dlon)
    return degrees(atan2(east, north)) % 360.0


def between(a: Point, b: Point, share: float) -> Point:
    """Return the point that lies `share` (0..1) of the way from a to b; for short distances only."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
