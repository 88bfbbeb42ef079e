"""The one way out: once, metered, and never to a stranger."""

import asyncio
from collections.abc import Iterator
import socket
from typing import Any

import aiohttp
from aiohttp import web
from fleet_bench import BEARER, DATA, Elsewhere, FleetBench, get
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet import transport as transport_module
from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    BadAnswerError,
    BudgetSpentError,
    CannotConnectError,
    FleetError,
    RateLimitedError,
)
from custom_components.tesla_scout_worker.fleet.transport import LARGEST_BODY, Transport
from fleet_simulator import Fault

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time
fleet = fleet_fixtures.fleet
elsewhere = fleet_fixtures.elsewhere
transport = fleet_fixtures.transport


def everything_of(error: BaseException) -> str:
    """Return all that a log, a trace or a debugger could print of an error and of what lies behind it."""
    return " ".join(f"{link} {link!r} {link.args} {vars(link)}" for link in chain_of(error))


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Walk from an error to what caused it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.fixture
def bearer(fleet: FleetBench) -> str:
    """Return a token that works."""
    return fleet.account.issue_access_token()


async def test_an_answer_comes_back_whole(fleet: FleetBench, transport: Transport, bearer: str) -> None:
    """Status, headers and JSON arrive, and the meter saw the request before and after."""
    answer = await get(transport, fleet.state_url, bearer)
    assert (answer.status, answer.is_json) == (200, True)
    assert answer.body["response"]["vin"] == fleet.car.vin
    assert answer.headers["x-txid"]
    assert fleet.meter.admitted == [DATA]
    assert fleet.meter.settled == [(200, True)]
    assert fleet.car.vin not in repr(answer)


async def test_what_the_meter_refuses_is_not_sent(
    fleet: FleetBench, transport: Transport, bearer: str
) -> None:
    """A refusal of the meter reaches the caller and nothing reaches Tesla."""
    fleet.meter.refuse = BudgetSpentError()
    with pytest.raises(BudgetSpentError):
        await get(transport, fleet.state_url, bearer)
    assert fleet.simulator.requests == []
    assert fleet.meter.settled == []


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
async def test_a_get_whose_connection_breaks_is_sent_once(
    fleet: FleetBench, transport: Transport, bearer: str, kind: Any
) -> None:
    """Over a connection that was kept alive aiohttp would send it again by itself, and Tesla bill it twice."""
    await get(transport, fleet.state_url, bearer)
    fleet.simulator.faults.add(Fault("state", kind, times=None))
    with pytest.raises(AnswerLostError) as caught:
        await get(transport, fleet.state_url, bearer)
    assert len(fleet.simulator.requests) == 2
    assert fleet.meter.settled[1:] == [(None, True)]
    assert bearer not in everything_of(caught.value)


async def test_a_refused_connection_is_not_counted(fleet: FleetBench) -> None:
    """Where nobody listens nothing was asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(CannotConnectError) as caught:
        await get(fleet.transport(url), url)
    assert fleet.meter.settled == [(None, False)]
    assert BEARER not in everything_of(caught.value)
    assert caught.value.is_transient


async def test_half_an_answer_is_a_lost_one(fleet: FleetBench, transport: Transport, bearer: str) -> None:
    """A body that ends early is no answer, but it was billed."""
    fleet.simulator.faults.add(Fault("state", "half"))
    with pytest.raises(AnswerLostError) as caught:
        await get(transport, fleet.state_url, bearer)
    assert caught.value.status == 200
    assert fleet.meter.settled == [(200, True)]
    assert bearer not in everything_of(caught.value)


async def test_an_answer_that_does_not_come_is_given_up(
    fleet: FleetBench, transport: Transport, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request ends after its time, and counts: it may have been worked on."""
    monkeypatch.setattr(transport_module, "REQUEST_TIMEOUT", 0.05)
    fault = fleet.simulator.faults.add(Fault("state", "delay"))
    with pytest.raises(AnswerLostError) as caught:
        await get(transport, fleet.state_url, bearer)
    assert fault.fired == 1
    assert fleet.meter.settled == [(None, True)]
    assert bearer not in everything_of(caught.value)


