"""The keeper of one account's refresh token: one refresh in flight, journalled before anyone gets the access token.

A keeper belongs to the account, not to the config entry's current set-up: a reload in the middle of a refresh must
find the answer, not ask again.
"""

import asyncio
from collections import deque
from collections.abc import Callable
import logging
import random
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .fleet.auth import Claims, TokenAnswer, Verdict, async_refresh, read_claims
from .fleet.errors import (
    CannotConnectError,
    FleetError,
    ServerError,
    SignInRequiredError,
    TokenRejectedError,
)
from .fleet.transport import Transport
from .token_decisions import Backoff, cause_of_refusal, next_offer
from .token_flight import refresh_lock, run_apart
from .token_health import TokenHealth
from .token_journal import TokenJournal
from .token_rotation import SignInCause, TokenChain, is_foreign, newest

_LOGGER = logging.getLogger(__name__)

# A token is renewed out of turn, by a 401 or on request, at most this often (seconds).
FORCED_REFRESH_EVERY: Final = 60.0
_A_DAY: Final = 86_400.0
# A renewal that falls due now is no news: only one that does not come about is (seconds).
_A_MOMENT: Final = 120.0
# Beyond this many rejections a day their number says no more.
_MOST_REJECTIONS: Final = 1_000

_KEEPERS: HassKey[dict[str, TokenKeeper]] = HassKey(f"{DOMAIN}.keepers")


