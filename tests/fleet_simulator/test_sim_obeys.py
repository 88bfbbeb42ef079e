"""Commands that a plain or an old car takes, and its refusals."""

from collections.abc import AsyncGenerator

import pytest
from sim_bench import NOON, VIN, Bench, bench
from sim_signing import Client, schedule

from fleet_simulator import Charger, drive_home
from fleet_simulator.signer import RefusedError

pytestmark = pytest.mark.usefixtures("socket_enabled")

DEAD = Charger(amps=0)


@pytest.fixture
async def b() -> AsyncGenerator[Bench]:
    async with bench() as made:
        made.car.command_protocol_required = False
        yield made


async def reason(b: Bench, name: str, **body: object) -> str:
    reply = await b.command(name, **body)
    assert reply.status == 200, reply.body
    said = reply.response["reason"]
    assert reply.response["result"] is (said == "")
    return str(said)


async def test_starting_and_stopping_has_its_words(b: Bench) -> None:
    assert await reason(b, "charge_stop") == "not_charging"
    b.car.plug_in(NOON, DEAD)
    assert await reason(b, "charge_start") == "no_power"
    assert (await b.data("charge_state")).response["charge_state"]["charging_state"] == "NoPower"
    b.car.supply(NOON, Charger())
    assert await reason(b, "charge_start") == "requested"
    b.clock.tick(20)
    assert await reason(b, "charge_start") == "is_charging"
    b.car.supply(b.clock.now, DEAD)
    assert not b.car.battery().flowing
    assert b.car.battery().added_kwh > 0
    b.car.unplug(b.clock.now)
    b.car.supply(b.clock.now, Charger())
    assert await reason(b, "charge_start") == "disconnected"


async def test_the_two_limits_with_names(b: Bench) -> None:
    assert await reason(b, "charge_standard") == ""
    assert b.car.battery().limit == 90
    assert await reason(b, "charge_standard") == "already_standard"
    assert await reason(b, "charge_max_range") == ""
    assert b.car.battery().limit == 100
    assert await reason(b, "charge_max_range") == "already_max_range"


async def test_the_charge_ports_cover(b: Bench) -> None:
    async def is_open() -> bool:
        state = (await b.data("charge_state")).response["charge_state"]
        return bool(state["charge_port_door_open"])

    assert await reason(b, "charge_port_door_close") == "already_closed"
    assert await reason(b, "charge_port_door_open") == ""
    assert await is_open()
    assert await reason(b, "charge_port_door_close") == ""
    assert not await is_open()
    b.car.plug_in(b.clock.now)
    assert await reason(b, "charge_port_door_close") == "cable_connected"
    assert await reason(b, "charge_port_door_open") == ""
    b.car.unplug(b.clock.now)
    assert not await is_open()
    b.car.drive(drive_home().starting_at(b.clock.now))
    assert await reason(b, "charge_port_door_open") == "not_in_park"


async def test_a_refusal_by_wish_stands_before_everything(b: Bench) -> None:
    b.car.refusals += ["user_not_present", "car_wash"]
    assert await reason(b, "set_charge_limit", percent=70) == "user_not_present"
    assert await reason(b, "charge_port_door_open") == "car_wash"
    assert await reason(b, "set_charge_limit", percent=70) == ""


async def test_on_new_firmware_the_old_commands_add_one_more_each_time(b: Bench) -> None:
    for _ in range(3):
        assert await reason(b, "set_scheduled_charging", enable=True, time=60) == ""
        b.clock.tick(2)
    assert await reason(b, "set_scheduled_charging", enable=False, time=60) == ""
    b.clock.tick(2)
    whole = {"departure_time": 420, "end_off_peak_time": 360}
    assert await reason(b, "set_scheduled_departure", enable=True, **whole) == ""
    assert [(one["enabled"], one["start_time"]) for one in b.car.charge_schedules] == [(True, 60)] * 3 + [
        (False, 60)
    ]
    whole |= {"off_peak_charging_weekdays_only": True, "preconditioning_enabled": True}
    assert await reason(b, "set_scheduled_departure", enable=True, **whole) == ""
    last = b.car.charge_schedules[-1]
    assert (last["days_of_week"], last["start_enabled"], last["end_time"]) == (62, False, 360)
    assert b.car.precondition_schedules[0]["precondition_time"] == 420
    state = (await b.data("charge_state")).response["charge_state"]
    assert (state["scheduled_charging_mode"], state["scheduled_charging_start_time"]) == ("Off", None)


