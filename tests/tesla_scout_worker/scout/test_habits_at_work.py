"""What is learned while a car lives its days, and what that spares: a real core, the simulator, driven time."""

from dataclasses import replace
from datetime import UTC, datetime
import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from lookout import agrees, billed, call, kinds, listen, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.scout.coordinator import ScoutCoordinator
from custom_components.tesla_scout_worker.scout.habits import Habits
from fleet_simulator import HOME, Account, Car, Drive, FleetSimulator, drive_home

HOUR = 3_600.0
DAY = 86_400.0
# Monday, four in the morning in Berlin.
MONDAY = datetime(2026, 12, 7, 3, 0, tzinfo=UTC).timestamp()
CAUSE = "sensor.scout_cause_of_last_full_read"


def scout(entry: ScoutWorkerConfigEntry) -> ScoutCoordinator:
    """Return the scout of the car."""
    return entry.runtime_data.cars[VIN].scout


async def until(entry: ScoutWorkerConfigEntry, passes: Pass, at: float) -> None:
    """Let time pass until then, from one planned look to the next, at most two minutes at once."""
    while at - time.time() > 0.01:
        next_look = scout(entry).data.next_look or 0.0
        # A timer of Home Assistant is up to half a second later than it was asked for.
        step = min(max(next_look + 0.6 - time.time(), 1.0), 120.0, at - time.time())
        await passes(step, step)


def crosses(drive: Drive) -> float:
    """Return when a drive home crosses the edge of the zone (epoch seconds)."""
    return drive.begin + drive.crossings(HOME, 100)[-1].seconds


def works(car: Car, day: int, minutes: float = 0.0) -> Drive:
    """Let a car drive to work at half past seven and home at five, so many minutes later; the drive home comes back."""
    midnight = MONDAY - 4 * HOUR + day * DAY
    car.drive(drive_home().reversed().starting_at(midnight + 7.5 * HOUR + minutes * 60))
    back = drive_home().starting_at(midnight + 17 * HOUR + minutes * 60)
    car.drive(back)
    return back


async def commuter(
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    days: int = 3,
    **options: Any,
) -> tuple[ScoutWorkerConfigEntry, Car]:
    """Return a car that has gone to work for so many days from Monday on; it is four in the morning of the next."""
    freezer.move_to(datetime.fromtimestamp(MONDAY, UTC))
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account, options or None)
    for day in range(days):
        works(car, day, 5.0 * day)
    await until(entry, passes, MONDAY + days * DAY)
    return entry, car


