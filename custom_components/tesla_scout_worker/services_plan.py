"""The actions about the plan of charging: make one, tell it, cancel it."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .action_cars import async_for_each_car, iso
from .const import CONF_PRICE_SOURCE, DOMAIN
from .data import Car
from .planning.wish import PlanState, PlanWish
from .worker.charge_plan import ChargePlan, Limit
from .worker.needs import InvalidNeedError
from .worker.plan_request import InvalidRequestError
from .worker.plan_words import remarks
from .worker.windows import Ties

ATTR_TARGET: Final = "target"
ATTR_READY_BY: Final = "ready_by"
ATTR_EARLIEST: Final = "earliest"
ATTR_MAX_WINDOWS: Final = "max_windows"
ATTR_MIN_LEVEL: Final = "min_level"
ATTR_PRICE_CEILING: Final = "price_ceiling"
ATTR_PREFER: Final = "prefer"
ATTR_ONCE: Final = "once"
ATTR_ONLY_ONCE: Final = "only_once"
ATTR_WAKE: Final = "wake"
ATTR_DRY_RUN: Final = "dry_run"

# What keeps a plan out of the car, in words that the translations have; all else is "failed", and the log tells more.
PROBLEMS: Final = frozenset(
    {
        "asleep", "battery_unknown", "budget_spent", "car_away", "command_refused", "did_not_wake", "failed",
        "key_not_paired", "missing_scope", "newer_software_needed", "no_virtual_key", "outcome_unknown",
        "schedules_not_taken", "schedules_unknown", "stopped_by_hand", "too_many_schedules", "wakes_spent",
    }
)  # fmt: skip

_CAR: Final[dict[Any, Any]] = {vol.Optional(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])}
_LEVEL: Final = vol.All(vol.Coerce(int), vol.Range(min=1, max=100))
# A time of day is tried first: a bare "07:00" is no date.
_MOMENT: Final = vol.Any(cv.time, cv.datetime)
# What a person or a template can get wrong is refused in the person's language; all else is Home Assistant's to refuse.
_CHECKED: Final[dict[str, Any]] = {
    ATTR_READY_BY: _MOMENT,
    ATTR_EARLIEST: _MOMENT,
    ATTR_TARGET: _LEVEL,
    ATTR_MIN_LEVEL: _LEVEL,
}
# What is needed once is a full battery, if nothing else is said (per cent).
_FOR_A_TRIP: Final = 100
# More of them take long to reckon and save nothing.
_MOST_WINDOWS: Final = 8
_AS_TYPED: Final = vol.Any(time, datetime, int, float, str)


@callback
def async_setup_plan_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler, fields, response in (
        (
            "plan_charge",
            _async_plan,
            {
                vol.Required(ATTR_READY_BY): _AS_TYPED,
                vol.Optional(ATTR_TARGET): _AS_TYPED,
                vol.Optional(CONF_PRICE_SOURCE): dict,
                vol.Optional(ATTR_MAX_WINDOWS): cv.positive_int,
                vol.Optional(ATTR_MIN_LEVEL): _AS_TYPED,
                vol.Optional(ATTR_PRICE_CEILING): vol.Coerce(float),
                vol.Optional(ATTR_PREFER): vol.In([ties.value for ties in Ties]),
                vol.Optional(ATTR_EARLIEST): _AS_TYPED,
                vol.Optional(ATTR_ONCE, default=False): cv.boolean,
                vol.Optional(ATTR_WAKE, default=True): cv.boolean,
                vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
            },
            SupportsResponse.OPTIONAL,
        ),
        ("get_charge_plan", _async_get, {}, SupportsResponse.ONLY),
        (
            "cancel_charge_plan",
            _async_cancel,
            {vol.Optional(ATTR_ONLY_ONCE, default=False): cv.boolean},
            SupportsResponse.NONE,
        ),
    ):
        hass.services.async_register(
            DOMAIN, name, handler, schema=vol.Schema({**_CAR, **fields}), supports_response=response
        )


async def _async_plan(call: ServiceCall) -> ServiceResponse:
    """Plan charges, and put the plans into the cars. Costs as `PlanKeeper.async_plan`."""
    data, now = _checked(call.data), dt_util.now()
    ready_by, is_once = moment(data[ATTR_READY_BY], now), data[ATTR_ONCE]
    wish = PlanWish(
        ready_by=ready_by,
        target=data.get(ATTR_TARGET, _FOR_A_TRIP if is_once else None),
        max_windows=min(data.get(ATTR_MAX_WINDOWS, 0), _MOST_WINDOWS) or None,
        min_level=data.get(ATTR_MIN_LEVEL),
        price_ceiling=data.get(ATTR_PRICE_CEILING),
        # A trip can be days away: a battery should not stand full until then.
        ties=Ties(data.get(ATTR_PREFER, Ties.LATER if is_once else Ties.FEWER_STARTS)),
        earliest=_earliest(data[ATTR_EARLIEST], now, ready_by) if ATTR_EARLIEST in data else None,
        source=data.get(CONF_PRICE_SOURCE),
        wakes=data[ATTR_WAKE],
        asked_at=now.timestamp(),
    )
    is_past = ready_by <= now.timestamp()
    is_trial = data[ATTR_DRY_RUN] or is_past

    async def _plan(car: Car) -> dict[str, JsonValueType]:
        plan = await car.plans.async_plan(wish, is_once=is_once, is_trial=is_trial)
        if is_past and plan.limited_by is Limit.DEADLINE_PAST:
            at = dt_util.as_local(dt_util.utc_from_timestamp(plan.target_at or now.timestamp()))
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="ready_by_past",
                translation_placeholders={"time": at.strftime("%Y-%m-%d %H:%M")},
            )
        # What is in the car is another plan then, or none.
        is_where = {"in_car": False, "problem": None} if is_trial else in_car(car.plans.data)
        return {**described(plan), **is_where}

    try:
        return await async_for_each_car(call, _plan)
    except InvalidNeedError as err:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="plan_need_wrong") from err
    except InvalidRequestError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="plan_impossible",
            translation_placeholders={"field": err.key},
        ) from err


async def _async_get(call: ServiceCall) -> ServiceResponse:
    """Tell the plans that are in force. Asks nothing of Tesla."""

    async def _get(car: Car) -> dict[str, JsonValueType]:
        state = car.plans.data
        return {"plan": described(state.plan) if state.plan else None, **wished(state), **in_car(state)}

    return await async_for_each_car(call, _get)


async def _async_cancel(call: ServiceCall) -> None:
    """Wish nothing more. Costs as `PlanKeeper.async_cancel`."""

    async def _cancel(car: Car) -> dict[str, JsonValueType]:
        await car.plans.async_cancel(only_once=call.data[ATTR_ONLY_ONCE])
        return {}

    await async_for_each_car(call, _cancel)


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are meant. Raises ServiceValidationError."""
    meant = dict(data)
    for field, check in _CHECKED.items():
        if field not in data:
            continue
        try:
            meant[field] = check(data[field])
        except vol.Invalid as err:
            told = {"field": field, "value": str(data[field])[:60]}
            if check is _LEVEL:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="plan_level_wrong",
                    translation_placeholders=told,
                ) from err
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="plan_moment_wrong", translation_placeholders=told
            ) from err
    return meant


