"""The Fleet API as it is used: one retry after a 401, one move after a 421, and nothing twice that costs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from fleet_bench import VIN, Elsewhere, FleetBench, Tokens
import fleet_fixtures
import pytest

from custom_components.tesla_scout_worker.fleet.client import LOCATION_ENDPOINTS, FleetClient
from custom_components.tesla_scout_worker.fleet.errors import (
    BadAnswerError,
    MissingScopeError,
    NotFoundError,
    TokenRejectedError,
    VehicleUnavailableError,
    WrongRegionError,
)
from custom_components.tesla_scout_worker.fleet.metering import Category, Purpose
from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.fleet.transport import Transport
from fleet_simulator import Fault

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time
fleet = fleet_fixtures.fleet
elsewhere = fleet_fixtures.elsewhere
transport = fleet_fixtures.transport
tokens = fleet_fixtures.tokens
client = fleet_fixtures.client

UNAUTHORIZED = [{"error": "token expired (401)"}, {"error": "invalid bearer token"}, ""]


async def test_each_question_is_one_request_of_its_kind(fleet: FleetBench, client: FleetClient) -> None:
    """State, list and region are not billed, a read is; the meter sees what the simulator's bill says."""
    assert (await client.vehicle(VIN, Purpose.SCOUT)).state is CloudState.ONLINE
    assert [car.vin for car in await client.vehicles(Purpose.SETUP)] == [VIN]
    assert await client.region_url(Purpose.SETUP) == fleet.simulator.api_url
    data = await client.vehicle_data(VIN, LOCATION_ENDPOINTS, Purpose.WORKER)
    assert data.fix is not None
    assert data.read_at == fleet.clock.now
    assert [(errand.category, errand.purpose, errand.vin) for errand in fleet.meter.admitted] == [
        (Category.STATE, Purpose.SCOUT, VIN),
        (Category.STATE, Purpose.SETUP, None),
        (Category.STATE, Purpose.SETUP, None),
        (Category.DATA, Purpose.WORKER, VIN),
    ]
    assert fleet.simulator.bill.counts()["data"] == 1
    assert fleet.simulator.bill.state_calls == 3
    assert fleet.simulator.requests[-1].query == "endpoints=drive_state%3Blocation_data"


@pytest.mark.parametrize("body", UNAUTHORIZED)
async def test_a_401_is_one_new_token_and_one_retry(
    fleet: FleetBench, client: FleetClient, tokens: Tokens, body: Any
) -> None:
    """Whatever the 401 says, the same request is sent once more with a better token, and succeeds."""
    old = tokens.token
    fleet.simulator.faults.add(Fault("vehicle_data", "status", status=401, body=body))
    assert (await client.vehicle_data(VIN, LOCATION_ENDPOINTS, Purpose.SCOUT)).fix is not None
    assert tokens.rejected == [old]
    assert [record.status for record in fleet.simulator.requests] == [401, 200]


@pytest.mark.parametrize("body", UNAUTHORIZED)
async def test_a_second_401_ends_it(
    fleet: FleetBench, client: FleetClient, tokens: Tokens, body: Any
) -> None:
    """A 401 is billed: it is tried twice, not for ever."""
    fleet.simulator.faults.add(Fault("vehicle_data", "status", status=401, body=body, times=None))
    with pytest.raises(TokenRejectedError):
        await client.vehicle_data(VIN, LOCATION_ENDPOINTS, Purpose.SCOUT)
    assert len(tokens.rejected) == 1
    assert len(fleet.simulator.requests) == 2


async def test_where_no_better_token_can_be_had_nothing_is_sent_again(
    fleet: FleetBench, client: FleetClient, tokens: Tokens
) -> None:
    """The error of the token's owner reaches the caller."""

    def _none() -> str:
        raise TokenRejectedError(401)

    tokens.better = _none
    fleet.simulator.faults.add(Fault("state", "status", status=401, times=None))
    with pytest.raises(TokenRejectedError):
        await client.vehicle(VIN, Purpose.SCOUT)
    assert len(fleet.simulator.requests) == 1


async def test_a_421_is_followed_once_and_kept(
    fleet: FleetBench, transport: Transport, tokens: Tokens
) -> None:
    """An account of another region moves there with its first request, and asks there from then on."""
    client = FleetClient(transport, tokens, fleet.simulator.api_urls["na"], region_moved=fleet.moves.append)
    await client.vehicle(VIN, Purpose.SCOUT)
    await client.vehicle(VIN, Purpose.SCOUT)
    assert [(record.role, record.status) for record in fleet.simulator.requests] == [
        ("na", 421),
        ("eu", 200),
        ("eu", 200),
    ]
    assert fleet.moves == [client.base_url] == [fleet.simulator.api_url]


