"""Waking: one wake serves everybody, waits on what is free, and a day has only so many."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from lookout import agrees, asked, billed, causes, value
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.errors import (
    FleetError,
    MissingScopeError,
    RateLimitedError,
    VehicleUnavailableError,
)
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.worker.coordinator import WorkerCoordinator
from custom_components.tesla_scout_worker.worker.wake import DidNotWakeError, WakesSpentError
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator

HOUR = 3_600.0
EVENING = 4.5 * HOUR  # from the start of a test to half past nine by the clock on the wall


@pytest.fixture
def sleeper(account: Account) -> Car:
    """Make a car that sleeps at home."""
    return account.add_car(VIN, "Scout", HOME, 55.0, asleep=True)


def worker_of(entry: ScoutWorkerConfigEntry) -> WorkerCoordinator:
    """Return the worker."""
    return entry.runtime_data.cars[VIN].worker


async def meanwhile[T](
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *waiting: Coroutine[Any, Any, T]
) -> list[T | BaseException]:
    """Let time pass until all that wait are done; their answers or errors come back."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    for _ in range(400):
        await settle(hass)
        if all(task.done() for task in tasks):
            break
        freezer.tick(1)
        async_fire_time_changed(hass)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_wake_then_only_what_is_free(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """45 seconds until it is online, 5 more until it answers: one wake, a few questions with growing pauses, no 408."""
    sleeper.wake_delay, sleeper.wake_settle = 45.0, 4.0
    entry = await set_up(account)
    start = time.time()
    assert await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED)) == [None]
    assert len(sleeper.wakes) == 1
    assert 45 <= time.time() - start <= 70
    asks = [r.time - start for r in simulator.requests if r.kind == "state" and r.time > start]
    assert len(asks) <= 8
    pauses = [later - sooner for sooner, later in pairwise(asks[1:])]
    assert pauses == sorted(pauses)
    assert sleeper.reachable()
    assert billed(simulator, start) == 1
    agrees(simulator, entry)
    assert await worker_of(entry).async_run()
    assert value(hass, "sensor.scout_battery") == "55"


async def test_whoever_needs_it_meanwhile_shares_the_wake(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Five at once, and one who comes in between; one who gives up ends it for nobody else."""
    entry = await set_up(account)
    worker = worker_of(entry)
    impatient = asyncio.ensure_future(worker.async_wake(Purpose.REQUESTED))
    await settle(hass)
    impatient.cancel()
    answers = await meanwhile(hass, freezer, *(worker.async_wake(Purpose.REQUESTED) for _ in range(5)))
    assert answers == [None] * 5
    assert len(sleeper.wakes) == asked(simulator, "wake_up") == 1
    assert worker.waker.wakes_today == 1
    before = len(simulator.requests)
    assert await meanwhile(hass, freezer, worker.async_wake(Purpose.REQUESTED)) == [None]
    assert [record.kind for record in simulator.requests[before:]] == ["state"], "it is awake"


@pytest.mark.parametrize("twice", [False, True])
async def test_car_that_does_not_wake(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    twice: bool,
) -> None:
    """After a minute and a half it is told so; a second wake is sent only where the owner wishes."""
    sleeper.wake_delay = float("inf")
    entry = await set_up(account, {"worker": {"second_wake": twice}})
    start = time.time()
    (told,) = await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED))
    assert isinstance(told, DidNotWakeError)
    assert len(sleeper.wakes) == 1 + twice
    assert time.time() - start <= 100 * (1 + twice)
    assert billed(simulator, start) == 1 + twice
    agrees(simulator, entry)


async def test_a_day_has_only_so_many_wakes(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Three by default, over a restart too; the next day has its own. What is refused is not sent."""
    sleeper.idle_seconds = 60.0
    entry = await set_up(account)
    for _ in range(3):
        assert await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED)) == [None]
        await passes(1_200, step=300)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert worker_of(entry).waker.wakes_today == 3
    before = asked(simulator, "wake_up")
    (told,) = await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED))
    assert isinstance(told, WakesSpentError)
    assert asked(simulator, "wake_up") == before == 3
    await passes(8 * HOUR, step=600)
    assert worker_of(entry).waker.wakes_today == 0
    assert await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED)) == [None]


@pytest.mark.parametrize(
    ("fault", "error", "counted"),
    [
        pytest.param(
            {"kind": "json", "status": 403, "body": {"error": "Unauthorized missing scopes"}}, MissingScopeError, 1,
            id="not granted",
        ),
        pytest.param({"kind": "status", "status": 429, "body": ""}, RateLimitedError, 1, id="too many"),
        pytest.param({"kind": "reset_after"}, None, 1, id="answer lost, but it wakes"),
        pytest.param({"kind": "status", "status": 503, "body": ""}, DidNotWakeError, 1, id="server error"),
    ],
)  # fmt: skip
async def test_wake_that_goes_wrong(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    fault: dict[str, Any],
    error: type[FleetError] | None,
    counted: int,
) -> None:
    """Told at once where it is sure; where it is not, the free state tells. It is never sent again by itself."""
    entry = await set_up(account)
    simulator.faults.add(Fault("wake_up", **fault))
    (told,) = await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED))
    assert told is None if error is None else isinstance(told, error)
    assert asked(simulator, "wake_up") == 1
    assert worker_of(entry).waker.wakes_today == counted
    agrees(simulator, entry)


