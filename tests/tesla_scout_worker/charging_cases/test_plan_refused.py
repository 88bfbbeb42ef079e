"""A plan that a car cannot or may not be given: asleep, unsigned, refused, too old, elsewhere. It is told, and costs little."""

import asyncio
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from charge_bench import HOUR, PLAN, SIGNED, at, day_prices, orders, pair, plan, planned
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import SECOND_VIN, agrees, asked, billed, call, fields, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.virtual_key import _CABINET, async_key_cabinet
from fleet_simulator import HOME, SUPERCHARGER, WALL_BOX, Account, Car, Fault, FleetSimulator


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


async def asleep(car: Car, passes: Pass) -> None:
    """Let the car stop to charge, and fall asleep with its cable in."""
    car.want_charge(time.time(), wanted=False)
    await passes(3_600, step=60)
    assert car.state() != "online"


async def in_time(passes: Pass, waiting: Any) -> Any:
    """Let time pass until an action has its answer."""
    task = asyncio.create_task(waiting)
    for _ in range(60):
        if task.done():
            break
        await passes(5)
    return await task


async def key_of(waiting: Any) -> str:
    """Return the key of the sentence with which an action fails."""
    with pytest.raises(HomeAssistantError) as raised:
        await waiting
    return raised.value.translation_key or ""


# --- asleep ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["asleep", "offline"])
async def test_sleeping_car_is_woken_once_for_its_plan(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    word: Any,
) -> None:
    """Online after 45 seconds, able to answer five later; some software calls sleep offline. One wake, no 408."""
    car.sleep_word, car.wake_delay, car.wake_settle = word, 45.0, 5.0
    await asleep(car, passes)
    start = time.time()
    answer = await in_time(passes, plan(hass))
    assert answer["in_car"]
    assert len(car.charge_schedules) == len(answer["windows"])
    assert asked(simulator, "wake_up", start) == len(car.wakes) == 1
    assert simulator.bill.counts()["wakes"] == 1
    agrees(simulator, entry)


async def test_sleeping_car_that_may_not_be_woken(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It is told so and costs nothing; when the car wakes by itself it gets the plan."""
    await asleep(car, passes)
    before = billed(simulator)
    assert await key_of(plan(hass, wake=False)) == "vehicle_unavailable"
    told = await planned(hass)
    assert (told["in_car"], told["problem"]) == (False, "asleep")
    await passes(1_800, step=60)
    assert (billed(simulator), car.wakes) == (before, [])
    car.note_activity(time.time())
    await passes(900, step=30)
    assert (await planned(hass))["in_car"]
    assert car.charge_schedules != []
    assert car.wakes == []


async def test_plan_of_a_sleeping_car_is_cancelled(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Also in the middle of a need: the schedules go, the limit is put back, one wake, nothing is wished any more."""
    limit = car.battery(time.time()).limit
    await plan(hass, target=95, once=True)
    assert car.battery(time.time()).limit == 95
    await passes(2_400, step=60)
    assert car.state() == "asleep"
    cancelled = hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True)
    await in_time(passes, cancelled)
    await passes(120)
    assert list(car.charge_schedules) == []
    assert car.battery(time.time()).limit == limit
    assert len(car.wakes) == 1
    told = await planned(hass)
    assert (told["plan"], told["ready_by"], told["once"]) == (None, None, False)
    agrees(simulator, entry)


# --- not signed -----------------------------------------------------------------------------------


