"""Every kind of bad weather, over a real connection."""

import asyncio
from typing import Any

import aiohttp
import pytest
from sim_bench import VIN, Bench, bench

from fleet_simulator import Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_status_with_headers_and_text() -> None:
    async with bench() as b:
        fault = b.sim.faults.add(
            Fault("state", "status", status=429, body="slow down", headers={"Retry-After": "7"})
        )
        reply = await b.state()
        assert (reply.status, reply.body, reply.headers["Retry-After"]) == (429, "slow down", "7")
        assert fault.fired == 1
        assert (await b.state()).status == 200
        assert b.sim.requests[0].fault is fault


async def test_an_empty_401() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("vehicle_data", "status", status=401, body=""))
        reply = await b.data()
        assert (reply.status, reply.body) == (401, "")
        assert b.car.reads == []


async def test_reset_before_leaves_no_trace_behind_the_door() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        b.sim.faults.add(Fault("token", "reset_before"))
        with pytest.raises(aiohttp.ClientError):
            await b.refresh(token)
        assert b.account.refreshes == []
        b.sim.faults.add(Fault("vehicle_data", "reset_before"))
        with pytest.raises(aiohttp.ClientError):
            await b.data()
        assert b.sim.bill.entries == []
        assert [r.status for r in b.sim.requests] == [None, None]


async def test_reset_after_has_rotated_and_billed() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        b.sim.faults.add(Fault("any", "reset_after", times=2))
        with pytest.raises(aiohttp.ClientError):
            await b.refresh(token)
        assert [r.outcome for r in b.account.refreshes] == ["rotated"]
        with pytest.raises(aiohttp.ClientError):
            await b.data()
        assert b.sim.bill.counts()["data"] == 1
        assert (await b.refresh(token)).status == 200
        assert b.account.refreshes[-1].outcome == "grace"


async def test_half_an_answer() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("api", "half"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await b.data()
        assert b.sim.bill.counts()["data"] == 1
        assert len(b.car.reads) == 1


async def test_garbage_empty_and_redirect() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("state", "garbage"))
        b.sim.faults.add(Fault("state", "empty"))
        b.sim.faults.add(Fault("state", "redirect", url="http://127.0.0.1:1/elsewhere"))
        page = await b.state()
        assert page.status == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert "<html>" in page.body
        empty = await b.state()
        assert (empty.status, empty.body) == (200, "")
        moved = await b.state(allow_redirects=False)
        assert (moved.status, moved.headers["Location"]) == (307, "http://127.0.0.1:1/elsewhere")


@pytest.mark.parametrize("body", [None, [], 7, {"response": None, "error": ""}])
async def test_json_of_the_wrong_shape(body: Any) -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("vehicle_data", "json", body=body))
        reply = await b.data()
        assert (reply.status, reply.body) == (200, body)
        assert b.sim.bill.counts()["data"] == 1


async def test_a_late_answer_is_worked_on_at_once() -> None:
    async with bench() as b:
        fault = b.sim.faults.add(Fault("token", "delay"))
        pending = asyncio.create_task(b.refresh(b.account.issue_refresh_token()))
        await fault.reached()
        assert len(b.account.refreshes) == 1
        assert fault.waiting == 1
        assert not pending.done()
        fault.release()
        assert (await pending).status == 200
        assert fault.waiting == 0


async def test_a_late_answer_after_real_seconds_and_one_that_nobody_worked_on() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("vehicle_data", "delay", seconds=0.01))
        assert (await b.data()).status == 200
        b.sim.faults.add(Fault("vehicle_data", "delay", seconds=0.01, processed=False))
        assert (await b.data()).status == 503
        assert len(b.car.reads) == 1


async def test_a_client_that_leaves_is_not_waited_for() -> None:
    async with bench() as b:
        fault = b.sim.faults.add(Fault("vehicle_data", "delay"))
        pending = asyncio.create_task(b.data())
        await fault.reached()
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        await fault.let_go()
        assert fault.waiting == 0
        assert b.sim.bill.counts()["data"] == 1
        assert b.sim.requests[0].status is None


async def test_stopping_lets_go_of_held_answers() -> None:
    async with bench() as b:
        fault = b.sim.faults.add(Fault("vehicle_data", "delay"))
        pending = asyncio.create_task(b.data())
        await fault.reached()
        await b.sim.stop()
        await asyncio.wait([pending])
        assert b.sim.faults.active == []
        assert fault.waiting == 0


async def test_double_is_done_and_billed_twice() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("any", "double", times=2))
        assert (await b.data()).status == 200
        assert b.sim.bill.counts()["data"] == 2
        reply = await b.refresh(b.account.issue_refresh_token())
        assert [r.outcome for r in b.account.refreshes] == ["rotated", "grace"]
        assert b.account.accepts(reply.body["refresh_token"])


async def test_a_server_error_after_the_work_was_done() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        fault = b.sim.faults.add(Fault("token", "status", status=503, processed=True))
        assert (await b.refresh(token)).status == 503
        assert fault.fired == 1
        assert b.account.refreshes[0].outcome == "rotated"


async def _statuses(b: Bench, count: int) -> list[int]:
    return [(await b.data("charge_state")).status for _ in range(count)]


async def test_which_requests_a_fault_is_meant_for() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("vehicle_data", "status", status=500, skip=1, times=2))
        assert await _statuses(b, 4) == [200, 500, 500, 200]
        b.sim.faults.add(Fault("vehicle_data", "status", status=502, times=None))
        assert await _statuses(b, 3) == [502, 502, 502]
        assert (await b.state()).status == 200
        b.sim.faults.clear()
        b.sim.faults.add(Fault("vehicle_data", "status", status=408, times=None, asks="charge_schedule_data"))
        assert (await b.data("charge_state", "charge_schedule_data")).status == 408
        assert (await b.data("charge_state")).status == 200
        b.sim.faults.clear()
        b.sim.faults.add(Fault("api", "status", status=503, times=None, vin="5YJ3E1EA1KF000002"))
        assert (await b.state()).status == 200
        b.account.add_car("5YJ3E1EA1KF000002")
        assert (await b.get("vehicles/5YJ3E1EA1KF000002")).status == 503
        assert (await b.refresh(b.account.issue_refresh_token())).status == 200


async def test_an_outage_has_a_beginning_and_an_end() -> None:
    async with bench() as b:
        now = b.clock.now
        b.sim.faults.add(Fault("any", "status", status=503, times=None, start=now + 10, end=now + 20))
        seen = []
        for _ in range(4):
            seen.append((await b.state()).status)
            b.clock.tick(9)
        assert seen == [200, 200, 503, 200]


async def test_the_path_names_the_kind() -> None:
    async with bench() as b:
        b.car.command_protocol_required = False
        await b.get("vehicles")
        await b.state()
        await b.data()
        await b.wake()
        await b.command("charge_stop")
        await b.get("users/region")
        await b.api("POST", "vehicles/fleet_status", json={"vins": [VIN]})
        kinds = [r.kind for r in b.sim.requests]
        assert kinds == ["list", "state", "vehicle_data", "wake_up", "command", "region", "fleet_status"]
        assert b.sim.requests[2].path == f"/api/1/vehicles/{VIN}/vehicle_data"
        assert {r.role for r in b.sim.requests} == {"eu"}
