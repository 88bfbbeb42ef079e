"""Energy and money of charging, for tests that let a car charge by nothing but its schedules."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Energy(NamedTuple):
    """kWh into the battery, and kWh out of the wall, losses included."""

    battery_kwh: float
    wall_kwh: float


class Metered(Protocol):
    """A car whose energy can be asked for."""

    def energy(self, start: float, end: float) -> Energy:
        """Return what was charged in that time."""


class Spent(NamedTuple):
    """What charging took and cost. cost: in the prices' currency, of the energy out of the wall."""

    battery_kwh: float
    wall_kwh: float
    cost: float


def spent(car: Metered, slots: Iterable[tuple[float, float, float]]) -> Spent:
    """Return what a car took in these slots (start, end, price a kWh), and what it cost at their prices."""
    battery = wall = cost = 0.0
    for start, end, price in slots:
        taken = car.energy(start, end)
        battery += taken.battery_kwh
        wall += taken.wall_kwh
        cost += taken.wall_kwh * price
    return Spent(battery, wall, cost)
