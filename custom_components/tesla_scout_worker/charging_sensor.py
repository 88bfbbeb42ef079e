"""Sensors of a full read that tell of charging."""

from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfSpeed,
)
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from .car_sensor import CAR_SENSORS, ReadSensor, ReadSensorDescription
from .data import Car, ScoutWorkerConfigEntry
from .energy_session import EnergySession, energy_added, follow
from .entity import async_add_for_each_car
from .fleet.vehicle_view import CABLES, CHARGERS, CHARGING_STATES, LATCHES, VehicleView

# Beyond these a value is a mistake: kW, A, miles of range an hour, V.
_MOST_KW = 2_000
_MOST_AMPS = 2_000
_MOST_RATE = 5_000
_MOST_VOLTS = 2_000
# Each read reckons the end anew; what moved less than this is the same end.
_SAME_END: Final = timedelta(minutes=3)


def _end(view: VehicleView) -> datetime | None:
    at = view.completes_at
    return None if at is None else dt_util.utc_from_timestamp(at)


_COMPLETION = ReadSensorDescription(
    key="charge_complete_at",
    translation_key="charge_complete_at",
    device_class=SensorDeviceClass.TIMESTAMP,
    value=_end,
)
_ENERGY_ADDED = ReadSensorDescription(
    key="charge_energy_added",
    translation_key="charge_energy_added",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
    # Not TOTAL_INCREASING: Home Assistant would take a new session that shows more than the old one for the old one.
    state_class=SensorStateClass.TOTAL,
    value=energy_added,
)
CHARGING_SENSORS: tuple[ReadSensorDescription, ...] = (
    ReadSensorDescription(
        key="charging_state",
        translation_key="charging_state",
        device_class=SensorDeviceClass.ENUM,
        options=list(CHARGING_STATES.values()),
        value=lambda view: view.charging_state,
    ),
    ReadSensorDescription(
        key="charger_power",
        translation_key="charger_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.flow("charger_power", _MOST_KW),
    ),
    ReadSensorDescription(
        key="charger_actual_current",
        translation_key="charger_actual_current",
        device_class=SensorDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.flow("charger_actual_current", _MOST_AMPS),
    ),
    ReadSensorDescription(
        key="charger_voltage",
        translation_key="charger_voltage",
        device_class=SensorDeviceClass.VOLTAGE,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.number("charge_state", "charger_voltage", 0, _MOST_VOLTS),
    ),
    # Some cars say 2 where three phases are used: told as the car tells it.
    ReadSensorDescription(
        key="charger_phases",
        translation_key="charger_phases",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda view: view.phases,
    ),
    # Miles of range an hour: Tesla's own measure, and in Home Assistant a speed.
    ReadSensorDescription(
        key="charge_rate",
        translation_key="charge_rate",
        device_class=SensorDeviceClass.SPEED,
        native_unit_of_measurement=UnitOfSpeed.MILES_PER_HOUR,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda view: view.flow("charge_rate", _MOST_RATE),
    ),
    ReadSensorDescription(
        key="conn_charge_cable",
        translation_key="conn_charge_cable",
        device_class=SensorDeviceClass.ENUM,
        options=list(CABLES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda view: view.word("charge_state", "conn_charge_cable", CABLES),
    ),
    ReadSensorDescription(
        key="charge_port_latch",
        translation_key="charge_port_latch",
        device_class=SensorDeviceClass.ENUM,
        options=list(LATCHES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda view: view.word("charge_state", "charge_port_latch", LATCHES),
    ),
    ReadSensorDescription(
        key="fast_charger_type",
        translation_key="fast_charger_type",
        device_class=SensorDeviceClass.ENUM,
        options=list(CHARGERS.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda view: view.word("charge_state", "fast_charger_type", CHARGERS),
    ),
)


def async_add_read_sensors(
    entry: ScoutWorkerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a full read; which there are does not depend on what was read."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            *(
                ReadSensor(entry, car, car.worker, description)
                for description in (*CAR_SENSORS, *CHARGING_SENSORS)
            ),
            CompletionSensor(entry, car, car.worker, _COMPLETION),
            EnergySensor(entry, car),
        ],
    )


class CompletionSensor(ReadSensor):
    """When the limit will be reached: one moment for the whole session, not another one at each read."""

    _shown: datetime | None = None

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the moment, None while the car does not charge."""
        end = _end(self._view)
        if end is None or self._shown is None or abs(end - self._shown) >= _SAME_END:
            self._shown = end
        return self._shown


class _StoredSession(ExtraStoredData):
    def __init__(self, session: EnergySession) -> None:
        self._session = session

    @override
    def as_dict(self) -> dict[str, Any]:
        return self._session.as_dict()


class EnergySensor(ReadSensor, RestoreEntity):
    """The energy of this session; `last_reset` tells Home Assistant when the car began to count anew."""

    _session: EnergySession | None = None

    def __init__(self, entry: ScoutWorkerConfigEntry, car: Car) -> None:
        """Initialize."""
        super().__init__(entry, car, car.worker, _ENERGY_ADDED)

    @override
    async def async_added_to_hass(self) -> None:
        """Go on with the session that was known before a restart."""
        await super().async_added_to_hass()
        stored = await self.async_get_last_extra_data()
        self._session = EnergySession.from_dict(stored.as_dict()) if stored else None
        self._session = follow(self._session, self._view)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._session = follow(self._session, self._view)
        super()._handle_coordinator_update()

    @property
    @override
    def native_value(self) -> float | None:
        """Return the energy, None where the car did not tell.

        Never newer than the session: a new value with the old session's `last_reset` would count for that one.
        """
        is_told = energy_added(self._view) is not None
        return self._session.added if self._session and is_told else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when the session was seen first."""
        return dt_util.utc_from_timestamp(self._session.began_at) if self._session else None

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData | None:
        """Return what must be known to tell the next session from this one."""
        return _StoredSession(self._session) if self._session else None
