"""What is made of a payload: each field typed, possible, or unknown; nothing breaks and nothing is made up."""

from datetime import datetime
import math
from typing import Any

from car_payloads import CARS, CYBERTRUCK, MODEL_3, MODEL_S_2014, MODEL_Y_2024, READ_AT, charge, view
from homeassistant.util import dt as dt_util
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.tesla_scout_worker.car_binary_sensor import CAR_BINARY_SENSORS
from custom_components.tesla_scout_worker.car_sensor import CAR_SENSORS
from custom_components.tesla_scout_worker.charging_sensor import _COMPLETION, _ENERGY_ADDED, CHARGING_SENSORS
from custom_components.tesla_scout_worker.fleet.vehicle_view import VehicleView

SENSORS = (*CAR_SENSORS, *CHARGING_SENSORS, _COMPLETION, _ENERGY_ADDED)


def told(seen: VehicleView) -> dict[str, Any]:
    """Return everything that the entities would show."""
    values: dict[str, Any] = {one.key: one.value(seen) for one in SENSORS}
    values |= {one.key: one.is_on(seen) for one in CAR_BINARY_SENSORS}
    values |= {"newest": seen.newest_firmware, "port": seen.flag("charge_state", "charge_port_door_open")}
    values |= {"limit": seen.percent("charge_limit_soc"), "at_fast_charger": seen.is_at_fast_charger or None}
    return values


def end(minutes: float) -> datetime:
    """Return a time after the read."""
    return dt_util.utc_from_timestamp(READ_AT + minutes * 60)


EXPECTED: dict[str, dict[str, Any]] = {
    "model_s_2014": {
        "battery_level": 71, "usable_battery_level": 70, "battery_range": 178.3, "est_battery_range": None,
        "charging_state": "charging", "charging": True, "plugged_in": True, "charger_power": 7,
        "charger_actual_current": 32, "charger_voltage": 231, "charger_phases": 1, "charge_energy_added": 8.42,
        "charge_complete_at": end(135), "conn_charge_cable": None, "charge_port_latch": None, "port": None,
        "fast_charger_type": None, "inside_temp": None, "outside_temp": None, "preconditioning": None,
        "odometer": 98_231.75, "tpms_pressure_fl": None, "window_driver_front": None, "door_driver_front": False,
        "locked": False, "sentry_mode": None, "shift_state": "p", "software_version": "2023.44.30.20",
        "newest": "2023.44.30.20", "limit": 90, "at_fast_charger": None,
    },
    "model_3": {
        "battery_level": 64, "usable_battery_level": 62, "charger_power": 11, "charger_phases": 3,
        "charge_rate": 39.1, "charge_complete_at": end(75), "conn_charge_cable": "iec",
        "charge_port_latch": "engaged", "fast_charger_type": "ac", "port": True, "outside_temp": -3.5,
        "tpms_pressure_fr": 2.875, "trunk": False, "window_driver_rear": False, "climate_on": False,
        "newest": "2026.32.6", "software_version": "2026.32.6", "at_fast_charger": None,
    },
    "model_y_2024": {
        "charger_power": 124, "charger_phases": None, "fast_charger_type": "combo", "fast_charger_present": True,
        "at_fast_charger": True, "trunk": True, "window_driver_rear": True, "door_driver_front": True,
        "door_driver_rear": False, "locked": True, "sentry_mode": True, "user_present": True, "climate_on": True,
        "software_version": "2026.32.6", "newest": "2026.38.1", "charge_complete_at": end(20), "shift_state": "p",
    },
    "cybertruck": {
        "charging_state": "disconnected", "charging": False, "plugged_in": False, "charger_power": 0,
        "charge_complete_at": None, "charge_energy_added": 30.0, "charge_port_latch": "disengaged", "port": False,
        "inside_temp": None, "climate_on": None, "tpms_pressure_fl": 3.45, "shift_state": "p",
    },
}  # fmt: skip


@pytest.mark.parametrize("model", CARS)
def test_each_kind_of_car(model: str) -> None:
    """What is there is told as it is, what is not there is unknown."""
    values = told(view(CARS[model]))
    assert {key: values[key] for key in EXPECTED[model]} == EXPECTED[model]