async def test_commuter_is_learned(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """After three days the drive to work takes two reads, the one home three and a look for the cable, and it is told within a minute."""
    entry, car = await commuter(account, set_up, passes, freezer)
    learned = (await call(hass, "get_status"))["cars"][0]["habits"]
    assert learned["outings_learned"] == 3
    assert learned["leaves_home_on_weekdays"] == ["07:30"]
    assert learned["leaves_other_places_on_weekdays"] == ["17:00"]
    assert learned["quickest_way_home_minutes"] in {14, 15, 16}
    told = listen(hass)
    back = works(car, 3, 7.0)
    start = time.time()
    await until(entry, passes, back.begin)
    assert kinds(told) == ["left"]
    assert billed(simulator, start) <= 2
    await until(entry, passes, back.end + 1_800)
    assert kinds(told) == ["left", "arrived"]
    assert billed(simulator, back.begin) <= 4
    assert crosses(back) <= told[1][1] <= crosses(back) + 60
    assert car.wakes == []
    agrees(simulator, entry)


@pytest.mark.parametrize("learns", [True, False])
async def test_whoever_wants_nothing_learned_has_nothing_learned(
    account: Account, set_up: SetUp, passes: Pass, freezer: FrozenDateTimeFactory, learns: bool
) -> None:
    """A day at work teaches by default, and nothing where the option is off; nor does a garage."""
    entry, car = await commuter(account, set_up, passes, freezer, days=1, learn_habits=learns)
    back = vanishes(car, 1)
    works(car, 2)
    await until(entry, passes, back.end + 15 * HOUR)
    habits = scout(entry).data.habits
    assert (habits != Habits()) is learns
    assert len(habits.leavings) == learns
    assert habits.vanished == learns


async def test_arrival_costs_one_read_for_position_and_worker(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """The read that sees it come home has everything in it; so has the one before, on the way. Looks for the cable follow."""
    entry = await set_up(account)
    told = listen(hass)
    await passes(1_200, step=60)
    back = drive_home().starting_at(time.time() + 60)
    car.drive(back)
    await until(entry, passes, crosses(back) - 5)
    assert value(hass, CAUSE) == "in_passing"
    await until(entry, passes, crosses(back) + 100)
    (arrival,) = [
        record
        for record in simulator.requests
        if record.kind == "vehicle_data" and record.time >= crosses(back)
    ]
    assert {"location_data", "charge_state", "charge_schedule_data"} <= set(
        arrival.query.partition("endpoints=")[2].replace("%3B", ";").split(";")
    )
    assert kinds(told) == ["arrived"]
    assert billed(simulator, crosses(back)) == 1
    assert value(hass, CAUSE) == "arrived_home"
    assert entry.runtime_data.cars[VIN].worker.data.pending == ()
    assert entry.runtime_data.cars[VIN].worker.data.vehicle_data.read_at == scout(entry).data.last_read
    agrees(simulator, entry)


def vanishes(car: Car, day: int, minutes: float = 0.0) -> Drive:
    """Let a car stand in a garage without signal whenever it is at home: from that day's way home to the next way out."""
    back = works(car, day, minutes)
    car.offline(crosses(back) - 20, back.begin + 14.5 * HOUR + 40 - minutes * 60)
    return back


async def test_garage_without_signal_is_learned(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Twice the car is gone and was there; from the third time on that is an arrival: told at once, and once."""
    freezer.move_to(datetime.fromtimestamp(MONDAY, UTC))
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    told = listen(hass)
    for day in range(2):
        back = vanishes(car, day)
        await until(entry, passes, back.end + 10 * HOUR)
        # Where it went is not known yet: nothing is told in the evening, and nothing in the morning.
        assert kinds(told) == ["left"]
        assert scout(entry).data.habits.vanished == day
    back = vanishes(car, 2)
    works(car, 3)
    await until(entry, passes, back.begin)
    assert scout(entry).data.habits.is_known_to_vanish
    await until(entry, passes, back.end + 300)
    assert kinds(told) == ["left", "arrived"]
    assert crosses(back) - 20 <= told[-1][1] <= crosses(back) + 150
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    # Nothing can be read of it there; the morning after it leaves, which is no arrival.
    await until(entry, passes, back.end + 10 * HOUR)
    assert billed(simulator, back.end) == 0
    await until(entry, passes, back.end + 16 * HOUR)
    assert kinds(told) == ["left", "arrived", "left"]
    assert scout(entry).data.habits.is_known_to_vanish


@pytest.mark.parametrize("before_home", [75.0, 420.0], ids=["next street", "shops on the way"])
async def test_garage_that_is_not_at_home_is_never_learned(
    hass: HomeAssistant,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    before_home: float,
) -> None:
    """Each evening the car vanishes elsewhere, so many seconds before home, for an hour, and drives home after that."""
    freezer.move_to(datetime.fromtimestamp(MONDAY, UTC))
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    scout(entry).data = replace(
        scout(entry).data, habits=Habits(paces=((2_000.0, 300.0), (6_000.0, 600.0), (9_000.0, 870.0)))
    )
    told = listen(hass)
    way = drive_home()
    stop = way.duration - before_home
    for _ in range(4):
        there = way.reversed().starting_at(time.time() + HOUR)
        to_shop = Drive([fix for fix in way.fixes if fix.seconds <= stop], there.end + 2 * HOUR)
        rest = way.tail(before_home).starting_at(to_shop.end + HOUR)
        for drive in (there, to_shop, rest):
            car.drive(drive)
        car.offline(to_shop.end - 20, rest.begin + 20)
        await until(entry, passes, rest.begin)
        await until(entry, passes, rest.end + 3 * HOUR)
        assert kinds(told) == ["left", "arrived"]
        assert told[1][1] >= crosses(rest) - 1
        assert not scout(entry).data.habits.is_known_to_vanish
        told.clear()


async def test_habits_survive_a_restart_until_they_are_forgotten(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, freezer: FrozenDateTimeFactory
) -> None:
    """What was learned yesterday is known after a restart; what was forgotten stays forgotten."""
    entry, _ = await commuter(account, set_up, passes, freezer, days=1)
    learned = scout(entry).data.habits
    assert (len(learned.leavings), len(learned.stays)) == (1, 1)
    assert learned.paces
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert scout(entry).data.habits == learned
    await hass.services.async_call(DOMAIN, "forget_habits", {}, blocking=True)
    assert scout(entry).data.habits == Habits()
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert scout(entry).data.habits == Habits()
    assert value(hass, "binary_sensor.scout_at_home") == "on"
