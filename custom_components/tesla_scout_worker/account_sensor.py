"""Sensors of the account: its sign-in, and what it spends, also for each car."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
import math
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .account import AccountData
from .book import Spending
from .budget import Budget
from .data import Car, ScoutWorkerConfigEntry
from .entity import AccountEntity, CarEntity, async_add_for_each_car
from .fleet.metering import Category
from .scout.coordinator import ScoutCoordinator
from .token_health import TokenState

type _Value = StateType | datetime

_DOLLARS: Final = "USD"
_HALF_A_CENT: Final = 0.005


def _month_began(budget: Budget) -> datetime:
    return budget.calendar.month_began


def _day_began(budget: Budget) -> datetime:
    return budget.calendar.day_began


def _time(seconds: float | None) -> datetime | None:
    return dt_util.utc_from_timestamp(seconds) if seconds else None


def _told(dollars: float) -> float:
    """Return what is told of an amount: less than half a cent short would be read as a minus before nothing."""
    return 0.0 if -_HALF_A_CENT < dollars < 0 else dollars


@dataclass(frozen=True, kw_only=True)
class AccountSensorDescription(SensorEntityDescription):
    """Describes a sensor of the account. began: when what is summed began to be summed."""

    value: Callable[[AccountData, Budget], _Value]
    attributes: Callable[[AccountData, Budget], Mapping[str, Any]] | None = None
    began: Callable[[Budget], datetime] | None = None


@dataclass(frozen=True, kw_only=True)
class SumDescription(AccountSensorDescription):
    """Describes what begins anew each month: Home Assistant makes a year's plot of it."""

    state_class: SensorStateClass = SensorStateClass.TOTAL
    began: Callable[[Budget], datetime] = _month_began


@dataclass(frozen=True, kw_only=True)
class MoneyDescription(SumDescription):
    """Describes dollars of a month."""

    device_class: SensorDeviceClass = SensorDeviceClass.MONETARY
    native_unit_of_measurement: str = _DOLLARS
    suggested_display_precision: int = 2


def _by_category(requests: Mapping[Category, int]) -> dict[str, int]:
    return {category.value: count for category, count in requests.items()}


def _requests(key: str, category: Category, *, is_enabled: bool = False) -> SumDescription:
    return SumDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=is_enabled,
        value=lambda _, budget: budget.requests_this_month[category],
    )


_MONEY: Final[tuple[AccountSensorDescription, ...]] = (
    SumDescription(
        key="requests_this_month",
        translation_key="requests_this_month",
        value=lambda _, budget: budget.billed_this_month,
        attributes=lambda _, budget: _by_category(budget.requests_this_month),
    ),
    SumDescription(
        key="requests_today",
        translation_key="requests_today",
        value=lambda _, budget: budget.billed_today,
        attributes=lambda _, budget: _by_category(budget.requests_today),
        began=_day_began,
    ),
    MoneyDescription(
        key="cost_this_month",
        translation_key="cost_this_month",
        value=lambda _, budget: budget.cost_this_month,
        attributes=lambda _, budget: {"beyond_credit": budget.beyond_credit},
    ),
    # No sum, so not what Home Assistant takes for money: as a measurement it has a mean and can be plotted.
    AccountSensorDescription(
        key="cost_forecast",
        translation_key="cost_forecast",
        native_unit_of_measurement=_DOLLARS,
        suggested_display_precision=2,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda _, budget: budget.forecast,
    ),
    MoneyDescription(
        key="fixed_poll_cost",
        translation_key="fixed_poll_cost",
        value=lambda _, budget: budget.fixed_poll_cost_this_month,
    ),
    MoneyDescription(
        key="saved_this_month",
        translation_key="saved_this_month",
        value=lambda _, budget: _told(budget.saved_this_month),
    ),
    AccountSensorDescription(
        key="spending",
        translation_key="spending",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in Spending],
        value=lambda _, budget: budget.spending.value,
        attributes=lambda _, budget: {
            # Without an end there is no number to show.
            "wait_factor": round(budget.thrift, 2) if math.isfinite(budget.thrift) else None,
            "budget": budget.monthly_budget,
        },
    ),
    _requests("data_requests", Category.DATA, is_enabled=True),
    _requests("command_requests", Category.COMMANDS),
    _requests("wake_requests", Category.WAKES),
    _requests("state_requests", Category.STATE),
)

