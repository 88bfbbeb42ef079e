"""What was asked of Tesla and what it cost, pure: days and errands in, counts and dollars out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from .billing_month import month_of
from .fleet.metering import Admission, Category, Purpose
from .prices import Prices, is_billed_kind

# Single days are kept this long, months for ever: a year's plot is made of Home Assistant's own statistics.
_DAYS_KEPT: Final = 62
# More than this is no count (requests, dollars).
_MOST: Final = 10**9

type _Key = tuple[str, str, str]


class Sum(NamedTuple):
    """Requests, and what they cost in US dollars at the prices of their day."""

    requests: int
    dollars: float


_NOTHING: Final = Sum(0, 0.0)


def is_billed(status: int | None) -> bool:
    """Return whether Tesla bills an answer: all below 500. An answer that got lost counts as billed."""
    return status is None or status < 500  # noqa: PLR2004


@dataclass(slots=True)
class Ledger:
    """Counts and costs of requests by period, category, purpose and car.

    Periods are ISO days (`2026-11-24`) and months (`2026-11`), in the owner's time zone. Where a period can be left out,
    all months are meant. A cost is entered with its request: what a past month cost does not change with the prices.
    """

    _sums: dict[str, dict[_Key, Sum]] = field(default_factory=dict)

    def enter(self, admission: Admission) -> None:
        """Enter one request."""
        self._add(admission, 1)
        self._forget_days_before(admission.day)

    def take_back(self, admission: Admission) -> None:
        """Take one request out again, which in the end was not billed."""
        self._add(admission, -1)

    def _add(self, admission: Admission, count: int) -> None:
        errand = admission.errand
        key = (errand.category.value, errand.purpose.value, errand.vin or "")
        for period in (admission.day.isoformat(), month_of(admission.day)):
            sums = self._sums.setdefault(period, {})
            before = sums.get(key, _NOTHING)
            after = Sum(before.requests + count, round(before.dollars + count * admission.price, 9))
            if after.requests > 0:
                sums[key] = after
            else:
                sums.pop(key, None)

    def adopt(self, other: Ledger, prices: Prices | None = None) -> None:
        """Add another ledger's counts to this one, at these prices, or at its own."""
        for period, sums in other._sums.items():
            mine = self._sums.setdefault(period, {})
            for key, (count, dollars) in sums.items():
                before = mine.get(key, _NOTHING)
                added = count * prices.of(Category(key[0])) if prices else dollars
                mine[key] = Sum(before.requests + count, before.dollars + added)

    def requests(self, period: str | None = None) -> dict[Category, int]:
        """Return the period's requests by category; each category is there."""
        totals = dict.fromkeys(Category, 0)
        for category, _, _, entered in self._rows(period):
            totals[category] += entered.requests
        return totals

    def billed(self, period: str | None = None) -> int:
        """Return the period's requests that cost something, or would if Tesla's price were not set to nothing."""
        return sum(
            entered.requests
            for category, _, _, entered in self._rows(period)
            if is_billed_kind(category) or entered.dollars > 0
        )

    def purposes(self, period: str) -> dict[Purpose, float]:
        """Return the period's cost by who wanted it, US dollars; each purpose is there."""
        totals = dict.fromkeys(Purpose, 0.0)
        for _, purpose, _, entered in self._rows(period):
            totals[purpose] += entered.dollars
        return {purpose: round(total, 6) for purpose, total in totals.items()}

    def categories(self, period: str) -> dict[Category, float]:
        """Return the period's cost by category, US dollars; each category is there."""
        totals = dict.fromkeys(Category, 0.0)
        for category, _, _, entered in self._rows(period):
            totals[category] += entered.dollars
        return {category: round(total, 6) for category, total in totals.items()}

    def cost(self, period: str | None = None, vin: str | None = None) -> float:
        """Return what the period cost so far in US dollars, of one car or of all."""
        # Asked for at each look, of each day: the keys stay what they are.
        found = (
            entered.dollars
            for sums in self._chosen(period)
            for (_, _, car), entered in sums.items()
            if vin is None or car == vin
        )
        return round(sum(found), 6)

    def days(self) -> dict[date, float]:
        """Return the cost of each day that is kept and on which anything was asked, US dollars."""
        return {date.fromisoformat(period): self.cost(period) for period in self._sums if _is_day(period)}

    def _rows(self, period: str | None) -> Iterator[tuple[Category, Purpose, str, Sum]]:
        for sums in self._chosen(period):
            for (category, purpose, vin), entered in sums.items():
                yield Category(category), Purpose(purpose), vin, entered

    def _chosen(self, period: str | None) -> list[dict[_Key, Sum]]:
        if period is not None:
            return [self._sums.get(period, {})]
        return [sums for one, sums in self._sums.items() if not _is_day(one)]

    def _forget_days_before(self, day: date) -> None:
        old = [
            period
            for period in self._sums
            if _is_day(period) and (day - date.fromisoformat(period)).days > _DAYS_KEPT
        ]
        for period in old:
            del self._sums[period]

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            period: [[*key, *entered] for key, entered in sums.items()] for period, sums in self._sums.items()
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Ledger:
        """Read what was stored; a damaged row is dropped, not the rest.

        Rows from before prices could be changed have no cost: theirs are Tesla's prices.
        """
        ledger = cls()
        for period, rows in stored.items() if isinstance(stored, Mapping) else ():
            if not _is_period(period) or not isinstance(rows, list):
                continue
            for row in rows:
                match row:
                    case [str(category), str(purpose), str(vin), int(count), *rest] if (
                        category in _CATEGORIES and purpose in _PURPOSES and 0 < count <= _MOST
                    ):
                        dollars = _dollars(rest, count * _PUBLISHED.of(Category(category)))
                        if dollars is not None:
                            sums = ledger._sums.setdefault(period, {})
                            sums[category, purpose, vin] = Sum(count, dollars)
                    case _:
                        continue
        return ledger


_PUBLISHED: Final = Prices()
_CATEGORIES: Final = frozenset(Category)
_PURPOSES: Final = frozenset(Purpose)


def _dollars(rest: list[Any], otherwise: float) -> float | None:
    match rest:
        case []:
            return otherwise
        case [int() | float() as dollars] if 0 <= dollars <= _MOST:
            return float(dollars)
        case _:
            return None


def _is_day(period: str) -> bool:
    return len(period) > len("2026-11")


def _is_period(text: str) -> bool:
    try:
        date.fromisoformat(text if _is_day(text) else f"{text}-01")
    except ValueError:
        return False
    return True
