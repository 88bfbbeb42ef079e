"""A plan, pure: when to charge, what it will cost, what it leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Final, Self

# A plan that is in force stays when it charges so much less or more than a new one would (seconds): estimates waver.
_LACKING: Final = 300.0
_TOO_LONG: Final = 900.0


class Limit(StrEnum):
    """What keeps a plan from the target that was asked for."""

    NOTHING = "nothing"
    #: Nothing is to be done.
    ALREADY_THERE = "already_there"
    #: The car ends at its own charge limit.
    CAR_LIMIT = "car_limit"
    #: There is not enough time.
    DEADLINE = "deadline"
    DEADLINE_PAST = "deadline_past"
    #: It may only begin so late that there is not enough time.
    EARLIEST = "earliest"
    #: There are not enough hours below the ceiling,
    PRICE_CEILING = "price_ceiling"
    #: or they are not in so few windows.
    WINDOWS = "windows"
    #: The plug gives nothing that would reach the battery.
    NO_POWER = "no_power"


@dataclass(frozen=True, slots=True)
class ChargeWindow:
    """A time to charge in.

    start, end: Unix seconds, whole minutes; the car may be ready a little before the end. energy_kwh: from the wall.
    cost: None where a price is unknown. is_estimated: a price in it is a guess. is_at_once: for the level that is
    charged to whatever it costs, or because it runs already.
    """

    start: float
    end: float
    energy_kwh: float
    cost: float | None
    is_estimated: bool = False
    is_at_once: bool = False


@dataclass(frozen=True, slots=True)
class ChargePlan:
    """When to charge, and what that leads to.

    energy_kwh: from the wall. cost: in the currency, None where a price is unknown. reaches_level: per cent, when all is
    charged. target_at: when the target is reached; where the plan does not lead to it, when it would be if the car charged
    from now on, None if never. replan_at: prices that are missing should be known by then, None where none are missing.
    All times are Unix seconds.
    """

    windows: tuple[ChargeWindow, ...]
    energy_kwh: float
    cost: float | None
    currency: str | None
    limited_by: Limit
    reaches_level: float
    target_at: float | None
    replan_at: float | None = None

    @property
    def is_estimated(self) -> bool:
        """Return whether it uses hours whose price is not known yet."""
        return any(window.is_estimated for window in self.windows)

    def running_until(self, now: float) -> float | None:
        """Return when the window ends that runs now, None between windows."""
        return next((window.end for window in self.windows if window.start <= now < window.end), None)

    def is_same_as(self, other: Self | None, now: float) -> bool:
        """Return whether the other plan, which is in force, does as well as this one, which is newer.

        What counts is when the car charges from now on. A few minutes are no reason to send anything to the car: rather
        too much than too little, since the car ends at its limit by itself.
        """
        if other is None:
            return False
        own, others = _spans(self, now), _spans(other, now)
        shared = _shared(own, others)
        return _lasts(own) - shared <= _LACKING and _lasts(others) - shared <= _TOO_LONG

    def in_windows_of(self, other: Self, now: float) -> Self:
        """Return this plan in the windows of the other one, which is in the car and as good: only its figures are older.

        Where a window has begun, the other one stays as it is: it tells of all of it.
        """
        if any(window.start <= now for window in other.windows):
            return replace(other, replan_at=self.replan_at)
        return replace(
            self, windows=tuple(_with_figures_of(window, self.windows) for window in other.windows)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Return the plan of what was stored, None where it is none."""
        if not isinstance(stored, Mapping):
            return None
        rows = stored.get("windows")
        windows = [_window(row) for row in rows] if isinstance(rows, Sequence) else [None]
        energy, level = _number(stored.get("energy_kwh")), _number(stored.get("reaches_level"))
        limited_by = stored.get("limited_by")
        if None in windows or energy is None or level is None or limited_by not in list(Limit):
            return None
        currency = stored.get("currency")
        return cls(
            tuple(window for window in windows if window is not None),
            energy,
            _number(stored.get("cost")),
            currency if isinstance(currency, str) else None,
            Limit(limited_by),
            level,
            _number(stored.get("target_at")),
            _number(stored.get("replan_at")),
        )


def _window(stored: Any) -> ChargeWindow | None:
    if not isinstance(stored, Mapping):
        return None
    start, end, energy = (_number(stored.get(name)) for name in ("start", "end", "energy_kwh"))
    if start is None or end is None or energy is None or end <= start:
        return None
    return ChargeWindow(
        start,
        end,
        energy,
        _number(stored.get("cost")),
        stored.get("is_estimated") is True,
        stored.get("is_at_once") is True,
    )


def _with_figures_of(window: ChargeWindow, others: Sequence[ChargeWindow]) -> ChargeWindow:
    closest = max(others, key=lambda other: _shared((window,), (other,)), default=None)
    if closest is None or not _shared((window,), (closest,)):
        return window
    return replace(closest, start=window.start, end=window.end)


def _number(stored: Any) -> float | None:
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not isfinite(stored):
        return None
    return float(stored)


def _spans(plan: ChargePlan, now: float) -> list[ChargeWindow]:
    return [replace(window, start=max(window.start, now)) for window in plan.windows if window.end > now]


def _lasts(windows: Sequence[ChargeWindow]) -> float:
    return sum(window.end - window.start for window in windows)


def _shared(own: Sequence[ChargeWindow], others: Sequence[ChargeWindow]) -> float:
    return sum(max(0.0, min(a.end, b.end) - max(a.start, b.start)) for a in own for b in others)
