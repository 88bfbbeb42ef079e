"""How a car fills from the wall, pure: capacity, power, losses, and the taper near full, all in closed form."""

from dataclasses import dataclass
from math import exp, inf, isfinite, log
from typing import Final

FULL: Final = 100.0
# Rate of charge at 100 % is never nothing, or no time would be long enough.
_GREATEST_SHARE: Final = 0.95
_LEAST_SHARE: Final = 1e-6
# A charging car keeps pumps and computers awake (kW), whatever the current. With it the losses of a socket, about a
# sixth, and of a wall box, about a twelfth, follow from one conversion.
OVERHEAD_KW: Final = 0.25
CONVERSION: Final = 0.94


@dataclass(frozen=True, slots=True)
class ChargeCurve:
    """How fast a car charges at a place.

    capacity_kwh: that 100 % hold. wall_kw: drawn below the taper. conversion: the share of it, less the overhead, that
    reaches the battery. taper_from: level in per cent from which it takes less. taper_share: what is gone at 100 %.
    Raises ValueError for what is no battery.
    """

    capacity_kwh: float
    wall_kw: float
    conversion: float = CONVERSION
    overhead_kw: float = OVERHEAD_KW
    taper_from: float = 80.0
    taper_share: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what cannot be reckoned with."""
        figures = (self.capacity_kwh, self.wall_kw, self.conversion, self.overhead_kw, self.taper_share)
        if not all(isfinite(figure) for figure in figures):
            raise ValueError("a figure of the battery is no number")
        if self.capacity_kwh <= 0 or not 0 < self.conversion <= 1 or self.overhead_kw < 0:
            raise ValueError("no such battery")
        if not 0 <= self.taper_share <= _GREATEST_SHARE or not 0 < self.taper_from < FULL:
            raise ValueError("no such taper")

    @property
    def battery_kw(self) -> float:
        """Return what reaches the battery below the taper; 0 where the wall gives less than the car itself needs."""
        return max(0.0, self.wall_kw - self.overhead_kw) * self.conversion

    @property
    def _rate(self) -> float:
        """Return per cent an hour below the taper."""
        return self.battery_kw / self.capacity_kwh * FULL

    @property
    def _fall(self) -> float:
        """Return the share of the rate that goes with each per cent above the taper's begin."""
        return self.taper_share / (FULL - self.taper_from)

    def hours_to(self, level: float, target: float) -> float:
        """Return the hours of charging between two levels in per cent; 0 where it is there, inf where nothing flows."""
        if target <= level:
            return 0.0
        if self._rate <= 0:
            return inf
        straight = max(0.0, min(target, self.taper_from) - level) / self._rate
        begin = max(level, self.taper_from)
        if target <= begin:
            return straight
        if self.taper_share < _LEAST_SHARE:
            return straight + (target - begin) / self._rate
        # The level rises by rate * (1 - fall * (level - from)).
        first = 1.0 - self._fall * (begin - self.taper_from)
        last = 1.0 - self._fall * (target - self.taper_from)
        return straight + log(first / last) / (self._rate * self._fall)

    def level_after(self, level: float, hours: float) -> float:
        """Return the level in per cent after so many hours of charging; beyond 100 where nothing ends it before."""
        if self._rate <= 0 or hours <= 0:
            return level
        straight = min(hours, max(0.0, self.taper_from - level) / self._rate)
        level += straight * self._rate
        rest = hours - straight
        if rest <= 0:
            return level
        if self.taper_share < _LEAST_SHARE:
            return level + rest * self._rate
        missing = 1.0 / self._fall - (level - self.taper_from)
        return self.taper_from + 1.0 / self._fall - missing * exp(-self._rate * self._fall * rest)

    def wall_kwh(self, level: float, target: float) -> float:
        """Return what is drawn from the wall between two levels in per cent: the battery's part, losses, overhead."""
        if target <= level or self._rate <= 0:
            return 0.0
        battery = (target - level) / FULL * self.capacity_kwh
        return battery / self.conversion + self.overhead_kw * self.hours_to(level, target)