async def test_a_request_whose_caller_leaves_is_counted(
    fleet: FleetBench, transport: Transport, bearer: str
) -> None:
    """A cancel on this side does not undo what Tesla has done."""
    fault = fleet.simulator.faults.add(Fault("state", "delay"))
    asking = asyncio.create_task(get(transport, fleet.state_url, bearer))
    await fault.reached()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert fleet.meter.settled == [(None, True)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(
    fleet: FleetBench, elsewhere: Elsewhere, bearer: str, status: int
) -> None:
    """Wherever it points, the bearer does not go along: the other server sees no request at all."""
    transport = fleet.transport(fleet.simulator.api_url, elsewhere.url)
    fleet.simulator.faults.add(
        Fault("state", "status", status=status, headers={"Location": f"{elsewhere.url}/api/1/vehicles"})
    )
    answer = await get(transport, fleet.state_url, bearer)
    assert answer.status == status
    assert elsewhere.seen == []
    with pytest.raises(BadAnswerError):
        transport.raise_for_status(answer, DATA)


async def test_a_stranger_gets_no_request(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """A URL that is neither Tesla's nor the owner's is not asked, and not counted."""
    transport = fleet.transport(fleet.simulator.api_url)
    with pytest.raises(CannotConnectError):
        await get(transport, f"{elsewhere.url}/api/1/vehicles")
    assert elsewhere.seen == []
    assert fleet.meter.admitted == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.tesla.com.example",
        "https://evil-tesla.com",
        "https://tesla.com.evil.example/.tesla.com",
        "http://fleet-api.prd.eu.vn.cloud.tesla.com",
        "https://fleet-api.tesla.com@evil.example",
        "https://owner:secret@fleet-api.prd.eu.vn.cloud.tesla.com",
        "https://evil.example\\.tesla.com",
        "https://evil.example\\@fleet-api.tesla.com",
        "https://evil.example#.tesla.com",
        "https://evil.example?.tesla.com",
        "https://evil.example/.tesla.com",
        "https://evil.example;.tesla.com",
        "https://evil.example\t.tesla.com",
        "https://evil.example\n.tesla.com",
        "https://evil%2eexample%2f.tesla.com",
        "https://fleet-api.tesla。com",
        "https://fleet-api.tеsla.com",  # noqa: RUF001 - the letter is the trick
        "https://.tesla.com",
        "https://tesla.com",
        "https://fleet-api.tesla.com:8443",
        "https://fleet-api.tesla.com:99999",
        "https://[::1",
        "https://evil.example:99999",
        "wss://fleet-api.tesla.com",
        "fleet-api.tesla.com",
        "//fleet-api.tesla.com",
        "",
    ],
)
async def test_a_lookalike_is_not_tesla(fleet: FleetBench, url: str) -> None:
    """No spelling of a foreign host, and no URL that two parsers may read as two, passes the list."""
    transport = fleet.transport("http://127.0.0.1:1", "nonsense", "http://[::1")
    assert not transport.is_allowed(url)
    with pytest.raises(CannotConnectError):
        await get(transport, url)
    assert fleet.meter.admitted == []


@pytest.mark.parametrize(
    "url",
    [
        "https://fleet-api.prd.eu.vn.cloud.tesla.com/api/1/vehicles?page=1",
        "https://FLEET-API.prd.na.vn.cloud.Tesla.com:443",
        "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token",
        "https://fleet-api.prd.cn.vn.cloud.tesla.cn",
        "http://127.0.0.1:4443/anything",
        "https://proxy.example",
        "https://proxy.example:443/x",
    ],
)
def test_tesla_and_what_the_owner_typed_are_allowed(fleet: FleetBench, url: str) -> None:
    """Tesla's hosts over TLS, and the origins of the owner's own URLs."""
    assert fleet.transport("http://127.0.0.1:4443", "https://proxy.example/api").is_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4444",
        "https://127.0.0.1:4443",
        "http://127.0.0.1:4443@evil.example",
        "http://evil.example@127.0.0.1:4443",
        "http://evil.example\\@127.0.0.1:4443",
        "http://proxy.example",
        "https://proxy.example:8443",
    ],
)
def test_trust_ends_at_the_origin(fleet: FleetBench, url: str) -> None:
    """Another scheme, port or user of a typed host is another place."""
    assert not fleet.transport("http://127.0.0.1:4443", "https://proxy.example").is_allowed(url)


def test_only_an_api_host_can_be_a_base_url(fleet: FleetBench) -> None:
    """Tesla's website is Tesla's too, but no region: an answer that names it does not move the account there."""
    transport = fleet.transport("http://127.0.0.1:4443")
    assert transport.is_api("https://fleet-api.prd.na.vn.cloud.tesla.com")
    assert transport.is_api("http://127.0.0.1:4443")
    assert not transport.is_api("https://developer.tesla.com")
    assert not transport.is_api("https://evil.example")


