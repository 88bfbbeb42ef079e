"""The app's registration: its own token, and the key that its domain hosts, really fetched."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
import jwt
import pytest
from sim_bench import bench
from sim_partner_bench import KEY, KEY_PATH, POINT, as_partner, partner_call, pem, register, site

from fleet_simulator import Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_partner_token_is_the_apps_own() -> None:
    async with bench() as b:
        reply = await partner_call(b)
        assert reply.status == 200
        assert set(reply.body) == {"access_token", "expires_in", "token_type"}
        assert reply.body["expires_in"] == 28800
        claims = jwt.decode(reply.body["access_token"], options={"verify_signature": False})
        assert claims["sub"] == b.sim.client_id
        assert claims["aud"] == [b.sim.api_url]
        assert (claims["iat"], claims["exp"]) == (int(b.clock.now), int(b.clock.now) + 28800)
        # It opens no owner's car.
        b.token = reply.body["access_token"]
        assert (await b.state()).status == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "unauthorized_client"),
        ({"client_secret": None}, "unauthorized_client"),
        ({"client_id": "another"}, "unauthorized_client"),
        ({"scope": None}, "invalid_request"),
        ({"audience": None}, "invalid_request"),
        ({"audience": "https://elsewhere.example"}, "invalid_request"),
    ],
)
async def test_a_partner_token_wants_everything_right(changes: dict[str, Any], error: str) -> None:
    async with bench() as b:
        reply = await partner_call(b, **changes)
        assert (reply.status, reply.body["error"]) == (400, error)


async def test_an_app_without_a_secret_gets_no_partner_token() -> None:
    async with bench() as b:
        b.sim.auth.has_secret = False
        assert (await partner_call(b)).body["error"] == "unauthorized_client"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_only_a_living_partner_token_of_the_region_is_taken(method: str) -> None:
    async with bench() as b, site() as host:
        path = f"partner_accounts/public_key?domain={host.domain}" if method == "GET" else "partner_accounts"
        body = None if method == "GET" else {"domain": host.domain}
        reply = await b.api(method, path, json=body)
        assert (reply.status, reply.body["error"]) == (401, "Expected partner account")
        await as_partner(b, "na")
        reply = await b.api(method, path, json=body)
        assert reply.status == 401
        assert b.sim.api_urls["na"] in reply.body["error"]
        await as_partner(b)
        b.clock.tick(28799)
        assert (await b.api(method, path, json=body)).status != 401
        b.clock.tick(1)
        assert (await b.api(method, path, json=body)).status == 401
        b.token = None
        assert (await b.api(method, path, json=body)).status == 401


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        (None, 400),
        ("", 400),
        (5, 400),
        ("https://ha.example", 422),
        ("HA.example", 422),
        ("ha.example/path", 422),
        ("ha.example:8123", 422),
        ("user@ha.example", 422),
        ("nodots", 422),
    ],
)
async def test_a_domain_is_a_domain(domain: Any, status: int) -> None:
    async with bench() as b:
        b.sim.partner.require()
        await as_partner(b)
        reply = await register(b, domain)
        assert (reply.status, reply.body["response"]) == (status, None)
        assert b.sim.partner.registered == set()


async def test_a_body_is_json() -> None:
    async with bench() as b:
        await as_partner(b)
        assert (await b.api("POST", "partner_accounts", data="domain=ha.example")).status == 406
        headers = {"Content-Type": "application/json"}
        assert (await b.api("POST", "partner_accounts", data="[]", headers=headers)).status == 400
        assert (await b.get("partner_accounts/public_key")).status == 400
        assert (await b.get("partner_accounts/public_key?domain=ha.example")).status == 404


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": 404}, "status 404"),
        ({"status": 301, "headers": {"Location": "/elsewhere"}}, "status 301"),
        ({"body": b"<html>sign in</html>"}, "not a public key in PEM"),
        ({"body": b""}, "not a public key in PEM"),
        ({"body": b"x" * 20_000}, "too large"),
        (
            {"body": KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())},
            "not a public key in PEM",
        ),
        ({"body": pem(ec.generate_private_key(ec.SECP384R1()).public_key())}, "prime256v1"),
        ({"body": pem(ed25519.Ed25519PrivateKey.generate().public_key())}, "prime256v1"),
    ],
)
async def test_a_key_that_cannot_be_had_is_told_with_its_url(changes: dict[str, Any], why: str) -> None:
    async with bench() as b, site() as host:
        for name, value in changes.items():
            setattr(host, name, value)
        b.sim.partner.require()
        await as_partner(b)
        reply = await register(b, host.domain)
        assert reply.status == 424
        assert reply.body["response"] is None
        assert f"http://{host.domain}{KEY_PATH}" in reply.body["error"]
        assert why in reply.body["error"]
        assert b.sim.partner.registered == set()
        assert host.asked == [KEY_PATH]


async def test_a_site_that_is_not_there() -> None:
    async with bench() as b:
        async with site() as host:
            domain = host.domain
        await as_partner(b)
        reply = await register(b, domain)
        assert reply.status == 424
        assert "connection failed" in reply.body["error"]


async def test_a_site_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench() as b, site() as host:
        monkeypatch.setattr("fleet_simulator.partner.FETCH_TIMEOUT_S", 1e-6)
        await as_partner(b)
        reply = await register(b, host.domain)
        assert reply.status == 424
        assert "timeout" in reply.body["error"]


async def test_a_domain_of_the_world_is_fetched_where_the_hosts_say() -> None:
    async with bench() as b, site() as host:
        b.sim.partner.hosts["ha.example"] = f"http://{host.domain}/"
        await as_partner(b)
        assert (await register(b, "ha.example")).response["domain"] == "ha.example"
        assert host.asked == [KEY_PATH]


async def test_a_new_key_takes_the_place_of_the_old_one() -> None:
    async with bench() as b, site() as host:
        await as_partner(b)
        await register(b, host.domain)
        host.body = pem(ec.generate_private_key(ec.SECP256R1()).public_key())
        fresh = (await register(b, host.domain)).response["public_key"]
        assert fresh != POINT
        path = f"partner_accounts/public_key?domain={host.domain}"
        assert (await b.get(path)).response["public_key"] == fresh
        assert (await b.get("partner_accounts/public_key?domain=ha.example")).status == 404
        b.sim.partner.require()
        assert (await b.get(path)).status == 404


async def test_nothing_of_it_is_billed_and_faults_play_on_it() -> None:
    async with bench() as b, site() as host:
        await as_partner(b)
        b.sim.faults.add(Fault("partner", "double"))
        assert (await register(b, host.domain)).status == 200
        assert host.asked == [KEY_PATH] * 2
        assert b.sim.bill.entries == []
        assert b.sim.requests[-1].kind == "partner"
