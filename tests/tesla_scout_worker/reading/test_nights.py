"""Nights at the cable: what a schedule begins is looked at, and nothing where it can begin nothing."""

from collections.abc import Mapping
import time
from typing import Any

from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import agrees, asked, causes, kinds, listen
import pytest

from fleet_simulator import HOME, Account, FleetSimulator

HOUR = 3_600.0
HAPPENED = "event.scout_charging_events"
# 16:00 UTC, at which a test begins, is five in the afternoon.
TEN_AT_NIGHT = 5 * HOUR


def schedule(number: int, start: int, end: int) -> Mapping[str, Any]:
    """Return a schedule at home, every day, as the car tells it. start, end: minutes after midnight."""
    return {
        "id": number, "name": "", "days_of_week": 127, "start_enabled": True, "start_time": start, "end_enabled": True,
        "end_time": end, "one_time": False, "enabled": True, "latitude": HOME[0], "longitude": HOME[1],
    }  # fmt: skip


async def test_night_in_two_pieces(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Each piece is seen to begin and to end, by one read each, and the car is woken for none of them."""
    car = account.add_car(VIN, "Scout", HOME, 40.0, asleep=True)
    car.charge_schedules = [schedule(5, 22 * 60, 23 * 60), schedule(6, 2 * 60, 3 * 60)]
    car.plug_in(time.time() + 1)
    entry = await set_up(account)
    await passes(600, step=60)
    told, start = listen(hass, HAPPENED), time.time()
    await passes(16 * HOUR, step=180)
    assert kinds(told) == ["charging_started", "charging_paused"] * 2
    assert [round((at - start + 600) / HOUR) for _, at in told] == [5, 6, 9, 10]
    assert asked(simulator, "vehicle_data", start) == 4
    assert car.wakes == []
    first, second = entry.runtime_data.cars[VIN].worker.data.log.past
    assert first.energy_added + second.energy_added == pytest.approx(car.battery().added_kwh, abs=0.02)
    agrees(simulator, entry)


async def test_full_car_at_the_cable_is_not_looked_at_each_night(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """It is awake when its schedule begins and has nothing to begin: a read would show what is known."""
    car = account.add_car(VIN, "Scout", HOME, 80.0)
    car.charge_schedules = [schedule(5, 22 * 60, 6 * 60)]
    car.plug_in(time.time() + 1)
    await set_up(account)
    await passes(600, step=60)
    read_for = causes(hass)
    car.stay_awake(time.time(), time.time() + 8 * HOUR)
    await passes(TEN_AT_NIGHT + 900 - 600, step=120)
    assert "charge_start" not in read_for
    assert car.wakes == []
