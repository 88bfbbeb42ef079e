"""Prices from entities, a tariff or a list, through a real core: each layout as its integration writes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from price_bench import (
    AFTER,
    BERLIN,
    HOUR,
    TODAY,
    TOMORROW,
    at,
    in_place,
    moments,
    price_at,
    reads,
    spans,
)
import pytest

from custom_components.tesla_scout_worker.price_sources import (
    PriceSourceInvalidError,
    PricesUnavailableError,
    async_fetch_prices,
)

NOW = at(2026, 11, 24, 17)
END = AFTER.timestamp()
NORDPOOL = "sensor.nordpool_kwh_se3_sek_3_10_025"
OCTOPUS = "event.octopus_energy_electricity_1_2_{}_day_rates"


@pytest.fixture(autouse=True)
async def _place(hass: HomeAssistant) -> None:
    await in_place(hass, "Europe/Berlin", "EUR")


def expected(step: int = 60, until: datetime = AFTER) -> list[tuple[str, str, float]]:
    """Return the slots of the bench's prices that are left from now on."""
    return [
        (start.isoformat()[:16], (start + timedelta(minutes=step)).isoformat()[:16], price_at(start))
        for start in moments(TODAY, until, step)
        if (start + timedelta(minutes=step)).timestamp() > NOW
    ]


def nordpool(day: datetime, factor: float = 1.0, step: int = 60) -> list[dict[str, Any]]:
    """Return a day as Nord Pool of HACS has it: aware local datetimes."""
    return [
        {
            "start": start.astimezone(BERLIN),
            "end": (start + timedelta(minutes=step)).astimezone(BERLIN),
            "value": price_at(start) * factor,
        }
        for start in moments(day, day + timedelta(days=1), step)
    ]


def set_nordpool(hass: HomeAssistant, unit: str = "SEK/kWh", factor: float = 1.0, **changes: Any) -> None:
    money, energy = unit.split("/")
    hass.states.async_set(
        NORDPOOL,
        "0.42",
        {
            "average": 0.4, "unit": energy, "currency": "SEK", "country": "Sweden", "region": "SE3", "low_price": True,
            "price_in_cents": money != "SEK", "unit_of_measurement": unit,
            "today": [row["value"] for row in nordpool(TODAY, factor)], "tomorrow": [],
            "tomorrow_valid": True,
            "raw_today": nordpool(TODAY, factor), "raw_tomorrow": nordpool(TOMORROW, factor),
            **changes,
        },
    )  # fmt: skip


async def fetch(hass: HomeAssistant, start: float = NOW, end: float = END, **source: Any) -> Any:
    return await async_fetch_prices(hass, source, start, end)


async def refused(hass: HomeAssistant, **source: Any) -> tuple[HomeAssistantError, str]:
    """Return the error of a source, and what a person reads of it; in Polish too nothing is left to fill in."""
    with pytest.raises(HomeAssistantError) as caught:
        await fetch(hass, **source)
    english, polish = reads(caught.value)
    assert english != polish
    assert "{" not in english + polish
    return caught.value, english


@pytest.mark.parametrize(
    ("unit", "factor"), [("SEK/kWh", 1.0), ("Öre/kWh", 100.0), ("SEK/MWh", 1_000.0), ("SEK/Wh", 0.001)]
)
async def test_nord_pool_of_hacs_in_each_unit_that_it_offers(
    hass: HomeAssistant, unit: str, factor: float
) -> None:
    set_nordpool(hass, unit, factor)
    prices = await fetch(hass, entity_id=NORDPOOL)
    assert spans(prices) == expected()
    assert prices.currency == "SEK"


async def test_quarter_hours_and_tomorrow_not_there_yet(hass: HomeAssistant) -> None:
    """What is known is returned, and until when."""
    set_nordpool(hass, raw_today=nordpool(TODAY, step=15), raw_tomorrow=[], tomorrow_valid=False)
    prices = await fetch(hass, entity_id=[NORDPOOL])
    assert spans(prices) == expected(15, TOMORROW)
    assert prices.known_until(NOW) == TOMORROW.timestamp()
    assert prices.gaps(NOW, END) == ((TOMORROW.timestamp(), END),)


