"""What the month is expected to cost, pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.billing_month import Calendar
from custom_components.tesla_scout_worker.forecast import forecast

BERLIN = ZoneInfo("Europe/Berlin")


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a local time."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def steady(begin: date, end: date, cost: float = 0.1, weekend: float | None = None) -> dict[date, float]:
    """Return days that each cost the same, weekends perhaps something else; the end not included."""
    days = [begin + timedelta(ahead) for ahead in range((end - begin).days)]
    return {day: cost if weekend is None or day.weekday() < 5 else weekend for day in days}


def expect(days: dict[date, float], now: datetime, since: datetime | None) -> float | None:
    """Return the forecast of the month of now."""
    spent = sum(cost for day, cost in days.items() if (day.year, day.month) == (now.year, now.month))
    return forecast(days, spent, Calendar(lambda: now), since)


def test_nothing_is_known_before_half_a_day() -> None:
    """A minute's spend would tell of riches or ruin."""
    since = at(2026, 11, 24, 17)
    assert expect({}, at(2026, 11, 24, 17), None) is None
    assert expect({date(2026, 11, 24): 0.02}, at(2026, 11, 24, 17, 1), since) is None
    days = {date(2026, 11, 24): 0.05, date(2026, 11, 25): 0.05}
    assert expect(days, at(2026, 11, 25, 4, 59), since) is None
    # 0.1 in twelve hours are 0.2 a day; 5 days and 19 hours are left.
    assert expect(days, at(2026, 11, 25, 5), since) == pytest.approx(0.1 + 0.2 * (5 + 19 / 24))


def test_a_steady_month_costs_what_it_costs() -> None:
    """At any time of any day the same comes out, in months of every length and with changes of the clocks."""
    for year, month, length in ((2026, 3, 31), (2026, 10, 31), (2026, 11, 30), (2027, 2, 28), (2028, 2, 29)):
        for day in (1, 2, 15, length):
            for hour in (0, 1, 3, 12, 23):
                now = at(year, month, day, hour)
                begun = now.timestamp() - at(year, month, day).timestamp()
                today_long = at(year, month, day).replace(hour=23, minute=59, second=59)
                whole = today_long.timestamp() + 1 - at(year, month, day).timestamp()
                days = steady(now.date() - timedelta(days=40), now.date())
                days[now.date()] = 0.1 * begun / whole
                assert expect(days, now, at(2025, 1, 1)) == pytest.approx(0.1 * length, rel=1e-6), now


def test_weekends_are_apart() -> None:
    """A commuter's working days cost more: a month that still has five of them does not cost like one of weekends."""
    now = at(2026, 11, 28)
    days = steady(date(2026, 10, 20), now.date(), 0.3, weekend=0.0)
    spent = sum(cost for day, cost in days.items() if day.month == 11)
    assert expect(days, now, at(2026, 10, 1)) == pytest.approx(spent + 0.3)


def test_the_month_before_tells_of_the_first_days() -> None:
    """On the first at midnight a whole month is expected; what was longer ago than four weeks is history."""
    days = steady(date(2026, 9, 1), date(2026, 10, 20), 9.0) | steady(
        date(2026, 11, 3), date(2026, 12, 1), 0.2
    )
    assert expect(days, at(2026, 12, 1), at(2026, 9, 1)) == pytest.approx(31 * 0.2)


def test_days_without_home_assistant_tell_nothing() -> None:
    """After a fortnight off it is expected to go on as before, not at half of it."""
    days = steady(date(2026, 11, 1), date(2026, 11, 8), 0.2)
    assert expect(days, at(2026, 11, 22), at(2026, 10, 31)) == pytest.approx(7 * 0.2 + 9 * 0.2)


def test_back_after_months_it_begins_anew() -> None:
    """What was kept of then is too old; half a day later there is something to go by."""
    since = at(2026, 3, 1)
    days = {date(2026, 3, 1): 5.0, date(2026, 11, 24): 0.05}
    assert expect(days, at(2026, 11, 24, 11), since) is None
    assert expect(days, at(2026, 11, 24, 12), since) == pytest.approx(0.05 + 0.1 * 6.5)


def test_the_first_day_is_no_measure_of_a_day() -> None:
    """It began in the evening, and with the first reads of all cars."""
    days = {date(2026, 11, 3): 0.5, date(2026, 11, 4): 0.1, date(2026, 11, 5): 0.0}
    assert expect(days, at(2026, 11, 5), at(2026, 11, 3, 20)) == pytest.approx(0.6 + 26 * 0.1)


def test_days_that_are_still_to_come_do_not_count() -> None:
    """The clock was ahead when they were entered."""
    days = steady(date(2026, 11, 1), date(2026, 11, 15)) | {date(2027, 1, 5): 99.0, date(2026, 11, 20): 99.0}
    now = at(2026, 11, 15)
    assert forecast(days, 1.4, Calendar(lambda: now), at(2026, 10, 31)) == pytest.approx(3.0)
