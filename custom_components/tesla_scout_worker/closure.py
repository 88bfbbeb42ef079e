"""A door that Tesla closed, pure: it is tried again after ever longer waits, since each try can be billed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

# The next try is this far away, then twice as far, up to the longest (seconds): at most eight tries in 18 hours.
FIRST_WAIT: Final = 900.0
LONGEST_WAIT: Final = 14_400.0
_MOST_TRIES_COUNTED: Final = 8


@dataclass(slots=True)
class Closure:
    """How often in a row the door was found closed, and until when it is left alone (Unix seconds)."""

    tries: int = 0
    until: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Return whether no request has succeeded since it was found closed."""
        return self.tries > 0

    def found_closed(self, now: float, longest: float = LONGEST_WAIT) -> None:
        """Take note of a refusal. longest: seconds after which things may be different anyway."""
        wait = min(FIRST_WAIT * 2.0**self.tries, LONGEST_WAIT, longest)
        self.until = now + wait
        self.tries = min(self.tries + 1, _MOST_TRIES_COUNTED)

    def found_open(self) -> None:
        """Take note of a success, or of an owner who mended it."""
        self.tries, self.until = 0, 0.0

    def wait(self, now: float) -> float:
        """Return how many seconds it is still left alone, 0 where it may be tried."""
        wait = self.until - now
        # A wait longer than the longest is a clock that was set back.
        return wait if 0 < wait <= LONGEST_WAIT else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"tries": self.tries, "until": self.until}

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; what makes no sense is an open door."""
        if not isinstance(stored, Mapping):
            return cls()
        tries, until = stored.get("tries"), stored.get("until")
        return cls(
            min(max(tries, 0), _MOST_TRIES_COUNTED) if isinstance(tries, int) else 0,
            float(until) if isinstance(until, int | float) else 0.0,
        )
