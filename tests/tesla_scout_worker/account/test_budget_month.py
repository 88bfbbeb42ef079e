"""The meter through a month: what it counts when all goes wrong, what it leaves to whom, and what begins anew."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
import json
from math import inf
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench import settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.book import Spending
from custom_components.tesla_scout_worker.budget import Budget, receipt
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.errors import (
    AccountDisabledError,
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
)
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.ledger import Ledger
from custom_components.tesla_scout_worker.prices import Prices

BERLIN = ZoneInfo("Europe/Berlin")
KEY = f"{DOMAIN}.entry.ledger"
ONE, TWO = "5YJ3E1EA1KF000001", "5YJ3E1EA1KF000002"
LOOK = Errand(Category.DATA, Purpose.SCOUT, ONE)
WORK = Errand(Category.DATA, Purpose.WORKER, ONE)
ASKED = Errand(Category.DATA, Purpose.REQUESTED, ONE)
ASKED_STATE = Errand(Category.STATE, Purpose.REQUESTED, ONE)

# What Home Assistant's test bench replaces by a dict.
_REAL_DISK = {name: vars(Store)[name] for name in ("_async_load", "_async_write_data")}

pytestmark = pytest.mark.usefixtures("home")


async def loaded(hass: HomeAssistant, monthly_budget: float = 10.0, prices: Prices | None = None) -> Budget:
    """Return the meter as a start of Home Assistant finds it."""
    budget = Budget(hass, "entry", monthly_budget, prices)
    await budget.async_load()
    return budget


def refusal(budget: Budget, errand: Errand) -> FleetError | None:
    """Return why a request would not be let out, None where it was."""
    try:
        budget.admit(errand)
    except FleetError as err:
        return err
    return None


def word(budget: Budget) -> Spending:
    """Return who may spend, in a word."""
    return budget.spending


def spend(budget: Budget, errand: Errand, times: int = 1) -> None:
    """Send so many requests that succeed."""
    for _ in range(times):
        budget.settle(budget.admit(errand), 200)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, to: datetime) -> None:
    """Let it become a certain time, with all timers that fall due."""
    freezer.move_to(to)
    async_fire_time_changed(hass, to.astimezone(UTC))
    await settle(hass)


# --- counted when it is sent ----------------------------------------------------------------------


async def test_a_kill_while_an_answer_is_awaited_loses_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is on the disk two seconds after it was let out, whatever becomes of the answer. A real file tells."""
    with monkeypatch.context() as patched:
        for name, real in _REAL_DISK.items():
            patched.setattr(Store, name, real)
        budget = await loaded(hass)
        admission = budget.admit(LOOK)
        freezer.tick(3)
        async_fire_time_changed(hass)
        await settle(hass)
        path = Path(hass.config.path(".storage", KEY))
        stored = json.loads(await hass.async_add_executor_job(path.read_text))["data"]
        assert stored["ledger"]["2026-11-24"] == [["data", "scout", ONE, 1, 0.002]]
        after_kill = await loaded(hass)
        assert after_kill.billed_this_month == 1
        assert after_kill.cost_this_month == 0.002
        # Without the kill the answer corrects it, on the disk too.
        budget.settle(admission, 503)
        freezer.tick(3)
        async_fire_time_changed(hass)
        await settle(hass)
        assert (await loaded(hass)).billed_this_month == 0


@pytest.mark.parametrize(("status", "sent"), [(500, True), (None, False)])
async def test_what_was_not_billed_is_taken_from_where_it_was_entered(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, status: int | None, sent: bool
) -> None:
    """Sent before midnight at one price, answered in another month at another: from both months the truth is told."""
    freezer.move_to(datetime(2026, 11, 30, 23, 59, 50, tzinfo=BERLIN))
    budget = await loaded(hass)
    with receipt() as bill:
        first, second = budget.admit(LOOK), budget.admit(LOOK)
        assert budget.cost_this_month == bill.cost() == 0.004
        freezer.move_to(datetime(2026, 12, 1, 0, 0, 20, tzinfo=BERLIN))
        budget.prices = Prices(data=0.5)
        budget.settle(first, status, sent=sent)
        budget.settle(second, 200)
        spend(budget, LOOK)
    assert (budget.cost_this_month, budget.cost_today) == (0.5, 0.5)
    assert budget.ledger.cost("2026-11") == 0.002
    assert budget.ledger.requests("2026-11-30")[Category.DATA] == 1
    assert (bill.billed(), bill.cost()) == (2, 0.502)


