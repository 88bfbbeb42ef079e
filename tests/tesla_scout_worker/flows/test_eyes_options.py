"""Picking free eyes: one form for each car, and nothing else is changed by it."""

from typing import Any

from bench import VIN, WORK, SetUp, filled_in, settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from lookout import SECOND_VIN
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.eyes import Role
from custom_components.tesla_scout_worker.settings import Options
from fleet_simulator import Account, Car

PICKED = {"look": ["sensor.gear", "cover.garage"], "home": ["binary_sensor.plug"], "away": ["person.anna"]}


async def open_eyes(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> ConfigFlowResult:
    """Open the options and choose the free eyes."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "eyes"})


async def submit(hass: HomeAssistant, shown: ConfigFlowResult, **typed: Any) -> ConfigFlowResult:
    """Submit a form."""
    result = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
    await settle(hass)
    return result


def suggested(shown: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form is filled in with."""
    assert shown["data_schema"] is not None
    return {
        str(key): key.description["suggested_value"]
        for key in shown["data_schema"].schema
        if key.description and "suggested_value" in key.description
    }


async def test_eyes_are_picked_kept_and_taken_back(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """They open at once, are shown again, and an emptied form leaves nothing behind."""
    hass.states.async_set("binary_sensor.plug", "on")
    entry = await set_up(account, {"promptness": "prompt"})
    shown = await open_eyes(hass, entry)
    assert (shown["type"], shown["step_id"]) == (FlowResultType.FORM, "car_eyes")
    assert shown["description_placeholders"] == {"name": "Scout"}
    assert not any(suggested(shown).values())
    assert (await submit(hass, shown, **PICKED))["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"promptness": "prompt", "eyes": {VIN: PICKED}}
    eyes = entry.runtime_data.cars[VIN].scout.eyes
    assert eyes is not None
    assert eyes.answer is Presence.HOME
    assert suggested(await open_eyes(hass, entry)) == PICKED

    await submit(hass, await open_eyes(hass, entry), look=["cover.garage"], home=[])
    assert entry.options == {"promptness": "prompt", "eyes": {VIN: {"look": ["cover.garage"]}}}
    await submit(hass, await open_eyes(hass, entry))
    assert entry.options == {"promptness": "prompt"}


async def test_the_settings_keep_the_eyes(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """And a choice of cars that is undone is gone: each form has its own fields."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account, {"eyes": {VIN: PICKED}, "watched_vehicles": [VIN]})
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "settings"})
    await submit(hass, shown, **{**filled_in(shown), "watched_vehicles": [VIN, SECOND_VIN]})
    assert entry.options["eyes"] == {VIN: PICKED}
    assert "watched_vehicles" not in entry.options


async def test_each_car_has_its_own(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """With several it is asked which; with one that is looked after it is not."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account, {"eyes": {VIN: PICKED}})
    asks = await open_eyes(hass, entry)
    assert (asks["type"], asks["step_id"]) == (FlowResultType.FORM, "eyes")
    shown = await submit(hass, asks, vehicle=SECOND_VIN)
    assert shown["step_id"] == "car_eyes"
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["name"] == "Second"
    assert not any(suggested(shown).values())
    await submit(hass, shown, home=["device_tracker.scout_location"])
    assert entry.options["eyes"] == {VIN: PICKED, SECOND_VIN: {"home": ["device_tracker.scout_location"]}}
    hass.config_entries.async_update_entry(entry, options={**entry.options, "watched_vehicles": [SECOND_VIN]})
    shown = await open_eyes(hass, entry)
    assert shown["step_id"] == "car_eyes"
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["name"] == "Second"


async def test_what_is_gone_is_named(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """And stays picked, for it may be back tomorrow."""
    hass.states.async_set("sensor.gear", "P")
    hass.states.async_set("person.anna", "unavailable")
    entry = await set_up(account, {"eyes": {VIN: PICKED}})
    shown = await open_eyes(hass, entry)
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["missing"] == "binary_sensor.plug, cover.garage"
    assert shown["errors"] == {"base": "eyes_missing"}
    assert suggested(shown) == PICKED


@pytest.mark.parametrize("role", list(Role))
async def test_what_repeats_the_scout_cannot_be_picked(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, role: Role
) -> None:
    """Neither its own entities, nor the account's, nor a person or a group that has them; and one that was is not shown."""
    entry = await set_up(account)
    cost = next(
        item.entity_id
        for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if "cost" in item.entity_id
    )
    hass.states.async_set("person.anna", "home", {"device_trackers": ["device_tracker.scout_location"]})
    hass.states.async_set("binary_sensor.any", "on", {"entity_id": ["binary_sensor.scout_at_home"]})
    ours = ["device_tracker.scout_location", "binary_sensor.scout_at_home", "event.scout_presence", cost]
    for entity_id in (*ours, "person.anna", "binary_sensor.any"):
        shown = await open_eyes(hass, entry)
        with pytest.raises(InvalidData):
            await submit(hass, shown, **{role: [entity_id]})
    hass.config_entries.async_update_entry(
        entry, options={"eyes": {VIN: {role: ["person.anna", "person.bert"]}}}
    )
    shown = await open_eyes(hass, entry)
    assert suggested(shown)[role] == ["person.bert"]
    assert (await submit(hass, shown, **{role: ["person.bert"]}))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("entity_id", "looks", "answers"),
    [
        ("device_tracker.phone", True, True),
        ("person.anna", True, True),
        ("binary_sensor.plug", True, True),
        ("input_boolean.guest", True, True),
        ("switch.plug", True, True),
        ("cover.garage", True, True),
        ("event.gate", True, True),
        ("lock.gate", True, False),
        ("sensor.gear", True, False),
        ("light.porch", False, False),
    ],
)
async def test_which_entities_each_role_takes(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, entity_id: str, looks: bool, answers: bool
) -> None:
    """Only such that can say yes may answer for the car."""
    entry = await set_up(account)
    for role in Role:
        shown = await open_eyes(hass, entry)
        if looks if role is Role.LOOK else answers:
            done = await submit(hass, shown, **{role: [entity_id]})
            assert done["type"] is FlowResultType.CREATE_ENTRY
        else:
            with pytest.raises(InvalidData):
                await submit(hass, shown, **{role: [entity_id]})


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "person.anna",
        ["person.anna"],
        {VIN: None},
        {VIN: ["person.anna"]},
        {VIN: {"home": "person.anna"}},
        {VIN: {"home": [3]}},
    ],
)
def test_options_that_make_no_sense_are_no_eyes(stored: Any) -> None:
    """They stop nothing."""
    eyes = Options.from_options({"eyes": stored}).eyes
    assert not any(entity_ids for roles in eyes.values() for entity_ids in roles.values())


def test_an_entity_picked_twice_is_one_eye() -> None:
    """It would be told twice."""
    eyes = Options.from_options({"eyes": {VIN: {"home": ["a.b", "a.b"]}}}).eyes
    assert eyes == {VIN: {Role.LOOK: (), Role.HOME: ("a.b",), Role.AWAY: ()}}
