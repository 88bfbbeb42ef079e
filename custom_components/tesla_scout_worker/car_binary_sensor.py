"""Binary sensors of a full read: charging, climate, and what stands open."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from .car_entity import ReadEntity
from .fleet.vehicle_view import VehicleView

# Tesla's names of what can be open, with ours. Driver and passenger, not left and right: so it fits both.
_DOORS = {
    "df": "door_driver_front",
    "dr": "door_driver_rear",
    "pf": "door_passenger_front",
    "pr": "door_passenger_rear",
    "ft": "front_trunk",
    "rt": "trunk",
}
_WINDOWS = {
    "fd_window": "window_driver_front",
    "rd_window": "window_driver_rear",
    "fp_window": "window_passenger_front",
    "rp_window": "window_passenger_rear",
}


@dataclass(frozen=True, kw_only=True)
class ReadBinarySensorDescription(BinarySensorEntityDescription):
    """Describes a binary sensor of a full read."""

    is_on: Callable[[VehicleView], bool | None]


def _opening(field: str, name: str, device_class: BinarySensorDeviceClass) -> ReadBinarySensorDescription:
    return ReadBinarySensorDescription(
        key=name,
        translation_key=name,
        device_class=device_class,
        is_on=lambda view: view.is_open(field),
    )


def _is_unlocked(view: VehicleView) -> bool | None:
    locked = view.flag("vehicle_state", "locked")
    return None if locked is None else not locked


CAR_BINARY_SENSORS: tuple[ReadBinarySensorDescription, ...] = (
    ReadBinarySensorDescription(
        key="plugged_in",
        translation_key="plugged_in",
        device_class=BinarySensorDeviceClass.PLUG,
        is_on=lambda view: view.is_plugged_in,
    ),
    ReadBinarySensorDescription(
        key="charging",
        translation_key="charging",
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        is_on=lambda view: view.is_charging,
    ),
    ReadBinarySensorDescription(
        key="fast_charger_present",
        translation_key="fast_charger_present",
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on=lambda view: view.flag("charge_state", "fast_charger_present"),
    ),
    ReadBinarySensorDescription(
        key="climate_on",
        translation_key="climate_on",
        is_on=lambda view: view.flag("climate_state", "is_climate_on"),
    ),
    ReadBinarySensorDescription(
        key="preconditioning",
        translation_key="preconditioning",
        entity_registry_enabled_default=False,
        is_on=lambda view: view.flag("climate_state", "is_preconditioning"),
    ),
    *(_opening(field, name, BinarySensorDeviceClass.DOOR) for field, name in _DOORS.items()),
    *(_opening(field, name, BinarySensorDeviceClass.WINDOW) for field, name in _WINDOWS.items()),
    ReadBinarySensorDescription(
        key="locked",
        device_class=BinarySensorDeviceClass.LOCK,
        is_on=_is_unlocked,
    ),
    ReadBinarySensorDescription(
        key="sentry_mode",
        translation_key="sentry_mode",
        is_on=lambda view: view.flag("vehicle_state", "sentry_mode"),
    ),
    # Who sits in a car comes and goes between two reads.
    ReadBinarySensorDescription(
        key="user_present",
        translation_key="user_present",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        entity_registry_enabled_default=False,
        is_on=lambda view: view.flag("vehicle_state", "is_user_present"),
    ),
    ReadBinarySensorDescription(
        key="service_mode",
        translation_key="service_mode",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_on=lambda view: view.flag("vehicle_state", "service_mode"),
    ),
)


class ReadBinarySensor(ReadEntity, BinarySensorEntity):
    """A binary sensor of a full read."""

    entity_description: ReadBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the value, None where it is unknown."""
        return self.entity_description.is_on(self._view)
