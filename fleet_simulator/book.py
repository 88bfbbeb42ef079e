"""A car's list of schedules as a list that may be read and written; what is written happens at the clock's now."""

from collections.abc import Callable, Iterable, Mapping, MutableSequence
from typing import Any, overload, override

from .timetable import Schedule


class ScheduleBook(MutableSequence[dict[str, Any]]):
    """The schedules as the owner sees them in the car. Entries are copies: change one by putting it back."""

    def __init__(
        self, read: Callable[[], tuple[Schedule, ...]], write: Callable[[tuple[Schedule, ...]], None]
    ) -> None:
        self._read = read
        self._write = write

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    @override
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        found = self._copy()
        return found[index]

    @overload
    def __setitem__(self, index: int, value: Mapping[str, Any]) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Mapping[str, Any]]) -> None: ...
    @override
    def __setitem__(self, index: Any, value: Any) -> None:
        changed = self._copy()
        changed[index] = value
        self._put(changed)

    @override
    def __delitem__(self, index: int | slice) -> None:
        changed = self._copy()
        del changed[index]
        self._put(changed)

    @override
    def __len__(self) -> int:
        return len(self._read())

    @override
    def insert(self, index: int, value: Mapping[str, Any]) -> None:
        changed = self._copy()
        changed.insert(index, dict(value))
        self._put(changed)

    @override
    def __eq__(self, other: object) -> bool:
        return self._copy() == (other._copy() if isinstance(other, ScheduleBook) else other)

    @override
    def __hash__(self) -> int:
        return id(self)

    @override
    def __repr__(self) -> str:
        return f"<{len(self)} schedules>"

    def _copy(self) -> list[dict[str, Any]]:
        return [dict(schedule) for schedule in self._read()]

    def _put(self, schedules: Iterable[Mapping[str, Any]]) -> None:
        self._write(tuple(dict(schedule) for schedule in schedules))
