"""The entities of a full read in a real core: what they show, how long, and what statistics make of it."""

import time
from typing import Any

from bench import Pass, SetUp, settle
from car_payloads import CARS, MODEL_3, charge
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from lookout import asked, billed, call, errors, moment, state, value
import pytest
from read_bench import enable_all, says
from read_entities import READ_ENTITIES

from custom_components.tesla_scout_worker.car_sensor import CAR_SENSORS
from custom_components.tesla_scout_worker.charging_sensor import _COMPLETION, _ENERGY_ADDED, CHARGING_SENSORS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, Fault, FleetSimulator

SENSORS = (*CAR_SENSORS, *CHARGING_SENSORS, _COMPLETION, _ENERGY_ADDED)


def shown(hass: HomeAssistant) -> dict[str, str]:
    """Return what the entities of a read show."""
    return {one: state(hass, one).state for one in READ_ENTITIES if hass.states.get(one)}


def read_ids(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> dict[str, tuple[Any, ...]]:
    """Return the entities of a read as the registry has them."""
    return {
        one.unique_id: (one.entity_id, one.original_device_class, one.unit_of_measurement, one.capabilities)
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.entity_id in READ_ENTITIES
    }


# --- the set --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*CARS, "nothing"])
async def test_the_same_entities_whatever_the_first_read_held(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    model: str,
) -> None:
    """Four kinds of car, and one that tells nothing: one set of entities, and unknown is what is not told."""
    car.transform = says(CARS.get(model, dict.fromkeys(MODEL_3)))
    entry = await set_up(account)
    await enable_all(hass, entry)
    found = read_ids(hass, entry)
    assert {one[0] for one in found.values()} == set(READ_ENTITIES)
    numbers = {"number.scout_charge_limit", "number.scout_charging_current_limit"}
    assert {one[3] is None for one in found.values() if one[0] in numbers} == {False}
    values = shown(hass)
    assert values.keys() == READ_ENTITIES.keys()
    assert "unavailable" not in values.values()
    if model == "nothing":
        assert set(values.values()) == {"unknown"}
    assert errors(caplog) == []


async def test_values_of_a_car_that_charges(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Each in the units of this home: miles become kilometres, bar stays bar."""
    car.transform = says(MODEL_3)
    entry = await set_up(account)
    await enable_all(hass, entry)
    values = shown(hass)
    assert float(values["sensor.scout_odometer"]) == pytest.approx(31_204.118 * 1.609344)
    assert float(values["sensor.scout_range"]) == pytest.approx(201.45 * 1.609344)
    assert float(values["sensor.scout_charging_speed"]) == pytest.approx(39.1 * 1.609344)
    completes = moment(values["sensor.scout_charging_completes"])
    assert completes == pytest.approx(moment(value(hass, "sensor.scout_last_full_read")) + 75 * 60, abs=1)
    expected = {
        "sensor.scout_charging": "charging",
        "sensor.scout_charging_power": "11",
        "sensor.scout_charging_current": "16",
        "sensor.scout_charging_voltage": "229",
        "sensor.scout_charging_phases": "3",
        "sensor.scout_energy_added": "3.6",
        "sensor.scout_charge_cable": "iec",
        "sensor.scout_charge_port_latch": "engaged",
        "sensor.scout_charger_type": "ac",
        "sensor.scout_inside_temperature": "18.4",
        "sensor.scout_outside_temperature": "-3.5",
        "sensor.scout_tyre_pressure_front_right": "2.875",
        "sensor.scout_software_version": "2026.32.6",
        "sensor.scout_gear": "p",
        "binary_sensor.scout_charging_now": "on",
        "binary_sensor.scout_plugged_in": "on",
        "binary_sensor.scout_at_a_fast_charger": "off",
        "binary_sensor.scout_lock": "off",
        "binary_sensor.scout_trunk": "off",
        "update.scout_software": "off",
        "switch.scout_charge": "on",
        "number.scout_charge_limit": "80",
        "number.scout_charging_current_limit": "16",
        "cover.scout_charge_port": "open",
    }
    assert {one: values[one] for one in expected} == expected


async def test_update_that_waits(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """It is offered, and cannot be installed from here."""
    car.transform = says(CARS["model_y_2024"])
    await set_up(account)
    update = state(hass, "update.scout_software")
    assert update.state == "on"
    assert (update.attributes["installed_version"], update.attributes["latest_version"]) == (
        "2026.32.6",
        "2026.38.1",
    )
    assert update.attributes["supported_features"] == 0


# --- how long -------------------------------------------------------------------------------------


async def test_asleep_values_stay_and_nothing_flows(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The last read stays, with its age in one sensor; what charged then does not charge now."""
    car.transform = says(MODEL_3)
    await set_up(account)
    before, read_at = shown(hass), value(hass, "sensor.scout_last_full_read")
    await passes(4 * 3600, step=300)
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    after = shown(hass)
    changed = {one: after[one] for one in after if after[one] != before[one]}
    assert changed == {
        "sensor.scout_charging": "unknown",
        "sensor.scout_charging_power": "0",
        "sensor.scout_charging_current": "0",
        "sensor.scout_charging_speed": "0.0",
        "sensor.scout_charging_completes": "unknown",
        "binary_sensor.scout_charging_now": "off",
        "switch.scout_charge": "off",
    }
    assert moment(value(hass, "sensor.scout_last_full_read")) >= moment(read_at)
    assert car.wakes == []


async def test_restart_of_a_sleeping_car_costs_nothing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Every value is back from the memory, before and after the cloud says that the car sleeps; none is asked for."""
    car.transform = says(MODEL_3)
    entry = await set_up(account)
    await passes(4 * 3600, step=300)
    before, start, read_at = shown(hass), time.time(), value(hass, "sensor.scout_last_full_read")
    await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert shown(hass) == before
    assert value(hass, "sensor.scout_last_full_read") == read_at
    assert asked(simulator, "vehicle_data", start) == billed(simulator, start) == 0


async def test_end_of_the_charge_does_not_tremble(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Each read reckons it anew; it is the same moment until it is really another one, and none when the cable is out."""
    car.transform = says(MODEL_3)
    await set_up(account)
    car.stay_awake(time.time(), time.time() + 9000)
    first = value(hass, "sensor.scout_charging_completes")
    await passes(600, step=60)
    car.transform = says(charge(MODEL_3, minutes_to_full_charge=64))
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_charging_completes") == first
    await passes(60)
    # From a socket to a wall box.
    car.transform = says(charge(MODEL_3, minutes_to_full_charge=20))
    await call(hass, "run_worker")
    assert moment(value(hass, "sensor.scout_charging_completes")) < moment(first) - 1800
    await passes(60)
    car.transform = says(charge(MODEL_3, charging_state="Disconnected"))
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_charging_completes") == "unknown"


async def test_without_the_permission_to_read_the_car(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """The entities are there and unavailable; nothing is made up."""
    simulator.faults.add(
        Fault("vehicle_data", "json", times=None, status=403, body={"error": "Unauthorized missing scopes"})
    )
    entry = await set_up(account)
    assert {one[0] for one in read_ids(hass, entry).values()} == set(READ_ENTITIES)
    values = shown(hass)
    assert {values[one] for one in values if not one.startswith("button.")} == {"unavailable"}


async def test_session_is_told_from_the_next_one_over_a_restart(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """What was known of the session before a restart is known after it."""
    car.transform = says(charge(MODEL_3, charge_energy_added=3.0))
    entry = await set_up(account)
    car.stay_awake(time.time(), time.time() + 40_000)
    began = state(hass, "sensor.scout_energy_added").attributes["last_reset"]
    await passes(600, step=60)
    car.transform = says(charge(MODEL_3, charging_state="Disconnected", charge_energy_added=5.0))
    await call(hass, "run_worker")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert state(hass, "sensor.scout_energy_added").attributes["last_reset"] == began
    car.transform = says(charge(MODEL_3, charge_energy_added=8.0))
    await call(hass, "run_worker")
    energy = state(hass, "sensor.scout_energy_added")
    assert energy.state == "8.0"
    assert moment(energy.attributes["last_reset"]) > moment(began)
