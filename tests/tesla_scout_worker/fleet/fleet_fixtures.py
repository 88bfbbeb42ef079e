"""Fixtures for Tesla's side, which needs no Home Assistant. A test module takes those that it uses under its own names.

They are no conftest.py: the type checker knows only one module of that name.
"""

from collections.abc import AsyncIterator

import aiohttp
from fleet_bench import Elsewhere, FleetBench, ManualClock, Tokens, elsewhere as open_elsewhere
import pytest

from custom_components.tesla_scout_worker.fleet.client import FleetClient
from custom_components.tesla_scout_worker.fleet.transport import Transport
from fleet_simulator import FleetSimulator


@pytest.fixture(autouse=True)
def no_home_assistant(socket_enabled: None) -> None:
    """Let the tests talk to loopback, and start no Home Assistant."""


@pytest.fixture(autouse=True)
def no_frozen_time() -> None:
    """Leave the time alone: the simulator and the transport are given a clock."""


@pytest.fixture
async def fleet() -> AsyncIterator[FleetBench]:
    """Start everything that a request needs."""
    clock = ManualClock()
    simulator = FleetSimulator(clock)
    simulator.gate.strict_content_type = True
    async with simulator, aiohttp.ClientSession() as session:
        yield FleetBench(clock, simulator, session)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Start a host that must never see a token."""
    async with open_elsewhere() as server:
        yield server


@pytest.fixture
def transport(fleet: FleetBench) -> Transport:
    """Return a transport that may ask the simulator's sign-in and all of its regions."""
    return fleet.transport(fleet.simulator.token_url, *fleet.simulator.api_urls.values())


@pytest.fixture
def tokens(fleet: FleetBench) -> Tokens:
    """Return a source of access tokens that work."""
    return Tokens(fleet.account.issue_access_token)


@pytest.fixture
def client(fleet: FleetBench, transport: Transport, tokens: Tokens) -> FleetClient:
    """Return the account's client, in the right region."""
    return FleetClient(transport, tokens, fleet.simulator.api_url, region_moved=fleet.moves.append)
