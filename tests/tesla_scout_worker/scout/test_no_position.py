"""What a read without a whole position, or with other hints of a home, is worth: never a guess."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from lookout import asked, billed, errors, fields, kinds, listen, park_at, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import HOME, Account, Car, FleetSimulator, drive_home
from fleet_simulator.car import Transform

AT_HOME = "binary_sensor.scout_at_home"
TRACKER = "device_tracker.scout_location"
LOST: dict[str, Any] = {
    "latitude": None,
    "longitude": None,
    "native_latitude": None,
    "native_longitude": None,
}


async def look(hass: HomeAssistant) -> None:
    """Look now, as a person asks for it."""
    await hass.services.async_call("button", "press", {"entity_id": "button.scout_look_now"}, blocking=True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(fields("drive_state", longitude=None, native_longitude=None), id="latitude only"),
        pytest.param(fields("drive_state", latitude=None, native_latitude=None), id="longitude only"),
        pytest.param(
            fields("drive_state", latitude=None, native_longitude=None), id="one half of each of two pairs"
        ),
        pytest.param(fields("drive_state", **dict.fromkeys(LOST, 0)), id="null island"),
        pytest.param(fields("drive_state", **dict.fromkeys(LOST, "52.5")), id="words"),
        pytest.param(fields("drive_state", **dict.fromkeys(LOST, 400.0)), id="no place on earth"),
        pytest.param(fields("drive_state", **LOST), id="nulls"),
    ],
)
async def test_half_a_position_is_none(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, change: Transform
) -> None:
    """The last position stays, presence stays, and nothing is told of a car that stood at home."""
    park_at(car, HOME)
    await set_up(account)
    told = listen(hass)
    await passes(60)
    car.transform = change
    car.stay_awake(time.time(), time.time() + 3_600)
    for _ in range(3):
        await passes(300, step=60)
        await look(hass)
    assert (value(hass, AT_HOME), value(hass, TRACKER), told) == ("on", "home", [])


async def test_position_is_asked_for_by_name(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A parked car gives its position only to a read that names location_data: each read does."""
    await set_up(account)
    await passes(60)
    await look(hass)
    reads = [record for record in simulator.requests if record.kind == "vehicle_data"]
    assert len(reads) >= 2
    assert all("location_data" in record.query for record in reads)


async def test_car_that_was_never_read_answers_every_button_and_action(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asleep since the set-up: no position, no traceback, no billed request, no wake; presence is unknown."""
    car = account.add_car(VIN, "Scout", HOME, asleep=True)
    await set_up(account)
    await look(hass)
    with pytest.raises(HomeAssistantError) as refused:
        await hass.services.async_call(
            "button", "press", {"entity_id": "button.scout_full_read_now"}, blocking=True
        )
    assert refused.value.translation_key == "vehicle_unavailable"
    answer = await hass.services.async_call(DOMAIN, "run_worker", {}, blocking=True, return_response=True)
    assert answer is not None
    assert billed(simulator) == 0
    assert car.wakes == []
    assert errors(caplog) == []
    assert value(hass, AT_HOME) == value(hass, TRACKER) == "unknown"


async def test_location_that_is_no_longer_granted_is_told_and_not_paid_for(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Tesla answers 200 without coordinates: the token tells why, so there is a repair and no billed try."""
    simulator.gate.forbid_missing_location = False
    await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 40_000)
    account.scopes.discard("vehicle_location")
    await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True)
    assert any(
        issue.translation_key == "location_not_granted" for issue in ir.async_get(hass).issues.values()
    )
    start = time.time()
    await passes(20_000, step=60)
    assert billed(simulator, start) == 0
    assert value(hass, AT_HOME) == "off"
    assert value(hass, "sensor.scout_battery") == "62"


async def test_same_point_again_is_still_home(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """It stops inside the zone and gives the identical position for hours: arrived once, at home on every read."""
    await set_up(account)
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 120)
    car.stay_awake(time.time(), way.end + 7_200)
    car.drive(way)
    car.freeze_gps(way.end, way.end + 7_200)
    await passes(way.end + 120 - time.time(), step=10)
    for _ in range(5):
        await look(hass)
        assert value(hass, AT_HOME) == "on"
        await passes(900, step=60)
    assert kinds(told) == ["arrived"]


async def test_only_coordinates_and_the_zone_count(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """HomeLink out of range, and a driver profile whose home is elsewhere, do not keep a car from being at home."""
    park_at(car, HOME)

    def _other_driver(response: dict[str, Any]) -> dict[str, Any]:
        changed = fields("vehicle_state", homelink_nearby=False, homelink_device_count=0)(response) or {}
        return {
            **changed,
            "drive_state": {
                **changed.get("drive_state", {}),
                "active_route_destination": "Home",
                "active_route_latitude": WORK[0],
                "active_route_longitude": WORK[1],
                "active_route_minutes_to_arrival": 0.0,
            },
        }

    car.transform = _other_driver
    await set_up(account)
    await passes(60)
    assert value(hass, AT_HOME) == "on"
    assert asked(simulator, "vehicle_data") >= 1
