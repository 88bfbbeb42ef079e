"""What the scout did last and why, pure: for a person who asks why it looked, or why it did not.

Times are Unix seconds. Where the car was is kept as a rough distance from home only.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, Final, Self

from .data import ScoutData

MOST_LOOKS: Final = 50
MOST_READS: Final = 20
#: In place of the cause of a full read.
POSITION_ONLY: Final = "position"
# A distance is told as the smallest of these that it does not exceed (kilometres).
_KILOMETRES: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


def rough_kilometres(metres: float | None) -> int | None:
    """Return a distance so coarse that it tells no place: at most so many kilometres; the largest for all beyond it."""
    if metres is None:
        return None
    return next((most for most in _KILOMETRES if metres <= 1_000 * most), _KILOMETRES[-1])


@dataclass(frozen=True, slots=True)
class Look:
    """One look. why: the reason for which it was planned. read: the cause of a full read, or `position`; None without one.

    kilometres: from home, rough. error: the code of what went wrong. next_why, next_in: what was planned after it; seconds.
    """

    at: float
    why: str
    cloud: str
    presence: str
    read: str | None
    kilometres: int | None
    error: str | None
    next_why: str
    next_in: float | None


@dataclass(frozen=True, slots=True)
class FullRead:
    """One full read. cause: why; None where that is not known."""

    at: float
    cause: str | None


@dataclass(frozen=True, slots=True)
class History:
    """The last looks and the last full reads, oldest first."""

    looks: tuple[Look, ...] = ()
    reads: tuple[FullRead, ...] = ()

    def looked(
        self, before: ScoutData, after: ScoutData, now: float, read: FullRead | None, error: str | None
    ) -> Self:
        """Return the history after a look, or as it is where nothing was looked at. read: the last full one."""
        known = self._with_read(read)
        has_read = after.last_read is not None and after.last_read != before.last_read
        if error is None and after.last_look == before.last_look and not has_read:
            return known
        cause = None
        if has_read:
            is_full = read is not None and read.at == after.last_read
            cause = (read.cause if read else None) if is_full else POSITION_ONLY
        look = Look(
            now,
            before.reason,
            after.cloud,
            after.presence,
            cause,
            rough_kilometres(after.to_home),
            error,
            after.reason,
            None if after.next_look is None else round(after.next_look - now, 1),
        )
        return replace(known, looks=(*known.looks, look)[-MOST_LOOKS:])

    def _with_read(self, read: FullRead | None) -> Self:
        if read is None or (self.reads and self.reads[-1].at == read.at):
            return self
        return replace(self, reads=(*self.reads, read)[-MOST_READS:])

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "looks": [asdict(look) for look in self.looks],
            "reads": [asdict(read) for read in self.reads],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what was stored; a row that cannot be read is left out."""
        return cls(
            tuple(_rows(stored.get("looks"), _look))[-MOST_LOOKS:],
            tuple(_rows(stored.get("reads"), _read))[-MOST_READS:],
        )


def _rows[T](stored: Any, row: Callable[[Mapping[str, Any]], T]) -> list[T]:
    found = []
    for item in stored if isinstance(stored, list) else ():
        try:
            found.append(row(item))
        except KeyError, TypeError, ValueError:
            continue
    return found


def _look(item: Mapping[str, Any]) -> Look:
    return Look(
        _time(item["at"]),
        str(item["why"]),
        str(item["cloud"]),
        str(item["presence"]),
        _text(item["read"]),
        # What an older or a strange hand wrote there is made coarse again.
        rough_kilometres(None if item["kilometres"] is None else 1_000 * float(item["kilometres"])),
        _text(item["error"]),
        str(item["next_why"]),
        None if item["next_in"] is None else float(item["next_in"]),
    )


def _read(item: Mapping[str, Any]) -> FullRead:
    return FullRead(_time(item["at"]), _text(item["cause"]))


def _time(value: Any) -> float:
    at = float(value)
    if not 0 < at < inf:
        raise ValueError("no time")
    return at


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
