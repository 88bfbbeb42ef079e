"""The switch that starts and stops charging."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .car_control import ControlEntity
from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .entity import async_add_for_each_car
from .fleet.commands import charge_start, charge_stop

PARALLEL_UPDATES = 1

_CHARGING = SwitchEntityDescription(key="charge", translation_key="charge")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switch of each car."""
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [ChargingSwitch(entry, car, car.worker, _CHARGING)]
    )


class ChargingSwitch(ControlEntity[bool], SwitchEntity):
    """Charge now, or do not."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the car charges; one that sleeps does not."""
        return self._shown(self._view.is_charging)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Charge now, whatever the schedules say."""
        await self._async_command(charge_start, becomes=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop charging. At a fast charger only a person may: who pays for the stall, and waits there, decides."""
        is_person = self._context is not None and self._context.user_id is not None
        if self._view.is_at_fast_charger and not is_person:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="at_fast_charger")
        # A car that sleeps does not charge: nothing to wake it for.
        await self._async_command(charge_stop, becomes=False, may_wake=False)
