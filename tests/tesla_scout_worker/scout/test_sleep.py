"""A car that sleeps: nothing is paid, nothing is lost, nothing is said."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from lookout import (
    SECOND_VIN,
    THIRD_VIN,
    agrees,
    asked,
    billed,
    errors,
    kinds,
    listen,
    park_at,
    state,
    value,
)
import pytest

from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator, drive_home

DAY = 86_400.0


@pytest.mark.parametrize("word", ["asleep", "offline"])
async def test_days_asleep_cost_nothing_and_keep_everything(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    word: Any,
) -> None:
    """Three days: at most 300 unbilled questions a day, no error, all values in place; offline is treated alike."""
    car.sleep_word = word
    await set_up(account)
    await passes(3600, step=60)
    assert value(hass, "sensor.scout_cloud_state") == word
    before = {
        entity_id: value(hass, entity_id)
        for entity_id in hass.states.async_entity_ids()
        if entity_id.rpartition("_")[2] not in {"look", "month", "expires", "today"}
    }
    start = time.time()
    caplog.clear()
    for day in range(1, 4):
        await passes(DAY, step=300)
        assert asked(simulator, "state", start) <= 300 * day
    assert billed(simulator, start) == 0
    assert car.wakes == []
    assert errors(caplog) == []
    assert {entity_id: value(hass, entity_id) for entity_id in before} == before


async def test_state_that_flips_between_asleep_and_offline_is_one_sleep(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """In a garage at home the cloud says now this, now that: no read, no wake."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    await passes(3600, step=60)
    start = time.time()
    for hour in range(12):
        car.offline(start + hour * 3600, start + hour * 3600 + 1700)
    await passes(12 * 3600, step=300)
    assert billed(simulator, start) == 0
    assert car.wakes == []


async def test_car_that_flickers_online_at_home_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A weak signal in the garage, five minutes on and five off all day, is not a read each time for ever."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    start = time.time()
    car.stay_awake(start, start + DAY)
    for minute in range(0, 1440, 10):
        car.offline(start + minute * 60, start + minute * 60 + 300)
    await passes(DAY, step=60)
    assert billed(simulator, start) <= 150


async def test_car_that_falls_asleep_between_the_questions_is_billed_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """State says online, the read says 408: no error, no second try at once, the values stay."""
    await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 3600)
    race = simulator.faults.add(
        Fault("vehicle_data", "json", status=408, body={"response": None, "error": "vehicle unavailable"})
    )
    start = time.time()
    while not race.fired:
        await passes(60, step=20)
    assert billed(simulator, start) == 1
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    assert errors(caplog) == []
    await passes(120, step=20)
    assert billed(simulator, start) == 1
    await passes(600, step=20)
    assert value(hass, "sensor.scout_cloud_state") == "online"


async def test_car_that_wakes_away_is_read_at_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Somebody is about to drive: the first look that sees it online reads it."""
    await set_up(account)
    await passes(5400, step=60)
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    start = time.time()
    car.note_activity(start)
    await passes(330, step=10)
    assert billed(simulator, start) >= 1


async def test_parked_car_is_left_alone_until_it_sleeps(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car that every read keeps awake for a quarter of an hour still falls asleep within 40 minutes."""
    await set_up(account)
    await passes(2400, step=30)
    assert car.state() == "asleep"
    gaps = [later - earlier for earlier, later in zip(car.reads, car.reads[1:], strict=False)]
    assert all(gap >= 900 for gap in gaps)


@pytest.mark.parametrize("number", [1, 3])
async def test_reload_while_asleep_asks_one_unbilled_question(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    number: int,
) -> None:
    """One list serves any number of cars; the values are back before it is answered, and no read is made."""
    for vin, name in ((SECOND_VIN, "Second"), (THIRD_VIN, "Third"))[: number - 1]:
        account.add_car(vin, name, HOME, 71.0)
    entry = await set_up(account)
    await passes(5400, step=60)
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    watched = (
        "sensor.scout_battery",
        "sensor.scout_range",
        "binary_sensor.scout_at_home",
        "device_tracker.scout_location",
        "sensor.scout_charging",
        "sensor.scout_last_full_read",
    )
    before = {entity_id: value(hass, entity_id) for entity_id in watched}
    start = time.time() + 1
    await passes(2)
    already = len(simulator.requests)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert {entity_id: value(hass, entity_id) for entity_id in watched} == before
    assert [record.kind for record in simulator.requests[already:]] == ["list"]
    assert billed(simulator, start) == 0
    assert len(entry.runtime_data.cars) == number
    agrees(simulator, entry)


async def test_first_look_waits_for_a_car_that_sleeps_for_days(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A car that was asleep when it was set up is read when it wakes, two days later."""
    car = account.add_car(VIN, "Scout", WORK, asleep=True)
    await set_up(account)
    await passes(2 * DAY, step=300)
    assert value(hass, "sensor.scout_battery") == "unavailable"
    assert billed(simulator) == 0
    assert asked(simulator, "state") <= 600
    car.note_activity(time.time())
    await passes(330, step=10)
    assert value(hass, "sensor.scout_battery") == "62"
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "first_look"


async def test_arrival_of_a_car_that_sleeps_at_once_is_worked_when_it_wakes(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """It vanishes into the garage in the moment of its arrival; two hours later it is online and is read at once."""
    await set_up(account)
    told = listen(hass)
    await passes(60)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    gone = simulator.faults.add(
        Fault(
            "vehicle_data",
            "json",
            times=None,
            asks="vehicle_config",
            status=408,
            body={"response": None, "error": "vehicle unavailable"},
        )
    )
    while not told:
        await passes(5, step=5)
    car.offline(time.time() + 1, time.time() + 7200)
    await passes(7200, step=60)
    simulator.faults.active.remove(gone)
    assert kinds(told) == ["arrived"]
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "first_look"
    car.note_activity(time.time() + 10)
    await passes(600, step=10)
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "arrived_home"


async def test_cloud_without_a_word_for_the_state_asks_nothing_more(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`state` null: unknown, so no read is paid for, and the next good answer heals it."""
    park_at(car, HOME)
    await set_up(account)
    start = time.time() + 1
    silent = simulator.faults.add(
        Fault("state", "json", times=None, body={"response": {"vin": VIN, "state": None}})
    )
    car.stay_awake(start, start + 20_000)
    await passes(7200, step=60)
    assert billed(simulator, start) == 0
    assert state(hass, "sensor.scout_cloud_state").state == "unknown"
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    simulator.faults.active.remove(silent)
    await passes(600, step=60)
    assert value(hass, "sensor.scout_cloud_state") == "online"
    assert errors(caplog) == []
