"""A real Home Assistant core for one run, at the car's home."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import os
import tempfile
import time
from unittest.mock import patch

from aiohttp.resolver import ThreadedResolver
from homeassistant.components.device_tracker import legacy
from homeassistant.components.http import HomeAssistantHTTP
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import aiohttp_client, entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

import custom_components.tesla_scout_worker  # noqa: F401 - the loader finds it only if imported before the core is made
from fleet_simulator import Point

from .life import ZONE
from .roads import RADIUS


@asynccontextmanager
async def hub(home: Point) -> AsyncIterator[HomeAssistant]:
    """Start a core with a folder of its own, whose home zone is there; stop it in the end."""
    with (
        tempfile.TemporaryDirectory(prefix="scout-worker-bench-", dir=_memory()) as folder,
        # Its own resolver needs a network and zeroconf; here all addresses are numbers.
        patch.object(aiohttp_client, "_async_make_resolver", lambda _hass: _Resolver()),
        # It tidies up trackers from YAML every five seconds; there are none, and a day would hold 17,280 stops.
        patch.object(legacy, "async_track_utc_time_change", lambda *_args, **_kwargs: _nothing),
        # Nobody calls it, and another Home Assistant on this machine may have the port.
        patch.object(HomeAssistantHTTP, "async_bind", _unbound),
    ):
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            await hass.config.async_update(
                latitude=home[0], longitude=home[1], radius=int(RADIUS), time_zone=str(ZONE)
            )
            await async_setup_component(hass, "zone", {})
            await settle(hass)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


class _Resolver(ThreadedResolver):
    """A resolver that is closed as Home Assistant closes its own."""

    real_close = ThreadedResolver.close


def _memory() -> str | None:
    """Return a folder that is no disk, where there is one: how long a flush takes is not what is measured."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made in it


async def _unbound(_server: HomeAssistantHTTP) -> None:
    """Take no port."""


def _nothing() -> None:
    """Stop nothing."""


async def settle(hass: HomeAssistant) -> None:
    """Wait until everything that was started is done, requests included."""
    await hass.async_block_till_done(wait_background_tasks=True)


def entity_of(hass: HomeAssistant, platform: str, domain: str, ending: str) -> str:
    """Return the id of an integration's entity whose unique id ends so. LookupError unless there is exactly one."""
    found = [
        entry.entity_id
        for entry in er.async_get(hass).entities.values()
        if entry.platform == platform and entry.domain == domain and entry.unique_id.endswith(ending)
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} entities of {platform} are {domain}.*{ending}")
    return found[0]


def listen(
    hass: HomeAssistant, entity_id: str, changed: Callable[[EventStateChangedData, float], None]
) -> None:
    """Call back at each change of a state, with the driven time."""

    @callback
    def _changed(event: Event[EventStateChangedData]) -> None:
        changed(event.data, time.time())

    async_track_state_change_event(hass, [entity_id], _changed)
