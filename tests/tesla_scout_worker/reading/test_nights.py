"""Nights at the cable: what a schedule begins is looked at, and nothing where it can begin nothing."""

from collections.abc import Mapping
import time
from typing import Any

from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import causes

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
