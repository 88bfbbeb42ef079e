"""What is known of how a car charges, pure: sane values to begin with, and what its sessions taught since.

Of each figure the last few sessions are kept, with a weight. What counts is the mean of their middle half, so that one
odd session, however odd, moves it little, and a few alike ones move it wholly. Figures that no car has are not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Final, Self

from .charge_curve import CONVERSION, FULL, OVERHEAD_KW, ChargeCurve
from .sessions import Session

# Usable kWh by what `vehicle_config` says: car_type, and the number in trim_badging where it names no capacity itself.
_BY_TRIM: Final = {
    ("model3", 50): 57.5,
    ("model3", 62): 62.0,
    ("model3", 74): 75.0,
    ("modely", 50): 57.5,
    ("modely", 74): 75.0,
}
# The larger battery of a model: with it a window is rather too long than too short, and the car ends by itself.
_BY_TYPE: Final = {
    "model3": 75.0,
    "modely": 75.0,
    "models": 95.0,
    "modelx": 95.0,
    "cybertruck": 123.0,
}
_ANY_CAR: Final = 75.0
# The badge of an older Model S or X is its capacity, of which so much can be used.
_USABLE: Final = 0.95
_BADGES: Final = (40, 110)
# A wall box with one phase, or a weak one with three: rather too little.
_ANY_WALL_KW: Final = 7.0
TAPER_FROM: Final = 80.0
_ANY_TAPER: Final = 0.8

_CAPACITIES: Final = (20.0, 250.0)
_CONVERSIONS: Final = (0.6, 1.0)
_POWERS: Final = (0.8, 25.0)
_TAPERS: Final = (0.0, 0.9)
# No car's capacity is further off from what its badge says.
_CAPACITY_OFF: Final = (0.6, 1.4)

# Levels come in whole per cent: over fewer of them they say little.
_LEAST_RISE: Final = 8.0
_FULL_WEIGHT: Final = 50.0
_LEAST_HOURS: Final = 0.25
# Above the taper's begin a session must have gone so far to say something of it (per cent).
_LEAST_ABOVE: Final = 5.0
# What is known beforehand weighs as much as a session over so many per cent.
_PRIOR_WEIGHT: Final = 15.0
_KEPT: Final = 9
_NARROWINGS: Final = 40
# Mains: a car that does not charge tells 0 or 2 volts.
_VOLTS: Final = (90.0, 300.0)
_ANY_VOLTS: Final = 230.0


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A charge session of the car.

    level_before, level_after: per cent. added_kwh: into the battery, as the car tells it. hours: in which current
    flowed, None where nobody saw it begin. wall_kwh: drawn, of a meter or reckoned, None without. wall_kw: drawn below
    the taper (volts times amps times phases), None if it was not seen. is_at_home: at the wall that is planned for; any
    other one, and direct current, tell of the battery alone.
    """

    level_before: float
    level_after: float
    added_kwh: float
    hours: float | None = None
    wall_kwh: float | None = None
    wall_kw: float | None = None
    is_at_home: bool = True

    @classmethod
    def of(cls, session: Session) -> Self | None:
        """Return what a session that has ended tells, None where levels are missing."""
        if session.ended_at is None or session.level_before is None or session.level_after is None:
            return None
        return cls(
            session.level_before,
            session.level_after,
            session.energy_added,
            (session.ended_at - session.started_at) / 3_600.0 if session.is_start_seen else None,
            session.energy_added / session.efficiency if session.efficiency else None,
            session.wall_kw if session.level_before < TAPER_FROM else None,
            is_at_home=bool(session.is_home) and not session.is_fast,
        )

    @property
    def rise(self) -> float:
        """Return by how much the level rose (per cent)."""
        return self.level_after - self.level_before

    @property
    def is_told(self) -> bool:
        """Return whether these are figures of a charge session."""
        figures = (self.level_before, self.level_after, self.added_kwh)
        if not all(isfinite(figure) for figure in figures):
            return False
        return 0 <= self.level_before < self.level_after <= FULL and self.added_kwh > 0

    @property
    def lasted(self) -> float | None:
        """Return the hours at the wall at home, None where that is not told or too little to say anything."""
        if not self.is_at_home or self.hours is None or not isfinite(self.hours) or self.hours < _LEAST_HOURS:
            return None
        return self.hours


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is learned. start: what it is before any session. seen: (value, weight), the oldest first."""

    start: float
    seen: tuple[tuple[float, float], ...] = ()

    @property
    def value(self) -> float:
        """Return the mean of the middle half of what was seen; what is known beforehand is one of it."""
        rows = sorted(((self.start, _PRIOR_WEIGHT), *self.seen))
        total = sum(weight for _, weight in rows)
        low, high = total / 4, total * 3 / 4
        passed = summed = 0.0
        for value, weight in rows:
            summed += value * max(0.0, min(passed + weight, high) - max(passed, low))
            passed += weight
        return summed / (high - low)

    def with_one(self, value: float | None, weight: float, bounds: tuple[float, float]) -> Self:
        """Return the figure after another session; one out of bounds is not kept."""
        if value is None or not isfinite(value) or not bounds[0] <= value <= bounds[1]:
            return self
        rounded = (round(value, 4), round(min(weight, _FULL_WEIGHT), 1))
        return replace(self, seen=(*self.seen, rounded)[-_KEPT:])

    def with_seen(self, rows: Any, bounds: tuple[float, float]) -> Self:
        """Return the figure with what was stored; what cannot be read is left out."""
        figure = self
        for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
            match row:
                case [int() | float() as value, int() | float() as weight] if isfinite(weight) and weight > 0:
                    figure = figure.with_one(float(value), float(weight), bounds)
                case _:
                    continue
        return figure


@dataclass(frozen=True, slots=True)
class ChargeModel:
    """How a car charges, as far as it is known."""

    capacity_kwh: Figure = field(default_factory=lambda: Figure(_ANY_CAR))
    wall_kw: Figure = field(default_factory=lambda: Figure(_ANY_WALL_KW))
    conversion: Figure = field(default_factory=lambda: Figure(CONVERSION))
    taper_share: Figure = field(default_factory=lambda: Figure(_ANY_TAPER))

    @classmethod
    def of_car(cls, car_type: str | None = None, trim: str | None = None) -> Self:
        """Return what to begin with. car_type, trim: `car_type` and `trim_badging` of the car's `vehicle_config`."""
        return cls(capacity_kwh=Figure(_usable_kwh(car_type, trim)))

    def curve(self, wall_kw: float | None = None) -> ChargeCurve:
        """Return how it charges. wall_kw: what the plug gives now, None: what it gave in the past."""
        told = wall_kw if wall_kw is not None and isfinite(wall_kw) and wall_kw > 0 else self.wall_kw.value
        return ChargeCurve(
            capacity_kwh=self.capacity_kwh.value,
            wall_kw=told,
            conversion=self.conversion.value,
            taper_from=TAPER_FROM,
            taper_share=self.taper_share.value,
        )

    def learned(self, session: SessionRecord) -> Self:
        """Return the model after a session; one too short or too odd to say anything leaves it as it is."""
        if not session.is_told or session.rise < _LEAST_RISE:
            return self
        start = self.capacity_kwh.start
        near = (
            max(_CAPACITIES[0], start * _CAPACITY_OFF[0]),
            min(_CAPACITIES[1], start * _CAPACITY_OFF[1]),
        )
        model = replace(
            self,
            capacity_kwh=self.capacity_kwh.with_one(
                session.added_kwh / session.rise * FULL, session.rise, near
            ),
        )
        hours = session.lasted
        if hours is None:
            return model
        wall_kw = _wall_kw_of(session, hours, model.conversion.value)
        model = replace(
            model,
            wall_kw=model.wall_kw.with_one(wall_kw, session.rise, _POWERS),
            conversion=model.conversion.with_one(_conversion_of(session, hours), session.rise, _CONVERSIONS),
        )
        share = _taper_of(session, hours, model.curve(wall_kw))
        return replace(model, taper_share=model.taper_share.with_one(share, session.rise, _TAPERS))

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored: what sessions taught, not what is known beforehand."""
        return {
            name: [list(row) for row in figure.seen]
            for name, figure in (
                ("capacity_kwh", self.capacity_kwh),
                ("wall_kw", self.wall_kw),
                ("conversion", self.conversion),
                ("taper_share", self.taper_share),
            )
        }

    @classmethod
    def from_dict(cls, stored: Any, car_type: str | None = None, trim: str | None = None) -> Self:
        """Return the model of what was stored; what cannot be read begins anew."""
        model = cls.of_car(car_type, trim)
        if not isinstance(stored, Mapping):
            return model
        return replace(
            model,
            capacity_kwh=model.capacity_kwh.with_seen(stored.get("capacity_kwh"), _CAPACITIES),
            wall_kw=model.wall_kw.with_seen(stored.get("wall_kw"), _POWERS),
            conversion=model.conversion.with_seen(stored.get("conversion"), _CONVERSIONS),
            taper_share=model.taper_share.with_seen(stored.get("taper_share"), _TAPERS),
        )


def wall_power(volts: float | None, amps: float | None, phases: float | None) -> float | None:
    """Return the kW that a plug gives, None where nobody knows the amps.

    Volts that are none of the mains, as a car tells them that does not charge, are taken for 230. Phases that are not
    told are taken for one: a window is then rather too long than too short.
    """
    if amps is None or not isfinite(amps) or amps <= 0:
        return None
    if volts is None or not _VOLTS[0] <= volts <= _VOLTS[1]:
        volts = _ANY_VOLTS
    count = phases if phases is not None and phases in {1, 2, 3} else 1
    return volts * amps * count / 1000


def _usable_kwh(car_type: str | None, trim: str | None) -> float:
    """Return the usable capacity in kWh that a car of this kind has when new, or a larger one."""
    kind = next((known for known in _BY_TYPE if (car_type or "").lower().startswith(known)), None)
    digits = "".join(sign for sign in trim or "" if sign.isdecimal())
    number = int(digits) if digits else 0
    if kind is None:
        return _ANY_CAR
    if kind in {"models", "modelx"} and _BADGES[0] <= number <= _BADGES[1]:
        return number * _USABLE
    return _BY_TRIM.get((kind, number), _BY_TYPE[kind])


def _wall_kw_of(session: SessionRecord, hours: float, conversion: float) -> float | None:
    """Return what was drawn below the taper (kW), None where the session does not say."""
    # Less than what arrived was read as the current was still rising.
    if session.wall_kw is not None and session.wall_kw * hours > session.added_kwh:
        return session.wall_kw
    if session.level_after > TAPER_FROM:
        return None
    if session.wall_kwh is not None:
        return session.wall_kwh / hours
    return session.added_kwh / hours / conversion + OVERHEAD_KW


def _conversion_of(session: SessionRecord, hours: float) -> float | None:
    """Return the share that reached the battery of what the wall gave beyond the overhead, None where it is not told."""
    drawn = session.wall_kwh
    if drawn is None and session.wall_kw is not None and session.level_after <= TAPER_FROM:
        drawn = session.wall_kw * hours
    if drawn is None:
        return None
    usable = drawn - OVERHEAD_KW * hours
    return session.added_kwh / usable if usable > 0 else None


def _taper_of(session: SessionRecord, hours: float, curve: ChargeCurve) -> float | None:
    """Return how much of the rate is gone at 100 % if the taper is what made the session last so long."""
    if session.level_after < TAPER_FROM + _LEAST_ABOVE or not curve.battery_kw:
        return None
    low, high = _TAPERS
    for _ in range(_NARROWINGS):
        share = (low + high) / 2
        lasts = replace(curve, taper_share=share).hours_to(session.level_before, session.level_after)
        low, high = (share, high) if lasts < hours else (low, share)
    return (low + high) / 2
