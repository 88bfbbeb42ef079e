"""The actions about schedules: tell them, add one, remove one, and have just the wanted ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .action_cars import async_for_each_car, cars_of, iso
from .car_entity import view_of
from .const import DOMAIN
from .data import Car
from .fleet.commands import InvalidCommandError
from .fleet.metering import Purpose
from .problems import for_input
from .schedule_fields import (
    ATTR_ID,
    FIELDS,
    charge_schedule,
    described,
    precondition_schedule,
)
from .schedule_kinds import CHARGE, PRECONDITION, Kind, Outcome, Owner
from .worker.wall_clock import next_occurrence

ATTR_READ_FIRST: Final = "read_first"
ATTR_SCHEDULES: Final = "schedules"
ATTR_MADE_ELSEWHERE: Final = "made_elsewhere"
ATTR_WAKE: Final = "wake"

_CAR: Final[dict[Any, Any]] = {vol.Optional(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])}
_CHANGE: Final[dict[Any, Any]] = {**_CAR, vol.Optional(ATTR_WAKE): cv.boolean}


@dataclass(frozen=True, slots=True)
class _Actions:
    """The four actions of a kind. parse: from an action's fields; word: in their names."""

    kind: Kind[Any]
    word: str
    parse: Callable[[Mapping[str, Any], Car, tzinfo, datetime], Any]


_ACTIONS: Final = (
    _Actions(CHARGE, "charge", charge_schedule),
    _Actions(PRECONDITION, "precondition", precondition_schedule),
)


@callback
def async_setup_schedule_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for actions in _ACTIONS:
        # What makes no sense is refused with a sentence of our own, so the fields are looked at later.
        fields = {vol.Optional(name): object for name in FIELDS[actions.kind.name]}
        for name, handler, schema, response in (
            (
                f"get_{actions.word}_schedules",
                _async_get,
                {**_CAR, vol.Optional(ATTR_READ_FIRST, default=False): cv.boolean},
                SupportsResponse.ONLY,
            ),
            (f"add_{actions.word}_schedule", _async_add, {**_CHANGE, **fields}, SupportsResponse.OPTIONAL),
            (
                f"remove_{actions.word}_schedule",
                _async_remove,
                {
                    **_CHANGE,
                    vol.Required(ATTR_ID): vol.All(cv.ensure_list, [cv.positive_int]),
                    vol.Optional(ATTR_MADE_ELSEWHERE, default=False): cv.boolean,
                },
                SupportsResponse.OPTIONAL,
            ),
            (
                f"set_{actions.word}_schedules",
                _async_set,
                {**_CHANGE, vol.Required(ATTR_SCHEDULES): object},
                SupportsResponse.OPTIONAL,
            ),
        ):
            hass.services.async_register(
                DOMAIN,
                name,
                partial(handler, actions),
                schema=vol.Schema(schema),
                supports_response=response,
            )


async def _async_get(actions: _Actions, call: ServiceCall) -> ServiceResponse:
    """Tell what the last read of a car told: nothing is asked. With `read_first` one billed request a car."""

    async def _get(car: Car) -> dict[str, JsonValueType]:
        if call.data[ATTR_READ_FIRST]:
            await car.worker.async_run()
        present = car.schedules.present(actions.kind)
        data = car.worker.data.vehicle_data
        now = dt_util.utcnow().timestamp()
        here = [one for one in present or () if car.schedules.is_at_home(one)]
        run = next_occurrence(here, dt_util.get_default_time_zone(), now, known_at=data.read_at)
        return {
            "schedules": None if present is None else [described(one, actions.kind, car) for one in present],
            "next": run.start.isoformat() if run else None,
            "read_at": iso(data.read_at),
            **_whereabouts(car),
        }

    return await async_for_each_car(call, _get)


