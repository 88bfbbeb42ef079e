"""What happened is told when somebody can hear it, and not when it is over: starts, unloads, and what an earlier run left."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from lookout import asked, call, kinds, listen, park_at, value

from custom_components.tesla_scout_worker.memory import Memory
from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.worker.triggers import Cause
from fleet_simulator import HOME, WALL_BOX, Account, FleetSimulator

HAPPENED = "event.scout_charging_events"
PRESENCE = "event.scout_presence"


async def test_charge_that_ended_meanwhile_is_told_when_home_assistant_has_started(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Its end is overdue when the entities are there, and automations are not yet."""
    car = account.add_car(VIN, "Scout", HOME, 78.0)
    car.plug_in(time.time() + 1, WALL_BOX)
    entry = await set_up(account)
    await passes(60)
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_charging") == "charging"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await passes(3 * 3_600, step=600)
    car.note_activity(time.time())
    hass.set_state(CoreState.starting)
    start, told = time.time(), listen(hass, HAPPENED)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await passes(60, step=5)
    assert asked(simulator, "vehicle_data", start) == asked(simulator, "state", start) == 0
    # The entity comes back with the event of before.
    assert kinds(told) == ["charging_started"]
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    await passes(60, step=5)
    assert kinds(told) == ["charging_started", "charging_complete"]


async def test_arrival_that_was_not_told_is_told_only_while_it_is_true(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A kill came between, and Home Assistant was off for days: the car has left again, and no garage opens for it."""
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    await passes(300)
    scout, worker = entry.runtime_data.cars[VIN].scout, entry.runtime_data.cars[VIN].worker
    told = listen(hass, PRESENCE)
    worker.async_raise(Cause.ARRIVED_HOME, is_told=False)
    await scout.async_tell_pending()
    await settle(hass)
    assert kinds(told) == ["arrived"]
    park_at(car, WORK)
    car.note_activity(time.time())
    await passes(1_800, step=60)
    assert scout.data.presence is Presence.AWAY
    told.clear()
    worker.async_raise(Cause.ARRIVED_HOME, is_told=False)
    await scout.async_tell_pending()
    await settle(hass)
    assert (kinds(told), worker.untold) == ([], ())


async def test_what_a_read_shows_while_the_account_is_unloaded_is_told_afterwards(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, monkeypatch: Any
) -> None:
    """Its answer came when the entities were gone: the next set-up tells it."""
    car = account.add_car(VIN, "Scout", HOME, 50.0)
    entry = await set_up(account)
    await passes(300)
    worker, told = entry.runtime_data.cars[VIN].worker, listen(hass, HAPPENED)
    car.plug_in(time.time() + 1, WALL_BOX)
    await passes(5)
    real = Memory.async_close

    async def _read_and_close(memory: Memory) -> None:
        await worker.async_run()
        await real(memory)

    with monkeypatch.context() as patched:
        patched.setattr(Memory, "async_close", _read_and_close)
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert "plugged_in" not in kinds(told)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert kinds(told).count("plugged_in") == 1
