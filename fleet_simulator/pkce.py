"""PKCE (RFC 7636), with S256 alone: the plain method proves nothing."""

import base64
import hashlib
import re

METHOD = "S256"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def well_formed(challenge: str) -> bool:
    """Return whether a challenge can be one of S256."""
    return _CHALLENGE.fullmatch(challenge) is not None


def fits(verifier: str | None, challenge: str | None) -> bool:
    """Return whether a verifier answers the challenge, or neither is there."""
    if verifier is None or challenge is None:
        return verifier is challenge
    return _VERIFIER.fullmatch(verifier) is not None and challenge_of(verifier) == challenge
