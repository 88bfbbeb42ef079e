"""The commands for schedules from before 2024.26, on old firmware and on new.

Old firmware has one setting, StartAt or DepartBy, for where it was set. On new firmware each call adds a schedule more, even
one that switches off, and the old fields of charge_state stay as if there were nothing.
"""

from collections.abc import Mapping
from typing import Any

from .battery import Battery
from .car import Car
from .timetable import Schedule

EVERY_DAY = 127
WEEKDAYS = 62


def set_scheduled_charging(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    """Charge from this minute after midnight on."""
    enabled = bool(params["enable"])
    schedule = _charging(car, now, enabled=enabled) | {
        "start_enabled": True,
        "start_time": int(params["time"]),
        "mode": "StartAt",
    }
    if car.has_schedules:
        _add(car, battery, schedule, now)
    else:
        car.put_legacy_schedule(schedule if enabled else None, now)
    return ""


def set_scheduled_departure(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    """Be ready by this minute after midnight; charged by the end of the cheap hours.

    With neither charging nor preconditioning in it the car says yes and does nothing, as owners have seen.
    """
    enabled = bool(params["enable"])
    off_peak = params["off_peak_charging_enabled"] or params["off_peak_charging_weekdays_only"]
    preconditioning = params["preconditioning_enabled"] or params["preconditioning_weekdays_only"]
    if enabled and not off_peak and not preconditioning:
        return ""
    schedule = _charging(car, now, enabled=enabled) | {
        "days_of_week": WEEKDAYS if params["off_peak_charging_weekdays_only"] else EVERY_DAY,
        "end_enabled": bool(off_peak),
        "end_time": int(params["end_off_peak_time"] or params["departure_time"]),
        "mode": "DepartBy",
        "departure_time": int(params["departure_time"]),
        "preconditioning": bool(preconditioning),
    }
    if not car.has_schedules:
        car.put_legacy_schedule(schedule if enabled else None, now)
        return ""
    if off_peak or not enabled:
        _add(car, battery, schedule, now)
    if preconditioning:
        made = {key: schedule[key] for key in ("id", "name", "one_time", "enabled", "latitude", "longitude")}
        made["days_of_week"] = WEEKDAYS if params["preconditioning_weekdays_only"] else EVERY_DAY
        made["precondition_time"] = schedule["departure_time"]
        car.put_precondition_schedules((*battery.preconditions, made), now)
    return ""


def _charging(car: Car, now: float, *, enabled: bool) -> dict[str, Any]:
    latitude, longitude = car.gps_fix(now).point
    return {
        "id": int(now),
        "name": "",
        "days_of_week": EVERY_DAY,
        "start_enabled": False,
        "start_time": 0,
        "end_enabled": False,
        "end_time": 0,
        "one_time": False,
        "enabled": enabled,
        "latitude": latitude,
        "longitude": longitude,
    }


def _add(car: Car, battery: Battery, schedule: Schedule, now: float) -> None:
    beyond = {"mode", "departure_time", "preconditioning"}
    made = {key: value for key, value in schedule.items() if key not in beyond}
    car.put_charge_schedules((*battery.schedules, made), now)
