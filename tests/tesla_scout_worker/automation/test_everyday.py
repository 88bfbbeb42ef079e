"""A day of a car with an automation that hears of everything: each event once, and nothing that was no event."""

import time
from typing import Any

from automation_bench import EVERYTHING, automate, automate_everything, whats
from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant
from lookout import agrees, asked, call, listen, park_at, value
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.trigger import TRIGGERS
from fleet_simulator import HOME, SUPERCHARGER, WALL_BOX, Account, Car, FleetSimulator, drive_home


@pytest.fixture
async def entry(account: Account, car: Car, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account whose car is at work."""
    return await set_up(account)


@pytest.fixture
async def did(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, account: Account) -> list[Event[Any]]:
    """Set up the automation."""
    return await automate_everything(hass, entry, account)


async def comes_home(car: Car, passes: Pass) -> float:
    """Let the car drive home in a minute; until two minutes after it is there. The time of its arrival comes back."""
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 120 - time.time(), step=10)
    return way.end


async def test_it_comes_home_is_plugged_in_charges_and_leaves(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, did: list[Event[Any]], passes: Pass
) -> None:  # fmt: skip
    """Each of it fires once, in order; none asks anything of Tesla; a reload in between repeats nothing."""
    arrived_at = await comes_home(car, passes)
    assert whats(did) == ["arrived_home"]
    assert abs(did[0].time_fired_timestamp - arrived_at) < 60
    before = len(simulator.requests)
    # The triggers are taken down and put up again, over entities that are there already.
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    await hass.services.async_call("automation", "turn_on", {"entity_id": "all"}, blocking=True)
    await settle(hass)
    assert len(simulator.requests) == before
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert whats(did) == ["arrived_home"]

    car.plug_in(time.time(), WALL_BOX)
    await passes(600, step=30)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert whats(did) == ["arrived_home", "plugged_in_at_home"]
    await passes(4 * 3_600, step=120)
    assert whats(did)[2:] == ["charge_finished"]

    car.unplug(time.time() + 10)
    there = drive_home().reversed().starting_at(time.time() + 60)
    car.drive(there)
    await passes(there.end - time.time() + 60, step=30)
    assert whats(did)[3:] == ["left_home"]
    agrees(simulator, entry)


async def test_charge_that_somebody_stops(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, account: Account, car: Car, did: list[Event[Any]], passes: Pass
) -> None:  # fmt: skip
    """It is told when the read shows it; that it goes on and is finished then is told too."""
    park_at(car, HOME)
    car.plug_in(time.time(), WALL_BOX)
    await call(hass, "run_worker")
    await passes(900, step=60)
    did.clear()
    car.want_charge(time.time(), wanted=False)
    await passes(60)
    await call(hass, "run_worker")
    assert whats(did) == ["charge_stopped_short"]
    car.want_charge(time.time(), wanted=True)
    await passes(60)
    await call(hass, "run_worker")
    await passes(3 * 3_600, step=120)
    assert whats(did) == ["charge_stopped_short", "charge_finished"]


async def test_pause_of_a_schedule_is_no_stop(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, did: list[Event[Any]], passes: Pass
) -> None:
    """The car's own schedule ends the charge until tomorrow: that is no news to anybody."""
    park_at(car, HOME)
    await passes(60)
    told = listen(hass, "event.scout_charging_events")
    # Berlin's clock is an hour ahead: from now, a quarter past five in the afternoon, for three quarters of an hour.
    car.charge_schedules.append({
        "id": 1, "days_of_week": 127, "enabled": True, "start_enabled": True, "start_time": 17 * 60,
        "end_enabled": True, "end_time": 17 * 60 + 45, "one_time": False, "latitude": HOME[0], "longitude": HOME[1],
    })  # fmt: skip
    car.plug_in(time.time(), WALL_BOX)
    await call(hass, "run_worker")
    await passes(3_600, step=60)
    await call(hass, "run_worker")
    assert "charging_paused" in [kind for kind, _ in told]
    assert "charge_stopped_short" not in whats(did)


async def test_charges_elsewhere_can_be_left_out(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """At a fast charger on the way: heard of by who wants to hear of every charge, and no plug at home."""
    anywhere, at_home = (
        f"""
- alias: {name}
  triggers:
    - trigger: tesla_scout_worker.charge_stopped_short
      target: {{entity_id: event.scout_charging_events}}
      options: {{only_at_home: {only}}}
    - trigger: tesla_scout_worker.plugged_in_at_home
      target: {{entity_id: event.scout_charging_events}}
  actions:
    - {{event: automation_did, event_data: {{what: {name}}}}}
"""
        for name, only in (("anywhere", "false"), ("at_home", "true"))
    )
    did = await automate(hass, anywhere + at_home)
    car.plug_in(time.time(), SUPERCHARGER)
    await passes(30)
    await call(hass, "run_worker")
    await passes(120)
    car.unplug(time.time())
    await passes(30)
    await call(hass, "run_worker")
    assert value(hass, "binary_sensor.scout_plugged_in") == "off"
    assert whats(did) == ["anywhere"]


async def test_arrival_while_home_assistant_starts_waits_until_automations_hear_it(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, did: list[Event[Any]], passes: Pass
) -> None:  # fmt: skip
    """It was off while the car came home: nobody looks before the start is over, and then the arrival opens the garage."""
    await passes(600, step=60)
    assert await hass.config_entries.async_unload(entry.entry_id)
    way = drive_home().starting_at(time.time())
    car.drive(way)
    await passes(way.end + 30 - time.time(), step=60)
    hass.set_state(CoreState.starting)
    asked_before = asked(simulator, "vehicle_data")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    assert (asked(simulator, "vehicle_data"), whats(did)) == (asked_before, [])
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    await passes(60)
    assert whats(did) == ["arrived_home"]


async def test_start_that_is_broken_off_leaves_nothing_behind(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, passes: Pass
) -> None:
    """Unloaded before the start is over: nobody begins to look then, or waits for it."""
    waiting = hass.bus.async_listeners().get(EVENT_HOMEASSISTANT_STARTED, 0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass.bus.async_listeners().get(EVENT_HOMEASSISTANT_STARTED, 0) == waiting
    before = len(simulator.requests)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    await passes(3_600, step=300)
    assert len(simulator.requests) == before


async def test_event_of_a_time_without_the_entity(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, did: list[Event[Any]], passes: Pass
) -> None:
    """What comes back with an entity is no event; one that happened while it was unavailable is."""
    entity_id = "event.scout_presence"
    arrived = {"event_type": "arrived"}
    hass.states.async_set(entity_id, "2026-11-24T15:59:00.000+00:00", arrived)
    await settle(hass)
    assert whats(did) == ["arrived_home"]
    hass.states.async_set(entity_id, "unavailable")
    hass.states.async_set(entity_id, "2026-11-24T15:59:00.000+00:00", arrived)
    await settle(hass)
    assert whats(did) == ["arrived_home"]
    hass.states.async_set(entity_id, "unavailable")
    hass.states.async_set(entity_id, "2026-11-24T16:30:00.000+00:00", arrived)
    await settle(hass)
    assert whats(did) == ["arrived_home"] * 2
    # The same event with another attribute, as when the entity is renamed.
    hass.states.async_set(entity_id, "2026-11-24T16:30:00.000+00:00", {**arrived, "friendly_name": "Other"})
    hass.states.async_set(entity_id, "unknown")
    hass.states.async_set(entity_id, "unavailable")
    hass.states.async_set(entity_id, "unknown")
    await settle(hass)
    assert whats(did) == ["arrived_home"] * 2


async def test_automation_that_is_there_before_the_car(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Automations are set up first at a start: entities that come later are heard too."""
    did = await automate(
        hass,
        """
- alias: Early
  triggers:
    - {trigger: tesla_scout_worker.arrived_home, target: {entity_id: event.scout_presence}}
  actions:
    - {event: automation_did, event_data: {what: arrived_home}}
""",
    )
    car = account.add_car(VIN, "Scout", WORK)
    await set_up(account)
    await comes_home(car, passes)
    assert whats(did) == ["arrived_home"]


def test_automation_of_these_tests_has_every_trigger() -> None:
    """None is left out."""
    assert all(f"trigger: tesla_scout_worker.{name}," in EVERYTHING for name in TRIGGERS)
    assert EVERYTHING.count("tesla_scout_worker.") == len(TRIGGERS)