def test_no_payload_at_all() -> None:
    """Before the first read, and for a car that may not be read, everything is unknown."""
    assert set(told(VehicleView(view({}).data)).values()) == {None}
    assert set(told(view({"charge_state": None, "vehicle_state": {}})).values()) == {None}


JUNK = st.sampled_from(
    [None, "", "x", "5", "<invalid>", [], {}, [1], {"a": 1}, -999, -1e9, 1e12, 10**400, math.nan, math.inf, -math.inf]
)  # fmt: skip
CHANGES = st.lists(
    st.tuples(st.integers(0, 200), st.one_of(st.just("drop"), JUNK.map(lambda one: (one,)))), max_size=12
)
# What a parked car says for its gear, and words that are not known yet, mean something.
MEANINGFUL = {"shift_state": "p", "plugged_in": True}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(CARS)),
    CHANGES,
    st.sampled_from([None, "charge_state", "drive_state", "vehicle_state"]),
)
def test_whatever_is_dropped_null_or_of_another_type(
    model: str, changes: list[tuple[int, Any]], lost: str | None
) -> None:
    """Every value is the one of the car or unknown; the others stay."""
    original = told(view(CARS[model]))
    blocks = {key: dict(block) for key, block in CARS[model].items() if block}
    fields = [(block, key) for block, item in blocks.items() for key in item]
    changed = {fields[number % len(fields)]: change for number, change in changes}
    for (block, key), change in changed.items():
        if change == "drop":
            blocks[block].pop(key)
        else:
            blocks[block][key] = change[0]
    payload: dict[str, Any] = {**blocks, **({lost: None} if lost else {})}
    for is_asleep in (False, True):
        values = told(view(payload, is_asleep=is_asleep))
        for key, value in values.items():
            calm = {0} if is_asleep else set()
            allowed = {None, original[key], MEANINGFUL.get(key), *calm}
            assert value in allowed, (key, value)
    if not lost:
        values = told(view(payload))
        # Without a gear the speed tells whether it is parked.
        untouched = (
            {key for _, key in fields if key in values} - {key for _, key in changed} - {"shift_state"}
        )
        assert {key: values[key] for key in untouched} == {key: original[key] for key in untouched}


@pytest.mark.parametrize(
    ("block", "field", "entity", "bad"),
    [
        ("charge_state", "battery_level", "battery_level", (-1, 101, 255, True, "62")),
        ("charge_state", "battery_range", "battery_range", (-0.1, 2001, "180")),
        ("charge_state", "charger_power", "charger_power", (-1, 5000)),
        ("charge_state", "charger_voltage", "charger_voltage", (-1, 65535)),
        ("charge_state", "charger_phases", "charger_phases", (0, 4, "3")),
        ("charge_state", "charge_energy_added", "charge_energy_added", (-0.5, 1e6)),
        ("climate_state", "inside_temp", "inside_temp", (-273.15, 327.67, "21")),
        ("vehicle_state", "odometer", "odometer", (-1, 1e9)),
        ("vehicle_state", "tpms_pressure_fl", "tpms_pressure_fl", (-1, 65.535)),
        ("vehicle_state", "df", "door_driver_front", (-1, 1e9, "0")),
        ("vehicle_state", "locked", "locked", (0, 1, "true")),
        ("charge_state", "conn_charge_cable", "conn_charge_cable", ("SNA", "NACS", 1)),
        ("drive_state", "shift_state", "shift_state", ("X", "SNA", 5, True)),
    ],
)
def test_what_cannot_be_is_unknown(block: str, field: str, entity: str, bad: tuple[Any, ...]) -> None:
    """A value out of its range is a mistake, and shown as none."""
    for value in bad:
        assert told(view({**MODEL_3, block: {**MODEL_3[block], field: value}}))[entity] is None, value


