"""The first refresh: whatever Tesla, the disk or the person does, the token that was brought is not lost."""

import asyncio
import os
from typing import Any

from account_bench import (
    drafts,
    forget_memory,
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
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_TOKEN
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
    async_discard,
    async_keep,
    async_sign_in,
    async_sign_in_with_code,
    async_undo_keep,
)
from custom_components.tesla_scout_worker.token_journal import async_sweep_drafts
from custom_components.tesla_scout_worker.token_rotation import GRACE, TokenChain
from fleet_simulator import Account, Car, Fault, FleetSimulator

OTHER = "other@example.com"


async def redeem(hass: HomeAssistant, simulator: FleetSimulator, token: str, **more: Any) -> SignIn:
    """Redeem a token at the simulator."""
    url = more.pop("url", simulator.token_url)
    client_id = more.pop("client_id", simulator.client_id)
    transport = Transport(async_get_clientsession(hass), FlowMeter(), trusted_urls=(url,))
    return await async_sign_in(hass, transport, url, client_id, token, **more)


async def test_a_sign_in_that_is_kept_is_on_the_disk_and_nothing_before(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """The account is named; what is kept is journalled, privately, and is what the entry gets."""
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    assert sign_in.account_id == account.sub
    assert journals(hass) == []
    (draft,) = drafts(hass)
    assert draft.stat().st_mode & 0o777 == 0o600
    stored = await async_keep(hass, sign_in)
    assert drafts(hass) == []
    assert TokenChain.from_dict(stored) == sign_in.chain == journalled(hass)
    assert sign_in.chain.client_id == simulator.client_id
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
        token = sign_in.chain.candidates[1].refresh_token
    assert outcomes(account) == ["rotated"] * 4
    assert (sign_in.chain.generation, sign_in.chain.sign_in) == (4, 0)


async def test_another_token_and_another_app_begin_anew(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A second token in the same form is another sign-in, and so is the same token for another app."""
    token = account.issue_refresh_token()
    first = await redeem(hass, simulator, token)
    second = await redeem(hass, simulator, account.issue_refresh_token(), earlier=first)
    assert second.chain.grant != first.chain.grant
    simulator.auth.client_id = "another-app"
    other = await redeem(hass, simulator, token, earlier=first, client_id="another-app")
    assert other.chain.grant != first.chain.grant
    assert other.chain.client_id == "another-app"


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
    assert not again.chain.knows("EU_unknown")


async def test_a_full_disk_keeps_nobody_from_trying_again(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is changed by a sign-in that could not be written; with room the same one is kept."""
    entry = await set_up(account)
    before, health = journalled(hass), keeper_of(hass, entry).health
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    with full_disk(monkeypatch), pytest.raises(WriteError):
        await async_keep(hass, sign_in)
    assert journalled(hass) == before == kept_in(entry)
    assert keeper_of(hass, entry).health == health
    await async_keep(hass, sign_in)
    assert journalled(hass).grant == sign_in.chain.grant


async def test_a_dialog_touches_nothing_until_it_ends_well(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """An account in use keeps its tokens: a restart with the dialog still open finds them as they were."""
    entry = await set_up(account)
    before = journalled(hass)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    assert journalled(hass) == before
    assert await restart(hass, entry)
    assert journalled(hass) == before == kept_in(entry)
    await async_undo_keep(hass, sign_in)
    assert journalled(hass) == before


async def test_a_crash_between_journal_and_entry_goes_on_with_the_new_sign_in(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """It is later than all that was known, whatever the entry still says."""
    entry = await set_up(account)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    stored = await async_keep(hass, sign_in)
    assert stored["sign_in"] == kept_in(entry).sign_in + 1
    assert await restart(hass, entry)
    assert kept_in(entry) == TokenChain.from_dict(stored) == journalled(hass)


async def test_a_crash_between_journal_and_entry_does_not_mix_two_apps(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """The entry still names the old app: its own tokens go on, those of the other app would be refused."""
    entry = await set_up(account)
    before = kept_in(entry)
    simulator.auth.client_id = "another-app"
    await async_keep(hass, await redeem(hass, simulator, account.issue_refresh_token()))
    simulator.auth.client_id = "sim-client"
    assert await restart(hass, entry)
    assert kept_in(entry) == before
    await settle(hass)
    assert journalled(hass) == before


async def test_a_pasted_token_is_not_lost_with_the_dialog(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """Home Assistant ends with the dialog open: the same token, pasted again, goes on as what it has become."""
    token = account.issue_refresh_token()
    await redeem(hass, simulator, token)
    forget_memory(hass)
    # Even when the day is over in which Tesla would take the token itself.
    freezer.tick(2 * GRACE)
    with pytest.raises(ClientRefusedError):
        await redeem(hass, simulator, token, client_id="another-app")
    sign_in = await redeem(hass, simulator, token)
    assert outcomes(account) == ["rotated", "rotated"]
    await async_discard(hass, sign_in)
    assert drafts(hass) == []


async def test_drafts_that_nobody_comes_back_to_are_swept(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """After a day, at the next start; not before."""
    await redeem(hass, simulator, account.issue_refresh_token())
    (draft,) = drafts(hass)
    os.utime(draft, (simulator.clock(), simulator.clock()))
    await async_sweep_drafts(hass)
    assert drafts(hass) == [draft]
    freezer.tick(GRACE + 1)
    await async_sweep_drafts(hass)
    assert drafts(hass) == []


async def test_a_refresh_under_way_does_not_undo_a_new_sign_in(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The old token is being renewed, slowly, while the dialog ends: the new sign-in is what stays, on the disk too."""
    entry = await set_up(account)
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    slow = simulator.faults.add(Fault("token", "delay"))
    refresh = asyncio.create_task(entry.runtime_data.account.async_refresh_token())
    await slow.reached()

    async def _end_of_the_dialog() -> None:
        stored = await async_keep(hass, sign_in)
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: stored})
        await hass.config_entries.async_reload(entry.entry_id)

    ending = asyncio.create_task(_end_of_the_dialog())
    await asyncio.sleep(0)
    slow.release()
    await asyncio.gather(refresh, ending)
    await settle(hass)
    assert kept_in(entry).grant == journalled(hass).grant == sign_in.chain.grant
    assert keeper_of(hass, entry)._chain.grant == sign_in.chain.grant


async def test_a_dialog_closed_at_its_end_leaves_no_token_of_a_new_account(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """An account that is not set up has no journal."""
    sign_in = await redeem(hass, simulator, account.issue_refresh_token())
    await async_keep(hass, sign_in)
    await async_undo_keep(hass, sign_in)
    assert journals(hass) == []
    await async_undo_keep(hass, sign_in)


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


async def exchange(hass: HomeAssistant, simulator: FleetSimulator, code: AuthorizationCode) -> SignIn:
    """Exchange a code at the simulator."""
    url = simulator.token_url
    transport = Transport(async_get_clientsession(hass), FlowMeter(), trusted_urls=(url,))
    return await async_sign_in_with_code(hass, transport, url, code)


async def test_a_code_is_exchanged_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """Its one candidate is new and unused, and no text shows a secret."""
    code = code_of(account, simulator)
    sign_in = await exchange(hass, simulator, code)
    assert sign_in.account_id == account.sub
    (candidate,) = sign_in.chain.candidates
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
