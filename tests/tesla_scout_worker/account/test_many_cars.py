"""With many cars a request of one is not work for all, and the disk is not written for each look."""

from typing import Any

from bench import WORK, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.memory import Memory
from fleet_simulator import Account, FleetSimulator

_VINS = [f"5YJ3E1EA1KF00000{number}" for number in range(1, 4)]


def _written_at(hass: HomeAssistant, vin: str) -> dict[str, float]:
    """Return when the state of each entity of a car was set last, also to what it was."""
    return {
        entry.entity_id: state.last_reported.timestamp()
        for entry in er.async_get(hass).entities.values()
        if entry.unique_id.startswith(f"{vin}-") and (state := hass.states.get(entry.entity_id))
    }


def _value(hass: HomeAssistant, ending: str) -> float:
    """Return the state of the sensor whose unique id ends so."""
    (found,) = [one for one in er.async_get(hass).entities.values() if one.unique_id.endswith(ending)]
    state = hass.states.get(found.entity_id)
    assert state
    return float(state.state)


async def test_request_of_one_car_sets_no_state_of_another(
    hass: HomeAssistant,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The account's sensors count it, and the car that was asked tells what it cost."""
    # What each car cost is off by default.
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    for number, vin in enumerate(_VINS):
        account.add_car(vin, f"Car {number}", WORK, 62.0)
    await set_up(account)
    await passes(60)
    before = {vin: _written_at(hass, vin) for vin in _VINS}
    assert {len(written) for written in before.values()} == {len(before[_VINS[0]])}
    assert len(before[_VINS[0]]) > 50
    counted, paid = _value(hass, "-requests_this_month"), _value(hass, f"{_VINS[0]}-cost_this_month")
    freezer.tick(30)
    await hass.services.async_call("button", "press", {"entity_id": "button.car_0_look_now"}, blocking=True)
    await settle(hass)
    assert _written_at(hass, _VINS[0]) != before[_VINS[0]]
    for vin in _VINS[1:]:
        assert _written_at(hass, vin) == before[vin]
    assert _value(hass, "-requests_this_month") == counted + 1
    assert _value(hass, f"{_VINS[0]}-cost_this_month") > paid


async def test_what_a_request_tells_of_the_sign_in_is_told_to_all(
    simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """A request that tells nothing new calls nobody; one that does calls the entities of all cars."""
    for number, vin in enumerate(_VINS):
        account.add_car(vin, f"Car {number}", WORK, 62.0)
    ahead = 0.0
    clock = simulator.clock
    simulator.clock = simulator._front._clock = simulator.auth._clock = lambda: clock() - ahead
    runtime = (await set_up(account)).runtime_data
    told: list[int | None] = []
    runtime.account.async_add_listener(lambda: told.append(runtime.account.data.clock_error))
    await runtime.account.client.vehicle(_VINS[0], Purpose.REQUESTED)
    assert told == []
    ahead = 3600.0
    await runtime.account.client.vehicle(_VINS[0], Purpose.REQUESTED)
    assert told == [60]


@pytest.mark.parametrize(("cars", "within"), [(1, 5), (2, 6), (10, 30), (100, 300), (1_000, 300)])
async def test_looks_of_many_cars_are_written_less_often(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    cars: int,
    within: int,
) -> None:
    """Each write has all cars in it. What must be on the disk at once is, whatever their number."""
    memory, count = Memory(hass, "entry"), 0
    for number in range(cars):
        for room in ("scout", "worker"):
            memory.register(f"car {number}", room, lambda: {"count": count})

    def _stored() -> int:
        kept: dict[str, Any] = hass_storage.get(f"{DOMAIN}.entry.cars", {}).get("data", {})
        return int(kept["car 0"]["scout"]["count"]) if kept else 0

    async def _pass(seconds: float) -> None:
        freezer.tick(seconds)
        async_fire_time_changed(hass)
        await settle(hass)

    count = 1
    memory.save_soon()
    await _pass(within - 1)
    # More changes do not put it off.
    count = 2
    memory.save_soon()
    assert _stored() == 0
    await _pass(2)
    assert _stored() == 2
    count = 3
    await memory.async_save()
    assert _stored() == 3
