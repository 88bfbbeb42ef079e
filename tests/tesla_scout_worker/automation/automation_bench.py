"""What the tests of triggers and conditions share: automations as an owner writes them, and what they did."""

import json
from pathlib import Path
from typing import Any

from bench import VIN, settle
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import async_capture_events

import custom_components.tesla_scout_worker as package
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account

#: What the automations of these tests fire, with `what` they say.
DID = "automation_did"

LANGUAGES = ("en", "pl")

#: Every trigger of the integration in one automation, which says which of them it was.
EVERYTHING = """
- alias: Everything
  mode: queued
  triggers:
    - {{id: arrived_home, trigger: tesla_scout_worker.arrived_home, target: {{device_id: {car}}}}}
    - {{id: left_home, trigger: tesla_scout_worker.left_home, target: {{device_id: {car}}}}}
    - {{id: plugged_in_at_home, trigger: tesla_scout_worker.plugged_in_at_home, target: {{device_id: {car}}}}}
    - {{id: charge_finished, trigger: tesla_scout_worker.charge_finished, target: {{device_id: {car}}}}}
    - {{id: charge_stopped_short, trigger: tesla_scout_worker.charge_stopped_short, target: {{device_id: {car}}}}}
    - {{id: budget_reached, trigger: tesla_scout_worker.budget_reached, target: {{device_id: {account}}}}}
    - {{id: sign_in_needed, trigger: tesla_scout_worker.sign_in_needed, target: {{device_id: {account}}}}}
  actions:
    - {{event: automation_did, event_data: {{what: "{{{{ trigger.id }}}}"}}}}
"""


def device(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str = VIN) -> str:
    """Return the ID of a device. name: a car's VIN, or the account's."""
    found = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
    assert found is not None
    return found.id


async def automate(hass: HomeAssistant, text: str) -> list[Event[Any]]:
    """Set up automations from YAML. What they fire comes back, as it comes."""
    did = async_capture_events(hass, DID)
    config = parse_yaml(text)
    assert await async_setup_component(hass, "automation", {"automation": config})
    await settle(hass)
    states = hass.states.async_all("automation")
    assert [one.state for one in states] == ["on"] * len(config), [one.as_dict() for one in states]
    return did


async def automate_everything(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, account: Account
) -> list[Event[Any]]:
    """Set up an automation with every trigger, for the one car and its account."""
    targets = {"car": device(hass, entry), "account": device(hass, entry, account.sub)}
    return await automate(hass, EVERYTHING.format(**targets))


def whats(did: list[Event[Any]]) -> list[str]:
    """Return what automations said they did."""
    return [event.data["what"] for event in did]


def load(name: str) -> dict[str, Any]:
    """Return a JSON file of the integration."""
    found: dict[str, Any] = json.loads((Path(package.__file__).parent / name).read_text(encoding="utf-8"))
    return found


WORDS = {language: load(f"translations/{language}.json") for language in LANGUAGES}