async def test_a_huge_body_is_not_read_to_its_end(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """A server gone mad cannot fill the memory."""
    elsewhere.answer = lambda _: web.Response(body=b"[" + b"1," * (LARGEST_BODY // 2) + b"1]")
    with pytest.raises(BadAnswerError) as caught:
        await get(fleet.transport(elsewhere.url), elsewhere.url)
    assert caught.value.status == 200
    assert fleet.meter.settled == [(200, True)]


async def test_a_body_at_the_limit_is_read(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """The limit itself is no excess."""
    elsewhere.answer = lambda _: web.Response(body=b'"' + b"x" * (LARGEST_BODY - 2) + b'"')
    answer = await get(fleet.transport(elsewhere.url), elsewhere.url)
    assert answer.is_json
    assert len(answer.body) == LARGEST_BODY - 2


@pytest.mark.parametrize(
    ("raw", "is_json", "body"),
    [
        (b"null", True, None),
        (b"[]", True, []),
        (b"7", True, 7),
        (b"", False, ""),
        (b"<html></html>", False, "<html></html>"),
        (b'{"a": 1', False, '{"a": 1'),
        (b'"\xff"', True, "\ufffd"),
        (b"[" * 200_000, False, "[" * 200_000),
        (b"9" * 5000, False, "9" * 5000),
    ],
)
async def test_any_body_is_an_answer(
    fleet: FleetBench, elsewhere: Elsewhere, raw: bytes, is_json: bool, body: Any
) -> None:
    """What is no JSON is text; nothing that a server can send is an exception of another kind."""
    elsewhere.answer = lambda _: web.Response(body=raw, content_type="application/json")
    answer = await get(fleet.transport(elsewhere.url), elsewhere.url)
    assert (answer.is_json, answer.body) == (is_json, body)


async def test_a_body_that_lies_about_its_packing_is_a_lost_answer(
    fleet: FleetBench, elsewhere: Elsewhere
) -> None:
    """What cannot be unpacked is an error of ours, not of the library."""
    elsewhere.answer = lambda _: web.Response(body=b"plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerLostError) as caught:
        await get(fleet.transport(elsewhere.url), elsewhere.url)
    assert BEARER not in everything_of(caught.value)


@pytest.mark.parametrize("token", [f"{BEARER}\r\nX-Evil: 1", f"{BEARER}\0"])
async def test_a_token_that_cannot_stand_in_a_header_is_not_sent(
    fleet: FleetBench, elsewhere: Elsewhere, token: str
) -> None:
    """It is an error like any other, adds no header, and does not show the token."""
    with pytest.raises(CannotConnectError) as caught:
        await get(fleet.transport(elsewhere.url), elsewhere.url, token)
    assert elsewhere.seen == []
    assert fleet.meter.settled == [(None, False)]
    assert BEARER not in everything_of(caught.value)


async def test_a_closed_session_is_no_surprise(fleet: FleetBench, bearer: str, transport: Transport) -> None:
    """While Home Assistant stops, a late request fails as one that never left, and is not counted."""
    await fleet.session.close()
    with pytest.raises(CannotConnectError):
        await get(transport, fleet.state_url, bearer)
    assert fleet.meter.admitted == []


async def test_errors_of_the_library_never_show_the_bearer(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """A request info with its headers hangs on aiohttp's errors: no link of the chain may lead to it."""

    def _nonsense(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
        request.transport.close()
        return web.Response()

    elsewhere.answer = _nonsense
    with pytest.raises(FleetError) as caught:
        await get(fleet.transport(elsewhere.url), elsewhere.url)
    assert isinstance(caught.value, AnswerLostError)
    assert BEARER not in everything_of(caught.value)
    assert not any(isinstance(link, aiohttp.ClientError) for link in chain_of(caught.value))


async def test_a_form_is_sent_as_a_form_and_json_as_json(fleet: FleetBench, elsewhere: Elsewhere) -> None:
    """Both kinds of body reach the server as what they are."""
    transport = fleet.transport(elsewhere.url)
    elsewhere.answer = lambda request: web.json_response({"type": request.content_type})
    form = await transport.send("POST", elsewhere.url, DATA, headers={}, form={"a": "b c"})
    sent = await transport.send("POST", elsewhere.url, DATA, headers={}, json_body={"a": 1})
    assert form.body == {"type": "application/x-www-form-urlencoded"}
    assert sent.body == {"type": "application/json"}


async def test_the_meter_holds_back_what_an_answer_forbids(
    fleet: FleetBench, transport: Transport, bearer: str
) -> None:
    """An error of an answer is raised and told to the meter; a success is neither."""
    transport.raise_for_status(await get(transport, fleet.state_url, bearer), DATA)
    assert fleet.meter.held == []
    fleet.simulator.faults.add(Fault("state", "status", status=429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimitedError) as caught:
        transport.raise_for_status(await get(transport, fleet.state_url, bearer), DATA)
    assert fleet.meter.held == [caught.value]
    assert caught.value.retry_after == 7
