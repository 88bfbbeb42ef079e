"""What the owner wishes of the worker, pure: the nightly check, and how often the car may be woken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final, Self

CONF_NIGHTLY_CHECK: Final = "nightly_check"
CONF_NIGHTLY_TIME: Final = "nightly_time"
CONF_NIGHTLY_WAKE: Final = "nightly_wake"
CONF_WAKES_A_DAY: Final = "wakes_a_day"
CONF_SECOND_WAKE: Final = "second_wake"

DEFAULT_NIGHTLY_TIME: Final = time(21, 30)
DEFAULT_WAKES_A_DAY: Final = 3
MOST_WAKES_A_DAY: Final = 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options. nightly_at: the owner's time of day, None without a nightly check. may_wake_nightly: for that check.

    wakes_a_day: the most, whoever wants them. wakes_twice: once more where the car did not come online.
    """

    nightly_at: time | None = DEFAULT_NIGHTLY_TIME
    may_wake_nightly: bool = False
    wakes_a_day: int = DEFAULT_WAKES_A_DAY
    wakes_twice: bool = False

    @classmethod
    def from_options(cls, stored: Any) -> Self:
        """Read the options; what is missing or makes no sense has its default. What is not clearly a yes wakes no car."""
        options: Mapping[str, Any] = stored if isinstance(stored, Mapping) else {}
        return cls(
            _time(options.get(CONF_NIGHTLY_TIME)) if options.get(CONF_NIGHTLY_CHECK) is not False else None,
            options.get(CONF_NIGHTLY_WAKE) is True,
            _wakes(options.get(CONF_WAKES_A_DAY)),
            options.get(CONF_SECOND_WAKE) is True,
        )

    def as_options(self) -> dict[str, Any]:
        """Return the options as the form shows and keeps them."""
        return {
            CONF_NIGHTLY_CHECK: self.nightly_at is not None,
            CONF_NIGHTLY_TIME: (self.nightly_at or DEFAULT_NIGHTLY_TIME).isoformat(),
            CONF_NIGHTLY_WAKE: self.may_wake_nightly,
            CONF_WAKES_A_DAY: self.wakes_a_day,
            CONF_SECOND_WAKE: self.wakes_twice,
        }


def _time(stored: Any) -> time:
    try:
        found = time.fromisoformat(stored)
    except TypeError, ValueError:
        return DEFAULT_NIGHTLY_TIME
    return found.replace(tzinfo=None, microsecond=0)


def _wakes(stored: Any) -> int:
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return DEFAULT_WAKES_A_DAY
    return int(stored) if 0 <= stored <= MOST_WAKES_A_DAY else DEFAULT_WAKES_A_DAY
