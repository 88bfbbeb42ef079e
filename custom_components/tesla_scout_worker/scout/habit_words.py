"""What was learned of a car, told so that a person can check it, pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from .habits import SATURDAY, Habits, Leaving, Stay

# A time of day is told where the car left at least so often within this half hour.
_OFTEN: Final = 2
_HALF_HOUR: Final = 30


def describe(habits: Habits) -> dict[str, Any]:
    """Return what was learned: the half hours in which the car usually leaves, local time, and on what that rests."""
    quickest = min((row.way_home for row in habits.stays if row.way_home is not None), default=None)
    return {
        "outings_learned": len(habits.leavings),
        "leaves_home_on_weekdays": _usual(row for row in habits.leavings if row.weekday < SATURDAY),
        "leaves_home_at_weekends": _usual(row for row in habits.leavings if row.weekday >= SATURDAY),
        "leaves_other_places_on_weekdays": _usual(row for row in habits.stays if row.weekday < SATURDAY),
        "leaves_other_places_at_weekends": _usual(row for row in habits.stays if row.weekday >= SATURDAY),
        "quickest_way_home_minutes": None if quickest is None else round(quickest / 60),
        "garage_without_signal": habits.is_known_to_vanish,
    }


def _usual(rows: Iterable[Leaving | Stay]) -> list[str]:
    times = Counter(int(row.minute) // _HALF_HOUR * _HALF_HOUR for row in rows)
    return [
        f"{minute // 60:02}:{minute % 60:02}" for minute, count in sorted(times.items()) if count >= _OFTEN
    ]
