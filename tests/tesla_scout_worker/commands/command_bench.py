"""What the tests of commands share: a car that knows the app's key, and what reached it."""

from asyncio import AbstractEventLoop
from typing import Any

from bench import VIN, settle
from homeassistant.core import HomeAssistant

from custom_components.tesla_scout_worker.commanding import Commander
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.commands import Command
from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Category, Purpose
from custom_components.tesla_scout_worker.virtual_key import VirtualKey, async_virtual_key
from fleet_simulator import Car, FleetSimulator
from fleet_simulator.certificate import SelfSigned, self_signed
from fleet_simulator.proxy import Proxy

# Made before a test stops the clock: what makes certificates wants the true time.
CERTIFICATE, OTHER_CERTIFICATE = self_signed("127.0.0.1"), self_signed("127.0.0.1")


def commander_of(entry: ScoutWorkerConfigEntry) -> Commander:
    """Return what sends an account's commands."""
    return entry.runtime_data.account.commander


async def send(
    entry: ScoutWorkerConfigEntry, command: Command, purpose: Purpose = Purpose.REQUESTED, vin: str = VIN
) -> None:
    """Send a command as an action does."""
    await commander_of(entry).async_send(vin, command, purpose)


async def failure_of(entry: ScoutWorkerConfigEntry, command: Command, vin: str = VIN) -> FleetError:
    """Send a command that must fail, and return how."""
    try:
        await send(entry, command, vin=vin)
    except FleetError as err:
        return err
    raise AssertionError(f"{command.name} did not fail")


async def paired_key(hass: HomeAssistant, *cars: Car) -> VirtualKey:
    """Make the app's key and put it into these cars, as an owner does."""
    key = await async_virtual_key(hass)
    for car in cars:
        car.keyring.pair(key.public_point_hex)
    return key


def asked(simulator: FleetSimulator, *kinds: str) -> list[str]:
    """Return which requests of these kinds came, in order."""
    return [str(record.kind) for record in simulator.requests if record.kind in kinds]


def commands_billed(simulator: FleetSimulator) -> int:
    """Return how many commands are on Tesla's bill."""
    return simulator.bill.counts().get("commands", 0)


def commands_counted(entry: ScoutWorkerConfigEntry) -> int:
    """Return how many commands are in our own ledger."""
    return entry.runtime_data.budget.requests_this_month.get(Category.COMMANDS, 0)


async def quiet(hass: HomeAssistant, simulator: FleetSimulator) -> None:
    """Let everything that was started end, and forget what was asked until now."""
    await settle(hass)
    simulator.requests.clear()


async def open_proxy(simulator: FleetSimulator, certificate: SelfSigned = CERTIFICATE) -> Proxy:
    """Start the simulator's second door."""
    proxy = simulator.add_proxy()
    proxy.tls = certificate
    await proxy.start()
    return proxy


def let_clients_hang_up(hass: HomeAssistant) -> None:
    """Take no client that ends a TLS handshake for an error of the test's: the server shares its loop."""
    usual = hass.loop.get_exception_handler()
    assert usual is not None

    def _handle(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), ConnectionResetError):
            usual(loop, context)

    hass.loop.set_exception_handler(_handle)
