"""The endpoints: lists, state, live data block by block and waking."""

import pytest
from sim_bench import NOON, VIN, bench

from fleet_simulator import HOME, SUPERCHARGER, drive_home

pytestmark = pytest.mark.usefixtures("socket_enabled")

TOP = {"id", "id_s", "vin", "vehicle_id", "user_id", "access_type", "state", "in_service", "api_version"}
POSITION = {
    "latitude",
    "longitude",
    "heading",
    "gps_as_of",
    "native_latitude",
    "native_longitude",
    "native_type",
}


async def test_the_list_is_paged() -> None:
    async with bench() as b:
        for number in range(2, 6):
            b.account.add_car(f"5YJ3E1EA1KF00000{number}", f"Car {number}")
        whole = await b.get("vehicles")
        assert (whole.body["count"], len(whole.response)) == (5, 5)
        assert set(whole.response[0]) >= TOP
        assert len({car["id_s"] for car in whole.response}) == 5
        page = await b.get("vehicles", params={"page": 2, "per_page": 2})
        assert [car["vin"][-1] for car in page.response] == ["3", "4"]
        assert page.body["pagination"] == {
            "previous": 1,
            "next": 3,
            "current": 2,
            "per_page": 2,
            "count": 5,
            "pages": 3,
        }
        last = await b.get("vehicles", params={"page": 3, "per_page": 2})
        assert (len(last.response), last.body["pagination"]["next"]) == (1, None)
        for wrong in ("x", "0"):
            assert (await b.get("vehicles", params={"page": wrong})).status == 400


async def test_products_are_mixed_by_scope() -> None:
    async with bench() as b:
        b.account.add_energy_site()
        assert ["vin" in item for item in (await b.get("products")).response] == [True]
        b.account.scopes.add("energy_device_data")
        b.token = b.account.issue_access_token()
        mixed = await b.get("products")
        assert ["vin" in item for item in mixed.response] == [True, False]
        assert mixed.response[1]["energy_site_id"] == 2_000_000_001
        assert mixed.body["count"] == 2
        b.account.scopes.discard("vehicle_device_data")
        b.token = b.account.issue_access_token()
        assert ["vin" in item for item in (await b.get("products")).response] == [False]


async def test_a_car_can_come_and_go() -> None:
    async with bench() as b:
        del b.account.cars[VIN]
        assert (await b.get("vehicles")).response == []
        assert (await b.state()).status == 404


async def test_the_state_is_the_clouds_and_wakes_nothing() -> None:
    async with bench() as b:
        b.car.in_service = True
        b.car.access_type = "DRIVER"
        first = (await b.state()).response
        assert set(first) >= TOP
        assert (first["state"], first["in_service"], first["access_type"]) == ("online", True, "DRIVER")
        assert first["id_s"] == str(first["id"])
        assert first["command_signing"] == "required"
        for _ in range(14):
            b.clock.tick(60)
            assert (await b.state()).response["state"] == "online"
        b.clock.tick(60)
        assert (await b.state()).response["state"] == "asleep"


async def test_live_reads_keep_an_older_car_awake_and_a_newer_one_not() -> None:
    async with bench() as b:
        for _ in range(5):
            b.clock.tick(600)
            assert (await b.data()).status == 200
        b.car.reads_keep_awake = False
        b.clock.tick(600)
        assert (await b.data()).status == 200
        b.clock.tick(600)
        reply = await b.data()
        assert reply.status == 408
        assert reply.body == {
            "response": None,
            "error": "vehicle unavailable: vehicle is offline or asleep",
            "error_description": "",
        }
        # A read that did not reach the car is no activity.
        b.car.reads_keep_awake = True
        assert (await b.state()).response["state"] == "asleep"
        assert len(b.car.reads) == 6


async def test_waking() -> None:
    async with bench(asleep=True) as b:
        b.car.wake_settle = 5
        assert (await b.wake()).response["state"] == "asleep"
        b.clock.tick(15)
        assert (await b.state()).response["state"] == "online"
        assert (await b.data()).status == 408
        b.clock.tick(5)
        assert (await b.data()).status == 200
        assert b.car.wakes == [NOON]


async def test_a_hidden_car_answers_408() -> None:
    async with bench() as b:
        b.car.offline(NOON, NOON + 60)
        assert (await b.state()).response["state"] == "offline"
        assert (await b.data()).status == 408


async def test_what_comes_without_asking_has_no_position() -> None:
    async with bench() as b:
        data = (await b.data()).response
        assert set(data) >= TOP | {
            "charge_state",
            "climate_state",
            "drive_state",
            "gui_settings",
            "vehicle_config",
            "vehicle_state",
        }
        assert not POSITION & set(data["drive_state"])
        assert "charge_schedule_data" not in data
        assert data["vehicle_state"]["locked"] is True
        assert data["gui_settings"]["gui_distance_units"] == "km/hr"


async def test_only_what_is_asked_for_comes() -> None:
    async with bench() as b:
        data = (await b.data("charge_state")).response
        assert set(data) - {"charge_state"} == set((await b.state()).response)
        located = (await b.data("location_data")).response["drive_state"]
        assert set(located) >= POSITION
        assert not {"speed", "shift_state", "power"} & set(located)
        raw = await b.get(f"vehicles/{VIN}/vehicle_data?endpoints=drive_state%3Blocation_data")
        assert set(raw.response["drive_state"]) >= POSITION | {"speed", "shift_state", "power"}
        doors = (await b.data("closures_state")).response["vehicle_state"]
        assert doors["df"] == 0
        assert "odometer" not in doors
        assert "odometer" not in (await b.data("nonsense")).response
        assert "climate_state" in (await b.data("vehicle_data_combo", "location_data")).response