async def test_energi_data_service(hass: HomeAssistant) -> None:
    """Hours without ends, None until tomorrow is known, and forecasts that are no prices."""
    day = [{"hour": start.astimezone(BERLIN), "price": price_at(start)} for start in moments(TODAY, TOMORROW)]
    attributes = {
        "unit_of_measurement": "DKK/kWh", "unit": "kWh", "currency": "DKK", "area_code": "DK2", "tomorrow_valid": False,
        "raw_today": day, "raw_tomorrow": None, "today": [row["price"] for row in day], "tomorrow": None,
        "forecast": [{"hour": AFTER, "price": 9.9}],
    }  # fmt: skip
    hass.states.async_set("sensor.energi_data_service", "1.2", attributes)
    prices = await fetch(hass, end=END + 24 * HOUR, entity_id="sensor.energi_data_service")
    assert (spans(prices), prices.currency) == (expected(until=TOMORROW), "DKK")
    attributes["raw_tomorrow"] = [
        {"hour": start.astimezone(BERLIN), "price": price_at(start)} for start in moments(TOMORROW, AFTER)
    ]
    hass.states.async_set("sensor.energi_data_service", "1.2", attributes)
    assert spans(await fetch(hass, entity_id="sensor.energi_data_service")) == expected()


async def test_entso_e_tells_each_day_twice(hass: HomeAssistant) -> None:
    """As texts with an offset, in `prices` once more; before tomorrow is there, with yesterday. The day has the last word."""

    def _rows(start: datetime, end: datetime, more: float = 0.0) -> list[dict[str, Any]]:
        return [
            {"time": str(moment.astimezone(BERLIN)), "price": price_at(moment) + more}
            for moment in moments(start, end)
        ]

    name = "sensor.entsoe_average_electricity_price"
    for until, first in ((TOMORROW, TODAY - timedelta(days=1)), (AFTER, TODAY)):
        hass.states.async_set(
            name,
            "0.1",
            {
                "prices_today": _rows(TODAY, TOMORROW),
                "prices_tomorrow": _rows(TOMORROW, until),
                "prices": _rows(first, until, 0.001),
                "unit_of_measurement": "EUR/kWh",
            },
        )
        prices = await fetch(hass, entity_id=name)
        assert (spans(prices), prices.currency) == (expected(until=until), "EUR")


def octopus(day: datetime) -> dict[str, Any]:
    """Return a day of Octopus Energy: an event entity without a unit, in pounds."""
    return {
        "event_type": "octopus_energy_electricity_current_day_rates", "mpan": "2", "serial_number": "1",
        "tariff_code": "E-1R-AGILE-24-10-01-C",
        "rates": [
            {
                "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(),
                "value_inc_vat": price_at(start), "is_capped": False, "is_intelligent_adjusted": False,
            }
            for start in moments(day, day + timedelta(days=1), 30)
        ],
    }  # fmt: skip


async def test_octopus_energy_has_an_entity_for_each_day(hass: HomeAssistant) -> None:
    """Tomorrow's is found by itself; the one of today has the last word on what both tell."""
    today, tomorrow = OCTOPUS.format("current"), OCTOPUS.format("next")
    hass.states.async_set(today, "2026-11-24T00:00:00.000+00:00", octopus(TODAY))
    prices = await fetch(hass, entity_id=today)
    assert (spans(prices), prices.currency) == (expected(30, TOMORROW), "GBP")
    hass.states.async_set(tomorrow, "unavailable")
    assert spans(await fetch(hass, entity_id=today)) == expected(30, TOMORROW)
    hass.states.async_set(tomorrow, "2026-11-24T16:05:00.000+00:00", octopus(TOMORROW))
    assert spans(await fetch(hass, entity_id=today)) == expected(30)
    stale = octopus(TODAY)
    stale["rates"][-1]["value_inc_vat"] = 99.0
    hass.states.async_set(tomorrow, "2026-11-23T16:05:00.000+00:00", stale)
    assert spans(await fetch(hass, entity_id=today)) == expected(30, TOMORROW)


