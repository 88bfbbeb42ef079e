"""The meter that every request passes, and the month's ledger behind it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .closure import FIRST_WAIT, Closure
from .const import DOMAIN
from .fleet.errors import (
    LONGEST_RATE_LIMIT_WAIT,
    AccountDisabledError,
    BudgetSpentError,
    FleetError,
    NotRegisteredError,
    RateLimitedError,
)
from .fleet.metering import Category, Errand, Purpose
from .ledger import PRICES, Ledger, is_billed, month_of
from .store import PlannedSave, async_load_or_empty

_STORAGE_VERSION: Final = 1
# A crash loses at most the requests of this long (seconds).
_SAVE_DELAY: Final = 2
# What nobody asked for is what the budget stops first.
_AUTOMATIC: Final = frozenset({Purpose.SCOUT, Purpose.WORKER})
# Who may try what Tesla closed: a person, and where a set-up asks what is not billed, a set-up.
_A_PERSON: Final = frozenset({Purpose.REQUESTED})
_AN_OWNER: Final = frozenset({Purpose.REQUESTED, Purpose.SETUP})
# The requests of one action follow each other within this time (seconds).
_ONE_ACTION: Final = 60.0


# What the action that runs in this context has asked of Tesla so far.
_RECEIPT: ContextVar[Ledger | None] = ContextVar("receipt", default=None)

# What config flows asked, by account, until the entry takes it over.
FLOW_LEDGERS: HassKey[dict[str, Ledger]] = HassKey(f"{DOMAIN}.flow_ledgers")


@contextmanager
def receipt() -> Iterator[Ledger]:
    """Collect the requests made in this context, so that an action can tell what it cost."""
    collected = Ledger()
    token = _RECEIPT.set(collected)
    try:
        yield collected
    finally:
        _RECEIPT.reset(token)


class Budget:
    """One config entry's meter.

    Holds back what would be refused anyway (a rate limit, a disabled account), and what nobody asked for once the
    month's budget is used up.
    """

    def __init__(self, hass: HomeAssistant, key: str, monthly_budget: float) -> None:
        """Initialize. key: of the store. monthly_budget: US dollars that may be spent unasked."""
        self._store: Store[dict[str, Any]] = Store(
            hass, _STORAGE_VERSION, f"{DOMAIN}.{key}.ledger", private=True
        )
        self._saving = PlannedSave(self._store, self._as_dict, _SAVE_DELAY)
        self.monthly_budget = monthly_budget
        self._held_until: dict[Category, float] = {}
        self._disabled, self._unregistered = Closure(), Closure()
        self._knocked_at, self._is_knocking = 0.0, False
        self._is_removed = False
        self._listeners: list[CALLBACK_TYPE] = []
        self.ledger = Ledger()

    async def async_load(self) -> None:
        """Read the ledger and the holds that an earlier run left."""
        stored = await async_load_or_empty(self._store)
        self.ledger = Ledger.from_dict(stored.get("ledger"))
        held = stored.get("held_until")
        self._held_until = {
            Category(category): until
            for category, until in (held.items() if isinstance(held, dict) else ())
            if category in frozenset(Category) and isinstance(until, int | float)
        }
        self._disabled = Closure.from_dict(stored.get("disabled"))
        self._unregistered = Closure.from_dict(stored.get("unregistered"))

    async def async_save(self) -> None:
        """Write now what would have been written in a moment."""
        await self._saving.async_now()

    async def async_remove(self) -> None:
        """Delete the stored ledger, and store none any more."""
        self._is_removed = True
        await self._store.async_remove()

    # --- the gate ---------------------------------------------------------------------------------

    def admit(self, errand: Errand) -> None:
        """Let a request out, or raise why not.

        RateLimitedError, AccountDisabledError, NotRegisteredError, BudgetSpentError.
        """
        now = _now()
        # A wait longer than the longest is a clock that was set back.
        if 0 < (wait := self._held_until.get(errand.category, 0.0) - now) <= LONGEST_RATE_LIMIT_WAIT:
            raise RateLimitedError(retry_after=wait)
        if errand.category is not Category.AUTH:
            if (wait := self._disabled.wait(now)) and not self._may_knock(errand, now, _A_PERSON):
                raise AccountDisabledError(retry_after=wait)
            if (wait := self._unregistered.wait(now)) and not self._may_knock(errand, now, _AN_OWNER):
                raise NotRegisteredError(retry_after=wait)
        if PRICES[errand.category] and errand.purpose in _AUTOMATIC and self.is_spent:
            raise BudgetSpentError(retry_after=_seconds_to_next_month())

    def _may_knock(self, errand: Errand, now: float, whose: frozenset[Purpose]) -> bool:
        """Return whether a closed door is tried before its time, since its owner has perhaps just mended it.

        One action in a quarter of an hour, until it is refused: an automation, or Home Assistant's own retries, must not
        spend by that. whose: the purposes for which it may.
        """
        if errand.purpose not in whose:
            return False
        if not 0 <= now - self._knocked_at < FIRST_WAIT:
            self._knocked_at, self._is_knocking = now, True
        return self._is_knocking and now - self._knocked_at < _ONE_ACTION

    def settle(self, errand: Errand, status: int | None, *, sent: bool = True) -> None:
        """Enter the request in the ledger by what came back."""
        if not sent or not is_billed(status):
            return
        self.ledger.count(_today(), errand)
        if receipt := _RECEIPT.get():
            receipt.count(_today(), errand)
        if status is not None and status < 400 and errand.category is not Category.AUTH:  # noqa: PLR2004
            self._unregistered.found_open()
            # What is free may be answered by a disabled account too.
            if PRICES[errand.category]:
                self._disabled.found_open()
        self._changed()

    def hold(self, errand: Errand, error: FleetError) -> None:
        """Keep back further requests as an error asks for."""
        now = _now()
        match error:
            case RateLimitedError():
                self._held_until[errand.category] = now + (error.retry_after or 0.0)
            case AccountDisabledError():
                # A new month brings a new credit.
                self._disabled.found_closed(now, _seconds_to_next_month())
                error.retry_after, self._is_knocking = self._disabled.wait(now), False
            case NotRegisteredError():
                self._unregistered.found_closed(now)
                error.retry_after, self._is_knocking = self._unregistered.wait(now), False
            case _:
                return
        self._changed()

    # --- what can be shown ------------------------------------------------------------------------

    @property
    def is_disabled(self) -> bool:
        """Return whether Tesla disabled the account and no request has succeeded since."""
        return self._disabled.is_closed

    @property
    def is_unregistered(self) -> bool:
        """Return whether Tesla said that the app is not registered, and no request has succeeded since."""
        return self._unregistered.is_closed

    @property
    def is_spent(self) -> bool:
        """Return whether this month's budget is used up."""
        return self.cost_this_month >= self.monthly_budget

    @property
    def requests_this_month(self) -> dict[Category, int]:
        """Return this month's requests by category."""
        return self.ledger.requests(month_of(_today()))

    @property
    def requests_today(self) -> dict[Category, int]:
        """Return today's requests by category."""
        return self.ledger.requests(_today().isoformat())

    @property
    def cost_this_month(self) -> float:
        """Return this month's cost so far, US dollars before Tesla's credit."""
        return self.ledger.cost(month_of(_today()))

    @property
    def billed_this_month(self) -> int:
        """Return this month's requests that have a price."""
        return sum(count for category, count in self.requests_this_month.items() if PRICES[category])

    def owner_acted(self) -> None:
        """Open what Tesla had closed: the owner has just mended it, in a dialog that Tesla answered."""
        self._disabled.found_open()
        self._unregistered.found_open()
        self._changed()

    def adopt(self, ledger: Ledger) -> None:
        """Take over what was counted before the entry existed."""
        self.ledger.adopt(ledger)
        self._changed()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call a listener after each request."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _changed(self) -> None:
        if not self._is_removed:
            self._saving.plan()
        for listener in tuple(self._listeners):
            listener()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "ledger": self.ledger.as_dict(),
            "held_until": dict(self._held_until),
            "disabled": self._disabled.as_dict(),
            "unregistered": self._unregistered.as_dict(),
        }


