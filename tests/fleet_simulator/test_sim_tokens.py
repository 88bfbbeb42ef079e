"""Tesla's rules for tokens, as the simulator keeps them."""

from typing import Any

import jwt
import pytest
from sim_bench import Bench, bench

from fleet_simulator import FleetSimulator

pytestmark = pytest.mark.usefixtures("socket_enabled")

DAY = 86400.0


async def rotate(b: Bench, refresh_token: str) -> str:
    reply = await b.refresh(refresh_token)
    assert reply.status == 200, reply.body
    fresh = reply.body["refresh_token"]
    assert isinstance(fresh, str)
    return fresh


async def refused(b: Bench, refresh_token: str) -> None:
    reply = await b.refresh(refresh_token)
    assert (reply.status, reply.body["error"]) == (401, "login_required")


async def test_a_refresh_rotates_and_says_so() -> None:
    async with bench() as b:
        first = b.account.issue_refresh_token()
        reply = await b.refresh(first)
        assert reply.status == 200
        assert reply.body["token_type"] == "Bearer"
        assert reply.body["expires_in"] == 28800
        assert "id_token" in reply.body
        second = reply.body["refresh_token"]
        assert second != first
        assert second.startswith("EU_")
        b.token = reply.body["access_token"]
        assert (await b.state()).status == 200
        assert [(r.grant, r.token, r.outcome) for r in b.account.refreshes] == [(0, 0, "rotated")]
        assert b.sim.refreshes == b.account.refreshes


async def test_the_claims_are_teslas() -> None:
    async with bench(scopes={"openid", "vehicle_device_data"}) as b:
        assert b.token is not None
        claims: dict[str, Any] = jwt.decode(b.token, options={"verify_signature": False})
        urls = b.sim.api_urls
        assert claims["aud"] == [urls["na"], urls["eu"], f"{b.sim.auth_url}/oauth2/v3/userinfo"]
        assert claims["ou_code"] == "EU"
        assert claims["scp"] == ["openid", "vehicle_device_data"]
        assert claims["sub"] == b.account.sub
        assert claims["azp"] == b.sim.client_id
        assert claims["exp"] - claims["iat"] == 28800
        assert claims["iat"] == int(b.clock.now)
        assert b.account.issue_access_token() != b.token
        china = b.sim.add_account("cn@example.com", region="cn")
        claims = jwt.decode(china.issue_access_token(), options={"verify_signature": False})
        assert urls["cn"] in claims["aud"]
        assert urls["eu"] not in claims["aud"]
        assert china.sub != b.account.sub


async def test_grace_the_last_used_token_works_for_a_day() -> None:
    async with bench() as b:
        first = b.account.issue_refresh_token()
        lost = await rotate(b, first)
        b.clock.tick(DAY - 1)
        again = await rotate(b, first)
        assert again not in {first, lost}
        assert b.account.refreshes[-1].outcome == "grace"
        assert b.account.accepts(lost)
        assert b.account.accepts(again)
        # The day runs from the first use: using it once more did not lengthen it.
        b.clock.tick(1)
        assert not b.account.accepts(first)
        await refused(b, first)
        assert b.account.refreshes[-1].reason == "spent"
        await rotate(b, again)


async def test_using_the_successor_ends_the_grace_of_its_predecessor() -> None:
    async with bench() as b:
        first = b.account.issue_refresh_token()
        second = await rotate(b, first)
        await rotate(b, second)
        await refused(b, first)


async def test_two_programs_with_one_token_lock_each_other_out() -> None:
    async with bench() as b:
        shared = b.account.issue_refresh_token()
        ours = await rotate(b, shared)
        theirs = await rotate(b, shared)
        await rotate(b, ours)
        await refused(b, theirs)


async def test_a_refresh_token_lives_three_months() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        b.clock.tick(90 * DAY - 1)
        assert b.account.accepts(token)
        b.clock.tick(1)
        await refused(b, token)
        assert b.account.refreshes[-1].reason == "expired"


async def test_revoking_kills_everything_but_a_new_sign_in() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        b.account.revoke()
        await refused(b, token)
        assert b.account.refreshes[-1].reason == "revoked"
        reply = await b.state()
        assert (reply.status, reply.body["error"]) == (401, "token expired (401)")
        b.token = (await b.refresh(b.account.issue_refresh_token())).body["access_token"]
        assert (await b.state()).status == 200


async def test_an_unknown_token_is_nobodys() -> None:
    async with bench() as b:
        await refused(b, "EU_never-seen")
        assert b.account.refreshes == []
        assert b.sim.refreshes[-1].reason == "unknown"
        assert not b.account.accepts("EU_never-seen")


