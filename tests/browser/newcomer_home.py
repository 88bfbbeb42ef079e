"""Where the newcomer lives: a real Home Assistant with its frontend, Tesla as the simulator, and Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import shutil
import time
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.async_api import Browser, async_playwright
import pytest

from demo.configuration import write_store
from demo.server import HomeAssistantServer, ServerError, free_port, running
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator

DOMAIN: Final = "tesla_scout_worker"
KEY_DOMAIN: Final = "car.example.com"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    # In a container the shared memory is small.
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Maps and fonts of the internet look different each day, where they can be had at all.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> str | None:
    """Return the path of the browser, None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@dataclass(frozen=True)
class Place:
    """All of it. pasted: the account whose token is pasted, with two cars; signed_in: that which signs in in the browser."""

    server: HomeAssistantServer
    simulator: FleetSimulator
    browser: Browser
    pasted: Account
    signed_in: Account
    car: Car
    key: ec.EllipticCurvePublicKey

    async def speak(self, language: str) -> None:
        """Let Home Assistant itself name things in a language: entities have their names from it."""
        await self.server._ask("config/core/update", language=language)

    async def entries(self) -> list[dict[str, Any]]:
        """Return the accounts that are set up."""
        found: list[dict[str, Any]] = await self.server._ask("config_entries/get", domain=DOMAIN)
        return found

    async def device(self, name: str) -> str:
        """Return the id of a device."""
        devices = await self.server._ask("config/device_registry/list")
        return next(str(device["id"]) for device in devices if device["name"] == name)

    async def refuses_a_command(self) -> None:
        """Send the car a command, which it does not take as long as it does not know the key."""
        listed = await self.server._ask("config/entity_registry/list")
        ours = (str(item["entity_id"]) for item in listed if item["platform"] == DOMAIN)
        switch = next(entity_id for entity_id in ours if entity_id.startswith("switch.scout"))
        with pytest.raises(ServerError):
            await self.server.turn(switch, is_on=False)

    async def clear(self) -> None:
        """Take all accounts and apps away, as if nobody had been here, and the key out of the car."""
        for entry in await self.entries():
            await self.server._call("DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}")
        for app in await self.server._ask("application_credentials/list"):
            await self.server._ask("application_credentials/delete", application_credentials_id=app["id"])
        self.car.keyring.unpair(self.key)
        self.car.key_paired = False


def _lay_key(folder: Path) -> ec.EllipticCurvePublicKey:
    """Lay the key of an app that is registered already, as the integration stores it; return its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kept = {"private_key": pem, "is_served": True, "domain": KEY_DOMAIN}
    write_store(folder, f"{DOMAIN}.virtual_key", (1, 1), kept)
    return key.public_key()


@asynccontextmanager
async def at_home(folder: Path, executable: str) -> AsyncIterator[Place]:
    """Start all of it, logged in at the back door for what a person does not do here; nothing is left running."""
    simulator = FleetSimulator()
    pasted = simulator.add_account("jane.doe@example.com")
    car = pasted.add_car("5YJ3E1EA1KF000001", "Scout", HOME)
    car.plug_in(time.time(), WALL_BOX)
    car.stay_awake(time.time(), time.time() + 3600)
    pasted.add_car("5YJ3E1EA1KF000002", "Worker", (52.6, 13.5))
    signed_in = simulator.add_account("john.doe@example.com")
    signed_in.add_car("5YJYE1EA1KF000003", "Grandma", (52.4, 13.2), asleep=True)
    server = HomeAssistantServer(folder, HOME, 100, free_port(0))
    key = _lay_key(folder)
    async with simulator, running(server), async_playwright() as playwright:
        await server.log_in()
        browser = await playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        try:
            yield Place(server, simulator, browser, pasted, signed_in, car, key)
        finally:
            await browser.close()
