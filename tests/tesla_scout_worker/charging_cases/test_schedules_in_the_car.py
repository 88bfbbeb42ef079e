"""Schedules as cars keep them: asked for again and again, at every hour, elsewhere, and on software that does not take them."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp
from charge_bench import SIGNED, at, orders, pair
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from lookout import call, fields, moment, state, value
import pytest

from fleet_simulator import HOME, WALL_BOX, Account, Car

NEXT = "sensor.scout_next_scheduled_charge"


@pytest.fixture
async def car(hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass) -> Car:
    """Make a car that is at home with its cable in, and knows the key of an account that signs."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() + 1, WALL_BOX)
    await pair(hass, car)
    await set_up(account, SIGNED)
    await passes(60)
    return car


def by_hand(number: int, start: int, place: tuple[float, float]) -> dict[str, Any]:
    """Return a schedule that is not ours, each day, as a car keeps it. start: minutes after midnight."""
    return {
        "id": number, "name": "", "days_of_week": 127, "start_enabled": True, "start_time": start,
        "end_enabled": False, "end_time": 0, "one_time": False, "enabled": True, "latitude": place[0],
        "longitude": place[1],
    }  # fmt: skip


@pytest.mark.parametrize("action", ["set", "add"])
async def test_asked_for_ten_times(hass: HomeAssistant, car: Car, action: str) -> None:
    """One schedule, one command; what somebody else made stays."""
    car.charge_schedules.append(by_hand(7, 60, HOME))
    night = {"days": "Mon-Fri", "start_time": "23:30", "end_time": "06:00"}
    for _ in range(10):
        if action == "set":
            await call(hass, "set_charge_schedules", schedules=[night])
        else:
            await call(hass, "add_charge_schedule", **night)
    assert len(car.charge_schedules) == 2
    assert car.charge_schedules[0]["id"] == 7
    assert orders(car) == ["add_charge_schedule"]


async def test_every_full_hour(hass: HomeAssistant, car: Car, passes: Pass) -> None:
    """Midnight, each full hour, and one that is none: in the car, in the answer and in the sensor it is that minute."""
    for minutes in (*range(0, 1_440, 60), 61):
        told = f"{minutes // 60:02}:{minutes % 60:02}"
        await call(hass, "set_charge_schedules", schedules=[{"start_time": told}])
        ((one,),) = (tuple(car.charge_schedules),)
        assert (one["start_enabled"], one["start_time"]) == (True, minutes)
        ((kept,),) = [each["schedules"] for each in (await call(hass, "get_charge_schedules"))["cars"]]
        assert kept["start_time"] == told
        assert moment(value(hass, NEXT)) == at(minutes // 60, minutes % 60)
        # Who asks in a loop is stopped.
        await passes(120, step=60)


async def test_schedules_of_other_places(hass: HomeAssistant, car: Car, passes: Pass) -> None:
    """Of work, of nowhere, and of three hundred metres away: listed as not at home, and not what the car will do here."""
    for number, place in enumerate((WORK, (0.0, 0.0), (HOME[0] + 0.0027, HOME[1]))):
        car.charge_schedules.append(by_hand(number + 1, 1_140 + number, place))
    await call(hass, "run_worker")
    assert value(hass, NEXT) == "unknown"
    listed = (await call(hass, "get_charge_schedules"))["cars"][0]["schedules"]
    assert [one["at_home"] for one in listed] == [False, False, False]
    car.charge_schedules.append(by_hand(9, 1_200, HOME))
    await call(hass, "run_worker")
    assert moment(value(hass, NEXT)) == at(20)
    assert state(hass, NEXT).attributes["obstacle"] == "none"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_precondition_schedules", {"schedules": [{"time": "07:30", "days": "Mon-Fri"}]}),
        ("set_charge_schedules", {"schedules": [{"start_time": "01:00"}]}),
    ],
)
async def test_old_software_that_says_yes_and_does_nothing(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, action: str, data: dict[str, Any]
) -> None:
    """One read tells that it was not taken over, and that is said."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.firmware = "2024.20.9"
    await pair(hass, car)
    await set_up(account, SIGNED)
    await passes(60)
    car.transform = fields(
        "charge_state", scheduled_charging_mode="Off", scheduled_departure_time_minutes=None,
        scheduled_charging_start_time_app=None, preconditioning_enabled=False,
    )  # fmt: skip
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, action, **data)
    assert raised.value.translation_key == "schedules_not_taken"
    assert len(orders(car)) == 1
