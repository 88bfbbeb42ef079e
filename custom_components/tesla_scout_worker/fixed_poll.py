"""What a fixed poll would have cost, pure: for how long cars were online in, US dollars out.

It is the usual way: every ten minutes, whatever happens, each car that is online is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_EVERY: Final = 600.0
# Nobody looked for so long (seconds): whether the car was online all the time is not known, and a clock can be set.
_LONGEST: Final = 3_600.0
# No month has more seconds, and no car costs more dollars.
_MOST: Final = 31 * 86_400.0 + 3_600.0


@dataclass(slots=True)
class FixedPoll:
    """Seconds online, and the US dollars of its reads at the prices of their day, by month and car."""

    _online: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def note(self, month: str, vin: str, seconds: float, price: float, most: float) -> None:
        """Note that a car was online. price: of a read, US dollars. most: seconds that the month has lasted.

        Of more than an hour at once, an hour counts; of less than nothing, nothing. No car was online for longer than
        the month has lasted.
        """
        before, dollars = self._online.get(month, {}).get(vin, (0.0, 0.0))
        more = min(seconds, _LONGEST, most - before)
        # A comparison with what is no number is false.
        if more > 0:
            cars = self._online.setdefault(month, {})
            cars[vin] = (before + more, dollars + more / _EVERY * price)

    def seconds(self, month: str) -> float:
        """Return for how long cars were online in a month, all cars together."""
        return sum(seconds for seconds, _ in self._online.get(month, {}).values())

    def cost(self, month: str) -> float:
        """Return what the fixed poll would have cost in a month so far, US dollars."""
        return round(sum(dollars for _, dollars in self._online.get(month, {}).values()), 6)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            month: {vin: list(online) for vin, online in cars.items()} for month, cars in self._online.items()
        }

    @classmethod
    def from_dict(cls, stored: Any) -> FixedPoll:
        """Read what was stored; what is damaged is dropped, not the rest."""
        poll = cls()
        for month, cars in stored.items() if isinstance(stored, Mapping) else ():
            for vin, online in cars.items() if isinstance(cars, Mapping) else ():
                match online:
                    case [int() | float() as seconds, int() | float() as dollars] if _is_sensible(
                        seconds
                    ) and _is_sensible(dollars):
                        poll._online.setdefault(month, {})[vin] = (float(seconds), float(dollars))
                    case _:
                        continue
        return poll


def _is_sensible(value: float) -> bool:
    return 0 <= value <= _MOST
