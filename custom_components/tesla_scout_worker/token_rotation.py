"""The life of a refresh token, pure: states and answers in, the next state out.

Tesla's refresh token is single use: each refresh answers a new one. The one used last keeps working for 24 hours, for
those who could not save its successor (https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens).
So a spent token stays a candidate, and nobody is asked to sign in before each candidate was refused in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self
import uuid

from .fleet.auth import TokenAnswer, is_token

# How long the token used last keeps working (seconds).
GRACE: Final = 86_400.0
# An access token is renewed in the background after this share of its life, so that no command waits for it.
RENEW_AFTER: Final = 0.8
# Nor more often than this, however short its life is: what lives for seconds is renewed when it is needed (seconds).
SHORTEST_RENEWAL: Final = 60.0
# A token this close to its end is not handed out (seconds, but never more than a tenth of its life).
_MARGIN: Final = 60.0
# How long a refresh token that was never used lives (seconds): three months.
LIFE: Final = 90 * 86_400.0
# Far beyond any date that a clock or a database can hold (Unix seconds).
_END_OF_TIME: Final = 1e11


class SignInCause(StrEnum):
    """Why nothing but a new sign-in helps, as far as it can be told."""

    ANOTHER_PROGRAM = "another_program"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REFUSED = "refused"
    APP_REFUSED = "app_refused"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A refresh token that Tesla may still take. offered_at: Unix seconds of its first use, None before it."""

    refresh_token: str = field(repr=False)
    offered_at: float | None = None


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What may be told of a chain. sign_in, generation: as in `TokenChain`.

    offered_at: for each refresh token that Tesla may still take, newest first, when it was used (Unix seconds), None where
    it was not.
    """

    sign_in: int = 0
    generation: int = 0
    offered_at: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenChain:
    """Everything that is known of one sign-in's tokens.

    grant: a random name for the sign-in. sign_in: counts the account's sign-ins, generation the changes since this
    one: what is newer does not depend on the clocks. candidates: newest first. Times are Unix seconds.
    rotations: how often Tesla granted a new token. cause: why the last candidate was refused, None while there is one.
    client_id: the app that the tokens were granted to, empty where not known.
    """

    grant: str
    generation: int
    candidates: tuple[Candidate, ...]
    access_token: str = field(default="", repr=False)
    obtained_at: float = 0.0
    expires_at: float = 0.0
    sign_in: int = 0
    rotations: int = 0
    cause: SignInCause | None = None
    client_id: str = ""

    @classmethod
    def begin(cls, refresh_token: str, client_id: str = "") -> Self:
        """Start a chain with a token that the owner brought for an app."""
        return cls(uuid.uuid4().hex, 0, (Candidate(refresh_token),), client_id=client_id)

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
        """Return when to renew in the background, 0 where there is no access token.

        jitter: 0 to 1, spreads it over a tenth of the token's life.
        """
        if not self.access_token:
            return 0.0
        life = self.expires_at - self.obtained_at
        return self.obtained_at + max(life * (RENEW_AFTER - 0.05 + 0.1 * jitter), SHORTEST_RENEWAL)

    def is_due(self, now: float, jitter: float) -> bool:
        """Return whether the access token should be renewed before anybody needs it."""
        is_from_the_future = now <= self.obtained_at - GRACE
        return is_from_the_future or now >= self.renew_at(jitter)

    @property
    def refresh_tokens(self) -> frozenset[str]:
        """Return the candidates' tokens."""
        return frozenset(candidate.refresh_token for candidate in self.candidates)

    def is_of(self, client_id: str) -> bool:
        """Return whether the tokens can be those of an app."""
        return self.client_id in {"", client_id}

    def knows(self, refresh_token: str) -> bool:
        """Return whether this refresh token belongs to the chain."""
        return refresh_token in self.refresh_tokens

    @property
    def facts(self) -> ChainFacts:
        """Return what may be told of the chain: no token is in it."""
        offers = tuple(candidate.offered_at for candidate in self.candidates)
        return ChainFacts(self.sign_in, self.generation, offers)

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
            rotations=self.rotations + 1,
            cause=None,
        )

    def refused(self, used: str, cause: SignInCause = SignInCause.REFUSED) -> Self:
        """Return the chain without a token that Tesla refused in words: it is never offered again.

        cause: why, in case it was the last.
        """
        left = tuple(candidate for candidate in self.candidates if candidate.refresh_token != used)
        return replace(self, generation=self.generation + 1, candidates=left, cause=None if left else cause)

    def joined(self, other: Self) -> Self:
        """Return the chain with the candidates of one that forked off the same rotation behind its own."""
        more = tuple(
            candidate for candidate in other.candidates if candidate.refresh_token not in self.refresh_tokens
        )
        return replace(self, candidates=(*self.candidates, *more), cause=None) if more else self

    def without_access(self) -> Self:
        """Return the chain with its access token forgotten, after Tesla answered 401 to it."""
        # With the refresh tokens gone too, this was no other program: that would have left the access token alone.
        cause = SignInCause.REVOKED if self.cause is SignInCause.ANOTHER_PROGRAM else self.cause
        return replace(self, access_token="", expires_at=0.0, cause=cause)

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
            "rotations": self.rotations,
            "cause": self.cause,
            "client_id": self.client_id,
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored; None where it holds no chain. A damaged part is dropped, not the rest.

        A token as an OAuth library stores it (`refresh_token` and no more is needed) begins a chain.
        """
        if not isinstance(stored, Mapping):
            return None
        candidates, grant = stored.get("candidates"), stored.get("grant")
        if not isinstance(candidates, list):
            return cls.begin(stored["refresh_token"]) if is_token(stored.get("refresh_token")) else None
        known = tuple(
            Candidate(item["refresh_token"], _time(item.get("offered_at")))
            for item in candidates
            if isinstance(item, Mapping) and is_token(item.get("refresh_token"))
        )
        if (
            not isinstance(grant, str)
            or not _is_count(stored.get("generation"))
            or (candidates and not known)
        ):
            return None
        access_token, cause = stored.get("access_token"), stored.get("cause")
        client_id = stored.get("client_id")
        return cls(
            grant,
            stored["generation"],
            known,
            access_token if is_token(access_token) else "",
            _time(stored.get("obtained_at")) or 0.0,
            _time(stored.get("expires_at")) or 0.0,
            stored["sign_in"] if _is_count(stored.get("sign_in")) else 0,
            stored["rotations"] if _is_count(stored.get("rotations")) else 0,
            SignInCause(cause) if cause in list(SignInCause) else None,
            client_id if isinstance(client_id, str) else "",
        )


def newest(*chains: TokenChain | None) -> TokenChain | None:
    """Return the chain to go on with, None where there is none: the last sign-in's last, whatever the clocks said.

    Where two went on from the same rotation (a restored backup, two instances on one disk) each may hold the living
    token: the candidates of both are kept.
    """
    known = [chain for chain in chains if chain and chain.grant]
    best = max(known, key=_rank, default=None)
    for chain in known:
        if best and chain.grant == best.grant and _rank(chain) == _rank(best):
            best = best.joined(chain)
    return best


def is_foreign(other: TokenChain, mine: TokenChain) -> bool:
    """Return whether a chain found on the disk goes on from mine without my doing."""
    is_ahead = _rank(other) >= _rank(mine) and not other.refresh_tokens <= mine.refresh_tokens
    return bool(mine.grant) and other.grant == mine.grant and is_ahead


def clean_token(pasted: str) -> str:
    """Return a pasted token without the white space, quotes and line breaks that came along with it."""
    return "".join(pasted.split()).strip("\"'`,;")


def _rank(chain: TokenChain) -> tuple[int, int]:
    return chain.sign_in, chain.generation


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _time(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _END_OF_TIME else None
