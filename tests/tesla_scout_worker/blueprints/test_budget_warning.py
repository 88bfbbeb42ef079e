"""The warning, while a budget is spent."""

from typing import Any

from bench import Pass, SetUp
from blueprint_bench import automate, device_of
from homeassistant.core import HomeAssistant
from lookout import call, value

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, FleetSimulator

TOLD = {"summary": "{{ summary }}", "id": "{{ trigger.id }}", "cost": "{{ cost }}", "budget": "{{ budget }}"}
BUDGET = 0.02
SPENDING = "sensor.tesla_scout_spending"


async def warned(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, **inputs: Any) -> list[Any]:
    """Make the automation; what it reports comes back."""
    account = device_of(hass, entry, entry.unique_id or "")
    return await automate(hass, "budget_warning", "notify", TOLD, account=account, **inputs)


async def test_each_level_is_told_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Half of it, the reserve, and the end: each as it comes, whatever the entities are called; and none at a reload."""
    entry = await set_up(account, {"monthly_budget": BUDGET})
    reports = await warned(hass, entry, share=50)
    while value(hass, SPENDING) != "on_request":
        # More than the budget is spent by whoever asks.
        assert simulator.bill.usd < 2 * BUDGET
        await call(hass, "run_worker")
        await passes(30)
    told = [report.data["id"] for report in reports]
    assert told.count("share") == told.count("on_request") == 1
    assert len(set(told)) == len(told)
    half = next(report.data for report in reports if report.data["id"] == "share")
    assert half["cost"] == BUDGET / 2
    assert half["budget"] == BUDGET
    assert half["summary"].startswith("0.01 of 0.02 dollars are spent this month")
    assert "nothing is read unasked" in reports[-1].data["summary"]
    assert len(hass.data["persistent_notification"]) == 1

    before = len(reports)
    await hass.config_entries.async_reload(entry.entry_id)
    await passes(60)
    assert value(hass, SPENDING) == "on_request"
    assert len(reports) == before


async def test_nothing_is_told_of_a_budget_that_lasts(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Ten dollars, and a few reads."""
    entry = await set_up(account)
    reports = await warned(hass, entry)
    for _ in range(3):
        await call(hass, "run_worker")
        await passes(30)
    assert value(hass, SPENDING) == "normal"
    assert reports == []
