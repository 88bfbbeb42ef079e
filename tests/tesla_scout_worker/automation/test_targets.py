"""What an automation may name, what its editor offers, and how each trigger and condition is described."""

import time
from typing import Any

from automation_bench import WORDS, automate, device, load, whats
from bench import VIN, WORK, SetUp, settle
from homeassistant.components.websocket_api.automation import (
    async_get_conditions_for_target,
    async_get_triggers_for_target,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    condition as condition_helper,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
    trigger as trigger_helper,
)
from homeassistant.helpers.icon import async_get_icons
from homeassistant.setup import async_setup_component
from lookout import SECOND_VIN
import pytest

from custom_components.tesla_scout_worker.condition import CONDITIONS
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.scout.arrival import Change
from custom_components.tesla_scout_worker.trigger import TRIGGERS
from fleet_simulator import Account

ARRIVED = """
- alias: Arrived
  triggers:
    - trigger: tesla_scout_worker.arrived_home
      target: {target}
  actions:
    - {{event: automation_did, event_data: {{what: "{{{{ trigger.entity_id }}}}"}}}}
"""


@pytest.fixture
async def entry(account: Account, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account with two cars."""
    account.add_car(VIN, "Scout", WORK)
    account.add_car(SECOND_VIN, "Second", WORK)
    return await set_up(account)


async def arrive(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, *vins: str) -> None:
    """Let the scouts of cars tell an arrival."""
    for vin in vins:
        for listener in tuple(entry.runtime_data.cars[vin].scout._change_listeners):
            listener(Change.ARRIVED, time.time())
    await settle(hass)


async def test_one_car_by_whatever_names_it(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Its device, its area, its label, a label of the entity, the entity itself: that car, not the other, and once."""
    first = device(hass, entry)
    area = ar.async_get(hass).async_create("Garage")
    label = lr.async_get(hass).async_create("Car").label_id
    own_label = lr.async_get(hass).async_create("Door").label_id
    dr.async_get(hass).async_update_device(first, area_id=area.id, labels={label})
    er.async_get(hass).async_update_entity("event.scout_presence", labels={own_label})
    targets = (
        f"{{device_id: {first}}}",
        f"{{area_id: {area.id}}}",
        f"{{label_id: {label}}}",
        f"{{label_id: {own_label}}}",
        "{entity_id: event.scout_presence}",
        f"{{entity_id: event.scout_presence, device_id: {first}, area_id: {area.id}}}",
    )
    did = await automate(hass, "".join(ARRIVED.format(target=target) for target in targets))
    await arrive(hass, entry, VIN, SECOND_VIN)
    assert whats(did) == ["event.scout_presence"] * len(targets)


async def test_both_cars_and_none_that_is_not_meant(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """Two devices are two events; an entity that tells of something else tells of no arrival."""
    both = f"{{device_id: [{device(hass, entry)}, {device(hass, entry, SECOND_VIN)}]}}"
    # Of another integration, and as like ours as can be.
    registry = er.async_get(hass)
    registry.async_get_or_create(
        "event", "other", "1", translation_key="presence", suggested_object_id="other"
    )
    others = (
        "event.scout_charging_events",
        "event.scout_full_reads",
        "event.other",
        "binary_sensor.scout_at_home",
    )
    other = f"{{entity_id: [{', '.join(others)}]}}"
    did = await automate(hass, ARRIVED.format(target=both) + ARRIVED.format(target=other))
    for entity_id in others:
        hass.states.async_set(entity_id, "unknown")
        hass.states.async_set(entity_id, "2026-11-24T15:00:00+00:00", {"event_type": "arrived"})
    await arrive(hass, entry, VIN, SECOND_VIN)
    assert whats(did) == ["event.scout_presence", "event.second_presence"]


async def test_entity_that_was_renamed(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Whatever the owner calls it, the automation of the device goes on."""
    did = await automate(hass, ARRIVED.format(target=f"{{device_id: {device(hass, entry)}}}"))
    er.async_get(hass).async_update_entity(
        "event.scout_presence", new_entity_id="event.whitey", name="Whitey"
    )
    await settle(hass)
    await arrive(hass, entry, VIN)
    assert whats(did) == ["event.whitey"]


async def test_editor_offers_them_for_the_car(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry
) -> None:
    """Who adds a trigger or a condition and names the device finds ours; who names another device does not."""
    triggers = {f"{DOMAIN}.{name}" for name in TRIGGERS}
    conditions = {f"{DOMAIN}.{name}" for name in CONDITIONS}
    for name in (VIN, account.sub):
        target = {"device_id": [device(hass, entry, name)]}
        assert triggers <= await async_get_triggers_for_target(hass, target, expand_group=True)
        assert f"{DOMAIN}.may_spend" in await async_get_conditions_for_target(hass, target, expand_group=True)
    target = {"device_id": [device(hass, entry)]}
    assert conditions <= await async_get_conditions_for_target(hass, target, expand_group=True)
    hass.states.async_set("event.other", "unknown")
    target = {"entity_id": ["event.other"]}
    assert not triggers & await async_get_triggers_for_target(hass, target, expand_group=True)


@pytest.mark.parametrize(
    ("kind", "ours"), [("triggers", TRIGGERS), ("conditions", CONDITIONS)], ids=["triggers", "conditions"]
)
async def test_each_is_described(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, kind: str, ours: dict[str, Any]
) -> None:
    """Code, description, words and icons speak of the same ones, with the same fields; Home Assistant reads them all."""
    helper: Any = trigger_helper if kind == "triggers" else condition_helper
    described = {
        name.removeprefix(f"{DOMAIN}."): told
        for name, told in (await helper.async_get_all_descriptions(hass)).items()
        if name.startswith(f"{DOMAIN}.")
    }
    assert described.keys() == ours.keys() == WORDS["en"][kind].keys() == load("icons.json")[kind].keys()
    for name, told in described.items():
        assert told["target"]["entity"][0]["integration"] == DOMAIN
        for words in WORDS.values():
            assert set(words[kind][name].get("fields", {})) == set(told.get("fields", {})), name
            assert words[kind][name]["name"]
            assert words[kind][name]["description"].endswith(".")
            for field in words[kind][name].get("fields", {}).values():
                assert set(field) == {"name", "description"}
    icons = (await async_get_icons(hass, kind, [DOMAIN]))[DOMAIN]
    assert {name: list(icon) for name, icon in icons.items()} == {name: [kind[:-1]] for name in ours}


@pytest.mark.parametrize(
    "config",
    [
        {"trigger": f"{DOMAIN}.arrived_home"},
        {"trigger": f"{DOMAIN}.arrived", "target": {"entity_id": "event.scout_presence"}},
        {
            "trigger": f"{DOMAIN}.charge_finished",
            "target": {"entity_id": "event.a"},
            "options": {"only_at_home": "perhaps"},
        },
        {"trigger": f"{DOMAIN}.arrived_home", "target": {"entity_id": "event.a"}, "options": {"only_at_home": True}},
    ],
    ids=["no target", "no such trigger", "no boolean", "no such option"],
)  # fmt: skip
async def test_automation_that_is_written_wrongly(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, config: dict[str, Any]
) -> None:
    """It is refused when it is loaded, rather than silent for ever."""
    automation = {"alias": "Wrong", "triggers": [config], "actions": []}
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    assert [one.state for one in hass.states.async_all("automation")] == ["unavailable"]
