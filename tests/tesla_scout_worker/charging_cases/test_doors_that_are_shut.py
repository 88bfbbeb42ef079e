"""A plan while Tesla's cloud, the budget or a car that does not wake is in its way: few tries, one word, and it gets there."""

import asyncio
import time

from bench import VIN, Pass, SetUp, settle
from charge_bench import HOUR, PLAN, SIGNED, at, orders, pair, plan, planned
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, asked, billed, call, errors, value
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.const import CONF_COMMANDS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.command_errors import CommandRefusedError, NoCableError
from custom_components.tesla_scout_worker.fleet.commands import charge_start
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from fleet_simulator import HOME, WALL_BOX, Account, Car, Fault, FleetSimulator


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


async def test_month_that_is_used_up(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Eighteen hours of it cost a handful of tries, all in all. No sign-in is asked for, and then the plan gets there."""
    body = {"error": "account disabled: EXCEEDED_LIMIT"}
    shut = simulator.faults.add(Fault("api", "json", times=None, status=403, body=body))
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass, ready_by="2026-11-26T07:00:00+01:00")
    assert raised.value.translation_key == "account_disabled"
    await passes(18 * HOUR, step=300)
    assert shut.fired <= 20
    assert not hass.config_entries.flow.async_progress()
    assert (await planned(hass))["in_car"] is False
    assert len(errors(caplog)) <= 2
    simulator.faults.clear()
    await passes(5 * HOUR, step=60)
    car.note_activity(time.time())
    await passes(HOUR, step=30)
    assert (await planned(hass))["in_car"] is True
    agrees(simulator, entry)


@pytest.mark.parametrize(
    ("headers", "hours"), [({"retry-after": "37829"}, 10), ({"ratelimit-reset": "18000"}, 4.5), ({}, 0.2)]
)
async def test_too_many_requests(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    headers: dict[str, str],
    hours: float,
) -> None:
    """No command before Tesla wants one again, over a restart as well; afterwards the plan gets into the car by itself."""
    limited = simulator.faults.add(
        Fault("signed_command", "status", times=None, status=429, body="slow down", headers=headers)
    )
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass, ready_by="2026-11-25T18:00:00+01:00")
    assert raised.value.translation_key == "rate_limited"
    assert limited.fired == 1
    await passes(hours * HOUR / 2, step=120)
    await hass.config_entries.async_reload(entry.entry_id)
    await passes(hours * HOUR / 2, step=120)
    assert limited.fired == 1
    assert not hass.config_entries.flow.async_progress()
    simulator.faults.clear()
    await passes(3 * HOUR, step=60)
    car.note_activity(time.time())
    await passes(HOUR, step=30)
    assert (await planned(hass))["in_car"] is True


async def test_start_with_a_plan_for_a_car_that_does_not_wake(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The start waits for nothing and wakes nothing; it was woken once for this plan, in vain, and is not again."""
    car.want_charge(time.time(), wanted=False)
    await passes(3_600, step=60)
    assert car.state() == "asleep"
    car.wake_delay = 1e9
    waiting = asyncio.create_task(plan(hass, ready_by="2026-11-25T18:00:00+01:00"))
    for _ in range(120):
        if waiting.done():
            break
        await passes(10)
    with pytest.raises(HomeAssistantError):
        await waiting
    assert asked(simulator, "wake_up") == 1
    start = time.time()
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert (value(hass, PLAN), value(hass, "sensor.scout_battery")) == ("waiting", "62")
    assert asked(simulator, "wake_up", start) == 0
    for _ in range(84):
        freezer.tick(300)
        async_fire_time_changed(hass)
        # Real time for the real requests: who waits for all that was begun would wait for a car that never wakes.
        await asyncio.to_thread(time.sleep, 0.01)
    assert time.time() < at(2)
    assert asked(simulator, "wake_up") == 1
    assert (value(hass, PLAN), (await planned(hass))["problem"]) == ("waiting", "asleep")
    agrees(simulator, entry)


async def test_car_with_a_plan_sleeps_until_its_window(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Nothing reads it awake meanwhile."""
    await plan(hass)
    start = time.time()
    await passes(1_800, step=30)
    assert car.state() == "asleep"
    before = asked(simulator, "vehicle_data")
    await passes(at(1, 55) - time.time(), step=120)
    assert car.state() == "asleep"
    assert asked(simulator, "vehicle_data") == before
    assert asked(simulator, "wake_up", start) == 0


@pytest.mark.parametrize("transport", ["plain", "auto"])
async def test_car_that_wants_signatures(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    transport: str,
) -> None:
    """It says that a key or a proxy is needed: no missing permission, no sign-in. What the car has is read all the same."""
    await set_up(account, {CONF_COMMANDS: {"transport": transport}})
    await passes(120)
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass)
    assert raised.value.translation_key == {"plain": "signing_required", "auto": "no_virtual_key"}[transport]
    before = billed(simulator)
    await passes(HOUR, step=60)
    assert billed(simulator) - before <= 3
    (told,) = (await call(hass, "get_charge_schedules", read_first=True))["cars"]
    assert told["schedules"] == []
    assert not hass.config_entries.flow.async_progress()
    assert orders(car) == []


@pytest.mark.parametrize("reason", ["complete", "is_charging", "requested", "charging"])
async def test_word_for_what_is_so_already(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, reason: str
) -> None:
    """It is no refusal, in whichever case it is written; another word is, and is told as the car said it."""
    send = entry.runtime_data.account.commander.async_send
    for word in (reason, reason.upper(), f"car could not execute command: {reason}"):
        car.refusals.append(word)
        await send(VIN, charge_start(), Purpose.REQUESTED)
    car.refusals.append("car_wash")
    with pytest.raises(CommandRefusedError) as raised:
        await send(VIN, charge_start(), Purpose.REQUESTED)
    assert raised.value.reason == "car_wash"
    car.refusals.append("disconnected")
    with pytest.raises(NoCableError):
        await send(VIN, charge_start(), Purpose.REQUESTED)
