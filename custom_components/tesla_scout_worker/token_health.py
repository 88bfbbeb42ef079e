"""What may be known of an account's tokens: everything but the tokens."""

from dataclasses import dataclass, field
from enum import StrEnum

from .fleet.auth import Claims
from .token_rotation import ChainFacts, SignInCause


class TokenState(StrEnum):
    """The health of the sign-in, in a word."""

    FRESH = "fresh"
    AGEING = "ageing"
    RETRYING = "retrying"
    SIGN_IN_NEEDED = "sign_in_needed"


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """What may be known of the tokens. Times are Unix seconds, None where it never happened.

    expires_at, usable_until: 0 while there is no access token. is_overdue: it should have been renewed by now.
    rotations: tokens granted since the sign-in. failures: refreshes in a row that brought nothing, failures_counted: all
    of them since the start. rejections: answers 401 in the last day. is_saved: the newest refresh token is on the disk.
    sign_in_cause: why the owner has to sign in, None while nobody has to. is_used_elsewhere: somebody else renewed it.
    chain: what may be told of the refresh tokens.
    """

    expires_at: float
    usable_until: float
    renew_at: float
    is_overdue: bool
    last_rotation: float | None
    rotations: int
    failures: int
    failures_counted: int
    rejections: int
    is_saved: bool
    sign_in_cause: SignInCause | None
    is_used_elsewhere: bool
    claims: Claims
    chain: ChainFacts = field(default_factory=ChainFacts)

    @property
    def needs_sign_in(self) -> bool:
        """Return whether only the owner can help."""
        return self.sign_in_cause is not None

    @property
    def state(self) -> TokenState:
        """Return the health in a word.

        | only the owner can help                  | SIGN_IN_NEEDED |
        | refreshes fail                           | RETRYING       |
        | should have been renewed, or none yet    | AGEING         |
        | else                                     | FRESH          |
        """
        if self.needs_sign_in:
            return TokenState.SIGN_IN_NEEDED
        if self.failures:
            return TokenState.RETRYING
        return TokenState.AGEING if self.is_overdue else TokenState.FRESH