async def test_one_car_of_two_does_not_know_the_key(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Two cars on one tariff: the one is planned by its own level, the other is named with what is wrong."""
    other = account.add_car(SECOND_VIN, "Second", HOME, 40.0)
    other.plug_in(time.time() + 1, WALL_BOX)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    wish = {"ready_by": "07:00", "price_source": day_prices(), "target": 80}
    answers = {one["name"]: one for one in (await call(hass, "plan_charge", **wish))["cars"]}
    assert answers["Scout"]["in_car"]
    assert answers["Second"]["error"] == "key_not_paired"
    assert other.charge_schedules == []
    before = billed(simulator)
    await passes(HOUR, step=60)
    assert billed(simulator) - before < 8
    await pair(hass, other)
    answers = {one["name"]: one for one in (await call(hass, "plan_charge", **wish))["cars"]}
    assert answers["Second"]["energy_kwh"] > answers["Scout"]["energy_kwh"]
    assert all(answer["in_car"] for answer in answers.values())
    agrees(simulator, entry)
    ready = at(7)
    await passes(ready - time.time(), step=600)
    assert [one.battery(ready).level for one in (car, other)] == pytest.approx([80, 80], abs=1)


@pytest.mark.parametrize("kind", ["damaged", "none"])
async def test_key_file_that_is_of_no_use(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, kind: str
) -> None:
    """Nothing is sent; the plan is told as not in the car, and goes there when the file is back."""
    store = (await async_key_cabinet(hass))._store()
    kept = await store.async_load()
    assert kept is not None
    if kind == "none":
        await store.async_remove()
    else:
        await store.async_save({**kept, "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n"})
    hass.data.pop(_CABINET)
    expected = "no_virtual_key" if kind == "none" else "virtual_key_unusable"
    assert await key_of(plan(hass)) == expected
    assert (await planned(hass))["in_car"] is False
    assert value(hass, PLAN) == "waiting"
    assert orders(car) == []
    await store.async_save(kept)
    hass.data.pop(_CABINET, None)
    await plan(hass)
    assert (await planned(hass))["in_car"] is True


async def test_commands_that_were_not_granted(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It is said what is missing; reads go on, nobody is asked to sign in, and a night of it costs cents."""
    simulator.faults.add(
        Fault("signed_command", "json", times=None, status=403, body={"error": "Unauthorized missing scopes"})
    )
    assert await key_of(plan(hass)) == "missing_scope"
    told = await planned(hass)
    assert (told["in_car"], told["problem"]) == (False, "missing_scope")
    before = simulator.bill.counts().get("commands", 0)
    await passes(at(6) - time.time(), step=120)
    assert simulator.bill.counts().get("commands", 0) - before <= 15
    assert not hass.config_entries.flow.async_progress()
    # It charges as it would without a plan.
    assert car.battery(time.time()).level == pytest.approx(80, abs=1)
    agrees(simulator, entry)


# --- refused --------------------------------------------------------------------------------------


async def test_old_software_has_no_room_for_windows(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """It says so, and nothing is sent: a start without an end is no plan."""
    car.firmware = "2024.20.9"
    await pair(hass, car)
    await set_up(account, SIGNED)
    await passes(120)
    assert await key_of(plan(hass)) == "newer_software_needed"
    assert orders(car) == []
    told = await planned(hass)
    assert (told["in_car"], told["problem"]) == (False, "newer_software_needed")
    before = billed(simulator)
    await passes(2 * HOUR, step=60)
    assert billed(simulator) - before <= 4


async def test_sixty_schedules_by_hand_leave_no_room(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """None of them is touched, and no command is paid for."""
    by_hand = [
        {
            "id": 1_700_000_000 + number, "name": "", "days_of_week": 1, "start_enabled": True,
            "start_time": 600 + number, "end_enabled": False, "end_time": 0, "one_time": False, "enabled": False,
            "latitude": HOME[0], "longitude": HOME[1],
        }
        for number in range(60)
    ]  # fmt: skip
    car.charge_schedules.extend(by_hand)
    car.transform = fields("charge_schedule_data", max_num_charge_schedules=60, charge_schedules=by_hand)
    await call(hass, "run_worker")
    assert await key_of(plan(hass)) == "too_many_schedules"
    assert orders(car) == []
    assert len(car.charge_schedules) == 60


async def test_schedule_by_hand_at_the_same_hours(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Every night from two to five, as the owner made it: it stays, whatever the plan does, and the car is ready."""
    by_hand = {
        "id": 1_700_000_000, "name": "mine", "days_of_week": 127, "start_enabled": True, "start_time": 120,
        "end_enabled": True, "end_time": 300, "one_time": False, "enabled": True, "latitude": HOME[0],
        "longitude": HOME[1],
    }  # fmt: skip
    car.charge_schedules.append(by_hand)
    await call(hass, "run_worker")
    assert (await plan(hass))["in_car"]
    ready = at(7)
    await passes(ready + HOUR - time.time(), step=300)
    assert car.battery(ready).level == pytest.approx(80, abs=1)
    await hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True)
    assert [one["id"] for one in car.charge_schedules] == [by_hand["id"]]


async def test_supercharger_is_left_alone(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A plan that is made meanwhile waits: no stop, no schedule, no limit, no money for tries."""
    car = account.add_car(VIN, "Scout", WORK, 30.0)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    car.plug_in(time.time() + 1, SUPERCHARGER)
    await passes(60)
    await call(hass, "run_worker")
    answer = await plan(hass, target=90, once=True)
    assert (answer["in_car"], answer["problem"]) == (False, "car_away")
    await passes(1_200, step=60)
    assert orders(car) == []
    assert car.battery(time.time()).level > 60
    agrees(simulator, entry)


@pytest.mark.parametrize("reason", ["disconnected", "not_charging", "vehicle_in_motion"])
async def test_stop_that_the_car_refuses_spoils_no_plan(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, reason: str
) -> None:
    """The windows are in the car; what it did not do at once is told."""
    windows = len((await plan(hass, dry_run=True))["windows"])
    # The command after the last window is the one that stops.
    entry.runtime_data.account.commander.async_on_sent(
        lambda *_: car.refusals.append(reason) if len(car.charge_schedules) == windows else None
    )
    answer = await plan(hass)
    assert answer["in_car"]
    assert len(car.charge_schedules) == windows


@pytest.mark.parametrize("word", ["Starting", "Charging", "Calibrating", None, ""])
async def test_words_for_charging(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, word: str | None
) -> None:
    """What has just begun is stopped as what runs; a word that nobody knows is no reason to send anything but the plan."""
    car.transform = fields("charge_state", charging_state=word)
    await call(hass, "run_worker")
    answer = await plan(hass)
    assert answer["in_car"]
    assert orders(car).count("charge_stop") == (1 if word in {"Starting", "Charging"} else 0)


@pytest.mark.parametrize("block", [None, {}, {"battery_level": None, "charging_state": None}])
async def test_car_that_never_told_its_level(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    block: dict[str, Any] | None,
) -> None:
    """No level is made up: it is asked to be read, and nothing is sent."""
    car.transform = lambda read: {**read, "charge_state": block}
    await pair(hass, car)
    await set_up(account, SIGNED)
    await settle(hass)
    assert await key_of(plan(hass)) == "battery_unknown"
    assert orders(car) == []
    assert value(hass, PLAN) in {"none", "waiting"}
