"""Which of our entities triggers and conditions are about, whatever an automation names: a car, an area, a label."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN

#: The translation keys of the entities that triggers and conditions stand on.
ACCOUNT: Final = "account"
AT_HOME: Final = "at_home"
CHARGING: Final = "charging"
PLUGGED_IN: Final = "plugged_in"
PRESENCE: Final = "presence"
SPENDING: Final = "spending"


def only(hass: HomeAssistant, entity_ids: set[str], key: str) -> set[str]:
    """Return those entities that are ours and of one kind. key: the kind's translation key; an entity can be renamed."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id))
        and entry.platform == DOMAIN
        and entry.translation_key == key
    }
