"""Arrivals and departures as events."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import ScoutWorkerConfigEntry
from .entity import CarEntity
from .scout.arrival import Change
from .scout.coordinator import ScoutCoordinator

PARALLEL_UPDATES = 0

_DESCRIPTION = EventEntityDescription(
    key="presence", translation_key="presence", event_types=[change.value for change in Change]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events."""
    async_add_entities(
        PresenceEvent(entry, car, car.scout, _DESCRIPTION) for car in entry.runtime_data.cars.values()
    )


class PresenceEvent(CarEntity[ScoutCoordinator], EventEntity):
    """Fires when the car comes home or leaves."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the scout."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_change_listener(self._async_changed))

    @callback
    def _async_changed(self, change: Change, at: float) -> None:
        fix = self.coordinator.data.fix
        is_seen = fix is not None and fix.at == at
        self._trigger_event(
            change.value,
            {
                # An entity that told it, or a signal that was lost at home, has no position.
                "position_taken_at": dt_util.utc_from_timestamp(at) if is_seen else None,
                "noticed_by": "position" if is_seen else "no_position",
                # The home zone that the car is in, or that it left.
                "zone": self.coordinator.data.whereabouts.zone,
            },
        )
        self.async_write_ha_state()
