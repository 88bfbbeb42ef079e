"""Contenders without an integration: fixed polls as an owner would script them, and one that knows everything."""

import asyncio
import time
from typing import Any, Final

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from fleet_simulator import distance_m

from .roads import RADIUS
from .world import VIN, World

_POSITION: Final = "location_data;drive_state"
_EVERYTHING: Final = "location_data;charge_state;climate_state;closures_state;drive_state;gui_settings;vehicle_config;vehicle_state"
_GONE: Final = 408


class _Asks:
    """Asks the API, with a token that is renewed when it has to be."""

    def __init__(self, session: aiohttp.ClientSession, world: World) -> None:
        self._session = session
        self._world = world
        self._token = ""
        self._until = 0.0

    async def is_online(self) -> bool:
        """Ask the cloud; nothing is billed."""
        return bool((await self._get("", {}) or {}).get("state") == "online")

    async def is_home(self) -> bool | None:
        """Read the position; None where the car did not answer."""
        read = await self._get("/vehicle_data", {"endpoints": _POSITION})
        if read is None:
            return None
        place = (read["drive_state"]["latitude"], read["drive_state"]["longitude"])
        return distance_m(place, self._world.life.home) <= RADIUS

    async def everything(self) -> None:
        """Read all there is, as is wanted at an arrival."""
        await self._get("/vehicle_data", {"endpoints": _EVERYTHING})

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        if time.time() >= self._until:
            self._token = self._world.account.issue_access_token()
            self._until = time.time() + self._world.account.access_token_lifetime - 60
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        url = f"{self._world.simulator.api_url}/api/1/vehicles/{VIN}{path}"
        async with self._session.get(url, headers=headers, params=query) as answer:
            if answer.status == _GONE:
                return None
            answer.raise_for_status()
            response: dict[str, Any] = (await answer.json())["response"]
            return response


class Every:
    """Ask each so many seconds whether the car is online, and if so where; read everything once it is home."""

    def __init__(self, seconds: float) -> None:
        """Initialize."""
        self._seconds = seconds

    async def __call__(self, hass: HomeAssistant, world: World, told: list[float], until: float) -> None:
        """Poll until then."""
        asks = _Asks(async_get_clientsession(hass), world)
        was_home: bool | None = None
        while time.time() < until:
            is_home = await asks.is_home() if await asks.is_online() else None
            if is_home and was_home is False:
                told.append(time.time())
                await asks.everything()
            was_home = was_home if is_home is None else is_home
            await asyncio.sleep(self._seconds)


async def oracle(hass: HomeAssistant, world: World, told: list[float], until: float) -> None:
    """Read once at each departure and once at each arrival, at the very moment."""
    asks = _Asks(async_get_clientsession(hass), world)
    arrivals = set(world.life.arrivals)
    for at in sorted([*world.life.departures, *arrivals]):
        if time.time() <= at < until:
            await asyncio.sleep(at - time.time())
            await asks.everything()
            if at in arrivals:
                told.append(time.time())
