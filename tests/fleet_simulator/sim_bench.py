"""A bench for the simulator's tests: a driven clock, one owner, one car, one HTTP client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp

from fleet_simulator import Account, Car, FleetSimulator

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC).timestamp()
VIN = "5YJ3E1EA1KF000001"


@dataclass
class ManualClock:
    """A clock that moves when it is told to. now: epoch seconds."""

    now: float = NOON

    def __call__(self) -> float:
        """Return epoch seconds."""
        return self.now

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Reply(NamedTuple):
    """An answer, read to its end."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def response(self) -> Any:
        """What Tesla puts under `response`."""
        return self.body["response"]


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again by itself after a lost connection: each request is counted here."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        msg = "the connection was lost"
        raise aiohttp.ClientError(msg) from err


class Bench:
    """What a test needs. `token` is the bearer of the next requests; None sends none."""

    def __init__(self, sim: FleetSimulator, clock: ManualClock, account: Account, car: Car) -> None:
        self.sim = sim
        self.clock = clock
        self.account = account
        self.car = car
        self.token: str | None = account.issue_access_token()
        self.session = aiohttp.ClientSession(middlewares=(_once,))

    async def api(
        self, method: str, path: str, *, region: str = "eu", json: Any = None, **more: Any
    ) -> Reply:
        """Send a request to the API."""
        headers = more.pop("headers", {})
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        url = f"{self.sim.api_urls[region]}/api/1/{path}"
        async with self.session.request(method, url, headers=headers, json=json, **more) as response:
            return await _read(response)

    async def get(self, path: str, **more: Any) -> Reply:
        """Send a GET to the API."""
        return await self.api("GET", path, **more)

    async def state(self, **more: Any) -> Reply:
        """Ask for the car's state."""
        return await self.get(f"vehicles/{VIN}", **more)

    async def data(self, *blocks: str) -> Reply:
        """Read the car live, with these blocks or with the default ones."""
        params = {"endpoints": ";".join(blocks)} if blocks else {}
        return await self.get(f"vehicles/{VIN}/vehicle_data", params=params)

    async def wake(self) -> Reply:
        """Wake the car."""
        return await self.api("POST", f"vehicles/{VIN}/wake_up", json={})

    async def command(self, name: str, **body: Any) -> Reply:
        """Send a plain command."""
        return await self.api("POST", f"vehicles/{VIN}/command/{name}", json=body)

    async def token_call(self, **form: str) -> Reply:
        """Send a form to the token endpoint."""
        async with self.session.post(self.sim.token_url, data=form) as response:
            return await _read(response)

    async def refresh(self, refresh_token: str) -> Reply:
        """Use a refresh token."""
        return await self.token_call(
            grant_type="refresh_token", client_id=self.sim.client_id, refresh_token=refresh_token
        )


@asynccontextmanager
async def bench(
    *, scopes: set[str] | None = None, region: Any = "eu", asleep: bool = False, battery_level: float = 62.0
) -> AsyncGenerator[Bench]:
    """Start a simulator with an owner and a car, and stop it."""
    clock = ManualClock()
    sim = FleetSimulator(clock)
    account = (
        sim.add_account(region=region) if scopes is None else sim.add_account(region=region, scopes=scopes)
    )
    car = account.add_car(VIN, asleep=asleep, battery_level=battery_level)
    async with sim:
        made = Bench(sim, clock, account, car)
        async with made.session:
            yield made


async def _read(response: aiohttp.ClientResponse) -> Reply:
    raw = await response.read()
    is_json = response.content_type == "application/json" and raw
    return Reply(response.status, await response.json() if is_json else raw.decode(), dict(response.headers))
