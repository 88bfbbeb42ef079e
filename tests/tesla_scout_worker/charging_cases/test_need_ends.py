"""What was needed once has ended: reached, missed while it charges, or missed in the car's sleep. And what that read shows."""

import time

from bench import VIN, WORK, Pass, SetUp
from charge_bench import HOUR, SIGNED, at, orders, pair, plan, planned
from homeassistant.core import HomeAssistant
from lookout import agrees, asked, causes, park_at, value
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, SOCKET, WALL_BOX, Account, Car, FleetSimulator
from fleet_simulator.charging import Charger

CAUSE = "sensor.scout_cause_of_last_full_read"
LIMIT = "number.scout_charge_limit"


async def needing(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, charger: Charger
) -> tuple[Car, ScoutWorkerConfigEntry]:
    """Make a car at home that charges, and of which 95 per cent are needed by seven."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() + 1, charger)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    await plan(hass, target=95, once=True)
    assert car.battery(time.time()).limit == 95
    return car, entry


async def test_missed_while_it_charges(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A socket is too weak: at seven one read tells how far it came and that the limit is back, and no other follows."""
    car, entry = await needing(hass, account, set_up, passes, SOCKET)
    await passes(at(6, 58) - time.time(), step=300)
    start, read_for = time.time(), causes(hass)
    await passes(300, step=5)
    level = car.battery(time.time()).level
    assert level < 95
    assert read_for == ["one_off_ended"]
    assert float(value(hass, "sensor.scout_battery")) == pytest.approx(level, abs=1)
    assert (car.battery(time.time()).limit, value(hass, LIMIT)) == (80, "80")
    assert asked(simulator, "vehicle_data", start) == 1
    assert orders(car).count("set_charge_limit") == 2
    assert (await planned(hass))["once"] is False
    agrees(simulator, entry)


async def test_missed_in_its_sleep(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Somebody took the cable: no wake for it. As soon as the car is awake, and be it away, its limit is put back."""
    car, entry = await needing(hass, account, set_up, passes, WALL_BOX)
    await passes(1_800, step=60)
    car.unplug(time.time())
    await passes(at(6, 55) - time.time(), step=300)
    assert car.state() == "asleep"
    start = time.time()
    await passes(1_200, step=30)
    assert (car.battery(time.time()).limit, car.wakes) == (95, [])
    assert asked(simulator, "vehicle_data", start) == 0
    park_at(car, WORK)
    await passes(1_200, step=30)
    assert car.battery(time.time()).limit == 80
    assert value(hass, LIMIT) == "80"
    assert (await planned(hass))["once"] is False
    assert car.wakes == []
    agrees(simulator, entry)


async def test_reached_needs_no_read_of_its_own(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The read that shows the end of the charge shows that as well: one more shows the limit, as after any command."""
    car, entry = await needing(hass, account, set_up, passes, WALL_BOX)
    await passes(at(1) - time.time(), step=300)
    read_for, start = causes(hass), time.time()
    await passes(at(7) + HOUR - time.time(), step=60)
    assert car.battery(at(7) - 24 * HOUR).level == pytest.approx(95, abs=1)
    assert car.battery(time.time()).limit == 80
    assert "one_off_ended" not in read_for
    assert value(hass, LIMIT) == "80"
    assert asked(simulator, "vehicle_data", start) <= 5
    agrees(simulator, entry)
