"""The conditions in automations: home, plugged in, money left; by what is known now, also where that is nothing."""

import time
from typing import Any

from automation_bench import automate, device, whats
from bench import WORK, Pass, SetUp, settle
from homeassistant.core import Event, HomeAssistant
from lookout import call, park_at, value
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator

#: For each condition an automation that runs when asked and says that it passes.
ASKED = """
- alias: {name}
  triggers:
    - {{trigger: event, event_type: asked}}
  conditions:
    - condition: tesla_scout_worker.{name}
      target: {{device_id: {target}}}
      options: {options}
  actions:
    - {{event: automation_did, event_data: {{what: "{name}"}}}}
"""


@pytest.fixture
async def entry(account: Account, car: Car, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account whose car is at work."""
    return await set_up(account)


async def ask_all(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, account: Account, options: str = "{}"
) -> list[Event[Any]]:
    """Make an automation of each condition."""
    car, of_account = device(hass, entry), device(hass, entry, account.sub)
    targets = {"is_home": car, "is_plugged_in": car, "may_spend": of_account}
    return await automate(
        hass, "".join(ASKED.format(name=name, target=target, options=options) for name, target in targets.items())
    )  # fmt: skip


async def passing(hass: HomeAssistant, did: list[Event[Any]]) -> set[str]:
    """Return which conditions pass now."""
    did.clear()
    hass.bus.async_fire("asked")
    await settle(hass)
    return set(whats(did))


async def test_by_what_the_car_does(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:  # fmt: skip
    """At work, at home, with its cable in, and asleep with it; none of it is asked for."""
    did = await ask_all(hass, entry, account)
    await passes(10)
    assert await passing(hass, did) == {"may_spend"}
    park_at(car, HOME)
    await call(hass, "run_worker")
    # So far in so short a time is believed when it is seen twice.
    await passes(20)
    await call(hass, "run_worker")
    assert await passing(hass, did) == {"is_home", "may_spend"}
    car.plug_in(time.time(), WALL_BOX)
    await passes(5)
    await call(hass, "run_worker")
    before = len(simulator.requests)
    assert await passing(hass, did) == {"is_home", "is_plugged_in", "may_spend"}
    assert len(simulator.requests) == before
    await passes(8 * 3_600, step=600)
    assert car.state() == "asleep"
    assert await passing(hass, did) == {"is_home", "is_plugged_in", "may_spend"}


async def test_for_some_time(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """At home for ten minutes is not at home for one."""
    did = await ask_all(hass, entry, account, "{for: {minutes: 10}}")
    park_at(car, HOME)
    await call(hass, "run_worker")
    await passes(20)
    await call(hass, "run_worker")
    await passes(60)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    assert "is_home" not in await passing(hass, did)
    await passes(600, step=30)
    assert "is_home" in await passing(hass, did)


async def test_budget_that_is_used_up(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """As long as the scout may look there is something left, also where it looks less often."""
    did = await ask_all(hass, entry, account)
    for spending, passes_then in {
        "normal": True,
        "thinned": True,
        "reserve": False,
        "on_request": False,
        "disabled": False,
    }.items():
        hass.states.async_set("sensor.tesla_scout_spending", spending)
        assert ("may_spend" in await passing(hass, did)) is passes_then
    hass.config_entries.async_update_entry(entry, options={"monthly_budget": 0.001})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert value(hass, "sensor.tesla_scout_spending") == "on_request"
    assert "may_spend" not in await passing(hass, did)


async def test_nothing_is_known(hass: HomeAssistant, account: Account, set_up: SetUp) -> None:
    """A car that was never read is not said to be anywhere; nor is an account that is not loaded said to have money."""
    account.add_car("5YJ3E1EA1KF000001", "Scout", WORK, asleep=True)
    entry = await set_up(account)
    did = await ask_all(hass, entry, account)
    assert await passing(hass, did) == {"may_spend"}
    await hass.config_entries.async_unload(entry.entry_id)
    assert await passing(hass, did) == set()


async def test_each_kind_looks_at_its_own_entity(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry
) -> None:
    """All binary sensors of the car are on; only where it is says whether it is home."""
    did = await ask_all(hass, entry, account)
    for state in hass.states.async_all("binary_sensor"):
        is_home = state.entity_id == "binary_sensor.scout_at_home"
        hass.states.async_set(state.entity_id, "off" if is_home else "on", state.attributes)
    assert await passing(hass, did) == {"is_plugged_in", "may_spend"}
