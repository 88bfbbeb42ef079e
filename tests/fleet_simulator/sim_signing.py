"""What the tests of signed commands need: a client of one key, and a proxy with its certificate."""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import ssl
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sim_bench import VIN, Bench, Reply, bench

from fleet_simulator import INFOTAINMENT, Order
from fleet_simulator.encoding import encode
from fleet_simulator.orders import BadParameter, read_rest
from fleet_simulator.proxy import Proxy
from fleet_simulator.signer import Session


class Client:
    """Sends signed commands with a key of its own; `last` is the last HTTP answer."""

    def __init__(self, b: Bench) -> None:
        self.bench = b
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.sessions: dict[int, Session] = {}
        self.last: Reply | None = None

    def session(self, domain: int = INFOTAINMENT) -> Session:
        """Return the session with a computer."""
        return self.sessions.setdefault(domain, Session(VIN, domain, self.key))

    async def post(self, message: bytes) -> bytes:
        """Send a message and return the reply's bytes."""
        body = {"routable_message": base64.b64encode(message).decode()}
        self.last = await self.bench.api("POST", f"vehicles/{VIN}/signed_command", json=body)
        assert self.last.status == 200, self.last.body
        return base64.b64decode(self.last.response)

    async def shake_hands(self, domain: int = INFOTAINMENT) -> None:
        """Ask for a session."""
        session = self.session(domain)
        session.take(await self.post(session.handshake()), self.bench.clock.now)

    async def send(self, name: str, **body: Any) -> None:
        """Send a command as it is; a handshake goes before the first one to a computer. Errors as Session.take has them."""
        order = read_rest(name, body, self.bench.clock.now)
        assert not isinstance(order, BadParameter), order
        await self.send_order(order)

    async def send_order(self, order: Order) -> None:
        """Send an order."""
        domain, payload = encode(order)
        if not self.session(domain).ready:
            await self.shake_hands(domain)
        message = self.session(domain).sign(payload, self.bench.clock.now)
        self.session(domain).take(await self.post(message), self.bench.clock.now)


def schedule(**changes: Any) -> dict[str, Any]:
    """Return a charge schedule at home as it is written, with its id and days."""
    return {
        "id": 1_700_000_000,
        "days_of_week": "All",
        "enabled": True,
        "lat": 52.52,
        "lon": 13.405,
        "start_enabled": True,
        "start_time": 1320,
        "end_enabled": True,
        "end_time": 120,
        "one_time": False,
    } | changes


def kept(**changes: Any) -> dict[str, Any]:
    """Return a charge schedule at home as it is read back."""
    made = schedule() | {"days_of_week": 127, "latitude": 52.52, "longitude": 13.405, "name": ""}
    return {key: value for key, value in made.items() if key not in {"lat", "lon"}} | changes


class Door:
    """The proxy's door."""

    def __init__(self, b: Bench, proxy: Proxy) -> None:
        self.bench = b
        self.proxy = proxy

    async def request(self, method: str, path: str, **more: Any) -> Reply:
        """Send a request, trusting the certificate."""
        tls = self.proxy.tls
        assert tls is not None
        trust = ssl.create_default_context(cadata=tls.certificate.decode())
        headers = more.pop("headers", {"Authorization": f"Bearer {self.bench.token}"})
        url = f"{self.proxy.url}{path}"
        async with self.bench.session.request(method, url, headers=headers, ssl=trust, **more) as response:
            text = await response.text()
            body = await response.json(content_type=None) if text.startswith("{") else text
            return Reply(response.status, body, dict(response.headers))

    async def command(self, name: str, *, vin: str = VIN, **body: Any) -> Reply:
        """Send a command."""
        return await self.request("POST", f"/api/1/vehicles/{vin}/command/{name}", json=body)


@asynccontextmanager
async def door(*, paired: bool = True, asleep: bool = False) -> AsyncGenerator[tuple[Bench, Door]]:
    """Start a bench with a proxy before it."""
    async with bench(asleep=asleep) as b:
        proxy = b.sim.add_proxy()
        await proxy.start()
        if paired:
            b.car.keyring.pair(proxy.public_point)
        yield b, Door(b, proxy)
