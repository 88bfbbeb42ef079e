"""The first refresh: whatever Tesla, the disk or the person does, the token that was brought is not lost."""

import asyncio
from typing import Any

from account_bench import (
    full_disk,
    is_loaded,
    journalled,
    journals,
    keeper_of,
    kept_in,
    outcomes,
    restart,
)
from bench import SetUp, form, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import LocalOAuth2ImplementationWithPkce
from homeassistant.util.file import WriteError
import pytest

from custom_components.tesla_scout_worker.budget import FlowMeter
from custom_components.tesla_scout_worker.fleet.auth import AuthorizationCode
from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    BadAnswerError,
    CannotConnectError,
    FleetError,
    NotFoundError,
    RateLimitedError,
    RequestRejectedError,
    ServerError,
    SignInRequiredError,
    TokenRejectedError,
)
from custom_components.tesla_scout_worker.fleet.metering import Category
from custom_components.tesla_scout_worker.fleet.transport import Transport
from custom_components.tesla_scout_worker.sign_in import (
    ClientRefusedError,
    CodeRefusedError,
    NoRefreshTokenError,
    SignIn,
    async_forget,
    async_sign_in,
    async_sign_in_with_code,
)
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Car, Fault, FleetSimulator

OTHER = "other@example.com"


async def redeem(hass: HomeAssistant, simulator: FleetSimulator, token: str, **more: Any) -> SignIn:
    """Redeem a token at the simulator."""
    url = more.pop("url", simulator.token_url)
    client_id = more.pop("client_id", simulator.client_id)
    transport = Transport(async_get_clientsession(hass), FlowMeter(), trusted_urls=(url,))
    return await async_sign_in(hass, transport, url, client_id, token, **more)


def chain_of(sign_in: SignIn) -> TokenChain:
    """Return what an entry would keep."""
    chain = TokenChain.from_dict(dict(sign_in.stored))
    assert chain is not None
    return chain


