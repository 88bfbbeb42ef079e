"""What stands before the endpoints: content type, bearer, region, scopes, other people's cars, rate limits."""

import random
from typing import Any

import pytest
from sim_bench import VIN, bench

from fleet_simulator import FleetSimulator

pytestmark = pytest.mark.usefixtures("socket_enabled")

LOCATION_BLOCKS = ("drive_state", "location_data")


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic abc"])
async def test_bad_bearers(authorization: str | None) -> None:
    async with bench() as b:
        b.token = None
        headers = {} if authorization is None else {"Authorization": authorization}
        reply = await b.state(headers=headers)
        assert (reply.status, reply.body["error"]) == (401, "invalid bearer token")
        assert reply.body["response"] is None


async def test_content_type() -> None:
    async with bench() as b:
        assert (await b.state()).status == 200
        assert (await b.state(headers={"Content-Type": "application/json; charset=utf-8"})).status == 200
        assert (await b.state(headers={"Content-Type": "text/plain"})).status == 406
        assert (await b.api("POST", f"vehicles/{VIN}/wake_up", data={"a": "b"})).status == 406
        b.sim.gate.strict_content_type = True
        assert (await b.state()).status == 406


async def test_the_wrong_region_names_the_right_one() -> None:
    async with bench(region="na") as b:
        for path in ("vehicles", "users/region", f"vehicles/{VIN}/vehicle_data"):
            reply = await b.get(path, region="eu")
            assert reply.status == 421
            assert f"use base URL: {b.sim.api_urls['na']}, see https://" in reply.body["error"]
        region = await b.get("users/region", region="na")
        assert region.response == {"region": "na", "fleet_api_base_url": b.sim.api_urls["na"]}


@pytest.mark.parametrize(
    ("scopes", "call", "status"),
    [
        ({"user_data"}, "state", 403),
        ({"vehicle_device_data"}, "state", 200),
        ({"vehicle_location"}, "data", 403),
        ({"vehicle_device_data"}, "data", 200),
        ({"vehicle_location"}, "wake", 403),
        ({"vehicle_cmds"}, "wake", 200),
        ({"vehicle_device_data"}, "wake", 200),
        ({"vehicle_device_data"}, "command", 403),
        ({"vehicle_cmds"}, "command", 200),
        ({"vehicle_charging_cmds"}, "command", 200),
        ({"vehicle_device_data"}, "me", 403),
        ({"user_data"}, "me", 200),
        ({"user_data"}, "products", 403),
        (set[str](), "region", 200),
    ],
)
async def test_scopes(scopes: set[str], call: str, status: int) -> None:
    async with bench(scopes=scopes) as b:
        b.car.command_protocol_required = False
        match call:
            case "state":
                reply = await b.state()
            case "data":
                reply = await b.data("charge_state")
            case "wake":
                reply = await b.wake()
            case "command":
                reply = await b.command("set_charge_limit", percent=70)
            case "products":
                reply = await b.get(call)
            case _:
                reply = await b.get(f"users/{call}")
        assert reply.status == status
        if status == 403:
            assert reply.body["error"] == "Unauthorized missing scopes"


async def test_the_scopes_that_wake_are_a_knob() -> None:
    async with bench(scopes={"vehicle_device_data"}) as b:
        b.sim.gate.wake_scopes = frozenset({"vehicle_cmds"})
        assert (await b.wake()).status == 403
        assert b.car.wakes == []


async def test_position_without_its_scope() -> None:
    async with bench(scopes={"vehicle_device_data"}) as b:
        assert (await b.data("drive_state")).response["drive_state"]["speed"] is None
        assert "drive_state" not in (await b.data(*LOCATION_BLOCKS, "charge_state")).response
        b.sim.gate.forbid_missing_location = True
        reply = await b.data(*LOCATION_BLOCKS)
        assert (reply.status, reply.body["error"]) == (403, "Unauthorized missing scopes")
        assert (await b.data("drive_state")).status == 200


async def test_cars_are_found_by_vin_and_id_and_only_by_their_owner() -> None:
    async with bench() as b:
        assert b.car.id > 2**53
        assert (await b.get(f"vehicles/{b.car.id}")).response["vin"] == VIN
        for tag in (b.car.vehicle_id, "5YJ3E1EA1KF000009"):
            reply = await b.get(f"vehicles/{tag}/vehicle_data")
            assert (reply.status, reply.body["error"]) == (404, "not_found")
        other = b.sim.add_account("other@example.com")
        b.token = other.issue_access_token()
        assert (await b.state()).status == 404
        assert (await b.get("vehicles")).response == []
        assert (await b.get("nonsense")).status == 404
        assert (await b.api("DELETE", "vehicles", json={})).status == 405


@pytest.mark.parametrize(("kind", "limit"), [("data", 60), ("commands", 30), ("wakes", 3)])
async def test_rate_limits(kind: str, limit: int) -> None:
    async with bench() as b:
        b.car.command_protocol_required = False
        calls: dict[str, Any] = {
            "data": b.data,
            "commands": lambda: b.command("charge_stop"),
            "wakes": b.wake,
        }
        call = calls[kind]
        first = await call()
        assert first.headers["RateLimit-Limit"] == str(limit)
        assert first.headers["RateLimit-Remaining"] == str(limit - 1)
        b.clock.tick(20)
        for _ in range(limit - 1):
            assert (await call()).status == 200
        refused = await call()
        assert refused.status == 429
        assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"] == "40"
        assert "Retry in 40 seconds" in refused.body["error"]
        assert (await b.state()).status == 200
        b.clock.tick(39)
        assert (await call()).status == 429
        b.clock.tick(1)
        assert (await call()).status == 200


async def test_rate_limits_are_per_car_and_per_account_and_can_be_set() -> None:
    async with bench() as b:
        b.sim.limits.per_minute["wakes"] = 0
        b.sim.limits.per_minute["data"] = 1
        reply = await b.wake()
        assert (reply.status, reply.headers["Retry-After"]) == (429, "60")
        assert (await b.data()).status == 200
        assert (await b.data()).status == 429
        other = b.account.add_car("5YJ3E1EA1KF000002")
        assert (await b.get(f"vehicles/{other.vin}/vehicle_data")).status == 200
        driver = b.sim.add_account("driver@example.com")
        driver.cars[VIN] = b.car
        b.token = driver.issue_access_token()
        assert (await b.data()).status == 200
        b.sim.limits.headers = False
        bare = await b.data()
        assert bare.status == 429
        assert not {"Retry-After", "RateLimit-Reset"} & set(bare.headers)


async def test_every_answer_has_a_transaction_id() -> None:
    async with bench() as b:
        ids = {(await b.state()).headers["x-txid"], (await b.get("nonsense")).headers["x-txid"]}
        assert len(ids) == 2


async def test_ports_are_in_a_row() -> None:
    again = FleetSimulator()
    for base in random.sample(
        range(20_000, 30_000, 4), 50
    ):  # below those that the system hands out by itself
        try:
            await again.start(port=base)
        except OSError:
            continue
        break
    assert again.auth_url == f"http://127.0.0.1:{base}"
    assert list(again.api_urls.values()) == [f"http://127.0.0.1:{base + n}" for n in (1, 2, 3)]
    await again.stop()


async def test_taken_port_leaves_nothing_open() -> None:
    async with bench() as b:
        eu = int(b.sim.api_url.rsplit(":", 1)[1])
        clash = FleetSimulator(b.clock)
        with pytest.raises(OSError, match="in use"):
            await clash.start(port=eu)
        await clash.start()
        await clash.stop()
