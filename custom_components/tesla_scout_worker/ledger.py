"""What was asked of Tesla and what it costs, pure: days and errands in, counts and dollars out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from .fleet.metering import Category, Errand, Purpose

# US dollars a request: https://developer.tesla.com (data 500, commands 1,000, wakes 50 for a dollar).
PRICES: Final[Mapping[Category, float]] = {
    Category.DATA: 0.002,
    Category.COMMANDS: 0.001,
    Category.WAKES: 0.02,
    Category.STATE: 0.0,
    Category.AUTH: 0.0,
}
# Single days are kept this long, months for ever.
_DAYS_KEPT: Final = 62


def is_billed(status: int | None) -> bool:
    """Return whether Tesla bills an answer: all below 500. An answer that got lost counts as billed."""
    return status is None or status < 500  # noqa: PLR2004


@dataclass(slots=True)
class Ledger:
    """Counts of requests by period, category, purpose and car.

    Periods are ISO days (`2026-11-24`) and months (`2026-11`), in the owner's time zone.
    """

    _counts: dict[str, dict[tuple[str, str, str], int]] = field(default_factory=dict)

    def count(self, day: date, errand: Errand) -> None:
        """Enter one request."""
        key = (errand.category, errand.purpose, errand.vin or "")
        for period in (day.isoformat(), month_of(day)):
            counts = self._counts.setdefault(period, {})
            counts[key] = counts.get(key, 0) + 1
        self._forget_days_before(day)

    def adopt(self, other: Ledger) -> None:
        """Add another ledger's counts to this one."""
        for period, counts in other._counts.items():
            mine = self._counts.setdefault(period, {})
            for key, count in counts.items():
                mine[key] = mine.get(key, 0) + count

    def requests(self, period: str) -> dict[Category, int]:
        """Return the period's requests by category; each category is there."""
        totals = dict.fromkeys(Category, 0)
        for category, _, _, count in self._rows(period):
            totals[category] += count
        return totals

    def purposes(self, period: str) -> dict[Purpose, int]:
        """Return the period's priced requests by who wanted them."""
        totals = dict.fromkeys(Purpose, 0)
        for category, purpose, _, count in self._rows(period):
            if PRICES[category]:
                totals[purpose] += count
        return totals

    def cost(self, period: str, vin: str | None = None) -> float:
        """Return what the period cost so far in US dollars, of one car or of all."""
        return round(
            sum(
                PRICES[category] * count
                for category, _, car, count in self._rows(period)
                if vin is None or car == vin
            ),
            6,
        )

    def _rows(self, period: str) -> Iterator[tuple[Category, Purpose, str, int]]:
        for (category, purpose, vin), count in self._counts.get(period, {}).items():
            yield Category(category), Purpose(purpose), vin, count

    def _forget_days_before(self, day: date) -> None:
        old = [
            period
            for period in self._counts
            if len(period) > len("2026-11") and (day - date.fromisoformat(period)).days > _DAYS_KEPT
        ]
        for period in old:
            del self._counts[period]

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            period: [[*key, count] for key, count in counts.items()]
            for period, counts in self._counts.items()
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Ledger:
        """Read what was stored; a damaged row is dropped, not the rest."""
        ledger = cls()
        for period, rows in stored.items() if isinstance(stored, dict) else ():
            if not _is_period(period) or not isinstance(rows, list):
                continue
            for row in rows:
                match row:
                    case [str(category), str(purpose), str(vin), int(count)] if (
                        category in _CATEGORIES and purpose in _PURPOSES and count > 0
                    ):
                        ledger._counts.setdefault(period, {})[category, purpose, vin] = count
                    case _:
                        continue
        return ledger


def month_of(day: date) -> str:
    """Return a day's billing month. Tesla's cycles are calendar months."""
    return f"{day:%Y-%m}"


_CATEGORIES: Final = frozenset(Category)
_PURPOSES: Final = frozenset(Purpose)


def _is_period(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) > len("2026-11") else f"{text}-01")
    except ValueError:
        return False
    return True