@pytest.mark.parametrize(
    ("word", "state", "charging", "asleep"),
    [
        ("Disconnected", "disconnected", False, "disconnected"),
        ("NoPower", "no_power", False, "no_power"),
        ("Starting", "starting", True, None),
        ("Charging", "charging", True, None),
        ("Complete", "complete", False, "complete"),
        ("Stopped", "stopped", False, "stopped"),
        ("Calibrating", "calibrating", False, "calibrating"),
        ("charging", "charging", True, None),
        ("Unknown", None, None, None),
        ("Levitating", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_sleeping_car_does_not_charge(word: Any, state: Any, charging: Any, asleep: Any) -> None:
    """Whether it was full, stopped or unplugged is not known before the next read; that nothing flows is."""
    payload = charge(MODEL_3, charging_state=word)
    awake, sleeping = told(view(payload)), told(view(payload, is_asleep=True))
    assert (awake["charging_state"], awake["charging"]) == (state, charging)
    assert sleeping["charging_state"] == asleep
    assert sleeping["charging"] is (None if charging is None else False)
    for flow in ("charger_power", "charger_actual_current", "charge_rate"):
        assert sleeping[flow] == 0
    assert sleeping["charge_complete_at"] is None
    assert sleeping["battery_level"] == awake["battery_level"] == 64
    assert told(view(charge(MODEL_3, charger_power=None), is_asleep=True))["charger_power"] is None


def test_end_of_the_charge() -> None:
    """Minutes count before hours; none while nothing flows, and none where neither is told."""
    both = charge(MODEL_3, minutes_to_full_charge=10, time_to_full_charge=99.0)
    assert view(both).completes_at == READ_AT + 600
    assert view(charge(both, minutes_to_full_charge=0)).completes_at == READ_AT + 99 * 3600
    assert view(charge(both, minutes_to_full_charge=-1, time_to_full_charge=0)).completes_at is None
    assert view(charge(both, charging_state="Complete")).completes_at is None
    assert view(charge(both, charging_state="Stopped")).completes_at is None


@pytest.mark.parametrize(
    ("told_by_car", "limit", "amps"),
    [
        ({}, (50, 100), (0, 16)),
        ({"charge_limit_soc_min": 60, "charge_limit_soc_max": 95}, (60, 95), (0, 16)),
        ({"charge_limit_soc_min": 20, "charge_limit_soc_max": 120}, (50, 100), (0, 16)),
        ({"charge_limit_soc_min": 90, "charge_limit_soc_max": 60}, (50, 100), (0, 16)),
        ({"charge_limit_soc_min": None, "charge_limit_soc_max": "90"}, (50, 100), (0, 16)),
        ({"charge_current_request_max": 80}, (50, 100), (0, 80)),
        ({"charge_current_request_max": 0}, (50, 100), (0, 48)),
        ({"charge_current_request_max": None}, (50, 100), (0, 48)),
        ({"charge_current_request_max": 500}, (50, 100), (0, 48)),
    ],
)
def test_bounds_are_the_cars_own(
    told_by_car: dict[str, Any], limit: tuple[float, float], amps: tuple[float, float]
) -> None:
    """As it told them, as long as they make sense."""
    seen = view(charge(MODEL_3, **told_by_car))
    assert (seen.limit_bounds, seen.amps_bounds) == (limit, amps)


@pytest.mark.parametrize(
    ("update", "newest"),
    [
        ({"status": "", "version": " "}, "2026.32.6"),
        ({"status": "available", "version": "2026.38.1"}, "2026.38.1"),
        ({"status": "downloading_wifi_wait", "version": "2026.38.1 x"}, "2026.38.1"),
        ({"status": "available", "version": " "}, None),
        ({"status": "available", "version": None}, None),
        ({"status": None, "version": "2026.38.1"}, None),
        ({}, None),
        (None, None),
        ("available", None),
    ],
)
def test_update(update: Any, newest: str | None) -> None:
    """An update is offered where the car says so, with the version that it names."""
    payload = {**MODEL_3, "vehicle_state": {**MODEL_3["vehicle_state"], "software_update": update}}
    assert view(payload).newest_firmware == newest


def test_at_a_fast_charger_only_with_the_cable_in() -> None:
    """A flag that stays after the car left means nothing."""
    assert view(MODEL_Y_2024).is_at_fast_charger
    assert not view(charge(MODEL_Y_2024, charging_state="Disconnected")).is_at_fast_charger
    assert not view(MODEL_S_2014).is_at_fast_charger
    assert not view(CYBERTRUCK).is_at_fast_charger