async def test_units_and_times() -> None:
    async with bench() as b:
        drive = drive_home().starting_at(NOON)
        b.car.drive(drive, destination="Home")
        b.clock.tick(100)
        data = (await b.data("drive_state", "location_data", "vehicle_state", "closures_state")).response
        state = data["drive_state"]
        assert state["speed"] == round(drive.speed_mps(100) * 3600 / 1609.344)
        assert state["shift_state"] == "D"
        assert state["timestamp"] == int((NOON + 100) * 1000)
        assert state["gps_as_of"] == int(NOON + 100)
        assert (state["latitude"], state["longitude"]) == pytest.approx(drive.position(100), abs=1e-6)
        assert state["native_latitude"] == state["latitude"]
        assert 0 <= state["heading"] < 360
        assert state["active_route_destination"] == "Home"
        assert (state["active_route_latitude"], state["active_route_longitude"]) == HOME
        assert state["active_route_minutes_to_arrival"] == pytest.approx((drive.duration - 100) / 60)
        left = (drive.length_m - drive.distance_m(100)) / 1609.344
        assert state["active_route_miles_to_arrival"] == pytest.approx(left)
        assert state["active_route_energy_at_arrival"] == round(b.car.battery(drive.end).level)
        assert data["vehicle_state"]["odometer"] == pytest.approx(b.car.odometer_miles())
        assert data["vehicle_state"]["locked"] is False
        assert data["vehicle_state"]["homelink_nearby"] is False
        b.clock.now = drive.end
        parked = (await b.data("drive_state")).response["drive_state"]
        assert (parked["speed"], parked["shift_state"]) == (None, None)
        assert not [key for key in parked if key.startswith("active_route")]


async def test_charge_state_tells_the_session() -> None:
    async with bench() as b:
        before = (await b.data("charge_state")).response["charge_state"]
        assert (before["charging_state"], before["conn_charge_cable"]) == ("Disconnected", "<invalid>")
        assert (before["charge_port_latch"], before["charger_phases"]) == ("Disengaged", None)
        b.car.plug_in(NOON + 60)
        b.clock.tick(660)
        now = (await b.data("charge_state", "drive_state")).response
        charge = now["charge_state"]
        assert (charge["charging_state"], charge["charge_port_latch"]) == ("Charging", "Engaged")
        assert (charge["charger_actual_current"], charge["charger_voltage"], charge["charger_phases"]) == (
            16,
            230,
            3,
        )
        assert charge["charger_power"] == 10
        assert charge["battery_level"] == 64
        assert charge["charge_energy_added"] == pytest.approx(10.1568 / 6, abs=0.01)
        assert charge["minutes_to_full_charge"] == 70
        assert charge["time_to_full_charge"] == pytest.approx(1.16, abs=0.01)
        assert charge["charge_rate"] > 0
        assert charge["fast_charger_present"] is False
        assert now["drive_state"]["power"] == -10
        b.clock.tick(4 * 3600)
        assert (await b.data("charge_state")).status == 408
        b.car.unplug(b.clock.now)
        b.car.plug_in(b.clock.now, SUPERCHARGER)
        b.car.set_limit(b.clock.now, 90)
        fast = (await b.data("charge_state")).response["charge_state"]
        assert fast["battery_level"] == 80
        assert (fast["fast_charger_present"], fast["fast_charger_brand"], fast["charger_phases"]) == (
            True,
            "Tesla",
            None,
        )


async def test_schedules_have_their_read_names() -> None:
    async with bench() as b:
        schedule = {
            "id": 1_700_000_000,
            "days_of_week": 127,
            "enabled": True,
            "latitude": 52.52,
            "longitude": 13.405,
        }
        b.car.charge_schedules.append(schedule)
        data = (await b.data("charge_schedule_data", "preconditioning_schedule_data")).response
        assert data["charge_schedule_data"]["charge_schedules"] == [schedule]
        assert data["charge_schedule_data"]["next_schedule"] is True
        assert data["charge_schedule_data"]["timestamp"]["seconds"] == int(NOON)
        assert data["preconditioning_schedule_data"]["precondition_schedules"] == []
        assert data["preconditioning_schedule_data"]["next_schedule"] is False


async def test_a_payload_can_be_mangled() -> None:
    async with bench() as b:
        b.car.transform = lambda data: {**data, "charge_state": None}
        assert (await b.data()).response["charge_state"] is None
        b.car.transform = lambda _: None
        assert (await b.data()).body == {"response": None}


async def test_fleet_status() -> None:
    async with bench() as b:
        path = "vehicles/fleet_status"
        reply = await b.api("POST", path, json={"vins": [VIN, "5YJ3E1EA1KF000009"]})
        assert reply.response["unpaired_vins"] == [VIN]
        info = reply.response["vehicle_info"][VIN]
        assert info["vehicle_command_protocol_required"] is True
        assert info["firmware_version"] == b.car.firmware
        b.car.key_paired = True
        assert (await b.api("POST", path, json={"vins": [VIN]})).response["key_paired_vins"] == [VIN]
        for wrong in ({}, {"vins": VIN}, [VIN]):
            assert (await b.api("POST", path, json=wrong)).status == 400
        broken = await b.api("POST", path, data="{", headers={"Content-Type": "application/json"})
        assert broken.status == 400
