"""What an app may do before and after it is registered in a region."""

from typing import Any

import pytest
from sim_bench import VIN, bench
from sim_partner_bench import KEY_PATH, POINT, as_partner, register, site

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("region", ["na", "eu", "cn"])
async def test_registering_opens_one_region(region: Any) -> None:
    async with bench(region=region) as b, site() as host:
        owner = b.token
        b.sim.partner.require()
        assert (await b.state(region=region)).status == 412
        await as_partner(b, region)
        reply = await register(b, host.domain, region)
        assert reply.status == 200
        assert host.asked == [KEY_PATH]
        assert reply.response["public_key"] == POINT
        assert reply.response["domain"] == host.domain
        assert reply.response["client_id"] == b.sim.client_id
        assert reply.response["account_id"] == b.sim.partner.account_id
        assert reply.response["name"]
        assert b.sim.partner.registered == {region}
        path = f"partner_accounts/public_key?domain={host.domain}"
        assert (await b.get(path, region=region)).response == {"public_key": POINT}
        b.token = owner
        assert (await b.state(region=region)).status == 200


async def test_an_app_that_is_not_registered_reads_no_car() -> None:
    async with bench(scopes={"user_data"}) as b:
        b.sim.partner.require("eu")
        # Before the scopes, which this token has not.
        for reply in (
            await b.state(),
            await b.get("vehicles"),
            await b.get("products"),
            await b.data(),
            await b.wake(),
            await b.command("charge_start"),
            await b.api("POST", "vehicles/fleet_status", json={"vins": [VIN]}),
        ):
            assert reply.status == 412
            assert reply.body == {
                "response": None,
                "error": f"Account {b.sim.partner.account_id} must be registered in the current region "
                f"{b.sim.api_url}, please see "
                "https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints#register",
            }
        # Below 500, so it costs.
        assert b.sim.bill.counts() == {"data": 1, "commands": 1, "wakes": 1}
        assert (await b.get("users/region")).response["region"] == "eu"
        me = (await b.get("users/me")).response
        assert (me["email"], me["full_name"]) == ("owner@example.com", "Owner")


async def test_the_412_comes_after_401_and_421() -> None:
    async with bench() as b:
        b.sim.partner.require()
        assert (await b.state(region="na")).status == 421
        b.token = "nonsense"
        assert (await b.state()).status == 401


async def test_another_regions_registration_does_not_help() -> None:
    async with bench() as b, site() as host:
        owner = b.token
        b.sim.partner.require()
        await as_partner(b, "na")
        assert (await register(b, host.domain, "na")).status == 200
        b.token = owner
        assert (await b.state()).status == 412
