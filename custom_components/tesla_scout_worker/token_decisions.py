"""What to do about a refresh token, pure: which one to offer, what its refusal means, how long to wait."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from .fleet.errors import FleetError
from .token_rotation import LIFE, Candidate, SignInCause, TokenChain

_FIRST_RETRY: Final = 30.0
_LONGEST_RETRY: Final = 900.0


def next_offer(chain: TokenChain, on_disk: AbstractSet[str]) -> Candidate | None:
    """Return the refresh token to offer next, None where nobody but the owner can help.

    on_disk: the refresh tokens that a crash would leave. Using the newest kills the one before it, so while the disk
    takes nothing the one that is on it goes on being used, until Tesla says that its grace is over: a crash before that
    finds a token that works. No clock is asked, since a clock can jump.

    | newest on the disk | another of them on the disk | offered               |
    |--------------------|-----------------------------|-----------------------|
    | yes                |                             | the newest            |
    | no                 | yes                         | the one on the disk   |
    | no                 | no                          | the newest            |
    """
    newest = next(iter(chain.candidates), None)
    if newest is None or newest.refresh_token in on_disk:
        return newest
    return next((candidate for candidate in chain.candidates if candidate.refresh_token in on_disk), newest)


def cause_of_refusal(chain: TokenChain, now: float, *, was_rejected: bool) -> SignInCause:
    """Return why Tesla probably refused the last refresh token of a chain.

    was_rejected: Tesla had answered 401 to an access token that should have lived on.

    | what is known                                    | cause           |
    |--------------------------------------------------|-----------------|
    | the access token was refused before its time     | REVOKED         |
    | the access token lives                           | ANOTHER_PROGRAM |
    | the refresh token is older than three months     | EXPIRED         |
    | nothing: all of these are possible               | REFUSED         |
    """
    if was_rejected:
        return SignInCause.REVOKED
    if chain.is_valid(now):
        return SignInCause.ANOTHER_PROGRAM
    if chain.obtained_at and now >= chain.obtained_at + LIFE:
        return SignInCause.EXPIRED
    return SignInCause.REFUSED


@dataclass(slots=True)
class Backoff:
    """How long the token endpoint is left alone after failures in a row. retry_at: Unix seconds, None for no wait."""

    failures: int = 0
    retry_at: float | None = None
    _failed_at: float = 0.0
    _asked_until: float | None = None
    _error: FleetError | None = None

    def failed(self, error: FleetError, now: float) -> FleetError:
        """Take note of a failure and return it."""
        own = min(_FIRST_RETRY * 2.0 ** min(self.failures, 10), _LONGEST_RETRY)
        self.failures += 1
        self._failed_at, self._error = now, error
        self._asked_until = now + error.retry_after if error.retry_after else None
        self.retry_at = max(now + own, self._asked_until or 0.0)
        return error

    def hurry(self) -> None:
        """Wait no longer than Tesla itself asked for: somebody wants it now."""
        self.retry_at = self._asked_until

    def check(self, now: float) -> None:
        """Raise the last failure anew while it is waited out."""
        # A clock that was set back must not make the wait longer.
        if self._error and self.retry_at and self._failed_at <= now < self.retry_at:
            raise type(self._error)(self._error.status, retry_after=self.retry_at - now)
