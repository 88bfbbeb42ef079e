"""Another program with the same token, a clock of its own, and what must not leak."""

from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from sim_bench import bench

from fleet_simulator import Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLBACK = "https://ha.example/callback"


async def test_another_program_rotates_by_the_same_rules() -> None:
    async with bench() as b:
        first = b.account.issue_refresh_token()
        second = b.account.rotate_elsewhere(first)
        assert b.account.accepts(second)
        third = b.account.rotate_elsewhere(second)
        assert (await b.refresh(first)).status == 401
        assert (await b.refresh(third)).status == 200
        assert [r.outcome for r in b.sim.refreshes] == ["rotated", "rotated", "login_required", "rotated"]
        assert b.account.refreshes == b.sim.refreshes
        # No request came in for it.
        assert len(b.sim.requests) == 2


async def test_another_program_within_the_grace() -> None:
    async with bench() as b:
        first = b.account.issue_refresh_token()
        assert (await b.refresh(first)).status == 200
        assert b.account.rotate_elsewhere(first)
        assert b.account.refreshes[-1].outcome == "grace"


async def test_another_program_is_refused_too() -> None:
    async with bench() as b:
        spent = b.account.issue_refresh_token()
        b.account.rotate_elsewhere(b.account.rotate_elsewhere(spent))
        with pytest.raises(ValueError, match="is refused") as refused:
            b.account.rotate_elsewhere(spent)
        assert spent not in str(refused.value)
        assert b.account.refreshes[-1].reason == "spent"
        other = b.sim.add_account("jane@example.com")
        theirs = other.issue_refresh_token()
        with pytest.raises(ValueError, match="not of this account"):
            b.account.rotate_elsewhere(theirs)
        assert other.accepts(theirs)
        assert other.refreshes == []


async def test_every_answer_is_dated_by_the_simulators_clock() -> None:
    async with bench() as b:
        b.clock.now = 1_700_000_000.7
        b.token = b.account.issue_access_token()
        dates = [
            (await b.state()).headers["Date"],
            (await b.get("nothing")).headers["Date"],
            (await b.refresh("unknown")).headers["Date"],
        ]
        b.sim.faults.add(Fault("state", "status", status=503))
        dates.append((await b.state()).headers["Date"])
        async with b.session.get(b.sim.authorize_url) as response:
            dates.append(response.headers["Date"])
        assert set(dates) == {"Tue, 14 Nov 2023 22:13:20 GMT"}
        assert all(int(parsedate_to_datetime(date).timestamp()) == 1_700_000_000 for date in dates)


async def test_half_an_answer_is_dated_too() -> None:
    async with bench() as b:
        b.sim.faults.add(Fault("state", "half"))
        headers = {"Authorization": f"Bearer {b.token}"}
        async with b.session.get(f"{b.sim.api_url}/api/1/vehicles/{b.car.vin}", headers=headers) as response:
            assert parsedate_to_datetime(response.headers["Date"]).timestamp() == b.clock.now
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_a_code_lives_ten_minutes_of_the_simulators_clock() -> None:
    async with bench() as b:
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": CALLBACK,
        }
        good, late = b.account.issue_code(CALLBACK), b.account.issue_code(CALLBACK)
        b.clock.tick(599)
        assert (await b.token_call(**form, code=good)).status == 200
        b.clock.tick(1)
        assert (await b.token_call(**form, code=late)).body["error"] == "invalid_auth_code"


async def test_all_secrets_are_told_dead_or_alive() -> None:
    async with bench() as b:
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": CALLBACK,
        }
        code, unused = b.account.issue_code(CALLBACK), b.account.issue_code(CALLBACK)
        signed_in = (await b.token_call(**form, code=code)).body
        rotated = (await b.refresh(signed_in["refresh_token"])).body
        partner = (
            await b.token_call(
                grant_type="client_credentials",
                client_id=b.sim.client_id,
                client_secret=b.sim.client_secret,
                audience=b.sim.api_url,
                scope="openid",
            )
        ).body
        b.account.revoke()
        b.clock.tick(100 * 86400)
        assert b.sim.all_secrets() == {
            b.sim.client_secret,
            code,
            unused,
            b.token,
            signed_in["refresh_token"],
            signed_in["access_token"],
            rotated["refresh_token"],
            rotated["access_token"],
            partner["access_token"],
        }


@pytest.mark.parametrize(
    ("name", "full_name"),
    [("jane.doe@example.com", "Jane Doe"), ("owner", "Owner"), ("a_b-c+d@x", "A B C D"), ("@x", "")],
)
async def test_a_full_name_comes_of_the_account(name: str, full_name: str) -> None:
    async with bench() as b:
        assert b.sim.add_account(name).full_name == full_name
