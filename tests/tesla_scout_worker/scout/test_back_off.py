"""What keeps the scout back: failures, a car that never answers, a weak signal, entities that flap."""

import time
from unittest.mock import patch

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from lookout import asked, billed, kinds, listen, park_at, value
import pytest

from custom_components.tesla_scout_worker import async_unload_entry
from custom_components.tesla_scout_worker.scout.back_off import BackOff
from custom_components.tesla_scout_worker.scout.view import Plan, Reason
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator, drive_home

DAY = 86_400.0
NOW = 1_800_000_000.0
DUE = Plan(NOW, NOW, Reason.PARKED_AWAY)
DOOR = "binary_sensor.door"


def test_failures_are_ever_farther_apart() -> None:
    """From a minute to a quarter of an hour, never earlier than the answer asked for; one that works ends it."""
    held = BackOff()
    assert [held.failed(NOW, 0.0) for _ in range(6)] == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
    assert held.failed(NOW, 3_600.0) == 3_600.0
    assert held.put_off(DUE, NOW + 10) == Plan(NOW + 3_600, NOW + 3_600, Reason.RETRY, is_held=True)
    assert held.put_off(DUE, NOW + 3_599) is DUE
    held.failed(NOW, 0.0)
    held.worked()
    assert held.put_off(DUE, NOW) is DUE
    assert held.failed(NOW, 0.0) == 60.0


def test_clock_that_is_set_back_puts_nothing_off() -> None:
    """What was to wait for minutes would wait for the years that the clock was ahead."""
    held = BackOff()
    held.failed(NOW, 0.0)
    held.unreached(NOW)
    held.unreached(NOW)
    assert held.put_off(DUE, NOW - 10_000) is DUE
    assert held.put_off(DUE, NOW + 5) != DUE


def test_mute_car_is_read_ever_more_rarely() -> None:
    """Only the read waits, not the question of its state; the first time is ordinary, and an answer ends it."""
    held = BackOff()
    held.unreached(NOW)
    assert held.put_off(DUE, NOW) is DUE
    pauses = []
    for _ in range(6):
        held.unreached(NOW)
        put_off = held.put_off(DUE, NOW)
        assert (put_off.look_at, put_off.reason) == (NOW, Reason.PARKED_AWAY)
        pauses.append(put_off.read_at - NOW)
    assert pauses == [600.0, 1_200.0, 2_400.0, 4_800.0, 7_200.0, 7_200.0]
    held.reached()
    assert held.put_off(DUE, NOW) is DUE


