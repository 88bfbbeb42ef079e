"""Fixed tariffs: the hours of each preset, weekends, Polish holidays, and nights on which the clock changes."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from price_bench import HOUR, WARSAW, at, spans
import pytest

from custom_components.tesla_scout_worker.worker.tariff import (
    Hours,
    Preset,
    Tariff,
    TariffError,
    polish_holidays,
)

NIGHT = {*range(6), 22, 23}
NOON, LATE = {13, 14}, {15, 16}
ALL: set[int] = set(range(24))
# Cheap hours on a work day in winter, in summer, and on a Saturday (of the operators' tables).
EXPECTED = {
    Preset.PL_G12: (NIGHT | NOON, NIGHT | NOON, NIGHT | NOON),
    Preset.PL_G12_PGE: (NIGHT | NOON, NIGHT | LATE, NIGHT | NOON),
    Preset.PL_G12W: (NIGHT | NOON, NIGHT | NOON, ALL),
    Preset.PL_G12W_PGE: (NIGHT | NOON, NIGHT | LATE, ALL),
    Preset.PL_G12W_ENEA: (NIGHT | {21}, NIGHT | {21}, ALL),
    Preset.PL_G12W_STOEN: (NIGHT, NIGHT, ALL),
}
WINTER_DAY, SUMMER_DAY, SATURDAY = date(2026, 1, 14), date(2026, 7, 15), date(2026, 1, 17)


def cheap_hours(tariff: Tariff, day: date) -> set[int]:
    """Return the hours of a day at the night's price."""
    start = at(day.year, day.month, day.day, zone=WARSAW)
    prices = tariff.prices(start, start + 24 * HOUR, WARSAW)
    assert prices.gaps(start, start + 24 * HOUR) == ()
    return {hour for hour in range(24) if prices.at(start + hour * HOUR + 1) == 1}


def test_each_polish_preset_has_the_hours_of_its_table() -> None:
    for preset, (winter, summer, saturday) in EXPECTED.items():
        tariff = Tariff(preset, 2, 1)
        assert cheap_hours(tariff, WINTER_DAY) == winter, preset
        assert cheap_hours(tariff, SUMMER_DAY) == summer, preset
        assert cheap_hours(tariff, SATURDAY) == saturday, preset
        # Independence Day, a Wednesday.
        holiday = ALL if saturday == ALL else winter
        assert cheap_hours(tariff, date(2026, 11, 11)) == holiday, preset


def test_the_season_turns_at_midnight() -> None:
    tariff = Tariff(Preset.PL_G12_PGE, 2, 1)
    assert cheap_hours(tariff, date(2026, 3, 31)) == NIGHT | NOON
    assert cheap_hours(tariff, date(2026, 4, 1)) == NIGHT | LATE
    assert cheap_hours(tariff, date(2026, 9, 30)) == NIGHT | LATE
    assert cheap_hours(tariff, date(2026, 10, 1)) == NIGHT | NOON


def test_one_price_is_one_slot() -> None:
    start = at(2026, 12, 24, zone=WARSAW)
    for preset in (Preset.FLAT, Preset.PL_G11):
        prices = Tariff(preset, 0.62, polish_holidays=True, weekend=0.1).prices(
            start, start + 72 * HOUR, WARSAW, "PLN"
        )
        assert [(slot.start, slot.end, slot.price) for slot in prices.slots] == [
            (start, start + 72 * HOUR, 0.62)
        ]
        assert prices.currency == "PLN"


def test_own_hours_to_the_minute_and_a_price_for_weekends() -> None:
    """Friday evening to Monday morning; the span begins and ends in the middle of an hour."""
    tariff = Tariff(Preset.DAY_NIGHT, 3, 1, 2, (Hours.parse("21:35-05:05"),))
    prices = tariff.prices(
        at(2026, 11, 27, 20, 10, zone=WARSAW), at(2026, 11, 30, 6, 30, zone=WARSAW), WARSAW, "PLN"
    )
    assert spans(prices) == [
        ("2026-11-27T19:10", "2026-11-27T20:35", 3),
        ("2026-11-27T20:35", "2026-11-27T23:00", 1),
        ("2026-11-27T23:00", "2026-11-29T23:00", 2),
        ("2026-11-29T23:00", "2026-11-30T04:05", 1),
        ("2026-11-30T04:05", "2026-11-30T05:30", 3),
    ]