async def test_an_attribute_and_a_unit_that_the_owner_names(hass: HomeAssistant) -> None:
    """Naive local times of another place, in cents, under a name of somebody's own."""
    rows = [
        {"from": f"2026-11-24T{hour:02}:00:00", "till": f"2026-11-24T{hour + 1:02}:00:00", "price": "25"}
        for hour in range(17, 20)
    ]
    hass.states.async_set("sensor.mine", "25", {"my_prices": rows})
    source: dict[str, Any] = {
        "entity_id": "sensor.mine",
        "attribute": "my_prices",
        "unit": "ct/kWh",
        "currency": "eur",
    }
    prices = await fetch(hass, **source)
    assert spans(prices)[0] == ("2026-11-24T16:00", "2026-11-24T17:00", 0.25)
    assert prices.currency == "EUR"
    prices = await fetch(hass, **source, time_zone="Europe/Helsinki")
    assert spans(prices) == [
        ("2026-11-24T16:00", "2026-11-24T17:00", 0.25),
        ("2026-11-24T17:00", "2026-11-24T18:00", 0.25),
    ]


async def test_an_entity_that_sleeps_is_named(hass: HomeAssistant) -> None:
    """Asleep passes; missing, or without a list, does not."""
    for state in ("unavailable", "unknown"):
        hass.states.async_set("sensor.asleep", state)
        err, words = await refused(hass, entity_id="sensor.asleep")
        assert isinstance(err, PricesUnavailableError)
        assert "sensor.asleep" in words
    hass.set_state(CoreState.starting)
    err, _ = await refused(hass, entity_id="sensor.gone")
    assert isinstance(err, PricesUnavailableError)
    hass.set_state(CoreState.running)
    # Nord Pool shows "unknown" while it knows the day.
    set_nordpool(hass)
    hass.states.async_set(NORDPOOL, "unknown", hass.states.get(NORDPOOL).attributes)  # type: ignore[union-attr]  # it is there
    assert len((await fetch(hass, entity_id=NORDPOOL)).slots) == len(expected())
    hass.states.async_set(
        "sensor.plain", "0.4", {"unit_of_measurement": "EUR/kWh", "data": {"a": 1}, "prices": [1]}
    )
    for entity_id in ("sensor.gone", "sensor.plain"):
        err, words = await refused(hass, entity_id=entity_id)
        assert isinstance(err, PriceSourceInvalidError)
        assert isinstance(err, ServiceValidationError)
        assert entity_id in words


async def test_a_unit_that_is_missing_or_strange_says_what_to_set(hass: HomeAssistant) -> None:
    set_nordpool(hass, unit_of_measurement=None)
    err, words = await refused(hass, entity_id=NORDPOOL)
    assert (err.translation_key, "Set unit" in words, NORDPOOL in words) == ("price_unit_missing", True, True)
    set_nordpool(hass, unit_of_measurement="points/kWh")
    err, words = await refused(hass, entity_id=NORDPOOL)
    assert (err.translation_key, "points/kWh" in words) == ("price_unit_unknown", True)
    prices = await fetch(hass, entity_id=NORDPOOL, unit="SEK/kWh")
    assert spans(prices) == expected()


async def test_yesterdays_prices_are_none(hass: HomeAssistant) -> None:
    """An entity that was not refreshed since has nothing to say of today; the span is told in local time."""
    set_nordpool(hass, raw_today=nordpool(TODAY - timedelta(days=1)), raw_tomorrow=[])
    err, words = await refused(hass, entity_id=NORDPOOL)
    assert isinstance(err, PricesUnavailableError)
    assert "2026-11-24 17:00" in words
    set_nordpool(hass, raw_today=[], raw_tomorrow=[])
    err, _ = await refused(hass, entity_id=NORDPOOL)
    assert err.translation_key == "no_prices"


async def test_a_list_handed_over(hass: HomeAssistant) -> None:
    rows = [
        {"start": "2026-11-24T16:00:00Z", "end": "2026-11-24T17:00:00Z", "value": 320.5},
        {"start": "2026-11-24T17:00:00Z", "end": "2026-11-24T17:15:00Z", "value": -10},
    ]
    prices = await fetch(hass, prices=rows, unit="PLN/MWh")
    assert spans(prices) == [
        ("2026-11-24T16:00", "2026-11-24T17:00", 0.3205),
        ("2026-11-24T17:00", "2026-11-24T17:15", -0.01),
    ]
    assert prices.currency == "PLN"
    err, _ = await refused(hass, prices=rows)
    assert err.translation_key == "price_unit_missing"
    err, words = await refused(
        hass, prices=[*rows, {"start": "2026-11-24T16:30:00Z", "value": 1}], unit="PLN/MWh"
    )
    assert (err.translation_key, "2026-11-24 17:30" in words) == ("price_overlap", True)
    err, words = await refused(hass, prices=[*rows, {"value": 1}], unit="PLN/MWh")
    assert (err.translation_key, "Row 3" in words) == ("price_row_unreadable", True)
    err, _ = await refused(hass, prices=[], unit="PLN/MWh")
    assert err.translation_key == "no_prices"


