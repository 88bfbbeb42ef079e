"""How often a charge is read: when something can be expected, and at most four times a session, whoever reads."""

import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from lookout import agrees, asked, causes, listen, park_at, value
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.worker.coordinator import WorkerCoordinator
from custom_components.tesla_scout_worker.worker.triggers import Cause
from fleet_simulator import HOME, SUPERCHARGER, Account, Car, FleetSimulator, drive_home

HOUR = 3_600.0
MOST_READS = 4
HAPPENED = "event.scout_charging_events"


def worker_of(entry: ScoutWorkerConfigEntry) -> WorkerCoordinator:
    """Return the worker."""
    return entry.runtime_data.cars[VIN].worker


async def comes_home(car: Car, passes: Pass) -> float:
    """Let the car drive home from work; the time at which it stands comes back."""
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end - 30 - time.time(), step=10)
    return way.end


def at_home(account: Account, level: float) -> Car:
    """Return a car that was at home for an hour, and sleeps."""
    return account.add_car(VIN, "Scout", HOME, level, asleep=True)


def schedule(start: int, end: int) -> dict[str, Any]:
    """Return a schedule at home, every day, as the car tells it. start, end: minutes after midnight."""
    return {
        "id": 5, "name": "", "days_of_week": 127, "start_enabled": True, "start_time": start, "end_enabled": True,
        "end_time": end, "one_time": False, "enabled": True, "latitude": HOME[0], "longitude": HOME[1],
    }  # fmt: skip


async def test_session_that_begins_on_arrival(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Plugged in a minute after it stands: seen five minutes after it came, left alone until it should be full, seen full."""
    entry = await set_up(account)
    told, read_for = listen(hass, HAPPENED), causes(hass)
    stands = await comes_home(car, passes)
    plugged = stands + 60
    car.plug_in(plugged)
    await passes(stands + 420 - time.time(), step=20)
    assert value(hass, "sensor.scout_charging") == "charging"
    assert [kind for kind, _ in told] == ["plugged_in", "charging_started"]
    assert read_for[-1] == "after_arrival"
    full_at = car.battery().time + car.battery().hours_to_limit * HOUR
    before = asked(simulator, "vehicle_data", plugged)
    await passes(full_at - 30 - time.time(), step=60)
    assert asked(simulator, "vehicle_data", plugged) == before, "nothing was to be expected meanwhile"
    await passes(3 * HOUR, step=60)
    assert [kind for kind, _ in told][2:] == ["charging_complete"]
    assert 0 < told[-1][1] - full_at < 300
    assert read_for[-1] == "charge_end"
    assert value(hass, "sensor.scout_charging") == "complete"
    assert asked(simulator, "vehicle_data", plugged) <= MOST_READS
    assert car.wakes == []
    agrees(simulator, entry)
    (session,) = worker_of(entry).data.log.past
    battery = car.battery()
    assert session.energy_added == pytest.approx(battery.added_kwh, abs=0.02)
    assert session.wall_energy == pytest.approx(battery.wall_kwh, rel=0.05)
    assert session.started_at == pytest.approx(plugged, abs=90)
    assert session.ended_at == pytest.approx(full_at, abs=90)
    assert (session.level_after, session.is_home, session.is_complete) == (80, True, True)
    assert session.level_before == pytest.approx(60, abs=2)


async def test_car_that_is_not_plugged_in_is_looked_at_while_it_is_awake_and_then_sleeps(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """One look and no second, since it has fallen asleep: that is asked for free."""
    entry = await set_up(account)
    stands = await comes_home(car, passes)
    await passes(stands + HOUR - time.time(), step=10)
    looks = [r.time - stands for r in simulator.requests if r.kind == "vehicle_data" and r.time > stands]
    assert looks[-1] == pytest.approx(300, abs=60)
    assert len(looks) <= 3, "the others are those of the arrival"
    assert car.state() == "asleep"
    assert worker_of(entry).data.course.looks == 2
    assert value(hass, HAPPENED) == "unknown"
    assert car.wakes == []


async def test_after_days_without_a_cable_nobody_looks_for_it(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Four arrivals without a cable, and it is looked for only when the car should sleep, which is seen for nothing."""
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    worker = worker_of(entry)
    looks = []
    for _ in range(10):
        car.note_activity(time.time())
        await worker.async_run()
        worker.async_raise(Cause.ARRIVED_HOME)
        worker.async_work_off()
        await settle(hass)
        start = time.time()
        await passes(900, step=60)
        looks.append(asked(simulator, "vehicle_data", start + 60))
        await passes(HOUR, step=600)
    assert looks == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]