async def test_wake_that_never_left_does_not_count(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Neither the owner's bound nor the bill knows it."""
    entry = await set_up(account, {"monthly_budget": 0.0})
    waking = worker_of(entry).waker.start(Purpose.WORKER)
    await settle(hass)
    assert waking.exception() is not None
    assert (worker_of(entry).waker.wakes_today, asked(simulator, "wake_up")) == (0, 0)


async def test_nothing_is_woken_where_it_may_only_be_asked(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """One unbilled question, and the answer that it sleeps."""
    entry = await set_up(account)
    start = time.time()
    (told,) = await meanwhile(hass, freezer, worker_of(entry).async_wake(Purpose.REQUESTED, may_wake=False))
    assert isinstance(told, VehicleUnavailableError)
    assert billed(simulator, start) == 0


async def test_no_wake_at_start_up(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, sleeper: Car, set_up: SetUp
) -> None:
    """While Home Assistant starts nothing wakes by itself, whatever the options say."""
    entry = await set_up(account, {"worker": {"nightly_wake": True}})
    hass.set_state(CoreState.starting)
    waking = worker_of(entry).waker.start(Purpose.WORKER)
    await settle(hass)
    assert isinstance(waking.exception(), VehicleUnavailableError)
    hass.set_state(CoreState.running)
    assert sleeper.wakes == []


@pytest.mark.parametrize("is_sent", [False, True])
async def test_unload_ends_a_wake_for_all_who_wait(
    hass: HomeAssistant, account: Account, sleeper: Car, set_up: SetUp, is_sent: bool
) -> None:
    """Nobody waits for ever, whether the wake was sent or its sender has only asked whether the car is online."""
    entry = await set_up(account)
    waiting = asyncio.ensure_future(worker_of(entry).async_wake(Purpose.REQUESTED))
    while is_sent and not sleeper.wakes:  # noqa: ASYNC110 - the simulator's car tells nobody
        await asyncio.sleep(0)
    await settle(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(VehicleUnavailableError):
        await waiting
    assert len(sleeper.wakes) == is_sent


# --- the nightly check --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wakes", "reads"),
    [
        pytest.param({}, 0, 0, id="as it is set up: nothing is woken"),
        pytest.param({"worker": {"nightly_wake": True}}, 2, 2, id="may wake"),
        pytest.param({"worker": {"nightly_wake": True, "nightly_check": False}}, 0, 0, id="off"),
        pytest.param({"worker": {"nightly_wake": True, "wakes_a_day": 0}}, 0, 0, id="no wakes a day"),
    ],
)
async def test_nightly_check_of_a_car_that_sleeps_all_day(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    passes: Pass,
    options: dict[str, Any],
    wakes: int,
    reads: int,
) -> None:
    """Two days on which nothing is seen: one wake and one read each at the owner's time, where that is wished."""
    # It was read once: the first look is another thing.
    sleeper.note_activity(time.time())
    entry = await set_up(account, options)
    start, read_for = time.time(), causes(hass)
    for day in (1, 2):
        await passes(start + day * 86_400 + EVENING - 60 - time.time(), step=1_800)
        before = asked(simulator, "vehicle_data")
        await passes(180, step=5)
        assert asked(simulator, "vehicle_data") - before == reads / 2
    assert len(sleeper.wakes) == asked(simulator, "wake_up") == wakes
    if reads:
        assert read_for[-1] == "nightly_check"
    assert all(0 <= (at - start - EVENING) % 86_400 <= 10 for at in sleeper.wakes)
    agrees(simulator, entry)


async def test_nightly_check_reads_an_online_car_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    sleeper: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """A car whose reads all failed that day, and that is awake at the time of the check, is read without a wake."""
    sleeper.note_activity(time.time())
    entry = await set_up(account)
    await passes(HOUR, step=300)
    worker = worker_of(entry)
    await passes(23 * HOUR, step=1_800)
    assert (worker.data.vehicle_data.read_at or 0) < time.time() - 20 * HOUR
    next_reading = worker.data.next_reading
    assert next_reading is not None
    assert next_reading.cause == "nightly_check"
    assert next_reading.at - time.time() == pytest.approx(EVENING, abs=60)
    await passes(next_reading.at - time.time() - 30, step=1_800)
    sleeper.note_activity(time.time())
    read_for = causes(hass)
    await passes(60, step=10)
    assert read_for == ["nightly_check"]
    assert sleeper.wakes == []
