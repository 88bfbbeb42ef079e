"""Which of a car's schedules were made here, and for whom. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .schedule_kinds import CHARGE, PRECONDITION, Kind, Owner

# So many ids are remembered of each kind; beyond that the oldest are forgotten.
_MOST_IDS: Final = 200


class OwnSchedules:
    """The ids that were given out here, by kind. What the car has beside them is somebody else's."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        """Initialize with what `described` told; what cannot be read is not there."""
        self._ours = {kind.name: _ids(stored.get(kind.name)) for kind in (CHARGE, PRECONDITION)}

    def owner(self, kind: Kind[Any], schedule_id: int | None) -> Owner | None:
        """Return for whom a schedule was made, None for one that somebody else made."""
        return self._ours[kind.name].get(schedule_id) if schedule_id is not None else None

    def ids(self, kind: Kind[Any], owner: Owner | None = None) -> set[int]:
        """Return all ids, or those of one owner."""
        return {its_id for its_id, whose in self._ours[kind.name].items() if owner in {None, whose}}

    def note(self, kind: Kind[Any], ids: Iterable[int], owner: Owner) -> None:
        """Remember ids before they are sent."""
        self._ours[kind.name] |= dict.fromkeys(ids, owner)

    def forget(self, kind: Kind[Any], ids: Iterable[int]) -> None:
        """Forget what is no longer in the car."""
        for its_id in ids:
            self._ours[kind.name].pop(its_id, None)

    def first_free(self, kind: Kind[Any], now: float) -> int:
        """Return an id that is not one of ours. Others use the Unix second, too."""
        free = max(int(now), 1)
        while free in self._ours[kind.name]:
            free += 1
        return free

    def described(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            name: {str(its_id): owner.value for its_id, owner in sorted(ours.items())[-_MOST_IDS:]}
            for name, ours in self._ours.items()
        }


def _ids(stored: Any) -> dict[int, Owner]:
    return {
        int(its_id): Owner(owner)
        for its_id, owner in (stored if isinstance(stored, dict) else {}).items()
        if its_id.isdecimal() and owner in tuple(Owner)
    }