async def test_session_that_a_schedule_begins_at_night(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The car sleeps, wakes by itself at its time and charges: one look that it began, one that it is done, no wake."""
    car = at_home(account, 50.0)
    # 22:00 by the clock on the wall; it is 17:00.
    car.charge_schedules = [schedule(22 * 60, 4 * 60)]
    car.plug_in(time.time() + 1)
    entry = await set_up(account)
    await passes(600, step=60)
    assert value(hass, "binary_sensor.scout_plugged_in") == "on"
    assert value(hass, "sensor.scout_charging") != "charging"
    told, read_for, start = listen(hass, HAPPENED), causes(hass), time.time()
    await passes(4 * HOUR, step=240)
    assert car.state() == "asleep"
    night = time.time()
    assert asked(simulator, "vehicle_data", start) <= 1
    await passes(10 * HOUR, step=120)
    assert [kind for kind, _ in told] == ["charging_started", "charging_complete"]
    assert told[0][1] - (night - (night % HOUR) + HOUR) < 600
    assert "charge_start" in read_for
    assert asked(simulator, "vehicle_data", night) <= MOST_READS
    assert car.wakes == []
    (session,) = worker_of(entry).data.log.past
    assert session.started_at % 86_400 == pytest.approx(21 * HOUR, abs=120)
    assert session.energy_added == pytest.approx(car.battery().added_kwh, abs=0.05)
    agrees(simulator, entry)


async def test_window_that_ends_before_the_limit_is_reached(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The charge stops when its window ends, and that is when it is looked at: it is short of its limit."""
    car = at_home(account, 20.0)
    car.charge_schedules = [schedule(18 * 60, 19 * 60 + 30)]
    car.plug_in(time.time() + 1)
    entry = await set_up(account)
    told = listen(hass, HAPPENED)
    start = time.time()
    await passes(6 * HOUR, step=120)
    assert [kind for kind, _ in told] == ["charging_started", "charging_paused"]
    # 19:30 is 18:30 UTC, and it was 16:00.
    assert told[1][1] - start == pytest.approx(2.5 * HOUR + 60, abs=180)
    assert worker_of(entry).data.log.past[-1].is_complete is False
    assert asked(simulator, "vehicle_data", start + 1.5 * HOUR) <= MOST_READS


async def test_session_that_is_interrupted(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Unplugged halfway: it sleeps when it should be full, and so that is told when it wakes, with the energy that came."""
    entry = await set_up(account)
    told = listen(hass, HAPPENED)
    stands = await comes_home(car, passes)
    car.plug_in(stands + 60)
    await passes(stands + 420 - time.time(), step=20)
    car.unplug(stands + 2_700)
    added = car.battery(stands + 2_699).added_kwh
    await passes(2 * HOUR, step=120)
    assert len(told) == 2
    assert value(hass, "binary_sensor.scout_charging_now") == "off", "what sleeps does not charge"
    car.note_activity(time.time())
    await passes(HOUR, step=120)
    assert [kind for kind, _ in told] == [
        "plugged_in",
        "charging_started",
        "charging_interrupted",
        "unplugged",
    ]
    assert asked(simulator, "vehicle_data", stands + 60) <= MOST_READS
    (session,) = worker_of(entry).data.log.past
    assert not session.is_complete
    assert session.energy_added == pytest.approx(added, abs=0.05)
    assert session.ended_at == pytest.approx(stands + 2_700, abs=120)
    agrees(simulator, entry)


@pytest.mark.parametrize("limit", [70, 95])
async def test_session_with_a_limit_that_somebody_changes(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    limit: int,
) -> None:
    """In Tesla's app, unseen: the look at the expected end finds a new one, which is looked at as well.

    Where it ended early and the car sleeps since, that is told when it wakes.
    """
    await set_up(account)
    told = listen(hass, HAPPENED)
    stands = await comes_home(car, passes)
    car.plug_in(stands + 60)
    await passes(stands + 420 - time.time(), step=20)
    car.set_limit(stands + 1_800, limit)
    await passes(4 * HOUR, step=120)
    car.note_activity(time.time())
    await passes(HOUR, step=120)
    assert [kind for kind, _ in told] == ["plugged_in", "charging_started", "charging_complete"]
    assert value(hass, "sensor.scout_battery") == str(limit)
    assert asked(simulator, "vehicle_data", stands + 60) <= MOST_READS


async def test_fast_charger_gets_no_look_of_the_worker(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """At a Supercharger on the way nothing is read but by the scout, also where it was seen to charge."""
    entry = await set_up(account)
    await passes(300, step=60)
    car.plug_in(time.time() + 1, SUPERCHARGER)
    await passes(60, step=10)
    assert await worker_of(entry).async_run()
    assert value(hass, "binary_sensor.scout_at_a_fast_charger") == "on"
    assert worker_of(entry).data.course.is_fast
    read_for, start = causes(hass), time.time()
    await passes(3 * HOUR, step=120)
    assert set(read_for) <= {"in_passing", "nightly_check"}
    full = [
        r
        for r in simulator.requests
        if r.kind == "vehicle_data" and r.time > start and "vehicle_config" in r.query
    ]
    assert full == []


async def test_command_is_confirmed_by_one_read_soon_after_the_last_of_them(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Three commands in a row share a read; a read that somebody asked for meanwhile serves as well."""
    entry = await set_up(account)
    car.stay_awake(time.time(), time.time() + 3 * HOUR)
    park_at(car, HOME)
    await passes(1_000, step=20)
    worker, start, read_for = worker_of(entry), time.time(), causes(hass)
    for _ in range(3):
        await worker.async_after_command("set_charge_limit")
        await passes(10, step=5)
    assert asked(simulator, "vehicle_data", start) == 0
    await passes(60, step=5)
    assert read_for == ["command"]
    assert asked(simulator, "vehicle_data", start) == 1
    await worker.async_after_command("set_charge_limit")
    await passes(10, step=5)
    await worker.async_run()
    await passes(120, step=5)
    assert asked(simulator, "vehicle_data", start) == 2
    assert worker.data.course.commanded_at is None


async def test_what_is_followed_survives_a_restart(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Home Assistant is off while the charge ends: its end is told once, at the first read after the start."""
    entry = await set_up(account)
    told = listen(hass, HAPPENED)
    stands = await comes_home(car, passes)
    car.plug_in(stands + 60)
    await passes(stands + 420 - time.time(), step=20)
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(2 * HOUR)
    car.note_activity(time.time())
    start = time.time()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await passes(600, step=30)
    assert [kind for kind, _ in told] == ["plugged_in", "charging_started", "charging_complete"]
    assert asked(simulator, "vehicle_data", start) <= 2
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(300, step=30)
    assert len(told) == 3
    assert len(worker_of(entry).data.log.past) == 1
