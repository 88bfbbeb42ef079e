"""How a battery fills: chargers, and a curve with a taper, in closed form."""

from dataclasses import dataclass
from math import exp, inf, log

TAPER_FROM = 80.0
"""Per cent of charge from which the car takes less and less."""

TAPER_SHARE = 0.8
"""The share of the full rate that is gone at 100 %."""

AC_EFFICIENCY = 0.92

_TAPER_PER_PERCENT = TAPER_SHARE / (100.0 - TAPER_FROM)


@dataclass(frozen=True, slots=True)
class Charger:
    """What the cable brings: volts per phase, amps per phase, phases; or kilowatts of direct current."""

    volts: int = 230
    amps: int = 16
    phases: int = 3
    fast_kw: float | None = None

    @property
    def dead(self) -> bool:
        """Whether no power comes through the cable."""
        return self.fast_kw == 0 or (self.fast_kw is None and self.volts * self.amps * self.phases == 0)

    @property
    def efficiency(self) -> float:
        """The share of what is drawn that reaches the battery; the car's own charger is in the way of alternating current."""
        return AC_EFFICIENCY if self.fast_kw is None else 1.0

    def battery_kw(self, amps: int) -> float:
        """Return the power that reaches the battery when the car asks for that many amps."""
        if self.fast_kw is not None:
            return self.fast_kw
        return self.volts * min(amps, self.amps) * self.phases / 1000 * AC_EFFICIENCY


WALL_BOX = Charger()
SOCKET = Charger(amps=10, phases=1)
SUPERCHARGER = Charger(volts=400, amps=0, phases=0, fast_kw=120.0)


def rate_at(level: float, full_rate: float) -> float:
    """Return the rate of charge in per cent an hour at this level, given the rate below the taper."""
    return full_rate * (1.0 - _TAPER_PER_PERCENT * max(0.0, level - TAPER_FROM))


def hours_to(level: float, target: float, full_rate: float) -> float:
    """Return the hours from one level (per cent) to another; 0 when it is there, inf when nothing flows."""
    if target <= level:
        return 0.0
    if full_rate <= 0:
        return inf
    hours = max(0.0, min(target, TAPER_FROM) - level) / full_rate
    if target > TAPER_FROM:
        begin = rate_at(max(level, TAPER_FROM), full_rate)
        hours += log(begin / rate_at(target, full_rate)) / (full_rate * _TAPER_PER_PERCENT)
    return hours


def level_after(level: float, hours: float, full_rate: float) -> float:
    """Return the level in per cent after that many hours of charging without a limit."""
    if full_rate <= 0:
        return level
    straight = min(hours, max(0.0, TAPER_FROM - level) / full_rate)
    level += straight * full_rate
    rest = hours - straight
    if rest <= 0:
        return level
    # dL/dt = full_rate * (1 - k * (L - 80)), solved for L.
    missing = (1.0 / _TAPER_PER_PERCENT) - (level - TAPER_FROM)
    return TAPER_FROM + 1.0 / _TAPER_PER_PERCENT - missing * exp(-full_rate * _TAPER_PER_PERCENT * rest)
