"""What is stored between runs: read where starting anew is better than standing still, written a moment after a change."""

from collections.abc import Callable
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


class PlannedSave:
    """Writes a store a moment after the first change that is not written yet.

    Home Assistant's own delay begins anew with each change: with changes that never rest nothing would ever be written.
    """

    def __init__(
        self, store: Store[dict[str, Any]], as_dict: Callable[[], dict[str, Any]], delay: float
    ) -> None:
        """Initialize. as_dict: returns what to store. delay: seconds, the most that a crash can lose."""
        self._store = store
        self._as_dict = as_dict
        self.delay = delay
        self._is_planned = False

    def plan(self) -> None:
        """Write in a moment, if that is not planned already."""
        if not self._is_planned:
            self._is_planned = True
            self._store.async_delay_save(self._take, self.delay)

    async def async_now(self) -> None:
        """Write; it is written when this returns, or the failure is in the log."""
        await self._store.async_save(self._take())

    async def async_flush(self) -> None:
        """Write now what was planned, nothing where nothing was."""
        if self._is_planned:
            await self.async_now()

    def _take(self) -> dict[str, Any]:
        self._is_planned = False
        return self._as_dict()
