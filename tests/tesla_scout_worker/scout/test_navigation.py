"""The car's own navigation: it knows better than a straight line when the car is home."""

import time

from bench import Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import billed, kinds, listen, value
import pytest

from fleet_simulator import HOME, Account, Car, Drive, FleetSimulator, drive_home

REASON = "sensor.scout_reason_for_next_look"


@pytest.mark.parametrize("destination", ["Home", None])
async def test_route_home_saves_reads_and_costs_no_promptness(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    destination: str | None,
) -> None:
    """With a route home the arrival is noticed as promptly, and the reason says where the knowledge comes from."""
    await set_up(account)
    told = listen(hass)
    await passes(1800, step=60)
    way = drive_home().starting_at(time.time() + 90)
    car.drive(way, destination)
    seen = set()
    while time.time() < way.end + 60:
        await passes(30)
        seen.add(value(hass, REASON))
    assert ("navigating_home" in seen) is (destination is not None)
    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert kinds(told) == ["arrived"]
    assert told[0][1] - entered <= (60 if destination else 90)
    assert billed(simulator, way.begin) <= 20


async def test_route_elsewhere_is_not_believed(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Two minutes to the supermarket are not two minutes to home."""
    await set_up(account)
    await passes(1800, step=60)
    north = Drive([(0.0, *car.position()), (1500.0, 52.70, 13.27)], time.time() + 90)
    car.drive(north, "Somewhere")
    seen = set()
    while time.time() < north.end:
        await passes(30)
        seen.add(value(hass, REASON))
    assert "driving" in seen
    assert "navigating_home" not in seen
