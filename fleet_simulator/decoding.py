"""From Tesla's protocol messages to orders, with the REST names."""

from collections.abc import Callable
from typing import Any

from tesla_protocol.command import car_server_pb2 as car_server, common_pb2 as common, vcsec_pb2 as vcsec

from .orders import Order


def decode_infotainment(payload: bytes, now: float) -> Order | None:
    """Return the order in a message to the infotainment computer; None for one that is not known here.

    DecodeError for bytes that are no message. A schedule with the id 0 gets the current second for one.
    """
    action = car_server.Action.FromString(payload).vehicleAction
    kind = action.WhichOneof("vehicle_action_msg")
    if kind is None:
        return None
    read = _ACTIONS.get(kind)
    return None if read is None else read(getattr(action, kind), now)


def decode_security(payload: bytes, _now: float) -> Order | None:
    """Return the order in a message to the vehicle security computer: the charge port's cover. Else as above."""
    message = vcsec.UnsignedMessage.FromString(payload)
    if not message.HasField("closureMoveRequest"):
        return None
    match message.closureMoveRequest.chargePort:
        case vcsec.CLOSURE_MOVE_TYPE_OPEN:
            return Order("charge_port_door_open", {})
        case vcsec.CLOSURE_MOVE_TYPE_CLOSE:
            return Order("charge_port_door_close", {})
        case _:
            return None


def _start_stop(action: car_server.ChargingStartStopAction, _now: float) -> Order | None:
    names = {
        "start": "charge_start",
        "stop": "charge_stop",
        "start_standard": "charge_standard",
        "start_max_range": "charge_max_range",
    }
    name = names.get(action.WhichOneof("charging_action") or "")
    return None if name is None else Order(name, {})


def _departure(action: car_server.ScheduledDepartureAction, _now: float) -> Order:
    return Order(
        "set_scheduled_departure",
        {
            "enable": action.enabled,
            "departure_time": action.departure_time,
            "end_off_peak_time": action.off_peak_hours_end_time,
            "off_peak_charging_enabled": action.HasField("off_peak_charging_times"),
            "off_peak_charging_weekdays_only": action.off_peak_charging_times.HasField("weekdays"),
            "preconditioning_enabled": action.HasField("preconditioning_times"),
            "preconditioning_weekdays_only": action.preconditioning_times.HasField("weekdays"),
        },
    )


def _place(message: common.ChargeSchedule | common.PreconditionSchedule, now: float) -> dict[str, Any]:
    return {
        "id": message.id or int(now),
        "name": message.name,
        "days_of_week": message.days_of_week,
        "one_time": message.one_time,
        "enabled": message.enabled,
        "latitude": message.latitude,
        "longitude": message.longitude,
    }


def _charge_schedule(message: common.ChargeSchedule, now: float) -> Order:
    return Order(
        "add_charge_schedule",
        _place(message, now)
        | {
            "start_enabled": message.start_enabled,
            "start_time": message.start_time,
            "end_enabled": message.end_enabled,
            "end_time": message.end_time,
        },
    )


def _precondition_schedule(message: common.PreconditionSchedule, now: float) -> Order:
    return Order(
        "add_precondition_schedule", _place(message, now) | {"precondition_time": message.precondition_time}
    )


def _batch(name: str) -> Callable[[Any, float], Order]:
    return lambda message, _now: Order(
        name, {"home": message.home, "work": message.work, "other": message.other}
    )


_ACTIONS: dict[str, Callable[[Any, float], Order | None]] = {
    "chargingStartStopAction": _start_stop,
    "chargingSetLimitAction": lambda action, _: Order("set_charge_limit", {"percent": action.percent}),
    "setChargingAmpsAction": lambda action, _: Order(
        "set_charging_amps", {"charging_amps": action.charging_amps}
    ),
    "scheduledChargingAction": lambda action, _: Order(
        "set_scheduled_charging", {"enable": action.enabled, "time": action.charging_time}
    ),
    "scheduledDepartureAction": _departure,
    "chargePortDoorOpen": lambda _action, _now: Order("charge_port_door_open", {}),
    "chargePortDoorClose": lambda _action, _now: Order("charge_port_door_close", {}),
    "addChargeScheduleAction": _charge_schedule,
    "removeChargeScheduleAction": lambda action, _: Order("remove_charge_schedule", {"id": action.id}),
    "batchRemoveChargeSchedulesAction": _batch("batch_remove_charge_schedules"),
    "addPreconditionScheduleAction": _precondition_schedule,
    "removePreconditionScheduleAction": lambda action, _: Order(
        "remove_precondition_schedule", {"id": action.id}
    ),
    "batchRemovePreconditionSchedulesAction": _batch("batch_remove_precondition_schedules"),
}
