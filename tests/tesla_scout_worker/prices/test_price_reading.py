"""Rows of prices in the spellings of others: times, units, gaps, and days on which the clock changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from price_bench import BERLIN, HOUR, at
import pytest

from custom_components.tesla_scout_worker.price_sources.reading import PriceDataError, is_rows, slots_of
from custom_components.tesla_scout_worker.price_sources.units import Unit, unit_of


def read(rows: list[Any], per_kwh: float = 1.0) -> list[tuple[float, float, float]]:
    return [(slot.start, slot.end, round(slot.price, 9)) for slot in slots_of(rows, BERLIN, per_kwh)]


NINE = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
SECONDS = NINE.timestamp()


@pytest.mark.parametrize(
    "row",
    [
        {"start": NINE, "end": NINE + timedelta(hours=1), "value": 0.5},
        {"start": "2026-11-24T08:00:00Z", "end": "2026-11-24T09:00:00Z", "price": "0.5"},
        {"from": "2026-11-24 09:00", "till": "2026-11-24 10:00", "price": 0.5},
        {"from": " 2026-11-24T09:00:00.000+01:00", "to": "2026-11-24T10:00:00.000+01:00", "total": 0.5},
        {"start_time": SECONDS, "end_time": SECONDS + HOUR, "price_per_kwh": 0.5},
        {"startsAt": SECONDS * 1_000, "endsAt": (SECONDS + HOUR) * 1_000, "total": 0.5},
        {
            "valid_from": "2026-11-24T08:00:00+00:00",
            "valid_to": "2026-11-24T09:00:00+00:00",
            "value_inc_vat": 0.5,
        },
        # A second late, a second early.
        {"start_time": "2026-11-24T08:00:01+00:00", "end_time": "2026-11-24T08:59:59+00:00", "per_kwh": 0.5},
        # What has no end, or none yet, lasts an hour where nothing says more.
        {"hour": NINE.replace(tzinfo=None), "price": 0.5},
        {"time": "2026-11-24 09:00:00+01:00", "end": None, "price": 0.5},
    ],
)
def test_every_spelling_of_a_row_is_the_same_slot(row: dict[str, Any]) -> None:
    assert is_rows([row])
    assert read([row]) == [(SECONDS, SECONDS + HOUR, 0.5)]
    assert read([row], 0.001) == [(SECONDS, SECONDS + HOUR, 0.0005)]


@pytest.mark.parametrize(
    "row",
    [
        {"price": 1},
        {"start": NINE},
        {"start": None, "price": 1},
        {"start": "soon", "price": 1},
        {"start": True, "price": 1},
        {"start": [1], "price": 1},
        {"start": 1e300, "price": 1, "end": 0},
        {"start": NINE, "price": "dear"},
        {"start": NINE, "price": True},
        {"start": NINE, "end": NINE, "price": 1},
        {"start": NINE, "end": NINE - timedelta(hours=1), "price": 1},
        0.5,
        None,
    ],
)
def test_what_is_no_row_is_refused_by_its_number(row: Any) -> None:
    with pytest.raises(PriceDataError) as caught:
        read([{"start": NINE - timedelta(hours=9), "price": 1}, row])
    assert caught.value.translation_key == "price_row_unreadable"
    assert caught.value.placeholders == {"row": "2"}


def test_a_price_that_is_not_known_yet_is_a_gap() -> None:
    """None, not a number, infinite: the row before it does not last longer for it. A negative price is a price."""
    rows = [
        {"start": NINE + timedelta(hours=hour), "price": price}
        for hour, price in enumerate((-0.2, None, 0.0, float("nan"), float("inf"), 0.4))
    ]
    assert read(rows) == [
        (SECONDS + hour * HOUR, SECONDS + (hour + 1) * HOUR, price)
        for hour, price in ((0, -0.2), (2, 0.0), (5, 0.4))
    ]


def test_without_ends_the_neighbours_show_how_long_a_row_lasts() -> None:
    """Hours, then quarters, one of which is missing; and the hours of a tariff, which last until the next."""
    starts = [0, 60, 120, 135, 165, 180]
    rows = [{"time": SECONDS + minute * 60, "price": 1} for minute in reversed(starts)]
    lasts = [(round((start - SECONDS) / 60), round((end - start) / 60)) for start, end, _ in read(rows)]
    assert lasts == [(0, 60), (60, 60), (120, 15), (135, 15), (165, 15), (180, 15)]
    tariff = [{"time": SECONDS + hour * HOUR, "price": 1} for hour in (0, 6, 22, 30)]
    assert [(end - start) / HOUR for start, end, _ in read(tariff)] == [6, 16, 8, 8]


def naive_day(year: int, month: int, day: int, minutes: int, *, ends: bool) -> list[dict[str, Any]]:
    """Return a day as programs tell it that write local times without an offset."""
    start = datetime(year, month, day, tzinfo=BERLIN)
    moment, end = start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
    rows: list[dict[str, Any]] = []
    while moment < end:
        local = moment.astimezone(BERLIN).replace(tzinfo=None, fold=0)
        row: dict[str, Any] = {"start": local.isoformat(), "price": len(rows)}
        rows.append(row | ({"end": (local + timedelta(minutes=minutes)).isoformat()} if ends else {}))
        moment += timedelta(minutes=minutes)
    return rows


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize(("minutes", "short", "long"), [(60, 23, 25), (15, 92, 100)])
def test_days_on_which_the_clock_changes(minutes: int, short: int, long: int, ends: bool) -> None:
    """Local times without an offset still are 23 or 25 hours: the hour that is twice counts twice, in order."""
    for when, count in (((2026, 3, 29), short), ((2026, 10, 25), long)):
        slots = read(naive_day(*when, minutes, ends=ends))
        assert [price for _, _, price in slots] == list(range(count))
        first = at(*when)
        assert [slot[:2] for slot in slots] == [
            (first + index * minutes * 60, first + (index + 1) * minutes * 60) for index in range(count)
        ]


def test_an_hour_that_the_clock_skips_is_no_hour() -> None:
    """Some fill it in, so that each day has 24."""
    rows = [{"start": f"2026-03-29T{hour:02}:00:00", "price": hour} for hour in range(24)]
    slots = read(rows)
    assert [price for _, _, price in slots] == [0, 1, *range(3, 24)]
    assert slots[-1][1] == at(2026, 3, 30)


UNITS = (
    ("EUR/kWh", None, Unit(1.0, "EUR")),
    ("EUR/MWh", None, Unit(0.001, "EUR")),
    ("pln / mwh", None, Unit(0.001, "PLN")),
    ("€/Wh", None, Unit(1_000.0, "EUR")),
    ("zł/kWh", None, Unit(1.0, "PLN")),
    ("gr/kWh", None, Unit(0.01, "PLN")),
    ("Öre/kWh", "SEK", Unit(0.01, "SEK")),
    ("Øre/kWh", "NOK", Unit(0.01, "NOK")),
    ("kr/kWh", "DKK", Unit(1.0, "DKK")),
    ("c/kWh", "EUR", Unit(0.01, "EUR")),
    ("ct/kWh", None, Unit(0.01, None)),
    ("p/kWh", None, Unit(0.01, "GBP")),
    ("£ per kWh", None, Unit(1.0, "GBP")),
    ("$/kWh", "AUD", Unit(1.0, "AUD")),
    ("KZT/kWh", "KZT", Unit(1.0, "KZT")),
)


def test_units_are_read() -> None:
    assert [unit_of(text, currency) for text, currency, _ in UNITS] == [unit for _, _, unit in UNITS]


def test_a_unit_that_is_not_known_is_not_guessed() -> None:
    """Nor is one that is missing."""
    for text in ("EUR", "kWh", "EUR/h", "/kWh", "EUR/", "%", "EUR/kWh/month", "XYZ/kWh", "points/kWh"):
        with pytest.raises(PriceDataError) as caught:
            unit_of(text)
        assert caught.value.translation_key == "price_unit_unknown"
        assert caught.value.placeholders == {"unit": text}
    for missing in (None, "", " "):
        with pytest.raises(PriceDataError, match="price_unit_missing"):
            unit_of(missing)
