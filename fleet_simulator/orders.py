"""Orders: what a command asks of a car, whichever door it came through, and how the REST form of one is read.

The names, fields and types are those of Tesla's page of vehicle commands and of its proxy: a number must be a JSON number, a
bool a JSON bool, days a comma list of day names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import struct
from typing import Any, Literal

DAY_BITS = {
    "SUN": 1,
    "SUNDAY": 1,
    "MON": 2,
    "MONDAY": 2,
    "TUES": 4,
    "TUESDAY": 4,
    "WED": 8,
    "WEDNESDAY": 8,
    "THURS": 16,
    "THURSDAY": 16,
    "FRI": 32,
    "FRIDAY": 32,
    "SAT": 64,
    "SATURDAY": 64,
    "ALL": 127,
    "WEEKDAYS": 62,
}
"""The day names that are taken, in any case, and their bits. Tue and Thu are not among them."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command by its REST name, its values as the car gets them: days as a mask, positions as 32-bit floats.

    A charge or preconditioning schedule has the read names (latitude, longitude, days_of_week).
    """

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadParameter:
    """Why a body was not taken. kind: "missing" and "invalid" name a field, "day" a word that is no day."""

    kind: Literal["missing", "invalid", "day", "command"]
    what: str


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    kind: Literal["number", "bool", "days"]
    required: bool = True


_ID = _Field("id", "number")
_PLACES = tuple(_Field(key, "bool", required=False) for key in ("home", "work", "other"))
_PLACE_AND_DAYS = (
    _Field("lat", "number"),
    _Field("lon", "number"),
    _Field("days_of_week", "days"),
    _Field("enabled", "bool"),
    _Field("one_time", "bool", required=False),
    _Field("id", "number", required=False),
)

FIELDS: dict[str, tuple[_Field, ...]] = {
    "charge_start": (),
    "charge_stop": (),
    "charge_standard": (),
    "charge_max_range": (),
    "charge_port_door_open": (),
    "charge_port_door_close": (),
    "set_charge_limit": (_Field("percent", "number"),),
    "set_charging_amps": (_Field("charging_amps", "number"),),
    "set_scheduled_charging": (_Field("enable", "bool"), _Field("time", "number", required=False)),
    "set_scheduled_departure": (
        _Field("enable", "bool"),
        _Field("departure_time", "number", required=False),
        _Field("end_off_peak_time", "number", required=False),
        _Field("off_peak_charging_enabled", "bool", required=False),
        _Field("off_peak_charging_weekdays_only", "bool", required=False),
        _Field("preconditioning_enabled", "bool", required=False),
        _Field("preconditioning_weekdays_only", "bool", required=False),
    ),
    "add_charge_schedule": (
        *_PLACE_AND_DAYS,
        _Field("start_enabled", "bool"),
        _Field("start_time", "number", required=False),
        _Field("end_enabled", "bool"),
        _Field("end_time", "number", required=False),
    ),
    "remove_charge_schedule": (_ID,),
    "batch_remove_charge_schedules": _PLACES,
    "add_precondition_schedule": (*_PLACE_AND_DAYS, _Field("precondition_time", "number")),
    "remove_precondition_schedule": (_ID,),
    "batch_remove_precondition_schedules": _PLACES,
}
"""The commands that a car here knows."""


def read_rest(name: str, body: Mapping[str, Any], now: float) -> Order | BadParameter:
    """Read a REST command. A schedule without an id gets the current second for one, as the proxy gives it."""
    fields = FIELDS.get(name)
    if fields is None:
        return BadParameter("command", name)
    params: dict[str, Any] = {}
    for field in fields:
        value = _value(field, body)
        if isinstance(value, BadParameter):
            return value
        params[field.key] = value
    return Order(name, _as_read(params, now) if name.startswith("add_") else params)


def float32(degrees: float) -> float:
    """Return what is left of a position on the wire: a 32-bit float, about a metre."""
    return float(struct.unpack("<f", struct.pack("<f", degrees))[0])


def _value(field: _Field, body: Mapping[str, Any]) -> Any:
    if field.key not in body:
        if field.required:
            return BadParameter("missing", field.key)
        return False if field.kind == "bool" else 0
    value = body[field.key]
    match field.kind:
        case "bool":
            return value if isinstance(value, bool) else BadParameter("invalid", field.key)
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            return value if fits else BadParameter("invalid", field.key)
        case "days":
            return _mask(value) if isinstance(value, str) else BadParameter("invalid", field.key)


def _mask(days: str) -> int | BadParameter:
    mask = 0
    for day in days.split(","):
        bit = DAY_BITS.get(day.strip().upper())
        if bit is None:
            return BadParameter("day", day)
        mask |= bit
    return mask


def _as_read(params: dict[str, Any], now: float) -> dict[str, Any]:
    """Return a schedule with the names it is read back with. The proxy passes no name on."""
    made = {
        key: int(value) if key.endswith("_time") and key != "one_time" else value
        for key, value in params.items()
    }
    made["latitude"] = float32(made.pop("lat"))
    made["longitude"] = float32(made.pop("lon"))
    made["id"] = int(made["id"]) or int(now)
    made["name"] = ""
    return made