async def test_car_that_is_online_and_never_answers(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """408 to each read, for a day, each of them billed: at most 20. When it answers again its way home is seen in time."""
    car = account.add_car(VIN, "Scout", WORK)
    car.stay_awake(time.time(), time.time() + 2 * DAY)
    await set_up(account)
    told = listen(hass)
    await passes(1_800, step=60)
    mute = simulator.faults.add(
        Fault("vehicle_data", "status", times=None, status=408, body={"error": "vehicle unavailable"})
    )
    start = time.time()
    await passes(DAY, step=120)
    assert 5 <= billed(simulator, start) <= 20
    assert asked(simulator, "state", start) >= 200
    simulator.faults.active.remove(mute)
    await passes(7_200, step=60)
    back = drive_home().starting_at(time.time() + 600)
    car.drive(back)
    await passes(back.end + 1_200 - time.time(), step=10)
    assert kinds(told) == ["arrived"]


async def test_weak_signal_where_it_is_parked_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Away from home, offline and online in turn, all day: each time it seems to wake. At most 30 reads."""
    car = account.add_car(VIN, "Scout", WORK)
    await set_up(account)
    await passes(3_600, step=60)
    start = time.time()
    for minute in range(0, 1_440, 12):
        begin = start + minute * 60
        car.note_activity(begin)
        car.offline(begin + 240, begin + 500)
    await passes(DAY, step=60)
    assert billed(simulator, start) <= 30
    assert car.wakes == []


@pytest.mark.parametrize("role", ["home", "away"])
async def test_entity_that_flaps_is_not_believed_without_end(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    role: str,
) -> None:
    """Here and gone each minute for six hours: at most 16 arrivals, and 45 reads."""
    other = {"home": "away", "away": "home"}[role]
    hass.states.async_set(DOOR, "off")
    hass.states.async_set("switch.gate", "off")
    car = account.add_car(VIN, "Scout", HOME)
    car.stay_awake(time.time(), time.time() + DAY)
    await set_up(account, {"eyes": {VIN: {role: [DOOR], other: ["switch.gate"]}}})
    told = listen(hass)
    start = time.time()
    for minute in range(360):
        name = DOOR if minute % 2 else "switch.gate"
        hass.states.async_set(name, "on")
        await hass.async_block_till_done()
        await passes(60, step=30)
        hass.states.async_set(name, "off")
    arrivals = kinds(told).count("arrived")
    assert 1 <= arrivals <= 16
    assert billed(simulator, start) <= 45


async def test_entity_that_flaps_does_not_shorten_a_wait(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Tesla fails; the scout asks again at its own pace, however often an entity changes its mind."""
    hass.states.async_set(DOOR, "off")
    car = account.add_car(VIN, "Scout", WORK)
    await set_up(account, {"eyes": {VIN: {"home": [DOOR]}}})
    await passes(1_800, step=60)
    simulator.faults.add(Fault("api", "status", times=None, status=503))
    await passes(1_800, step=30)
    start = time.time()
    for minute in range(60):
        hass.states.async_set(DOOR, "on" if minute % 2 else "off")
        await hass.async_block_till_done()
        await passes(60, step=30)
    assert asked(simulator, "state", start) <= 12
    assert value(hass, "sensor.scout_reason_for_next_look") == "retry"
    assert car.wakes == []


async def test_unload_that_fails_leaves_a_scout_that_looks(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Home Assistant keeps an entry whose platforms it could not unload; the next arrival is told all the same."""
    park_at(car, WORK)
    entry = await set_up(account)
    told = listen(hass)
    await passes(120)
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await async_unload_entry(hass, entry)
    await settle(hass)
    back = drive_home().starting_at(time.time() + 60)
    car.drive(back)
    await passes(back.end + 600 - time.time(), step=10)
    assert kinds(told) == ["arrived"]


async def test_car_that_never_answered_is_read_as_rarely(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """408 from the first day on, and an entity that asks for a look each five minutes: few reads, scout and worker."""
    hass.states.async_set(DOOR, "off")
    simulator.faults.add(Fault("vehicle_data", "status", times=None, status=408, body={"error": "asleep"}))
    car = account.add_car(VIN, "Scout", WORK)
    car.stay_awake(time.time(), time.time() + 2 * DAY)
    start = time.time()
    await set_up(account, {"eyes": {VIN: {"look": [DOOR]}}})
    for minute in range(0, 1_440, 5):
        hass.states.async_set(DOOR, "on" if minute % 2 else "off")
        await hass.async_block_till_done()
        await passes(300, step=100)
    assert 2 <= billed(simulator, start) <= 45


async def test_entity_that_never_rests_costs_little_at_home(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """It changes each two minutes for twelve hours, while the car stands at home and is awake: at most 40 reads."""
    hass.states.async_set(DOOR, "off")
    car = account.add_car(VIN, "Scout", HOME)
    car.stay_awake(time.time(), time.time() + DAY)
    await set_up(account, {"eyes": {VIN: {"look": [DOOR]}}})
    start = time.time()
    for turn in range(360):
        hass.states.async_set(DOOR, "on" if turn % 2 else "off")
        await hass.async_block_till_done()
        await passes(120, step=60)
    assert billed(simulator, start) <= 40


async def test_without_a_home_zone_nothing_is_paid(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The zone is deleted: no position can tell anything, and that is the reason that is told."""
    car = account.add_car(VIN, "Scout", WORK)
    car.stay_awake(time.time(), time.time() + DAY)
    await set_up(account)
    await passes(120)
    hass.states.async_remove("zone.home")
    await hass.async_block_till_done()
    start = time.time()
    await passes(20_000, step=120)
    assert billed(simulator, start) == 0
    assert asked(simulator, "state", start) > 10
    assert value(hass, "sensor.scout_reason_for_next_look") == "home_zone_missing"


async def test_entity_with_an_odd_attribute_breaks_nothing(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """`source` need not be text: an integration may put anything there."""
    hass.states.async_set("device_tracker.odd", "home", {"source": ["a", {"b": 1}], "entity_id": [{}]})
    entry = await set_up(account, {"eyes": {VIN: {"home": ["device_tracker.odd"]}}})
    assert entry.state is ConfigEntryState.LOADED
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "eyes"})
    assert shown["type"] is FlowResultType.FORM
