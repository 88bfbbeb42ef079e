"""Core's own tesla_fleet as a contender: its installed code, with Tesla's hosts replaced by the simulator's."""

import time
from types import MappingProxyType
from typing import Final

from homeassistant.components import tesla_fleet
from homeassistant.components.application_credentials import ClientCredential, async_import_client_credential
from homeassistant.components.tesla_fleet import oauth
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import EventStateChangedData, HomeAssistant
from homeassistant.setup import async_setup_component
from tesla_fleet_api import const as fleet_const

from .hub import entity_of, listen, settle
from .world import World

_DOMAIN: Final = "tesla_fleet"
_SCOPES: Final = ["openid", "offline_access", "vehicle_device_data", "vehicle_location", "vehicle_cmds"]


async def start(hass: HomeAssistant, world: World, told: list[float], until: float) -> None:
    """Set it up with an entry as its dialog makes one. It tells by its tracker turning home. RuntimeError if refused."""
    simulator = world.simulator
    for region in fleet_const.SERVERS:
        fleet_const.SERVERS[region] = simulator.api_urls[region]
    oauth.TOKEN_URL = simulator.token_url
    await async_setup_component(hass, "application_credentials", {})
    credential = ClientCredential(simulator.client_id, simulator.client_secret)
    await async_import_client_credential(hass, _DOMAIN, credential)
    token = {
        "access_token": world.account.issue_access_token(),
        "refresh_token": world.account.issue_refresh_token(),
        "expires_at": time.time() + world.account.access_token_lifetime,
        "expires_in": int(world.account.access_token_lifetime),
        "token_type": "Bearer",
    }
    entry: ConfigEntry[tesla_fleet.TeslaFleetData] = ConfigEntry(
        version=1,
        minor_version=1,
        domain=_DOMAIN,
        title="Tesla",
        data={"auth_implementation": _DOMAIN, "token": token},
        options={},
        source=SOURCE_USER,
        unique_id=world.account.sub,
        discovery_keys=MappingProxyType({}),
        subentries_data=None,
    )
    await hass.config_entries.async_add(entry)
    await settle(hass)
    tracker = entity_of(hass, _DOMAIN, "device_tracker", "-location")

    def _changed(data: EventStateChangedData, at: float) -> None:
        before, after = data["old_state"], data["new_state"]
        was_away = before is not None and before.state == "not_home"
        if was_away and after is not None and after.state == "home":
            told.append(at)

    listen(hass, tracker, _changed)
