"""What to say of a plan, pure: keys of translations and what is put into them, no words of any language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .charge_plan import ChargePlan, Limit

# Keys of what is told beside what limits a plan.
ESTIMATED: Final = "estimated"
COST_UNKNOWN: Final = "cost_unknown"
PLANS_AGAIN: Final = "plans_again"
POSSIBLE: Final = "possible"

KEYS: Final = (*Limit, ESTIMATED, COST_UNKNOWN, PLANS_AGAIN, POSSIBLE)
"""All keys that can be told."""

_REACHED: Final = frozenset({Limit.NOTHING, Limit.ALREADY_THERE, Limit.CAR_LIMIT})


@dataclass(frozen=True, slots=True)
class Remark:
    """A thing to say. key: of the translation. figures: numbers for it: per cent. times: Unix seconds for it."""

    key: str
    figures: Mapping[str, float] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)


def remarks(plan: ChargePlan) -> tuple[Remark, ...]:
    """Return what to say, the most important first: what limits the plan, what is possible instead, what is not known."""
    level = {"level": plan.reaches_level}
    told = [Remark(plan.limited_by.value, level)]
    if plan.limited_by not in _REACHED and plan.target_at is not None:
        told.append(Remark(POSSIBLE, level, {"at": plan.target_at}))
    if plan.windows and plan.cost is None:
        told.append(Remark(COST_UNKNOWN))
    elif plan.is_estimated:
        told.append(Remark(ESTIMATED))
    if plan.replan_at is not None:
        told.append(Remark(PLANS_AGAIN, times={"at": plan.replan_at}))
    return tuple(told)
