"""Signed commands: what the car checks, in which order, and what it answers."""

import base64
import subprocess
import sys
import time
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
import pytest
from sim_bench import NOON, VIN, bench
from sim_signing import Client, kept, schedule
from tesla_fleet_api import TeslaFleetApi
from tesla_fleet_api.exceptions import (
    NotOnWhitelistFault,
    SessionInfoAuthenticationFault,
    TeslaFleetMessageFaultTimeExpired,
    TeslaFleetMessageFaultUnknownKeyId,
)
from tesla_protocol.command.universal_message_pb2 import Domain, MessageFault_E, RoutableMessage

from fleet_simulator import INFOTAINMENT, VEHICLE_SECURITY, Fault
from fleet_simulator.signer import NOT_PAIRED, RefusedError, SigningError

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_library_that_nobody_here_wrote_signs_what_the_car_obeys() -> None:
    async with bench() as b, aiohttp.ClientSession() as session:

        async def token() -> str | None:
            return b.token

        api = TeslaFleetApi(session, access_token=token, server=b.sim.api_url)
        key = ec.generate_private_key(ec.SECP256R1())
        api.private_key = key
        # The library's clock is the system's, whatever the simulator's shows.
        b.car.keyring.clock = time.time
        with pytest.raises(NotOnWhitelistFault):
            await api.vehicles.createSigned(VIN).charge_start()
        b.car.keyring.pair(key.public_key())
        car = api.vehicles.createSigned(VIN)
        assert (await car.charge_start())["response"] == {"result": False, "reason": "disconnected"}
        assert (await car.set_charge_limit(75))["response"] == {"result": True, "reason": ""}
        assert (await car.set_charging_amps(8))["response"]["result"] is True
        assert (b.car.battery().limit, b.car.battery().amps) == (75, 8)
        assert (await car.charge_port_door_open())["response"]["result"] is True
        assert b.car.battery().port_open
        added = await car.add_charge_schedule(
            "Monday,Friday",
            enabled=True,
            lat=52.52,
            lon=13.405,
            start_time=0,
            end_time=120,
            id=5,
            name="Ours",
        )
        assert added["response"]["result"] is True
        (read,) = b.car.charge_schedules
        assert (read["id"], read["name"], read["days_of_week"]) == (5, "Ours", 34)
        assert (read["start_enabled"], read["start_time"], read["end_time"]) == (True, 0, 120)
        assert read["latitude"] != 52.52
        assert read["latitude"] == pytest.approx(52.52, abs=1e-5)
        await car.add_precondition_schedule(
            127, enabled=True, lat=52.52, lon=13.405, precondition_time=420, id=6
        )
        assert b.car.precondition_schedules[0]["precondition_time"] == 420
        assert (await car.batch_remove_charge_schedules(home=True, work=False, other=False))["response"][
            "result"
        ]
        assert (await car.batch_remove_precondition_schedules(home=True, work=False, other=False))["response"]
        assert b.car.charge_schedules == b.car.precondition_schedules == []
        b.car.keyring.reboot()
        assert (await car.set_charge_limit(80))["response"]["result"] is True
        b.car.keyring.clock_skew = 60
        with pytest.raises(TeslaFleetMessageFaultTimeExpired):
            await car.set_charge_limit(70)
        assert (await car.set_charge_limit(70))["response"]["result"] is True
        assert b.car.battery().limit == 70


async def test_sealed_commands_are_opened() -> None:
    async with bench() as b, aiohttp.ClientSession() as session:
        api = TeslaFleetApi(session, access_token=b.token, server=b.sim.api_url)
        api.private_key = ec.generate_private_key(ec.SECP256R1())
        b.car.keyring.clock = time.time
        b.car.keyring.pair(api.private_key.public_key())
        car = api.vehicles.createSigned(VIN)
        vars(car)["_auth_method"] = "aes"
        assert (await car.set_charge_limit(75))["response"]["result"] is True
        assert b.car.battery().limit == 75
        record = b.car.keyring.log[-1]
        assert (record.what, record.counter) == ("done", 1)
        b.car.keyring.unpair()
        b.car.keyring.pair(ec.generate_private_key(ec.SECP256R1()).public_key())
        with pytest.raises(TeslaFleetMessageFaultUnknownKeyId):
            await car.set_charge_limit(70)
        # Another car's key makes another secret, so nothing can be opened.
        b.car.keyring.pair(api.private_key.public_key())
        vars(b.car.keyring)["private_key"] = ec.generate_private_key(ec.SECP256R1())
        with pytest.raises(SessionInfoAuthenticationFault):
            await car.set_charge_limit(70)
        assert b.car.keyring.log[-1].fault == MessageFault_E.MESSAGEFAULT_ERROR_INVALID_SIGNATURE
        assert b.car.battery().limit == 75


