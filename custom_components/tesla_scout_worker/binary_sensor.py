"""Binary sensors of the cars."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .car_binary_sensor import CAR_BINARY_SENSORS, ReadBinarySensor
from .data import Car, ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .scout.coordinator import ScoutCoordinator
from .worker.coordinator import WorkerCoordinator

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CarBinarySensorDescription(BinarySensorEntityDescription):
    """Describes a binary sensor; the coordinator is the one whose news changes it."""

    coordinator: Callable[[Car], ScoutCoordinator | WorkerCoordinator]
    is_on: Callable[[Car], bool | None]


_DESCRIPTIONS: tuple[CarBinarySensorDescription, ...] = (
    CarBinarySensorDescription(
        key="at_home",
        translation_key="at_home",
        device_class=BinarySensorDeviceClass.PRESENCE,
        coordinator=lambda car: car.scout,
        is_on=lambda car: car.scout.data.is_home,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            CarBinarySensor(entry, car, description.coordinator(car), description)
            for description in _DESCRIPTIONS
        ],
    )
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            ReadBinarySensor(entry, car, car.worker, description) for description in CAR_BINARY_SENSORS
        ],
    )


class CarBinarySensor(CarEntity[ScoutCoordinator | WorkerCoordinator], BinarySensorEntity):
    """A binary sensor of a car."""

    entity_description: CarBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the value, None where it is unknown."""
        return self.entity_description.is_on(self._car)
