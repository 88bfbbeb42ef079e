"""What is wished of a charge, and what is kept of it over restarts. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any, Final, Self

from ..worker.charge_plan import ChargePlan
from ..worker.needs import Need
from ..worker.windows import Ties

# A little less than what a schedule can say by its weekday alone (seconds).
_PLANNED_AHEAD: Final = 5.9 * 86_400.0
_AN_HOUR: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """So full by then, at the least cost.

    target: per cent, None for the car's own limit. ready_by, earliest: Unix seconds. max_windows, min_level,
    price_ceiling, ties: as `worker.plan_request.PlanRequest`. source: of prices, None for the one in the options.
    wakes: a sleeping car may be woken to be given the plan. asked_at: Unix seconds, None where that is not known.
    """

    ready_by: float
    target: int | None = None
    max_windows: int | None = None
    min_level: float | None = None
    price_ceiling: float | None = None
    ties: Ties = Ties.FEWER_STARTS
    earliest: float | None = None
    source: Mapping[str, Any] | None = None
    wakes: bool = True
    asked_at: float | None = field(default=None, compare=False)

    def deadline(self, now: float) -> float:
        """Return by when to be ready as it can be planned: a car takes no schedule of more than six days ahead.

        It does not move on with each day, or the plan would be another one each day.
        """
        latest = (self.asked_at or now) + _PLANNED_AHEAD
        return min(self.ready_by, latest if latest > now + _AN_HOUR else now + _PLANNED_AHEAD)

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored, None where it is no wish."""
        if not isinstance(stored, Mapping) or (ready_by := _number(stored.get("ready_by"))) is None:
            return None
        target, windows = _number(stored.get("target")), _number(stored.get("max_windows"))
        ties, source = stored.get("ties"), stored.get("source")
        return cls(
            ready_by=ready_by,
            target=None if target is None else int(target),
            max_windows=None if windows is None or windows < 1 else int(windows),
            min_level=_number(stored.get("min_level")),
            price_ceiling=_number(stored.get("price_ceiling")),
            ties=Ties(ties) if ties in list(Ties) else Ties.FEWER_STARTS,
            earliest=_number(stored.get("earliest")),
            source=source if isinstance(source, Mapping) else None,
            wakes=stored.get("wakes") is not False,
            asked_at=_number(stored.get("asked_at")),
        )


@dataclass(frozen=True, slots=True)
class PaidCharge:
    """What a charge cost. energy_kwh: from the wall, estimated. ended_at: Unix seconds."""

    cost: float
    currency: str | None
    energy_kwh: float
    ended_at: float

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored, None where it is none."""
        if not isinstance(stored, Mapping):
            return None
        cost, energy, ended_at = (_number(stored.get(name)) for name in ("cost", "energy_kwh", "ended_at"))
        currency = stored.get("currency")
        if cost is None or energy is None or ended_at is None:
            return None
        return cls(cost, currency if isinstance(currency, str) else None, energy, ended_at)


@dataclass(frozen=True, slots=True)
class Learned:
    """What charges have shown. paid: the last one. wall_kw: drawn at home when it was last seen to charge. model: as stored."""

    paid: PaidCharge | None = None
    wall_kw: float | None = None
    model: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "paid": asdict(self.paid) if self.paid else None,
            "wall_kw": self.wall_kw,
            "model": dict(self.model),
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; what cannot be read is not there."""
        if not isinstance(stored, Mapping):
            return cls()
        model = stored.get("model")
        return cls(
            PaidCharge.from_dict(stored.get("paid")),
            _number(stored.get("wall_kw")),
            model if isinstance(model, Mapping) else {},
        )


@dataclass(frozen=True, slots=True)
class PlanState:
    """What is known of a car's plan.

    wish: of usual days. need, need_wish: what is needed once, which goes first. plan: in force. is_in_car: the car has it as
    its schedules. problem: key of what keeps it out of the car or makes it a guess, None without. is_first: it was not there
    since it was asked for, or since the car came home: what charges then was begun by the cable, and waits. A need whose
    need_wish is gone has ended, and its limit is yet to be put back. is_held: a person stopped a charge of the plan, which
    counts until the car is unplugged or charges again.
    """

    wish: PlanWish | None = None
    need: Need | None = None
    need_wish: PlanWish | None = None
    plan: ChargePlan | None = None
    is_in_car: bool = False
    problem: str | None = None
    is_first: bool = False
    is_held: bool = False

    @property
    def in_force(self) -> PlanWish | None:
        """Return the wish that counts now."""
        return self.need_wish or self.wish

    def asked(self, wish: PlanWish, *, is_once: bool) -> Self:
        """Return the state with another wish. is_once: something that is needed once. Raises InvalidNeedError."""
        if not is_once:
            return replace(self, wish=wish, is_first=True, is_held=False)
        need = Need(wish.target or 100, wish.ready_by)
        if self.need is not None:
            need = self.need.replaced_by(need)
        return replace(self, need=need, need_wish=wish, is_first=True, is_held=False)

    def without_need(self, now: float) -> Self:
        """Return the state after a need has ended; what limit it changed is remembered until that is put back."""
        need = self.need
        if need is None:
            return self
        return replace(self, need_wish=None, need=replace(need, by=min(need.by, now)), is_in_car=False)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "wish": asdict(self.wish) if self.wish else None,
            "need": self.need.as_dict() if self.need else None,
            "need_wish": asdict(self.need_wish) if self.need_wish else None,
            "plan": self.plan.as_dict() if self.plan else None,
            "is_in_car": self.is_in_car,
            "problem": self.problem,
            "is_first": self.is_first,
            "is_held": self.is_held,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what was stored; what cannot be read is not there."""
        need, problem = Need.from_dict(stored.get("need")), stored.get("problem")
        return cls(
            PlanWish.from_dict(stored.get("wish")),
            need,
            PlanWish.from_dict(stored.get("need_wish")) if need else None,
            ChargePlan.from_dict(stored.get("plan")),
            stored.get("is_in_car") is True,
            problem if isinstance(problem, str) else None,
            stored.get("is_first") is True,
            stored.get("is_held") is True,
        )


def _number(stored: Any) -> float | None:
    is_number = isinstance(stored, int | float) and not isinstance(stored, bool) and isfinite(stored)
    return float(stored) if is_number else None