async def test_a_move_needs_nobody_who_listens(
    fleet: FleetBench, transport: Transport, tokens: Tokens
) -> None:
    """Following a region works without a listener."""
    client = FleetClient(transport, tokens, fleet.simulator.api_urls["cn"])
    await client.vehicle(VIN, Purpose.SCOUT)
    assert client.base_url == fleet.simulator.api_url


@pytest.mark.parametrize("spelling", ["{url}", "{url}/", "http://127.0.0.1@{host}", "{url}:99999"])
async def test_a_421_to_a_stranger_is_refused(
    fleet: FleetBench, transport: Transport, tokens: Tokens, elsewhere: Elsewhere, spelling: str
) -> None:
    """The stranger sees no request, the region stays, and one request was sent."""
    url = spelling.format(url=elsewhere.url, host=elsewhere.url.removeprefix("http://"))
    fleet.simulator.faults.add(
        Fault("state", "status", status=421, body={"error": f"user out of region, use base URL: {url}"})
    )
    client = FleetClient(transport, tokens, fleet.simulator.api_url, region_moved=fleet.moves.append)
    with pytest.raises(WrongRegionError):
        await client.vehicle(VIN, Purpose.SCOUT)
    assert elsewhere.seen == []
    assert (client.base_url, fleet.moves) == (fleet.simulator.api_url, [])
    assert len(fleet.simulator.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": "user out of region"},
        {"error": "user out of region, see https://developer.tesla.com/docs/fleet-api"},
        {"error": "use base URL: https://developer.tesla.com"},
        {"error": "use base URL: http://fleet-api.prd.eu.vn.cloud.tesla.com"},
        "use base URL: https://[::1",
        None,
    ],
)
async def test_a_421_that_names_no_region_ends_there(
    fleet: FleetBench, client: FleetClient, body: Any
) -> None:
    """A link to the manual, plain HTTP or nothing at all is no place to go on."""
    before = client.base_url
    fleet.simulator.faults.add(Fault("state", "status", status=421, body=body, times=None))
    with pytest.raises(WrongRegionError):
        await client.vehicle(VIN, Purpose.SCOUT)
    assert client.base_url == before
    assert len(fleet.simulator.requests) == 1


async def test_two_regions_that_point_at_each_other_are_asked_once_each(
    fleet: FleetBench, client: FleetClient
) -> None:
    """No loop costs money."""
    urls = fleet.simulator.api_urls
    for target in ("na", "eu", "na"):
        fleet.simulator.faults.add(
            Fault("state", "status", status=421, body={"error": f"use base URL: {urls[target]}"})
        )
    with pytest.raises(WrongRegionError):
        await client.vehicle(VIN, Purpose.SCOUT)
    assert [record.role for record in fleet.simulator.requests] == ["eu", "na"]


async def test_a_401_and_a_421_in_one_question_are_both_followed(
    fleet: FleetBench, transport: Transport, tokens: Tokens
) -> None:
    """An old token of another region ends well."""
    client = FleetClient(transport, tokens, fleet.simulator.api_urls["na"])
    fleet.simulator.faults.add(Fault("state", "status", status=401))
    assert (await client.vehicle(VIN, Purpose.SCOUT)).vin == VIN
    assert [record.status for record in fleet.simulator.requests] == [401, 421, 200]


@pytest.mark.parametrize("vin", ["../../users/me", "a/b?c=d#e", "%2e%2e", "5YJ 3E", "ü"])
async def test_a_vin_cannot_leave_its_place_in_the_path(
    fleet: FleetBench, transport: Transport, tokens: Tokens, elsewhere: Elsewhere, vin: str
) -> None:
    """Whatever stands for a VIN, it is one part of the path."""
    paths: list[str] = []

    def _answer(request: web.Request) -> web.Response:
        paths.append(request.rel_url.raw_path)
        return web.json_response({"response": {"vin": VIN}})

    elsewhere.answer = _answer
    client = FleetClient(fleet.transport(elsewhere.url), tokens, elsewhere.url)
    await client.vehicle(vin, Purpose.SCOUT)
    assert paths[0].startswith("/api/1/vehicles/")
    assert paths[0].count("/") == 4
    assert "?" not in paths[0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("api", "garbage"),
        Fault("api", "empty"),
        Fault("api", "json", body=None),
        Fault("api", "json", body=[]),
        Fault("api", "json", body=7),
        Fault("api", "json", body={}),
        Fault("api", "json", body={"error": "x"}),
        Fault("api", "json", body={"response": None}),
        Fault("api", "json", body={"response": "x"}),
        Fault("api", "redirect", url="http://127.0.0.1:1/"),
    ],
)
@pytest.mark.parametrize("question", ["vehicle", "vehicles", "vehicle_data"])
async def test_an_answer_that_is_none_is_told_as_such(
    fleet: FleetBench, client: FleetClient, fault: Fault, question: str
) -> None:
    """HTML, null, lists and other shapes are one error, sent once, and never half a car."""
    fault = fleet.simulator.faults.add(Fault(fault.request, fault.kind, body=fault.body, url=fault.url))
    questions: dict[str, Callable[[], Awaitable[Any]]] = {
        "vehicle": partial(client.vehicle, VIN, Purpose.SCOUT),
        "vehicles": partial(client.vehicles, Purpose.SETUP),
        "vehicle_data": partial(client.vehicle_data, VIN, LOCATION_ENDPOINTS, Purpose.SCOUT),
    }
    with pytest.raises(BadAnswerError):
        await questions[question]()
    assert fault.fired == 1
    assert len(fleet.simulator.requests) == 1


