"""Sensors of a car's plan of charging: what is planned, what it will cost, and what the last charge cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .action_cars import iso
from .car_entity import ReadEntity
from .data import ScoutWorkerConfigEntry
from .entity import async_add_for_each_car
from .planning.wish import Learned, PlanState
from .services_plan import described, in_car, wished

_OF_A_PLAN: Final = (
    "windows", "energy_kwh", "cost", "currency", "reaches_level", "target_reached_at", "limited_by", "remarks",
    "plans_again_at",
)  # fmt: skip
_STATES: Final = ("none", "waiting", "planned", "charging", "done")


@dataclass(frozen=True, kw_only=True)
class PlanSensorDescription(SensorEntityDescription):
    """Describes a sensor of a plan. value: of the state at a time (Unix seconds). currency: None without one."""

    value: Callable[[PlanState, Learned, float], StateType | datetime]
    attributes: Callable[[PlanState, Learned], Mapping[str, Any]] = lambda *_: {}
    currency: Callable[[PlanState, Learned], str | None] | None = None


def _state(state: PlanState, _: Learned, now: float) -> str:
    """Return how the plan stands: none, waiting to get into the car, planned, in a window, or over."""
    plan = state.plan
    if plan is None:
        return "none"
    if not state.is_in_car:
        return "waiting"
    if plan.running_until(now) is not None:
        return "charging"
    return "planned" if any(window.start > now for window in plan.windows) else "done"


def _next_start(state: PlanState, _: Learned, now: float) -> datetime | None:
    starts = [window.start for window in state.plan.windows if window.end > now] if state.plan else []
    return dt_util.utc_from_timestamp(starts[0]) if starts else None


def _plan_attributes(state: PlanState, _: Learned) -> Mapping[str, Any]:
    told = described(state.plan) if state.plan else dict.fromkeys(_OF_A_PLAN)
    return {**told, **wished(state), **in_car(state)}


def _paid_attributes(_: PlanState, learned: Learned) -> Mapping[str, Any]:
    paid = learned.paid
    return {
        "energy_kwh": paid.energy_kwh if paid else None,
        "ended_at": iso(paid.ended_at) if paid else None,
    }


_DESCRIPTIONS: Final = (
    PlanSensorDescription(
        key="charge_plan",
        translation_key="charge_plan",
        device_class=SensorDeviceClass.ENUM,
        options=list(_STATES),
        value=_state,
        attributes=_plan_attributes,
    ),
    PlanSensorDescription(
        key="planned_charge_start",
        translation_key="planned_charge_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_next_start,
    ),
    PlanSensorDescription(
        key="planned_charge_cost",
        translation_key="planned_charge_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value=lambda state, _, __: state.plan.cost if state.plan else None,
        currency=lambda state, _: state.plan.currency if state.plan else None,
    ),
    PlanSensorDescription(
        key="last_charge_cost",
        translation_key="last_charge_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value=lambda _, learned, __: learned.paid.cost if learned.paid else None,
        attributes=_paid_attributes,
        currency=lambda _, learned: learned.paid.currency if learned.paid else None,
    ),
)


@callback
def async_add_plan_sensors(
    entry: ScoutWorkerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of plans."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [PlanSensor(entry, car, car.worker, description) for description in _DESCRIPTIONS],
    )


class PlanSensor(ReadEntity, SensorEntity):
    """A sensor of a plan. Time alone changes it as well: a window begins and ends."""

    entity_description: PlanSensorDescription
    _unrecorded_attributes = frozenset({"windows", "remarks"})
    _cancel: CALLBACK_TYPE | None = None

    @property
    def _plan_state(self) -> PlanState:
        return self._car.plans.data

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value."""
        plans = self._car.plans
        return self.entity_description.value(plans.data, plans.learned, dt_util.utcnow().timestamp())

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the currency of the prices; Home Assistant's own where they named none."""
        if self.entity_description.currency is None:
            return None
        return (
            self.entity_description.currency(self._car.plans.data, self._car.plans.learned)
            or self.hass.config.currency
        )

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        return self.entity_description.attributes(self._car.plans.data, self._car.plans.learned)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan."""
        await super().async_added_to_hass()
        self.async_on_remove(self._car.plans.async_add_listener(self._planned))
        self.async_on_remove(self._stop)
        self._follow()

    @callback
    def _planned(self) -> None:
        self.async_write_ha_state()
        self._follow()

    @callback
    def _follow(self) -> None:
        """Come again when a window begins or ends."""
        self._stop()
        plan, now = self._plan_state.plan, dt_util.utcnow().timestamp()
        edges = (
            [at for window in plan.windows for at in (window.start, window.end) if at > now] if plan else []
        )
        if edges:
            at = dt_util.utc_from_timestamp(min(edges))
            self._cancel = async_track_point_in_utc_time(self.hass, self._passed, at)

    @callback
    def _passed(self, now: datetime) -> None:
        self._cancel = None
        self._planned()

    @callback
    def _stop(self) -> None:
        if self._cancel:
            self._cancel()
            self._cancel = None
