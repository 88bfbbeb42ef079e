"""A client that nobody here wrote, tesla-fleet-api, and the simulator understand each other."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sim_bench import VIN, Bench, bench
from tesla_fleet_api import TeslaFleetApi
from tesla_fleet_api.const import VehicleDataEndpoint
from tesla_fleet_api.exceptions import (
    Forbidden,
    InternalServerError,
    InvalidRegion,
    LoginRequired,
    NotFound,
    OAuthExpired,
    RateLimited,
    ResponseError,
    VehicleOffline,
)
from tesla_fleet_api.tesla.vehicle.fleet import VehicleFleet

from fleet_simulator import Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")


@asynccontextmanager
async def library(
    *, asleep: bool = False
) -> AsyncGenerator[tuple[Bench, TeslaFleetApi, VehicleFleet[TeslaFleetApi]]]:
    """Start a bench with the library pointed at it."""
    async with bench(asleep=asleep) as b, aiohttp.ClientSession() as session:

        async def token() -> str | None:
            return b.token

        api = TeslaFleetApi(session, access_token=token, server=b.sim.api_url)
        yield b, api, api.vehicles.createFleet(VIN)


async def test_reading() -> None:
    async with library() as (b, api, car):
        assert (await car.vehicle())["response"]["state"] == "online"
        assert (await api.products())["response"][0]["vin"] == VIN
        assert (await car.list())["count"] == 1
        assert (await api.user.region())["response"]["fleet_api_base_url"] == b.sim.api_url
        assert (await api.user.me())["response"]["email"] == b.account.name
        blocks: list[VehicleDataEndpoint | str] = list(VehicleDataEndpoint)
        data = (await car.vehicle_data(blocks))["response"]
        assert data["drive_state"]["latitude"] == 52.52
        assert data["charge_state"]["battery_level"] == 62
        status = (await car.fleet_status([VIN]))["response"]
        assert status["vehicle_info"][VIN]["vehicle_command_protocol_required"] is True
        assert b.sim.bill.counts() == {"data": 1, "commands": 0, "wakes": 0}
        assert "endpoints=charge_state" in b.sim.requests[5].query


async def test_sleeping_and_waking() -> None:
    async with library(asleep=True) as (b, _, car):
        with pytest.raises(VehicleOffline):
            await car.vehicle_data()
        assert (await car.wake_up())["response"]["state"] == "asleep"
        b.clock.tick(15)
        assert (await car.vehicle())["response"]["state"] == "online"
        assert (await car.vehicle_data())["response"]["vin"] == VIN


async def test_plain_commands() -> None:
    async with library() as (b, _, car):
        with pytest.raises(Forbidden) as refused:
            await car.charge_stop()
        assert isinstance(refused.value.data, dict)
        assert "Command Protocol" in refused.value.data["error"]
        b.car.command_protocol_required = False
        assert (await car.set_charge_limit(70))["response"] == {"result": True, "reason": ""}
        assert (await car.set_charging_amps(10))["response"]["result"] is True
        assert (await car.charge_start())["response"] == {"result": False, "reason": "disconnected"}
        b.car.plug_in(b.clock.now)
        assert (await car.charge_stop())["response"]["result"] is True
        assert (b.car.battery().limit, b.car.battery().amps, b.car.battery().charging_state) == (
            70,
            10,
            "Stopped",
        )


async def test_its_errors_are_the_ones_meant() -> None:
    async with library() as (b, api, car):
        b.sim.limits.per_minute["data"] = 1
        await car.vehicle_data()
        with pytest.raises(RateLimited) as limited:
            await car.vehicle_data()
        assert limited.value.data == {"after": "60", "reset": "60"}
        with pytest.raises(NotFound):
            await api.vehicles.createFleet("5YJ3E1EA1KF000009").vehicle()
        api.server = b.sim.api_urls["na"]
        with pytest.raises(InvalidRegion):
            await api.user.region()
        api.server = b.sim.api_url
        b.sim.faults.add(Fault("state", "status", status=401, body={"error": "login_required"}))
        with pytest.raises(LoginRequired):
            await car.vehicle()
        b.sim.faults.add(Fault("state", "status", status=500))
        with pytest.raises(InternalServerError):
            await car.vehicle()
        b.sim.faults.add(Fault("state", "garbage"))
        with pytest.raises(ResponseError):
            await car.vehicle()
        b.sim.bill.monthly_limit_usd = 0.0
        with pytest.raises(Forbidden) as disabled:
            await car.vehicle()
        assert isinstance(disabled.value.data, dict)
        assert disabled.value.data["error"] == "account disabled: EXCEEDED_LIMIT"
        b.account.revoke()
        with pytest.raises(OAuthExpired):
            await car.vehicle()
