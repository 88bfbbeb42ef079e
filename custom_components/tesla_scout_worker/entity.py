"""What all entities have in common: their device, their name, and when they are available."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import (
    DeviceEntryType,
    DeviceInfo,
    async_get_device_id_by_identifier,
)
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .account import AccountCoordinator
from .const import DOMAIN, MANUFACTURER
from .data import Car, ScoutWorkerConfigEntry
from .scout.coordinator import ScoutCoordinator
from .worker.coordinator import WorkerCoordinator

# The fourth character of a VIN: https://vpic.nhtsa.dot.gov
_MODELS = {
    "3": "Model 3",
    "C": "Cybertruck",
    "R": "Roadster",
    "S": "Model S",
    "T": "Semi",
    "X": "Model X",
    "Y": "Model Y",
}


def account_device_info(entry: ScoutWorkerConfigEntry) -> DeviceInfo:
    """Return the account's service device."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.unique_id or entry.entry_id)},
        entry_type=DeviceEntryType.SERVICE,
        manufacturer=MANUFACTURER,
        model="Fleet API",
        name=entry.title,
        configuration_url="https://developer.tesla.com/dashboard/usage",
    )


@callback
def async_add_for_each_car(
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities_of: Callable[[Car], Iterable[Entity]],
) -> None:
    """Add the entities of each car that is there, and of each that comes to the account later."""
    entry.runtime_data.garage.async_for_each(lambda car: async_add_entities(entities_of(car)))


class CarEntity[CoordinatorT: ScoutCoordinator | WorkerCoordinator](CoordinatorEntity[CoordinatorT]):
    """An entity of a car."""

    _attr_has_entity_name = True

    def __init__(
        self,
        entry: ScoutWorkerConfigEntry,
        car: Car,
        coordinator: CoordinatorT,
        description: EntityDescription,
    ) -> None:
        """Initialize."""
        super().__init__(coordinator)
        self.entity_description = description
        self._entry = entry
        self._car = car
        self._attr_unique_id = f"{car.vin}-{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, car.vin)},
            manufacturer=MANUFACTURER,
            model=_MODELS.get(car.vin[3]),
            name=car.name,
            serial_number=car.vin,
            via_device_id=async_get_device_id_by_identifier(
                coordinator.hass,
                (DOMAIN, entry.unique_id or entry.entry_id),
                config_entry_id=entry.entry_id,
            ),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the account as well: a lost sign-in ends what a car's coordinator would have told."""
        await super().async_added_to_hass()
        account = self._entry.runtime_data.account
        self.async_on_remove(account.async_add_listener(self.async_write_ha_state))

    @property
    @override
    def available(self) -> bool:
        """Return whether the value stands for something: asleep or out of reach is no reason to lose it.

        Nor is a lost sign-in while the last access token still works: what is seen with it must be told.
        """
        token = self._entry.runtime_data.account.data.token
        is_cut_off = token.needs_sign_in and token.usable_until <= dt_util.utcnow().timestamp()
        return self._has_data and not is_cut_off

    @property
    def _has_data(self) -> bool:
        """Return whether the coordinator ever learned anything, in this run or an earlier one."""
        match self.coordinator:
            case ScoutCoordinator() as scout:
                return scout.data.last_look is not None
            case worker:
                return worker.data.vehicle_data.read_at is not None


class AccountEntity(CoordinatorEntity[AccountCoordinator]):
    """An entity of the account. It is there to tell of trouble, so trouble does not make it unavailable."""

    _attr_has_entity_name = True

    def __init__(self, entry: ScoutWorkerConfigEntry, description: EntityDescription) -> None:
        """Initialize."""
        super().__init__(entry.runtime_data.account)
        self.entity_description = description
        self._budget = entry.runtime_data.budget
        self._attr_unique_id = f"{entry.unique_id or entry.entry_id}-{description.key}"
        self._attr_device_info = account_device_info(entry)

    @property
    @override
    def available(self) -> bool:
        """Return that there is always something to tell."""
        return True