async def test_old_firmware_has_one_schedule_and_the_old_fields(b: Bench) -> None:
    b.car.firmware = "2024.20.9"
    assert not b.car.has_schedules
    client = Client(b)
    b.car.keyring.pair(client.key.public_key())
    with pytest.raises(RefusedError, match="not_supported"):
        await client.send("add_charge_schedule", **schedule())
    asked = (await b.data("charge_state", "charge_schedule_data")).response
    assert "charge_schedule_data" not in asked

    await client.send("set_scheduled_charging", enable=True, time=23 * 60)
    b.car.plug_in(b.clock.now)
    state = (await b.data("charge_state")).response["charge_state"]
    assert (state["scheduled_charging_mode"], state["scheduled_charging_pending"]) == ("StartAt", True)
    assert state["scheduled_charging_start_time_app"] == 23 * 60
    assert state["scheduled_charging_start_time"] == NOON + 10 * 3600  # eleven in the evening in Berlin
    assert not b.car.battery(NOON + 10 * 3600 - 1).flowing
    assert b.car.battery(NOON + 10 * 3600).flowing

    assert await reason(b, "set_scheduled_departure", enable=True, departure_time=420) == ""
    assert (await b.data("charge_state")).response["charge_state"]["scheduled_charging_mode"] == "StartAt"
    whole = {"departure_time": 420, "end_off_peak_time": 360, "off_peak_charging_enabled": True}
    assert await reason(b, "set_scheduled_departure", enable=True, **whole) == ""
    state = (await b.data("charge_state")).response["charge_state"]
    assert (state["scheduled_charging_mode"], state["off_peak_charging_enabled"]) == ("DepartBy", True)
    assert state["scheduled_departure_time_minutes"] == 420
    assert state["scheduled_departure_time"] == NOON + 18 * 3600
    assert b.car.battery(NOON + 17 * 3600).level == pytest.approx(80)
    assert b.car.battery(NOON + 10 * 3600).level == 62

    assert await reason(b, "set_scheduled_charging", enable=False, time=0) == ""
    state = (await b.data("charge_state")).response["charge_state"]
    assert (state["scheduled_charging_mode"], state["scheduled_charging_pending"]) == ("Off", False)


async def test_waking_takes_its_time_and_its_money(b: Bench) -> None:
    b.clock.tick(2000)
    assert (await b.command("charge_stop")).status == 408
    assert (await b.wake()).response["state"] == "asleep"
    b.clock.tick(14)
    assert (await b.state()).response["state"] == "asleep"
    b.clock.tick(1)
    assert (await b.state()).response["state"] == "online"
    assert await reason(b, "charge_stop") == "not_charging"
    assert b.sim.bill.counts() == {"data": 0, "commands": 2, "wakes": 1}
    assert [entry.category for entry in b.sim.bill.entries if entry.vin == VIN][-1] == "commands"


async def test_the_lists_of_schedules_are_lists(b: Bench) -> None:
    book = b.car.precondition_schedules
    book.extend([{"id": 1}, {"id": 2}])
    book[0] = {"id": 3}
    book[1:] = [{"id": 4}, {"id": 5}]
    del book[1]
    assert book == [{"id": 3}, {"id": 5}]
    assert book == b.car.precondition_schedules
    assert book[1:] == [{"id": 5}]
    assert len(book) == 2
    assert repr(book) == "<2 schedules>"
    b.car.precondition_schedules = []
    assert book == []
    assert hash(book) == hash(book)
