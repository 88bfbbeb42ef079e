"""The sensor that tells how often, and to whom, the access token was handed out."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.sensor import (
    DOMAIN as SENSOR_DOMAIN,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .entity import AccountEntity
from .token_sharing import is_shared

_DESCRIPTION: Final = SensorEntityDescription(
    key="access_token_handouts",
    translation_key="access_token_handouts",
    state_class=SensorStateClass.TOTAL_INCREASING,
    entity_category=EntityCategory.DIAGNOSTIC,
)


@callback
def async_add_handout_sensor(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the counter while the account is shared, and take it away when it no longer is.

    Most owners never share: they see no counter. Who does sees it at once, and need not find and enable it.
    """
    sensor = HandoutSensor(entry)
    if is_shared(entry):
        async_add_entities([sensor])
        return
    registry = er.async_get(hass)
    if left := registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, sensor.unique_id or ""):
        registry.async_remove(left)


class HandoutSensor(AccountEntity, SensorEntity):
    """How often other programs were given the access token, in all; what is counted outlives the entity."""

    def __init__(self, entry: ScoutWorkerConfigEntry) -> None:
        """Initialize."""
        super().__init__(entry, _DESCRIPTION)
        self._handouts = entry.runtime_data.handouts

    @property
    @override
    def native_value(self) -> int:
        """Return how many tokens were handed out."""
        return self._handouts.total

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return who got how many, by the names that the owner gave, and when the last one went out."""
        last = self._handouts.last
        return {
            "callers": {name: caller.count for name, caller in self._handouts.callers.items()},
            "last_handout": dt_util.utc_from_timestamp(last) if last else None,
        }
