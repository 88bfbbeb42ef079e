"""The meter that every request passes: what it counts, and what it does not let out."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .book import Book, Spending
from .closure import FIRST_WAIT, Closure
from .const import DOMAIN
from .fleet.errors import (
    LONGEST_RATE_LIMIT_WAIT,
    AccountDisabledError,
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
    NotRegisteredError,
    RateLimitedError,
)
from .fleet.metering import Admission, Category, Errand, Purpose
from .ledger import Ledger, is_billed
from .prices import Prices, is_billed_kind
from .request_bound import RequestBound
from .request_log import RequestLog
from .store import PlannedSave, async_load_or_empty

_STORAGE_VERSION: Final = 1
# A crash loses at most the requests of this long (seconds).
_SAVE_DELAY: Final = 2
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


class Budget(Book):
    """One config entry's meter.

    Holds back what would be refused anyway (a rate limit, a disabled account), what nobody asked for once the month's
    budget is used up, and what is asked for without end.
    """

    def __init__(
        self, hass: HomeAssistant, key: str, monthly_budget: float, prices: Prices | None = None
    ) -> None:
        """Initialize. key: of the store. monthly_budget: US dollars that may be spent unasked. prices: None for Tesla's."""
        super().__init__(dt_util.now, monthly_budget, prices or Prices())
        self._hass = hass
        self._store: Store[dict[str, Any]] = Store(
            hass, _STORAGE_VERSION, f"{DOMAIN}.{key}.ledger", private=True
        )
        self._saving = PlannedSave(self._store, self._as_dict, _SAVE_DELAY)
        self._held_until: dict[Category, float] = {}
        self._disabled, self._unregistered = Closure(), Closure()
        #: The billing month in which Tesla disabled the account.
        self._disabled_in: str | None = None
        self._bounds: defaultdict[str, RequestBound] = defaultdict(RequestBound)
        self._knocked_at, self._is_knocking = 0.0, False
        self._is_removed = False
        self._listeners: list[CALLBACK_TYPE] = []
        self.log = RequestLog()

    async def async_load(self) -> None:
        """Read the ledger and the holds that an earlier run left."""
        stored = await async_load_or_empty(self._store)
        self._recall(stored)
        held = stored.get("held_until")
        self._held_until = {
            Category(category): until
            for category, until in (held.items() if isinstance(held, dict) else ())
            if category in frozenset(Category) and isinstance(until, int | float)
        }
        self._disabled = Closure.from_dict(stored.get("disabled"))
        self._disabled_in = stored.get("disabled_in") if self._disabled.is_closed else None
        self._unregistered = Closure.from_dict(stored.get("unregistered"))
        self._open_with_new_month()

    async def async_save(self) -> None:
        """Write now what would have been written in a moment."""
        await self._saving.async_now()

    async def async_remove(self) -> None:
        """Delete the stored ledger, and store none any more."""
        self._is_removed = True
        await self._store.async_remove()

    @callback
    def async_follow_calendar(self) -> CALLBACK_TYPE:
        """Tell listeners at each midnight that a day or a month began, though nothing was asked; the release comes back."""

        @callback
        def _turned(_: datetime) -> None:
            self._open_with_new_month()
            self._changed()

        return async_track_time_change(self._hass, _turned, hour=0, minute=0, second=0)

    # --- the gate ---------------------------------------------------------------------------------

    def admit(self, errand: Errand) -> Admission:
        """Let a request out and count it, or raise why not.

        RateLimitedError, AccountDisabledError, NotRegisteredError, AskedTooOftenError, BudgetSpentError.
        """
        try:
            self._refuse(errand, now := _now())
        except FleetError as err:
            self.log.kept_back(errand, err, now)
            raise
        admission = Admission(errand, self.calendar.today, self.prices.of(errand.category))
        self.log.admitted(admission, now)
        self._count_from(now)
        self.ledger.enter(admission)
        if receipt := _RECEIPT.get():
            receipt.enter(admission)
        self._save_soon()
        return admission

    def _refuse(self, errand: Errand, now: float) -> None:
        # A wait longer than the longest is a clock that was set back.
        if 0 < (wait := self._held_until.get(errand.category, 0.0) - now) <= LONGEST_RATE_LIMIT_WAIT:
            raise RateLimitedError(retry_after=wait)
        if errand.category is not Category.AUTH:
            if (wait := self._disabled.wait(now)) and not self._may_knock(errand, now, _A_PERSON):
                raise AccountDisabledError(retry_after=wait)
            if (wait := self._unregistered.wait(now)) and not self._may_knock(errand, now, _AN_OWNER):
                raise NotRegisteredError(retry_after=wait)
        if not self.affords(errand):
            raise BudgetSpentError(retry_after=self.calendar.seconds_left)
        if errand.purpose is Purpose.REQUESTED and errand.vin is not None:
            bound = self._bounds[errand.vin]
            bucket = bound.billed if self.prices.is_limited(errand.category) else bound.free
            if wait := bucket.take(now):
                raise AskedTooOftenError(retry_after=wait)

    def check_asked(self, vin: str) -> None:
        """Raise AskedTooOftenError where a read of a car that is asked for would be refused; nothing is sent or counted.

        To be called before anything is sent, so that a refusal costs nothing, and changes no plan: who asks in a loop must
        not keep scout and worker from what they do by themselves.
        """
        if wait := self._bounds[vin].wait(_now()):
            raise AskedTooOftenError(retry_after=wait)

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

    def settle(self, admission: Admission, status: int | None, *, sent: bool = True) -> None:
        """Take a request back that was not billed, and learn from what came back."""
        category = admission.errand.category
        is_on_bill = sent and is_billed(status)
        self.log.settled(admission, status, _now(), sent=sent, billed=is_on_bill)
        if not is_on_bill:
            self.ledger.take_back(admission)
            if receipt := _RECEIPT.get():
                receipt.take_back(admission)
        elif status is not None and status < 400 and category is not Category.AUTH:  # noqa: PLR2004
            self._unregistered.found_open()
            # What is free may be answered by a disabled account too.
            if is_billed_kind(category):
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
                self._disabled.found_closed(now, max(self.calendar.seconds_left, 1.0))
                self._disabled_in = self.calendar.month
                error.retry_after, self._is_knocking = self._disabled.wait(now), False
            case NotRegisteredError():
                self._unregistered.found_closed(now)
                error.retry_after, self._is_knocking = self._unregistered.wait(now), False
            case _:
                return
        self._changed()

    def _open_with_new_month(self) -> None:
        """Take an account that was disabled in another month for one that may be asked again."""
        if self._disabled.is_closed and self._disabled_in not in {None, self.calendar.month}:
            self._disabled.found_open()

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
    @override
    def spending(self) -> Spending:
        """Return who may spend, in a word."""
        return Spending.DISABLED if self.is_disabled else super().spending

    @property
    def closed_until(self) -> dict[str, float]:
        """Return what is left alone and until when (Unix seconds): categories of requests, and doors that Tesla closed."""
        doors = {"account_disabled": self._disabled.until, "app_not_registered": self._unregistered.until}
        held = {category.value: until for category, until in self._held_until.items()}
        return held | {name: until for name, until in doors.items() if until}

    def owner_acted(self) -> None:
        """Open what Tesla had closed: the owner has just mended it, in a dialog that Tesla answered."""
        self._disabled.found_open()
        self._unregistered.found_open()
        self._changed()

    def adopt(self, ledger: Ledger) -> None:
        """Take over what was counted before the entry existed."""
        self._count_from(_now())
        self.ledger.adopt(ledger, self.prices)
        self._changed()

    @override
    def note_online(self, vin: str, seconds: float) -> None:
        """Note for how long the cloud said that a car was online. Of more than an hour at once, an hour counts."""
        super().note_online(vin, seconds)
        self._changed()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call a listener after each request, and when a day begins."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _changed(self) -> None:
        self._save_soon()
        for listener in tuple(self._listeners):
            listener()

    def _save_soon(self) -> None:
        if not self._is_removed:
            self._saving.plan()

    def _as_dict(self) -> dict[str, Any]:
        return {
            **self._describe(),
            "held_until": dict(self._held_until),
            "disabled": self._disabled.as_dict(),
            "disabled_in": self._disabled_in,
            "unregistered": self._unregistered.as_dict(),
        }


