"""A plan that gets into the car after the cable: what the cable began waits for the cheap hours, what a person began goes on."""

import time

from bench import VIN, WORK, Pass, SetUp
from charge_bench import HOUR, SIGNED, at, orders, pair, plan, planned
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, call, value
import pytest

from fleet_simulator import HOME, WALL_BOX, Account, FleetSimulator, drive_home


@pytest.mark.parametrize("after", [1, 180])
async def test_cable_before_the_plan(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    after: int,
) -> None:
    """Wished for while it was away, plugged in at once or minutes after the arrival: it waits, with one stop at most."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    assert (await plan(hass))["problem"] == "car_away"
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    plugged = way.end + after
    car.plug_in(plugged, WALL_BOX)
    # The last metres are not seen: what is seen first is a car that charges.
    if after == 1:
        car.offline(way.begin - 30, way.end + 5)
    await passes(way.end + 1_800 - time.time(), step=10)
    assert (await planned(hass))["in_car"] is True
    assert not car.battery(time.time()).flowing
    assert orders(car).count("charge_stop") <= 1
    assert car.energy(plugged, time.time()).wall_kwh < 4
    ready = at(7)
    await passes(ready - time.time(), step=900)
    assert car.battery(ready).level == pytest.approx(80, abs=1)
    agrees(simulator, entry)


async def test_cable_that_comes_after_a_plan_for_a_sleeping_car(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Wished for while it slept unplugged: no wake; what the cable begins later waits."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(3_600, step=60)
    assert car.state() == "asleep"
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass)
    assert raised.value.translation_key == "vehicle_unavailable"
    await passes(HOUR, step=60)
    assert car.wakes == []
    car.plug_in(time.time() + 30, WALL_BOX)
    await passes(1_800, step=30)
    assert (await planned(hass))["in_car"] is True
    assert orders(car).count("charge_stop") == 1
    assert not car.battery(time.time()).flowing
    # What a person starts goes on, whatever is read.
    car.want_charge(time.time(), wanted=True)
    await passes(120)
    await call(hass, "run_worker")
    await passes(300, step=30)
    assert value(hass, "sensor.scout_charging") == "charging"
    assert orders(car).count("charge_stop") == 1
    agrees(simulator, entry)
