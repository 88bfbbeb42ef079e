"""A plan on its way into the car, or waiting for it: kills, clocks, budgets, long drives, and two hands at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from charge_bench import HOUR, PLAN, SIGNED, at, orders, pair, plan, planned
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, billed, call, kill, value
import pytest

from custom_components.tesla_scout_worker.const import CONF_MONTHLY_BUDGET, DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, WALL_BOX, Account, Car, Fault, FleetSimulator, drive_home


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
    """Set up an account that signs, with a car that knows its key."""
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    return entry


def in_two_windows(hours: int = 48) -> dict[str, Any]:
    """Return prices with two cheap hours that are apart."""
    begin = at(0) - 24 * HOUR
    return {
        "prices": [
            {
                "start": begin + hour * HOUR,
                "end": begin + (hour + 1) * HOUR,
                "price": 0.10 if hour % 24 in {2, 4} else 0.60,
            }
            for hour in range(hours)
        ],
        "unit": "EUR/kWh",
    }


async def restart(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Load the entry anew, with what is on the disk."""
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


async def test_kill_between_two_commands_of_a_plan(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
) -> None:
    """The car has the first window only: after the start the rest follows by itself, none is there twice, none stays."""
    restores: list[Callable[[], None]] = []
    entry.runtime_data.account.commander.async_on_sent(
        lambda *_: restores.append(kill(entry, hass_storage)) if not restores else None
    )
    simulator.faults.add(Fault("signed_command", "reset_before", skip=2, times=None))
    with pytest.raises(HomeAssistantError):
        await plan(hass, price_source=in_two_windows())
    assert len(car.charge_schedules) == 1
    await hass.config_entries.async_unload(entry.entry_id)
    restores[0]()
    simulator.faults.clear()
    await restart(hass, entry)
    assert value(hass, PLAN) == "waiting"
    await passes(600, step=30)
    told = await planned(hass)
    assert told["in_car"]
    assert value(hass, PLAN) == "planned"
    assert len(car.charge_schedules) == len(told["plan"]["windows"]) == 2
    await hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True)
    assert list(car.charge_schedules) == []


async def test_person_takes_a_window_out_of_the_car(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """The car no longer has the plan: with the next read that is made good, once, and never told as if it were so."""
    await plan(hass, price_source=in_two_windows())
    assert len(car.charge_schedules) == 2
    del car.charge_schedules[0]
    await call(hass, "run_worker")
    await passes(60)
    told = await planned(hass)
    assert told["in_car"] is (len(car.charge_schedules) == 2)
    assert len(car.charge_schedules) == 2
    before = billed(simulator)
    await call(hass, "run_worker")
    await passes(60)
    assert billed(simulator) == before + 1
    agrees(simulator, entry)


async def test_two_hands_at_once(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Two plans, a schedule and a cancel for one car in the same moment: one after the other, and the car has the last."""
    night = {"days": "Mon-Fri", "start_time": "23:30", "end_time": "23:50"}
    await asyncio.gather(
        plan(hass, target=70),
        plan(hass, target=80, price_source=in_two_windows()),
        call(hass, "set_charge_schedules", schedules=[night]),
    )
    told = await planned(hass)
    assert (told["target"], told["in_car"]) == (80, True)
    assert len(car.charge_schedules) == 3
    assert len({one["id"] for one in car.charge_schedules}) == 3
    await asyncio.gather(
        hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True),
        call(hass, "set_charge_schedules", schedules=[]),
    )
    await passes(60)
    assert list(car.charge_schedules) == []
    agrees(simulator, entry)


async def test_budget_that_is_used_up_while_a_plan_waits(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Nothing is sent unasked, what keeps it out is told, and when the owner grants more the plan goes into the car."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await plan(hass)
    hass.config_entries.async_update_entry(entry, options={**SIGNED, CONF_MONTHLY_BUDGET: 0.0})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    car.plug_in(way.end + 60, WALL_BOX)
    before = billed(simulator)
    await passes(way.end + 1_200 - time.time(), step=60)
    assert billed(simulator) == before
    assert (await planned(hass))["in_car"] is False
    assert value(hass, PLAN) == "waiting"
    hass.config_entries.async_update_entry(entry, options=SIGNED)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(1_800, step=60)
    assert (await planned(hass))["in_car"] is True
    assert car.charge_schedules != []


async def test_long_way_home_uses_up_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A plan waits while the car is read again and again on its way: it is in the car soon after the plug all the same."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    await pair(hass, car)
    await set_up(account, SIGNED)
    await plan(hass)
    for _ in range(12):
        await passes(300, step=60)
        car.note_activity(time.time())
        await call(hass, "run_worker")
    assert (await planned(hass))["problem"] == "car_away"
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    car.plug_in(way.end + 30, WALL_BOX)
    await passes(way.end + 1_500 - time.time(), step=10)
    assert (await planned(hass))["in_car"] is True
    assert car.charge_schedules != []


async def test_car_that_never_does_as_it_says_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It answers yes and has no new schedules: that is an error, tried again rarely, and never told as done."""
    car.transform = lambda read: {**read, "charge_schedule_data": {"charge_schedules": []}}
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass)
    assert raised.value.translation_key == "schedules_not_taken"
    assert (await planned(hass))["in_car"] is False
    before, commands = billed(simulator), len(orders(car))
    await passes(HOUR, step=60)
    assert (await planned(hass))["in_car"] is False
    assert billed(simulator) - before <= 1
    assert len(orders(car)) == commands
    await passes(at(1) - time.time(), step=120)
    assert len(orders(car)) - commands <= 4
    agrees(simulator, entry)


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(minutes=50)])
async def test_clock_that_is_set(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    step: timedelta,
) -> None:
    """Back by hours and on by an hour: the plan stays, costs next to nothing, and the car is ready in time."""
    ready = at(7)
    await plan(hass)
    await passes(120, step=10)
    before = billed(simulator)
    freezer.tick(step)
    await passes(1_200, step=60)
    assert (await planned(hass))["in_car"] is True
    assert billed(simulator) - before <= 4
    await passes(ready - time.time(), step=900)
    assert car.battery(ready).level == pytest.approx(80, abs=1)


async def test_car_that_is_unplugged_in_the_middle_of_its_plan(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """In the first window the cable comes out, and goes in again too late for the rest: nothing is left for next week."""
    await plan(hass)
    await passes(at(2, 30) - time.time(), step=300)
    car.unplug(time.time())
    await passes(HOUR, step=120)
    car.plug_in(at(8), WALL_BOX)
    await passes(at(9) - time.time(), step=300)
    assert list(car.charge_schedules) == []
    assert (await planned(hass))["plan"] is None
    # It charges as it would without a plan.
    assert car.battery(time.time()).flow_from is not None
    agrees(simulator, entry)
