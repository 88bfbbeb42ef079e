"""The actions: look now, read now, renew the token, tell how things are."""

from collections.abc import Mapping
from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .action_cars import async_for_each_car, by_category, cars_of, cost_of, iso
from .budget import receipt
from .const import DOMAIN
from .data import Car, RuntimeData, ScoutWorkerConfigEntry
from .fleet.errors import FleetError
from .fleet.metering import Purpose
from .problems import for_action
from .scout.habit_words import describe
from .token_sharing import AUTOMATION, async_hand_out, is_shared, shared_entry

SERVICE_SCOUT_NOW: Final = "scout_now"
SERVICE_RUN_WORKER: Final = "run_worker"
SERVICE_REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - the name of an action
SERVICE_FORGET_HABITS: Final = "forget_habits"
SERVICE_GET_STATUS: Final = "get_status"
SERVICE_GET_ACCESS_TOKEN: Final = "get_access_token"  # noqa: S105 - the name of an action

_CARS_SCHEMA: Final = vol.Schema({vol.Optional(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])})
_ACCOUNT_SCHEMA: Final = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler, schema, response in (
        (SERVICE_SCOUT_NOW, _async_scout_now, _CARS_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_RUN_WORKER, _async_run_worker, _CARS_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_FORGET_HABITS, _async_forget_habits, _CARS_SCHEMA, SupportsResponse.NONE),
        (SERVICE_REFRESH_TOKEN, _async_refresh_token, _ACCOUNT_SCHEMA, SupportsResponse.OPTIONAL),
        (SERVICE_GET_STATUS, _async_get_status, _ACCOUNT_SCHEMA, SupportsResponse.ONLY),
    ):
        hass.services.async_register(DOMAIN, name, handler, schema=schema, supports_response=response)
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_GET_ACCESS_TOKEN,
        _async_get_access_token,
        schema=_ACCOUNT_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_scout_now(call: ServiceCall) -> ServiceResponse:
    """Look where cars are: at most one billed request a car, none for a car that sleeps."""

    async def _look(car: Car) -> dict[str, JsonValueType]:
        read_before = car.scout.data.last_read
        await car.scout.async_look()
        return {"position_read": car.scout.data.last_read != read_before, **_scout_status(car)}

    return await async_for_each_car(call, _look)


async def _async_run_worker(call: ServiceCall) -> ServiceResponse:
    """Read cars in full: one billed request a car, two where its schedules cannot be read, none for one that sleeps."""

    async def _run(car: Car) -> dict[str, JsonValueType]:
        return {"vehicle_read": await car.worker.async_run(), **_worker_status(car)}

    return await async_for_each_car(call, _run)


async def _async_forget_habits(call: ServiceCall) -> None:
    """Forget what was learned of cars. Asks nothing of Tesla."""
    for car in cars_of(call):
        car.scout.async_forget_habits()


async def _async_refresh_token(call: ServiceCall) -> ServiceResponse:
    """Renew the access token: one request for each refresh token that is tried; not billed."""
    # Held here, since a reload meanwhile takes it from the entry.
    runtime = _entry(call).runtime_data
    with receipt() as cost:
        try:
            refreshed = await runtime.account.async_refresh_token()
        except FleetError as err:
            raise for_action(err) from err
    return {"refreshed": refreshed, **cost_of(cost), "token": _token_status(runtime)}


async def _async_get_access_token(call: ServiceCall) -> ServiceResponse:
    """Hand out the access token; Tesla is asked only to renew an old one, which is not billed."""
    entry = shared_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    user_id = call.context.user_id
    user = await call.hass.auth.async_get_user(user_id) if user_id else None
    try:
        return await async_hand_out(call.hass, entry, (user.name or "-") if user else AUTOMATION)
    except FleetError as err:
        raise for_action(err) from err


async def _async_get_status(call: ServiceCall) -> ServiceResponse:
    """Tell how things are. Asks nothing of Tesla."""
    entry = _entry(call)
    runtime = entry.runtime_data
    budget = runtime.budget
    return {
        "token": _token_status(runtime),
        "cars": [
            {
                "name": car.name,
                "scout": _scout_status(car),
                "habits": describe(car.scout.data.habits),
                "worker": _worker_status(car),
            }
            for car in runtime.cars.values()
        ],
        "month": {
            "requests": by_category(budget.requests_this_month),
            "billed": budget.billed_this_month,
            "cost_usd": budget.cost_this_month,
            "cost_by_purpose_usd": _by_purpose(budget.costs_by_purpose),
            "beyond_credit_usd": budget.beyond_credit,
            "budget_usd": budget.monthly_budget,
            "forecast_usd": budget.forecast,
            "fixed_poll_usd": budget.fixed_poll_cost_this_month,
            "saved_usd": budget.saved_this_month,
            "spending": budget.spending.value,
        },
        "today": {"requests": by_category(budget.requests_today), "cost_usd": budget.cost_today},
        "other_programs": {"is_on": is_shared(entry), "handouts": runtime.handouts.total},
    }


def _entry(call: ServiceCall) -> ScoutWorkerConfigEntry:
    return service.async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))


def _scout_status(car: Car) -> dict[str, JsonValueType]:
    data = car.scout.data
    return {
        "cloud_state": data.cloud.value,
        "presence": data.presence.value,
        "distance_to_home_m": None if data.to_home is None else round(data.to_home),
        "last_look": iso(data.last_look),
        "next_look": iso(data.next_look),
        "reason": data.reason.value,
    }


def _worker_status(car: Car) -> dict[str, JsonValueType]:
    data = car.worker.data
    vehicle = data.vehicle_data
    return {
        "last_full_read": iso(vehicle.read_at),
        "cause": data.last_cause.value if data.last_cause else None,
        "pending": [trigger.cause.value for trigger in data.pending],
        "next_full_read": iso(data.next_reading.at) if data.next_reading else None,
        "next_cause": data.next_reading.cause.value if data.next_reading else None,
        "wakes_today": car.worker.waker.wakes_today,
        "battery_level": vehicle.number("charge_state", "battery_level"),
        "charging_state": vehicle.text("charge_state", "charging_state"),
    }


def _token_status(runtime: RuntimeData) -> dict[str, JsonValueType]:
    data = runtime.account.data
    token = data.token
    remaining = token.expires_at - dt_util.utcnow().timestamp()
    return {
        "state": data.token_state.value,
        "expires_at": iso(token.expires_at),
        "remaining_minutes": max(0, int(remaining // 60)),
        "last_rotation": iso(token.last_rotation),
        "rotations": token.rotations,
        "failures": token.failures,
        "missing_scopes": list[JsonValueType](sorted(data.missing_scopes)),
        "region": token.claims.region,
    }


def _by_purpose(costs: Mapping[Purpose, float]) -> dict[str, JsonValueType]:
    return {purpose.value: cost for purpose, cost in costs.items() if cost}
