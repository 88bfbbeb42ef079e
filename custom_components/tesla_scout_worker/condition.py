"""Conditions: where a car is, whether its cable is in, and whether the month's budget has something left.

They look at the states that are there, and ask nothing of Tesla. An entity that is unknown or unavailable fulfils none.
"""

from typing import ClassVar, Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .automation_targets import AT_HOME, PLUGGED_IN, SPENDING, only
from .book import Spending

_BINARY_SENSORS: Final = {BINARY_SENSOR_DOMAIN: DomainSpec()}
_SENSORS: Final = {SENSOR_DOMAIN: DomainSpec()}
_ON: Final[set[str | bool]] = {STATE_ON}
_SCOUT_SPENDS: Final[set[str | bool]] = {Spending.NORMAL.value, Spending.THINNED.value}


class _StateCondition(EntityStateConditionBase):
    """Looks at one kind of our entities."""

    _about: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities of that kind."""
        return only(self._hass, super().entity_filter(entities), self._about)


class _OnCondition(_StateCondition):
    """Passes where a binary sensor is on."""

    _domain_specs = _BINARY_SENSORS
    _states = _ON


class _IsHome(_OnCondition):
    _about = AT_HOME


class _IsPluggedIn(_OnCondition):
    _about = PLUGGED_IN


class _MaySpend(_StateCondition):
    """Passes while the scout may spend: as long as it may, everything may."""

    _domain_specs = _SENSORS
    _states = _SCOUT_SPENDS
    _about = SPENDING


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_home": _IsHome,
    "is_plugged_in": _IsPluggedIn,
    "may_spend": _MaySpend,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by their names."""
    return CONDITIONS
