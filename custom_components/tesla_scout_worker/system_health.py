"""What the page of system information tells: whether Tesla is there, what the month cost, how old the tokens are."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration, async_check_can_reach_url
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from yarl import URL

from .account import base_url_of
from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .fleet.auth import TOKEN_URL
from .fleet.client import REGION_URLS
from .settings import Endpoints
from .token_keeper import keeper_for


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is told."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is told of all accounts together.

    The servers are asked by Home Assistant's helper: a GET each of their bare address, without a token or a name, which is
    no request to the API and is not billed. It is sent when somebody opens the page.
    """
    entries: list[ScoutWorkerConfigEntry] = [
        entry for entry in hass.config_entries.async_entries(DOMAIN) if not entry.disabled_by
    ]
    api = next(map(base_url_of, entries), REGION_URLS["na"])
    sign_in = next((Endpoints.from_data(entry.data).token_url for entry in entries), TOKEN_URL)
    loaded = [entry.runtime_data for entry in entries if entry.state is ConfigEntryState.LOADED]
    keepers = [keeper_for(hass, entry.unique_id or entry.entry_id) for entry in entries]
    # Without one nothing is known of an account: it was refused before its token was looked at.
    health = [keeper.health for keeper in keepers if keeper.grant]
    renewed = [one.last_rotation for one in health if one.last_rotation is not None]
    told: dict[str, Any] = {
        "can_reach_api": async_check_can_reach_url(hass, str(URL(api).origin())),
        "can_reach_sign_in": async_check_can_reach_url(hass, str(URL(sign_in).origin())),
        "accounts": len(entries),
        "cars": sum(len(runtime.cars) for runtime in loaded),
        "sign_in_needed": sum(one.needs_sign_in for one in health),
        "cost_this_month": f"{sum(one.budget.cost_this_month for one in loaded):.2f} USD",
        "monthly_budget": f"{sum(one.budget.monthly_budget for one in loaded):.2f} USD",
        "requests_today": sum(one.budget.billed_today for one in loaded),
    }
    # The oldest is the one that may be in trouble.
    return told | ({"token_renewed": dt_util.utc_from_timestamp(min(renewed))} if renewed else {})
