"""The life of a refresh token, pure: states and answers in, the next state out.

Tesla's refresh token is single use: each refresh answers a new one. The one used last keeps working for 24 hours, for
those who could not save its successor (https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens).
So a spent token stays a candidate, and nobody is asked to sign in before each candidate was refused in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
import uuid

from .fleet.auth import TokenAnswer, is_token
from .fleet.errors import FleetError

# How long the token used last keeps working (seconds).
GRACE: Final = 86_400.0
# An access token is renewed in the background after this share of its life, so that no command waits for it.
RENEW_AFTER: Final = 0.8
# A token this close to its end is not handed out (seconds, but never more than a tenth of its life).
_MARGIN: Final = 60.0
_FIRST_RETRY: Final = 30.0
_LONGEST_RETRY: Final = 900.0
# Far beyond any date that a clock or a database can hold (Unix seconds).
_END_OF_TIME: Final = 1e11


@dataclass(frozen=True, slots=True)
class Candidate:
    """A refresh token that Tesla may still take. offered_at: Unix seconds of its first use, None before it."""

    refresh_token: str = field(repr=False)
    offered_at: float | None = None


@dataclass(frozen=True, slots=True)
class TokenChain:
    """Everything that is known of one sign-in's tokens.

    grant: a random name for the sign-in. sign_in: counts the account's sign-ins, generation the changes since this
    one: what is newer does not depend on the clocks. candidates: newest first. Times are Unix seconds.
    """

    grant: str
    generation: int
    candidates: tuple[Candidate, ...]
    access_token: str = field(default="", repr=False)
    obtained_at: float = 0.0
    expires_at: float = 0.0
    sign_in: int = 0

    @classmethod
    def begin(cls, refresh_token: str) -> Self:
        """Start a chain with a token that the owner brought."""
        return cls(uuid.uuid4().hex, 0, (Candidate(refresh_token),))

    @property
    def usable_until(self) -> float:
        """Return until when the access token is handed out, a little before it ends; 0 where there is none."""
        life = self.expires_at - self.obtained_at
        return self.expires_at - min(_MARGIN, life / 10) if self.access_token else 0.0

    def is_valid(self, now: float) -> bool:
        """Return whether the access token can be handed out."""
        # A clock that went back to before the token was obtained makes its age meaningless, not the token good.
        return self.obtained_at - GRACE < now < self.usable_until

    def renew_at(self, jitter: float) -> float:
        """Return when to renew in the background. jitter: 0 to 1, spreads it over a tenth of the token's life."""
        life = self.expires_at - self.obtained_at
        return self.obtained_at + life * (RENEW_AFTER - 0.05 + 0.1 * jitter)

    def knows(self, refresh_token: str) -> bool:
        """Return whether this refresh token belongs to the chain."""
        return any(candidate.refresh_token == refresh_token for candidate in self.candidates)

    def offered(self, refresh_token: str, now: float) -> Self:
        """Return the chain with a candidate marked as sent to Tesla."""
        return replace(
            self,
            candidates=tuple(
                replace(candidate, offered_at=now)
                if candidate.refresh_token == refresh_token and candidate.offered_at is None
                else candidate
                for candidate in self.candidates
            ),
        )

    def granted(self, used: str, answer: TokenAnswer, now: float) -> Self:
        """Return the chain after a rotation: the new token first, the one just used behind it for its grace."""
        newest = answer.refresh_token or used
        kept = tuple(candidate for candidate in self.candidates if candidate.refresh_token == used != newest)
        return replace(
            self,
            generation=self.generation + 1,
            candidates=(Candidate(newest), *kept),
            access_token=answer.access_token or "",
            obtained_at=now,
            expires_at=now + answer.lifetime,
        )

    def refused(self, used: str) -> Self:
        """Return the chain without a token that Tesla refused in words: it is never offered again."""
        return replace(
            self,
            generation=self.generation + 1,
            candidates=tuple(candidate for candidate in self.candidates if candidate.refresh_token != used),
        )

    def without_access(self) -> Self:
        """Return the chain with its access token forgotten, after Tesla answered 401 to it."""
        return replace(self, access_token="", expires_at=0.0)

    def after(self, earlier: Self | None) -> Self:
        """Return the chain as a sign-in later than this one."""
        if earlier is None or earlier.grant == self.grant:
            return self
        return replace(self, sign_in=earlier.sign_in + 1)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "grant": self.grant,
            "generation": self.generation,
            "candidates": [
                {"refresh_token": candidate.refresh_token, "offered_at": candidate.offered_at}
                for candidate in self.candidates
            ],
            "access_token": self.access_token,
            "obtained_at": self.obtained_at,
            "expires_at": self.expires_at,
            "sign_in": self.sign_in,
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored; None where it holds no chain. A damaged part is dropped, not the rest."""
        if not isinstance(stored, Mapping):
            return None
        candidates = stored.get("candidates")
        grant, generation, sign_in = stored.get("grant"), stored.get("generation"), stored.get("sign_in")
        if not (isinstance(candidates, list) and isinstance(grant, str) and isinstance(generation, int)):
            return None
        known = tuple(
            Candidate(item["refresh_token"], _time(item.get("offered_at")))
            for item in candidates
            if isinstance(item, Mapping) and is_token(item.get("refresh_token"))
        )
        if candidates and not known:
            return None
        access_token = stored.get("access_token")
        return cls(
            grant,
            generation,
            known,
            access_token if is_token(access_token) else "",
            _time(stored.get("obtained_at")) or 0.0,
            _time(stored.get("expires_at")) or 0.0,
            sign_in if isinstance(sign_in, int) else 0,
        )


def newest(*chains: TokenChain | None) -> TokenChain | None:
    """Return the chain to go on with, None where there is none: the last sign-in's last, whatever the clocks said."""
    known = [chain for chain in chains if chain and chain.grant]
    return max(known, key=lambda chain: (chain.sign_in, chain.generation), default=None)


@dataclass(slots=True)
class Backoff:
    """How long the token endpoint is left alone after failures in a row. retry_at: Unix seconds, None for no wait."""

    failures: int = 0
    retry_at: float | None = None
    _failed_at: float = 0.0
    _error: FleetError | None = None

    def failed(self, error: FleetError, now: float) -> FleetError:
        """Take note of a failure and return it."""
        own = min(_FIRST_RETRY * 2.0 ** min(self.failures, 10), _LONGEST_RETRY)
        self.failures += 1
        self._failed_at, self._error = now, error
        self.retry_at = now + max(own, error.retry_after or 0.0)
        return error

    def check(self, now: float) -> None:
        """Raise the last failure anew while it is waited out."""
        # A clock that was set back must not make the wait longer.
        if self._error and self.retry_at and self._failed_at <= now < self.retry_at:
            raise type(self._error)(self._error.status, retry_after=self.retry_at - now)


def clean_token(pasted: str) -> str:
    """Return a pasted token without the white space, quotes and line breaks that came along with it."""
    return "".join(pasted.split()).strip("\"'`,;")


def _time(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _END_OF_TIME else None