async def _async_add(actions: _Actions, call: ServiceCall) -> ServiceResponse:
    """Add a schedule, or change the one of ours that has its id. Costs as `ScheduleKeeper.async_add`."""
    _check_car(call)
    fields = {name: call.data[name] for name in FIELDS[actions.kind.name] if name in call.data}

    async def _add(car: Car) -> dict[str, JsonValueType]:
        wanted = _parsed(actions, fields, car)
        _check_ours(actions.kind, car, [wanted.id] if wanted.id is not None else [], is_new_fine=True)
        outcome = await car.schedules.async_add(
            actions.kind,
            wanted,
            owner=Owner.ACTION,
            purpose=Purpose.REQUESTED,
            may_wake=_may_wake(call, car),
        )
        return _told(actions.kind, car, outcome)

    return await _async_change(call, _add)


async def _async_remove(actions: _Actions, call: ServiceCall) -> ServiceResponse:
    """Remove schedules by their ids. Costs as `ScheduleKeeper.async_remove`."""
    _check_car(call)
    ids: list[int] = call.data[ATTR_ID]

    async def _remove(car: Car) -> dict[str, JsonValueType]:
        if not call.data[ATTR_MADE_ELSEWHERE]:
            _check_ours(actions.kind, car, ids)
        outcome = await car.schedules.async_remove(
            actions.kind, ids, purpose=Purpose.REQUESTED, may_wake=_may_wake(call, car)
        )
        return _told(actions.kind, car, outcome)

    return await _async_change(call, _remove)


async def _async_set(actions: _Actions, call: ServiceCall) -> ServiceResponse:
    """Have the wanted schedules and no others that actions made. Costs as `ScheduleKeeper.async_set`."""
    _check_car(call)
    items = call.data[ATTR_SCHEDULES]
    items = [items] if isinstance(items, Mapping) else items
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="schedules_not_a_list")

    async def _set(car: Car) -> dict[str, JsonValueType]:
        outcome = await car.schedules.async_set(
            actions.kind,
            [_parsed(actions, item, car) for item in items],
            owner=Owner.ACTION,
            purpose=Purpose.REQUESTED,
            may_wake=_may_wake(call, car),
        )
        return _told(actions.kind, car, outcome)

    return await _async_change(call, _set)


async def _async_change(call: ServiceCall, act: Callable[[Car], Any]) -> ServiceResponse:
    try:
        return await async_for_each_car(call, act)
    except InvalidCommandError as err:
        raise for_input(err) from err


def _parsed(actions: _Actions, fields: Mapping[str, Any], car: Car) -> Any:
    return actions.parse(fields, car, dt_util.get_default_time_zone(), dt_util.utcnow())


def _check_car(call: ServiceCall) -> None:
    """Refuse to change all cars only because none was named."""
    if ATTR_DEVICE_ID not in call.data and len(cars_of(call)) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="name_a_car")


def _check_ours(kind: Kind[Any], car: Car, ids: list[int], *, is_new_fine: bool = False) -> None:
    """Refuse ids of schedules that somebody else made. is_new_fine: an id that the car does not have is nobody's."""
    present = car.schedules.present(kind)
    there = None if present is None else {one.id for one in present}
    for its_id in ids:
        is_nobodys = (is_new_fine or there is not None) and its_id not in (there or ())
        if car.schedules.owner(kind, its_id) is None and not is_nobodys:
            raise InvalidCommandError("schedule_not_ours", id=its_id)


def _may_wake(call: ServiceCall, car: Car) -> bool:
    """Return what the call says; else a car is woken that was last seen with its cable in."""
    wake: bool | None = call.data.get(ATTR_WAKE)
    return bool(view_of(car).is_plugged_in) if wake is None else wake


def _told(kind: Kind[Any], car: Car, outcome: Outcome[Any]) -> dict[str, JsonValueType]:
    done = outcome.changes
    return {
        "added": [described(one, kind, car) for one in done.add if one.id not in done.replaced],
        "changed": [described(one, kind, car) for one in done.add if one.id in done.replaced],
        "removed": list[JsonValueType](done.remove),
        "kept": [described(one, kind, car) for one in done.kept],
        "verified": outcome.is_verified,
        "read_at": iso(car.worker.data.vehicle_data.read_at),
        **_whereabouts(car),
    }


def _whereabouts(car: Car) -> dict[str, JsonValueType]:
    """Return what decides whether a schedule at home does anything now; None where it is unknown."""
    return {"car_at_home": car.scout.data.is_home, "plugged_in": view_of(car).is_plugged_in}
