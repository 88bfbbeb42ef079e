"""What the integration's tests share: the place, the car, and words for what a person or time does."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

import custom_components.tesla_scout_worker  # noqa: F401 - the loader finds it only if imported before `hass`
from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    DOMAIN,
)
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import FleetSimulator

START = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
VIN = "5YJ3E1EA1KF000001"
WORK = (52.5098, 13.2730)

type Pass = Callable[..., Coroutine[Any, Any, None]]
"""`await passes(seconds, step=5.0)`: let time pass in steps, with everything that falls due."""

type SetUp = Callable[..., Coroutine[Any, Any, ScoutWorkerConfigEntry]]
"""`await set_up(account, options=None)`: set the integration up through its dialog."""


def form(simulator: FleetSimulator, refresh_token: str, **changes: Any) -> dict[str, Any]:
    """Return what a person types into the dialog."""
    return {
        CONF_CLIENT_ID: simulator.client_id,
        CONF_REFRESH_TOKEN: refresh_token,
        CONF_ADVANCED: {CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_url},
        **changes,
    }


async def open_paste(hass: HomeAssistant) -> str:
    """Open the dialog and choose to paste a token, as a person does; the flow's id comes back."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "user"})
    assert menu["type"] is FlowResultType.MENU, menu
    form_shown = await flows.async_configure(menu["flow_id"], {"next_step_id": "paste"})
    assert form_shown["type"] is FlowResultType.FORM, form_shown
    assert not form_shown["errors"]
    return str(menu["flow_id"])


def filled_in(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form is filled in with, its sections too."""
    assert shown["data_schema"] is not None
    found: dict[str, Any] = {}
    for key, field in shown["data_schema"].schema.items():
        if isinstance(field, section):
            inner = field.schema.schema
            found[str(key)] = {
                str(one): one.description["suggested_value"] for one in inner if one.description
            }
        elif key.description and "suggested_value" in key.description:
            found[str(key)] = key.description["suggested_value"]
    return found


async def settle(hass: HomeAssistant) -> None:
    """Wait until everything that was started is done, requests included."""
    await hass.async_block_till_done(wait_background_tasks=True)