def moment(told: time | datetime, now: datetime) -> float:
    """Return a moment in Unix seconds: a time of day is the next one of the local clock, a date without zone is local."""
    if isinstance(told, datetime):
        local = told if told.tzinfo else told.replace(tzinfo=now.tzinfo)
        return local.timestamp()
    clock = told.replace(tzinfo=None)
    # In the night in which the clock is put back the hour that comes twice is meant as it comes next.
    moments = (
        datetime.combine(now.date() + timedelta(days=days), clock, tzinfo=now.tzinfo).replace(fold=fold)
        for days in (0, 1)
        for fold in (0, 1)
    )
    return next(at for at in (one.timestamp() for one in moments) if at > now.timestamp())


def _earliest(told: time | datetime, now: datetime, ready_by: float) -> float:
    """Return a moment as `moment` does, but the last one of the local clock where the next one would be too late."""
    at = moment(told, now)
    if isinstance(told, datetime) or at < ready_by:
        return at
    return moment(told, now - timedelta(days=1))


def described(plan: ChargePlan) -> dict[str, JsonValueType]:
    """Return a plan for an answer."""
    return {
        "windows": [
            {
                "start": iso(window.start),
                "end": iso(window.end),
                "energy_kwh": round(window.energy_kwh, 2),
                "cost": _money(window.cost),
                "price_is_estimated": window.is_estimated,
                "at_once": window.is_at_once,
            }
            for window in plan.windows
        ],
        "energy_kwh": round(plan.energy_kwh, 2),
        "cost": _money(plan.cost),
        "currency": plan.currency,
        "reaches_level": round(plan.reaches_level, 1),
        "target_reached_at": iso(plan.target_at),
        "limited_by": plan.limited_by.value,
        "remarks": [remark.key for remark in remarks(plan)],
        "plans_again_at": iso(plan.replan_at),
    }


def wished(state: PlanState) -> dict[str, JsonValueType]:
    """Return what is wished for an answer."""
    wish = state.in_force
    return {
        "target": wish.target if wish else None,
        "ready_by": iso(wish.ready_by) if wish else None,
        "once": state.need_wish is not None,
    }


def in_car(state: PlanState) -> dict[str, JsonValueType]:
    """Return for an answer whether the car has the plan, and what kept it out."""
    problem = state.problem if state.problem is None or state.problem in PROBLEMS else "failed"
    return {"in_car": state.is_in_car, "problem": problem}


def _money(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