async def test_a_fixed_tariff_in_its_own_currency(hass: HomeAssistant) -> None:
    await in_place(hass, "Europe/Warsaw", "PLN")
    prices = await fetch(hass, tariff={"preset": "pl_g12w", "day": 0.9, "night": "0.5"})
    assert spans(prices)[:3] == [
        ("2026-11-24T16:00", "2026-11-24T21:00", 0.9),
        ("2026-11-24T21:00", "2026-11-25T05:00", 0.5),
        ("2026-11-25T05:00", "2026-11-25T12:00", 0.9),
    ]
    assert prices.currency == "PLN"
    err, words = await refused(hass, tariff={"preset": "pl_g12", "day": 0.9})
    assert (err.translation_key, "night" in words) == ("tariff_night_missing", True)


async def test_taxes_and_grid_fees_come_on_top(hass: HomeAssistant) -> None:
    """Tax on the market's price, a surcharge, and the grid's fee of the hour."""
    await in_place(hass, "Europe/Warsaw", "PLN")
    rows = [
        {"start": at(2026, 11, 24, hour), "end": at(2026, 11, 24, hour + 1), "price": 400}
        for hour in (20, 21, 22)
    ]
    prices = await fetch(
        hass,
        prices=rows,
        unit="PLN/MWh",
        factor=1.23,
        addend=0.1,
        grid_fees={"preset": "day_night", "day": 0.3, "night": 0.05, "night_hours": "21:30-6:00"},
    )
    assert spans(prices) == [
        ("2026-11-24T19:00", "2026-11-24T20:00", 0.892),
        ("2026-11-24T20:00", "2026-11-24T20:30", 0.892),
        ("2026-11-24T20:30", "2026-11-24T21:00", 0.642),
        ("2026-11-24T21:00", "2026-11-24T22:00", 0.642),
    ]


@pytest.mark.parametrize(
    "source",
    [
        {"entity_id": "sensor.a", "tariff": {"preset": "flat", "day": 1}},
        {"entity_id": []},
        {"entity_id": "not an entity"},
        {"action": "elsewhere"},
        {"tariff": {"preset": "pl_g99", "day": 1}},
        {"tariff": {"preset": "flat", "day": "nan"}},
        {"tariff": {"preset": "day_night", "day": 1, "night": 1, "night_hours": "late"}},
        {"prices": [1], "unit": "EUR/kWh"},
        {"entity_id": "sensor.a", "factor": -1},
        {"entity_id": "sensor.a", "currency": "zloty"},
        {"entity_id": "sensor.a", "time_zone": "Europe/Nowhere"},
        {"what": 1},
    ],
)
async def test_what_is_no_source_is_refused(hass: HomeAssistant, source: dict[str, Any]) -> None:
    err, words = await refused(hass, **source)
    assert isinstance(err, PriceSourceInvalidError)
    assert err.translation_key == "price_source_unreadable", words


async def test_nobody_said_where_prices_come_from(hass: HomeAssistant) -> None:
    with pytest.raises(PriceSourceInvalidError) as caught:
        await async_fetch_prices(hass, None, NOW, END)
    assert caught.value.translation_key == "price_source_not_set"
    assert "Electricity price" in reads(caught.value)[0]


async def test_the_days_on_which_the_clock_changes(hass: HomeAssistant) -> None:
    """92 and 100 quarter hours, without a gap."""
    for day, count in (
        (datetime(2026, 3, 29, tzinfo=BERLIN), 92),
        (datetime(2026, 10, 25, tzinfo=BERLIN), 100),
    ):
        set_nordpool(hass, raw_today=nordpool(day, step=15), raw_tomorrow=[])
        start, end = day.timestamp(), (day + timedelta(days=1)).astimezone(UTC).timestamp()
        prices = await fetch(hass, start, end, entity_id=NORDPOOL)
        assert len(prices.slots) == count
        assert prices.gaps(start, end) == ()
