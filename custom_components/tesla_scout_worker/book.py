"""What was spent, and what follows from it: the month's figures, its forecast, and who may still spend. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from .billing_month import Calendar
from .fixed_poll import FixedPoll
from .fleet.metering import Category, Errand, Purpose
from .forecast import forecast
from .ledger import Ledger
from .prices import Prices
from .thrift import SCOUT_SHARE, thrift

# A forecast is reckoned anew after this, and whenever something was spent (seconds).
_FORECAST_HOLDS: Final = 300
# What nobody asked for is what the budget stops: the scout a little before the worker, people never.
_SHARES: Final[Mapping[Purpose, float]] = {Purpose.SCOUT: SCOUT_SHARE, Purpose.WORKER: 1.0}


class Spending(StrEnum):
    """Who may spend how much."""

    NORMAL = "normal"
    #: Automatic looks wait longer, so that the budget lasts.
    THINNED = "thinned"
    #: The scout has spent its share; what is left is for the worker's reads.
    RESERVE = "reserve"
    #: The budget is used up: only people and automations spend.
    ON_REQUEST = "on_request"
    #: Tesla has disabled the account.
    DISABLED = "disabled"


class Book:
    """The ledger with its prices, its budget and its month.

    monthly_budget: US dollars that may be spent unasked. prices: of what is entered from now on.
    """

    def __init__(self, clock: Callable[[], datetime], monthly_budget: float, prices: Prices) -> None:
        """Initialize. clock: returns the owner's local time, with its zone."""
        self.calendar = Calendar(clock)
        self.monthly_budget = monthly_budget
        self.prices = prices
        self.ledger = Ledger()
        self.fixed_poll = FixedPoll()
        self._since: float | None = None
        self._forecast: tuple[tuple[float, float, float | None], float | None] | None = None

    # --- the month --------------------------------------------------------------------------------

    @property
    def requests_this_month(self) -> dict[Category, int]:
        """Return this month's requests by category."""
        return self.ledger.requests(self.calendar.month)

    @property
    def requests_today(self) -> dict[Category, int]:
        """Return today's requests by category."""
        return self.ledger.requests(self._today)

    @property
    def billed_this_month(self) -> int:
        """Return this month's requests that have a price."""
        return self.ledger.billed(self.calendar.month)

    @property
    def billed_today(self) -> int:
        """Return today's requests that have a price."""
        return self.ledger.billed(self._today)

    @property
    def cost_this_month(self) -> float:
        """Return this month's cost so far, US dollars before Tesla's credit."""
        return self.ledger.cost(self.calendar.month)

    @property
    def cost_today(self) -> float:
        """Return today's cost so far, US dollars before Tesla's credit."""
        return self.ledger.cost(self._today)

    def cost_of_car(self, vin: str) -> float:
        """Return this month's cost of a car so far, US dollars before Tesla's credit."""
        return self.ledger.cost(self.calendar.month, vin)

    @property
    def costs_by_purpose(self) -> dict[Purpose, float]:
        """Return this month's cost so far by who wanted it, US dollars; each purpose is there."""
        return self.ledger.purposes(self.calendar.month)

    @property
    def beyond_credit(self) -> float:
        """Return how much of this month's cost Tesla's credit does not cover so far, US dollars."""
        return round(max(self.cost_this_month - self.prices.credit, 0.0), 6)

    @property
    def forecast(self) -> float | None:
        """Return this month's expected cost at its end, US dollars; None in the first half day."""
        # It is asked for at each look of each car, and changes with what is spent and slowly with time.
        now, spent = self.calendar.now, self.cost_this_month
        key = (now.timestamp() // _FORECAST_HOLDS, spent, self._since)
        if self._forecast is None or self._forecast[0] != key:
            since = None if self._since is None else datetime.fromtimestamp(self._since, now.tzinfo)
            self._forecast = key, forecast(self.ledger.days(), spent, self.calendar, since)
        return self._forecast[1]

    @property
    def fixed_poll_cost_this_month(self) -> float:
        """Return what reading each car every ten minutes while it is online would have cost so far, US dollars."""
        return self.fixed_poll.cost(self.calendar.month)

    @property
    def saved_this_month(self) -> float:
        """Return how much cheaper the reads were than the fixed poll, US dollars; below 0 where they were dearer.

        Commands and wakes cost the same either way.
        """
        spent = self.ledger.categories(self.calendar.month)
        return round(
            self.fixed_poll_cost_this_month - spent[Category.DATA] - spent[Category.STATE],
            6,
        )

    def note_online(self, vin: str, seconds: float) -> None:
        """Note for how long the cloud said that a car was online. Of more than an hour at once, an hour counts."""
        self.fixed_poll.note(
            self.calendar.month, vin, seconds, self.prices.data, most=self.calendar.seconds_gone
        )

    # --- who may spend ----------------------------------------------------------------------------

    def affords(self, errand: Errand) -> bool:
        """Return whether the budget lets a request out. It is never exceeded: one that would is one too many."""
        share = _SHARES.get(errand.purpose)
        if share is None or not self.prices.is_limited(errand.category):
            return True
        after = self.cost_this_month + self.prices.of(errand.category)
        return self.monthly_budget > 0 and round(after - share * self.monthly_budget, 6) <= 0

    @property
    def is_spent(self) -> bool:
        """Return whether this month's budget has nothing left for a read."""
        return not self.affords(Errand(Category.DATA, Purpose.WORKER))

    @property
    def scout_may_spend(self) -> bool:
        """Return whether the scout's share of this month's budget has something left for a read."""
        return self.affords(Errand(Category.DATA, Purpose.SCOUT))

    @property
    def thrift(self) -> float:
        """Return how much longer automatic looks wait, so that the month's budget lasts.

        1 while the forecast stays inside the budget, at most 4; inf where the scout may not spend at all.
        """
        calendar = self.calendar
        gone = calendar.seconds_gone / (calendar.seconds_gone + calendar.seconds_left)
        # The read that does not fit any more is as good as spent.
        spent = self.cost_this_month if self.scout_may_spend else self.monthly_budget
        return thrift(spent, self.monthly_budget, gone, self.forecast)

    @property
    def spending(self) -> Spending:
        """Return who may spend, in a word."""
        if self.is_spent:
            return Spending.ON_REQUEST
        if not self.scout_may_spend:
            return Spending.RESERVE
        return Spending.THINNED if self.thrift > 1 else Spending.NORMAL

    # --- over restarts ----------------------------------------------------------------------------

    def _count_from(self, at: float) -> None:
        """Note when counting began, unless that is known. at: Unix seconds."""
        if self._since is None or self._since > at:
            self._since = at

    def _describe(self) -> dict[str, Any]:
        return {
            "ledger": self.ledger.as_dict(),
            "online": self.fixed_poll.as_dict(),
            "since": self._since,
        }

    def _recall(self, stored: Mapping[str, Any]) -> None:
        """Read what was stored. Before it said when counting began, that was in its first day."""
        self.ledger = Ledger.from_dict(stored.get("ledger"))
        self.fixed_poll = FixedPoll.from_dict(stored.get("online"))
        since, days = stored.get("since"), self.ledger.days()
        if isinstance(since, int | float) and not isinstance(since, bool) and 0 < since < _MOST:
            self._since = float(since)
        elif days:
            self._since = _midnight(min(days), self.calendar.now)

    @property
    def _today(self) -> str:
        return self.calendar.today.isoformat()


# The year 2100: a later moment is none.
_MOST: Final = 4_102_444_800.0


def _midnight(day: date, now: datetime) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo).timestamp()
