"""Typed, tolerant views of Tesla's payloads: missing and null are normal, surprises become None.

Field names, types and units: https://developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints and
https://github.com/teslamotors/vehicle-command (vehicle.proto). Distances are miles, speeds mph, powers kW, times
minutes, as Tesla sends them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import math
from typing import Any, Final, Self

from .errors import BadAnswerError

VIN_LENGTH: Final = 17
_LONGEST_NAME: Final = 60
# Null, empty or P is parked.
_GEARS: Final = frozenset({"D", "R", "N"})
# A clock ahead of ours by more than this is not believed (seconds).
_CLOCK_TOLERANCE: Final = 300.0


class CloudState(StrEnum):
    """What the cloud says of a car. Some firmware says offline of a car that sleeps."""

    ONLINE = "online"
    ASLEEP = "asleep"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car in the cloud's list."""

    vin: str
    name: str
    state: CloudState
    #: Shared with this account, not owned by it.
    is_shared: bool = False
    in_service: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a car was, and how it moved.

    at: Unix seconds at which the position was taken. speed_mph: None or 0 while parked. gear: D, R or N while in
    gear, else None. minutes_to_arrival and destination: only while the car navigates.
    """

    latitude: float
    longitude: float
    at: float
    heading: float | None = None
    speed_mph: float | None = None
    gear: str | None = None
    minutes_to_arrival: float | None = None
    destination: tuple[float, float] | None = None

    @property
    def is_driving(self) -> bool:
        """Return whether the car is in gear or moves."""
        return self.gear is not None or bool(self.speed_mph)


@dataclass(frozen=True, slots=True)
class VehicleData:
    """One read of a car, block by block.

    blocks: charge_state, drive_state, … as Tesla sent them. read_at: Unix seconds of the read, None before the first.
    """

    blocks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read_at: float | None = None

    def number(self, block: str, key: str) -> float | None:
        """Return a finite number, None for anything else."""
        return _number(self.blocks.get(block, {}).get(key))

    def text(self, block: str, key: str) -> str | None:
        """Return a text that says something, None for anything else; Tesla writes `<invalid>` for nothing."""
        value = self.blocks.get(block, {}).get(key)
        return value if isinstance(value, str) and value and value != "<invalid>" else None

    def flag(self, block: str, key: str) -> bool | None:
        """Return a truth value, None for anything else."""
        value = self.blocks.get(block, {}).get(key)
        return value if isinstance(value, bool) else None

    @property
    def is_driving(self) -> bool | None:
        """Return whether the car is in gear or moves, whatever its position; None where it did not say."""
        if not self.blocks.get("drive_state"):
            return None
        return self.text("drive_state", "shift_state") in _GEARS or bool(self.number("drive_state", "speed"))

    @property
    def fix(self) -> Fix | None:
        """Return the position, None where the payload has no whole and possible one."""
        drive = self.blocks.get("drive_state", {})
        position = _position(drive)
        if position is None or self.read_at is None:
            return None
        gear = self.text("drive_state", "shift_state")
        route = _pair(drive.get("active_route_latitude"), drive.get("active_route_longitude"))
        return Fix(
            *position,
            at=self._fix_time(),
            heading=self.number("drive_state", "heading"),
            speed_mph=self.number("drive_state", "speed"),
            gear=gear if gear in _GEARS else None,
            minutes_to_arrival=self.number("drive_state", "active_route_minutes_to_arrival"),
            destination=route,
        )

    def _fix_time(self) -> float:
        read_at = self.read_at or 0.0
        gps_as_of = self.number("drive_state", "gps_as_of")
        if gps_as_of is None or not 0 < gps_as_of <= read_at + _CLOCK_TOLERANCE:
            return read_at
        return min(gps_as_of, read_at)

    def over(self, older: Self) -> Self:
        """Return this read with the blocks that it lacks taken from an older one."""
        return type(self)({**older.blocks, **self.blocks}, self.read_at)


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """What the cloud knows of a car's way of taking commands; None for what it did not say.

    needs_signing: plain commands are refused. is_paired: the app's key is in the car. firmware: such as 2026.32.6.
    """

    needs_signing: bool | None = None
    is_paired: bool | None = None
    firmware: str | None = None


def parse_fleet_status(payload: Any, vin: str) -> FleetStatus:
    """Return what is told of one car. Raises BadAnswerError where the payload is not an object."""
    if not isinstance(payload, dict):
        raise BadAnswerError
    cars = payload.get("vehicle_info")
    info = cars.get(vin) if isinstance(cars, dict) else None
    info = info if isinstance(info, dict) else {}
    paired, unpaired = payload.get("key_paired_vins"), payload.get("unpaired_vins")
    needs_signing, firmware = info.get("vehicle_command_protocol_required"), info.get("firmware_version")
    return FleetStatus(
        needs_signing if isinstance(needs_signing, bool) else None,
        _is_listed(vin, paired, unpaired),
        firmware if isinstance(firmware, str) and firmware else None,
    )


def _is_listed(vin: str, yes: Any, no: Any) -> bool | None:
    if isinstance(yes, list) and vin in yes:
        return True
    return False if isinstance(no, list) and vin in no else None


def parse_vehicles(payload: Any) -> list[Vehicle]:
    """Return the cars of a list answer; energy sites and items without a VIN are passed over.

    Raises BadAnswerError where the payload is not a list.
    """
    if not isinstance(payload, list):
        raise BadAnswerError
    return [_vehicle(item) for item in payload if isinstance(item, dict) and _is_vin(item.get("vin"))]


def parse_vehicle(payload: Any) -> Vehicle:
    """Return one car. Raises BadAnswerError where the payload is not one."""
    if not isinstance(payload, dict) or not _is_vin(payload.get("vin")):
        raise BadAnswerError
    return _vehicle(payload)


def parse_vehicle_data(payload: Any, read_at: float) -> VehicleData:
    """Return a read; a block that is null or empty counts as not sent.

    Raises BadAnswerError where the payload is not an object.
    """
    if not isinstance(payload, dict):
        raise BadAnswerError
    blocks = {key: value for key, value in payload.items() if isinstance(value, dict) and value}
    return VehicleData(blocks, read_at)


def _vehicle(item: Mapping[str, Any]) -> Vehicle:
    vin = str(item["vin"])
    name = item.get("display_name")
    state = item.get("state")
    return Vehicle(
        vin=vin,
        name=name.strip()[:_LONGEST_NAME] if isinstance(name, str) and name.strip() else f"Tesla {vin[-4:]}",
        state=CloudState(state) if isinstance(state, str) and state in _CLOUD_STATES else CloudState.UNKNOWN,
        is_shared=item.get("access_type") == "DRIVER",
        in_service=item.get("in_service") is True,
    )


_CLOUD_STATES: Final = frozenset(member.value for member in CloudState)


def _is_vin(value: Any) -> bool:
    return isinstance(value, str) and len(value) == VIN_LENGTH and value.isalnum() and value.isascii()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # json accepts integers that no float can hold.
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _position(drive: Mapping[str, Any]) -> tuple[float, float] | None:
    # In China the plain fields are in the local datum; the native ones say which they are in.
    if drive.get("native_type") == "wgs" and (
        native := _pair(drive.get("native_latitude"), drive.get("native_longitude"))
    ):
        return native
    return _pair(drive.get("latitude"), drive.get("longitude"))


def _pair(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    lat, lon = _number(latitude), _number(longitude)
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004
        return None
    # Null island is what a missing position looks like as a number.
    return None if lat == lon == 0 else (lat, lon)
