"""The main job, end to end: a car drives home, the scout notices, the worker reads."""

import time

from bench import Pass, SetUp, settle
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from lookout import causes
import pytest

from custom_components.tesla_scout_worker.fleet.metering import Category
from fleet_simulator import HOME, Account, Car, FleetSimulator, drive_home

PROMPT = 60.0


def listen(hass: HomeAssistant, entity_id: str) -> list[tuple[str, float]]:
    """Collect what an event entity fires, with the time; a state that comes back after a reload is no new event."""
    told: list[tuple[str, float]] = []
    seen: set[str] = set()

    @callback
    def _fired(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.state not in seen and (kind := state.attributes.get("event_type")):
            seen.add(state.state)
            told.append((kind, time.time()))

    async_track_state_change_event(hass, [entity_id], _fired)
    return told


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return an entity's state."""
    state = hass.states.get(entity_id)
    assert state
    return state.state


async def test_arrival_is_noticed_told_once_and_read(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A sleeping car wakes, drives home and parks: one event within a minute, one full read, and the bill agrees."""
    entry = await set_up(account)
    told = listen(hass, "event.scout_presence")
    await passes(1800, step=60)
    assert state_of(hass, "sensor.scout_cloud_state") == "asleep"
    way = drive_home().starting_at(time.time() + 90)
    car.drive(way)
    car.plug_in(way.end + 30)
    read_for = causes(hass)
    await passes(way.end + 600 - time.time())

    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert [kind for kind, _ in told] == ["arrived"]
    assert 0 <= told[0][1] - entered <= PROMPT
    assert state_of(hass, "device_tracker.scout_location") == "home"
    assert state_of(hass, "binary_sensor.scout_at_home") == "on"
    assert [cause for cause in read_for if cause != "in_passing"] == ["arrived_home", "after_arrival"]
    assert state_of(hass, "binary_sensor.scout_charging_now") == "on"

    assert entry.runtime_data.budget.billed_this_month == sum(simulator.bill.counts().values())
    assert entry.runtime_data.budget.cost_this_month == pytest.approx(simulator.bill.usd)
    assert entry.runtime_data.budget.requests_this_month[Category.STATE] == simulator.bill.state_calls


async def test_restart_in_mid_drive_loses_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The entry is reloaded while the car drives and again after the arrival: told once, no refresh, no sign-in."""
    entry = await set_up(account)
    told = listen(hass, "event.scout_presence")
    way = drive_home().starting_at(time.time() + 30)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.begin + 300 - time.time())
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(way.end + 1200 - time.time())
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert [kind for kind, _ in told] == ["arrived"]
    assert len(account.refreshes) == 1
    assert not hass.config_entries.flow.async_progress()
