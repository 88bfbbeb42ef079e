"""The meter that every request passes, and what it holds back."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.budget import Budget, receipt
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.errors import (
    AccountDisabledError,
    BudgetSpentError,
    FleetError,
    RateLimitedError,
    ServerError,
)
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.ledger import Ledger
from custom_components.tesla_scout_worker.memory import Memory

BERLIN = ZoneInfo("Europe/Berlin")
KEY = f"{DOMAIN}.entry.ledger"
VIN = "5YJ3E1EA1KF000001"
DATA = Errand(Category.DATA, Purpose.SCOUT, VIN)
STATE = Errand(Category.STATE, Purpose.SCOUT, VIN)
TODAY = date(2026, 11, 24)
AUTH = Errand(Category.AUTH, Purpose.TOKEN)
ASKED = Errand(Category.DATA, Purpose.REQUESTED, VIN)

pytestmark = pytest.mark.usefixtures("home")


async def loaded(hass: HomeAssistant, monthly_budget: float = 10.0) -> Budget:
    """Return the meter as a start of Home Assistant finds it."""
    budget = Budget(hass, "entry", monthly_budget)
    await budget.async_load()
    return budget


def refusal(budget: Budget, errand: Errand) -> FleetError | None:
    """Return why a request would not be let out, None where it would."""
    try:
        budget.admit(errand)
    except FleetError as err:
        return err
    return None


def spend(budget: Budget, count: int, errand: Errand = DATA, status: int | None = 200) -> None:
    """Send so many requests."""
    for _ in range(count):
        budget.settle(budget.admit(errand), status)


async def test_what_tesla_bills_is_what_is_counted(hass: HomeAssistant) -> None:
    """Refusals and lost answers count, server errors and what never left do not."""
    budget = await loaded(hass)
    for status in (200, 403, 408, 429, None):
        spend(budget, 1, status=status)
    for status in (500, 503, 540):
        spend(budget, 1, status=status)
    budget.settle(budget.admit(DATA), None, sent=False)
    assert budget.requests_this_month[Category.DATA] == 5
    assert budget.billed_this_month == 5
    assert budget.cost_this_month == pytest.approx(0.01)
    spend(budget, 3, STATE)
    spend(budget, 1, AUTH)
    assert budget.billed_this_month == 5
    assert budget.requests_today[Category.STATE] == 3


async def test_days_and_months_turn_at_the_owner_s_midnight(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """At 23:30 UTC it is tomorrow in Berlin, and on the last day of November it is December."""
    budget = await loaded(hass)
    freezer.move_to(datetime(2026, 11, 30, 23, 59, tzinfo=BERLIN))
    spend(budget, 2)
    assert budget.requests_today[Category.DATA] == 2
    freezer.move_to(datetime(2026, 12, 1, 0, 1, tzinfo=BERLIN))
    assert budget.requests_today[Category.DATA] == 0
    assert budget.cost_this_month == 0
    spend(budget, 1)
    assert budget.ledger.requests("2026-11")[Category.DATA] == 2
    assert budget.ledger.requests("2026-12-01")[Category.DATA] == 1


async def test_the_ledger_survives_a_restart_and_a_crash(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Written within seconds without being told to, and at once when told."""
    budget = await loaded(hass)
    spend(budget, 3)
    freezer.tick(3)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    again = await loaded(hass)
    assert again.requests_this_month == budget.requests_this_month
    spend(again, 2)
    await again.async_save()
    assert (await loaded(hass)).billed_this_month == 5
    await again.async_remove()
    assert (await loaded(hass)).billed_this_month == 0


async def test_a_rate_limit_holds_its_category_over_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Ten hours are ten hours, for everyone, a person included; the other categories go on."""
    budget = await loaded(hass)
    budget.hold(DATA, RateLimitedError(429, retry_after=37_829))
    freezer.tick(3600)
    await budget.async_save()
    again = await loaded(hass)
    error = refusal(again, ASKED)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == pytest.approx(34_229)
    assert refusal(again, STATE) is None
    assert refusal(again, AUTH) is None
    freezer.tick(34_230)
    assert refusal(again, ASKED) is None


async def test_no_other_error_holds_anything(hass: HomeAssistant) -> None:
    """A server that fails may be asked again; how soon is the caller's business."""
    budget = await loaded(hass)
    budget.hold(DATA, ServerError(503, retry_after=600))
    assert refusal(budget, DATA) is None