async def test_two_requests_that_wait_at_once_cannot_both_take_the_last_cent(hass: HomeAssistant) -> None:
    """What is under way is spent already, and free again when it turns out not to be billed."""
    budget = await loaded(hass, 0.005)
    first = budget.admit(LOOK)
    budget.admit(LOOK)
    assert isinstance(refusal(budget, LOOK), BudgetSpentError)
    budget.settle(first, 503)
    assert refusal(budget, LOOK) is None


# --- what is left to whom -------------------------------------------------------------------------


@pytest.mark.parametrize("cents", [10, 37, 100])
async def test_scout_and_worker_stop_before_the_budget_is_exceeded(hass: HomeAssistant, cents: int) -> None:
    """The scout leaves a twentieth to the worker, the worker leaves nothing; people and what is free go on."""
    budget = await loaded(hass, cents / 100)
    for errand, share in ((LOOK, 0.95), (WORK, 1.0)):
        while refusal(budget, errand) is None:
            pass
        most = share * budget.monthly_budget
        assert most - 0.002 < budget.cost_this_month <= most
        assert budget.thrift == inf
        assert not budget.scout_may_spend
        assert budget.is_spent is (errand is WORK)
        assert budget.spending is (Spending.ON_REQUEST if errand is WORK else Spending.RESERVE)
    for errand in (ASKED, ASKED_STATE, Errand(Category.STATE, Purpose.SCOUT, ONE)):
        assert refusal(budget, errand) is None
    budget.monthly_budget *= 3
    assert refusal(budget, LOOK) is None
    assert budget.thrift < inf


async def test_a_price_for_state_requests_is_kept_to_as_well(hass: HomeAssistant) -> None:
    """In the worst case the cloud's state costs as much as a read, and nobody is asked about it for free."""
    state = Errand(Category.STATE, Purpose.SCOUT, ONE)
    budget = await loaded(hass, 0.01, Prices(state=0.002))
    spend(budget, state, 4)
    assert isinstance(refusal(budget, state), BudgetSpentError)
    assert (budget.billed_this_month, budget.cost_this_month) == (4, 0.008)
    free = await loaded(hass, 0.01)
    assert refusal(free, state) is None


async def test_without_a_budget_nothing_is_read_whatever_it_costs(hass: HomeAssistant) -> None:
    """Not even at a price of nothing: nothing was what the owner allowed."""
    budget = await loaded(hass, 0, Prices(data=0))
    assert isinstance(refusal(budget, LOOK), BudgetSpentError)
    assert budget.spending is Spending.ON_REQUEST
    budget.monthly_budget = 0.001
    assert refusal(budget, LOOK) is None


