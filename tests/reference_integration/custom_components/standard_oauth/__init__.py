"""Home Assistant's standard way with OAuth2 tokens, as its own Tesla integration takes it; for comparison.

A token is ensured before each request. A 401 of the API in a poll marks it as expired, so that the next poll renews it;
one at set-up asks the owner to sign in, and so does each 4xx of the token endpoint but 429. All of that, and when the
token is written, is Home Assistant's. The car is polled every half second instead of every ten minutes, since here an
access token lives for seconds and not for hours.
"""

import asyncio
from datetime import timedelta
import logging
from typing import Any, Final, override

from aiohttp import ClientError, ClientResponse
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    OAuth2TokenRequestError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import (
    OAuth2Session,
    async_get_config_entry_implementation,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .const import CONF_API_URL

_LOGGER = logging.getLogger(__name__)
_INTERVAL: Final = timedelta(seconds=0.5)
# As in core's integration, which must not stall Home Assistant's start (seconds).
_FIRST_REFRESH_TIMEOUT: Final = 60
_UNAUTHORIZED: Final = 401


class TokenRefusedError(Exception):
    """The API answered 401."""


class AnswerError(Exception):
    """The API answered another error, or nothing that can be read."""


type StandardEntry = ConfigEntry[CarCoordinator]


class CarCoordinator(DataUpdateCoordinator[dict[str, Any]]):
    """Polls one car."""

    config_entry: StandardEntry

    def __init__(self, hass: HomeAssistant, entry: StandardEntry, session: OAuth2Session) -> None:
        """Initialize. The session belongs to this set-up of the entry."""
        super().__init__(hass, _LOGGER, config_entry=entry, name="car", update_interval=_INTERVAL)
        self._session = session
        self._vin = ""

    async def async_list(self) -> None:
        """Find the first car. Raises ConfigEntryAuthFailed and ConfigEntryNotReady, as core's integration does."""
        try:
            cars = (await self._async_get("/api/1/vehicles"))["response"]
        except (TokenRefusedError, OAuth2TokenRequestReauthError) as err:
            raise ConfigEntryAuthFailed from err
        except (AnswerError, OAuth2TokenRequestError, ClientError, TimeoutError) as err:
            raise ConfigEntryNotReady from err
        self._vin = str(cars[0]["vin"])

    @override
    async def _async_update_data(self) -> dict[str, Any]:
        try:
            state = await self._async_get(f"/api/1/vehicles/{self._vin}")
            if state["response"]["state"] != "online":
                return state
            return await self._async_get(f"/api/1/vehicles/{self._vin}/vehicle_data")
        except TokenRefusedError as err:
            data = self.config_entry.data
            token = {**data[CONF_TOKEN], "expires_at": 0}
            self.hass.config_entries.async_update_entry(self.config_entry, data={**data, CONF_TOKEN: token})
            raise UpdateFailed("the access token is refused") from err
        except AnswerError as err:
            raise UpdateFailed(str(err)) from err

    async def _async_get(self, path: str) -> dict[str, Any]:
        """Ask the API. Raises TokenRefusedError and AnswerError, and what the session raises."""
        await self._session.async_ensure_token_valid()
        headers = {"Authorization": f"Bearer {self._session.token[CONF_ACCESS_TOKEN]}"}
        url = self.config_entry.data[CONF_API_URL] + path
        async with async_get_clientsession(self.hass).get(url, headers=headers) as response:
            return await _read(response)


async def _read(response: ClientResponse) -> dict[str, Any]:
    if response.status == _UNAUTHORIZED:
        raise TokenRefusedError
    if not response.ok:
        raise AnswerError(str(response.status))
    try:
        body = await response.json()
    except (ValueError, ClientError) as err:
        raise AnswerError("not JSON") from err
    if not isinstance(body, dict) or not body.get("response"):
        raise AnswerError("no response")
    return body


async def async_setup_entry(hass: HomeAssistant, entry: StandardEntry) -> bool:
    """Set up an account: the token, the list of cars, the first poll."""
    implementation = await async_get_config_entry_implementation(hass, entry)
    session = OAuth2Session(hass, entry, implementation)
    await session.async_ensure_token_valid()
    coordinator = CarCoordinator(hass, entry, session)
    await coordinator.async_list()
    try:
        async with asyncio.timeout(_FIRST_REFRESH_TIMEOUT):
            await coordinator.async_config_entry_first_refresh()
    except TimeoutError as err:
        raise ConfigEntryNotReady from err
    entry.runtime_data = coordinator
    # Entities would do this: without a listener a coordinator does not poll.
    entry.async_on_unload(coordinator.async_add_listener(lambda: None))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: StandardEntry) -> bool:
    """Unload an account."""
    return True
