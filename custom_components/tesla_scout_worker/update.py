"""The car's software: what is installed, and what waits. It is installed in the car or in Tesla's app."""

from typing import override

from homeassistant.components.update import UpdateEntity, UpdateEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .car_entity import ReadEntity
from .data import ScoutWorkerConfigEntry
from .entity import async_add_for_each_car

PARALLEL_UPDATES = 0

_SOFTWARE = UpdateEntityDescription(
    key="software",
    translation_key="software",
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the software of each car."""
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [SoftwareUpdate(entry, car, car.worker, _SOFTWARE)]
    )


class SoftwareUpdate(ReadEntity, UpdateEntity):
    """The software of a car."""

    @property
    @override
    def installed_version(self) -> str | None:
        """Return the version of the last read."""
        return self._view.firmware

    @property
    @override
    def latest_version(self) -> str | None:
        """Return what waits to be installed, else what is installed."""
        return self._view.newest_firmware
