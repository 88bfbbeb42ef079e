"""A plan when things go wrong: it spends within bounds, ends no charge that somebody waits for, and loses no wish."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp
from charge_bench import BERLIN, HOUR, SIGNED, at, day_prices, orders, pair, plan, planned, unwatched
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, asked, billed, call, park_at, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, SUPERCHARGER, WALL_BOX, Account, Car, Fault, FleetSimulator

FLAT = {"tariff": {"preset": "flat", "day": 0.3}}
DAY = 24 * HOUR
ASK = "sensor.scout_planned_charge_cost"


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that is at home with its cable in since a minute, and charges."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() + 1, WALL_BOX)
    return car


@pytest.fixture
async def entry(
    hass: HomeAssistant, car: Car, account: Account, set_up: SetUp, passes: Pass
) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key."""
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    return entry


async def in_time(passes: Pass, waiting: Awaitable[Any]) -> Any:
    """Let time pass while something waits for a car to wake."""
    task = asyncio.ensure_future(waiting)
    for _ in range(60):
        if task.done():
            break
        await passes(5)
    return await task


def berlin(moment: float) -> str:
    """Return a time as an action takes it."""
    return datetime.fromtimestamp(moment, BERLIN).isoformat()


def rows(hours: range, price: float, cheap: float) -> list[dict[str, Any]]:
    """Return hourly prices from last midnight on: dear, but from two to five."""
    begin = datetime.fromtimestamp(time.time(), BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        {
            "start": (begin + timedelta(hours=hour)).isoformat(),
            "end": (begin + timedelta(hours=hour + 1)).isoformat(),
            "price": cheap if hour % 24 in (2, 3, 4) else price,
        }
        for hour in hours
    ]


async def need_that_waits(hass: HomeAssistant, ready: float) -> None:
    """Wish 100 per cent by then, below a price that never comes: the limit is raised, and nothing is charged."""
    await plan(hass, target=100, once=True, ready_by=berlin(ready), price_ceiling=0.01)