async def test_a_sleeping_car_and_a_missing_scope_and_a_stranger_s_car(
    fleet: FleetBench, client: FleetClient
) -> None:
    """Each is an error of its own, after one request."""
    fleet.simulator.faults.add(Fault("vehicle_data", "status", status=408))
    with pytest.raises(VehicleUnavailableError):
        await client.vehicle_data(VIN, LOCATION_ENDPOINTS, Purpose.SCOUT)
    with pytest.raises(NotFoundError):
        await client.vehicle("5YJ3E1EA1KF999999", Purpose.SCOUT)
    fleet.simulator.faults.add(
        Fault("vehicle_data", "status", status=403, body={"error": "Unauthorized missing scopes"})
    )
    with pytest.raises(MissingScopeError):
        await client.vehicle_data(VIN, LOCATION_ENDPOINTS, Purpose.SCOUT)
    assert len(fleet.simulator.requests) == 3


@pytest.mark.parametrize(
    "response",
    [
        None,
        [],
        {},
        {"fleet_api_base_url": None},
        {"fleet_api_base_url": "https://evil.example"},
        {"fleet_api_base_url": "https://www.tesla.com"},
        {"fleet_api_base_url": "https://["},
    ],
)
async def test_a_region_that_may_not_be_used_is_none(
    fleet: FleetBench, client: FleetClient, response: Any
) -> None:
    """A URL from an answer is not trusted because it is one."""
    fleet.simulator.faults.add(Fault("region", "json", body={"response": response}))
    assert await client.region_url(Purpose.SETUP) is None


async def test_energy_sites_are_no_cars_and_no_car_comes_twice(
    fleet: FleetBench, client: FleetClient
) -> None:
    """A list with sites and repetitions gives each car once, the later entry counts."""
    cars = [{"vin": VIN, "state": "asleep"}, {"energy_site_id": 1}, {"vin": VIN, "state": "online"}]
    fleet.simulator.faults.add(Fault("list", "json", body={"response": cars}))
    (car,) = await client.vehicles(Purpose.SETUP)
    assert car.state is CloudState.ONLINE


async def test_a_long_list_is_read_page_by_page(
    fleet: FleetBench, tokens: Tokens, elsewhere: Elsewhere
) -> None:
    """A full page has a successor even where a site stands among the cars."""

    def _page(request: web.Request) -> web.Response:
        first = 100 * (int(request.query["page"]) - 1)
        items: list[dict[str, Any]] = [
            {"vin": f"5YJ3E1EA1KF{n:06}"} for n in range(first, min(first + 100, 130))
        ]
        if first == 0:
            items[7] = {"energy_site_id": 1}
        return web.json_response({"response": items})

    elsewhere.answer = _page
    client = FleetClient(fleet.transport(elsewhere.url), tokens, elsewhere.url)
    assert len(await client.vehicles(Purpose.SETUP)) == 129
    assert len(elsewhere.seen) == 2


async def test_a_server_that_repeats_one_page_is_not_asked_for_ever(
    fleet: FleetBench, tokens: Tokens, elsewhere: Elsewhere
) -> None:
    """A page without anything new ends the list; pages without an end are cut off."""
    items = [{"vin": f"5YJ3E1EA1KF{n:06}"} for n in range(100)]
    elsewhere.answer = lambda _: web.json_response({"response": items})
    client = FleetClient(fleet.transport(elsewhere.url), tokens, elsewhere.url)
    assert len(await client.vehicles(Purpose.SETUP)) == 100
    assert len(elsewhere.seen) == 2
    elsewhere.answer = lambda request: web.json_response(
        {"response": [{"vin": f"5YJ3E{int(request.query['page']):02}EA{n:08}"} for n in range(100)]}
    )
    elsewhere.seen.clear()
    assert len(await client.vehicles(Purpose.SETUP)) == 1000
    assert len(elsewhere.seen) == 10