_BUDGETS: HassKey[dict[str, Budget]] = HassKey(f"{DOMAIN}.budgets")


async def async_budget_for(hass: HomeAssistant, entry_id: str, monthly_budget: float) -> Budget:
    """Return an entry's one meter. It outlives a reload, so that an answer that comes late is still counted."""
    budgets = hass.data.setdefault(_BUDGETS, {})
    if entry_id not in budgets:
        budgets[entry_id] = Budget(hass, entry_id, monthly_budget)
        await budgets[entry_id].async_load()
    budgets[entry_id].monthly_budget = monthly_budget
    return budgets[entry_id]


@callback
def async_owner_acted(hass: HomeAssistant, entry_id: str) -> None:
    """Let an entry ask Tesla again at once, after its dialog ended well."""
    if budget := hass.data.get(_BUDGETS, {}).get(entry_id):
        budget.owner_acted()


async def async_forget_budget(hass: HomeAssistant, entry_id: str) -> None:
    """Delete an entry's ledger; an answer that comes after this is not counted."""
    budget = await async_budget_for(hass, entry_id, 0.0)
    del hass.data[_BUDGETS][entry_id]
    await budget.async_remove()


class FlowMeter:
    """Counts what a config flow asks before there is an entry whose ledger could."""

    def __init__(self) -> None:
        """Initialize."""
        self.ledger = Ledger()

    def admit(self, errand: Errand) -> None:
        """Let everything out: a flow asks a handful of unbilled questions."""

    def settle(self, errand: Errand, status: int | None, *, sent: bool = True) -> None:
        """Enter the request in the ledger by what came back."""
        if sent and is_billed(status):
            self.ledger.count(_today(), errand)

    def hold(self, errand: Errand, error: FleetError) -> None:
        """Hold nothing back: the person in front of the form decides when to try again."""


def _now() -> float:
    return dt_util.utcnow().timestamp()


def _today() -> date:
    return dt_util.now().date()


def _seconds_to_next_month() -> float:
    now = dt_util.now()
    year, month = divmod(now.year * 12 + now.month, 12)
    start = now.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return max((dt_util.as_utc(start) - dt_util.as_utc(now)).total_seconds(), 60.0)
