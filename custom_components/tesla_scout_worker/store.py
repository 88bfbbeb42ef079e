"""Reading what an earlier run stored, where starting anew is better than standing still."""

import logging
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

_LOGGER = logging.getLogger(__name__)


async def async_load_or_empty(store: Store[dict[str, Any]]) -> dict[str, Any]:
    """Return what is stored; nothing where there is nothing, or where it has a shape or version that cannot be read.

    Home Assistant raises several kinds of error for the latter, depending on what exactly is wrong.
    """
    try:
        stored = await store.async_load()
    except (HomeAssistantError, KeyError, TypeError, RuntimeError) as err:
        _LOGGER.warning("%s cannot be read and begins anew: %s", store.key, type(err).__name__)
        return {}
    return stored if isinstance(stored, dict) else {}
