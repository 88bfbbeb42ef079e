"""The JSON of a car, block by block, with Tesla's names and units: miles, mph, bar, degrees Celsius, milliseconds.

Two things of the real API are not settled, and here they are what asks most of a client: `location_data` alone brings
only the position fields of drive_state (gear and speed need `drive_state` in the same request), and nothing that was not
asked for comes along.
"""

from collections.abc import Callable, Set as AbstractSet
from typing import Any

from .car import METRES_PER_MILE, Car
from .charge_payload import charge_state
from .geo import distance_m

DEFAULT_BLOCKS = frozenset(
    {
        "charge_state",
        "climate_state",
        "closures_state",
        "drive_state",
        "gui_settings",
        "vehicle_config",
        "vehicle_state",
    }
)
"""What comes when nothing is asked for: no position and no schedules."""

LOCATION = frozenset({"location_data", "location_state"})

SCHEDULE_BLOCKS = frozenset({"charge_schedule_data", "preconditioning_schedule_data"})
"""What firmware before 2024.26 does not have."""

_MODELS = {"S": "models", "3": "model3", "X": "modelx", "Y": "modely"}
_VIN_MODEL = 3


def vehicle(car: Car, account_id: int, now: float) -> dict[str, Any]:
    """Return the car as the list and the state call show it: what the cloud knows without asking the car."""
    return {
        "id": car.id,
        "vehicle_id": car.vehicle_id,
        "vin": car.vin,
        "user_id": account_id,
        "color": None,
        "access_type": car.access_type,
        "display_name": car.name,
        "option_codes": None,
        "granular_access": {"hide_private": False},
        "tokens": None,
        "state": car.state(now),
        "in_service": car.in_service,
        "id_s": str(car.id),
        "calendar_enabled": True,
        "api_version": 84,
        "backseat_token": None,
        "backseat_token_updated_at": None,
        "ble_autopair_enrolled": False,
        "command_signing": "required" if car.command_protocol_required else "allowed",
    }


def vehicle_data(
    car: Car, account_id: int, asked: AbstractSet[str], now: float, *, location: bool
) -> dict[str, Any] | None:
    """Return the `response` of vehicle_data with the blocks asked for (all but position and schedules if none).

    location: the token may see the position. Without it a request that asks for the position gets no drive_state at all.
    Words that are no block are passed over in silence. The car's `transform` has the last word.
    """
    blocks = set(asked or DEFAULT_BLOCKS)
    if "vehicle_data_combo" in blocks:
        blocks |= DEFAULT_BLOCKS
    data = vehicle(car, account_id, now)
    if not car.has_schedules:
        blocks -= SCHEDULE_BLOCKS
    for name, build in _BLOCKS.items():
        if name in blocks:
            data[name] = build(car, now)
    if "closures_state" in blocks:
        data.setdefault("vehicle_state", {"timestamp": _ms(now)}).update(_closures(car, now))
    wants_location = bool(blocks & LOCATION)
    if wants_location and not location:
        data.pop("drive_state", None)
    elif wants_location:
        data.setdefault("drive_state", {"timestamp": _ms(now)}).update(_location(car, now))
    return data if car.transform is None else car.transform(data)


def _drive_state(car: Car, now: float) -> dict[str, Any]:
    speed = car.speed_mph(now)
    battery = car.battery(now)
    state: dict[str, Any] = {
        "power": -round(battery.charge_kw) if speed is None else round(speed * 0.3),
        "shift_state": car.shift_state(now),
        "speed": None if speed is None else round(speed),
        "timestamp": _ms(now),
    }
    trip = car.trip(now)
    if trip is not None and trip.destination is not None:
        drive = trip.drive
        left_m = drive.length_m - drive.distance_m(now - drive.begin)
        used = left_m / 1000 * battery.kwh_per_km / battery.capacity_kwh * 100
        target = drive.fixes[-1]
        state |= {
            "active_route_destination": trip.destination,
            "active_route_latitude": target.latitude,
            "active_route_longitude": target.longitude,
            "active_route_energy_at_arrival": round(battery.level - used),
            "active_route_miles_to_arrival": round(left_m / METRES_PER_MILE, 6),
            "active_route_minutes_to_arrival": round((drive.end - now) / 60, 6),
            "active_route_traffic_minutes_delay": 0.0,
        }
    return state


def _location(car: Car, now: float) -> dict[str, Any]:
    fix = car.gps_fix(now)
    latitude, longitude = (round(degrees, 6) for degrees in fix.point)
    return {
        "gps_as_of": int(fix.as_of),
        "heading": int(fix.heading),
        "latitude": latitude,
        "longitude": longitude,
        "native_latitude": latitude,
        "native_location_supported": 1,
        "native_longitude": longitude,
        "native_type": "wgs",
        "timestamp": _ms(now),
    }