def test_holidays_count_as_sundays_where_wished() -> None:
    hours = (Hours(0, 60),)
    christmas = date(2026, 12, 24)
    assert cheap_hours(Tariff(Preset.DAY_NIGHT, 2, 3, 1, hours), christmas) == set()
    assert cheap_hours(Tariff(Preset.DAY_NIGHT, 2, 3, 1, hours, polish_holidays=True), christmas) == ALL
    # Without a price of their own they are days like others.
    assert cheap_hours(Tariff(Preset.DAY_NIGHT, 2, 1, None, hours, polish_holidays=True), christmas) == {0}


def test_a_weekend_price_of_ones_own_counts_in_g12w_too() -> None:
    tariff = Tariff(Preset.PL_G12W, 3, 2, 1)
    assert cheap_hours(tariff, SATURDAY) == ALL
    assert cheap_hours(tariff, WINTER_DAY) == set()


def test_nights_on_which_the_clock_changes() -> None:
    """The night is an hour shorter in March and an hour longer in October; a change of price in the hour that is twice."""
    g12 = Tariff(Preset.PL_G12, 2, 1)
    for day, night in ((date(2026, 3, 29), 7), (date(2026, 10, 25), 9)):
        evening = at(*(day - timedelta(days=1)).timetuple()[:3], 21, zone=WARSAW)
        cheap = g12.prices(evening, evening + 12 * HOUR, WARSAW).slots[1]
        assert (cheap.price, (cheap.end - cheap.start) / HOUR) == (1, night)
    odd = Tariff(Preset.DAY_NIGHT, 2, 1, None, (Hours.parse("1:30-2:30"),))
    assert spans(odd.prices(at(2026, 10, 25, zone=WARSAW), at(2026, 10, 25, 6, zone=WARSAW), WARSAW)) == [
        ("2026-10-24T22:00", "2026-10-24T23:30", 2),
        ("2026-10-24T23:30", "2026-10-25T00:30", 1),
        ("2026-10-25T00:30", "2026-10-25T01:00", 2),
        ("2026-10-25T01:00", "2026-10-25T01:30", 1),
        ("2026-10-25T01:30", "2026-10-25T05:00", 2),
    ]


def test_an_old_meter_stays_on_winter_time() -> None:
    old = Tariff(Preset.PL_G12, 2, 1, winter_clock=True)
    assert cheap_hours(old, WINTER_DAY) == NIGHT | NOON
    assert cheap_hours(old, SUMMER_DAY) == {*range(7), 14, 15, 23}


def test_places_that_are_not_whole_hours_from_utc() -> None:
    kolkata, howe = ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")
    tariff = Tariff(Preset.DAY_NIGHT, 2, 1, None, (Hours.parse("22-6"),))
    found = tariff.prices(at(2026, 7, 1, 12, zone=kolkata), at(2026, 7, 2, 12, zone=kolkata), kolkata)
    assert [span[:2] for span in spans(found)][1] == ("2026-07-01T16:30", "2026-07-02T00:30")
    # There the clock changes by half an hour, on the first Sunday of April.
    found = tariff.prices(at(2026, 4, 4, 12, zone=howe), at(2026, 4, 5, 12, zone=howe), howe)
    assert [span[:2] for span in spans(found)][1] == ("2026-04-04T11:00", "2026-04-04T19:30")


def test_the_days_off_in_poland() -> None:
    """The moving ones too; Christmas Eve since 2025."""
    assert polish_holidays(2026) == {
        date(2026, *day)
        for day in (
            (1, 1), (1, 6), (4, 5), (4, 6), (5, 1), (5, 3), (5, 24), (6, 4), (8, 15), (11, 1), (11, 11), (12, 24),
            (12, 25), (12, 26),
        )
    }  # fmt: skip
    assert date(2024, 12, 24) not in polish_holidays(2024)
    easters = {2008: (3, 23), 2011: (4, 24), 2024: (3, 31), 2025: (4, 20), 2027: (3, 28), 2038: (4, 25)}
    assert all(
        {date(year, *day), date(year, *day) + timedelta(days=60)} <= polish_holidays(year)
        for year, day in easters.items()
    )


def test_what_is_no_tariff_says_what_is_missing() -> None:
    with pytest.raises(TariffError, match="tariff_night_missing"):
        Tariff(Preset.PL_G12, 1)
    with pytest.raises(TariffError, match="tariff_hours_missing"):
        Tariff(Preset.DAY_NIGHT, 1, 2)
    for text in ("", "22", "22-22", "25-6", "22:60-6", "a-b", "22-6-7", "24:00-6:00", "22:-1-6"):
        with pytest.raises(TariffError, match="tariff_hours_unreadable"):
            Hours.parse(text)
    assert Hours.parse("22:00\N{EN DASH}6:00") == Hours(1_320, 360)
    assert Hours.parse(" 0 - 24 ") == Hours(0, 1_440)