async def test_one_handshake_for_each_computer_and_every_message_on_the_bill() -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        await client.send("set_charge_limit", percent=70)
        await client.send("set_charging_amps", charging_amps=10)
        await client.send("charge_port_door_open")
        assert [(one.domain, one.what, one.counter) for one in b.car.keyring.log] == [
            (INFOTAINMENT, "session_info", 0),
            (INFOTAINMENT, "done", 1),
            (INFOTAINMENT, "done", 2),
            (VEHICLE_SECURITY, "session_info", 0),
            (VEHICLE_SECURITY, "done", 1),
        ]
        assert b.sim.bill.counts() == {"data": 0, "commands": 5, "wakes": 0}
        b.sim.limits.per_minute["commands"] = 5
        refused = await b.api("POST", f"vehicles/{VIN}/signed_command", json={"routable_message": ""})
        assert refused.status == 429


async def test_an_unpaired_key_is_turned_away_at_both_doors() -> None:
    async with bench() as b:
        client = Client(b)
        with pytest.raises(SigningError, match="has not been paired"):
            await client.send("charge_start")
        b.car.keyring.pair(client.key.public_key())
        await client.shake_hands()
        before = await b.api("POST", "vehicles/fleet_status", json={"vins": [VIN]})
        assert before.response["key_paired_vins"] == [VIN]
        b.car.keyring.unpair(client.key.public_key())
        with pytest.raises(SigningError, match=NOT_PAIRED):
            await client.send("charge_start")
        assert b.car.keyring.log[-1].fault == MessageFault_E.MESSAGEFAULT_ERROR_UNKNOWN_KEY_ID
        assert not b.car.key_paired
        b.car.key_paired = True
        status = await b.api("POST", "vehicles/fleet_status", json={"vins": [VIN]})
        assert status.response["key_paired_vins"] == [VIN]


async def test_what_was_changed_sent_twice_or_came_late_is_not_obeyed() -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        await client.send("set_charge_limit", percent=70)
        session = client.session()

        async def fault_of(message: bytes) -> str:
            with pytest.raises(SigningError) as refused:
                session.take(await client.post(message), b.clock.now)
            return str(refused.value).removeprefix("MESSAGEFAULT_ERROR_")

        payload = b""  # a message with no action in it
        good = RoutableMessage.FromString(session.sign(payload, b.clock.now))
        changed = RoutableMessage.FromString(good.SerializeToString())
        changed.protobuf_message_as_bytes += b"\x00"
        assert await fault_of(changed.SerializeToString()) == "INVALID_SIGNATURE"
        later = RoutableMessage.FromString(good.SerializeToString())
        later.signature_data.HMAC_Personalized_data.expires_at += 60
        assert await fault_of(later.SerializeToString()) == "INVALID_SIGNATURE"
        bare = RoutableMessage.FromString(good.SerializeToString())
        bare.signature_data.ClearField("HMAC_Personalized_data")
        assert await fault_of(bare.SerializeToString()) == "INVALID_SIGNATURE"

        twice = session.sign(payload, b.clock.now)
        with pytest.raises(RefusedError, match="unknown action"):
            session.take(await client.post(twice), b.clock.now)
        assert await fault_of(twice) == "INVALID_TOKEN_OR_COUNTER"
        slow = session.sign(payload, b.clock.now)
        b.clock.tick(60)
        assert await fault_of(slow) == "TIME_EXPIRED"
        old = session.sign(payload, b.clock.now)
        b.car.keyring.reboot(INFOTAINMENT)
        assert await fault_of(old) == "INCORRECT_EPOCH"
        # Each of these came with fresh session information, so the next command is taken.
        await client.send("set_charge_limit", percent=60)
        assert b.car.battery().limit == 60


async def test_counters_may_overtake_at_one_computer_only() -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        for domain, taken in ((INFOTAINMENT, True), (VEHICLE_SECURITY, False)):
            await client.shake_hands(domain)
            session = client.session(domain)
            first = session.sign(b"", b.clock.now)
            second = session.sign(b"", b.clock.now)
            for message in (second, first):
                await client.post(message)
            assert b.car.keyring.log[-1].what == ("refused" if taken else "fault")


