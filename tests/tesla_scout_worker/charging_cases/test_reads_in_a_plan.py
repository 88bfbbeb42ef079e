"""Reads that tell little, or nonsense, while a plan is in force: it stays as it is, costs no command, and is told as it is."""

import time
from typing import Any

from bench import VIN, Pass, SetUp
from charge_bench import HOUR, PLAN, SIGNED, at, orders, pair, plan, planned
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, billed, call, errors, fields, listen, moment, value, without
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, WALL_BOX, Account, Car, Fault, FleetSimulator

CHARGE = "charge_state"


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that is at home with its cable in since a minute, and charges."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() + 1, WALL_BOX)
    return car


@pytest.fixture
async def entry(
    hass: HomeAssistant, car: Car, account: Account, set_up: SetUp, passes: Pass
) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key, and that was read while it charges."""
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    await call(hass, "run_worker")
    return entry


async def test_block_that_is_lost_in_the_middle_of_a_plan(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each in turn, dropped or null: the plan is as it was, and the car is sent nothing."""
    await plan(hass)
    await passes(60)
    before, sent = await planned(hass), len(orders(car))
    for block in (CHARGE, "drive_state", "vehicle_state", "vehicle_config", "charge_schedule_data"):
        for change in (without(block, drop=True), without(block)):
            car.transform = change
            await call(hass, "run_worker")
            await passes(60, step=30)
            assert await planned(hass) == before, block
            assert value(hass, PLAN) == "planned"
    assert len(orders(car)) == sent
    assert errors(caplog) == []


async def test_figures_that_are_not_told(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A car that charges and tells neither volts nor phases, range, rate or time: it is planned with what is known."""
    names = ("charger_voltage", "charger_actual_current", "charger_phases", "charger_power", "charge_rate",
             "battery_range", "est_battery_range", "charge_energy_added", "minutes_to_full_charge",
             "time_to_full_charge", "charge_limit_soc")  # fmt: skip
    for nothing in (None, "<invalid>"):
        car.transform = fields(CHARGE, **dict.fromkeys(names, nothing))
        await call(hass, "run_worker")
        answer = await plan(hass, target=75 if nothing else 80)
        assert (answer["in_car"], answer["limited_by"]) == (True, "nothing")
        assert value(hass, "sensor.scout_charging_completes") == "unknown"
    await passes(at(7) - time.time(), step=600)
    assert car.battery(time.time()).level >= 74
    assert errors(caplog) == []


async def test_cable_and_door_that_contradict(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """What charging says decides: no word of cable, door, light or latch plugs the car in or out."""
    told = listen(hass, "event.scout_charging_events")
    words: list[dict[str, Any]] = [
        {"conn_charge_cable": "IEC", "charge_port_door_open": True, "charge_port_latch": "Engaged"},
        {"conn_charge_cable": "<invalid>", "charge_port_door_open": None, "charge_port_latch": "<invalid>"},
        {"conn_charge_cable": "SNA", "charge_port_door_open": False, "charge_port_color": "<invalid>"},
        {"conn_charge_cable": None, "charge_port_latch": "Blocking", "charge_port_cold_weather_mode": None},
    ]
    for word in words:
        car.transform = fields(CHARGE, **word)
        await call(hass, "run_worker")
        assert value(hass, "binary_sensor.scout_plugged_in") == "on"
    assert told == []
    car.unplug(time.time())
    for word in words:
        car.transform = fields(CHARGE, **word)
        await call(hass, "run_worker")
        assert value(hass, "binary_sensor.scout_plugged_in") == "off"
    assert [kind for kind, _ in told] == ["charging_interrupted", "unplugged"]
    assert (await plan(hass))["in_car"]
    await passes(60)
    assert orders(car).count("charge_stop") == 0


@pytest.mark.parametrize("body", [{"response": None, "error": ""}, None, [], "<html>", {"response": "x"}])
async def test_read_after_the_commands_that_says_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    body: Any,
) -> None:
    """The car took the plan and nobody could see it: the next read sees it, and nothing is sent twice."""
    simulator.faults.add(Fault("vehicle_data", "json", times=2, body=body))
    answer = await plan(hass)
    windows, sent = len(answer["windows"]), len(orders(car))
    await passes(300, step=10)
    assert (await planned(hass))["in_car"] is True
    assert len(car.charge_schedules) == windows
    assert len(orders(car)) == sent
    agrees(simulator, entry)


async def test_commands_that_do_nothing_and_a_read_that_says_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Yes, and no schedule; the read that would show it is lost: the next one shows it, and the plan gets into the car."""
    commander = entry.runtime_data.account.commander
    release = commander.async_on_sent(lambda *_: car.charge_schedules.clear())
    simulator.faults.add(Fault("vehicle_data", "json", times=2, body=None))
    await plan(hass)
    release()
    assert list(car.charge_schedules) == []
    await passes(HOUR, step=30)
    assert (await planned(hass))["in_car"] is True
    assert list(car.charge_schedules) != []
    agrees(simulator, entry)


async def test_window_that_is_taken_out_of_a_plan_that_does_not_change(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """What is told to be in the car is what the car says: it is put back once, or no longer told as there."""
    await plan(hass)
    await passes(60)
    await plan(hass)
    await passes(60)
    car.charge_schedules.clear()
    await call(hass, "run_worker")
    await passes(60)
    assert (await planned(hass))["in_car"] is bool(car.charge_schedules)
    before = billed(simulator)
    await call(hass, "run_worker")
    await passes(60)
    assert billed(simulator) == before + 1
    assert moment(value(hass, "sensor.scout_planned_charge_start")) > time.time()
    with pytest.raises(HomeAssistantError):
        await plan(hass, target=20, once=True)