_BUDGETS: HassKey[dict[str, Budget]] = HassKey(f"{DOMAIN}.budgets")


async def async_budget_for(
    hass: HomeAssistant, entry_id: str, monthly_budget: float, prices: Prices | None = None
) -> Budget:
    """Return an entry's one meter. It outlives a reload, so that an answer that comes late is still counted."""
    budgets = hass.data.setdefault(_BUDGETS, {})
    if entry_id not in budgets:
        budgets[entry_id] = Budget(hass, entry_id, monthly_budget)
        await budgets[entry_id].async_load()
    budgets[entry_id].monthly_budget = monthly_budget
    budgets[entry_id].prices = prices or Prices()
    return budgets[entry_id]


@callback
def async_owner_acted(hass: HomeAssistant, entry_id: str) -> None:
    """Let an entry ask Tesla again at once, after its dialog ended well."""
    if budget := known_budget(hass, entry_id):
        budget.owner_acted()


@callback
def known_budget(hass: HomeAssistant, entry_id: str) -> Budget | None:
    """Return an entry's meter, None where it was never set up since the start."""
    return hass.data.get(_BUDGETS, {}).get(entry_id)


async def async_forget_budget(hass: HomeAssistant, entry_id: str) -> None:
    """Delete an entry's ledger; an answer that comes after this is not counted."""
    budget = await async_budget_for(hass, entry_id, 0.0)
    del hass.data[_BUDGETS][entry_id]
    await budget.async_remove()


class FlowMeter:
    """Counts what a config flow asks before there is an entry whose ledger could, which then puts the prices to it."""

    def __init__(self) -> None:
        """Initialize."""
        self.ledger = Ledger()

    def admit(self, errand: Errand) -> Admission:
        """Let everything out: a flow asks a handful of unbilled questions."""
        admission = Admission(errand, dt_util.now().date())
        self.ledger.enter(admission)
        return admission

    def settle(self, admission: Admission, status: int | None, *, sent: bool = True) -> None:
        """Take a request back that was not billed."""
        if not sent or not is_billed(status):
            self.ledger.take_back(admission)

    def hold(self, errand: Errand, error: FleetError) -> None:
        """Hold nothing back: the person in front of the form decides when to try again."""


def _now() -> float:
    return dt_util.utcnow().timestamp()
