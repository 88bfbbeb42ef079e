"""The first tokens: from a refresh token or a code that the owner brought to a chain that an entry can keep."""

from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .fleet.auth import (
    AuthorizationCode,
    Claims,
    Verdict,
    async_exchange_code,
    async_refresh,
    read_claims,
)
from .fleet.errors import BadAnswerError, FleetError, SignInRequiredError, TokenRejectedError
from .fleet.transport import Transport
from .token_flight import refresh_lock
from .token_journal import TokenJournal, async_draft_with
from .token_keeper import keeper_for
from .token_rotation import TokenChain


class ClientRefusedError(FleetError):
    """Tesla does not know the client id."""

    code = "client_refused"


class CodeRefusedError(FleetError):
    """The code of a sign-in is spent, expired or of another one: only a new sign-in helps."""

    code = "code_refused"


class NoRefreshTokenError(FleetError):
    """The owner did not grant `offline_access`: there is nothing to renew an access token with."""

    code = "no_refresh_token"


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account that let us in.

    account_id: the token's subject. It is also a source of access tokens for the few questions that a dialog asks; it
    cannot renew them.
    """

    account_id: str
    claims: Claims
    chain: TokenChain = field(repr=False)

    async def async_access_token(self) -> str:
        """Return the new access token."""
        return self.chain.access_token

    async def async_token_rejected(self, access_token: str) -> None:
        """Tell the caller that a token minutes old is refused."""
        raise TokenRejectedError(401)


async def async_sign_in(
    hass: HomeAssistant,
    transport: Transport,
    token_url: str,
    client_id: str,
    refresh_token: str,
    *,
    earlier: SignIn | None = None,
) -> SignIn:
    """Redeem a refresh token; its successor is on the disk, as a draft, when this returns. Not billed.

    earlier: an attempt of the same dialog; where the same token is pasted again its successors are used.

    Raises SignInRequiredError where Tesla refuses the token, ClientRefusedError where it does not know the app,
    BadAnswerError where the access token names no account, other FleetErrors where Tesla cannot be asked, and
    WriteError where the disk would not take the new token.
    """
    found = (earlier.chain if earlier else None, await async_draft_with(hass, refresh_token))
    known = (chain for chain in found if chain and chain.is_of(client_id) and chain.knows(refresh_token))
    chain = next(known, None) or TokenChain.begin(refresh_token, client_id)
    async with refresh_lock(hass):
        for candidate in chain.candidates:
            token = candidate.refresh_token
            answer = await async_refresh(transport, token_url, client_id, token)
            now = dt_util.utcnow().timestamp()
            match answer.verdict:
                case Verdict.REFUSED:
                    chain = chain.refused(token)
                case Verdict.CLIENT_REFUSED:
                    raise ClientRefusedError(answer.error.status)
                case Verdict.LATER:
                    raise answer.error
                case _:
                    return await _async_draft(hass, chain.offered(token, now).granted(token, answer, now))
        raise SignInRequiredError


async def async_sign_in_with_code(
    hass: HomeAssistant, transport: Transport, token_url: str, code: AuthorizationCode
) -> SignIn:
    """Exchange the code of a sign-in; its refresh token is on the disk, as a draft, when this returns. Not billed.

    Raises CodeRefusedError, ClientRefusedError, NoRefreshTokenError, other FleetErrors where Tesla cannot be asked, and
    WriteError where the disk would not take the token. A code works once: whatever is raised, the owner signs in again.
    """
    answer = await async_exchange_code(transport, token_url, code)
    now = dt_util.utcnow().timestamp()
    match answer.verdict:
        case Verdict.REFUSED:
            raise CodeRefusedError(answer.error.status)
        case Verdict.CLIENT_REFUSED:
            raise ClientRefusedError(answer.error.status)
        case Verdict.LATER:
            raise answer.error
        case _:
            pass
    if answer.refresh_token is None:
        raise NoRefreshTokenError
    chain = TokenChain.begin(answer.refresh_token, code.client_id)
    return await _async_draft(hass, chain.granted(answer.refresh_token, answer, now))


async def async_keep(hass: HomeAssistant, sign_in: SignIn) -> dict[str, Any]:
    """Make a sign-in the account's own, when its dialog ends well; it is on the disk when this returns.

    Until then an account that is set up keeps its tokens. Returns what the entry keeps. Raises WriteError: nothing has
    changed then.
    """
    stored = await keeper_for(hass, sign_in.account_id).async_replace(sign_in.chain)
    await async_discard(hass, sign_in)
    return stored


async def async_discard(hass: HomeAssistant, sign_in: SignIn) -> None:
    """Delete the draft of a dialog that has ended, well or not."""
    await TokenJournal(hass, sign_in.account_id, is_draft=True).async_remove()


async def async_undo_keep(hass: HomeAssistant, sign_in: SignIn) -> None:
    """Take back what was kept for a new account whose dialog was closed in that very moment."""
    if hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, sign_in.account_id) is None:
        await keeper_for(hass, sign_in.account_id).async_remove()


def account_entry_with(hass: HomeAssistant, refresh_token: str) -> ConfigEntry[Any] | None:
    """Return the entry that already uses a refresh token, loaded or not: to redeem it again would spend its grace."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        stored = TokenChain.from_dict(entry.data.get(CONF_TOKEN))
        if keeper_for(hass, entry.unique_id or entry.entry_id).knows(refresh_token) or (
            stored and stored.knows(refresh_token)
        ):
            return entry
    return None


async def _async_draft(hass: HomeAssistant, chain: TokenChain) -> SignIn:
    claims = read_claims(chain.access_token)
    if claims.subject is None:
        raise BadAnswerError
    await TokenJournal(hass, claims.subject, is_draft=True).async_save(chain)
    return SignIn(claims.subject, claims, chain)
