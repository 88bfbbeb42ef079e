"""Plain (unsigned) charging commands, for cars that take them."""

from collections.abc import Callable
from typing import Any

from .battery import Battery
from .car import Car
from .wire import Answer, failure, success

PROTOCOL_TEXT = (
    "Tesla Vehicle Command Protocol required, please refer to the documentation here: "
    "https://developer.tesla.com/docs/fleet-api/virtual-keys/overview"
)

LIMITS = range(50, 101)

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
"""Commands that no car takes without a signature (412 Not Supported)."""


def run(car: Car, name: str, body: dict[str, Any], now: float) -> Answer:
    """Run a command by its name in the path on a car that is reachable, and return Tesla's answer.

    400 for unknown commands and wrongly typed fields, 403 where the car wants signatures, 412 for what only goes signed.
    """
    if car.command_protocol_required:
        return failure(403, PROTOCOL_TEXT)
    if name in SIGNED_ONLY:
        return failure(412, "Not Supported")
    command = COMMANDS.get(name)
    if command is None:
        return failure(400, "invalid_command", f"unknown command {name}")
    outcome = command(car, body, car.battery(now), now)
    if isinstance(outcome, Answer):
        return outcome
    car.note_activity(now)
    return success({"result": not outcome, "reason": outcome})


type _Command = Callable[[Car, dict[str, Any], Battery, float], str | Answer]


def _charge_start(car: Car, _body: dict[str, Any], battery: Battery, now: float) -> str:
    if battery.charger is None:
        return "disconnected"
    if battery.flowing:
        return "is_charging"
    if battery.charging_state == "Complete":
        return "complete"
    car.want_charge(now, wanted=True)
    return ""


def _charge_stop(car: Car, _body: dict[str, Any], battery: Battery, now: float) -> str:
    if not battery.flowing:
        return "not_charging"
    car.want_charge(now, wanted=False)
    return ""


def _set_charge_limit(car: Car, body: dict[str, Any], battery: Battery, now: float) -> str | Answer:
    percent = _integer(body, "percent")
    if isinstance(percent, Answer):
        return percent
    if percent not in LIMITS:
        return ""  # Tesla says success and does nothing
    if percent == battery.limit:
        return "already_set"
    car.set_limit(now, percent)
    return ""


def _set_charging_amps(car: Car, body: dict[str, Any], _battery: Battery, now: float) -> str | Answer:
    amps = _integer(body, "charging_amps")
    if isinstance(amps, Answer):
        return amps
    car.set_amps(now, max(0, amps))
    return ""


def _integer(body: dict[str, Any], key: str) -> int | Answer:
    value = body.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return failure(400, "invalid_field", f"{key} must be a number")


COMMANDS: dict[str, _Command] = {
    "charge_start": _charge_start,
    "charge_stop": _charge_stop,
    "set_charge_limit": _set_charge_limit,
    "set_charging_amps": _set_charging_amps,
}
