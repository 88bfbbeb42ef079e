"""The page of system information: whether Tesla is there, what the month cost, how old the token is; in both languages."""

import asyncio
from typing import Any

from bench import Pass, SetUp
from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import Account, Car, FleetSimulator


async def page(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the page shows, with what it asks answered."""
    assert await async_setup_component(hass, SYSTEM_HEALTH, {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    return {key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()}


async def test_the_page_tells_how_it_stands(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """It asks two servers without a token, and Tesla's bill does not change by that."""
    await set_up(account, {"monthly_budget": 25})
    await passes(300, step=60)
    renewed = dt_util.utcnow().replace(minute=0)
    billed, before = simulator.bill.usd, len(simulator.requests)
    told = await page(hass)
    assert told.pop("token_renewed") == renewed
    assert told == {
        "can_reach_api": "ok",
        "can_reach_sign_in": "ok",
        "accounts": 1,
        "cars": 1,
        "sign_in_needed": 0,
        "cost_this_month": f"{billed:.2f} USD",
        "monthly_budget": "25.00 USD",
        "requests_today": sum(simulator.bill.counts().values()),
    }
    asked = simulator.requests[before:]
    assert [(record.path, record.status) for record in asked] == [("/", 404), ("/", 404)]
    assert simulator.bill.usd == billed


async def test_what_is_out_of_reach_is_told_as_such(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """And the rest of the page is there."""
    await set_up(account)
    await simulator.stop()
    told = await page(hass)
    assert told["can_reach_api"] == {"type": "failed", "error": "unreachable"}
    assert told["accounts"] == 1


async def test_an_account_that_needs_a_sign_in_is_counted(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Also where it could not be set up, and without any account the page is there too."""
    entry = await set_up(account)
    account.revoke()
    await passes(30_000, step=3_000)
    await hass.config_entries.async_reload(entry.entry_id)
    told = await page(hass)
    assert (told["accounts"], told["sign_in_needed"], told["cars"]) == (1, 1, 0)


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_each_line_has_its_words(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, language: str
) -> None:
    """In each language, and no words are left over."""
    await set_up(account)
    told = await page(hass)
    words = await async_get_translations(hass, language, "system_health", {DOMAIN})
    assert set(words) == {f"component.{DOMAIN}.system_health.info.{key}" for key in told}
