"""Payloads as they come: missing and null are normal, surprises become None."""

import json
import math
from typing import Any

from fleet_bench import NOON, VIN
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet.errors import BadAnswerError
from custom_components.tesla_scout_worker.fleet.models import (
    CloudState,
    Fix,
    Vehicle,
    VehicleData,
    parse_vehicle,
    parse_vehicle_data,
    parse_vehicles,
)

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time

HUGE = 10**400
SURPRISES: list[Any] = [None, True, "12", "", [], {}, math.nan, math.inf, -math.inf, HUGE, "<invalid>"]
DRIVING = {
    "latitude": 52.52,
    "longitude": 13.405,
    "heading": 90,
    "speed": 31,
    "shift_state": "D",
    "gps_as_of": int(NOON) - 2,
    "active_route_latitude": 52.5,
    "active_route_longitude": 13.4,
    "active_route_minutes_to_arrival": 7.5,
}


def read(drive: Any, read_at: float = NOON, **blocks: Any) -> VehicleData:
    """Return a read whose drive_state is this."""
    return parse_vehicle_data({"vin": VIN, "drive_state": drive, **blocks}, read_at)


def test_a_whole_drive_state_is_a_whole_fix() -> None:
    """Everything that Tesla tells of a drive arrives."""
    assert read(DRIVING).fix == Fix(52.52, 13.405, NOON - 2, 90, 31, "D", 7.5, (52.5, 13.4))
    assert Fix(1, 1, 0, gear="R").is_driving
    assert Fix(1, 1, 0, speed_mph=1).is_driving
    assert not Fix(1, 1, 0, speed_mph=0).is_driving


@pytest.mark.parametrize("surprise", SURPRISES)
@pytest.mark.parametrize("key", ["heading", "speed", "active_route_minutes_to_arrival"])
def test_a_field_that_is_no_number_is_missing(key: str, surprise: Any) -> None:
    """The rest of the fix stays as it is."""
    fix = read(DRIVING | {key: surprise}).fix
    assert fix is not None
    attribute = {"speed": "speed_mph", "heading": "heading"}.get(key, "minutes_to_arrival")
    assert getattr(fix, attribute) is None
    assert (fix.latitude, fix.gear) == (52.52, "D")


@pytest.mark.parametrize("surprise", [*SURPRISES, 91, -90.5])
def test_without_a_latitude_there_is_no_position(surprise: Any) -> None:
    """Half a pair is unknown: neither home nor away."""
    assert read(DRIVING | {"latitude": surprise}).fix is None


@pytest.mark.parametrize("surprise", [*SURPRISES, 181, -180.5])
def test_without_a_longitude_there_is_no_position(surprise: Any) -> None:
    """The other half, too."""
    assert read(DRIVING | {"longitude": surprise}).fix is None


@pytest.mark.parametrize("missing", ["latitude", "longitude"])
def test_an_absent_half_is_no_position(missing: str) -> None:
    """Keys that are not there are as good as null."""
    assert read({key: value for key, value in DRIVING.items() if key != missing}).fix is None


@pytest.mark.parametrize(("latitude", "longitude"), [(0, 0), (0.0, -0.0)])
def test_null_island_is_no_place(latitude: float, longitude: float) -> None:
    """A missing position written as zeros is not believed; a true zero of one axis is."""
    assert read(DRIVING | {"latitude": latitude, "longitude": longitude}).fix is None
    greenwich = read(DRIVING | {"latitude": 51.5, "longitude": 0}).fix
    assert greenwich is not None
    assert (greenwich.latitude, greenwich.longitude) == (51.5, 0)


@pytest.mark.parametrize("surprise", [*SURPRISES, 91])
def test_half_a_destination_is_none(surprise: Any) -> None:
    """A route without an end leads nowhere, and the fix stays."""
    fix = read(DRIVING | {"active_route_latitude": surprise}).fix
    assert fix is not None
    assert fix.destination is None


@pytest.mark.parametrize(
    ("native", "position"),
    [
        ({"native_type": "wgs", "native_latitude": 31.1, "native_longitude": 121.1}, (31.1, 121.1)),
        ({"native_type": "gcj", "native_latitude": 31.1, "native_longitude": 121.1}, (52.52, 13.405)),
        ({"native_type": "wgs", "native_latitude": 31.1}, (52.52, 13.405)),
        ({"native_type": "wgs", "native_latitude": 0, "native_longitude": 0}, (52.52, 13.405)),
        ({"native_type": None, "native_latitude": 31.1, "native_longitude": 121.1}, (52.52, 13.405)),
        ({"native_type": ["wgs"], "native_latitude": 31.1, "native_longitude": 121.1}, (52.52, 13.405)),
    ],
)
def test_the_native_position_counts_where_it_is_wgs(
    native: dict[str, Any], position: tuple[float, float]
) -> None:
    """Home Assistant's zones are in WGS 84, and so must be what is compared with them."""
    fix = read(DRIVING | native).fix
    assert fix is not None
    assert (fix.latitude, fix.longitude) == position


@pytest.mark.parametrize("surprise", [*SURPRISES, 0, -5, int(NOON) * 1000, NOON + 301])
def test_a_time_that_cannot_be_is_the_time_of_the_read(surprise: Any) -> None:
    """Missing, milliseconds, the far future: the read itself is the best that is known."""
    fix = read(DRIVING | {"gps_as_of": surprise}).fix
    assert fix is not None
    assert fix.at == NOON


@pytest.mark.parametrize(("gps_as_of", "at"), [(NOON - 86_400, NOON - 86_400), (NOON + 200, NOON)])
def test_an_old_fix_stays_old_and_none_is_from_the_future(gps_as_of: float, at: float) -> None:
    """A stale position keeps its age; a car's clock a little ahead of ours does not."""
    fix = read(DRIVING | {"gps_as_of": gps_as_of}).fix
    assert fix is not None
    assert fix.at == at


