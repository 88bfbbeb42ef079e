"""Sensors of the cars; those of the account are added here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfLength
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .account_sensor import async_add_account_sensors
from .charging_sensor import async_add_read_sensors
from .data import Car, ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .fleet.models import CloudState
from .handout_sensor import async_add_handout_sensor
from .plan_sensor import async_add_plan_sensors
from .schedule_sensor import async_add_schedule_sensors
from .scout.coordinator import ScoutCoordinator
from .scout.view import Reason
from .worker.coordinator import WorkerCoordinator
from .worker.triggers import Cause

PARALLEL_UPDATES = 0

type _Value = StateType | datetime


@dataclass(frozen=True, kw_only=True)
class CarSensorDescription(SensorEntityDescription):
    """Describes a sensor of a car; the coordinator is the one whose news changes it."""

    coordinator: Callable[[Car], ScoutCoordinator | WorkerCoordinator]
    value: Callable[[Car], _Value]
    attributes: Callable[[Car], Mapping[str, Any]] | None = None


def _time(seconds: float | None) -> datetime | None:
    return dt_util.utc_from_timestamp(seconds) if seconds else None


def _scout(car: Car) -> ScoutCoordinator:
    return car.scout


def _worker(car: Car) -> WorkerCoordinator:
    return car.worker


_CAR_SENSORS: tuple[CarSensorDescription, ...] = (
    CarSensorDescription(
        key="distance_to_home",
        coordinator=_scout,
        translation_key="distance_to_home",
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.METERS,
        suggested_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda car: None if car.scout.data.to_home is None else round(car.scout.data.to_home),
    ),
    CarSensorDescription(
        key="cloud_state",
        coordinator=_scout,
        translation_key="cloud_state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CloudState if state is not CloudState.UNKNOWN],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: None if car.scout.data.cloud is CloudState.UNKNOWN else car.scout.data.cloud.value,
    ),
    CarSensorDescription(
        key="last_look",
        coordinator=_scout,
        translation_key="last_look",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: _time(car.scout.data.last_look),
        attributes=lambda car: {
            "last_position": _time(car.scout.data.fix.at) if car.scout.data.fix else None
        },
    ),
    CarSensorDescription(
        key="next_look",
        coordinator=_scout,
        translation_key="next_look",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: _time(car.scout.data.next_look),
        attributes=lambda car: {"reason": car.scout.data.reason.value},
    ),
    CarSensorDescription(
        key="next_look_reason",
        coordinator=_scout,
        translation_key="next_look_reason",
        device_class=SensorDeviceClass.ENUM,
        options=[reason.value for reason in Reason],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: car.scout.data.reason.value,
    ),
    CarSensorDescription(
        key="last_full_read",
        coordinator=_worker,
        translation_key="last_full_read",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: _time(car.worker.data.vehicle_data.read_at),
        attributes=lambda car: {
            "cause": car.worker.data.last_cause.value if car.worker.data.last_cause else None
        },
    ),
    CarSensorDescription(
        key="last_full_read_cause",
        coordinator=_worker,
        translation_key="last_full_read_cause",
        device_class=SensorDeviceClass.ENUM,
        options=[cause.value for cause in Cause],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda car: car.worker.data.last_cause.value if car.worker.data.last_cause else None,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors; which there are does not depend on what was read."""
    async_add_account_sensors(entry, async_add_entities)
    async_add_handout_sensor(hass, entry, async_add_entities)
    async_add_schedule_sensors(entry, async_add_entities)
    async_add_plan_sensors(entry, async_add_entities)
    async_add_read_sensors(entry, async_add_entities)
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            CarSensor(entry, car, description.coordinator(car), description) for description in _CAR_SENSORS
        ],
    )


class CarSensor(CarEntity[ScoutCoordinator | WorkerCoordinator], SensorEntity):
    """A sensor of a car."""

    entity_description: CarSensorDescription

    @property
    @override
    def native_value(self) -> _Value:
        """Return the value."""
        return self.entity_description.value(self._car)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what goes with the value."""
        attributes = self.entity_description.attributes
        return attributes(self._car) if attributes else None