@pytest.mark.parametrize("error", [RateLimitedError(429, retry_after=600), AccountDisabledError(403)])
async def test_a_clock_that_was_wrong_holds_nothing_for_years(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, error: FleetError
) -> None:
    """A hold from a year ahead is a clock that was set right since."""
    budget = await loaded(hass)
    freezer.tick(365 * 86_400)
    budget.hold(DATA, error)
    assert refusal(budget, DATA) is not None
    freezer.tick(-365 * 86_400)
    assert refusal(budget, DATA) is None


async def test_a_disabled_account_is_tried_eight_times_in_eighteen_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Each try is billed, so the waits grow, over restarts too; the sign-in is not held back."""
    budget = await loaded(hass)
    tries = 0
    for _ in range(18 * 60):
        if refusal(budget, STATE) is None:
            tries += 1
            budget.hold(STATE, AccountDisabledError(403))
            await budget.async_save()
            budget = await loaded(hass)
        freezer.tick(60)
    assert 5 <= tries <= 8
    assert refusal(budget, ASKED) is None, "a person may look whether it is mended"
    budget.hold(ASKED, AccountDisabledError(403))
    assert isinstance(refusal(budget, ASKED), AccountDisabledError), "once"
    assert refusal(budget, AUTH) is None
    assert budget.is_disabled


async def test_a_disabled_account_is_tried_when_the_month_turns(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A new month brings a new credit: the longest wait ends at midnight."""
    budget = await loaded(hass)
    midnight = datetime(2026, 12, 1, tzinfo=BERLIN)
    freezer.move_to(midnight - timedelta(hours=1))
    for _ in range(6):
        budget.hold(DATA, AccountDisabledError(403))
    assert isinstance(refusal(budget, DATA), AccountDisabledError)
    freezer.move_to(midnight - timedelta(minutes=1))
    assert isinstance(refusal(budget, DATA), AccountDisabledError)
    freezer.move_to(midnight + timedelta(seconds=1))
    assert refusal(budget, DATA) is None


async def test_a_success_that_costs_ends_the_disabled_state(hass: HomeAssistant) -> None:
    """What is free may be answered by a disabled account too, so only what costs proves the contrary."""
    budget = await loaded(hass)
    budget.hold(DATA, AccountDisabledError(403))
    budget.settle(Admission(STATE, TODAY), 200)
    budget.settle(Admission(DATA, TODAY), 408)
    states = [budget.is_disabled]
    budget.settle(Admission(DATA, TODAY), 200)
    assert [*states, budget.is_disabled] == [True, False]


