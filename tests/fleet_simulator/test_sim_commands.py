"""Plain commands: who takes them, what they say, what they do."""

import pytest
from sim_bench import NOON, VIN, bench

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_car_that_wants_signatures_refuses_plain_commands() -> None:
    async with bench() as b:
        reply = await b.command("charge_start")
        assert reply.status == 403
        assert reply.body["error"].startswith("Tesla Vehicle Command Protocol required")


async def test_plain_commands() -> None:
    async with bench(battery_level=60) as b:
        b.car.command_protocol_required = False
        b.car.set_limit(NOON - 1, 80)

        async def reason(name: str, **body: object) -> str:
            reply = await b.command(name, **body)
            assert reply.status == 200
            assert reply.response["result"] is (reply.response["reason"] == "")
            said = reply.response["reason"]
            assert isinstance(said, str)
            return said

        assert await reason("charge_start") == "disconnected"
        b.car.plug_in(NOON)
        b.clock.tick(60)
        assert await reason("charge_start") == "is_charging"
        assert await reason("charge_stop") == ""
        assert b.car.battery().charging_state == "Stopped"
        assert await reason("charge_stop") == "not_charging"
        assert await reason("charge_start") == ""
        assert b.car.battery().flowing
        assert await reason("set_charge_limit", percent=80) == "already_set"
        assert await reason("set_charge_limit", percent=70) == ""
        assert b.car.battery().limit == 70
        # Tesla says yes to a wrong percentage, and does nothing.
        assert await reason("set_charge_limit", percent=10) == ""
        assert b.car.battery().limit == 70
        assert await reason("set_charging_amps", charging_amps=8) == ""
        assert b.car.battery().amps == 8
        assert await reason("set_charge_limit", percent=50) == ""
        assert await reason("charge_start") == "complete"


async def test_commands_that_are_none() -> None:
    async with bench() as b:
        b.car.command_protocol_required = False
        assert (await b.command("fly")).body["error"] == "invalid_command"
        assert (await b.command("set_charge_limit", percent="80")).status == 400
        assert (await b.command("set_charge_limit", percent=True)).status == 400
        assert (await b.command("set_charging_amps")).status == 400
        assert (await b.command("add_charge_schedule", id=1)).status == 412
        assert (await b.api("POST", f"vehicles/{VIN}/command/charge_stop", json=[])).status == 400


async def test_a_command_does_not_wake_and_keeps_awake() -> None:
    async with bench() as b:
        b.car.command_protocol_required = False
        b.clock.tick(800)
        await b.command("charge_stop")
        b.clock.tick(800)
        assert (await b.state()).response["state"] == "online"
        b.clock.tick(100)
        assert (await b.command("charge_stop")).status == 408
        assert (await b.state()).response["state"] == "asleep"
