"""The charge port."""

from typing import Any, override

from homeassistant.components.cover import (
    CoverDeviceClass,
    CoverEntity,
    CoverEntityDescription,
    CoverEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .car_control import ControlEntity
from .data import ScoutWorkerConfigEntry
from .entity import async_add_for_each_car
from .fleet.commands import charge_port_door_close, charge_port_door_open

PARALLEL_UPDATES = 1

_CHARGE_PORT = CoverEntityDescription(
    key="charge_port", translation_key="charge_port", device_class=CoverDeviceClass.DOOR
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the charge port of each car."""
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [ChargePort(entry, car, car.worker, _CHARGE_PORT)]
    )


class ChargePort(ControlEntity[bool], CoverEntity):
    """The door over the charge port; to open it while a cable is in releases the cable."""

    _attr_supported_features = CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE

    @property
    @override
    def is_closed(self) -> bool | None:
        """Return whether it is closed; some cars do not tell."""
        is_open = self._shown(self._view.flag("charge_state", "charge_port_door_open"))
        return None if is_open is None else not is_open

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open it, or release the cable."""
        await self._async_command(charge_port_door_open, becomes=True)

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close it; a car whose door has no motor says that it cannot."""
        await self._async_command(charge_port_door_close, becomes=False)