@pytest.mark.parametrize("gear", ["P", None, "", "<invalid>", "X", 7, ["D"]])
def test_only_a_gear_that_moves_is_one(gear: Any) -> None:
    """Parked, null and what no car has are no gear."""
    fix = read(DRIVING | {"shift_state": gear, "speed": None}).fix
    assert fix is not None
    assert fix.gear is None
    assert not fix.is_driving


@pytest.mark.parametrize("drive", [None, {}, [], "x", 7])
def test_a_block_that_is_none_counts_as_not_sent(drive: Any) -> None:
    """No drive_state is no position, and no block at all."""
    data = read(drive, charge_state={"battery_level": 62})
    assert data.fix is None
    assert set(data.blocks) == {"charge_state"}


def test_nothing_is_known_before_the_first_read() -> None:
    """An empty view answers everything with None."""
    data = VehicleData()
    assert data.fix is None
    assert data.number("charge_state", "battery_level") is None
    assert data.text("charge_state", "charging_state") is None
    assert data.flag("vehicle_state", "locked") is None
    assert VehicleData({"drive_state": DRIVING}).fix is None


@pytest.mark.parametrize("surprise", SURPRISES)
def test_views_give_what_they_promise_or_none(surprise: Any) -> None:
    """A number is finite, a text says something, a flag is a truth value; all else is None."""
    data = parse_vehicle_data({"block": {"key": surprise}}, NOON)
    assert data.number("block", "key") is None
    assert data.text("block", "key") == ("12" if surprise == "12" else None)
    assert data.flag("block", "key") is (True if surprise is True else None)


def test_views_give_good_values() -> None:
    """What is there is handed on, whatever numbers JSON writes."""
    data = parse_vehicle_data(json.loads('{"b": {"i": 0, "f": -1.5e3, "t": "P", "n": false}}'), NOON)
    assert (data.number("b", "i"), data.number("b", "f")) == (0, -1500)
    assert (data.text("b", "t"), data.flag("b", "n")) == ("P", False)


def test_a_read_goes_over_an_older_one_block_by_block() -> None:
    """What was not sent stays as it was; what was sent replaces its block whole, a lost position included."""
    older = read(DRIVING, NOON - 60, charge_state={"battery_level": 50, "charger_power": 11})
    newer = read({"shift_state": "P"}, charge_state={"battery_level": 62}, climate_state=None)
    merged = newer.over(older)
    assert merged.read_at == NOON
    assert merged.fix is None
    assert merged.number("charge_state", "battery_level") == 62
    assert merged.number("charge_state", "charger_power") is None
    assert read(None).over(older).blocks["drive_state"] == DRIVING
    assert older.number("charge_state", "battery_level") == 50


@pytest.mark.parametrize("payload", [None, [], "x", 7, True])
def test_a_read_that_is_no_object_is_a_bad_answer(payload: Any) -> None:
    """It is told as such, not taken for an empty read."""
    with pytest.raises(BadAnswerError):
        parse_vehicle_data(payload, NOON)


@pytest.mark.parametrize("payload", [None, {}, "x", 7, True])
def test_a_list_that_is_none_is_a_bad_answer(payload: Any) -> None:
    """It must not look like an account without cars."""
    with pytest.raises(BadAnswerError):
        parse_vehicles(payload)


@pytest.mark.parametrize("vin", [None, "", 7, "5YJ3E1EA1KF00000", f"{VIN}1", "5YJ3E1EA1KF00/001", "٣" * 17])
def test_what_has_no_vin_is_no_car(vin: Any) -> None:
    """Energy sites and broken items are passed over in a list, and a bad answer alone."""
    good = {"vin": VIN, "display_name": "Scout", "state": "online"}
    site = {"energy_site_id": 1, "site_name": "Home"}
    assert parse_vehicles([site, {"vin": vin}, None, [], good]) == [Vehicle(VIN, "Scout", CloudState.ONLINE)]
    with pytest.raises(BadAnswerError):
        parse_vehicle({"vin": vin})


@pytest.mark.parametrize("payload", [None, [], "x", 7])
def test_a_car_that_is_no_object_is_a_bad_answer(payload: Any) -> None:
    """It must not become a car without a name."""
    with pytest.raises(BadAnswerError):
        parse_vehicle(payload)


@pytest.mark.parametrize(
    ("fields", "car"),
    [
        ({}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN)),
        ({"display_name": None, "state": None}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN)),
        ({"display_name": "  ", "state": "driving"}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN)),
        ({"display_name": 7, "state": ["online"]}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN)),
        ({"display_name": " Żółw 🐢 "}, Vehicle(VIN, "Żółw 🐢", CloudState.UNKNOWN)),
        ({"display_name": "x" * 999}, Vehicle(VIN, "x" * 60, CloudState.UNKNOWN)),
        ({"state": "asleep"}, Vehicle(VIN, "Tesla 0001", CloudState.ASLEEP)),
        ({"state": "offline"}, Vehicle(VIN, "Tesla 0001", CloudState.OFFLINE)),
        ({"access_type": "DRIVER"}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN, is_shared=True)),
        (
            {"access_type": "OWNER", "in_service": True},
            Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN, in_service=True),
        ),
        ({"in_service": "yes"}, Vehicle(VIN, "Tesla 0001", CloudState.UNKNOWN)),
    ],
)
def test_a_car_is_known_by_its_vin_alone(fields: dict[str, Any], car: Vehicle) -> None:
    """Every other field may be missing, null or of another type."""
    assert parse_vehicle({"vin": VIN, **fields}) == car
