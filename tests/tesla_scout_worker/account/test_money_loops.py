"""Who asks in a loop spends little, and keeps nobody else from working: over real HTTP."""

import time

from account_bench import shown
from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import asked, billed, call, errors, listen
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Category, Errand, Purpose
from custom_components.tesla_scout_worker.scout.view import Reason
from custom_components.tesla_scout_worker.worker.triggers import Cause
from fleet_simulator import Account, Car, Fault, FleetSimulator, drive_home

FREE = Errand(Category.STATE, Purpose.REQUESTED, VIN)
BILLED = Errand(Category.DATA, Purpose.REQUESTED, VIN)


async def try_call(hass: HomeAssistant, service: str) -> bool:
    """Call an action as an automation does; whether it was let out."""
    try:
        await call(hass, service)
    except HomeAssistantError as err:
        assert err.translation_key == "asked_too_often"  # noqa: PT017 - any other error fails the test
        return False
    return True


def exhaust(entry: ScoutWorkerConfigEntry, errand: Errand, leave: int = 0) -> None:
    """Use up what may be asked for at once of a kind, but for so many."""
    budget = entry.runtime_data.budget
    try:
        while True:
            budget.admit(errand)
    except FleetError:
        bucket = budget._bounds[VIN].free if errand is FREE else budget._bounds[VIN].billed
        bucket._tokens += leave


@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
async def test_a_loop_does_not_blind_the_scout(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    service: str,
) -> None:
    """A refused call leaves the scout's plan, the entities and the log alone; when it ends all goes on as before."""
    car.stay_awake(time.time(), time.time() + 86_400)
    entry = await set_up(account)
    await passes(20)
    scout = entry.runtime_data.cars[VIN].scout
    start, refused = time.time(), 0
    for _ in range(120):
        plan, sent = (scout.data.next_look, scout.data.reason), len(simulator.requests)
        if not await try_call(hass, service):
            refused += 1
            assert (scout.data.next_look, scout.data.reason) == plan
            assert len(simulator.requests) == sent
        await passes(5)
    # Ten minutes: thirty at once, one each two minutes, and what the scout itself reads.
    assert refused > 10
    assert 30 <= billed(simulator, start) <= 37
    assert scout.data.reason is Reason.PARKED_AWAY
    assert scout.last_update_success
    assert scout.update_interval is not None
    assert scout.update_interval.total_seconds() <= 600
    assert errors(caplog) == []


async def test_an_arrival_is_noticed_and_worked_while_a_loop_asks(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """What an automation has used up is not missing to scout and worker."""
    entry = await set_up(account)
    await passes(20)
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 120)
    car.stay_awake(time.time(), way.end + 3_600)
    car.drive(way)
    exhaust(entry, BILLED)
    while time.time() < way.end + 60:
        await try_call(hass, "scout_now")
        await passes(10)
    assert [kind for kind, _ in told] == ["arrived"]
    assert shown(hass, "sensor.scout_cause_of_last_full_read") in {"arrived_home", "in_passing"}
    assert entry.runtime_data.cars[VIN].worker.data.pending == ()


@pytest.mark.parametrize("errand", [FREE, BILLED], ids=["free", "billed"])
@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
async def test_what_is_used_up_is_refused_before_anything_is_sent(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    service: str,
    errand: Errand,
) -> None:
    """Whichever of the two kinds it is; and what waits for the worker is not put off by it."""
    entry = await set_up(account)
    await passes(20)
    exhaust(entry, errand)
    car_data = entry.runtime_data.cars[VIN]
    scout, worker = car_data.scout, car_data.worker
    worker.async_raise(Cause.ARRIVED_HOME)
    before = (worker.data, scout.data, scout.update_interval, len(simulator.requests))
    assert not await try_call(hass, service)
    assert (worker.data, scout.data, scout.update_interval, len(simulator.requests)) == before


async def test_the_last_read_that_fails_in_part_puts_nothing_off(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The second try of a read may be one too many: who asked is told so, and the arrival waits for nothing."""
    entry = await set_up(account)
    await passes(20)
    exhaust(entry, BILLED, leave=1)
    worker = entry.runtime_data.cars[VIN].worker
    worker.async_raise(Cause.ARRIVED_HOME)
    pending = worker.data.pending
    simulator.faults.add(Fault("vehicle_data", "status", status=503))
    before = asked(simulator, "vehicle_data")
    assert not await try_call(hass, "run_worker")
    assert asked(simulator, "vehicle_data") == before + 1
    assert worker.data.pending == pending
    await passes(900, step=30)
    assert worker.data.pending == ()