async def test_a_spent_budget_stops_what_nobody_asked_for(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Scout and worker wait for the month to turn; people, set-up and what is free go on."""
    budget = await loaded(hass, 0.01)
    spend(budget, 4)
    states = [budget.is_spent]
    spend(budget, 1, Errand(Category.DATA, Purpose.WORKER, VIN))
    assert [*states, budget.is_spent] == [False, True]
    for purpose in (Purpose.SCOUT, Purpose.WORKER):
        error = refusal(budget, Errand(Category.DATA, purpose, VIN))
        assert isinstance(error, BudgetSpentError)
        month_end = datetime(2026, 12, 1, tzinfo=BERLIN).timestamp()
        assert error.retry_after == pytest.approx(month_end - datetime.now(BERLIN).timestamp())
    for errand in (ASKED, STATE, AUTH, Errand(Category.COMMANDS, Purpose.REQUESTED, VIN)):
        assert refusal(budget, errand) is None
    freezer.move_to(datetime(2026, 12, 1, 0, 0, 1, tzinfo=BERLIN))
    assert refusal(budget, DATA) is None
    assert (await loaded(hass, 0)).is_spent


async def test_the_last_month_of_the_year_turns_too(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """December is followed by January of another year."""
    freezer.move_to(datetime(2026, 12, 31, 23, tzinfo=BERLIN))
    budget = await loaded(hass, 0)
    error = refusal(budget, DATA)
    assert isinstance(error, BudgetSpentError)
    assert error.retry_after == pytest.approx(3600)


async def test_a_receipt_lists_what_was_asked_in_its_time(hass: HomeAssistant) -> None:
    """An action can tell its own cost; another action's and nobody's requests are not on it."""
    budget = await loaded(hass)
    spend(budget, 1)
    with receipt() as outer:
        spend(budget, 2)
        with receipt() as inner:
            spend(budget, 3, STATE)
        spend(budget, 1, status=503)
    spend(budget, 1)
    assert outer.requests("2026-11")[Category.DATA] == 2
    assert inner.requests("2026-11") == {**dict.fromkeys(Category, 0), Category.STATE: 3}
    assert outer.cost("2026-11") == pytest.approx(0.004)
    assert budget.billed_this_month == 4


async def test_what_was_asked_before_the_entry_existed_is_taken_over(hass: HomeAssistant) -> None:
    """A dialog's requests appear in the month, and listeners hear of it."""
    budget = await loaded(hass)
    ledger, heard = Ledger(), []
    ledger.enter(Admission(Errand(Category.STATE, Purpose.SETUP), TODAY))
    release = budget.async_add_listener(lambda: heard.append(budget.requests_this_month))
    budget.adopt(ledger)
    assert heard[0][Category.STATE] == 1
    budget.hold(DATA, RateLimitedError(429, retry_after=1))
    spend(budget, 1, STATE)
    assert len(heard) == 3
    release()
    spend(budget, 1, STATE)
    assert len(heard) == 3


@pytest.mark.parametrize(
    "stored",
    [
        [],
        "x",
        7,
        {},
        {"ledger": []},
        {"ledger": {"2026-11": None}, "held_until": [], "disabled": None, "unregistered": []},
        {"held_until": {"gold": 9e9, "data": None}, "disabled": {"until": "x", "tries": "x"}},
        {"held_until": {"data": 9e99}, "disabled": {"until": 9e99, "tries": 10**9}},
        {"disabled": {"tries": -5}},
    ],
)
async def test_a_damaged_store_stops_nothing(
    hass: HomeAssistant, hass_storage: dict[str, Any], stored: Any
) -> None:
    """Counting begins anew with what can be read, requests go out, and holds can be made."""
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    budget = await loaded(hass)
    assert refusal(budget, DATA) is None
    budget.hold(DATA, AccountDisabledError(403))
    assert isinstance(refusal(budget, DATA), AccountDisabledError)
    spend(budget, 1, AUTH)
    assert budget.requests_this_month[Category.AUTH] == 1


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param({"version": None, "minor_version": 1, "key": KEY, "data": {}}, id="no version"),
        pytest.param({"version": 0, "minor_version": 1, "key": KEY, "data": {}}, id="older than the first"),
        pytest.param({"version": "one", "minor_version": 1, "key": KEY, "data": {}}, id="version in words"),
    ],
)
async def test_a_store_that_cannot_be_read_is_no_reason_to_stand_still(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    stored: dict[str, Any],
) -> None:
    """A file of another shape or version, of the ledger and of the cars' memory, is told in one line."""
    hass_storage[KEY] = stored
    hass_storage[f"{DOMAIN}.entry.cars"] = stored
    budget = await loaded(hass)
    assert refusal(budget, DATA) is None
    assert caplog.text.count(f"{KEY} cannot be read") == 1
    memory = Memory(hass, "entry")
    await memory.async_load()
    assert memory.recall("any", "room") == {}
    assert caplog.text.count(f"{DOMAIN}.entry.cars cannot be read") == 1


async def test_a_store_of_a_later_version_is_left_alone(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """After going back to an older version of the integration it counts anew and runs."""
    hass_storage[KEY] = {"version": 99, "minor_version": 1, "key": KEY, "data": {"ledger": {}}}
    assert (await loaded(hass)).billed_this_month == 0
