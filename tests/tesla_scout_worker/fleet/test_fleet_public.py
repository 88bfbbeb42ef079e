"""Fetching what anybody may read: from any host, and so without anything that only Tesla may see."""

import asyncio
import socket

from aiohttp import web
from fleet_bench import Elsewhere, FleetBench
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet import transport as transport_module
from custom_components.tesla_scout_worker.fleet.errors import BudgetSpentError
from custom_components.tesla_scout_worker.fleet.transport import (
    LARGEST_PUBLIC_BODY,
    Obstacle,
    PublicFileError,
    is_loopback,
    is_public_url,
)

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time
fleet = fleet_fixtures.fleet
elsewhere = fleet_fixtures.elsewhere

FILE = "/.well-known/file.pem"


async def test_nothing_goes_along_and_nothing_is_counted(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """It is one plain request to a host that is not trusted with anything, and no line in the ledger."""
    elsewhere.answer = lambda _: web.Response(text="-----BEGIN")
    answer = await fleet.transport().fetch_public(f"{elsewhere.url}{FILE}")
    assert (answer.status, answer.body) == (200, "-----BEGIN")
    (headers,) = elsewhere.seen
    assert not {name.lower() for name in headers} & {"authorization", "cookie"}
    assert fleet.meter.admitted == []
    assert fleet.meter.settled == []


async def test_it_is_fetched_while_the_budget_is_spent(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """The meter speaks of Tesla's requests, and is not asked."""
    fleet.meter.refuse = BudgetSpentError()
    assert (await fleet.transport().fetch_public(elsewhere.url)).status == 200


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer(fleet: FleetBench, elsewhere: Elsewhere, status: int) -> None:
    """Tesla does not follow it either, as far as anybody knows."""
    elsewhere.answer = lambda _: web.Response(status=status, headers={"Location": elsewhere.url})
    assert (await fleet.transport().fetch_public(elsewhere.url)).status == status
    assert len(elsewhere.seen) == 1


async def test_a_huge_file_is_not_read_to_its_end(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """At the limit it is read, beyond it is none."""
    elsewhere.answer = lambda _: web.Response(body=b"x" * LARGEST_PUBLIC_BODY)
    assert len((await fleet.transport().fetch_public(elsewhere.url)).body) == LARGEST_PUBLIC_BODY
    elsewhere.answer = lambda _: web.Response(body=b"x" * (LARGEST_PUBLIC_BODY + 1))
    with pytest.raises(PublicFileError) as caught:
        await fleet.transport().fetch_public(elsewhere.url)
    assert caught.value.obstacle is Obstacle.NO_ANSWER


async def test_a_server_that_does_not_answer_is_given_up(
    fleet: FleetBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person waits in front of the form."""
    monkeypatch.setattr(transport_module, "PUBLIC_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PublicFileError) as caught:
        async with asyncio.timeout(10):
            await fleet.transport().fetch_public(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert caught.value.obstacle is Obstacle.NO_ANSWER


async def test_each_obstacle_has_its_name(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """Nobody there, no TLS spoken, no such name: each wants something else of the owner."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"https://127.0.0.1:{free.getsockname()[1]}/"
    cases = {
        nobody: Obstacle.NO_ANSWER,
        elsewhere.url.replace("http://", "https://"): Obstacle.TLS,
        "https://no-such-host.invalid/": Obstacle.UNKNOWN_HOST,
    }
    for url, obstacle in cases.items():
        with pytest.raises(PublicFileError) as caught:
            await fleet.transport().fetch_public(url)
        assert caught.value.obstacle is obstacle, url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://192.168.1.1/",
        "https://a:b@example.com/",
        "file:///etc/passwd",
        "ftp://x/",
        "",
    ],
)
async def test_what_is_not_public_is_not_asked(fleet: FleetBench, url: str) -> None:
    """Only https, but on this very machine."""
    assert not is_public_url(url)
    with pytest.raises(PublicFileError):
        await fleet.transport().fetch_public(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://localhost:8123/", "http://127.0.0.1/", "http://[::1]/"]
)
def test_what_is_public(url: str) -> None:
    """Https anywhere, http on loopback."""
    assert is_public_url(url)


def test_loopback_is_known_by_its_spelling() -> None:
    """A name that only points there is somebody else's word."""
    assert all(map(is_loopback, ("localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("localhost.example.com", "192.168.0.1", "", "127.0.0.1:80")))


async def test_a_closed_session_is_no_surprise(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """While Home Assistant stops nothing arrives, and that is all."""
    await fleet.session.close()
    with pytest.raises(PublicFileError):
        await fleet.transport().fetch_public(elsewhere.url)
    assert elsewhere.seen == []
