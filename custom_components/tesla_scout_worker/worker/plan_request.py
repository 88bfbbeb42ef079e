"""What a plan is asked for, pure."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from math import isfinite
from typing import Final

from .charge_curve import FULL, ChargeCurve
from .windows import Ties

# As late as is safe: so long before the deadline (seconds).
DEFAULT_MARGIN: Final = 900.0
# So much longer than reckoned may charging take; the car ends by itself at its limit.
DEFAULT_SLACK: Final = 0.03
_MOST_SLACK: Final = 1.0


class InvalidRequestError(ValueError):
    """A request that makes no sense. key: which part of it, for the words of a message."""

    def __init__(self, key: str) -> None:
        """Initialize."""
        super().__init__(f"a plan cannot be asked for: {key}")
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What is wished, and how the car is. Levels are per cent, times Unix seconds, prices for a kWh.

    level: now. limit: of the car, None if it is to be set to the target. max_windows: 1 for one block, None for as many
    as are cheapest. min_level: is charged to at once, whatever it costs. price_ceiling: above it nothing else is
    charged. ties: of two plans that cost the same. earliest: no window begins before, but for what is charged at once.
    keep_until: a window runs and goes on until then. start_cost: what each further window must save at least.
    slack: share of the reckoned time by which windows are longer. margin: seconds that a flat price leaves before the
    deadline. zone: whose 13:00 brings the next day's prices.

    Raises InvalidRequestError.
    """

    level: float
    target: float
    deadline: float
    curve: ChargeCurve
    limit: float | None = None
    max_windows: int | None = None
    min_level: float | None = None
    price_ceiling: float | None = None
    ties: Ties = Ties.FEWER_STARTS
    earliest: float | None = None
    keep_until: float | None = None
    start_cost: float = 0.0
    slack: float = DEFAULT_SLACK
    margin: float = DEFAULT_MARGIN
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        """Refuse what nobody could plan."""
        for key, level in (
            ("level", self.level),
            ("target", self.target),
            ("limit", self.limit),
            ("min_level", self.min_level),
        ):
            if level is not None and not 0 <= level <= FULL:
                raise InvalidRequestError(key)
        for key, figure in (
            ("deadline", self.deadline),
            ("earliest", self.earliest),
            ("keep_until", self.keep_until),
            ("price_ceiling", self.price_ceiling),
        ):
            if figure is not None and not isfinite(figure):
                raise InvalidRequestError(key)
        if self.max_windows is not None and self.max_windows < 1:
            raise InvalidRequestError("max_windows")
        if not (isfinite(self.start_cost) and self.start_cost >= 0):
            raise InvalidRequestError("start_cost")
        if not 0 <= self.slack <= _MOST_SLACK:
            raise InvalidRequestError("slack")
        if not (isfinite(self.margin) and self.margin >= 0):
            raise InvalidRequestError("margin")

    @property
    def goal(self) -> float:
        """Return the level that the car can be charged to."""
        return self.target if self.limit is None else min(self.target, self.limit)
