"""The options: what is shown, and that each of them does what it says."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, filled_in, settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from lookout import SECOND_VIN, asked, billed, value

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, FleetSimulator, drive_home

DEFAULTS = {
    "promptness": "balanced",
    "monthly_budget": 10.0,
    "home_zones": ["zone.home"],
    "watched_vehicles": [VIN],
    "more": {"learn_habits": True, "share_access_token": False},
}


async def open_settings(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> ConfigFlowResult:
    """Open the options and choose the settings."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "settings"})


async def choose(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, **changes: Any) -> dict[str, Any]:
    """Open the options, change some and submit."""
    shown = await open_settings(hass, entry)
    result = await hass.config_entries.options.async_configure(shown["flow_id"], {**DEFAULTS, **changes})
    await settle(hass)
    return dict(result)


async def test_defaults_are_shown(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """Nobody must know a default: the form is filled in."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    result = await open_settings(hass, entry)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "settings"
    suggested = filled_in(result)
    assert suggested == {
        **DEFAULTS, "watched_vehicles": [VIN, SECOND_VIN], "prices": suggested["prices"],
    }  # fmt: skip


async def test_no_car_is_an_error_and_heals(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """At least one car, or there is nothing to do; what was typed beside it stays in the form."""
    entry = await set_up(account)
    result = await choose(hass, entry, watched_vehicles=[], promptness="prompt")
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"watched_vehicles": "no_vehicle_chosen"}
    assert filled_in(result)["promptness"] == "prompt"
    final = await hass.config_entries.options.async_configure(result["flow_id"], DEFAULTS)
    assert final["type"] is FlowResultType.CREATE_ENTRY


async def test_all_cars_means_also_those_bought_later(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Where all cars are chosen the choice is not stored, and a new car is looked after."""
    entry = await set_up(account)
    await choose(hass, entry)
    assert "watched_vehicles" not in entry.options
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert value(hass, "sensor.second_battery") == "44"


async def test_car_that_is_not_watched_is_never_asked(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """It costs nothing and shows nothing, from the moment of the choice on; chosen again, its values are back."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    await choose(hass, entry, watched_vehicles=[VIN])
    start = time.time() + 1
    await passes(7200, step=60)
    assert (
        asked(simulator, "state", start, SECOND_VIN)
        == asked(simulator, "vehicle_data", start, SECOND_VIN)
        == 0
    )
    assert asked(simulator, "state", start, VIN) > 10
    assert value(hass, "sensor.second_battery") == "unavailable"
    start = time.time() + 1
    await passes(2)
    await choose(hass, entry, watched_vehicles=[VIN, SECOND_VIN])
    assert value(hass, "sensor.second_battery") == "44"
    assert billed(simulator, start) == 0


async def test_home_zones(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """Each of the chosen zones is home, at once."""
    hass.states.async_set("zone.office", "0", {"latitude": WORK[0], "longitude": WORK[1], "radius": 80})
    entry = await set_up(account)
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    await choose(hass, entry, home_zones=["zone.home", "zone.office"])
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    assert value(hass, "sensor.scout_distance_to_home") == "0.0"


async def test_single_zone_of_an_older_entry_is_shown_and_replaced(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """What was chosen when there could be one zone only is filled in, and gone once it is chosen anew."""
    hass.states.async_set("zone.office", "0", {"latitude": WORK[0], "longitude": WORK[1], "radius": 80})
    entry = await set_up(account, {"home_zone": "zone.office"})
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    shown = await open_settings(hass, entry)
    assert shown["data_schema"] is not None
    (field,) = (key for key in shown["data_schema"].schema if key == "home_zones")
    assert field.description == {"suggested_value": ["zone.office"]}
    await hass.config_entries.options.async_configure(shown["flow_id"], DEFAULTS)
    await settle(hass)
    assert "home_zone" not in entry.options
    assert value(hass, "binary_sensor.scout_at_home") == "off"


async def test_no_home_zone_is_an_error(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Without a zone there would be nothing to come home to."""
    entry = await set_up(account)
    result = await choose(hass, entry, home_zones=[])
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"home_zones": "no_zone_chosen"}


async def test_budget_of_nothing_stops_what_nobody_asked_for(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """With nothing to spend only a person still reads the car."""
    entry = await set_up(account)
    await choose(hass, entry, monthly_budget=0)
    car.stay_awake(time.time(), time.time() + 10_000)
    start = time.time() + 1
    await passes(7200, step=60)
    assert billed(simulator, start) == 0
    assert value(hass, "sensor.scout_reason_for_next_look") == "budget_spent"
    await hass.services.async_call("button", "press", {"entity_id": "button.scout_look_now"}, blocking=True)
    assert billed(simulator, start) == 1


async def test_promptness_is_paid_for(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The same drive costs more reads the sooner the arrival shall be noticed; habits are learned apart from that."""
    reads: list[int] = []
    entry = await set_up(account)
    for wish in ("thrifty", "balanced", "prompt"):
        await choose(hass, entry, promptness=wish, more={"learn_habits": False, "share_access_token": False})
        way = drive_home().starting_at(time.time() + 60)
        car.stay_awake(time.time(), way.begin)
        car.drive(way)
        await passes(way.end - time.time(), step=5)
        reads.append(billed(simulator, way.begin))
        car.drive(drive_home().reversed().starting_at(way.end + 1))
        await passes(way.duration + 3600, step=20)
    assert reads[0] < reads[1] <= reads[2]
    assert 2 <= reads[1] <= 8
