"""What a car does when it is told to, and the words with which it refuses. The plain (unsigned) door is here too."""

from collections.abc import Callable, Mapping
from typing import Any

from .battery import Battery
from .car import Car
from .legacy_schedules import set_scheduled_charging, set_scheduled_departure
from .orders import BadParameter, Order, read_rest
from .timetable import Schedule, holds_at
from .wire import Answer, failure, success

PROTOCOL_TEXT = (
    "Tesla Vehicle Command Protocol required, please refer to the documentation here: "
    "https://developer.tesla.com/docs/fleet-api/virtual-keys/overview"
)

LIMITS = range(50, 101)
STANDARD_LIMIT = 90
FULL_LIMIT = 100

SIGNED_ONLY = frozenset(
    {
        "add_charge_schedule",
        "remove_charge_schedule",
        "batch_remove_charge_schedules",
        "add_precondition_schedule",
        "remove_precondition_schedule",
        "batch_remove_precondition_schedules",
    }
)
"""Commands that no car takes without a signature (412 Not Supported), and no firmware before 2024.26 knows."""

UNKNOWN = "not_supported"
"""The refusal of a command that the firmware does not know. Tesla's own word is not known."""


def run(car: Car, name: str, body: Mapping[str, Any], now: float) -> Answer:
    """Run a plain command by its name in the path on a car that is reachable, and return Tesla's answer.

    400 for unknown commands and wrongly typed fields, 403 where the car wants signatures, 412 for what only goes signed.
    """
    if car.command_protocol_required:
        return failure(403, PROTOCOL_TEXT)
    if name in SIGNED_ONLY:
        return failure(412, "Not Supported")
    order = read_rest(name, body, now)
    if isinstance(order, BadParameter):
        if order.kind == "command":
            return failure(400, "invalid_command", f"unknown command {name}")
        return failure(400, "invalid_field", f"{order.what}: {order.kind}")
    reason = obey(car, order, now)
    return success({"result": not reason, "reason": reason})


def obey(car: Car, order: Order, now: float) -> str:
    """Carry an order out. Returns the car's refusal, "" when it is done or when Tesla says so of a wrong value."""
    car.note_activity(now)
    if car.refusals:
        return car.refusals.pop(0)
    if order.name in SIGNED_ONLY and not car.has_schedules:
        return UNKNOWN
    return _COMMANDS[order.name](car, order.params, car.battery(now), now)


type _Command = Callable[[Car, Mapping[str, Any], Battery, float], str]


def _charge_start(car: Car, _params: Mapping[str, Any], battery: Battery, now: float) -> str:
    match battery.charging_state:
        case "Disconnected":
            return "disconnected"
        case "NoPower":
            return "no_power"
        case "Starting":
            return "requested"
        case "Charging":
            return "is_charging"
        case "Complete":
            return "complete"
        case _:
            car.want_charge(now, wanted=True)
            return ""


def _charge_stop(car: Car, _params: Mapping[str, Any], battery: Battery, now: float) -> str:
    if not battery.flowing:
        return "not_charging"
    car.want_charge(now, wanted=False)
    return ""


def _set_charge_limit(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    percent = int(params["percent"])
    if percent not in LIMITS:
        return ""  # Tesla says success and does nothing
    if percent == battery.limit:
        return "already_set"
    car.set_limit(now, percent)
    return ""


def _preset(percent: int, already: str) -> _Command:
    def command(car: Car, _params: Mapping[str, Any], battery: Battery, now: float) -> str:
        if battery.limit == percent:
            return already
        car.set_limit(now, percent)
        return ""

    return command


def _set_charging_amps(car: Car, params: Mapping[str, Any], _battery: Battery, now: float) -> str:
    car.set_amps(now, max(0, int(params["charging_amps"])))
    return ""


def _port_open(car: Car, _params: Mapping[str, Any], battery: Battery, now: float) -> str:
    if battery.drive is not None:
        return "not_in_park"
    if battery.charger is None:
        car.open_port(now, is_open=True)
    return ""


def _port_close(car: Car, _params: Mapping[str, Any], battery: Battery, now: float) -> str:
    if battery.charger is not None:
        return "cable_connected"
    if not battery.port_open:
        return "already_closed"
    car.open_port(now, is_open=False)
    return ""


def _with(schedules: tuple[Schedule, ...], made: Schedule) -> tuple[Schedule, ...]:
    """Return the list with a schedule in the place of the one that has its id, or at its end."""
    if any(one.get("id") == made["id"] for one in schedules):
        return tuple(made if one.get("id") == made["id"] else one for one in schedules)
    return (*schedules, made)


def _without(schedules: tuple[Schedule, ...], number: int) -> tuple[Schedule, ...]:
    return tuple(one for one in schedules if one.get("id") != number)


def _elsewhere(car: Car, schedules: tuple[Schedule, ...], params: Mapping[str, Any]) -> tuple[Schedule, ...]:
    """Return the list without the schedules of the kinds of place that are named."""

    def kind(schedule: Schedule) -> str:
        return next((name for name, point in car.places.items() if holds_at(schedule, point)), "other")

    return tuple(one for one in schedules if not params.get(kind(one)))


def _add_charge_schedule(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_charge_schedules(_with(battery.schedules, dict(params)), now)
    return ""


def _remove_charge_schedule(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_charge_schedules(_without(battery.schedules, int(params["id"])), now)
    return ""


def _batch_remove_charge_schedules(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_charge_schedules(_elsewhere(car, battery.schedules, params), now)
    return ""


def _add_precondition_schedule(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_precondition_schedules(_with(battery.preconditions, dict(params)), now)
    return ""


def _remove_precondition_schedule(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_precondition_schedules(_without(battery.preconditions, int(params["id"])), now)
    return ""


def _batch_remove_precondition(car: Car, params: Mapping[str, Any], battery: Battery, now: float) -> str:
    car.put_precondition_schedules(_elsewhere(car, battery.preconditions, params), now)
    return ""


_COMMANDS: dict[str, _Command] = {
    "charge_start": _charge_start,
    "charge_stop": _charge_stop,
    "charge_standard": _preset(STANDARD_LIMIT, "already_standard"),
    "charge_max_range": _preset(FULL_LIMIT, "already_max_range"),
    "charge_port_door_open": _port_open,
    "charge_port_door_close": _port_close,
    "set_charge_limit": _set_charge_limit,
    "set_charging_amps": _set_charging_amps,
    "set_scheduled_charging": set_scheduled_charging,
    "set_scheduled_departure": set_scheduled_departure,
    "add_charge_schedule": _add_charge_schedule,
    "remove_charge_schedule": _remove_charge_schedule,
    "batch_remove_charge_schedules": _batch_remove_charge_schedules,
    "add_precondition_schedule": _add_precondition_schedule,
    "remove_precondition_schedule": _remove_precondition_schedule,
    "batch_remove_precondition_schedules": _batch_remove_precondition,
}
