"""From orders to Tesla's protocol messages: what the proxy signs."""

from collections.abc import Mapping
from typing import Any

from tesla_protocol.command import car_server_pb2 as car_server, common_pb2 as common, vcsec_pb2 as vcsec

from .keyring import INFOTAINMENT, VEHICLE_SECURITY
from .orders import Order

_VOID = common.Void()


def encode(order: Order) -> tuple[int, bytes]:
    """Return the computer that takes this order, by its number, and the bytes to sign."""
    closing = {
        "charge_port_door_open": vcsec.CLOSURE_MOVE_TYPE_OPEN,
        "charge_port_door_close": vcsec.CLOSURE_MOVE_TYPE_CLOSE,
    }.get(order.name)
    if closing is not None:
        request = vcsec.UnsignedMessage(closureMoveRequest=vcsec.ClosureMoveRequest(chargePort=closing))
        return VEHICLE_SECURITY, bytes(request.SerializeToString())
    action = car_server.Action(vehicleAction=_action(order))
    return INFOTAINMENT, bytes(action.SerializeToString())


def _action(order: Order) -> car_server.VehicleAction:
    params = order.params
    match order.name:
        case "charge_start":
            return _charging(car_server.ChargingStartStopAction(start=_VOID))
        case "charge_stop":
            return _charging(car_server.ChargingStartStopAction(stop=_VOID))
        case "charge_standard":
            return _charging(car_server.ChargingStartStopAction(start_standard=_VOID))
        case "charge_max_range":
            return _charging(car_server.ChargingStartStopAction(start_max_range=_VOID))
        case "set_charge_limit":
            limit = car_server.ChargingSetLimitAction(percent=int(params["percent"]))
            return car_server.VehicleAction(chargingSetLimitAction=limit)
        case "set_charging_amps":
            amps = car_server.SetChargingAmpsAction(charging_amps=int(params["charging_amps"]))
            return car_server.VehicleAction(setChargingAmpsAction=amps)
        case "set_scheduled_charging":
            start = car_server.ScheduledChargingAction(
                enabled=params["enable"], charging_time=int(params["time"])
            )
            return car_server.VehicleAction(scheduledChargingAction=start)
        case "set_scheduled_departure":
            return car_server.VehicleAction(scheduledDepartureAction=_departure(params))
        case _:
            return _schedule_action(order)


def _charging(action: car_server.ChargingStartStopAction) -> car_server.VehicleAction:
    return car_server.VehicleAction(chargingStartStopAction=action)


def _departure(params: Mapping[str, Any]) -> car_server.ScheduledDepartureAction:
    """Return the departure; switching it off sends nothing but that, as the proxy does."""
    if not params["enable"]:
        return car_server.ScheduledDepartureAction(enabled=False)
    made = car_server.ScheduledDepartureAction(
        enabled=True,
        departure_time=int(params["departure_time"]),
        off_peak_hours_end_time=int(params["end_off_peak_time"]),
    )
    if params["preconditioning_weekdays_only"]:
        made.preconditioning_times.weekdays.SetInParent()
    elif params["preconditioning_enabled"]:
        made.preconditioning_times.all_week.SetInParent()
    if params["off_peak_charging_weekdays_only"]:
        made.off_peak_charging_times.weekdays.SetInParent()
    elif params["off_peak_charging_enabled"]:
        made.off_peak_charging_times.all_week.SetInParent()
    return made


def _schedule_action(order: Order) -> car_server.VehicleAction:
    params = dict(order.params)
    match order.name:
        case "add_charge_schedule":
            return car_server.VehicleAction(addChargeScheduleAction=common.ChargeSchedule(**params))
        case "add_precondition_schedule":
            made = common.PreconditionSchedule(**params)
            return car_server.VehicleAction(addPreconditionScheduleAction=made)
        case "remove_charge_schedule":
            gone = car_server.RemoveChargeScheduleAction(id=int(params["id"]))
            return car_server.VehicleAction(removeChargeScheduleAction=gone)
        case "remove_precondition_schedule":
            cold = car_server.RemovePreconditionScheduleAction(id=int(params["id"]))
            return car_server.VehicleAction(removePreconditionScheduleAction=cold)
        case "batch_remove_charge_schedules":
            all_gone = car_server.BatchRemoveChargeSchedulesAction(**params)
            return car_server.VehicleAction(batchRemoveChargeSchedulesAction=all_gone)
        case "batch_remove_precondition_schedules":
            all_cold = car_server.BatchRemovePreconditionSchedulesAction(**params)
            return car_server.VehicleAction(batchRemovePreconditionSchedulesAction=all_cold)
        case _:
            raise ValueError("no message for this order")
