"""Commands over the owner's proxy: asked only when a command needs it, and first of all whether it is there."""

import asyncio

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from .account import AccountCoordinator
from .command_options import CommandOptions
from .fleet.client import FleetClient
from .fleet.command_errors import ProxyDownError
from .fleet.commands import Command
from .fleet.errors import CannotConnectError
from .fleet.metering import Meter, Purpose
from .fleet.proxy import ProxyTransport, trust_only
from .proxy_add_on import ProxyAddOn


class ProxyWay:
    """One account's proxy. Its connection is made when it is first needed."""

    def __init__(self, hass: HomeAssistant, account: AccountCoordinator, options: CommandOptions) -> None:
        """Initialize. options: with an address."""
        self._hass = hass
        self._account = account
        self._options = options
        self._lock = asyncio.Lock()
        self._transport: ProxyTransport | None = None
        self.add_on = ProxyAddOn(hass, options.add_on, self._async_check, stops=options.stops_add_on)

    async def async_send(self, vin: str, command: Command, purpose: Purpose) -> None:
        """Send a command: one billed request (commands) at least. A cold proxy asks the car up to three times.

        Raises ProxyDownError where nothing was sent since the proxy is not there, and what `FleetClient.command` does.
        """
        transport = await self._async_transport()
        await self.add_on.async_ensure_up()
        client = FleetClient(transport, self._account, self._options.proxy_url or "")
        try:
            await client.command(vin, command, purpose)
        except CannotConnectError:
            raise ProxyDownError from None
        finally:
            self.add_on.async_rest()

    async def async_check(self) -> None:
        """Return when the proxy answers; its add-on is started for that. Raises ProxyDownError. Asks nothing of Tesla."""
        try:
            await self.add_on.async_ensure_up()
        finally:
            self.add_on.async_rest()

    async def _async_check(self) -> None:
        await (await self._async_transport()).check_health(self._options.proxy_url or "")

    async def _async_transport(self) -> ProxyTransport:
        async with self._lock:
            if self._transport is None:
                self._transport = await async_proxy_transport(self._hass, self._options, self._account.budget)
            return self._transport


async def async_proxy_transport(hass: HomeAssistant, options: CommandOptions, meter: Meter) -> ProxyTransport:
    """Return a transport to a proxy, with its certificate checked as the owner wished. Raises ProxyDownError.

    A stored certificate that cannot be read is no reason to trust any.
    """
    try:
        certificate = (
            await hass.async_add_executor_job(trust_only, options.certificate)
            if options.certificate and options.verifies
            else options.verifies
        )
    except ValueError:
        raise ProxyDownError from None
    return ProxyTransport(
        async_get_clientsession(hass),
        meter,
        trusted_urls=(options.proxy_url or "",),
        clock=lambda: dt_util.utcnow().timestamp(),
        ssl=certificate,
    )
