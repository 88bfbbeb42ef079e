"""What the tests of the read entities share: what a car says, and entities that are disabled by default."""

from typing import Any

from bench import settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from read_entities import READ_DISABLED

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator.car import Transform


def says(payload: dict[str, Any]) -> Transform:
    """Return a change of every read: the blocks of a payload in place of the simulator's."""

    def _change(response: dict[str, Any]) -> dict[str, Any]:
        return {**response, **{key: block for key, block in payload.items() if key in response}}

    return _change


async def enable_all(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Enable what is disabled by default."""
    for one in READ_DISABLED:
        er.async_get(hass).async_update_entity(one, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
