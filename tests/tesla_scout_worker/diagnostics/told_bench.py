"""What the tests of diagnostics and repairs share: what a browser gets of Home Assistant's own pages."""

from collections.abc import Callable, Coroutine
import json
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry

type ClientMaker = Callable[..., Coroutine[Any, Any, TestClient[Any, Any]]]
"""The fixture `hass_client`: a browser of an administrator."""


async def browser(hass: HomeAssistant, hass_client: ClientMaker) -> TestClient[Any, Any]:
    """Return an administrator's browser. Home Assistant's own access token ends after half an hour of driven time."""
    tokens = [
        token
        for user in await hass.auth.async_get_users()
        for token in user.refresh_tokens.values()
        if user.is_admin and not user.system_generated
    ]
    return await hass_client(hass.auth.async_create_access_token(tokens[0]))


def device_of(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str) -> dr.DeviceEntry:
    """Return the device of a car by its VIN, or the account's by the account's name."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
    assert device is not None
    return device


async def download(
    hass: HomeAssistant, hass_client: ClientMaker, entry: ScoutWorkerConfigEntry, name: str | None = None
) -> str:
    """Download the diagnostics of the entry, or of a device, as a person does; the whole file comes back."""
    assert await async_setup_component(hass, "diagnostics", {})
    await hass.async_block_till_done()
    path = f"/api/diagnostics/config_entry/{entry.entry_id}"
    if name is not None:
        path += f"/device/{device_of(hass, entry, name).id}"
    client = await browser(hass, hass_client)
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def told(
    hass: HomeAssistant, hass_client: ClientMaker, entry: ScoutWorkerConfigEntry, name: str | None = None
) -> dict[str, Any]:
    """Return what the integration tells of itself in a downloaded file."""
    data: dict[str, Any] = json.loads(await download(hass, hass_client, entry, name))["data"]
    return data
