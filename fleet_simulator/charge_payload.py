"""The charge_state block."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from .battery import Battery
from .car import Car
from .timetable import Schedule, epoch

MILES_PER_PERCENT = 2.9


def charge_state(car: Car, now: float) -> dict[str, Any]:
    """Return charge_state: per cent, amps, volts per phase, kW, kWh, miles, miles of range an hour."""
    battery = car.battery(now)
    charger = battery.charger
    plugged = charger is not None
    fast = charger is not None and charger.fast_kw is not None
    flowing = battery.flowing
    drawn_amps = min(battery.amps, charger.amps) if charger is not None and flowing and not fast else 0
    hours = battery.hours_to_limit
    miles = round(battery.level * MILES_PER_PERCENT, 2)
    rate = battery.charge_kw / battery.capacity_kwh * 100 * MILES_PER_PERCENT
    max_amps = charger.amps if charger is not None and not fast else 48
    return {
        "battery_level": int(battery.level + 1e-6),
        "usable_battery_level": int(battery.level + 1e-6),
        "battery_range": miles,
        "est_battery_range": round(miles * 0.9, 2),
        "ideal_battery_range": miles,
        "charge_amps": battery.amps,
        "charge_current_request": min(battery.amps, max_amps),
        "charge_current_request_max": max_amps,
        "charge_enable_request": battery.wanted,
        "user_charge_enable_request": None,
        "charge_energy_added": round(battery.added_kwh, 2),
        "charge_limit_soc": battery.limit,
        "charge_limit_soc_max": 100,
        "charge_limit_soc_min": 50,
        "charge_limit_soc_std": 90,
        "charge_miles_added_rated": round(
            battery.added_kwh / battery.capacity_kwh * 100 * MILES_PER_PERCENT, 1
        ),
        "charge_port_cold_weather_mode": False,
        "charge_port_door_open": plugged or battery.port_open,
        "charge_port_latch": "Engaged" if plugged else "Disengaged",
        "charge_rate": round(rate, 1),
        "charger_actual_current": drawn_amps,
        "charger_phases": charger.phases if charger is not None and flowing and not fast else None,
        "charger_pilot_current": max_amps,
        "charger_power": round(battery.charge_kw),
        "charger_voltage": charger.volts if charger is not None and flowing else 2,
        "charging_state": battery.charging_state,
        "conn_charge_cable": "IEC" if plugged else "<invalid>",
        "fast_charger_present": fast,
        "fast_charger_brand": "Tesla" if fast else "<invalid>",
        "fast_charger_type": "Combo" if fast else ("ACSingleWireCAN" if plugged else "<invalid>"),
        "managed_charging_active": False,
        "minutes_to_full_charge": ceil(hours * 60),
        "time_to_full_charge": round(hours, 2),
        **_old_schedule(car, battery, now),
        "supercharger_session_trip_planner": False,
        "timestamp": int(now * 1000),
        "trip_charging": False,
    }


def _old_schedule(car: Car, battery: Battery, now: float) -> dict[str, Any]:
    """Return the fields of the one schedule of old firmware; newer firmware leaves them as if there were none."""
    old: Schedule = battery.legacy or {}
    mode = old.get("mode", "Off")
    starts = old.get("start_time") if mode == "StartAt" else None
    departs = old.get("departure_time") if mode == "DepartBy" else None
    return {
        "off_peak_charging_enabled": mode == "DepartBy" and bool(old.get("end_enabled")),
        "off_peak_hours_end_time": old.get("end_time") or 360,
        "preconditioning_enabled": bool(old.get("preconditioning")),
        "scheduled_charging_mode": mode,
        "scheduled_charging_pending": battery.legacy is not None and battery.waiting,
        "scheduled_charging_start_time": None if starts is None else _coming(car, starts, now),
        "scheduled_charging_start_time_app": starts,
        "scheduled_departure_time": None if departs is None else _coming(car, departs, now),
        "scheduled_departure_time_minutes": departs,
    }


def _coming(car: Car, minutes: int, now: float) -> int:
    """Return the next time that the car's clock shows this minute after midnight, in epoch seconds."""
    today = datetime.fromtimestamp(now, car.zone).date()
    found = epoch(today, minutes, car.zone)
    return int(found if found > now else epoch(today + timedelta(days=1), minutes, car.zone))
