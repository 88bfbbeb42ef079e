"""Buttons of the cars."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .data import Car, ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .fleet.errors import FleetError
from .fleet.metering import Purpose
from .problems import for_action
from .scout.coordinator import ScoutCoordinator
from .worker.coordinator import WorkerCoordinator

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class CarButtonDescription(ButtonEntityDescription):
    """Describes a button."""

    coordinator: Callable[[Car], ScoutCoordinator | WorkerCoordinator]
    press: Callable[[Car], Coroutine[Any, Any, None]]


async def _async_full_read(car: Car) -> None:
    if not await car.worker.async_run():
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="vehicle_unavailable")


_DESCRIPTIONS: tuple[CarButtonDescription, ...] = (
    CarButtonDescription(
        key="look_now",
        translation_key="look_now",
        coordinator=lambda car: car.scout,
        press=lambda car: car.scout.async_look(),
    ),
    CarButtonDescription(
        key="full_read_now",
        translation_key="full_read_now",
        coordinator=lambda car: car.worker,
        press=_async_full_read,
    ),
    CarButtonDescription(
        key="wake",
        translation_key="wake",
        coordinator=lambda car: car.worker,
        press=lambda car: car.worker.async_wake(Purpose.REQUESTED),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            CarButton(entry, car, description.coordinator(car), description) for description in _DESCRIPTIONS
        ],
    )


class CarButton(CarEntity[ScoutCoordinator | WorkerCoordinator], ButtonEntity):
    """A button of a car."""

    entity_description: CarButtonDescription

    @override
    async def async_press(self) -> None:
        """Do what the button says."""
        try:
            await self.entity_description.press(self._car)
        except FleetError as err:
            raise for_action(err) from err

    @property
    @override
    def _has_data(self) -> bool:
        """Return that nothing must be known before something can be asked."""
        return True
