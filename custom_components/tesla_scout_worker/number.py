"""Numbers that can be set: up to which level the car charges, and with which current."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription
from homeassistant.const import PERCENTAGE, UnitOfElectricCurrent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .car_control import ControlEntity
from .data import ScoutWorkerConfigEntry
from .entity import async_add_for_each_car
from .fleet.commands import MOST_AMPS, Command, set_charge_limit, set_charging_amps
from .fleet.vehicle_view import VehicleView

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class CarNumberDescription(NumberEntityDescription):
    """Describes a number. bounds: the car's own, as it told them last."""

    value: Callable[[VehicleView], float | None]
    bounds: Callable[[VehicleView], tuple[float, float]]
    command: Callable[[int], Command]


_DESCRIPTIONS: tuple[CarNumberDescription, ...] = (
    CarNumberDescription(
        key="charge_limit",
        translation_key="charge_limit",
        device_class=NumberDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        native_step=1,
        value=lambda view: view.percent("charge_limit_soc"),
        bounds=lambda view: view.limit_bounds,
        command=set_charge_limit,
    ),
    # Below 5 A cars differ: some take the first request as 5 A and only a second one as it is.
    CarNumberDescription(
        key="charging_amps",
        translation_key="charging_amps",
        device_class=NumberDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        native_step=1,
        value=lambda view: view.number("charge_state", "charge_current_request", 0, MOST_AMPS),
        bounds=lambda view: view.amps_bounds,
        command=set_charging_amps,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers of each car."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [CarNumber(entry, car, car.worker, description) for description in _DESCRIPTIONS],
    )


class CarNumber(ControlEntity[float], NumberEntity):
    """A number of a car. Home Assistant itself refuses what is out of its bounds."""

    entity_description: CarNumberDescription

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value, None where it is unknown."""
        return self._shown(self.entity_description.value(self._view))

    @property
    @override
    def native_min_value(self) -> float:
        """Return the least that the car takes."""
        return self.entity_description.bounds(self._view)[0]

    @property
    @override
    def native_max_value(self) -> float:
        """Return the most that the car takes."""
        return self.entity_description.bounds(self._view)[1]

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the value in the car."""
        wanted = round(value)
        await self._async_command(partial(self.entity_description.command, wanted), becomes=wanted)
