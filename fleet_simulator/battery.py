"""The battery's life as a line in time: every plug, command and drive is a change, everything between is computed."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from .charging import Charger, hours_to, level_after, rate_at
from .drive import Drive
from .timetable import Schedule

STARTING_S = 10.0
"""How long a charge session says "Starting" before it says "Charging"."""

_FULL = 1e-6

type ChargingState = Literal["Disconnected", "NoPower", "Starting", "Charging", "Complete", "Stopped"]


@dataclass(frozen=True, slots=True)
class Battery:
    """The battery at one moment.

    time: epoch seconds. level, limit: per cent. amps: asked for, per phase. added_kwh: this session.
    flow_from, flow_until: the last time in which current flowed, epoch seconds; flow_until follows `time`.
    life_kwh, wall_kwh: what went into the battery and out of the wall since the car was made. waiting: a schedule to come
    keeps a plugged-in car from charging. schedules, preconditions: as they are read back. legacy: the one schedule of
    firmware before 2024.26, with its `mode`. port_open: the charge port's cover stands open without a cable.
    """

    time: float
    level: float
    limit: int
    amps: int
    capacity_kwh: float
    kwh_per_km: float
    drive: Drive | None = None
    charger: Charger | None = None
    wanted: bool = True
    added_kwh: float = 0.0
    flow_from: float | None = None
    flow_until: float | None = None
    life_kwh: float = 0.0
    wall_kwh: float = 0.0
    waiting: bool = False
    schedules: tuple[Schedule, ...] = ()
    preconditions: tuple[Schedule, ...] = ()
    legacy: Schedule | None = None
    port_open: bool = False

    @property
    def flowing(self) -> bool:
        """Whether current flows into the battery."""
        return (
            self.charger is not None
            and self.wanted
            and self.level < self.limit - _FULL
            and self.full_rate > 0
        )

    @property
    def charging_state(self) -> ChargingState:
        """Tesla's word for it (the values of charge_state.charging_state that this car shows)."""
        if self.charger is None:
            return "Disconnected"
        if self.charger.dead:
            return "NoPower"
        if self.flowing:
            lasted = (
                self.time - self.flow_from if self._flowed_until_now and self.flow_from is not None else 0.0
            )
            return "Starting" if lasted < STARTING_S else "Charging"
        return "Complete" if self.level >= self.limit - _FULL else "Stopped"

    @property
    def full_rate(self) -> float:
        """Per cent an hour below the taper, with this charger and these amps."""
        if self.charger is None:
            return 0.0
        return self.charger.battery_kw(self.amps) / self.capacity_kwh * 100.0

    @property
    def charge_kw(self) -> float:
        """Kilowatts that flow into the battery now."""
        return rate_at(self.level, self.full_rate) * self.capacity_kwh / 100.0 if self.flowing else 0.0

    @property
    def wall_kw(self) -> float:
        """Kilowatts that come out of the wall now."""
        return 0.0 if self.charger is None else self.charge_kw / self.charger.efficiency

    @property
    def need_s(self) -> float:
        """Seconds of charging that are missing to the limit, whether or not current flows; 0 without a cable."""
        return hours_to(self.level, self.limit, self.full_rate) * 3600 if self.charger is not None else 0.0

    @property
    def hours_to_limit(self) -> float:
        """Hours until the charge limit is reached; 0 when nothing flows."""
        return hours_to(self.level, self.limit, self.full_rate) if self.flowing else 0.0

    def later(self, time: float) -> Battery:
        """Return the battery at a later moment, if nothing happens until then."""
        if self.drive is not None:
            begin = self.drive.begin
            metres = self.drive.distance_m(time - begin) - self.drive.distance_m(self.time - begin)
            used = metres / 1000 * self.kwh_per_km / self.capacity_kwh * 100.0
            return replace(self, time=time, level=max(0.0, self.level - used))
        if not self.flowing:
            return replace(self, time=time)
        seconds = time - self.time
        until_limit = self.hours_to_limit * 3600
        level = min(
            float(self.limit), level_after(self.level, min(seconds, until_limit) / 3600, self.full_rate)
        )
        kwh = (level - self.level) * self.capacity_kwh / 100.0
        efficiency = 1.0 if self.charger is None else self.charger.efficiency
        return replace(
            self,
            time=time,
            level=level,
            added_kwh=self.added_kwh + kwh,
            life_kwh=self.life_kwh + kwh,
            wall_kwh=self.wall_kwh + kwh / efficiency,
            flow_from=self.flow_from if self._flowed_until_now else self.time,
            flow_until=time if seconds < until_limit else self.time + until_limit,
        )

    @property
    def _flowed_until_now(self) -> bool:
        return self.flow_until == self.time


type Change = Callable[[Battery], Battery]
type OwnAccord = Callable[[Battery, float], tuple[float, Change] | None]
"""What the car does next by itself after the battery's time and up to a moment: when, and what. None: nothing."""


class BatteryLine:
    """A battery and everything that happens to it, past and planned; asked for any moment."""

    def __init__(self, origin: Battery, own_accord: OwnAccord) -> None:
        self._origin = origin
        self._own_accord = own_accord
        self._changes: list[tuple[float, int, Change]] = []
        self._memo = (0, origin)

    def change(self, at: float, change: Change) -> None:
        """Let this happen at an epoch second, after what is already there for that second."""
        insort(self._changes, (at, len(self._changes), change), key=lambda entry: entry[:2])
        if at <= self._memo[1].time:
            self.forget()

    def forget(self) -> None:
        """Work everything out anew: something has changed that was there from the beginning."""
        self._memo = (0, self._origin)

    def at(self, now: float) -> Battery:
        """Return the battery at that moment; before its origin it is the origin."""
        index, battery = self._memo if self._memo[1].time <= now else (0, self._origin)
        for at, _, change in self._changes[index:]:
            if at > now:
                break
            battery = self._by_itself(battery, at)
            battery = change(battery.later(at) if at > battery.time else battery)
            index += 1
        battery = self._by_itself(battery, now)
        self._memo = (index, battery)
        return battery.later(now) if now > battery.time else battery

    def _by_itself(self, battery: Battery, until: float) -> Battery:
        while (event := self._own_accord(battery, until)) is not None:
            at, change = event
            battery = change(battery.later(at))
        return battery