async def test_access_tokens_expire_by_their_own_lifetime() -> None:
    async with bench() as b:
        b.account.access_token_lifetime = 100
        reply = await b.refresh(b.account.issue_refresh_token())
        b.token = reply.body["access_token"]
        assert reply.body["expires_in"] == 100
        b.clock.tick(99)
        assert (await b.state()).status == 200
        b.clock.tick(1)
        expired = await b.state()
        assert (expired.status, expired.body["error"]) == (401, "token expired (401)")


@pytest.mark.parametrize("revokes", [False, True])
async def test_whether_a_refresh_kills_older_access_tokens_is_a_knob(revokes: bool) -> None:
    async with bench() as b:
        assert b.sim.refresh_revokes_access is False
        b.sim.refresh_revokes_access = revokes
        await rotate(b, b.account.issue_refresh_token())
        assert (await b.state()).status == (401 if revokes else 200)


async def test_scopes_hold_for_new_access_tokens() -> None:
    async with bench() as b:
        refresh_token = b.account.issue_refresh_token()
        b.account.scopes.discard("vehicle_device_data")
        assert (await b.state()).status == 200
        b.token = (await b.refresh(refresh_token)).body["access_token"]
        assert (await b.state()).status == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "sim-client"}, 400, "invalid_request"),
        (
            {"grant_type": "refresh_token", "client_id": "other", "refresh_token": "x"},
            400,
            "unauthorized_client",
        ),
        ({"grant_type": "password", "client_id": "sim-client"}, 400, "unsupported_grant_type"),
    ],
)
async def test_malformed_requests(form: dict[str, str], status: int, error: str) -> None:
    async with bench() as b:
        reply = await b.token_call(**form)
        assert (reply.status, reply.body["error"]) == (status, error)
        assert b.sim.refreshes == []


async def test_the_token_endpoint_wants_a_form() -> None:
    async with bench() as b:
        form = {"grant_type": "refresh_token", "client_id": "sim-client", "refresh_token": "x"}
        async with b.session.post(b.sim.token_url, json=form) as response:
            assert response.status == 400
        async with b.session.get(b.sim.token_url) as response:
            assert response.status == 405


async def test_a_code_is_exchanged_once() -> None:
    async with bench() as b:
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": "https://ha.example/callback",
            "code": b.account.issue_code("https://ha.example/callback"),
        }
        reply = await b.token_call(**form)
        assert reply.status == 200
        await rotate(b, reply.body["refresh_token"])
        again = await b.token_call(**form)
        assert (again.status, again.body["error"]) == (400, "invalid_auth_code")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "unauthorized_client"),
        ({"audience": ""}, "invalid_request"),
        ({"redirect_uri": "https://evil.example"}, "invalid_redirect_url"),
        ({"code": "unknown"}, "invalid_auth_code"),
    ],
)
async def test_a_code_needs_all_its_company(change: dict[str, str], error: str) -> None:
    async with bench() as b:
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": "https://ha.example/callback",
            "code": b.account.issue_code("https://ha.example/callback"),
        }
        reply = await b.token_call(**form | change)
        assert (reply.status, reply.body["error"]) == (400, error)


async def test_a_code_ages_and_gives_no_refresh_token_without_offline_access() -> None:
    async with bench(scopes={"vehicle_device_data"}) as b:
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": "https://ha.example/callback",
        }
        fresh = await b.token_call(**form, code=b.account.issue_code(form["redirect_uri"]))
        assert fresh.status == 200
        assert "refresh_token" not in fresh.body
        assert "id_token" not in fresh.body
        code = b.account.issue_code(form["redirect_uri"])
        b.clock.tick(600)
        assert (await b.token_call(**form, code=code)).body["error"] == "invalid_auth_code"


async def test_the_metadata_names_the_endpoints() -> None:
    async with bench() as b:
        url = f"{b.sim.auth_url}/oauth2/v3/thirdparty/.well-known/openid-configuration"
        async with b.session.get(url) as response:
            assert (await response.json())["token_endpoint"] == b.sim.token_url


async def test_no_token_is_written_down() -> None:
    async with bench() as b:
        token = b.account.issue_refresh_token()
        await b.refresh(token)
        async with b.session.get(f"{b.sim.auth_url}/oauth2/v3/token", params={"refresh_token": token}):
            pass
        assert [r.query for r in b.sim.requests] == ["", ""]
        assert token not in repr(
            (b.sim.requests, b.sim.refreshes, b.account.grants, b.account.grants[0].tokens)
        )


async def test_nothing_has_urls_before_the_start() -> None:
    sim = FleetSimulator()
    account = sim.add_account()
    with pytest.raises(RuntimeError, match="before it is started"):
        account.issue_access_token()
    with pytest.raises(RuntimeError):
        _ = sim.api_url
    with pytest.raises(ValueError, match="this name"):
        sim.add_account()
