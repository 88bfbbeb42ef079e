"""Sensors of a car's schedules: when the next one runs, and which there are."""

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

from .car_entity import view_of
from .data import Car, ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .schedule_fields import described
from .schedule_kinds import CHARGE, PRECONDITION, Kind
from .worker.coordinator import WorkerCoordinator
from .worker.wall_clock import Occurrence, next_occurrence


@dataclass(frozen=True, kw_only=True)
class ScheduleSensorDescription(SensorEntityDescription):
    """Describes a sensor of schedules."""

    kind: Kind[Any]
    value: Callable[[Car, Kind[Any]], StateType | datetime]
    attributes: Callable[[Car, Kind[Any]], Mapping[str, Any]]


def next_run(car: Car, kind: Kind[Any]) -> Occurrence | None:
    """Return when the next schedule at home runs, or the one that runs now; None without one. Asks nothing."""
    here = [one for one in car.schedules.present(kind) or () if car.schedules.is_at_home(one)]
    now = dt_util.utcnow().timestamp()
    read_at = car.worker.data.vehicle_data.read_at
    return next_occurrence(here, dt_util.get_default_time_zone(), now, known_at=read_at)


def _next_charge(car: Car, kind: Kind[Any]) -> datetime | None:
    run = next_run(car, kind)
    return run.start if run else None


def _ready_at(car: Car, kind: Kind[Any]) -> datetime | None:
    run = next_run(car, kind)
    return run.end if run else None


def _charge_attributes(car: Car, kind: Kind[Any]) -> Mapping[str, Any]:
    run = next_run(car, kind)
    return {"ends_at": run.ends.isoformat() if run and run.ends else None, "obstacle": _obstacle(car)}


def _ready_attributes(car: Car, kind: Kind[Any]) -> Mapping[str, Any]:
    # It runs without a cable, too.
    return {"obstacle": "car_away" if car.scout.data.is_home is False else "none"}


def _obstacle(car: Car) -> str:
    """Return why a schedule at home would do nothing as the car is now."""
    if car.scout.data.is_home is False:
        return "car_away"
    return "not_plugged_in" if view_of(car).is_plugged_in is False else "none"


def _count(car: Car, kind: Kind[Any]) -> int | None:
    present = car.schedules.present(kind)
    return None if present is None else len(present)


def _list(car: Car, kind: Kind[Any]) -> Mapping[str, Any]:
    return {"schedules": [described(one, kind, car) for one in car.schedules.present(kind) or ()]}


_DESCRIPTIONS: Final = (
    ScheduleSensorDescription(
        key="next_scheduled_charge",
        translation_key="next_scheduled_charge",
        device_class=SensorDeviceClass.TIMESTAMP,
        kind=CHARGE,
        value=_next_charge,
        attributes=_charge_attributes,
    ),
    ScheduleSensorDescription(
        key="charge_schedules",
        translation_key="charge_schedules",
        kind=CHARGE,
        value=_count,
        attributes=_list,
    ),
    ScheduleSensorDescription(
        key="next_preconditioning",
        translation_key="next_preconditioning",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        kind=PRECONDITION,
        value=_ready_at,
        attributes=_ready_attributes,
    ),
    ScheduleSensorDescription(
        key="precondition_schedules",
        translation_key="precondition_schedules",
        entity_registry_enabled_default=False,
        kind=PRECONDITION,
        value=_count,
        attributes=_list,
    ),
)


@callback
def async_add_schedule_sensors(
    entry: ScoutWorkerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of schedules."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [ScheduleSensor(entry, car, car.worker, description) for description in _DESCRIPTIONS],
    )


class ScheduleSensor(CarEntity[WorkerCoordinator], SensorEntity):
    """A sensor of schedules. Time alone changes it as well: a schedule begins, ends, and the next one is another."""

    entity_description: ScheduleSensorDescription
    _unrecorded_attributes = frozenset({"schedules"})
    _cancel: CALLBACK_TYPE | None = None

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value."""
        return self.entity_description.value(self._car, self.entity_description.kind)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        return self.entity_description.attributes(self._car, self.entity_description.kind)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the scout too: whether the car is at home decides whether a schedule does anything."""
        await super().async_added_to_hass()
        self.async_on_remove(self._car.scout.async_add_listener(self.async_write_ha_state))
        self.async_on_remove(self._stop)
        self._follow()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._follow()

    @callback
    def _follow(self) -> None:
        """Come again when the next run begins or ends."""
        self._stop()
        run = next_run(self._car, self.entity_description.kind)
        if run:
            at = run.start if run.start > dt_util.utcnow() else run.end
            self._cancel = async_track_point_in_utc_time(self.hass, self._passed, at)

    @callback
    def _passed(self, now: datetime) -> None:
        self._cancel = None
        self.async_write_ha_state()
        self._follow()

    @callback
    def _stop(self) -> None:
        if self._cancel:
            self._cancel()
            self._cancel = None