async def test_spending_is_told_in_a_word(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Thinned as soon as spend runs away; disabled outranks all; and the factor agrees with the word."""
    freezer.move_to(datetime(2026, 11, 2, 18, tzinfo=BERLIN))
    budget = await loaded(hass, 1.0)
    assert (word(budget), budget.thrift) == (Spending.NORMAL, 1)
    spend(budget, LOOK, 40)
    assert word(budget) is Spending.NORMAL, "one dense day is no trend"
    spend(budget, LOOK, 120)
    freezer.tick(43_200)
    assert word(budget) is Spending.THINNED
    assert 1.2 < budget.thrift < 3
    freezer.move_to(datetime(2026, 11, 28, tzinfo=BERLIN))
    assert word(budget) is Spending.NORMAL
    budget.hold(LOOK, AccountDisabledError(403))
    assert word(budget) is Spending.DISABLED


# --- begun anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2026, 12, 1, tzinfo=BERLIN),
        datetime(2027, 1, 1, tzinfo=BERLIN),
        # The clocks changed in the night before the last.
        datetime(2026, 4, 1, tzinfo=BERLIN),
        datetime(2026, 11, 1, tzinfo=BERLIN),
    ],
)
async def test_a_new_month_is_told_at_its_first_second(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, midnight: datetime
) -> None:
    """Nobody asks anything: listeners hear of it all the same, and what was used up or closed is open."""
    freezer.move_to(midnight - timedelta(hours=3))
    budget = await loaded(hass, 0.002)
    release = budget.async_follow_calendar()
    spend(budget, WORK)
    budget.hold(ASKED, AccountDisabledError(403))
    heard: list[tuple[float, int, Spending]] = []
    budget.async_add_listener(
        lambda: heard.append((budget.cost_this_month, budget.billed_today, budget.spending))
    )
    await pass_time(hass, freezer, midnight - timedelta(seconds=2))
    assert heard == []
    assert (budget.spending, budget.is_spent) == (Spending.DISABLED, True)
    assert budget.calendar.seconds_left == 2
    await pass_time(hass, freezer, midnight + timedelta(seconds=0.6))
    assert heard == [(0, 0, Spending.RESERVE)], "the budget is smaller than the scout's share of a read"
    assert budget.calendar.month_began == budget.calendar.day_began == midnight
    assert refusal(budget, WORK) is None
    release()
    await pass_time(hass, freezer, midnight + timedelta(days=2))
    assert len(heard) == 1


def _note_day(budget: Budget, days: list[date]) -> None:
    days.append(budget.calendar.today)


async def test_each_day_is_told(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Also the one with 23 hours and the one with 25."""
    for last in (datetime(2026, 3, 28, 12, tzinfo=BERLIN), datetime(2026, 10, 24, 12, tzinfo=BERLIN)):
        freezer.move_to(last)
        budget = await loaded(hass)
        release = budget.async_follow_calendar()
        turned: list[date] = []
        budget.async_add_listener(partial(_note_day, budget, turned))
        now = last.astimezone(UTC)
        for _ in range(60):
            now += timedelta(hours=1)
            await pass_time(hass, freezer, now + timedelta(seconds=0.6))
        assert [day.day for day in turned] == [last.day + 1, last.day + 2, last.day + 3][: len(turned)]
        assert len(turned) == (3 if last.month == 3 else 2)
        release()


async def test_a_clock_that_steps_back_over_the_month_s_end_reopens_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Sums do not jump back to November's, nor twice to nothing; what is sent meanwhile is December's."""
    freezer.move_to(datetime(2026, 11, 30, 23, 50, tzinfo=BERLIN))
    budget = await loaded(hass, 0.01)
    spend(budget, WORK, 5)
    states = [budget.is_spent]
    freezer.move_to(datetime(2026, 12, 1, 0, 5, tzinfo=BERLIN))
    assert [*states, budget.is_spent] == [True, False]
    began = budget.calendar.month_began
    spend(budget, WORK, 4)
    freezer.move_to(datetime(2026, 11, 30, 23, 55, tzinfo=BERLIN))
    assert (budget.calendar.month_began, budget.cost_this_month) == (began, 0.008)
    error = refusal(budget, LOOK)
    assert isinstance(error, BudgetSpentError)
    assert error.retry_after == 31 * 86_400
    spend(budget, WORK)
    freezer.move_to(datetime(2026, 12, 1, 0, 5, tzinfo=BERLIN))
    assert budget.cost_this_month == 0.01
    assert budget.ledger.cost("2026-11") == 0.01


@pytest.mark.parametrize("is_of_old", [False, True])
async def test_a_month_that_turned_while_home_assistant_was_off_opens_what_was_closed(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory, is_of_old: bool
) -> None:
    """The store says in which month it was closed. One of an older version does not: there the wait tells, as before."""
    freezer.move_to(datetime(2026, 11, 30, 22, tzinfo=BERLIN))
    budget = await loaded(hass)
    budget.hold(LOOK, AccountDisabledError(403))
    await budget.async_save()
    if is_of_old:
        del hass_storage[KEY]["data"]["disabled_in"]
    same_month = await loaded(hass)
    assert same_month.is_disabled
    assert isinstance(refusal(same_month, LOOK), AccountDisabledError)
    freezer.move_to(datetime(2026, 12, 1, 0, 0, 1, tzinfo=BERLIN))
    next_month = await loaded(hass)
    assert next_month.is_disabled is is_of_old
    assert refusal(next_month, LOOK) is None


# --- what is shown --------------------------------------------------------------------------------


async def test_what_a_fixed_poll_would_have_cost_is_told_beside_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Reads are compared with reads: a wake would have cost the same either way. It survives a restart."""
    budget = await loaded(hass)
    heard: list[float] = []
    budget.async_add_listener(lambda: heard.append(budget.saved_this_month))
    for _ in range(10):
        budget.note_online(ONE, 1_800)
    budget.note_online(TWO, 1e12)
    assert len(heard) == 11
    assert budget.fixed_poll_cost_this_month == pytest.approx((18_000 + 3_600) / 600 * 0.002)
    spend(budget, LOOK, 6)
    spend(budget, Errand(Category.WAKES, Purpose.REQUESTED, ONE))
    assert budget.saved_this_month == pytest.approx(0.072 - 0.012) == heard[-1]
    await budget.async_save()
    again = await loaded(hass)
    assert again.saved_this_month == budget.saved_this_month
    freezer.move_to(datetime(2026, 12, 1, 0, 10, tzinfo=BERLIN))
    assert again.fixed_poll_cost_this_month == again.saved_this_month == 0
    again.note_online(ONE, 3_600)
    assert again.fixed_poll_cost_this_month == pytest.approx(0.002), "the month is ten minutes old"


async def test_a_forecast_is_there_after_half_a_day_and_after_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """It does not begin anew with Home Assistant; a clock that was ahead does not keep it away for years."""
    freezer.move_to(datetime(2036, 11, 23, 18, tzinfo=BERLIN))
    budget = await loaded(hass)
    assert budget.forecast is None
    spend(budget, LOOK)
    freezer.move_to(datetime(2026, 11, 23, 18, tzinfo=BERLIN))
    spend(budget, LOOK, 10)
    freezer.tick(43_000)
    assert budget.forecast is None
    await budget.async_save()
    freezer.tick(200)
    assert (await loaded(hass)).forecast == pytest.approx(0.02 + 0.04 * 6.75)


@pytest.mark.parametrize("since", [None, "x", True, -5, 0, 1e99, 10**400, float("nan")])
async def test_an_older_store_began_with_its_first_day(
    hass: HomeAssistant, hass_storage: dict[str, Any], since: Any
) -> None:
    """Before it said when counting began; the same where what it says makes no sense."""
    ledger = {"2026-11-22": [["data", "scout", ONE, 10]], "2026-11-23": [["data", "scout", ONE, 20]]}
    month = {"2026-11": [["data", "scout", ONE, 30]]}
    data = {"ledger": ledger | month, "since": since}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}
    budget = await loaded(hass)
    assert budget.cost_this_month == pytest.approx(0.06)
    # It is 17:00: 7 hours of today and 6 days at 20 reads each.
    assert budget.forecast == pytest.approx(0.06 + (6 + 7 / 24) * 0.04, abs=1e-6)


