"""The bill, from the server's side: the truth about what was spent.

Prices and the rule that every answer below 500 costs are Tesla's (billing and limits page). That state, list and region
calls are free is very likely, not certain: give "state" a price to see the worst case.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Literal, NamedTuple

type Category = Literal["data", "commands", "wakes", "state"]

PRICES_USD: dict[Category, float] = {"data": 0.002, "commands": 0.001, "wakes": 0.02, "state": 0.0}

_SERVER_ERROR = 500
_MICRO = 1_000_000


class BillEntry(NamedTuple):
    """One API request. time: epoch seconds; vin: None without a car; account: its name, "" when the token named none.

    category "state" holds what has no price: state, list, region and fleet_status calls. billed: it cost money.
    """

    time: float
    category: Category
    vin: str | None
    method: str
    path: str
    status: int
    billed: bool
    account: str


class Bill:
    """All API requests of the one app (client), and their cost.

    prices: USD a request. monthly_limit_usd: once a calendar month (UTC) has cost this much, the API is disabled until
    the month turns or the limit is raised; what is refused for that reason is not billed. No discount is taken off.
    """

    def __init__(self) -> None:
        self.entries: list[BillEntry] = []
        self.prices = dict(PRICES_USD)
        self.monthly_limit_usd: float | None = None
        self._months: Counter[tuple[int, int]] = Counter()

    def add(self, entry: BillEntry, *, suspended: bool = False) -> None:
        """Write a request down and decide whether it is billed (the entry's own `billed` is ignored)."""
        price = round(self.prices[entry.category] * _MICRO)
        billed = entry.status < _SERVER_ERROR and price > 0 and not suspended
        self.entries.append(entry._replace(billed=billed))
        if billed:
            self._months[_month(entry.time)] += price

    def counts(self, since: float = 0.0) -> dict[Category, int]:
        """Return the billed requests by category, from an epoch second on; the three priced ones are always there."""
        found: dict[Category, int] = {"data": 0, "commands": 0, "wakes": 0}
        for entry in self.entries:
            if entry.billed and entry.time >= since:
                found[entry.category] = found.get(entry.category, 0) + 1
        return found

    @property
    def state_calls(self) -> int:
        """How many state, list, region and fleet_status calls came in."""
        return sum(entry.category == "state" for entry in self.entries)

    @property
    def usd(self) -> float:
        """The cost of everything so far, in USD."""
        return sum(self._months.values()) / _MICRO

    def month_usd(self, now: float) -> float:
        """Return the cost of the calendar month (UTC) that holds this epoch second."""
        return self._months[_month(now)] / _MICRO

    def suspended(self, now: float) -> bool:
        """Return whether the month's limit is used up."""
        return self.monthly_limit_usd is not None and self.month_usd(now) >= self.monthly_limit_usd


def _month(time: float) -> tuple[int, int]:
    moment = datetime.fromtimestamp(time, UTC)
    return (moment.year, moment.month)