async def test_limit_that_cannot_be_put_back_is_no_reason_to_try_each_minute(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """The car's answers are empty, and a usual wish has run out meanwhile."""
    car.stay_awake(time.time(), time.time() + 2 * DAY)
    await plan(hass, target=60, ready_by="07:00")
    await need_that_waits(hass, time.time() + 2 * HOUR)
    simulator.faults.add(Fault("signed_command", "json", times=None, status=200, body={"response": ""}))
    await passes(at(7) - time.time() + 120, step=300)
    start = time.time()
    await passes(4 * HOUR, step=60)
    assert asked(simulator, "signed_command", start) <= 12
    assert asked(simulator, "state", start) <= 60
    agrees(simulator, entry)


async def test_week_ahead(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """A car takes no schedule for so far ahead: what is planned is in it, and the battery is full in time."""
    ready = time.time() + 6.8 * DAY
    answer = await plan(hass, price_source=FLAT, ready_by=berlin(ready), target=90, once=True)
    assert answer["in_car"]
    assert len(car.charge_schedules) == len(answer["windows"]) == 1
    await unwatched(hass, freezer, ready - time.time(), 1_800)
    assert car.battery(ready).level == pytest.approx(90, abs=1)
    assert orders(car).count("add_charge_schedule") <= 3


async def test_usual_plan_goes_on_after_a_need_that_was_missed_in_the_cars_sleep(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
) -> None:
    """It wakes the car, as it may, and the limit is put back on that occasion."""
    await plan(hass, target=80)
    await need_that_waits(hass, time.time() + 2 * HOUR)
    await passes(HOUR, step=60)
    assert car.state() == "asleep"
    seven = at(7)
    await unwatched(hass, freezer, seven - time.time(), 120)
    assert car.battery(seven).level == pytest.approx(80, abs=1)
    assert car.battery(seven).limit == 80
    assert len(car.wakes) == 1


async def test_charge_at_a_supercharger_is_not_ended(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """A need ends while its owner waits at the charger: the limit goes back when the cable is out."""
    ready = time.time() + 4 * HOUR
    await plan(hass, ready_by=berlin(ready), target=100, once=True)
    car.unplug(time.time() + 1)
    await passes(30)
    park_at(car, WORK)
    await passes(ready - 600 - time.time(), step=60)
    car.plug_in(time.time() + 1, SUPERCHARGER)
    car.note_activity(time.time())
    before = orders(car).count("set_charge_limit")
    await passes(900, step=30)
    assert car.battery(time.time()).flow_from is not None
    await call(hass, "run_worker")
    assert orders(car).count("set_charge_limit") == before
    car.unplug(time.time() + 1)
    await passes(30)
    await call(hass, "run_worker")
    await passes(120)
    assert car.battery(time.time()).limit == 80


@pytest.mark.parametrize(("is_made", "key"), [(False, "no_virtual_key"), (True, "key_not_paired")])
async def test_without_a_key_no_car_is_woken_or_read(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    car: Car,
    is_made: bool,
    key: str,
) -> None:
    """Who asked is told why, and a day passes for what the scout costs."""
    if is_made:
        await pair(hass)
    entry = await set_up(account, SIGNED)
    await passes(120)
    car.want_charge(time.time(), wanted=False)
    await passes(HOUR, step=60)
    assert car.state() == "asleep"
    with pytest.raises(HomeAssistantError) as raised:
        await in_time(
            passes, plan(hass, ready_by=berlin(time.time() + 3 * DAY), target=75, price_source=FLAT)
        )
    assert raised.value.translation_key == key
    assert len(car.wakes) == (1 if is_made else 0)
    start = time.time()
    await passes(DAY, step=600)
    assert len(car.wakes) <= 1
    assert billed(simulator, start) <= 3
    assert entry.runtime_data.cars[VIN].plans.data.problem == key


async def test_switch_wakes_no_car_for_a_command_that_cannot_be_signed(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, car: Car
) -> None:
    """It is told for nothing."""
    await set_up(account, SIGNED)
    car.want_charge(time.time(), wanted=False)
    await passes(2 * HOUR, step=120)
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.scout_charge"}, blocking=True
        )
    assert raised.value.translation_key == "no_virtual_key"
    assert car.wakes == []


async def test_what_is_cancelled_stays_so(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Also where the car cannot be told now: it is tidied up when it is awake, and nothing is planned for it."""
    await plan(hass, target=80)
    await plan(hass, target=100, once=True, ready_by="06:00")
    car.unplug(time.time() + 1)
    await passes(30)
    await call(hass, "run_worker")
    await passes(HOUR, step=60)
    assert car.state() == "asleep"
    with pytest.raises(HomeAssistantError):
        await in_time(passes, hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True))
    told = await planned(hass)
    assert (told["plan"], told["ready_by"], told["once"]) == (None, None, False)
    car.note_activity(time.time())
    await passes(900, step=30)
    await call(hass, "run_worker")
    await passes(60)
    assert (await planned(hass))["plan"] is None
    assert car.charge_schedules == []
    assert car.battery(time.time()).limit == 80


async def test_cost_is_told_anew_when_the_prices_come(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, passes: Pass
) -> None:
    """The hours stay the same, so nothing is sent; what they cost is known now."""
    source = {"entity_id": "sensor.prices"}

    def tell(hours: int) -> None:
        told = {"raw_today": rows(range(hours), 0.4, 0.02), "unit_of_measurement": "EUR/kWh"}
        hass.states.async_set("sensor.prices", "1", told)

    tell(24)
    first = await plan(hass, price_source=source)
    assert "estimated" in first["remarks"]
    tell(48)
    await passes(3 * HOUR, step=60)
    told = (await planned(hass))["plan"]
    assert "estimated" not in told["remarks"]
    assert told["cost"] == pytest.approx(told["energy_kwh"] * 0.02, abs=0.01)
    assert float(value(hass, ASK)) == pytest.approx(told["cost"], abs=0.01)


async def test_persons_stop_counts(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """In the middle of a window: the plan does not begin again by itself, until the person does."""
    answer = await plan(hass, target=80, price_source=day_prices(cheap=range(1, 6)))
    start = datetime.fromisoformat(answer["windows"][0]["start"]).timestamp()
    await passes(start + 1_200 - time.time(), step=120)
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.scout_charge"}, blocking=True)
    before = orders(car)
    for _ in range(6):
        await passes(600, step=60)
        car.note_activity(time.time())
        await passes(30)
        await call(hass, "run_worker")
        await passes(60)
    assert orders(car) == before
    told = await planned(hass)
    assert told["problem"] == "stopped_by_hand"
    await hass.services.async_call("switch", "turn_on", {"entity_id": "switch.scout_charge"}, blocking=True)
    await passes(120)
    assert (await planned(hass))["problem"] is None
    await passes(at(7) - time.time(), step=300)
    assert car.battery(at(7)).level > 64


async def test_largest_id_ends_nothing(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car) -> None:
    """An action gave a schedule the largest id that there is. The next one gets one of its own."""
    await call(hass, "add_charge_schedule", id=2**63 - 1, days="Mon", start_time="01:00", end_time="02:00")
    assert (await plan(hass))["in_car"]
    ids = {one["id"] for one in car.charge_schedules}
    assert len(ids) == 2
    assert min(ids) < 2**40


async def test_changed_plan_costs_one_read(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, passes: Pass
) -> None:
    """What was in the car and is gone again is not looked for before each change."""
    for target in (75, 80, 70):
        await plan(hass, target=target)
        await passes(60)
    start = time.time()
    await plan(hass, target=78)
    assert asked(simulator, "vehicle_data", start - 0.5) == 1


async def test_two_currencies_are_not_compared(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """A krona is no euro."""
    for name, unit, hours in (("one", "EUR/kWh", range(24)), ("other", "SEK/kWh", range(24, 48))):
        hass.states.async_set(
            f"sensor.{name}", "1", {"raw_today": rows(hours, 0.4, 0.3), "unit_of_measurement": unit}
        )
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass, price_source={"entity_id": ["sensor.one", "sensor.other"]}, dry_run=True)
    assert raised.value.translation_key == "price_currencies_differ"