@pytest.mark.parametrize("obeys", [False, True])
async def test_spoiled_replies(obeys: bool) -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        await client.shake_hands()
        ring = b.car.keyring
        ring.spoil("fault", MessageFault_E.MESSAGEFAULT_ERROR_BUSY, obeys=obeys)
        ring.spoil("fault", 99, obeys=obeys)
        ring.spoil("wait", obeys=obeys)
        for percent, says in ((51, "BUSY"), (52, "unrecognized error code 99"), (53, "busy or finishing")):
            with pytest.raises(SigningError, match=says):
                await client.send("set_charge_limit", percent=percent)
            assert (b.car.battery().limit == percent) is obeys
        ring.spoil("error", obeys=obeys)
        await client.send("set_charge_limit", percent=54)
        ring.spoil("empty", obeys=obeys)
        with pytest.raises(SigningError):
            await client.send("set_charge_limit", percent=55)
        assert client.last is not None
        assert client.last.response == ""
        ring.spoil("null", obeys=obeys)
        with pytest.raises(TypeError):
            await client.send("set_charge_limit", percent=56)
        assert client.last.body == {"response": None}
        assert (b.car.battery().limit == 56) is obeys
        await client.send("set_charge_limit", percent=57)
        assert b.car.battery().limit == 57


async def test_refusals_in_both_computers_tongues() -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        with pytest.raises(RefusedError, match="disconnected"):
            await client.send("charge_start")
        b.car.refusals.append("could_not_wake_buses")
        with pytest.raises(RefusedError, match="could_not_wake_buses"):
            await client.send("set_charge_limit", percent=70)
        with pytest.raises(RefusedError, match="GENERICERROR_UNKNOWN"):
            await client.send("charge_port_door_close")


async def test_a_car_that_cannot_answer() -> None:
    async with bench() as b:
        path = f"vehicles/{VIN}/signed_command"
        wrong: tuple[Any, ...] = (
            {},
            {"routable_message": 1},
            {"routable_message": "%"},
            {"routable_message": "AAAA"},
            [],
        )
        for body in wrong:
            assert (await b.api("POST", path, json=body)).status == 400
        strange = RoutableMessage()
        strange.to_destination.domain = Domain.DOMAIN_AUTOPILOT
        text = base64.b64encode(strange.SerializeToString()).decode()
        reply = await b.api("POST", path, json={"routable_message": text})
        answer = RoutableMessage.FromString(base64.b64decode(reply.response))
        assert (
            answer.signedMessageStatus.signed_message_fault
            == MessageFault_E.MESSAGEFAULT_ERROR_INVALID_DOMAINS
        )
        b.car.keyring.speaks_protocol = False
        unable = await b.api("POST", path, json={"routable_message": text})
        assert (unable.status, unable.body["error"]) == (422, "vehicle does not support signed commands")
        b.car.keyring.speaks_protocol = True
        b.sim.faults.add(Fault("signed_command", "status", status=503))
        assert (await b.api("POST", path, json={"routable_message": text})).status == 503
        b.clock.tick(7200)
        assert (await b.api("POST", path, json={"routable_message": text})).status == 408


async def test_schedules_come_and_go_by_their_ids() -> None:
    async with bench() as b:
        client = Client(b)
        b.car.keyring.pair(client.key.public_key())
        await client.send("add_charge_schedule", **schedule(id=1))
        await client.send("add_charge_schedule", **schedule(id=2, days_of_week="Mon"))
        await client.send("add_charge_schedule", **schedule(id=1, end_time=300))
        assert [(one["id"], one["end_time"]) for one in b.car.charge_schedules] == [(1, 300), (2, 120)]
        # Without an id the current second is one, so two in a second are one.
        await client.send("add_charge_schedule", **schedule(id=0))
        await client.send("add_charge_schedule", **schedule(id=0))
        assert [one["id"] for one in b.car.charge_schedules] == [1, 2, int(NOON)]
        await client.send("remove_charge_schedule", id=2)
        await client.send("remove_charge_schedule", id=77)
        assert [one["id"] for one in b.car.charge_schedules] == [1, int(NOON)]
        b.car.charge_schedules.append(kept(id=3, latitude=52.0))
        b.car.places["work"] = (52.0, 13.405)
        await client.send("batch_remove_charge_schedules", home=False, work=True, other=True)
        assert [one["id"] for one in b.car.charge_schedules] == [1, int(NOON)]
        data = (await b.data("charge_schedule_data")).response["charge_schedule_data"]
        assert data["charge_schedules"] == b.car.charge_schedules


def test_nothing_of_teslas_definitions_is_loaded_before_it_is_needed() -> None:
    code = "import sys, fleet_simulator.__main__; sys.exit(any('tesla_protocol' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
