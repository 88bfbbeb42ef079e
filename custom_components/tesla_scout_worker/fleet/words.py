"""What Tesla says, fit to be shown."""

import re
from typing import Any, Final

# More of an answer than this helps nobody (characters).
_LONGEST_ANSWER: Final = 300
_NO_WORDS: Final = "-"
# A token, a key, a car's number: long runs without a space, a slash or a dot, and what hangs on them.
_SECRET_LOOKING: Final = re.compile(
    r"ey[\w-]{6,}(?:\.[\w-]+)*|ta-secret\.\S+|(?:NA|EU|CN)_[\w-]{8,}|[\w+=-]{32,}|\b[A-HJ-NPR-Z0-9]{17}\b",
    re.ASCII,
)


def shown_words(body: Any, *secrets: str) -> str:
    """Return what an answer says, for the owner's eyes: one line of a sane length, without anything secret."""
    if isinstance(body, dict):
        parts = [body.get("error"), body.get("error_description")]
        text = ": ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part.strip()))
    else:
        text = body if isinstance(body, str) and not body.lstrip().startswith("<") else ""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    # Cut after the replacement: half a token is a secret too.
    text = _SECRET_LOOKING.sub("…", "".join(char if char.isprintable() else " " for char in text))
    text = " ".join(text.split())
    return f"{text[:_LONGEST_ANSWER]}…" if len(text) > _LONGEST_ANSWER else text or _NO_WORDS
