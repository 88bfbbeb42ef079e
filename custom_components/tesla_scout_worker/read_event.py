"""The worker's full reads as events, each with its cause.

So Home Assistant's activity says what the worker did and why. It shows the type of an event in the language of whoever
reads it. What a `logbook` platform says is text that the server made, in one language, so there is none.
"""

from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import callback

from .entity import CarEntity
from .worker.coordinator import WorkerCoordinator
from .worker.triggers import Cause

READ_EVENT: Final = EventEntityDescription(
    key="full_reads",
    translation_key="full_reads",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[cause.value for cause in Cause],
)


class ReadEvent(CarEntity[WorkerCoordinator], EventEntity):
    """Fires when the car was read. A sensor would not change where two reads have the same cause."""

    _read_at: float | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Note which read is known already."""
        await super().async_added_to_hass()
        self._read_at = self.coordinator.data.vehicle_data.read_at

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Tell a read that is new; all else that a worker tells changes nothing here."""
        data = self.coordinator.data
        if data.vehicle_data.read_at == self._read_at or data.last_cause is None:
            return
        self._read_at = data.vehicle_data.read_at
        self._trigger_event(data.last_cause.value)
        super()._handle_coordinator_update()
