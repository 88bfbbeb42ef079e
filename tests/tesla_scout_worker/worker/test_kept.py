"""An arrival survives whatever happens to Home Assistant: a kill, a restart, a start without Tesla."""

import logging
import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from lookout import agrees, billed, causes, errors, kill, kinds, listen, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.scout.arrival import Change
from fleet_simulator import Account, Car, Fault, FleetSimulator, drive_home


async def start_afresh(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, restore: Any) -> None:
    """Start again with what was on the disk when the power went."""
    await hass.config_entries.async_unload(entry.entry_id)
    restore()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


async def test_arrival_noticed_but_not_told_before_a_kill_is_told_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
) -> None:
    """Killed between the disk and the event: the next start tells it, works it, and does neither again."""
    entry = await set_up(account)
    told = listen(hass)
    scout = entry.runtime_data.cars[VIN].scout
    disks = []

    def _power_goes(_: Change, __: float) -> None:
        disks.append(kill(entry, hass_storage))

    scout._change_listeners.insert(0, _power_goes)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    simulator.faults.add(
        Fault("vehicle_data", "status", times=None, asks="vehicle_config", status=503, body="")
    )
    while not disks:
        await passes(5)
    # What follows the disk in the first life did not happen: the power went.
    told.clear()
    await passes(5)
    simulator.faults.clear()
    await start_afresh(hass, entry, disks[0])
    assert kinds(told) == ["arrived"]
    await passes(60)
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "arrived_home"
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.cars"]["data"][VIN]["worker"]
    assert all(item["is_told"] for item in stored["pending"])

    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(900, step=30)
    assert kinds(told) == ["arrived"]
    # What is read from now on is the cable.
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "after_arrival"
    agrees(simulator, entry)


async def test_arrival_that_was_told_is_on_the_disk_as_told(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
) -> None:
    """Killed in the second after the event: the next start does not tell it again, but still works it."""
    entry = await set_up(account)
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    simulator.faults.add(
        Fault("vehicle_data", "status", times=None, asks="vehicle_config", status=503, body="")
    )
    while not told:
        await passes(1, step=1)
    restore = kill(entry, hass_storage)
    simulator.faults.clear()
    read_for = causes(hass)
    await start_afresh(hass, entry, restore)
    await passes(600, step=10)
    assert kinds(told) == ["arrived"]
    assert "arrived_home" in read_for


async def test_arrival_while_home_assistant_was_down_is_told_at_the_next_look(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Stopped before the drive, started after it: late, but told once and worked."""
    entry = await set_up(account)
    told = listen(hass)
    await passes(60)
    await hass.config_entries.async_unload(entry.entry_id)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    await passes(way.duration + 600, step=60)
    read_for = causes(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await passes(120, step=10)
    assert kinds(told) == ["arrived"]
    assert "arrived_home" in read_for
    agrees(simulator, entry)


async def test_server_down_at_the_first_start_is_tried_again_quietly(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    """Nothing is known yet: Home Assistant retries the set-up by itself, says why on the page and no word in the log, and then it works."""
    entry = await set_up(account)
    await hass.config_entries.async_unload(entry.entry_id)
    hass_storage.pop(f"{DOMAIN}.{entry.entry_id}.cars")
    down = simulator.faults.add(Fault("api", "status", times=None, status=503, body="down"))
    caplog.clear()
    await hass.config_entries.async_setup(entry.entry_id)
    await passes(600, step=5)
    assert str(entry.state) == "ConfigEntryState.SETUP_RETRY"
    assert entry.error_reason_translation_key == "server_error"
    # Home Assistant itself tells of the retries; nothing is to be added to that.
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING] == []
    assert down.fired <= 10
    simulator.faults.active.remove(down)
    await passes(700, step=5)
    assert entry.state is ConfigEntryState.LOADED
    assert value(hass, "sensor.scout_battery") == "62"


async def test_server_down_at_a_later_start_leaves_the_values_in_place(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a good run the start does not need Tesla: loaded, values there, one error line, and it heals by itself."""
    entry = await set_up(account)
    await passes(120, step=10)
    await hass.config_entries.async_unload(entry.entry_id)
    simulator.faults.add(Fault("any", "reset_before", times=None))
    start = time.time()
    caplog.clear()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert value(hass, "sensor.scout_battery") == "62"
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    await passes(1800, step=30)
    assert value(hass, "sensor.scout_reason_for_next_look") == "retry"
    assert len(errors(caplog)) == 1
    assert billed(simulator, start) == 0
    simulator.faults.clear()
    await passes(1000, step=30)
    assert value(hass, "sensor.scout_reason_for_next_look") != "retry"
    assert len(errors(caplog)) == 1


async def test_car_that_is_not_watched_need_not_be_known_for_a_start_without_tesla(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car that was bought later and never looked at does not keep the others from starting."""
    entry = await set_up(account, {"watched_vehicles": [VIN]})
    account.add_car("5YJ3E1EA1KF000002", "Second")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert len(entry.data["vehicles"]) == 2
    simulator.faults.add(Fault("api", "status", times=None, status=503, body="down"))
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert value(hass, "sensor.scout_battery") == "62"


async def test_token_that_is_dead_at_start_asks_for_a_sign_in_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Revoked while Home Assistant was down: one reauth flow, no storm, and Home Assistant is up."""
    entry = await set_up(account)
    await hass.config_entries.async_unload(entry.entry_id)
    account.revoke()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    before = len(simulator.requests)
    await passes(7200, step=60)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert len(simulator.requests) == before
    assert hass.is_running


async def test_sign_in_lost_at_run_time_is_shown_on_every_entity_of_the_car(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The worker's values too are unavailable then, not as if they were alive; the account says what to do."""
    await set_up(account)
    await passes(60)
    account.revoke()
    await passes(3600, step=60)
    of_the_car = [entity_id for entity_id in hass.states.async_entity_ids() if ".scout_" in entity_id]
    assert len(of_the_car) > 50
    assert {value(hass, entity_id) for entity_id in of_the_car} == {"unavailable"}
    assert value(hass, "sensor.tesla_scout_sign_in") == "sign_in_needed"
    assert float(value(hass, "sensor.tesla_scout_billed_requests_this_month")) >= 1
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_damaged_store_is_no_reason_not_to_start(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    """Whatever stands in the file, the car is read anew."""
    entry = await set_up(account)
    name = f"{DOMAIN}.{entry.entry_id}.cars"
    damages: list[Any] = [
        [], {VIN: []}, {VIN: {"scout": 5, "worker": "x"}},
        {VIN: {"worker": {"blocks": [], "read_at": "x", "last_cause": ["x"], "pending": {"a": 1}}}},
        {VIN: {"worker": {"blocks": {"charge_state": 3}, "pending": [None, 5]}}, 7: None},
    ]  # fmt: skip
    for damage in damages:
        await hass.config_entries.async_unload(entry.entry_id)
        hass_storage[name] = {"version": 1, "minor_version": 1, "key": name, "data": damage}
        await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
        assert entry.state is ConfigEntryState.LOADED, damage
        assert value(hass, "sensor.scout_battery") == "62", damage