async def test_a_token_is_redeemed_and_its_successor_is_on_the_disk(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The account is named, the chain is journalled, privately, and both agree."""
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    assert sign_in.account_id == account.sub
    assert chain_of(sign_in) == journalled(hass)
    assert journals(hass)[0].stat().st_mode & 0o777 == 0o600
    assert account.accepts(journalled(hass).candidates[0].refresh_token)
    assert await sign_in.async_access_token() == journalled(hass).access_token
    assert journalled(hass).access_token not in repr(sign_in)
    with pytest.raises(TokenRejectedError):
        await sign_in.async_token_rejected("x")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("token", "status", status=401, body={"error": "login_required"}), SignInRequiredError),
        (Fault("token", "status", status=400, body={"error": "invalid_grant"}), SignInRequiredError),
        (Fault("token", "status", status=400, body={"error": "unauthorized_client"}), ClientRefusedError),
        (Fault("token", "status", status=401, body={"error": "invalid_client"}), ClientRefusedError),
        (Fault("token", "status", status=403, body={"error": "access_denied"}), RequestRejectedError),
        (Fault("token", "status", status=404), NotFoundError),
        (Fault("token", "status", status=408), ServerError),
        (Fault("token", "status", status=429, headers={"Retry-After": "9"}), RateLimitedError),
        (Fault("token", "status", status=500), ServerError),
        (Fault("token", "garbage"), BadAnswerError),
        (Fault("token", "empty"), BadAnswerError),
        (Fault("token", "json", body=None), BadAnswerError),
        (Fault("token", "json", body={"access_token": "opaque", "refresh_token": "EU_x"}), BadAnswerError),
        (Fault("token", "reset_before"), AnswerLostError),
        (Fault("token", "reset_after"), AnswerLostError),
        (Fault("token", "half"), AnswerLostError),
    ],
)
async def test_after_any_failure_the_same_token_can_be_submitted_again(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, fault: Fault, kind: type[FleetError]
) -> None:
    """Each failure has its own error, nothing is written, and the second try works."""
    token = account.issue_refresh_token()
    simulator.faults.add(
        Fault("token", fault.kind, status=fault.status, body=fault.body, headers=fault.headers)
    )
    with pytest.raises(kind) as caught:
        await redeem(hass, simulator, token)
    assert type(caught.value) is kind
    assert token not in f"{caught.value!r} {caught.value}"
    assert journals(hass) == []
    assert (await redeem(hass, simulator, token)).account_id == account.sub


async def test_a_token_and_an_app_that_tesla_does_not_know(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The simulator's own refusals, without a fault; an app that is refused costs no token."""
    token = account.issue_refresh_token()
    with pytest.raises(SignInRequiredError):
        await redeem(hass, simulator, "EU_nonsense")
    with pytest.raises(ClientRefusedError) as caught:
        await redeem(hass, simulator, token, client_id="stranger")
    assert (caught.value.code, caught.value.status) == ("client_refused", 400)
    with pytest.raises(CannotConnectError):
        await redeem(hass, simulator, token, url="http://127.0.0.1:1/token")
    assert outcomes(account) == []


async def test_the_same_token_submitted_again_uses_its_successor(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A form that failed for another reason may be sent again and again: no grace is used up."""
    token = account.issue_refresh_token()
    sign_in = await redeem(hass, simulator, token)
    for _ in range(3):
        sign_in = await redeem(hass, simulator, token, earlier=sign_in)
        token = chain_of(sign_in).candidates[1].refresh_token
    assert outcomes(account) == ["rotated"] * 4
    assert (chain_of(sign_in).generation, chain_of(sign_in).sign_in) == (4, 0)
    assert chain_of(sign_in) == journalled(hass)


async def test_another_token_begins_anew(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A second token in the same form is another sign-in, later than the first."""
    first = await redeem(hass, simulator, account.issue_refresh_token())
    second = await redeem(hass, simulator, account.issue_refresh_token(), earlier=first)
    assert chain_of(second).grant != chain_of(first).grant
    assert chain_of(second).sign_in == chain_of(first).sign_in + 1
    assert journalled(hass) == chain_of(second)


async def test_a_successor_that_is_refused_leaves_the_token_that_was_brought(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """Candidates are tried newest first, in a dialog too."""
    token = account.issue_refresh_token()
    odd = {"access_token": account.issue_access_token(), "refresh_token": "EU_unknown"}
    simulator.faults.add(Fault("token", "json", body=odd, processed=True))
    earlier = await redeem(hass, simulator, token)
    again = await redeem(hass, simulator, token, earlier=earlier)
    assert outcomes(account) == ["rotated", "grace"]
    assert not chain_of(again).knows("EU_unknown")


async def test_a_full_disk_keeps_nobody_from_trying_again(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets the access token before its successor is saved; with room the same token works."""
    token = account.issue_refresh_token()
    with full_disk(monkeypatch), pytest.raises(WriteError):
        await redeem(hass, simulator, token)
    assert (await redeem(hass, simulator, token)).account_id == account.sub
    assert outcomes(account) == ["rotated", "grace"]


async def test_a_dialog_closed_in_mid_flight_does_not_lose_the_answer(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The rotation ends in the journal although nobody waits for it; a failure is nobody's exception."""
    held = simulator.faults.add(Fault("token", "delay"))
    asking = asyncio.create_task(redeem(hass, simulator, account.issue_refresh_token()))
    await held.reached()
    asking.cancel()
    await asyncio.wait([asking])
    held.release()
    await settle(hass)
    assert account.accepts(journalled(hass).candidates[0].refresh_token)
    held = simulator.faults.add(Fault("token", "delay", processed=False))
    asking = asyncio.create_task(redeem(hass, simulator, account.issue_refresh_token()))
    await held.reached()
    asking.cancel()
    await asyncio.wait([asking])
    held.release()
    await settle(hass)


async def test_a_foreign_dialog_does_not_touch_an_account_in_use(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A new set-up or another account's dialog that meets this account leaves its journal as it is."""
    entry = await set_up(account)
    before = journalled(hass)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    assert journalled(hass) == before
    sign_in = await redeem(hass, simulator, account.issue_refresh_token(), expected_account="another")
    assert journalled(hass) == before
    await async_forget(hass, sign_in)
    assert journalled(hass) == before == kept_in(entry)


async def test_a_dialog_of_the_account_itself_is_journalled_as_later(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A crash before the entry is written must not lose the new sign-in: a restart finds it."""
    entry = await set_up(account)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token(), expected_account=entry.unique_id)
    assert journalled(hass) == chain_of(sign_in)
    assert chain_of(sign_in).sign_in == kept_in(entry).sign_in + 1
    assert await restart(hass, entry)
    assert kept_in(entry) == chain_of(sign_in)


async def test_a_dialog_given_up_leaves_the_account_s_own_tokens(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """What a working account used goes back into its journal."""
    entry = await set_up(account)
    before = journalled(hass)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token(), expected_account=entry.unique_id)
    await async_forget(hass, sign_in)
    assert journalled(hass) == before
    assert await restart(hass, entry)
    assert kept_in(entry) == before


async def test_a_dialog_given_up_still_helps_an_account_without_tokens(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Where nothing is left to try, the sign-in that was not finished is what a restart goes on with."""
    entry = await set_up(account)
    account.revoke()
    with pytest.raises(SignInRequiredError):
        await entry.runtime_data.account.async_refresh_token()
    assert keeper_of(hass, entry).health.needs_sign_in
    sign_in = await redeem(hass, simulator, account.issue_refresh_token(), expected_account=entry.unique_id)
    await async_forget(hass, sign_in)
    assert await restart(hass, entry)
    assert kept_in(entry) == chain_of(sign_in)


async def test_a_dialog_given_up_leaves_no_token_of_a_new_account(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """An account that is not set up has no journal."""
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    await async_forget(hass, sign_in)
    assert journals(hass) == []
    await async_forget(hass, sign_in)


async def test_an_account_with_a_dead_token_is_mended_by_its_dialog(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """The new pair really replaces the stored one, also in the memory of the keeper."""
    entry = await set_up(account)
    account.revoke()
    with pytest.raises(SignInRequiredError):
        await entry.runtime_data.account.async_refresh_token()
    result = await hass.config_entries.flow.async_init(
        entry.domain, context={"source": "reauth", "entry_id": entry.entry_id}, data=dict(entry.data)
    )
    await hass.config_entries.flow.async_configure(
        result["flow_id"], form(simulator, account.issue_refresh_token())
    )
    await settle(hass)
    assert is_loaded(entry)
    health = keeper_of(hass, entry).health
    assert (health.needs_sign_in, health.failures, health.rotations) == (False, 0, 1)
    assert kept_in(entry) == journalled(hass)
    assert outcomes(account)[-1] == "rotated"


async def test_what_a_dialog_asks_is_counted_as_not_billed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The meter of a dialog counts what was sent, lets everything out and holds nothing back."""
    meter = FlowMeter()
    transport = Transport(async_get_clientsession(hass), meter, trusted_urls=(simulator.token_url,))
    url, app = simulator.token_url, simulator.client_id
    for fault in (Fault("token", "status", status=429), Fault("token", "status", status=503)):
        simulator.faults.add(fault)
        with pytest.raises(FleetError):
            await async_sign_in(hass, transport, url, app, account.issue_refresh_token())
    await async_sign_in(hass, transport, url, app, account.issue_refresh_token())
    assert meter.ledger.requests("2026-11")[Category.AUTH] == 2
    assert meter.ledger.cost("2026-11") == 0


# --- a code ---------------------------------------------------------------------------------------


def code_of(account: Account, simulator: FleetSimulator, **changes: str) -> AuthorizationCode:
    """Return what a browser brings back from the simulator's page."""
    verifier = changes.pop("verifier", "v" * 43)
    challenge = LocalOAuth2ImplementationWithPkce.compute_code_challenge("v" * 43)
    parts = {"client_id": simulator.client_id, "client_secret": simulator.client_secret, **changes}
    return AuthorizationCode(
        code=account.issue_code("https://example.com/back", challenge),
        redirect_uri="https://example.com/back",
        audience=simulator.api_url,
        verifier=verifier,
        **parts,
    )


async def exchange(
    hass: HomeAssistant, simulator: FleetSimulator, code: AuthorizationCode, **more: Any
) -> SignIn:
    """Exchange a code at the simulator."""
    url = simulator.token_url
    transport = Transport(async_get_clientsession(hass), FlowMeter(), trusted_urls=(url,))
    return await async_sign_in_with_code(hass, transport, url, code, **more)


async def test_a_code_is_exchanged_and_its_token_is_on_the_disk(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The chain is the same in the journal and for the entry; its one candidate is new and unused."""
    code = code_of(account, simulator)
    sign_in = await exchange(hass, simulator, code)
    assert sign_in.account_id == account.sub
    assert chain_of(sign_in) == journalled(hass)
    (candidate,) = journalled(hass).candidates
    assert candidate.offered_at is None
    assert account.accepts(candidate.refresh_token)
    assert account.refreshes == []
    for secret in (code.code, code.client_secret, code.verifier, candidate.refresh_token):
        assert secret not in f"{code!r} {sign_in!r}"
    with pytest.raises(CodeRefusedError):
        await exchange(hass, simulator, code)


async def test_codes_that_are_refused(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A wrong verifier, a wrong secret, an app that is not known: each as what it is, and nothing is written."""
    with pytest.raises(CodeRefusedError):
        await exchange(hass, simulator, code_of(account, simulator, verifier="w" * 43))
    for changes in ({"client_secret": "wrong"}, {"client_id": "stranger"}):
        with pytest.raises(ClientRefusedError):
            await exchange(hass, simulator, code_of(account, simulator, **changes))
    account.scopes.discard("offline_access")
    with pytest.raises(NoRefreshTokenError):
        await exchange(hass, simulator, code_of(account, simulator))
    assert journals(hass) == []


async def test_a_code_whose_caller_is_cancelled_is_kept_all_the_same(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The answer is journalled, whoever still waits for it."""
    held = simulator.faults.add(Fault("token", "delay"))
    caller = asyncio.create_task(exchange(hass, simulator, code_of(account, simulator)))
    await held.reached()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    held.release()
    await settle(hass)
    assert account.accepts(journalled(hass).candidates[0].refresh_token)


async def test_the_code_of_another_account_in_use_leaves_its_journal_alone(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Who is asked for the one account and signs in with the other, set-up one, changes nothing of either."""
    await set_up(account)
    before = journalled(hass)
    sign_in = await exchange(hass, simulator, code_of(account, simulator), expected_account="somebody else")
    assert sign_in.account_id == account.sub
    assert journalled(hass) == before
