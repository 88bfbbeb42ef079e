"""Where the cars are."""

from typing import override

from homeassistant.components.device_tracker import TrackerEntity, TrackerEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .scout.coordinator import ScoutCoordinator

PARALLEL_UPDATES = 0

_DESCRIPTION = TrackerEntityDescription(key="location", translation_key="location")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the trackers."""
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [CarTracker(entry, car, car.scout, _DESCRIPTION)]
    )


class CarTracker(CarEntity[ScoutCoordinator], TrackerEntity):
    """The position that the scout believed last; Home Assistant finds the zones it is in."""

    entity_description: TrackerEntityDescription

    @property
    @override
    def entity_category(self) -> EntityCategory | None:
        """Return none: Home Assistant files trackers under diagnostics, but where the car is matters here."""
        return None

    @property
    @override
    def latitude(self) -> float | None:
        """Return degrees, None while no position is known."""
        fix = self.coordinator.data.fix
        return fix.latitude if fix else None

    @property
    @override
    def longitude(self) -> float | None:
        """Return degrees, None while no position is known."""
        fix = self.coordinator.data.fix
        return fix.longitude if fix else None
