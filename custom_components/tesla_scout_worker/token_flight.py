"""One refresh in flight at a time, out of the reach of those who wait for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

# One refresh at a time, whoever asks: two of them with one refresh token lock each other out.
_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}.refresh_lock")


def refresh_lock(hass: HomeAssistant) -> asyncio.Lock:
    """Return the lock that every refresh holds."""
    return hass.data.setdefault(_LOCK, asyncio.Lock())


def run_apart[T](hass: HomeAssistant, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task that no caller's cancel, time-out or unload can reach. Wait for it with asyncio.wait."""
    task = hass.async_create_task(work, f"{DOMAIN} token", eager_start=True)
    # Where each caller was cancelled nobody is left to look at the exception.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
