"""Whether a car is online, asleep or without signal, from what it did and when."""

from bisect import bisect_right, insort
from typing import Literal

type CloudState = Literal["online", "asleep", "offline"]


class Presence:
    """What keeps one car awake and what hides it. All times are epoch seconds, all spans half open.

    A car is awake during a span of activity and for `idle_seconds` after it or after a moment of activity.
    """

    def __init__(self, idle_seconds: float) -> None:
        self.idle_seconds = idle_seconds
        self.settle_seconds = 0.0
        self._spans: list[tuple[float, float]] = []
        self._moments: list[float] = []
        self._hidden: list[tuple[float, float]] = []
        self._woken: list[float] = []

    def awake(self, start: float, end: float) -> None:
        """Add a span of activity."""
        insort(self._spans, _span(start, end))

    def active(self, at: float) -> None:
        """Add a moment of activity."""
        insort(self._moments, at)

    def woken(self, at: float) -> None:
        """Add the moment at which a wake-up brings the car online."""
        insort(self._woken, at)
        self.active(at)

    def hide(self, start: float, end: float) -> None:
        """Add a span without signal."""
        self._hidden.append(_span(start, end))

    def hidden(self, now: float) -> bool:
        """Whether the car has no signal."""
        return any(start <= now < end for start, end in self._hidden)

    def is_awake(self, now: float) -> bool:
        """Whether the car is awake, with or without signal."""
        index = bisect_right(self._moments, now)
        if index and now < self._moments[index - 1] + self.idle_seconds:
            return True
        return any(start <= now < end + self.idle_seconds for start, end in self._spans)

    def waking(self, now: float) -> bool:
        """Whether a wake-up is under way."""
        return bool(self._woken) and now < self._woken[-1]

    def settling(self, now: float) -> bool:
        """Whether the car came online by a wake-up so recently that live calls still fail."""
        index = bisect_right(self._woken, now)
        return bool(index) and now < self._woken[index - 1] + self.settle_seconds


def _span(start: float, end: float) -> tuple[float, float]:
    if end <= start:
        msg = "a span must end after it starts"
        raise ValueError(msg)
    return (start, end)
