"""Codes with a challenge, and apps without a secret."""

import pytest
from sim_bench import Bench, Reply, bench

from fleet_simulator.pkce import challenge_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLBACK = "https://ha.example/callback"
# The pair of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def exchange(b: Bench, code: str, **more: str) -> Reply:
    """Exchange a code, without a secret unless one is given."""
    return await b.token_call(
        grant_type="authorization_code",
        client_id=b.sim.client_id,
        audience=b.sim.api_url,
        redirect_uri=CALLBACK,
        code=code,
        **more,
    )


async def by_page(b: Bench) -> str:
    """Return a code from the sign-in page, asked for with the challenge."""
    query = {
        "response_type": "code",
        "client_id": b.sim.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid offline_access vehicle_device_data",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    form = {"account": b.account.name, "decision": "allow"}
    async with b.session.post(
        b.sim.authorize_url, params=query, data=form, allow_redirects=False
    ) as response:
        return response.headers["Location"].partition("code=")[2].partition("&")[0]


def test_the_challenge_is_the_standards() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE


@pytest.mark.parametrize("secret", [{}, {"client_secret": "sim-secret"}])
async def test_a_verifier_stands_for_the_secret(secret: dict[str, str]) -> None:
    async with bench() as b:
        reply = await exchange(b, await by_page(b), code_verifier=VERIFIER, **secret)
        assert reply.status == 200
        assert b.account.accepts(reply.body["refresh_token"])


async def test_a_wrong_secret_is_wrong_beside_a_verifier_too() -> None:
    async with bench() as b:
        reply = await exchange(b, await by_page(b), code_verifier=VERIFIER, client_secret="wrong")
        assert (reply.status, reply.body["error"]) == (400, "unauthorized_client")


@pytest.mark.parametrize(
    "verifier",
    [{}, {"code_verifier": "x" * 43}, {"code_verifier": CHALLENGE}, {"code_verifier": VERIFIER[:-1]}],
)
async def test_a_challenge_wants_its_verifier_and_the_code_is_spent(verifier: dict[str, str]) -> None:
    async with bench() as b:
        code = b.account.issue_code(CALLBACK, CHALLENGE)
        reply = await exchange(b, code, client_secret=b.sim.client_secret, **verifier)
        assert (reply.status, reply.body["error"]) == (400, "invalid_grant")
        reply = await exchange(b, code, code_verifier=VERIFIER)
        assert (reply.status, reply.body["error"]) == (400, "invalid_auth_code")


@pytest.mark.parametrize("verifier", ["x" * 42, "x" * 129, "!" * 43])
async def test_a_verifier_has_the_standards_form(verifier: str) -> None:
    async with bench() as b:
        reply = await exchange(
            b, b.account.issue_code(CALLBACK, challenge_of(verifier)), code_verifier=verifier
        )
        assert reply.body["error"] == "invalid_grant"


async def test_without_a_challenge_the_secret_is_asked_for() -> None:
    async with bench() as b:
        code = b.account.issue_code(CALLBACK)
        assert (await exchange(b, code)).body["error"] == "unauthorized_client"
        # A refusal of the app is not an exchange: the code is still good.
        assert (await exchange(b, code, client_secret=b.sim.client_secret)).status == 200


async def test_a_verifier_without_a_challenge_is_refused() -> None:
    async with bench() as b:
        code = b.account.issue_code(CALLBACK)
        reply = await exchange(b, code, client_secret=b.sim.client_secret, code_verifier=VERIFIER)
        assert reply.body["error"] == "invalid_grant"


async def test_a_server_that_knows_no_pkce_ignores_it() -> None:
    async with bench() as b:
        b.sim.auth.pkce_supported = False
        code = await by_page(b)
        reply = await exchange(b, code, code_verifier=VERIFIER)
        assert (reply.status, reply.body["error"]) == (400, "unauthorized_client")
        reply = await exchange(b, code, code_verifier="anything", client_secret=b.sim.client_secret)
        assert reply.status == 200
        code = b.account.issue_code(CALLBACK, CHALLENGE)
        assert (await exchange(b, code, code_verifier=VERIFIER)).body["error"] == "unauthorized_client"


async def test_an_app_without_a_secret_is_asked_for_none() -> None:
    async with bench() as b:
        b.sim.auth.has_secret = False
        assert (await exchange(b, b.account.issue_code(CALLBACK))).status == 200
        assert (await exchange(b, await by_page(b), code_verifier=VERIFIER)).status == 200
        assert (await exchange(b, await by_page(b))).body["error"] == "invalid_grant"


@pytest.mark.parametrize(("supported", "methods"), [(True, ["S256"]), (False, None)])
async def test_the_metadata_tells(supported: bool, methods: list[str] | None) -> None:
    async with bench() as b:
        b.sim.auth.pkce_supported = supported
        url = f"{b.sim.auth_url}/oauth2/v3/thirdparty/.well-known/openid-configuration"
        async with b.session.get(url) as response:
            facts = await response.json()
        assert facts.get("code_challenge_methods_supported") == methods
        assert facts["authorization_endpoint"] == b.sim.authorize_url