async def test_what_exceeds_the_credit_is_told(hass: HomeAssistant) -> None:
    """Before, nothing is to pay."""
    budget = await loaded(hass, 10, Prices(wakes=0.5, credit=1.25))
    shown = []
    for _ in range(4):
        spend(budget, Errand(Category.WAKES, Purpose.REQUESTED, ONE))
        shown.append(budget.beyond_credit)
    assert shown == [0, 0, 0.25, 0.75]
    assert (budget.cost_of_car(ONE), budget.cost_of_car(TWO)) == (2, 0)
    assert budget.costs_by_purpose[Purpose.REQUESTED] == 2


async def test_what_a_dialog_asked_gets_the_entry_s_prices(hass: HomeAssistant) -> None:
    """The dialog knew none."""
    ledger = Ledger()
    ledger.enter(Admission(Errand(Category.STATE, Purpose.SETUP), date(2026, 11, 24)))
    budget = await loaded(hass, 10, Prices(state=0.002))
    budget.adopt(ledger)
    assert budget.cost_this_month == 0.002


# --- asked without end ----------------------------------------------------------------------------


async def test_an_automation_that_asks_without_end_spends_little(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Thirty at once and one more every two minutes, for each car; others and what nobody asked for are not in its way."""
    budget = await loaded(hass)
    let_out = sum(refusal(budget, ASKED) is None for _ in range(500))
    assert let_out == budget.billed_this_month == 30
    error = refusal(budget, ASKED)
    assert isinstance(error, AskedTooOftenError)
    assert error.retry_after == 120
    for errand in (LOOK, WORK, ASKED_STATE, Errand(Category.DATA, Purpose.REQUESTED, TWO)):
        assert refusal(budget, errand) is None
    with pytest.raises(AskedTooOftenError):
        budget.check_asked(ONE)
    budget.check_asked(TWO)
    freezer.tick(120)
    budget.check_asked(ONE)
    budget.check_asked(ONE)
    assert refusal(budget, ASKED) is None
    assert refusal(budget, ASKED) is not None


async def test_what_is_refused_for_another_reason_takes_no_turn(hass: HomeAssistant) -> None:
    """A person who tries while Tesla keeps the account closed is not told later that it was too often."""
    budget = await loaded(hass)
    budget.hold(LOOK, AccountDisabledError(403))
    assert refusal(budget, ASKED) is None, "a person may look whether it is mended"
    budget.hold(ASKED, AccountDisabledError(403))
    for _ in range(100):
        assert isinstance(refusal(budget, ASKED), AccountDisabledError)
    budget.owner_acted()
    assert sum(refusal(budget, ASKED) is None for _ in range(50)) == 29


async def test_free_requests_of_a_loop_are_bounded_as_well(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A sleeping car costs nothing, but Tesla is not asked a thousand times a minute."""
    budget = await loaded(hass)
    assert sum(refusal(budget, ASKED_STATE) is None for _ in range(1_000)) == 60
    assert refusal(budget, Errand(Category.STATE, Purpose.SCOUT, ONE)) is None
    freezer.tick(60)
    assert sum(refusal(budget, ASKED_STATE) is None for _ in range(1_000)) == 6
