"""What of a car and of an owner's wishes may be told to strangers: no place, no name, nothing by which either is found."""

from collections.abc import Iterable, Mapping
import re
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED

# A field of a read whose name has one of these words tells who or where, or what somebody listens to.
_TELLING: Final = frozenset({
    "address", "album", "artist", "destination", "gps", "heading", "id", "ids", "lat", "latitude", "location", "lon",
    "long", "longitude", "media", "name", "native", "origin", "password", "pin", "place", "playing", "route", "source",
    "ssid", "station", "title", "token", "tokens", "trip", "user", "vin", "wifi",
})  # fmt: skip
# A word of the car's own: a state, a version, a unit. A sentence, an address or a key is none.
_WORD: Final = re.compile(r"[A-Za-z0-9_.<>/%-]{0,40}(?: [A-Za-z0-9_.-]{0,20})?", re.ASCII)
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,60}", re.ASCII)
# A VIN, or another long row of letters with digits in it: a token, an id, a key.
_ID: Final = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{15,}", re.ASCII)
_DEEPEST: Final = 8


def block_told(block: Any, depth: int = 0) -> Any:
    """Return a block of a read as it may be told. Of a field that is not surely harmless only the name is left."""
    match block:
        case None | bool() | int() | float():
            return block
        case str() if _WORD.fullmatch(block) and not _ID.search(block):
            return block
        case Mapping() if depth < _DEEPEST:
            return {_key(key): _told(key, item, depth) for key, item in block.items()}
        case list() | tuple() if depth < _DEEPEST:
            return [block_told(item, depth + 1) for item in block]
        case _:
            return REDACTED


def _key(key: Any) -> str:
    return key if isinstance(key, str) and _FIELD.fullmatch(key) else REDACTED


def _told(key: Any, value: Any, depth: int) -> Any:
    """Return a field's value. Whether one that may tell a place is there at all is told."""
    is_telling = not isinstance(key, str) or not _TELLING.isdisjoint(key.lower().split("_"))
    is_empty = value is None or value == "" or isinstance(value, bool)
    return REDACTED if is_telling and not is_empty else block_told(value, depth + 1)


class Scrubber:
    """Takes known secrets out of a structure, out of keys too: the last net, under code that puts none in."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Initialize. secrets: each with what stands in its place. What is shorter than four letters is left alone."""
        self._secrets = {secret: word for secret, word in secrets.items() if len(secret) > 3}  # noqa: PLR2004 - see above
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)
        self._words = {secret.lower(): word for secret, word in self._secrets.items()}

    def scrub(self, value: Any) -> Any:
        """Return a structure without the secrets."""
        match value:
            case str():
                return self._pattern.sub(lambda found: self._words[found.group().lower()], value)
            case Mapping():
                return {self.scrub(key): self.scrub(item) for key, item in value.items()}
            case list() | tuple():
                return [self.scrub(item) for item in value]
            case _:
                return value


def aliases(names: Iterable[str], word: str) -> dict[str, str]:
    """Return a name for each that tells nothing: `car 1`, `car 2`."""
    return {name: f"{word} {number}" for number, name in enumerate(names, 1)}
