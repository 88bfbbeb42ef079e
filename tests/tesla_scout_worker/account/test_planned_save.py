"""What is counted is written a moment later, however busy it is."""

from typing import Any

from bench import VIN, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.budget import Budget
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.metering import Category, Errand, Purpose
from custom_components.tesla_scout_worker.memory import Memory


@pytest.mark.parametrize("kind", ["ledger", "cars"])
async def test_changes_that_never_rest_are_written_all_the_same(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory, kind: str
) -> None:
    """A request each second for half a minute: a crash at any time loses the last few seconds, not all of it."""
    budget, memory, count = Budget(hass, "entry", 10.0), Memory(hass, "entry"), 0
    memory.register(VIN, "scout", lambda: {"count": count})
    errand = Errand(Category.DATA, Purpose.SCOUT, VIN)
    for _ in range(30):
        count += 1
        if kind == "ledger":
            budget.settle(budget.admit(errand), 200)
        else:
            memory.save_soon()
        freezer.tick(1)
        async_fire_time_changed(hass)
        await settle(hass)
    stored = hass_storage[f"{DOMAIN}.entry.{kind}"]["data"]
    if kind == "cars":
        assert stored[VIN]["scout"]["count"] >= count - 6
        return
    kept = Budget(hass, "entry", 10.0)
    await kept.async_load()
    assert kept.requests_this_month[Category.DATA] >= count - 3
