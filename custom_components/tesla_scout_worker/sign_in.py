"""The first tokens: from a refresh token or a code that the owner brought to a chain that an entry can keep."""

import asyncio
from collections.abc import Mapping
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
from .token_journal import TokenJournal
from .token_keeper import keeper_for, refresh_lock, run_apart
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

    account_id: the token's subject. stored: what the config entry keeps. It is also a source of access tokens for the
    few questions that a flow asks; it cannot renew them.
    """

    account_id: str
    claims: Claims
    stored: Mapping[str, Any] = field(repr=False)

    async def async_access_token(self) -> str:
        """Return the new access token."""
        return str(self.stored["access_token"])

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
    expected_account: str | None = None,
) -> SignIn:
    """Redeem a refresh token; its successor is on the disk when this returns. Not billed.

    earlier: an attempt of the same flow; where the same token is pasted again its successors are used.
    expected_account: whose tokens this sign-in may replace; the journal of another account in use is left alone.

    Raises SignInRequiredError where Tesla refuses the token, ClientRefusedError where it does not know the app,
    BadAnswerError where the access token names no account, other FleetErrors where Tesla cannot be asked, and
    WriteError where the disk would not take the new token.
    """
    chain = TokenChain.from_dict(earlier.stored) if earlier else None
    if chain is None or not chain.knows(refresh_token):
        chain = TokenChain.begin(refresh_token)
    # In a task of its own: closing the dialog in mid-flight must not lose the answer.
    redeeming = run_apart(hass, _async_redeem(hass, transport, token_url, client_id, chain, expected_account))
    await asyncio.wait([redeeming])
    return redeeming.result()


async def async_sign_in_with_code(
    hass: HomeAssistant,
    transport: Transport,
    token_url: str,
    code: AuthorizationCode,
    *,
    expected_account: str | None = None,
) -> SignIn:
    """Exchange the code of a sign-in; its refresh token is on the disk when this returns. Not billed.

    expected_account: whose tokens this sign-in may replace, as for async_sign_in.

    Raises CodeRefusedError, ClientRefusedError, NoRefreshTokenError, other FleetErrors where Tesla cannot be asked, and
    WriteError where the disk would not take the token. A code works once: whatever is raised, the owner signs in again.
    """
    exchanging = run_apart(hass, _async_exchange(hass, transport, token_url, code, expected_account))
    await asyncio.wait([exchanging])
    return exchanging.result()


def account_entry_with(hass: HomeAssistant, refresh_token: str) -> ConfigEntry[Any] | None:
    """Return the entry that already uses a refresh token, loaded or not: to redeem it again would spend its grace."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        stored = TokenChain.from_dict(entry.data.get(CONF_TOKEN))
        if keeper_for(hass, entry.unique_id or entry.entry_id).knows(refresh_token) or (
            stored and stored.knows(refresh_token)
        ):
            return entry
    return None


async def async_forget(hass: HomeAssistant, sign_in: SignIn) -> None:
    """Take back what a flow wrote that came to nothing."""
    if _is_set_up(hass, sign_in.account_id):
        await keeper_for(hass, sign_in.account_id).async_take_back()
    else:
        await TokenJournal(hass, sign_in.account_id).async_remove()


async def _async_redeem(
    hass: HomeAssistant,
    transport: Transport,
    token_url: str,
    client_id: str,
    chain: TokenChain,
    expected_account: str | None,
) -> SignIn:
    async with refresh_lock(hass):
        for candidate in chain.candidates:
            refresh_token = candidate.refresh_token
            answer = await async_refresh(transport, token_url, client_id, refresh_token)
            now = dt_util.utcnow().timestamp()
            match answer.verdict:
                case Verdict.REFUSED:
                    chain = chain.refused(refresh_token)
                case Verdict.CLIENT_REFUSED:
                    raise ClientRefusedError(answer.error.status)
                case Verdict.LATER:
                    raise answer.error
                case _:
                    chain = chain.offered(refresh_token, now).granted(refresh_token, answer, now)
                    return await _async_keep(hass, chain, expected_account)
        raise SignInRequiredError


async def _async_exchange(
    hass: HomeAssistant,
    transport: Transport,
    token_url: str,
    code: AuthorizationCode,
    expected_account: str | None,
) -> SignIn:
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
    chain = TokenChain.begin(answer.refresh_token).granted(answer.refresh_token, answer, now)
    # Not while a refresh writes the same journal.
    async with refresh_lock(hass):
        return await _async_keep(hass, chain, expected_account)


async def _async_keep(hass: HomeAssistant, chain: TokenChain, expected_account: str | None) -> SignIn:
    claims = read_claims(chain.access_token)
    if claims.subject is None:
        raise BadAnswerError
    chain = await keeper_for(hass, claims.subject).async_as_latest(chain)
    if claims.subject == expected_account or not _is_set_up(hass, claims.subject):
        await TokenJournal(hass, claims.subject).async_save(chain)
    return SignIn(claims.subject, claims, chain.as_dict())


def _is_set_up(hass: HomeAssistant, account_id: str) -> bool:
    return hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, account_id) is not None
