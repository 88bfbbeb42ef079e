"""What the month will have cost at its end, pure: what single days cost in, US dollars out."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from .billing_month import Calendar, first_after, seconds_between

# Four weeks hold each day of the week alike, and are recent enough.
_RECENT: Final = timedelta(days=28)
# Less than this tells nothing of a day (days).
_LEAST: Final = 0.5
# With so few days of a kind, all days together tell more.
_FEW: Final = 2
_DAY: Final = 86_400.0
_SATURDAY: Final = 5


def forecast(
    days: Mapping[date, float], spent: float, calendar: Calendar, since: datetime | None
) -> float | None:
    """Return the month's expected cost at its end, None where less than half a day is known.

    days: cost of each day on which anything was asked, in US dollars; one that is missing is a day on which Home
    Assistant was off, and tells nothing. spent: this month so far. since: when counting began. Working days and weekends
    are expected to cost what they cost lately, those of the month before included.
    """
    today, now = calendar.today, calendar.now
    if since is None:
        return None
    whole = {
        day: cost
        for day, cost in days.items()
        # The first day began somewhere in the middle.
        if max(today - _RECENT, since.date() + timedelta(days=1)) <= day < today
    }
    # Without a whole day there are the hours since counting began, or since Home Assistant was off for days.
    begin = since if since.date() >= today - timedelta(days=1) else calendar.day_began
    observed = seconds_between(begin, now) / _DAY
    if not whole and observed < _LEAST:
        return None
    begun = sum(cost for day, cost in days.items() if begin.date() <= day <= today)
    overall = _mean(whole.values()) if whole else begun / observed
    expected = {}
    for is_weekend in (False, True):
        alike = [cost for day, cost in whole.items() if _is_weekend(day) is is_weekend]
        expected[is_weekend] = _mean(alike) if len(alike) >= _FEW else overall
    left_of_today = seconds_between(now, calendar.day_ends) / seconds_between(
        calendar.day_began, calendar.day_ends
    )
    to_come = [today + timedelta(days=ahead) for ahead in range(1, (first_after(today) - today).days)]
    rest = left_of_today * expected[_is_weekend(today)] + sum(expected[_is_weekend(day)] for day in to_come)
    return round(spent + rest, 6)


def _mean(costs: Iterable[float]) -> float:
    listed = list(costs)
    return sum(listed) / len(listed)


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY
