"""How often a car may be asked by people and automations, pure: a loop that asks without end must not spend without end."""

from dataclasses import dataclass, field
from typing import Final

# So many at once, and one more each so many seconds: what costs, and what is free but still a request to Tesla.
_BILLED: Final = (30, 120.0)
_FREE: Final = (60, 10.0)
# Who asks again so soon after a read would be told the same (seconds).
_STILL_NEWS: Final = 10.0
_ROUNDING: Final = 1e-6


@dataclass(slots=True)
class Bucket:
    """Tokens, one for each request; they come back with time. Times are Unix seconds."""

    capacity: int
    seconds_each: float
    _tokens: float = field(init=False)
    _at: float = 0.0

    def __post_init__(self) -> None:
        """Begin full."""
        self._tokens = self.capacity

    def wait(self, now: float) -> float:
        """Return how many seconds until there is a token, 0 where there is one."""
        # A clock that was set back brings nothing back and takes nothing away.
        came = max(now - self._at, 0.0) / self.seconds_each
        self._tokens, self._at = min(self._tokens + came, self.capacity), now
        lacking = 1.0 - self._tokens
        return lacking * self.seconds_each if lacking > _ROUNDING else 0.0

    def take(self, now: float) -> float:
        """Take a token; the answer is 0, or for how many seconds there is none."""
        if wait := self.wait(now):
            return wait
        self._tokens -= 1.0
        return 0.0


@dataclass(slots=True)
class RequestBound:
    """The two buckets of a car."""

    billed: Bucket = field(default_factory=lambda: Bucket(*_BILLED))
    free: Bucket = field(default_factory=lambda: Bucket(*_FREE))

    def wait(self, now: float) -> float:
        """Return how many seconds until the cloud can be asked and the car read, 0 where both can. now: Unix seconds."""
        return max(self.billed.wait(now), self.free.wait(now))


def is_still_news(read_at: float | None, now: float) -> bool:
    """Return whether a car was read so lately that the read answers for a new one. Both are Unix seconds."""
    return read_at is not None and 0 <= now - read_at < _STILL_NEWS