def _climate_state(car: Car, now: float) -> dict[str, Any]:
    driving = car.trip(now) is not None
    return {
        "battery_heater": False,
        "cabin_overheat_protection": "On",
        "climate_keeper_mode": "off",
        "driver_temp_setting": 21.0,
        "fan_status": 2 if driving else 0,
        "inside_temp": 21.0 if driving else 16.5,
        "is_auto_conditioning_on": driving,
        "is_climate_on": driving,
        "is_preconditioning": False,
        "max_avail_temp": 28.0,
        "min_avail_temp": 15.0,
        "outside_temp": 11.5,
        "passenger_temp_setting": 21.0,
        "seat_heater_left": 0,
        "seat_heater_right": 0,
        "timestamp": _ms(now),
    }


def _gui_settings(_car: Car, now: float) -> dict[str, Any]:
    return {
        "gui_24_hour_time": True,
        "gui_charge_rate_units": "kW",
        "gui_distance_units": "km/hr",
        "gui_range_display": "Rated",
        "gui_temperature_units": "C",
        "gui_tirepressure_units": "Bar",
        "show_range_units": False,
        "timestamp": _ms(now),
    }


def _vehicle_config(car: Car, now: float) -> dict[str, Any]:
    return {
        "can_accept_navigation_requests": True,
        "car_type": _MODELS.get(car.vin[_VIN_MODEL : _VIN_MODEL + 1], "model3"),
        "charge_port_type": "CCS",
        "driver_assist": "TeslaAP3",
        "eu_vehicle": True,
        "exterior_color": "MidnightSilver",
        "has_air_suspension": False,
        "motorized_charge_port": True,
        "plg": True,
        "rhd": False,
        "timestamp": _ms(now),
        "trim_badging": "74d",
        "use_range_badging": True,
        "wheel_type": "Pinwheel18CapKit",
    }


def _vehicle_state(car: Car, now: float) -> dict[str, Any]:
    return {
        "api_version": 84,
        "car_version": f"{car.firmware} 0a1b2c3d4e5f",
        "homelink_nearby": distance_m(car.position(now), car.home) < METRES_PER_MILE / 40,
        "odometer": round(car.odometer_miles(now), 6),
        "service_mode": car.in_service,
        "software_update": {"status": "", "version": " ", "download_perc": 0, "install_perc": 1},
        "timestamp": _ms(now),
        "tpms_pressure_fl": 2.9,
        "tpms_pressure_fr": 2.9,
        "tpms_pressure_rl": 2.9,
        "tpms_pressure_rr": 2.9,
        "vehicle_name": car.name,
    }


def _closures(car: Car, now: float) -> dict[str, Any]:
    shut = dict.fromkeys(
        ["df", "dr", "pf", "pr", "ft", "rt", "fd_window", "fp_window", "rd_window", "rp_window"],
        0,
    )
    moving = car.trip(now) is not None
    return {
        **shut,
        "is_user_present": moving,
        "locked": not moving,
        "sentry_mode": car.sentry_mode,
        "sentry_mode_available": True,
        "valet_mode": False,
    }


def _charge_schedules(car: Car, now: float) -> dict[str, Any]:
    schedules = car.battery(now).schedules
    current = car.current_schedule(now)
    return {
        "charge_buffer": 0,
        **({} if current is None else {"charge_schedule_window": dict(current)}),
        "charge_schedules": [dict(schedule) for schedule in schedules],
        "max_num_charge_schedules": 100,
        "next_schedule": any(schedule.get("enabled") for schedule in schedules),
        "show_schedule_complete_state": False,
        "timestamp": {"seconds": int(now), "nanos": 0},
    }


def _precondition_schedules(car: Car, now: float) -> dict[str, Any]:
    schedules = car.battery(now).preconditions
    return {
        "max_num_precondition_schedules": 100,
        "next_schedule": any(schedule.get("enabled") for schedule in schedules),
        "precondition_schedules": [dict(schedule) for schedule in schedules],
        "timestamp": {"seconds": int(now), "nanos": 0},
    }


def _ms(now: float) -> int:
    return int(now * 1000)


_BLOCKS: dict[str, Callable[[Car, float], dict[str, Any]]] = {
    "charge_state": charge_state,
    "climate_state": _climate_state,
    "drive_state": _drive_state,
    "gui_settings": _gui_settings,
    "vehicle_config": _vehicle_config,
    "vehicle_state": _vehicle_state,
    "charge_schedule_data": _charge_schedules,
    "preconditioning_schedule_data": _precondition_schedules,
}
