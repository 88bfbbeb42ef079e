"""Rows of prices as other programs tell them, pure: many spellings in, slots out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import ceil, floor, isfinite
from typing import Any, Final

from ..worker.price_slots import PriceSlot

# How a row says when it begins, when it ends, and what it costs. The first that is there counts.
STARTS: Final = (
    "start", "start_time", "starts_at", "startsAt", "start_timestamp", "from", "valid_from", "begin",
    "timestamp", "datetime", "time", "hour", "date",
)  # fmt: skip
ENDS: Final = ("end", "end_time", "ends_at", "endsAt", "end_timestamp", "till", "to", "until", "valid_to")
VALUES: Final = ("value", "price", "total", "value_inc_vat", "price_per_kwh", "per_kwh")

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
# A number above this is a time in milliseconds.
_MILLISECONDS: Final = 1e11
# No time is later than this (year 3237).
_LATEST: Final = 4e10


class PriceDataError(ValueError):
    """What was told cannot be read. translation_key: its sentence; placeholders: what that names."""

    def __init__(self, *, translation_key: str, **placeholders: str) -> None:
        """Initialize."""
        super().__init__(translation_key)
        self.translation_key = translation_key
        self.placeholders = placeholders


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    start: float
    end: float | None
    price: float | None
    is_naive: bool


def is_rows(value: Any) -> bool:
    """Return whether a value is a list of prices: its first entry has a time and a price."""
    if not isinstance(value, list | tuple) or not value or not isinstance(value[0], Mapping):
        return False
    return _name(value[0], STARTS) is not None and _name(value[0], VALUES) is not None


def slots_of(rows: Iterable[Any], zone: tzinfo, per_kwh: float) -> list[PriceSlot]:
    """Read rows. per_kwh: what a price of theirs is multiplied by, to be one for a kWh in the main unit.

    A time is a datetime, its ISO text, or Unix seconds or milliseconds. One without an offset is meant in `zone`; in the
    hour that a clock lives twice, the second time of the same name is the later one, and an hour that the clock skips
    is no hour. A price of None, or no finite number, is not known yet: its row is left out. A row without an end lasts
    as long as its neighbours show. Raises PriceDataError.
    """
    read = sorted(_read(rows, zone), key=lambda row: row.start)
    slots: list[PriceSlot] = []
    for index, row in enumerate(read):
        after = next((later.start for later in read[index + 1 :] if later.start > row.start), None)
        end = row.end
        if end is None:
            end = _lasting(row.start, read[index - 1].start if index else None, after)
        elif row.is_naive and after is not None and after < end and _turns(row.start, end, zone):
            # The hour before the clock is put back "ends" by its name when the second one of that name does.
            end = after
        if row.price is None:
            continue
        if end <= row.start:
            raise PriceDataError(translation_key="price_row_unreadable", row=str(row.number))
        slots.append(PriceSlot(row.start, end, row.price * per_kwh))
    return slots


def _read(rows: Iterable[Any], zone: tzinfo) -> Iterator[_Row]:
    latest: float | None = None
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise PriceDataError(translation_key="price_row_unreadable", row=str(number))
        start_name, price_name = _name(row, STARTS), _name(row, VALUES)
        if start_name is None or price_name is None:
            raise PriceDataError(translation_key="price_row_unreadable", row=str(number))
        end_name = _name(row, ENDS)
        try:
            start = _moment(row[start_name], zone, latest)
            end = None if end_name is None or start is None else _moment(row[end_name], zone, start)
            price = _number(row[price_name])
        except (ValueError, TypeError, OverflowError) as err:
            raise PriceDataError(translation_key="price_row_unreadable", row=str(number)) from err
        if start is None:
            continue
        latest = start
        # Some begin a second late or end a second early, so that no two slots touch.
        yield _Row(
            number,
            floor(start / _MINUTE) * _MINUTE,
            None if end is None else ceil(end / _MINUTE) * _MINUTE,
            price,
            _is_naive(row[start_name]),
        )


def _turns(start: float, end: float, zone: tzinfo) -> bool:
    return datetime.fromtimestamp(start, zone).utcoffset() != datetime.fromtimestamp(end, zone).utcoffset()


def _is_naive(value: Any) -> bool:
    if isinstance(value, int | float):
        return False
    return _told(value).tzinfo is None


def _told(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise TypeError("no time")
    return datetime.fromisoformat(value.strip())


def _lasting(start: float, before: float | None, after: float | None) -> float:
    """Return when a slot ends that does not say so.

    Market prices come in steps of an hour or less: the shorter of the steps around it, so that a missing row stays
    missing. Longer steps are hours of a tariff, which last until the next. A row alone lasts an hour.
    """
    steps = [
        step
        for step in (None if before is None else start - before, None if after is None else after - start)
        if step
    ]
    if not steps:
        return start + _HOUR
    if after is not None and min(steps) > _HOUR:
        return after
    return start + min(steps)


def _moment(value: Any, zone: tzinfo, latest: float | None) -> float | None:
    """Return a time as a UTC timestamp, None for one that the local clock skips. latest: the time told before it."""
    if isinstance(value, bool):
        raise TypeError("no time")
    if isinstance(value, int | float):
        seconds = value / 1_000 if value > _MILLISECONDS else float(value)
        if not 0 < seconds < _LATEST:
            raise ValueError("no time")
        return seconds
    told = _told(value)
    if told.tzinfo is not None:
        return told.timestamp()
    first = told.replace(tzinfo=zone, fold=0)
    # There and back again: a time that the clock skips comes back as another one.
    if datetime.fromtimestamp(first.timestamp(), UTC).astimezone(zone).replace(tzinfo=None) != told:
        return None
    if latest is not None and first.timestamp() <= latest:
        return told.replace(tzinfo=zone, fold=1).timestamp()
    return first.timestamp()


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        raise TypeError("no price")
    number = float(value)
    return number if isfinite(number) else None


def _name(row: Mapping[Any, Any], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in row and (row[name] is not None or name in VALUES)), None)
