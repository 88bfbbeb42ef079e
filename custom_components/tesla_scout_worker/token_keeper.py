"""The keeper of one account's refresh token: one refresh in flight, journalled before anyone gets the access token.

A keeper belongs to the account, not to the config entry's current set-up: a reload in the middle of a refresh must
find the answer, not ask again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
import logging
import random
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .fleet.auth import Claims, TokenAnswer, Verdict, async_refresh, read_claims
from .fleet.errors import FleetError, ServerError, SignInRequiredError, TokenRejectedError
from .fleet.transport import Transport
from .token_journal import TokenJournal
from .token_rotation import Backoff, TokenChain, newest

_LOGGER = logging.getLogger(__name__)

# A token is renewed out of turn, by a 401 or on request, at most this often (seconds).
FORCED_REFRESH_EVERY: Final = 60.0

_KEEPERS: HassKey[dict[str, TokenKeeper]] = HassKey(f"{DOMAIN}.keepers")
# One refresh at a time, whoever asks: two of them with one refresh token lock each other out.
_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}.refresh_lock")


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """What may be known of the tokens. Times are Unix seconds, None where it never happened.

    expires_at, usable_until: 0 while there is no access token. failures: refreshes in a row that brought nothing.
    is_saved: the newest refresh token is on the disk.
    """

    expires_at: float
    usable_until: float
    renew_at: float
    last_rotation: float | None
    rotations: int
    failures: int
    retry_at: float | None
    needs_sign_in: bool
    is_saved: bool
    claims: Claims


class TokenKeeper:
    """Owns a token chain. Nothing but this class, the journal and a sign-in sees a refresh token."""

    def __init__(self, hass: HomeAssistant, account_id: str) -> None:
        """Initialize. account_id: the token's subject."""
        self._hass = hass
        self._journal = TokenJournal(hass, account_id)
        self._chain = TokenChain("", 0, ())
        self._transport: Transport | None = None
        self._token_url = self._client_id = ""
        self._store_chain: Callable[[dict[str, Any]], None] | None = None
        self._refresh: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._claims = Claims()
        self._jitter = random.random()  # noqa: S311 - spreads load
        self._backoff = Backoff()
        self._last_rotation: float | None = None
        self._last_forced = 0.0
        self._client_refused = False
        self._is_saved = True

    async def async_bind(
        self,
        transport: Transport,
        token_url: str,
        client_id: str,
        stored: Any,
        store_chain: Callable[[dict[str, Any]], None],
    ) -> None:
        """Take over what the config entry and the journal hold; called at each set-up of the entry.

        stored: the entry's token. store_chain: puts a newer one into the entry.
        """
        await self._settled()
        self._transport, self._token_url, self._client_id = transport, token_url, client_id
        self._store_chain = store_chain
        entry_chain = TokenChain.from_dict(stored)
        # The chain in memory counts too: its last write may have failed.
        chain = newest(entry_chain, await self._journal.async_load(), self._chain) or self._chain
        if chain.grant != self._chain.grant or self._client_refused:
            # Another sign-in, or another try of a person who mended the app: what failed before says nothing.
            self._backoff, self._client_refused, self._last_rotation = Backoff(), False, None
        self._adopt(chain)
        if chain != entry_chain:
            store_chain(chain.as_dict())

    async def async_access_token(self) -> str:
        """Return an access token that should work.

        Raises SignInRequiredError where no candidate is left, else the FleetError that keeps us from a new one.
        """
        if not self._chain.is_valid(_now()):
            await self._async_refresh()
        return self._chain.access_token

    async def async_token_rejected(self, access_token: str) -> None:
        """Get a better token than this one, to which Tesla answered 401.

        Raises TokenRejectedError where that was tried less than a minute ago.
        """
        if access_token != self._chain.access_token:
            return
        if not self._is_refreshing:
            if not self._may_force():
                raise TokenRejectedError(401)
            # While its successor cannot be had nobody is handed a dead token: each use of it would be billed.
            self._chain = self._chain.without_access()
        await self._async_refresh()

    async def async_renew(self) -> None:
        """Renew in the background if the token is old enough and no failure is being waited out."""
        now = _now()
        if not self._is_saved:
            await self._async_save_again()
        if now >= self._chain.renew_at(self._jitter) or not self._chain.is_valid(now):
            await self._async_refresh()

    async def async_force_refresh(self) -> bool:
        """Renew now, since a person asked. Return False where the last time was less than a minute ago."""
        if not self._is_refreshing and not self._may_force():
            return False
        self._backoff.retry_at = None
        await self._async_refresh()
        return True

    @property
    def health(self) -> TokenHealth:
        """Return what may be known of the tokens."""
        return TokenHealth(
            expires_at=self._chain.expires_at,
            usable_until=self._chain.usable_until,
            renew_at=max(self._chain.renew_at(self._jitter), self._backoff.retry_at or 0.0),
            last_rotation=self._last_rotation or self._chain.obtained_at or None,
            rotations=self._chain.generation,
            failures=self._backoff.failures,
            retry_at=self._backoff.retry_at,
            needs_sign_in=self._client_refused or not self._chain.candidates,
            is_saved=self._is_saved,
            claims=self._claims,
        )

    async def async_succeed(self, chain: TokenChain) -> TokenChain:
        """Return the chain of a new sign-in as later than all that is known."""
        return chain.after(newest(self._chain, await self._journal.async_load()))

    async def async_take_back(self) -> None:
        """Write over the journal of a sign-in that came to nothing."""
        # With nothing left to try the account is better served by what its owner did not finish.
        if self._chain.candidates:
            await self._async_save_again()

    def knows(self, refresh_token: str) -> bool:
        """Return whether a pasted token is one of this account's."""
        return self._chain.knows(refresh_token)

    async def async_remove(self) -> None:
        """Forget everything, on the disk too."""
        await self._settled()
        self._chain, self._claims = TokenChain("", 0, ()), Claims()
        self._backoff, self._client_refused, self._last_rotation = Backoff(), False, None
        self._store_chain, self._is_saved = None, True
        await self._journal.async_remove()

    # --- the refresh ------------------------------------------------------------------------------

    async def _async_refresh(self) -> None:
        """Join the refresh in flight, or start one in a task that no caller's cancel can reach."""
        refresh = self._refresh
        if refresh is None or refresh.done():
            self._refresh = refresh = run_apart(self._hass, self._async_rotate())
        await asyncio.wait([refresh])
        refresh.result()

    async def _async_rotate(self) -> None:
        """Offer the candidates, newest first, until one is taken."""
        self._backoff.check(_now())
        async with refresh_lock(self._hass):
            while True:
                candidate = next(iter(self._chain.candidates), None)
                if candidate is None or self._transport is None:
                    raise SignInRequiredError
                chain = self._chain.offered(candidate.refresh_token, _now())
                if chain != self._chain:
                    await self._async_save(chain)
                answer = await self._async_offer(self._transport, candidate.refresh_token)
                if answer.verdict is Verdict.GRANTED:
                    await self._async_save(
                        self._chain.granted(candidate.refresh_token, answer, _now()), to_entry=True
                    )
                    self._backoff, self._client_refused, self._last_rotation = Backoff(), False, _now()
                    return
                if answer.verdict is Verdict.CLIENT_REFUSED:
                    self._client_refused = True
                    raise self._failed(SignInRequiredError(answer.error.status))
                await self._async_save(self._chain.refused(candidate.refresh_token), to_entry=True)

    async def _async_offer(self, transport: Transport, refresh_token: str) -> TokenAnswer:
        """Offer one token; what says nothing about it is raised, and waited out."""
        try:
            answer = await async_refresh(transport, self._token_url, self._client_id, refresh_token)
        except FleetError as err:
            self._failed(err)
            raise
        if answer.verdict is Verdict.LATER:
            error = answer.error
            # A 403 or 404 of the token endpoint is weather, not a verdict on the account.
            raise self._failed(error if error.is_transient else ServerError(error.status))
        return answer

    def _failed(self, error: FleetError) -> FleetError:
        _LOGGER.debug("Token refresh failed: %s", error)
        return self._backoff.failed(error, _now())

    def _may_force(self) -> bool:
        now = _now()
        # A clock that went back must not forbid it for ever.
        if 0 <= now - self._last_forced < FORCED_REFRESH_EVERY:
            return False
        self._last_forced = now
        return True

    async def _async_save(self, chain: TokenChain, *, to_entry: bool = False) -> None:
        """Adopt a chain, on the disk first. A full disk is no reason to lose it: it is kept and written later."""
        try:
            await self._journal.async_save(chain)
        except (WriteError, OSError) as err:
            if self._is_saved:
                _LOGGER.warning("The token journal could not be written: %s", type(err).__name__)
            self._is_saved = False
        else:
            self._is_saved = True
        self._adopt(chain)
        if to_entry and self._store_chain:
            self._store_chain(chain.as_dict())

    def _adopt(self, chain: TokenChain) -> None:
        if chain.access_token != self._chain.access_token:
            self._claims = read_claims(chain.access_token)
        self._chain = chain

    async def _async_save_again(self) -> None:
        if self._saving is None or self._saving.done():
            self._saving = run_apart(self._hass, self._async_save_present())
        await asyncio.wait([self._saving])

    async def _async_save_present(self) -> None:
        # Between two rotations: an older chain must not be written over a newer one.
        async with refresh_lock(self._hass):
            await self._async_save(self._chain)

    @property
    def _is_refreshing(self) -> bool:
        return self._refresh is not None and not self._refresh.done()

    async def _settled(self) -> None:
        if tasks := [task for task in (self._refresh, self._saving) if task]:
            await asyncio.wait(tasks)


def keeper_for(hass: HomeAssistant, account_id: str) -> TokenKeeper:
    """Return the one keeper of an account."""
    keepers = hass.data.setdefault(_KEEPERS, {})
    if account_id not in keepers:
        keepers[account_id] = TokenKeeper(hass, account_id)
    return keepers[account_id]


def is_known_token(hass: HomeAssistant, refresh_token: str) -> bool:
    """Return whether an account that is set up already uses this refresh token."""
    return any(keeper.knows(refresh_token) for keeper in hass.data.get(_KEEPERS, {}).values())


def refresh_lock(hass: HomeAssistant) -> asyncio.Lock:
    """Return the lock that every refresh holds."""
    return hass.data.setdefault(_LOCK, asyncio.Lock())


def run_apart[T](hass: HomeAssistant, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task that no caller's cancel, time-out or unload can reach. Wait for it with asyncio.wait."""
    task = hass.async_create_task(work, f"{DOMAIN} token", eager_start=True)
    # Where each caller was cancelled nobody is left to look at the exception.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _now() -> float:
    return dt_util.utcnow().timestamp()