_SIGN_IN: Final[tuple[AccountSensorDescription, ...]] = (
    AccountSensorDescription(
        key="sign_in",
        translation_key="sign_in",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in TokenState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda account, _: account.token_state.value,
        attributes=lambda account, _: {
            "region": account.token.claims.region,
            "granted_scopes": sorted(account.token.claims.scopes),
            "missing_scopes": sorted(account.missing_scopes),
        },
    ),
    AccountSensorDescription(
        key="token_expires",
        translation_key="token_expires",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda account, _: _time(account.token.expires_at),
    ),
    AccountSensorDescription(
        key="token_renewed",
        translation_key="token_renewed",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda account, _: _time(account.token.last_rotation),
        attributes=lambda account, _: {
            "rotations": account.token.rotations,
            "failures": account.token.failures_counted,
        },
    ),
    AccountSensorDescription(
        key="token_rejections",
        translation_key="token_rejections",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda account, _: account.token.rejections,
    ),
)

_CAR_COST: Final = SensorEntityDescription(
    key="cost_this_month",
    translation_key="car_cost_this_month",
    device_class=SensorDeviceClass.MONETARY,
    native_unit_of_measurement=_DOLLARS,
    suggested_display_precision=2,
    state_class=SensorStateClass.TOTAL,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)


@callback
def async_add_account_sensors(
    entry: ScoutWorkerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of the account, and of each car what it cost."""
    async_add_entities(AccountSensor(entry, description) for description in (*_MONEY, *_SIGN_IN))
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [CarCostSensor(entry, car, car.scout, _CAR_COST)]
    )


class AccountSensor(AccountEntity, SensorEntity):
    """A sensor of the account."""

    entity_description: AccountSensorDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the meter as well: each request is counted."""
        await super().async_added_to_hass()
        self.async_on_remove(self._budget.async_add_listener(self.async_write_ha_state))

    @property
    @override
    def native_value(self) -> _Value:
        """Return the value."""
        return self.entity_description.value(self.coordinator.data, self._budget)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what goes with the value."""
        attributes = self.entity_description.attributes
        return attributes(self.coordinator.data, self._budget) if attributes else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when what is summed began anew."""
        began = self.entity_description.began
        return began(self._budget) if began else None


class CarCostSensor(CarEntity[ScoutCoordinator], SensorEntity):
    """What a car cost this month."""

    def __init__(
        self,
        entry: ScoutWorkerConfigEntry,
        car: Car,
        coordinator: ScoutCoordinator,
        description: SensorEntityDescription,
    ) -> None:
        """Initialize."""
        super().__init__(entry, car, coordinator, description)
        self._budget = entry.runtime_data.budget
        self._told: tuple[float, datetime] | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the meter as well, which knows of a request before the car's scout has anything to tell."""
        await super().async_added_to_hass()
        self.async_on_remove(self._budget.async_add_listener(self._async_counted))

    @callback
    def _async_counted(self) -> None:
        """Tell what is new of this car: most requests are of others."""
        told = (self.native_value, self.last_reset)
        if told != self._told:
            self._told = told
            self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> float:
        """Return US dollars before Tesla's credit."""
        return self._budget.cost_of_car(self._car.vin)

    @property
    @override
    def last_reset(self) -> datetime:
        """Return when the month began."""
        return self._budget.calendar.month_began

    @property
    @override
    def available(self) -> bool:
        """Return that what was spent is known, whatever is known of the car."""
        return True
