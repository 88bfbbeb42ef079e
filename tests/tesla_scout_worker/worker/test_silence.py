"""A car that the cloud calls online and that answers nothing, or that comes online again and again: no money without end."""

import time

from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import agrees, asked, billed, call, causes, value

from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.worker.triggers import Cause
from fleet_simulator import HOME, Account, Fault, FleetSimulator

DAY = 86_400.0
HOUR = 3_600.0


async def test_car_that_is_online_and_answers_nothing_all_day_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """408 to each read for a day, with reasons to read all the time: the worker's pauses grow to hours. Then it answers again."""
    car = account.add_car(VIN, "Scout", HOME)
    car.stay_awake(time.time(), time.time() + 3 * DAY)
    entry = await set_up(account)
    worker = entry.runtime_data.cars[VIN].worker
    await passes(600, step=60)
    silent = simulator.faults.add(
        Fault("vehicle_data", "json", times=None, asks="vehicle_config", status=408, body={"response": None})
    )
    start = time.time()
    for _ in range(24):
        worker.async_raise(Cause.ONE_OFF_ENDED)
        worker.async_work_off()
        await passes(HOUR, step=300)
    tried = [
        r
        for r in simulator.requests
        if r.kind == "vehicle_data" and r.time > start and "vehicle_config" in r.query
    ]
    assert 5 <= len(tried) <= 20
    assert worker.data.pending
    simulator.faults.active.remove(silent)
    answer = await call(hass, "run_worker")
    assert answer["cars"][0]["vehicle_read"] is True, "a person is not kept waiting"
    assert worker.data.pending == ()
    agrees(simulator, entry)


async def test_person_who_asks_is_answered_in_the_silence(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Only what nobody asked for waits."""
    car = account.add_car(VIN, "Scout", HOME)
    car.stay_awake(time.time(), time.time() + DAY)
    await set_up(account)
    simulator.faults.add(Fault("vehicle_data", "json", times=None, status=408, body={"response": None}))
    for _ in range(3):
        before = billed(simulator)
        answer = await call(hass, "run_worker")
        assert answer["cars"][0]["vehicle_read"] is False
        assert 1 <= billed(simulator) - before <= 2
        await passes(120, step=60)


async def test_car_that_comes_online_at_home_is_read_also_where_the_scout_does_not(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Entities answer for the car, so the scout reads nothing: the worker sees that it was plugged in while it slept."""
    hass.states.async_set("device_tracker.phone", "home")
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account, {"eyes": {VIN: {"home": ["device_tracker.phone"]}}})
    await passes(2 * HOUR, step=300)
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    read_for, start = causes(hass), time.time()
    car.plug_in(time.time() + 60)
    await passes(2_400, step=60)
    assert read_for == ["came_online_home"]
    assert value(hass, "sensor.scout_charging") == "charging"
    assert asked(simulator, "vehicle_data", start) == 1


async def test_car_that_comes_online_all_day_is_read_ever_more_rarely(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Awake for a quarter of an hour each hour, for nothing, with entities that answer: a handful of reads a day."""
    hass.states.async_set("device_tracker.phone", "home")
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account, {"eyes": {VIN: {"home": ["device_tracker.phone"]}}})
    await passes(2 * HOUR, step=300)
    start = time.time()
    for hour in range(24):
        car.note_activity(start + hour * HOUR + 5)
    await passes(DAY, step=120)
    assert 2 <= asked(simulator, "vehicle_data", start) <= 8
    assert car.wakes == []
    agrees(simulator, entry)
    assert entry.runtime_data.budget.costs_by_purpose[Purpose.WORKER] <= 0.02
