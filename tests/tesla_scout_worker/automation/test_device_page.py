"""The triggers on the page of a device: the same ones, for those who look there."""

import time
from typing import Any

from automation_bench import WORDS, automate, device, whats
from bench import VIN, Pass, SetUp, settle
from homeassistant.components import device_automation
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.trigger import TRIGGERS
from fleet_simulator import Account, Car, drive_home

OF_ACCOUNT = {"budget_reached", "sign_in_needed"}


@pytest.fixture
async def entry(account: Account, car: Car, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account whose car is at work."""
    return await set_up(account)


async def offered(hass: HomeAssistant, device_id: str) -> list[dict[str, Any]]:
    """Return our triggers on the page of a device."""
    found = await device_automation.async_get_device_automations(
        hass, DeviceAutomationType.TRIGGER, [device_id]
    )
    return [dict(one) for one in found[device_id] if one["domain"] == DOMAIN]


async def test_which_are_offered(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry
) -> None:
    """A car has those of a car, the account those of an account, another device none; each has its words."""
    car, of_account = device(hass, entry), device(hass, entry, account.sub)
    assert {one["type"] for one in await offered(hass, car)} == set(TRIGGERS) - OF_ACCOUNT
    assert {one["type"] for one in await offered(hass, of_account)} == OF_ACCOUNT
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    stranger = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}
    )
    er.async_get(hass).async_get_or_create(
        "event", "other", "1", config_entry=other, device_id=stranger.id, translation_key="presence"
    )
    assert await offered(hass, stranger.id) == []
    # Somebody else's entity on our device.
    er.async_get(hass).async_get_or_create(
        "event", "other", "2", device_id=of_account, translation_key="presence"
    )
    assert {one["type"] for one in await offered(hass, of_account)} == OF_ACCOUNT
    for words in WORDS.values():
        assert set(words["device_automation"]["trigger_type"]) == set(TRIGGERS)


async def test_automation_of_the_device_page(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It hears the arrival once, with what the trigger knows; not again after a reload."""
    did = await automate(
        hass,
        f"""
- alias: Of the page
  triggers:
    - id: home
      trigger: device
      domain: tesla_scout_worker
      device_id: {device(hass, entry)}
      type: arrived_home
  actions:
    - event: automation_did
      event_data:
        what: "{{{{ trigger.idx }}}} {{{{ trigger.id }}}} {{{{ trigger.platform }}}} {{{{ trigger.type }}}} {{{{ trigger.entity_id }}}}"
        zone: "{{{{ trigger.to_state.attributes.zone }}}}"
""",
    )
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 120 - time.time(), step=10)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert whats(did) == ["0 home device arrived_home event.scout_presence"]
    assert did[0].data["zone"] == "zone.home"
    assert VIN not in str(did[0].data)
