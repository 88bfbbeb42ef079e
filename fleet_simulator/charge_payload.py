"""The charge_state block."""

from math import ceil
from typing import Any

from .car import Car

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
        "charge_port_door_open": plugged,
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
        "off_peak_charging_enabled": False,
        "off_peak_hours_end_time": 360,
        "preconditioning_enabled": False,
        "scheduled_charging_mode": "Off",
        "scheduled_charging_pending": False,
        "scheduled_charging_start_time": None,
        "scheduled_departure_time": None,
        "scheduled_departure_time_minutes": None,
        "supercharger_session_trip_planner": False,
        "timestamp": int(now * 1000),
        "trip_charging": False,
    }
