"""Sending commands: which way each car takes them, and what to do where that way is closed.

The only door to a car that changes anything. A command goes out once: where nobody knows what became of it, that is said,
and who wanted it reads the car before it is sent again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
import logging
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .account import AccountCoordinator
from .command_options import CommandOptions
from .command_repairs import tell_paired, tell_proxy, tell_unpaired
from .const import CONF_COMMANDS
from .data import ScoutWorkerConfigEntry
from .fleet.command_errors import (
    KeyNotPairedError,
    KeyUnusableError,
    NoKeyError,
    NoProxyError,
    NotTheOwnerError,
    ProxyDownError,
    SigningNotSupportedError,
    SigningUnavailableError,
)
from .fleet.commands import Command, Transports
from .fleet.errors import NotFoundError, RequestRejectedError, SigningRequiredError
from .fleet.metering import Purpose
from .fleet.signed import SignedCommands, check_key
from .proxy_way import ProxyWay
from .virtual_key import VirtualKeyError, async_key_cabinet

_LOGGER = logging.getLogger(__name__)

# What a plain command is answered that goes only signed, whatever the car: it tells nothing of other commands.
_ONLY_SIGNED: Final = 412

type SentListener = Callable[[str, str], None]
"""Is called with the VIN and the command's name."""


class Commander:
    """Sends an account's commands, one at a time to each car."""

    def __init__(
        self, hass: HomeAssistant, entry: ScoutWorkerConfigEntry, account: AccountCoordinator
    ) -> None:
        """Initialize; nothing is asked and nothing is loaded until a command needs it."""
        self._hass = hass
        self._entry = entry
        self._account = account
        options = CommandOptions.from_options(entry.options.get(CONF_COMMANDS))
        self._transport = options.transport
        self._proxy = ProxyWay(hass, account, options) if options.proxy_url else None
        self._signed = SignedCommands(account.client, self._async_key_pem, hass.async_add_import_executor_job)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        #: How each car takes commands, as far as it was found out since the start.
        self._remembered: dict[str, Transports] = {}
        self._listeners: list[SentListener] = []
        self._is_proxy_down = False
        #: Cars that did not know the key when they were told something last.
        self._unpaired: set[str] = set()

    async def async_check(self, vin: str, purpose: Purpose) -> None:
        """Raise where a command could not be carried out in any case, before a car is woken or read for it.

        Asks the cloud (not billed) where it must. Raises NoKeyError, KeyUnusableError, NoProxyError; KeyNotPairedError where
        nobody waits for the command and the cloud knows that the key is not in the car.
        """
        way = await self._async_way(vin, purpose)
        if way is Transports.PLAIN:
            return
        if way is Transports.PROXY:
            if self._proxy is None:
                raise NoProxyError
            return
        if (pem := await self._async_key_pem()) is None:
            raise NoKeyError
        check_key(pem)
        if vin in self._unpaired and purpose is not Purpose.REQUESTED:
            status = await self._account.client.fleet_status(vin, purpose)
            if status.is_paired is False:
                raise KeyNotPairedError

    async def async_send(self, vin: str, command: Command, purpose: Purpose) -> None:
        """Send a command to a car: one billed request (commands), up to three where it is signed here and the car is cold.

        With automatic choice the first command to a car costs a question to the cloud beside it, which is not billed.
        Returns where it was carried out or there was nothing to do. Raises FleetError: among others CommandRefusedError,
        VehicleUnavailableError (asleep), KeyNotPairedError, OutcomeUnknownError, MissingScopeError, BudgetSpentError.
        """
        async with self._locks[vin]:
            if purpose is Purpose.REQUESTED:
                # Before anything is sent: who asks in a loop pays nothing for being refused.
                self._account.budget.check_asked(vin)
            try:
                await self._async_send(vin, command, purpose)
            except (NotFoundError, RequestRejectedError) as err:
                vehicle = self._account.data.vehicles.get(vin)
                if vehicle is not None and vehicle.is_shared:
                    raise NotTheOwnerError(err.status) from err
                raise
        for listener in tuple(self._listeners):
            listener(vin, command.name)

    @callback
    def async_on_sent(self, listener: SentListener) -> CALLBACK_TYPE:
        """Call a listener after each command that a car took; the release comes back."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def way_of(self, vin: str) -> Transports | None:
        """Return how a car takes commands, None while that was not found out. Asks nothing."""
        return self._remembered.get(vin) if self._transport is Transports.AUTO else self._transport

    async def async_check_proxy(self) -> None:
        """Look whether the owner's proxy answers, and start its add-on where it has one. Asks nothing of Tesla.

        Raises NoProxyError, ProxyDownError.
        """
        if self._proxy is None:
            raise NoProxyError
        await self._proxy.async_check()
        self._is_proxy_down = False
        tell_proxy(self._hass, self._entry, is_down=False)

    async def async_close(self) -> None:
        """Stop what was started for commands."""
        if self._proxy is not None:
            await self._proxy.add_on.async_close()

    # --- which way --------------------------------------------------------------------------------

    async def _async_send(self, vin: str, command: Command, purpose: Purpose) -> None:
        way = await self._async_way(vin, purpose)
        try:
            await self._async_send_by(way, vin, command, purpose)
        except (SigningRequiredError, SigningNotSupportedError) as err:
            # The car surely did nothing. What was remembered of it is wrong.
            self._remembered.pop(vin, None)
            other = self._signing_way if isinstance(err, SigningRequiredError) else Transports.PLAIN
            if self._transport is not Transports.AUTO or other is way:
                raise
            await self._async_send_by(other, vin, command, purpose)
            self._remembered[vin] = way if err.status == _ONLY_SIGNED else other

    async def _async_way(self, vin: str, purpose: Purpose) -> Transports:
        if (known := self.way_of(vin)) is not None:
            return known
        try:
            status = await self._account.client.fleet_status(vin, purpose)
        except (RequestRejectedError, NotFoundError) as err:
            _LOGGER.debug("Tesla does not tell how a car takes commands: %s", err)
            return self._signing_way
        way = Transports.PLAIN if status.needs_signing is False else self._signing_way
        if status.needs_signing is not None:
            self._remembered[vin] = way
        return way

    @property
    def _signing_way(self) -> Transports:
        return Transports.PROXY if self._proxy else Transports.SIGNED

    async def _async_send_by(self, way: Transports, vin: str, command: Command, purpose: Purpose) -> None:
        try:
            match way:
                case Transports.PLAIN:
                    await self._account.client.command(vin, command, purpose)
                case Transports.PROXY:
                    await self._async_send_by_proxy(vin, command, purpose)
                case _:
                    await self._signed.send(vin, command, purpose)
        except KeyNotPairedError:
            self._remembered.pop(vin, None)
            self._unpaired.add(vin)
            domain = await self._async_domain()
            tell_unpaired(self._hass, self._entry, vin, domain=domain, is_proxys=way is Transports.PROXY)
            raise
        self._unpaired.discard(vin)
        if way is not Transports.PLAIN:
            tell_paired(self._hass, self._entry, vin)

    async def _async_send_by_proxy(self, vin: str, command: Command, purpose: Purpose) -> None:
        """Send over the proxy; where it is down, sign here if there is a key that the car knows."""
        if self._proxy is None:
            raise NoProxyError
        try:
            await self._proxy.async_send(vin, command, purpose)
        except ProxyDownError as down:
            if not self._is_proxy_down:
                self._is_proxy_down = True
                _LOGGER.warning("The proxy for commands does not answer")
            try:
                await self._signed.send(vin, command, purpose)
            except KeyNotPairedError, KeyUnusableError, NoKeyError, SigningUnavailableError:
                tell_proxy(self._hass, self._entry, is_down=True)
                raise down from None
            return
        if self._is_proxy_down:
            self._is_proxy_down = False
            _LOGGER.info("The proxy for commands answers again")
        tell_proxy(self._hass, self._entry, is_down=False)

    # --- the key ----------------------------------------------------------------------------------

    async def _async_key_pem(self) -> str | None:
        """Return the app's private key, None where none was made. A new one would be in no car, so none is made here."""
        try:
            cabinet = await async_key_cabinet(self._hass)
        except VirtualKeyError:
            raise KeyUnusableError from None
        return cabinet.key.private_key_pem if cabinet.key else None

    async def _async_domain(self) -> str | None:
        """Return the domain with which the key is registered, None where there is none."""
        try:
            return (await async_key_cabinet(self._hass)).domain
        except VirtualKeyError:
            return None
