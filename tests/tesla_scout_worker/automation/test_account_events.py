"""The account's events: budget and sign-in are told once, whatever is taken back, restarted or reloaded in between."""

import time
from typing import Any

from automation_bench import automate_everything, whats
from bench import Pass, SetUp, form, settle
from homeassistant.core import HomeAssistant
from lookout import kinds, listen, state, value
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from custom_components.tesla_scout_worker.account_event import AccountChange, Told, after
from custom_components.tesla_scout_worker.budget import Budget
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.metering import Category, Errand, Purpose
from fleet_simulator import Account, Car, FleetSimulator

EVENT = "event.tesla_scout_account"
READ = Errand(Category.DATA, Purpose.SCOUT)


async def reload_with(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, **options: Any) -> None:
    """Change options, as the owner does in their dialog."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)


def kept(hass_storage: dict[str, Any]) -> dict[str, Any]:
    """Return what is on the disk of the event entity."""
    rows = hass_storage["core.restore_state"]["data"]
    (row,) = [row for row in rows if row["state"]["entity_id"] == EVENT]
    found: dict[str, Any] = row["extra_data"]
    return found


async def test_budget_is_reached_once_a_month(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, hass_storage: dict[str, Any]
) -> None:
    """Looks use a cent up: told at once, once, and on the disk; the new month is told, and its end of the budget again."""
    entry = await set_up(account, {"monthly_budget": 0.01})
    told = listen(hass, EVENT)
    did = await automate_everything(hass, entry, account)
    car.stay_awake(time.time(), time.time() + 20 * 86_400)
    await passes(6 * 3_600, step=600)
    assert value(hass, "sensor.tesla_scout_spending") in {"reserve", "on_request"}
    assert whats(did) == ["budget_reached"]
    attributes = state(hass, EVENT).attributes
    assert (attributes["month"], attributes["budget"]) == ("2026-11", 0.01)
    assert kept(hass_storage)["last_event_type"] == "budget_reached"
    # A request that was not billed is taken back, and the next one is as many too many.
    budget = entry.runtime_data.budget
    spent = budget.cost_this_month
    budget.monthly_budget, was = 0.02, budget.monthly_budget
    admission = budget.admit(READ)
    budget.monthly_budget = was
    budget.settle(admission, 503)
    assert budget.cost_this_month == spent
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(86_400, step=3_600)
    assert kinds(told) == ["budget_reached"]
    await passes(7 * 86_400, step=3_600)
    assert kinds(told) == ["budget_reached", "budget_available", "budget_reached"]
    assert whats(did) == ["budget_reached"] * 2


async def test_owner_raises_the_budget(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """That it is available again is told after the reload, and so is that the new one is used up."""
    entry = await set_up(account, {"monthly_budget": 0.01})
    told = listen(hass, EVENT)
    car.stay_awake(time.time(), time.time() + 86_400)
    while value(hass, "sensor.tesla_scout_spending") not in {"reserve", "on_request"}:
        assert told == []
        await passes(60, step=60)
    assert kinds(told) == ["budget_reached"]
    await reload_with(hass, entry, monthly_budget=5.0)
    assert kinds(told) == ["budget_reached", "budget_available"]
    await reload_with(hass, entry, monthly_budget=0.002)
    assert kinds(told)[2:] == ["budget_reached"]
    # Without a budget nothing was promised: neither is said.
    await reload_with(hass, entry, monthly_budget=0.0)
    await passes(600, step=60)
    assert len(told) == 3


def test_what_is_told_of_a_budget(hass: HomeAssistant) -> None:
    """By the table: what was told, what is left, what is said."""
    budget = Budget(hass, "entry", 0.01)
    november = Told("2026-11", 0.01)

    def said(told: Told, *, needs_sign_in: bool = False) -> list[AccountChange]:
        return [change for change, _ in after(told, budget, needs_sign_in=needs_sign_in)]

    assert said(Told()) == []
    # Taken back within the month.
    assert said(november) == []
    assert said(Told("2026-10", 0.01)) == [AccountChange.BUDGET_AVAILABLE]
    assert said(Told("2026-11", 0.005)) == [AccountChange.BUDGET_AVAILABLE]
    for _ in range(5):
        budget.admit(Errand(Category.DATA, Purpose.REQUESTED))
    assert said(Told()) == [AccountChange.BUDGET_REACHED]
    assert said(november) == []
    # Raised, and not by enough.
    assert said(Told("2026-11", 0.005)) == []
    assert said(Told(), needs_sign_in=True) == [AccountChange.BUDGET_REACHED, AccountChange.SIGN_IN_NEEDED]
    assert said(Told("2026-11", 0.01, sign_in_needed=True)) == [AccountChange.SIGNED_IN]
    budget.monthly_budget = 0.0
    assert said(Told()) == said(november) == []


@pytest.mark.parametrize(
    "stored",
    [None, {}, {"month": 5, "budget": 1.0}, {"month": "2026-11"}, {"month": "2026-11", "budget": "much"}],
)
def test_what_was_kept_and_cannot_be_read_was_not_told(stored: dict[str, Any] | None) -> None:
    """It is told once more then, rather than never."""
    assert Told.from_attributes(stored) == Told()


async def test_sign_in_that_is_lost_and_renewed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Told when nothing but its owner helps, once, while every renewal fails; and that it is good again."""
    entry = await set_up(account)
    told = listen(hass, EVENT)
    did = await automate_everything(hass, entry, account)
    account.revoke()
    account.revoke_access_tokens()
    car.stay_awake(time.time(), time.time() + 86_400)
    await passes(2 * 3_600, step=60)
    assert value(hass, "sensor.tesla_scout_sign_in") == "sign_in_needed"
    assert whats(did) == ["sign_in_needed"]
    (flow,) = hass.config_entries.flow.async_progress()
    renewed = await hass.config_entries.flow.async_configure(
        flow["flow_id"], form(simulator, account.issue_refresh_token())
    )
    assert renewed["type"] == "abort"
    assert renewed["reason"] == "reauth_successful"
    await settle(hass)
    assert kinds(told) == ["sign_in_needed", "signed_in"]
    assert whats(did) == ["sign_in_needed"]


async def test_start_that_finds_the_sign_in_mended(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """What was told before the restart is known from the disk: the change is told, and nothing else."""
    entry = await set_up(account)
    assert await hass.config_entries.async_unload(entry.entry_id)
    told = listen(hass, EVENT)
    kept_attributes = {"month": None, "budget": None, "sign_in_needed": True}
    last = state(hass, EVENT)
    mock_restore_cache_with_extra_data(
        hass,
        [
            (
                type(last)(EVENT, "2026-11-20T10:00:00.000+00:00", {}),
                {"last_event_type": "sign_in_needed", "last_event_attributes": kept_attributes},
            )
        ],
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert kinds(told)[-1:] == ["signed_in"]
    assert kinds(told).count("signed_in") == 1
