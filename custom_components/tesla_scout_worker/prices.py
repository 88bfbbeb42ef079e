"""What Tesla charges for a request and gives free each month, pure: options in, US dollars out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from .fleet.metering import Category

# What Tesla says that it bills. The cloud state has no published price, but can be given one; signing in is free.
_BILLED: Final = frozenset({Category.DATA, Category.COMMANDS, Category.WAKES})
# No price and no credit is more than this (US dollars): it would be a slip of the finger.
_MOST: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars a request by category, and the credit a month. The defaults are those that Tesla publishes.

    https://developer.tesla.com: 500 reads, 1,000 commands or 50 wakes for a dollar; 10 dollars a month are free.
    """

    data: float = 0.002
    commands: float = 0.001
    wakes: float = 0.02
    state: float = 0.0
    credit: float = 10.0

    @classmethod
    def from_options(cls, stored: Any) -> Self:
        """Read what the owner typed; what is missing or makes no sense is what Tesla publishes."""
        typed = stored if isinstance(stored, Mapping) else {}
        return cls(**{name: float(typed[name]) for name in NAMES if _is_sensible(typed.get(name))})

    def of(self, category: Category) -> float:
        """Return what a request costs, US dollars."""
        match category:
            case Category.DATA:
                return self.data
            case Category.COMMANDS:
                return self.commands
            case Category.WAKES:
                return self.wakes
            case Category.STATE:
                return self.state
            case Category.AUTH:
                return 0.0

    def is_limited(self, category: Category) -> bool:
        """Return whether a budget limits these: what Tesla bills, and what the owner gave a price."""
        return category in _BILLED or self.of(category) > 0

    def changes(self) -> dict[str, float]:
        """Return what differs from Tesla's figures: the rest follows them, also when they change."""
        published = Prices()
        return {
            name: getattr(self, name) for name in NAMES if getattr(self, name) != getattr(published, name)
        }


NAMES: Final = tuple(field.name for field in fields(Prices))


def is_billed_kind(category: Category) -> bool:
    """Return whether Tesla names a price for this kind of request."""
    return category in _BILLED


def _is_sensible(value: Any) -> bool:
    # What is no number at all is not within bounds either.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST
