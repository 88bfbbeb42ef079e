"""The second door: what a client of tesla-http-proxy gets to see."""

from typing import Any

import aiohttp
import pytest
from sim_bench import NOON, VIN
from sim_partner_bench import as_partner, register, site
from sim_signing import door, schedule

from fleet_simulator import Fault
from fleet_simulator.keyring import Spoil

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_it_signs_what_it_is_told() -> None:
    async with door() as (b, proxy):
        assert (await proxy.request("GET", "/health")).body == "OK"
        b.car.plug_in(NOON)
        reply = await proxy.command("charge_stop")
        assert (reply.status, reply.body) == (200, {"response": {"result": True, "reason": ""}})
        assert not b.car.battery().flowing
        # Two handshakes and the command, all of them on the bill; from then on one for one.
        assert b.sim.bill.counts()["commands"] == 3
        assert (await proxy.command("set_charge_limit", percent=70)).response["result"] is True
        assert (await proxy.command("set_charging_amps", charging_amps=9)).response["result"] is True
        assert (await proxy.command("charge_port_door_open")).response["result"] is True
        assert b.sim.bill.counts()["commands"] == 6
        assert (b.car.battery().limit, b.car.battery().amps) == (70, 9)
        assert (await proxy.command("charge_max_range")).response["result"] is True
        assert (await proxy.command("charge_standard")).response["result"] is True
        assert (await proxy.command("charge_start")).response["result"] is True
        assert b.car.battery().limit == 90


async def test_schedules_go_through() -> None:
    async with door() as (b, proxy):
        assert (await proxy.command("add_charge_schedule", **schedule(id=0, start_time=0))).status == 200
        (made,) = b.car.charge_schedules
        assert (made["id"], made["start_time"], made["start_enabled"]) == (int(NOON), 0, True)
        cold: dict[str, Any] = {
            "lat": 52.52,
            "lon": 13.405,
            "days_of_week": "Sat,Weekdays",
            "enabled": True,
            "precondition_time": 400,
        }
        assert (await proxy.command("add_precondition_schedule", **cold)).status == 200
        assert b.car.precondition_schedules[0]["days_of_week"] == 126
        assert (await proxy.command("remove_charge_schedule", id=int(NOON))).status == 200
        assert (await proxy.command("remove_precondition_schedule", id=int(NOON))).status == 200
        assert b.car.charge_schedules == b.car.precondition_schedules == []
        assert (await proxy.command("batch_remove_charge_schedules", home=True)).status == 200
        assert (await proxy.command("batch_remove_precondition_schedules", home=True)).status == 200
        b.car.firmware = "2024.20.1"
        for weekdays in (False, True):
            whole: dict[str, Any] = {
                "departure_time": 420,
                "end_off_peak_time": 360,
                "off_peak_charging_enabled": True,
                "off_peak_charging_weekdays_only": weekdays,
                "preconditioning_enabled": True,
                "preconditioning_weekdays_only": weekdays,
            }
            assert (await proxy.command("set_scheduled_departure", enable=True, **whole)).status == 200
            legacy = b.car.battery().legacy
            assert legacy is not None
            assert (legacy["days_of_week"], legacy["departure_time"]) == (62 if weekdays else 127, 420)
        assert (await proxy.command("set_scheduled_departure", enable=False)).status == 200
        assert b.car.battery().legacy is None
        assert (await proxy.command("set_scheduled_charging", enable=True, time=0)).status == 200
        assert b.car.battery().legacy is not None


async def test_refusals_have_a_prefix_and_come_as_text() -> None:
    async with door() as (_, proxy):
        reply = await proxy.command("charge_start")
        assert (reply.status, reply.headers["Content-Type"]) == (200, "text/plain")
        assert reply.response == {"result": False, "reason": "car could not execute command: disconnected"}
        proxy.proxy.reason_key = "string"
        assert (await proxy.command("charge_stop")).response["string"].endswith(": not_charging")
        closed = await proxy.command("charge_port_door_close")
        assert closed.response["string"].startswith("vcsec could not execute command")


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("set_charge_limit", {}, "missing percent param"),
        ("set_charge_limit", {"percent": "70"}, "invalid percent param"),
        ("set_scheduled_charging", {"enable": 1}, "invalid enable param"),
        ("add_charge_schedule", schedule(days_of_week="Mon,Tue"), "unrecognized day name: Tue"),
        ("add_charge_schedule", schedule(days_of_week=127), "invalid days_of_week param"),
        ("fly", {}, "invalid_command"),
    ],
)
async def test_what_is_wrong_is_a_400_and_costs_nothing(name: str, body: dict[str, Any], said: str) -> None:
    async with door() as (b, proxy):
        reply = await proxy.command(name, **body)
        assert reply.status == 400
        assert said in (reply.body["error"], (reply.response or {}).get("reason"))
        broken = await proxy.request("POST", f"/api/1/vehicles/{VIN}/command/{name}", data="[")
        assert broken.status == 400
        assert b.sim.bill.entries == []


async def test_who_may_not_pass() -> None:
    async with door(paired=False) as (b, proxy):
        for headers, text in (({}, "did not provide"), ({"Authorization": "Bearer x"}, "malformed")):
            for path in (f"/api/1/vehicles/{VIN}/command/charge_start", "/api/1/vehicles"):
                reply = await proxy.request("POST", path, headers=headers)
                assert reply.status == 403
                assert text in reply.body["error"]
        assert (await proxy.command("charge_start", vin=str(b.car.id))).status == 404
        wrong = await proxy.request("GET", f"/api/1/vehicles/{VIN}/command/charge_start")
        assert wrong.status == 405
        unpaired = await proxy.command("charge_start")
        assert unpaired.status == 500
        assert unpaired.body["error"].endswith("your public key has not been paired with the vehicle")
        b.car.keyring.pair(proxy.proxy.public_point)
        await proxy.command("charge_start")
        b.car.keyring.unpair()
        assert (await proxy.command("charge_start")).body["error"] == unpaired.body["error"]
        b.account.revoke_access_tokens()
        late = await proxy.command("charge_start")
        assert (late.status, late.body["error"]) == (401, "token expired (401)")


async def test_a_sleeping_car_is_a_500() -> None:
    async with door(asleep=True) as (b, proxy):
        reply = await proxy.command("charge_start")
        assert reply.status == 500
        assert reply.body["error"] == "vehicle unavailable: vehicle is offline or asleep"
        assert b.sim.bill.counts()["commands"] == 1
        woken = await proxy.request("POST", f"/api/1/vehicles/{VIN}/wake_up", json={})
        assert woken.response["state"] == "asleep"
        b.clock.tick(20)
        b.sim.faults.add(Fault("signed_command", "status", status=503))
        assert (await proxy.command("charge_start")).body["error"] == reply.body["error"]


async def test_the_rest_is_handed_on_but_of_an_error_the_status_alone() -> None:
    async with door() as (b, proxy):
        path = f"/api/1/vehicles/{VIN}/vehicle_data"
        data = await proxy.request("GET", path, params={"endpoints": "charge_state;location_data"})
        assert data.response["drive_state"]["latitude"] == 52.52
        assert data.headers["RateLimit-Limit"] == "60"
        b.sim.limits.per_minute["data"] = 0
        refused = await proxy.request("GET", path)
        assert (refused.status, refused.body["error"]) == (429, "Too Many Requests")
        b.sim.faults.add(Fault("vehicle_data", "status", status=540))
        assert (await proxy.request("GET", path)).status == 540
        b.sim.faults.add(Fault("state", "reset_before"))
        assert (await proxy.request("GET", f"/api/1/vehicles/{VIN}")).status == 502


async def test_it_makes_a_stale_session_good_by_itself() -> None:
    async with door() as (b, proxy):
        await proxy.command("set_charge_limit", percent=70)
        b.car.keyring.reboot()
        assert (await proxy.command("set_charge_limit", percent=71)).response["result"] is True
        b.clock.tick(300)
        assert (await proxy.command("set_charge_limit", percent=72)).response["result"] is True
        assert b.sim.bill.counts()["commands"] == 3 + 2 + 1
        b.car.keyring.spoil("fault", 5, times=4)
        assert (
            (await proxy.command("set_charge_limit", percent=73)).body["error"].endswith("INVALID_SIGNATURE")
        )


async def test_troubles() -> None:
    async with door() as (b, proxy):
        ring = b.car.keyring
        await proxy.command("set_charge_limit", percent=70)
        spoils: tuple[tuple[Spoil, int, str], ...] = (
            ("wait", 0, "vehicle busy or finishing wake-up"),
            ("fault", 1, "MESSAGEFAULT_ERROR_BUSY"),
            ("empty", 0, "context deadline exceeded"),
            ("null", 0, "context deadline exceeded"),
        )
        for kind, fault, said in spoils:
            ring.spoil(kind, fault)
            reply = await proxy.command("set_charge_limit", percent=60)
            assert (reply.status, reply.body["error"]) == (500, said)
        ring.spoil("error")
        assert (await proxy.command("set_charge_limit", percent=60)).response["result"] is True
        assert b.car.battery().limit == 70
        b.sim.faults.add(Fault("signed_command", "garbage"))
        assert (
            (await proxy.command("set_charge_limit", percent=60)).body["error"].startswith("unable to parse")
        )
        b.sim.faults.add(Fault("signed_command", "status", status=429, body={"error": "slow down"}))
        assert (await proxy.command("set_charge_limit", percent=60)).status == 429
        b.sim.faults.add(Fault("signed_command", "status", status=504, body={}, times=3))
        proxy.proxy.tries = 3
        reply = await proxy.command("set_charge_limit", percent=60)
        assert (reply.status, reply.body["error"]) == (500, "context deadline exceeded")
        b.sim.faults.add(Fault("signed_command", "status", status=504, body={}, times=2))
        assert (await proxy.command("set_charge_limit", percent=60)).response["result"] is True
        b.sim.faults.add(Fault("proxy_command", "reset_after"))
        with pytest.raises(aiohttp.ClientError):
            await proxy.command("set_charge_limit", percent=61)
        assert b.car.battery().limit == 61


async def test_a_car_without_the_protocol_gets_the_plain_command() -> None:
    async with door() as (b, proxy):
        b.car.command_protocol_required = False
        b.car.keyring.speaks_protocol = False
        assert (await proxy.command("set_charge_limit", percent=70)).response == {
            "result": True,
            "reason": "",
        }
        assert (await proxy.command("charge_stop")).response == {"result": False, "reason": "not_charging"}
        kinds = [record.kind for record in b.sim.requests if record.role == "eu"]
        assert kinds == ["signed_command", "command", "command"]


async def test_it_can_be_ill_down_and_cold() -> None:
    async with door() as (b, proxy):
        proxy.proxy.healthy = False
        assert (await proxy.request("GET", "/health")).status == 503
        await proxy.command("set_charge_limit", percent=70)
        url = proxy.proxy.url
        await proxy.proxy.stop()
        with pytest.raises(aiohttp.ClientError):
            await proxy.request("GET", "/health")
        await proxy.proxy.start(port=int(url.rpartition(":")[2]))
        assert proxy.proxy.url == url
        await proxy.command("set_charge_limit", percent=71)
        assert b.sim.bill.counts()["commands"] == 6
        plain = b.sim.add_proxy()
        with pytest.raises(RuntimeError):
            _ = plain.url
        await plain.start(tls=False)
        async with b.session.get(f"{plain.url}/health") as reply:
            assert await reply.text() == "OK"
        # Nobody trusts its certificate without being told to.
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await stranger.get(f"{url}/health")


async def test_the_owner_pairs_the_key_that_the_app_is_registered_with() -> None:
    async with door(paired=False) as (b, _), site() as web:
        await as_partner(b)
        assert (await register(b, web.domain)).status == 200
        b.sim.pair_app_key(b.car)
        registered = b.sim.partner.registrations["eu"].public_key
        assert {point.hex() for point in b.car.keyring.paired} == {registered}
