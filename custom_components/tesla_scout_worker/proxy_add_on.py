"""A proxy that is an add-on of Home Assistant's: started when a command needs it, stopped again if its owner wishes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
import logging
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from .fleet.command_errors import ProxyDownError

_LOGGER = logging.getLogger(__name__)

_HASSIO: Final = "hassio"
# By its new name and by the old one, with the field that each wants.
_START: Final = (("app_start", "app"), ("addon_start", "addon"))
_STOP: Final = (("app_stop", "app"), ("addon_stop", "addon"))
# A container on a small machine needs a while until it answers (seconds).
_STARTS_WITHIN: Final = 60.0
_LOOKS_EVERY: Final = 2.0
# Several commands follow each other, and each cold start costs handshakes (seconds).
_STOPS_AFTER: Final = 300.0


@callback
def has_supervisor(hass: HomeAssistant) -> bool:
    """Return whether there is a Supervisor that could start an add-on."""
    return any(hass.services.has_service(_HASSIO, name) for name, _ in _START)


class ProxyAddOn:
    """Starts and stops an add-on through the Supervisor's actions; without a Supervisor it can do nothing."""

    def __init__(
        self,
        hass: HomeAssistant,
        slug: str | None,
        check: Callable[[], Awaitable[None]],
        *,
        stops: bool,
    ) -> None:
        """Initialize. check: raises ProxyDownError until the proxy answers. stops: what was started here is stopped."""
        self._hass = hass
        self._slug = slug
        self._check = check
        self._stops = stops
        self._lock = asyncio.Lock()
        self._was_started = False
        self._cancel_stop: CALLBACK_TYPE | None = None

    async def async_ensure_up(self) -> None:
        """Return when the proxy answers; start the add-on where it does not. Raises ProxyDownError. Costs nothing."""
        self._hold()
        try:
            async with self._lock:
                try:
                    await self._check()
                except ProxyDownError:
                    if not await self._async_call(_START):
                        raise
                    self._was_started = True
                    await self._async_until_up()
        except ProxyDownError:
            self.async_rest()
            raise

    async def _async_until_up(self) -> None:
        tries = int(_STARTS_WITHIN / _LOOKS_EVERY)
        for _ in range(tries - 1):
            try:
                await self._check()
            except ProxyDownError:
                await asyncio.sleep(_LOOKS_EVERY)
            else:
                return
        await self._check()

    @callback
    def async_rest(self) -> None:
        """Stop the add-on in a while if nothing needs it meanwhile, if it was started here and is to be stopped."""
        self._hold()
        if self._stops and self._was_started:
            self._cancel_stop = async_call_later(self._hass, _STOPS_AFTER, self._async_stop)

    async def async_close(self) -> None:
        """Stop at once what would have been stopped in a while."""
        if self._cancel_stop is not None:
            self._hold()
            await self._async_stop()

    async def _async_stop(self, _: datetime | None = None) -> None:
        self._cancel_stop = None
        async with self._lock:
            if self._was_started and await self._async_call(_STOP):
                self._was_started = False

    @callback
    def _hold(self) -> None:
        if self._cancel_stop is not None:
            self._cancel_stop()
            self._cancel_stop = None

    async def _async_call(self, actions: tuple[tuple[str, str], ...]) -> bool:
        """Call the first of these actions that there is; False where there is none, or it failed."""
        if self._slug is None:
            return False
        for name, field in actions:
            if self._hass.services.has_service(_HASSIO, name):
                try:
                    await self._hass.services.async_call(_HASSIO, name, {field: self._slug}, blocking=True)
                except HomeAssistantError as err:
                    _LOGGER.warning("The Supervisor's action %s failed for %s: %s", name, self._slug, err)
                    return False
                return True
        return False
