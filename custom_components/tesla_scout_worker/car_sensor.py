"""Sensors of a full read: the battery, the climate, the odometer, tyres and software."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfLength,
    UnitOfPressure,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from .car_entity import ReadEntity
from .fleet.vehicle_view import GEARS, VehicleView

# Beyond these a value is a mistake: miles, miles, degrees Celsius, bar.
_FARTHEST = 2_000
_MOST_MILES = 5_000_000
_COLDEST, _HOTTEST = -60, 100
_MOST_BAR = 10
_TYRES = ("fl", "fr", "rl", "rr")


@dataclass(frozen=True, kw_only=True)
class ReadSensorDescription(SensorEntityDescription):
    """Describes a sensor of a full read."""

    value: Callable[[VehicleView], StateType | datetime]


def _range(key: str, *, is_enabled: bool = False) -> ReadSensorDescription:
    return ReadSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.MILES,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=is_enabled,
        value=lambda view: view.number("charge_state", key, 0, _FARTHEST),
    )


def _temperature(key: str) -> ReadSensorDescription:
    return ReadSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.number("climate_state", key, _COLDEST, _HOTTEST),
    )


def _pressure(tyre: str) -> ReadSensorDescription:
    key = f"tpms_pressure_{tyre}"
    return ReadSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.PRESSURE,
        native_unit_of_measurement=UnitOfPressure.BAR,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda view: view.number("vehicle_state", key, 0, _MOST_BAR),
    )


CAR_SENSORS: tuple[ReadSensorDescription, ...] = (
    ReadSensorDescription(
        key="battery_level",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.percent("battery_level"),
    ),
    # Less than the level while the battery is cold.
    ReadSensorDescription(
        key="usable_battery_level",
        translation_key="usable_battery_level",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value=lambda view: view.percent("usable_battery_level"),
    ),
    _range("battery_range", is_enabled=True),
    _range("est_battery_range"),
    _range("ideal_battery_range"),
    _temperature("inside_temp"),
    _temperature("outside_temp"),
    ReadSensorDescription(
        key="odometer",
        translation_key="odometer",
        device_class=SensorDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.MILES,
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda view: view.number("vehicle_state", "odometer", 0, _MOST_MILES),
    ),
    *(_pressure(tyre) for tyre in _TYRES),
    ReadSensorDescription(
        key="software_version",
        translation_key="software_version",
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda view: view.firmware,
    ),
    # The car is read when it stands, seldom while somebody drives it.
    ReadSensorDescription(
        key="shift_state",
        translation_key="shift_state",
        device_class=SensorDeviceClass.ENUM,
        options=list(GEARS.values()),
        entity_registry_enabled_default=False,
        value=lambda view: view.gear,
    ),
)


class ReadSensor(ReadEntity, SensorEntity):
    """A sensor of a full read."""

    entity_description: ReadSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value, None where it is unknown."""
        return self.entity_description.value(self._view)
