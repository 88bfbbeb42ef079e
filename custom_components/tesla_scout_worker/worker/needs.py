"""A need for once, pure: so much by then, before everything that is usual, and afterwards all is as it was.

It raises the car's charge limit where that is in the way, and remembers what it was. It ends by itself: when the level is
there, when its time has passed, or when a person has changed the limit meanwhile, whose wish counts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Final, Self

_LOWEST_LIMIT: Final = 50
_HIGHEST_LIMIT: Final = 100
# Levels come in whole per cent, and a car that says it is full may show one less.
_NEARLY: Final = 1.0


class Outcome(StrEnum):
    """How a need stands."""

    PENDING = "pending"
    DONE = "done"
    MISSED = "missed"
    #: A person has set another limit since.
    OVERRULED = "overruled"


class InvalidNeedError(ValueError):
    """A need that makes no sense. key: which part of it, for the words of a message."""

    def __init__(self, key: str) -> None:
        """Initialize."""
        super().__init__(f"no such need: {key}")
        self.key = key


@dataclass(frozen=True, slots=True)
class CarNow:
    """What was read of the car last.

    level, limit: per cent, None where unknown. is_complete: it says it is at its limit. read_at: Unix seconds, None where
    nothing was set since for sure.
    """

    level: float | None = None
    limit: int | None = None
    is_complete: bool = False
    read_at: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """So much by then, once.

    target: per cent, what a charge limit can be. by: Unix seconds. limit_before: what to put back, None while the limit
    was not in the way. limit_set: what the car has taken, None before: another one is a person's then. set_at: when that
    was (Unix seconds); what was read before says nothing of it.
    Raises InvalidNeedError.
    """

    target: int
    by: float
    limit_before: int | None = None
    limit_set: int | None = None
    set_at: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no car can be charged to."""
        if not _LOWEST_LIMIT <= self.target <= _HIGHEST_LIMIT:
            raise InvalidNeedError("target")
        if not isfinite(self.by):
            raise InvalidNeedError("by")

    def outcome(self, car: CarNow, now: float) -> Outcome:
        """Return how the need stands."""
        limit = self._limit(car)
        if car.level is not None and car.level >= self.target:
            return Outcome.DONE
        if limit is not None and self.limit_set not in {None, limit} and limit < self.target:
            return Outcome.OVERRULED
        is_full = car.is_complete and limit is not None and limit >= self.target
        if is_full and car.level is not None and car.level >= self.target - _NEARLY:
            return Outcome.DONE
        return Outcome.MISSED if now >= self.by else Outcome.PENDING

    def limit_to_set(self, car: CarNow, now: float) -> int | None:
        """Return the limit that the car must be given now, None where it is right or unknown.

        While the need is pending that is its target; afterwards what was there before, unless a person has changed it.
        """
        limit = self._limit(car)
        if limit is None:
            return None
        if self.outcome(car, now) is Outcome.PENDING:
            return self.target if limit < self.target else None
        # A crash after the command leaves a need that does not know whether the car took it.
        ours = self.target if self.limit_set is None else self.limit_set
        return self.limit_before if limit == ours != self.limit_before else None

    def before_setting(self, car: CarNow) -> Self:
        """Return the need to store before a limit is sent: a crash in between must not forget what was there."""
        limit = self._limit(car)
        if limit is None or limit >= self.target:
            return self
        before = limit if self.limit_before is None else self.limit_before
        return replace(self, limit_before=before, limit_set=None, set_at=None)

    def after_setting(self, at: float | None = None) -> Self:
        """Return the need after the car has taken its limit. at: Unix seconds."""
        return replace(self, limit_set=self.target, set_at=at)

    def replaced_by(self, other: Self) -> Self:
        """Return a new need in the place of this one: what is put back is what was there before the first."""
        return replace(other, limit_before=self.limit_before, limit_set=self.limit_set, set_at=self.set_at)

    def _limit(self, car: CarNow) -> int | None:
        """Return the car's limit: what was read, or what was set since."""
        is_older = car.read_at is not None and self.set_at is not None and car.read_at <= self.set_at
        return self.limit_set if is_older else car.limit

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Return the need of what was stored, None where it is none."""
        if not isinstance(stored, Mapping):
            return None
        target, by = _limit(stored.get("target")), _number(stored.get("by"))
        if target is None or by is None:
            return None
        return cls(
            target,
            by,
            _limit(stored.get("limit_before")),
            _limit(stored.get("limit_set")),
            _number(stored.get("set_at")),
        )


def _limit(stored: Any) -> int | None:
    is_whole = isinstance(stored, int) and not isinstance(stored, bool)
    return stored if is_whole and _LOWEST_LIMIT <= stored <= _HIGHEST_LIMIT else None


def _number(stored: Any) -> float | None:
    is_number = isinstance(stored, int | float) and not isinstance(stored, bool) and isfinite(stored)
    return float(stored) if is_number else None
