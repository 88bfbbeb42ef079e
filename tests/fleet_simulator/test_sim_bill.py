"""The bill: what costs, what does not, and the limit."""

from datetime import UTC, datetime

import pytest
from sim_bench import VIN, bench

from fleet_simulator import Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_prices() -> None:
    async with bench() as b:
        b.car.command_protocol_required = False
        await b.data()
        await b.command("charge_stop")
        await b.wake()
        assert b.sim.bill.counts() == {"data": 1, "commands": 1, "wakes": 1}
        assert b.sim.bill.usd == 0.023
        entry = b.sim.bill.entries[0]
        assert entry == (
            b.clock.now,
            "data",
            VIN,
            "GET",
            f"/api/1/vehicles/{VIN}/vehicle_data",
            200,
            True,
            "owner@example.com",
        )


async def test_state_list_region_and_sign_in_are_free() -> None:
    async with bench() as b:
        await b.state()
        await b.get("vehicles")
        await b.get("products")
        await b.get("users/region")
        await b.api("POST", "vehicles/fleet_status", json={"vins": [VIN]})
        await b.refresh(b.account.issue_refresh_token())
        await b.get("nonsense")
        assert b.sim.bill.usd == 0
        assert b.sim.bill.state_calls == 5
        assert len(b.sim.requests) == 7
        b.sim.bill.prices["state"] = 0.002
        await b.state()
        assert b.sim.bill.usd == 0.002
        assert b.sim.bill.counts() == {"data": 0, "commands": 0, "wakes": 0, "state": 1}


async def test_every_answer_below_500_costs() -> None:
    async with bench(asleep=True) as b:
        assert (await b.data()).status == 408
        b.sim.limits.per_minute["data"] = 1
        assert (await b.data()).status == 429
        b.sim.limits.per_minute["data"] = 60
        b.token = "nonsense"
        assert (await b.data()).status == 401
        assert b.sim.bill.entries[-1].account == ""
        assert b.sim.bill.counts()["data"] == 3
        b.token = b.account.issue_access_token()
        b.sim.faults.add(Fault("vehicle_data", "status", status=503))
        assert (await b.data()).status == 503
        b.sim.faults.add(Fault("vehicle_data", "status", status=404))
        assert (await b.data()).status == 404
        assert b.sim.bill.counts()["data"] == 4
        assert [entry.billed for entry in b.sim.bill.entries] == [True, True, True, False, True]
        b.clock.tick(1)
        assert b.sim.bill.counts(since=b.clock.now)["data"] == 0


async def test_an_id_in_the_path_is_billed_to_its_car() -> None:
    async with bench() as b:
        await b.get(f"vehicles/{b.car.id}/vehicle_data")
        await b.get("vehicles/5YJ3E1EA1KF000009/vehicle_data")
        assert [entry.vin for entry in b.sim.bill.entries] == [VIN, "5YJ3E1EA1KF000009"]
        assert b.sim.bill.counts()["data"] == 2


async def test_the_limit_disables_everything_until_the_month_turns() -> None:
    async with bench() as b:
        b.sim.bill.monthly_limit_usd = 0.004
        await b.data()
        assert (await b.data()).status == 200
        for reply in (await b.data(), await b.state(), await b.get("users/region")):
            assert (reply.status, reply.body["error"]) == (403, "account disabled: EXCEEDED_LIMIT")
        assert b.sim.bill.usd == 0.004
        b.clock.now = datetime(2026, 12, 1, tzinfo=UTC).timestamp() - 1
        b.token = b.account.issue_access_token()
        assert (await b.state()).status == 403
        b.clock.tick(1)
        assert b.sim.bill.month_usd(b.clock.now) == 0
        assert (await b.state()).status == 200
        b.sim.bill.monthly_limit_usd = 0
        assert (await b.state()).status == 403
        b.sim.bill.monthly_limit_usd = None
        assert (await b.state()).status == 200


async def test_the_report_for_watchers() -> None:
    async with bench() as b:
        await b.data()
        async with b.session.get(f"{b.sim.auth_url}/simulator") as response:
            report = await response.json()
        assert report["bill"]["usd"] == 0.002
        assert report["cars"][0]["state"] == "online"
