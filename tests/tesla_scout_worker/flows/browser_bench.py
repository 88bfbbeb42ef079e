"""A person with a browser: signs in on the simulator's page and is sent back to Home Assistant, all over real HTTP."""

from collections.abc import Iterable
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient
from bench import settle
from homeassistant.components.application_credentials import ClientCredential, async_import_client_credential
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.tesla_scout_worker.const import (
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_AUTHORIZE_URL,
    CONF_REGION,
    CONF_TOKEN_URL,
    DOMAIN,
)
from custom_components.tesla_scout_worker.virtual_key import async_setup_public_view
from fleet_simulator import Account, FleetSimulator


def sign_in_form(simulator: FleetSimulator, **changes: Any) -> dict[str, Any]:
    """Return what a person types before Tesla's page opens."""
    return {
        CONF_REGION: "eu",
        CONF_ADVANCED: {
            CONF_AUTHORIZE_URL: simulator.authorize_url,
            CONF_TOKEN_URL: simulator.token_url,
            CONF_API_URL: simulator.api_url,
        },
        **changes,
    }


async def add_app(
    hass: HomeAssistant, simulator: FleetSimulator, secret: str | None = None, name: str = "Mine", **more: Any
) -> None:
    """Enter an app in the application credentials. secret: the right one where not told."""
    assert await async_setup_component(hass, "application_credentials", {})
    credential = ClientCredential(
        more.pop("client_id", simulator.client_id),
        simulator.client_secret if secret is None else secret,
        name,
    )
    await async_import_client_credential(hass, DOMAIN, credential, name)


class Person:
    """Somebody who uses the dialog and a browser."""

    def __init__(
        self, hass: HomeAssistant, simulator: FleetSimulator, client: ClientSessionGenerator
    ) -> None:
        """Initialize."""
        self.hass = hass
        self.simulator = simulator
        self._client = client
        self._tab: TestClient[web.Request, web.Application] | None = None

    async def begin(self) -> ConfigFlowResult:
        """Open the dialog and choose to sign in with Tesla; the form comes back."""
        flows = self.hass.config_entries.flow
        menu = await flows.async_init(DOMAIN, context={"source": "user"})
        assert menu["type"] is FlowResultType.MENU
        assert menu["menu_options"] == ["sign_in", "paste"]
        return await flows.async_configure(menu["flow_id"], {"next_step_id": "sign_in"})

    async def submit(self, flow_id: str, typed: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Submit what is shown and wait for what it started."""
        result = await self.hass.config_entries.flow.async_configure(flow_id, typed or {})
        await settle(self.hass)
        return result

    async def go(self, **changes: Any) -> ConfigFlowResult:
        """Open the dialog and fill in the form: Tesla's page is next."""
        result = await self.begin()
        result = await self.submit(result["flow_id"], sign_in_form(self.simulator, **changes))
        assert result["type"] is FlowResultType.EXTERNAL_STEP, result
        return result

    async def page(
        self, url: str, account: Account, decision: str = "allow", unchecked: Iterable[str] = ()
    ) -> URL:
        """Sign in on the page, and decide; where the browser is sent to comes back."""
        async with aiohttp.ClientSession() as browser:
            async with browser.get(url) as answer:
                assert answer.status == 200, await answer.text()
            scopes = [scope for scope in URL(url).query["scope"].split() if scope not in unchecked]
            fields = [
                ("account", account.name),
                ("decision", decision),
                *(("scope", scope) for scope in scopes),
            ]
            async with browser.post(url, data=fields, allow_redirects=False) as answer:
                assert answer.status == 302, await answer.text()
                return URL(answer.headers["Location"])

    async def come_back(self, location: URL) -> int:
        """Let the browser follow the redirect to Home Assistant; the status comes back."""
        assert location.host == "example.com"
        tab = await self.open_tab()
        answer = await tab.get(location.relative())
        await settle(self.hass)
        return answer.status

    async def open_tab(self) -> TestClient[web.Request, web.Application]:
        """Return the browser's tab on Home Assistant, whose web server is started with all that it serves.

        In the tests a web server that has started takes no further address.
        """
        if self._tab is None:
            assert await async_setup_component(self.hass, DOMAIN, {})
            async_setup_public_view(self.hass)
            self._tab = await self._client()
        return self._tab

    async def own_domain(self) -> str:
        """Return where Home Assistant's web server is found."""
        return f"127.0.0.1:{(await self.open_tab()).port}"

    async def sign_in(self, shown: ConfigFlowResult, account: Account, **how: Any) -> ConfigFlowResult:
        """Go through Tesla's page and back; the dialog's next step comes back."""
        assert shown["type"] is FlowResultType.EXTERNAL_STEP, shown
        assert await self.come_back(await self.page(shown["url"], account, **how)) == 200
        return await self.submit(shown["flow_id"])


def requests(simulator: FleetSimulator, kind: str) -> int:
    """Return how many requests of a kind the simulator has seen."""
    return sum(record.kind == kind for record in simulator.requests)
