"""What the tests of Tesla's side share: a driven clock, a meter that remembers, and a stranger's server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import aiohttp
from aiohttp import web

from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.fleet.transport import Answer, Transport
from fleet_simulator import FleetSimulator

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
NOON_S_DAY = date(2026, 11, 24)
VIN = "5YJ3E1EA1KF000001"
BEARER = "eyJhbGciOiJIUzI1NiJ9.the-secret-bearer.c2ln"
DATA = Errand(Category.DATA, Purpose.SCOUT, VIN)


@dataclass
class ManualClock:
    """A clock that moves when it is told to. now: epoch seconds."""

    now: float = NOON

    def __call__(self) -> float:
        """Return epoch seconds."""
        return self.now


@dataclass
class Ledger:
    """A meter that remembers what it was told, and refuses on request."""

    refuse: FleetError | None = None
    admitted: list[Errand] = field(default_factory=list[Errand])
    settled: list[tuple[int | None, bool]] = field(default_factory=list[tuple[int | None, bool]])
    held: list[FleetError] = field(default_factory=list[FleetError])

    def admit(self, errand: Errand) -> Admission:
        """Let a request out unless told otherwise."""
        if self.refuse is not None:
            raise self.refuse
        self.admitted.append(errand)
        return Admission(errand, NOON_S_DAY)

    def settle(self, admission: Admission, status: int | None, *, sent: bool = True) -> None:
        """Remember what came back."""
        self.settled.append((status, sent))

    def hold(self, errand: Errand, error: FleetError) -> None:
        """Remember what is to be held back."""
        self.held.append(error)


@dataclass
class Tokens:
    """A source of access tokens. better: makes the next one after a rejection."""

    better: Callable[[], str]
    token: str = ""
    rejected: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Begin with a good token."""
        self.token = self.token or self.better()

    async def async_access_token(self) -> str:
        """Return the token."""
        return self.token

    async def async_token_rejected(self, access_token: str) -> None:
        """Replace the token if it is the one that was rejected."""
        self.rejected.append(access_token)
        if access_token == self.token:
            self.token = self.better()


class FleetBench:
    """A simulator with an owner and a car, and what is needed to talk to it."""

    def __init__(self, clock: ManualClock, simulator: FleetSimulator, session: aiohttp.ClientSession) -> None:
        self.clock = clock
        self.simulator = simulator
        self.session = session
        self.account = simulator.add_account()
        self.car = self.account.add_car(VIN)
        self.meter = Ledger()
        self.moves: list[str] = []

    @property
    def state_url(self) -> str:
        """The address of the car's state."""
        return f"{self.simulator.api_url}/api/1/vehicles/{VIN}"

    def transport(self, *trusted_urls: str) -> Transport:
        """Return a transport that trusts these URLs beside Tesla's."""
        return Transport(self.session, self.meter, trusted_urls=trusted_urls, clock=self.clock)


async def get(transport: Transport, url: str, token: str = BEARER) -> Answer:
    """Send a GET with a bearer token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return await transport.send("GET", url, DATA, headers=headers)


@dataclass
class Elsewhere:
    """Another server. seen: the headers of each request that reached it."""

    url: str
    answer: Callable[[web.Request], Any]
    seen: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer anything."""
        self.seen.append(dict(request.headers))
        answer: web.StreamResponse = self.answer(request)
        return answer


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Start a server that answers everything with success."""
    server = Elsewhere("", lambda _: web.json_response({"response": {}}))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
