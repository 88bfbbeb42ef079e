"""This integration as a contender: set up as a person does, told by its own event."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import EventStateChangedData, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_EYES,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    DOMAIN,
)

from .eyes import Eye
from .hub import entity_of, listen, settle
from .world import VIN, World


async def start(
    hass: HomeAssistant, world: World, told: list[float], options: Mapping[str, Any], watched: Iterable[Eye]
) -> None:
    """Set it up through its dialog, with these options and with eyes that it may look at for nothing.

    RuntimeError where the dialog is refused.
    """
    by_role: dict[str, list[str]] = {}
    for eye in watched:
        world.begin(eye.follow(hass, world))
        for role in eye.roles:
            by_role.setdefault(role, []).append(eye.entity_id)
    # Each has a state before anybody looks at it.
    await asyncio.sleep(1)
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "user"})
    await flows.async_configure(menu["flow_id"], {"next_step_id": "paste"})
    form = {
        CONF_CLIENT_ID: world.simulator.client_id,
        CONF_REFRESH_TOKEN: world.account.issue_refresh_token(),
        CONF_ADVANCED: {CONF_TOKEN_URL: world.simulator.token_url, CONF_API_URL: world.simulator.api_url},
    }
    result = await flows.async_configure(menu["flow_id"], form)
    if result["type"] is not FlowResultType.CREATE_ENTRY:
        raise RuntimeError(f"the dialog answered {result.get('errors') or result.get('reason')}")
    await settle(hass)
    entry = result["result"]
    eyes = {CONF_EYES: {VIN: by_role}} if by_role else {}
    hass.config_entries.async_update_entry(entry, options={**options, **eyes})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)

    seen: set[str] = set()

    def _changed(data: EventStateChangedData, at: float) -> None:
        state = data["new_state"]
        # The state is the moment of the event: what comes back after a reload is no new one.
        if state and state.state not in seen and state.attributes.get("event_type") == "arrived":
            seen.add(state.state)
            told.append(at)

    listen(hass, entity_of(hass, DOMAIN, "event", "presence"), _changed)
