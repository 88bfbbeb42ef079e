"""What the tests of the onboarding share: the steps without the rest of the dialog, and a real web server for the key."""

from typing import Any, override

from bench import settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker import virtual_key
from custom_components.tesla_scout_worker.budget import FlowMeter
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.partner import KEY_PATH
from custom_components.tesla_scout_worker.fleet.transport import Transport
from custom_components.tesla_scout_worker.onboarding_flow import AppAccess, OnboardingSteps
from custom_components.tesla_scout_worker.settings import Endpoints
from fleet_simulator import FleetSimulator

STORE = f"{DOMAIN}.virtual_key"


class OnlySteps(OnboardingSteps):
    """The onboarding with nothing before and nothing behind it."""

    @override
    async def _async_onboarded(self) -> ConfigFlowResult:
        return self.async_abort(reason="onboarded")


def steps_of(hass: HomeAssistant, app: AppAccess) -> OnlySteps:
    """Return the steps as a dialog that has just come to them."""
    flow = OnlySteps()
    flow.hass, flow.handler, flow.flow_id, flow.context = hass, DOMAIN, "onboarding", {"source": "user"}
    flow.app = app
    return flow


def app_of(hass: HomeAssistant, simulator: FleetSimulator, client_secret: str | None = None) -> AppAccess:
    """Return the access of the simulator's app. client_secret: the right one where not told."""
    endpoints = Endpoints(simulator.token_url, simulator.api_url)
    transport = Transport(async_get_clientsession(hass), FlowMeter(), trusted_urls=endpoints.typed)
    secret = simulator.client_secret if client_secret is None else client_secret
    return AppAccess(simulator.client_id, secret, endpoints, simulator.api_url, transport)


async def submit(flow: OnlySteps, shown: ConfigFlowResult, **typed: Any) -> ConfigFlowResult:
    """Submit a form that is shown, through its own schema as Home Assistant does."""
    assert shown["type"] is FlowResultType.FORM
    assert shown["data_schema"] is not None
    step = getattr(flow, f"async_step_{shown['step_id']}")
    result: ConfigFlowResult = await step(shown["data_schema"](typed))
    await settle(flow.hass)
    return result


def fields(shown: ConfigFlowResult) -> dict[str, Any]:
    """Return the fields of a form with what stands in them."""
    assert shown["data_schema"] is not None
    return {str(key): (key.description or {}).get("suggested_value") for key in shown["data_schema"].schema}


async def serve(hass: HomeAssistant, open_client: ClientSessionGenerator) -> str:
    """Start Home Assistant's web server on loopback; its host and port come back, which stand for the owner's domain."""
    assert await async_setup_component(hass, "http", {})
    # As Home Assistant does when it starts: views can be added while the server runs.
    hass.http.app._router.freeze = lambda: None  # type: ignore[method-assign]
    return f"127.0.0.1:{(await open_client()).port}"


def restart(hass: HomeAssistant) -> None:
    """Forget what is in memory, as a restart does; the disk stays, and the web server's routes with it."""
    hass.data.pop(virtual_key._CABINET, None)


__all__ = ["KEY_PATH", "STORE", "OnlySteps", "app_of", "fields", "restart", "serve", "steps_of", "submit"]