class NotSavedError(FleetError):
    """The disk takes no token, and the one in use still works: it is not spent before its successor can be kept."""

    code = "cannot_save"
    is_transient = True


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
        self._on_disk: frozenset[str] = frozenset()
        self._refresh: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._claims = Claims()
        self._jitter = random.random()  # noqa: S311 - spreads load
        self._backoff = Backoff()
        self._last_rotation: float | None = None
        self._last_forced = 0.0
        self._failures_counted = 0
        self._rejections: deque[float] = deque(maxlen=_MOST_REJECTIONS)
        self._was_rejected = self._is_used_elsewhere = False
        self._client_refused = False
        self._is_saved = True

    async def async_bind(
        self,
        transport: Transport,
        token_url: str,
        client_id: str,
        stored: Callable[[], Any],
        store_chain: Callable[[dict[str, Any]], None],
    ) -> None:
        """Take over what the config entry and the journal hold; called at each set-up of the entry.

        stored: reads the entry's token. store_chain: puts a newer one into the entry.
        """
        await self._settled()
        self._transport, self._token_url, self._client_id = transport, token_url, client_id
        self._store_chain = store_chain
        journalled = await self._journal.async_load()
        # Read only now: what was under way until here may have changed it.
        entry_chain = TokenChain.from_dict(stored())
        # The chain in memory counts, and first: its last write may have failed, and it knows which access token was
        # refused. One of another app does not count: a dialog was killed between its journal and its entry.
        known = (
            chain for chain in (self._chain, journalled, entry_chain) if chain and chain.is_of(client_id)
        )
        chain = newest(*known) or TokenChain("", 0, ())
        if chain.grant != self._chain.grant or self._client_refused:
            # Another sign-in, or another try of a person who mended the app: what failed before says nothing.
            self._begin_anew()
        self._on_disk = journalled.refresh_tokens if journalled else frozenset()
        self._adopt(chain)
        if chain != entry_chain:
            store_chain(chain.as_dict())
        if chain.grant and chain != journalled:
            # Not waited for: the disk, or the lock, may take its time.
            self._saving = run_apart(self._hass, self._async_save_present())

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
        now = _now()
        self._rejections.append(now)
        if access_token != self._chain.access_token:
            return
        if not self._is_refreshing:
            if not self._may_force():
                raise TokenRejectedError(401)
            self._was_rejected = self._chain.is_valid(now)
            # While its successor cannot be had nobody is handed a dead token: each use of it would be billed.
            self._chain = self._chain.without_access()
        await self._async_refresh()

    async def async_renew(self) -> None:
        """Renew in the background if the token is old enough and no failure is being waited out."""
        now = _now()
        if not self._is_saved:
            await self._async_save_again()
        if self._chain.is_due(now, self._jitter):
            await self._async_refresh()

    async def async_force_refresh(self) -> bool:
        """Renew now, since a person asked. Return False where the last time was less than a minute ago."""
        if not self._is_refreshing and not self._may_force():
            return False
        self._backoff.hurry()
        await self._async_refresh()
        return True

    @property
    def health(self) -> TokenHealth:
        """Return what may be known of the tokens."""
        chain, now = self._chain, _now()
        cause = None if chain.candidates else chain.cause or SignInCause.REFUSED
        return TokenHealth(
            expires_at=chain.expires_at,
            usable_until=chain.usable_until,
            renew_at=max(chain.renew_at(self._jitter), self._backoff.retry_at or 0.0),
            is_overdue=chain.is_due(now - _A_MOMENT, self._jitter),
            last_rotation=self._last_rotation or chain.obtained_at or None,
            rotations=chain.rotations,
            failures=self._backoff.failures,
            failures_counted=self._failures_counted,
            rejections=sum(now - _A_DAY < at <= now for at in self._rejections),
            is_saved=self._is_saved,
            sign_in_cause=SignInCause.APP_REFUSED if self._client_refused else cause,
            is_used_elsewhere=self._is_used_elsewhere or cause is SignInCause.ANOTHER_PROGRAM,
            claims=self._claims,
            chain=chain.facts,
        )

    async def async_replace(self, chain: TokenChain) -> dict[str, Any]:
        """Take over a new sign-in, as later than all that is known; it is on the disk when this returns.

        Returns what the config entry keeps. Raises WriteError where the disk would not take it: nothing has changed then.
        """
        # Not while a refresh writes the same journal.
        async with refresh_lock(self._hass):
            latest = chain.after(newest(self._chain, await self._journal.async_load()))
            await self._journal.async_save(latest)
            self._is_saved, self._on_disk, self._client_id = True, latest.refresh_tokens, latest.client_id
            self._begin_anew()
            self._adopt(latest)
        return latest.as_dict()

    @property
    def grant(self) -> str:
        """Return the random name of the sign-in, empty where there is none."""
        return self._chain.grant

    def knows(self, refresh_token: str) -> bool:
        """Return whether a pasted token is one of this account's."""
        return self._chain.knows(refresh_token)

    async def async_remove(self) -> None:
        """Forget everything, on the disk too."""
        await self._settled()
        self._chain, self._claims = TokenChain("", 0, ()), Claims()
        self._begin_anew()
        self._transport, self._store_chain = None, None
        self._is_saved, self._on_disk = True, frozenset()
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
        transport = self._transport
        if transport is None:
            # The account was removed while somebody still asked: that is no lost sign-in.
            raise CannotConnectError
        async with refresh_lock(self._hass):
            if await self._async_look_elsewhere():
                return
            while candidate := next_offer(self._chain, self._on_disk):
                refresh_token = candidate.refresh_token
                await self._async_mark(refresh_token)
                answer = await self._async_offer(transport, refresh_token)
                if answer.verdict is Verdict.GRANTED:
                    await self._async_save(self._chain.granted(refresh_token, answer, _now()), to_entry=True)
                    self._backoff, self._client_refused, self._last_rotation = Backoff(), False, _now()
                    self._was_rejected = False
                    return
                if answer.verdict is Verdict.CLIENT_REFUSED:
                    self._client_refused = True
                    raise self._failed(SignInRequiredError(answer.error.status))
                self._failures_counted += 1
                cause = cause_of_refusal(self._chain, _now(), was_rejected=self._was_rejected)
                await self._async_save(self._chain.refused(refresh_token, cause), to_entry=True)
            raise SignInRequiredError

    async def _async_look_elsewhere(self) -> bool:
        """Take over what somebody else wrote: another instance on the same disk, a backup put back underneath.

        Return whether that brought an access token that works.
        """
        found = await self._journal.async_load()
        self._is_used_elsewhere = found is not None and is_foreign(found, self._chain)
        if found is None or not self._is_used_elsewhere:
            return False
        _LOGGER.warning("Somebody else renewed the token of this account; going on with what was found")
        self._on_disk = found.refresh_tokens
        had = self._chain.access_token
        self._adopt(newest(found, self._chain) or self._chain)
        if self._store_chain:
            self._store_chain(self._chain.as_dict())
        return self._chain.access_token != had and self._chain.is_valid(_now())

    async def _async_mark(self, refresh_token: str) -> None:
        """Note on the disk that a token is about to be used; that proves, too, that its successor can be kept."""
        marked = self._chain.offered(refresh_token, _now())
        if marked != self._chain or not self._is_saved:
            await self._async_save(marked)
        if not self._is_saved and self._chain.is_valid(_now()):
            raise self._failed(NotSavedError())

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
        self._failures_counted += 1
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
            self._is_saved, self._on_disk = True, chain.refresh_tokens
        self._adopt(chain)
        if to_entry and self._store_chain:
            self._store_chain(chain.as_dict())

    def _begin_anew(self) -> None:
        self._backoff, self._client_refused, self._last_rotation = Backoff(), False, None
        self._was_rejected = self._is_used_elsewhere = False

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


def _now() -> float:
    return dt_util.utcnow().timestamp()
