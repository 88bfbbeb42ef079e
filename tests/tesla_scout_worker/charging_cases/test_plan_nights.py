"""Nights of a plan that are unlike others: the clock is changed, midnight, another place of the same home, another charger."""

from datetime import UTC, datetime
import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from charge_bench import BERLIN, HOUR, SIGNED, at, day_prices, orders, pair, plan, planned
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import agrees, call, moment, park_at, value
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, SOCKET, WALL_BOX, Account, Car, Fault, FleetSimulator

# As the owner made it in the car: from one to four, each night.
BY_HAND = {
    "id": 1_700_000_000, "name": "mine", "days_of_week": 127, "start_enabled": True, "start_time": 60,
    "end_enabled": True, "end_time": 240, "one_time": False, "enabled": True, "latitude": HOME[0], "longitude": HOME[1],
}  # fmt: skip


async def at_home(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, level: float = 62.0
) -> tuple[Car, ScoutWorkerConfigEntry]:
    """Make a car that is at home and charges, and an account that signs."""
    car = account.add_car(VIN, "Scout", HOME, level)
    car.plug_in(time.time() + 1, WALL_BOX)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    return car, entry


async def followed_alone(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass, ready: float
) -> None:
    """Check that the car is at eighty per cent in time, with Home Assistant switched off."""
    await hass.config_entries.async_unload(entry.entry_id)
    await passes(ready - time.time(), step=1_800)
    assert car.battery(ready).level == pytest.approx(80, abs=1)


@pytest.mark.parametrize(
    "evening",
    [datetime(2026, 3, 28, 17, tzinfo=UTC), datetime(2026, 10, 24, 16, tzinfo=UTC)],
    ids=["23 hours", "25 hours"],
)
async def test_nights_on_which_the_clock_is_changed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: FleetSimulator,
    set_up: SetUp,
    passes: Pass,
    evening: datetime,
) -> None:
    """The cheap hours are those around the change: the car is ready, and pays no dear hour for it but the doubled one."""
    freezer.move_to(evening)
    account = simulator.add_account("owner of that night")
    car, entry = await at_home(hass, account, set_up, passes)
    start = time.time()
    begin = datetime.fromtimestamp(start, BERLIN).replace(hour=0, minute=0, second=0).timestamp()
    cheap = range(25, 29)
    rows = [
        {"start": begin + n * HOUR, "end": begin + (n + 1) * HOUR, "price": 0.1 if n in cheap else 0.4}
        for n in range(48)
    ]
    answer = await plan(hass, price_source={"prices": rows, "unit": "EUR/kWh"})
    assert answer["in_car"]
    assert answer["limited_by"] == "nothing"
    until = time.time()
    await followed_alone(hass, entry, car, passes, at(7))
    night = car.energy(until, time.time()).wall_kwh
    cheap_kwh = car.energy(begin + 25 * HOUR, begin + 29 * HOUR).wall_kwh
    assert cheap_kwh == pytest.approx(night, rel=0.02)


@pytest.mark.parametrize("hour", [0, 23])
async def test_window_at_midnight(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, hour: int
) -> None:
    """Midnight is a time: it begins or ends there, on the right day."""
    car, entry = await at_home(hass, account, set_up, passes, level=75.0)
    answer = await plan(hass, price_source=day_prices(cheap=range(hour, hour + 1)))
    assert answer["in_car"]
    until = time.time()
    await followed_alone(hass, entry, car, passes, at(7))
    start = moment(answer["windows"][0]["start"])
    assert datetime.fromtimestamp(start, BERLIN).hour == hour
    in_window = car.energy(start, start + HOUR).wall_kwh
    assert car.energy(until, time.time()).wall_kwh == pytest.approx(in_window, rel=0.02)


async def test_far_end_of_a_wide_home(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A farm whose zone is a kilometre wide: the schedules are for where the car stands, or they would never run."""
    await hass.config.async_update(radius=1_000)
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    park_at(car, (HOME[0] + 0.006, HOME[1]))
    car.plug_in(time.time() + 1, WALL_BOX)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    assert (await plan(hass))["in_car"]
    await followed_alone(hass, entry, car, passes, at(7))


async def test_old_fields_that_say_off_are_no_schedule_that_is_gone(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """New software keeps the old fields empty: what counts is the list."""
    car, _ = await at_home(hass, account, set_up, passes)
    car.charge_schedules.append(BY_HAND)
    await call(hass, "run_worker")
    assert moment(value(hass, "sensor.scout_next_scheduled_charge")) == at(1)
    assert (await plan(hass))["in_car"]
    # By the plan, and again on its own once that is cancelled.
    assert BY_HAND["id"] in [one["id"] for one in car.charge_schedules]


async def test_another_charger_has_another_end(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """From the socket to the wall box: the end is told anew with each read, and none is told without a cable."""
    car = account.add_car(VIN, "Scout", HOME, 50.0)
    car.plug_in(time.time() + 1, SOCKET)
    await set_up(account)
    await passes(120)
    await call(hass, "run_worker")
    slow = moment(value(hass, "sensor.scout_charging_completes"))
    car.unplug(time.time())
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_charging_completes") == "unknown"
    car.plug_in(time.time() + 5, WALL_BOX)
    await passes(30)
    await call(hass, "run_worker")
    fast = moment(value(hass, "sensor.scout_charging_completes"))
    assert fast - time.time() == pytest.approx((slow - time.time()) / 4.8, rel=0.1)


async def test_driver_who_is_not_the_owner(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Commands are refused to whom the car was lent: reads go on, nobody has to sign in, and the owner is named."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.access_type = "DRIVER"
    car.plug_in(time.time() + 1, WALL_BOX)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(120)
    body: dict[str, Any] = {"response": None, "error": "not_found", "error_description": ""}
    simulator.faults.add(Fault("signed_command", "json", times=None, status=404, body=body))
    with pytest.raises(HomeAssistantError) as raised:
        await plan(hass)
    assert raised.value.translation_key == "ask_the_owner"
    assert (await planned(hass))["in_car"] is False
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_battery") == "62"
    assert not hass.config_entries.flow.async_progress()
    assert orders(car) == []
    await settle(hass)
    agrees(simulator, entry)
