"""What the tests of planned charges share: prices of a night, and a car that knows the app's key."""

import asyncio
from datetime import datetime, timedelta
import time
from typing import Any, Final
from zoneinfo import ZoneInfo

from bench import settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from lookout import call
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.const import CONF_COMMANDS
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import Car

BERLIN: Final = ZoneInfo("Europe/Berlin")
SIGNED: Final = {CONF_COMMANDS: {"transport": "signed"}}
PLAN: Final = "sensor.scout_charge_plan"
HOUR: Final = 3_600.0
# So often is looked whether a step is over; it never is while something waits for virtual time.
_PATIENCE: Final = 40


def day_prices(hours: int = 48, cheap: range = range(2, 5)) -> dict[str, Any]:
    """Return hourly prices from last midnight on as a source: dear, but for some hours of each night."""
    now = datetime.fromtimestamp(time.time(), BERLIN)
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = []
    for hour in range(hours):
        start = begin + timedelta(hours=hour)
        end = start + timedelta(hours=1)
        price = 0.10 if hour % 24 in cheap else 0.40
        rows.append({"start": start.isoformat(), "end": end.isoformat(), "price": price})
    return {"prices": rows, "unit": "EUR/kWh"}


def at(hour: int, minute: int = 0) -> float:
    """Return the next such time in Berlin, Unix seconds."""
    now = datetime.fromtimestamp(time.time(), BERLIN)
    told = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (told if told > now else told + timedelta(days=1)).timestamp()


def local_hour(told: str) -> int:
    """Return the hour in Berlin of a time that an answer tells."""
    return datetime.fromisoformat(told).astimezone(BERLIN).hour


async def unwatched(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float, step: float) -> None:
    """Let time pass without waiting for all that was begun: who waits for a car to wake is waited for in vain meanwhile."""
    while seconds > 0:
        freezer.tick(min(step, seconds))
        async_fire_time_changed(hass)
        done = asyncio.ensure_future(settle(hass))
        for _ in range(_PATIENCE):
            # Real time for the real requests.
            await asyncio.to_thread(time.sleep, 0.005)
            if done.done():
                break
        done.cancel()
        seconds -= step


async def pair(hass: HomeAssistant, *cars: Car) -> None:
    """Make the app's key and put it into these cars, as an owner does."""
    key = await async_virtual_key(hass)
    for car in cars:
        car.keyring.pair(key.public_point_hex)


async def plan(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    """Plan a charge until seven and return what is answered of the one car."""
    wish = {"ready_by": "07:00", "price_source": day_prices(), "target": 80, **data}
    (answer,) = (await call(hass, "plan_charge", **wish))["cars"]
    return dict(answer)


async def planned(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is answered of the plan that is in force."""
    (answer,) = (await call(hass, "get_charge_plan"))["cars"]
    return dict(answer)


def orders(car: Car) -> list[str]:
    """Return the signed commands that the car has carried out."""
    return [record.order.name for record in car.keyring.log if record.what == "done" and record.order]
