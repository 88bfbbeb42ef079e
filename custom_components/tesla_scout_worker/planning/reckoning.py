"""From what is known of a car, a wish and prices to a plan, pure."""

from datetime import tzinfo

from ..fleet.models import VehicleData
from ..fleet.vehicle_view import VehicleView
from ..worker.charge_model import TAPER_FROM, ChargeModel, wall_power
from ..worker.charge_plan import ChargePlan
from ..worker.needs import CarNow
from ..worker.plan_request import PlanRequest
from ..worker.planner import plan
from ..worker.price_slots import Prices
from .errors import BatteryUnknownError
from .wish import Learned, PlanState, PlanWish

# Where neither wish nor car says how full (per cent).
_USUAL_TARGET = 80


def model_of(learned: Learned, data: VehicleData) -> ChargeModel:
    """Return how the car charges, as far as it is known."""
    car_type, trim = data.text("vehicle_config", "car_type"), data.text("vehicle_config", "trim_badging")
    return ChargeModel.from_dict(learned.model, car_type, trim)


def car_now(view: VehicleView) -> CarNow:
    """Return what a need has to know of the car."""
    limit = view.percent("charge_limit_soc")
    return CarNow(
        view.percent("battery_level"),
        None if limit is None else round(limit),
        is_complete=view.charging_state == "complete",
        read_at=view.data.read_at,
    )


def reckon(
    wish: PlanWish,
    state: PlanState,
    learned: Learned,
    view: VehicleView,
    prices: Prices,
    now: float,
    zone: tzinfo,
) -> ChargePlan:
    """Return the plan. Raises BatteryUnknownError, InvalidRequestError."""
    level, limit = view.percent("battery_level"), view.percent("charge_limit_soc")
    if level is None:
        raise BatteryUnknownError
    is_need = wish is state.need_wish
    target = float(wish.target) if wish.target is not None else limit or _USUAL_TARGET
    running = state.plan.running_until(now) if state.plan and view.is_charging else None
    return plan(
        PlanRequest(
            level=level,
            target=target,
            deadline=wish.deadline(now),
            curve=model_of(learned, view.data).curve(wall_kw(view) or learned.wall_kw),
            # For a need the limit is raised.
            limit=None if is_need else limit,
            max_windows=wish.max_windows,
            min_level=wish.min_level,
            price_ceiling=wish.price_ceiling,
            ties=wish.ties,
            earliest=wish.earliest,
            keep_until=running,
            zone=zone,
        ),
        prices,
        now,
    )


def wall_kw(view: VehicleView) -> float | None:
    """Return what the plug gives now (kW), None while it does not charge: what it gave in the past tells more then.

    Near full the battery takes less than the plug gives, so that tells nothing.
    """
    if (
        not view.is_charging
        or view.is_at_fast_charger
        or (view.percent("battery_level") or 0.0) >= TAPER_FROM
    ):
        return None
    volts = view.number("charge_state", "charger_voltage", 90, 300)
    amps = view.number("charge_state", "charger_actual_current", 1, 80)
    return None if volts is None else wall_power(volts, amps, view.phases)
