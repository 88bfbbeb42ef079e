"""What charging costs at least, pure: quick to reckon, so that a search leaves out what is dearer for certain.

Suppose that energy earns a price of its own, and that nobody says how much of it is wanted. Then each part of the night is
worth its use or not, however much is charged in all, and a few steps through the parts tell the best choice. What it costs,
less what it earned beyond what was wanted, is never more than the true least cost. The price at which this bound is the
highest is found where two of its lines cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

# Cost and energy in one number: of equal costs the one with less energy counts.
_COST_BITS: Final = 48
_ENERGY: Final = (1 << _COST_BITS) - 1
_MOST_STEPS: Final = 12
_MOST_DOUBLINGS: Final = 60


class Part(NamedTuple):
    """A time with one price. most, least: mWh that it may draw, used wholly. goes_on: it begins where the one before ends."""

    price: int
    most: int
    least: int
    goes_on: bool


class Rest(NamedTuple):
    """The least cost of what follows, for each number of windows that have begun. going: the car charges at that moment."""

    waiting: Sequence[int]
    going: Sequence[int]


@dataclass(frozen=True, slots=True)
class LeastCost:
    """The bound. price: what energy earns in it. total: of the whole, nothing earned. after: of what follows each part."""

    price: int
    total: int
    after: Sequence[Rest]


class _Line(NamedTuple):
    """The bound near a price: total at it, slope in mWh."""

    price: int
    total: int
    slope: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be chosen. energy: mWh. bound: so many windows may begin, None: any. start_cost: of each of them."""

    parts: Sequence[Part]
    energy: int
    bound: int | None
    start_cost: int
    is_running: bool

    def least_cost(self) -> LeastCost:
        """Return the highest bound that a few steps lead to."""
        low = self._line(min(part.price for part in self.parts))
        high = self._line(max(part.price for part in self.parts) + 1)
        for doubling in range(_MOST_DOUBLINGS):
            if high.slope <= 0:
                break
            high = self._line(high.price + (1 << doubling))
        best = max(low, high, key=lambda line: line.total)
        for _ in range(_MOST_STEPS):
            if low.slope <= 0 or high.slope >= 0:
                break
            ahead = high.total - low.total + low.slope * low.price - high.slope * high.price
            line = self._line(ahead // (low.slope - high.slope))
            best = max(best, line, key=lambda line: line.total)
            if line.price in {low.price, high.price}:
                break
            low, high = (line, high) if line.slope > 0 else (low, line)
        packed = self._rests(best.price)[1:]
        after = [Rest(*([cost >> _COST_BITS for cost in costs] for costs in rest)) for rest in packed]
        return LeastCost(best.price, best.total, after)

    def _line(self, price: int) -> _Line:
        first = self._rests(price)[0]
        packed = (first.going if self.is_running else first.waiting)[0]
        return _Line(price, (packed >> _COST_BITS) + price * self.energy, self.energy - (packed & _ENERGY))

    def _rests(self, price: int) -> list[Rest]:
        """Return what remains before the first part and after each; costs with the energy in their last bits."""
        start = self.start_cost << _COST_BITS
        waiting: Sequence[int] = [0] * (1 if self.bound is None else self.bound + 1)
        going = waiting
        found = [Rest(waiting, going)]
        for part in reversed(self.parts):
            dearer = part.price - price
            energy = part.least if dearer >= 0 else part.most
            used = (dearer * energy << _COST_BITS) + energy
            # With each window that begins there is one fewer to begin.
            begun = going if self.bound is None else going[1:]
            starts = [min(wait, go + used + start) for wait, go in zip(waiting, begun, strict=False)]
            if self.bound is not None:
                starts.append(waiting[-1])
            going = [min(wait, go + used) for wait, go in zip(waiting, going, strict=True)]
            waiting = starts
            going = going if part.goes_on else waiting
            found.append(Rest(waiting, going))
        found.reverse()
        return found
