"""What four kinds of car answer to a full read: the shapes are those of public reports, the values are invented."""

from typing import Any

from custom_components.tesla_scout_worker.fleet.models import VehicleData, parse_vehicle_data
from custom_components.tesla_scout_worker.fleet.vehicle_view import VehicleView

READ_AT = 1_795_000_000.0

# An old car: no port, latch or cable is told, hours instead of minutes, two chargers, no windows, no tyre pressures.
MODEL_S_2014: dict[str, Any] = {
    "charge_state": {
        "battery_level": 71,
        "battery_range": 178.3,
        "charge_current_request": 32,
        "charge_current_request_max": 80,
        "charge_enable_request": True,
        "charge_energy_added": 8.42,
        "charge_limit_soc": 90,
        "charge_limit_soc_max": 100,
        "charge_limit_soc_min": 50,
        "charge_limit_soc_std": 90,
        "charge_port_door_open": None,
        "charge_port_latch": "<invalid>",
        "charge_rate": 18.6,
        "charger_actual_current": 32,
        "charger_phases": 1,
        "charger_power": 7,
        "charger_voltage": 231,
        "charging_state": "Charging",
        "conn_charge_cable": "<invalid>",
        "est_battery_range": None,
        "fast_charger_brand": "<invalid>",
        "fast_charger_present": False,
        "fast_charger_type": "<invalid>",
        "ideal_battery_range": 222.9,
        "time_to_full_charge": 2.25,
        "usable_battery_level": 70,
    },
    "climate_state": {
        "inside_temp": None,
        "outside_temp": None,
        "is_climate_on": False,
        "is_preconditioning": None,
    },
    "drive_state": {"shift_state": None, "speed": None, "power": -7},
    "gui_settings": {"gui_distance_units": "mi/hr"},
    "vehicle_config": {"car_type": "models", "motorized_charge_port": False},
    "vehicle_state": {
        "car_version": "2023.44.30.20 f3d8ad3bdd4b",
        "df": 0,
        "dr": 0,
        "ft": 0,
        "is_user_present": False,
        "locked": True,
        "odometer": 98_231.75,
        "pf": 0,
        "pr": 0,
        "rt": 0,
        "sentry_mode_available": False,
        "software_update": {"download_perc": 0, "install_perc": 0, "status": "", "version": ""},
        "tpms_pressure_fl": None,
        "tpms_pressure_fr": None,
        "tpms_pressure_rl": None,
        "tpms_pressure_rr": None,
        "valet_mode": False,
    },
}
# Three phases at a wall box.
MODEL_3: dict[str, Any] = {
    "charge_state": {
        "battery_level": 64,
        "usable_battery_level": 62,
        "battery_range": 201.45,
        "est_battery_range": 180.22,
        "ideal_battery_range": 201.45,
        "charge_amps": 16,
        "charge_current_request": 16,
        "charge_current_request_max": 16,
        "charge_energy_added": 3.6,
        "charge_limit_soc": 80,
        "charge_limit_soc_max": 100,
        "charge_limit_soc_min": 50,
        "charge_port_door_open": True,
        "charge_port_latch": "Engaged",
        "charge_rate": 39.1,
        "charger_actual_current": 16,
        "charger_phases": 3,
        "charger_pilot_current": 16,
        "charger_power": 11,
        "charger_voltage": 229,
        "charging_state": "Charging",
        "conn_charge_cable": "IEC",
        "fast_charger_present": False,
        "fast_charger_type": "ACSingleWireCAN",
        "minutes_to_full_charge": 75,
        "time_to_full_charge": 1.25,
    },
    "climate_state": {
        "inside_temp": 18.4,
        "outside_temp": -3.5,
        "is_climate_on": False,
        "is_preconditioning": False,
    },
    "drive_state": {"shift_state": None, "speed": None, "power": -11},
    "vehicle_state": {
        "car_version": "2026.32.6 0a1b2c3d4e5f",
        "df": 0,
        "dr": 0,
        "pf": 0,
        "pr": 0,
        "ft": 0,
        "rt": 0,
        "fd_window": 0,
        "fp_window": 0,
        "rd_window": 0,
        "rp_window": 0,
        "is_user_present": False,
        "locked": True,
        "odometer": 31_204.118,
        "sentry_mode": False,
        "service_mode": False,
        "software_update": {"download_perc": 0, "install_perc": 1, "status": "", "version": " "},
        "tpms_pressure_fl": 2.9,
        "tpms_pressure_fr": 2.875,
        "tpms_pressure_rl": 2.8,
        "tpms_pressure_rr": 2.825,
    },
}
# At a Supercharger, with the boot open, a window ajar and an update that waits.
MODEL_Y_2024: dict[str, Any] = {
    "charge_state": {
        **MODEL_3["charge_state"],
        "battery_level": 41,
        "usable_battery_level": 41,
        "charge_current_request": 48,
        "charge_current_request_max": 48,
        "charge_energy_added": 22.1,
        "charge_rate": 402.7,
        "charger_actual_current": 0,
        "charger_phases": None,
        "charger_power": 124,
        "charger_voltage": 382,
        "conn_charge_cable": "IEC",
        "fast_charger_present": True,
        "fast_charger_brand": "Tesla",
        "fast_charger_type": "Combo",
        "minutes_to_full_charge": 20,
        "time_to_full_charge": 20 / 60,
    },
    "climate_state": {
        "inside_temp": 21.0,
        "outside_temp": 31.0,
        "is_climate_on": True,
        "is_preconditioning": False,
    },
    "drive_state": {"shift_state": "P", "speed": None, "power": -124},
    "vehicle_state": {
        **MODEL_3["vehicle_state"],
        "rt": 1,
        "rd_window": 2,
        "df": 1,
        "is_user_present": True,
        "locked": False,
        "sentry_mode": True,
        "software_update": {
            "download_perc": 100,
            "expected_duration_sec": 1500,
            "install_perc": 1,
            "status": "available",
            "version": "2026.38.1",
        },
    },
}
# Parked and unplugged; fields that others do not have, and a block that is null.
CYBERTRUCK: dict[str, Any] = {
    "charge_state": {
        **MODEL_3["charge_state"],
        "battery_level": 77,
        "charge_energy_added": 30.0,
        "charge_port_door_open": False,
        "charge_port_latch": "Disengaged",
        "charge_rate": 0,
        "charge_current_request_max": 48,
        "charger_actual_current": 0,
        "charger_phases": None,
        "charger_power": 0,
        "charger_voltage": 2,
        "charging_state": "Disconnected",
        "conn_charge_cable": "<invalid>",
        "fast_charger_type": "<invalid>",
        "minutes_to_full_charge": 0,
        "time_to_full_charge": 0.0,
        "outlet_state": "Off",
        "power_feed_state": "Off",
    },
    "climate_state": None,
    "drive_state": {"shift_state": "", "speed": None, "power": 0},
    "vehicle_state": {
        **MODEL_3["vehicle_state"],
        "tonneau_state": "closed",
        "tonneau_percent_open": 0,
        "tpms_pressure_fl": 3.45,
    },
}
CARS = {
    "model_s_2014": MODEL_S_2014,
    "model_3": MODEL_3,
    "model_y_2024": MODEL_Y_2024,
    "cybertruck": CYBERTRUCK,
}


def data(payload: Any, *, read_at: float = READ_AT) -> VehicleData:
    """Return a payload as the integration reads it."""
    return parse_vehicle_data(payload, read_at)


def view(payload: Any, *, is_asleep: bool = False, read_at: float = READ_AT) -> VehicleView:
    """Return what a payload says."""
    return VehicleView(data(payload, read_at=read_at), is_asleep)


def charge(payload: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Return a payload with other values in charge_state."""
    return {**payload, "charge_state": {**payload["charge_state"], **values}}
