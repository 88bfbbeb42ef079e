"""Prices from the actions of core's own integrations: their schemas and their answers, only the supplier is a stand-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
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
from price_libraries import LIBRARY_OF, suppliers
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.tesla_scout_worker.price_sources import (
    PriceSourceInvalidError,
    PricesUnavailableError,
    async_fetch_prices,
)

NOW = at(2026, 11, 24, 17)
END = AFTER.timestamp()

type Load = Callable[..., MockConfigEntry]


@pytest.fixture(scope="module", autouse=True)
def _suppliers() -> Iterator[None]:
    with suppliers():
        # Before the clock is held: some libraries cannot be loaded under a held clock.
        for domain in LIBRARY_OF:
            import_module(f"homeassistant.components.{domain}.services")
        yield


@pytest.fixture(autouse=True)
async def _place(hass: HomeAssistant) -> None:
    await in_place(hass, "Europe/Berlin", "EUR")


@pytest.fixture
def load(hass: HomeAssistant) -> Load:
    """Load one of core's integrations as far as its action needs it."""

    def _load(domain: str, runtime: Any, **data: Any) -> MockConfigEntry:
        entry = MockConfigEntry(domain=domain, title=f"{domain} of mine", data=data)
        entry.add_to_hass(hass)
        entry.runtime_data = runtime
        entry.mock_state(hass, ConfigEntryState.LOADED)
        import_module(f"homeassistant.components.{domain}.services").async_setup_services(hass)
        return entry

    return _load


def expected(step: int = 60, until: datetime = AFTER, start: float = NOW) -> list[tuple[str, str, float]]:
    return [
        (moment.isoformat()[:16], (moment + timedelta(minutes=step)).isoformat()[:16], price_at(moment))
        for moment in moments(TODAY, until, step)
        if (moment + timedelta(minutes=step)).timestamp() > start
    ]


async def fetch(hass: HomeAssistant, start: float = NOW, end: float = END, **source: Any) -> Any:
    return await async_fetch_prices(hass, source, start, end)


async def refused(hass: HomeAssistant, **source: Any) -> tuple[HomeAssistantError, str]:
    with pytest.raises(HomeAssistantError) as caught:
        await fetch(hass, **source)
    english, polish = reads(caught.value)
    assert english != polish
    return caught.value, english


class NordPool:
    """Nord Pool's market: days that are known, in quarters, for a MWh. asked: the days and the currency of each request."""

    def __init__(self, *known: datetime) -> None:
        self.known = {day.date() for day in known}
        self.asked: list[tuple[date, str, list[str]]] = []
        self.fails: str | None = None

    async def async_get_delivery_period(self, day: datetime, currency: Any, areas: list[str]) -> Any:
        """Tell a day, or say that there is none."""
        self.asked.append((day.date(), currency.value, list(areas)))
        library = import_module("pynordpool")
        if self.fails:
            raise getattr(library, self.fails)
        if day.date() not in self.known:
            raise library.NordPoolEmptyResponseError
        start = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
        return SimpleNamespace(
            entries=[
                SimpleNamespace(
                    start=moment,
                    end=moment + timedelta(minutes=15),
                    entry={area: (price_at(moment) + index) * 1_000 for index, area in enumerate(areas)},
                )
                for moment in moments(start, start + timedelta(days=1), 15)
            ]
        )


async def test_nord_pool_tells_quarters_for_a_mwh(hass: HomeAssistant, load: Load) -> None:
    """Today and tomorrow are asked for, one call each; the currency is the entry's."""
    market = NordPool(TODAY, TOMORROW)
    load("nordpool", SimpleNamespace(client=market), areas=["PL"], currency="PLN")
    prices = await fetch(hass, action="nordpool.get_prices_for_date")
    assert (spans(prices), prices.currency) == (expected(15), "PLN")
    assert market.asked == [(day.date(), "PLN", ["PL"]) for day in (TODAY, TOMORROW)]


async def test_tomorrow_is_not_told_yet(hass: HomeAssistant, load: Load) -> None:
    """However far the deadline is, no day after tomorrow is asked for."""
    market = NordPool(TODAY)
    load("nordpool", SimpleNamespace(client=market), areas=["PL"], currency="EUR")
    prices = await fetch(hass, end=END + 5 * 24 * HOUR, action="nordpool")
    assert spans(prices) == expected(15, TOMORROW)
    assert [day for day, _, _ in market.asked] == [TODAY.date(), TOMORROW.date()]
    market.known.clear()
    err, words = await refused(hass, action="nordpool")
    assert (err.translation_key, "nordpool.get_prices_for_date" in words) == ("no_prices", True)


async def test_the_days_of_the_market_are_those_of_its_place(hass: HomeAssistant, load: Load) -> None:
    """Half past midnight in Helsinki is still the day before at the market."""
    await in_place(hass, "Europe/Helsinki", "EUR")
    market = NordPool(TODAY, TOMORROW)
    load("nordpool", SimpleNamespace(client=market), areas=["SE3"], currency="EUR")
    start = TODAY.timestamp() - HOUR / 2
    market.known.add((TODAY - timedelta(days=1)).date())
    prices = await fetch(hass, start, start + HOUR, action="nordpool")
    assert prices.gaps(start, start + HOUR) == ()
    assert market.asked[0][0] == (TODAY - timedelta(days=1)).date()


async def test_days_on_which_the_clock_changes(hass: HomeAssistant, load: Load, freezer: Any) -> None:
    for day, count in (
        (datetime(2026, 3, 29, tzinfo=BERLIN), 92),
        (datetime(2026, 10, 25, tzinfo=BERLIN), 100),
    ):
        freezer.move_to(day)
        market = NordPool(day)
        entry = load("nordpool", SimpleNamespace(client=market), areas=["PL"], currency="EUR")
        start, end = day.timestamp(), (day + timedelta(days=1)).astimezone(UTC).timestamp()
        prices = await fetch(hass, start, end, action="nordpool", config_entry=entry.entry_id)
        assert (len(prices.slots), prices.gaps(start, end)) == (count, ())


async def test_an_area_is_chosen_where_there_are_several(hass: HomeAssistant, load: Load) -> None:
    market = NordPool(TODAY, TOMORROW)
    load("nordpool", SimpleNamespace(client=market), areas=["SE3", "SE4"], currency="SEK")
    err, words = await refused(hass, action="nordpool")
    assert isinstance(err, PriceSourceInvalidError)
    assert "SE3, SE4" in words
    prices = await fetch(hass, action="nordpool", area="SE4", data={"currency": "EUR"})
    assert (spans(prices), prices.currency) == (expected(15), "EUR")
    assert market.asked[-1] == (TOMORROW.date(), "EUR", ["SE4"])
    err, words = await refused(hass, action="nordpool", area="XY9")
    assert (err.translation_key, "XY9" in words) == ("price_action_refused", True)


async def test_what_the_supplier_refuses_is_told(hass: HomeAssistant, load: Load) -> None:
    """Core's own words reach the owner; it passes, so that it is tried again."""
    market = NordPool(TODAY)
    market.fails = "NordPoolError"
    load("nordpool", SimpleNamespace(client=market), areas=["PL"], currency="EUR")
    err, words = await refused(hass, action="nordpool")
    assert isinstance(err, PricesUnavailableError)
    assert "connection_error" in words or "connect" in words


async def test_one_of_several_entries_has_to_be_named(hass: HomeAssistant, load: Load) -> None:
    first = load("nordpool", SimpleNamespace(client=NordPool(TODAY)), areas=["PL"], currency="EUR")
    second = load("nordpool", SimpleNamespace(client=NordPool(TODAY, TOMORROW)), areas=["PL"], currency="PLN")
    _, words = await refused(hass, action="nordpool")
    assert first.entry_id in words
    assert second.entry_id in words
    prices = await fetch(hass, action="nordpool", config_entry=second.entry_id)
    assert prices.currency == "PLN"
    err, words = await refused(hass, action="nordpool", config_entry="gone")
    assert (err.translation_key, "nordpool" in words) == ("price_integration_not_loaded", True)


async def test_an_entity_of_such_an_integration_stands_for_its_action(
    hass: HomeAssistant, load: Load
) -> None:
    """Its sensors carry no list, so that the owner need not know what an action is."""
    market = NordPool(TODAY, TOMORROW)
    entry = load("nordpool", SimpleNamespace(client=market), areas=["PL"], currency="PLN")
    item = er.async_get(hass).async_get_or_create(
        "sensor", "nordpool", "PL-current_price", config_entry=entry
    )
    hass.states.async_set(item.entity_id, "0.42", {"unit_of_measurement": "PLN/kWh"})
    prices = await fetch(hass, entity_id=item.entity_id)
    assert (spans(prices), prices.currency) == (expected(15), "PLN")


async def test_the_only_such_integration_is_found_by_itself(hass: HomeAssistant, load: Load) -> None:
    load("nordpool", SimpleNamespace(client=NordPool(TODAY, TOMORROW)), areas=["PL"], currency="PLN")
    assert spans(await async_fetch_prices(hass, None, NOW, END)) == expected(15)
    dear = await fetch(hass, addend=1.0)
    assert dear.slots[0].price == pytest.approx(expected(15)[0][2] + 1)
    load("amberelectric", SimpleNamespace(data={"forecasts": {"general": []}}))
    err, _ = await refused(hass)
    assert err.translation_key == "price_source_not_set"


async def test_an_integration_that_is_not_running_yet_is_waited_for(hass: HomeAssistant, load: Load) -> None:
    """At a start its action comes later than ours: that passes by itself, unlike one that nobody set up."""
    entry = MockConfigEntry(domain="nordpool")
    entry.add_to_hass(hass)
    for source in ({}, {"action": "nordpool"}):
        err, words = await refused(hass, **source)
        assert (type(err), "nordpool" in words) == (PricesUnavailableError, True)
    load("nordpool", SimpleNamespace(client=NordPool(TODAY, TOMORROW)), areas=["PL"], currency="PLN")
    assert spans(await fetch(hass)) == expected(15)


class TibberHome:
    """A home at Tibber: what its library holds, by the text of each start."""

    def __init__(self, name: str, until: datetime, step: int = 60, more: float = 0.0) -> None:
        self.name = name
        self.price_total = {
            moment.astimezone(BERLIN).isoformat(timespec="milliseconds"): price_at(moment) + more
            for moment in moments(TODAY, until, step)
        }
        self.updates = 0

    async def update_info_and_price_info(self) -> None:
        """Ask Tibber, which has nothing new."""
        self.updates += 1


def tibber(*homes: TibberHome) -> Any:
    async def _client(hass: HomeAssistant) -> Any:
        return SimpleNamespace(get_homes=lambda **_: list(homes))

    return SimpleNamespace(async_get_client=_client)


async def test_tibber_tells_each_home_without_ends(hass: HomeAssistant, load: Load) -> None:
    """Hours or quarters; the currency is that of its price sensor, since the answer has none."""
    for step in (60, 15):
        home = TibberHome("Fyrvägen", AFTER, step)
        entry = load("tibber", tibber(home))
        prices = await fetch(hass, action="tibber.get_prices")
        assert (spans(prices), prices.currency) == (expected(step), None)
        registry = er.async_get(hass)
        registry.async_get_or_create(
            "sensor", "tibber", "price", config_entry=entry, unit_of_measurement="SEK/kWh"
        )
        assert (await fetch(hass, action="tibber")).currency == "SEK"
        await hass.config_entries.async_remove(entry.entry_id)


async def test_tibber_with_two_homes_and_no_tomorrow(hass: HomeAssistant, load: Load) -> None:
    homes = (TibberHome("Home", TOMORROW), TibberHome("Cabin", TOMORROW, more=5.0))
    load("tibber", tibber(*homes))
    err, words = await refused(hass, action="tibber")
    assert (err.translation_key, "Home, Cabin" in words) == ("price_area_unclear", True)
    prices = await fetch(hass, action="tibber", area="home", currency="NOK")
    assert (spans(prices), prices.currency) == (expected(until=TOMORROW), "NOK")


class EnergyZero:
    """EnergyZero: ranges in UTC, and an error for a day that is not known."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.asked: list[tuple[date, Any, Any]] = []

    async def get_electricity_prices(
        self, start_date: date, end_date: date, interval: Any, price_type: Any, local_tz: Any
    ) -> Any:
        """Tell one day."""
        assert start_date == end_date
        self.asked.append((start_date, interval, price_type))
        start = datetime(start_date.year, start_date.month, start_date.day, tzinfo=local_tz)
        if start >= self.until:
            raise import_module("energyzero").EnergyZeroNoDataError
        step = timedelta(minutes=15 if "QUARTER" in str(interval).upper() else 60)
        return SimpleNamespace(
            prices={
                Range(moment, moment + step): price_at(moment)
                for moment in moments(start, start + timedelta(days=1), int(step.total_seconds() // 60))
            }
        )


class Range:
    """EnergyZero's span of time."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start_including, self.end_excluding = start, end


async def test_energyzero_refuses_a_day_that_is_not_known(hass: HomeAssistant, load: Load) -> None:
    """Today is told all the same; both days when there are both; quarters where they are asked for."""
    await in_place(hass, "Europe/Amsterdam", "EUR")
    supplier = EnergyZero(TOMORROW)
    load("energyzero", SimpleNamespace(energyzero=supplier))
    prices = await fetch(hass, action="energyzero.get_energy_prices")
    assert (spans(prices), prices.currency) == (expected(until=TOMORROW), "EUR")
    assert "WITH_VAT" in str(supplier.asked[0][2]).upper()
    supplier.until = AFTER
    assert spans(await fetch(hass, action="energyzero")) == expected()
    data = {"interval": "quarter", "price_type": "all_in"}
    assert spans(await fetch(hass, action="energyzero", data=data)) == expected(15)
    assert "ALL_IN" in str(supplier.asked[-1][2]).upper()
    supplier.until = TODAY
    err, _ = await refused(hass, action="energyzero")
    assert (err.translation_key, type(err)) == ("price_action_failed", PricesUnavailableError)


class EasyEnergy:
    """EasyEnergy: times in UTC, steps by their start alone."""

    def __init__(self, until: datetime) -> None:
        self.until = until

    async def energy_prices(self, start_date: date, end_date: date, granularity: Any, vat: Any) -> Any:
        """Tell days, where the first one is known."""
        start = datetime(start_date.year, start_date.month, start_date.day, tzinfo=BERLIN)
        if start >= self.until:
            raise import_module("easyenergy").EasyEnergyError
        end = datetime(end_date.year, end_date.month, end_date.day, tzinfo=BERLIN) + timedelta(days=1)
        return SimpleNamespace(
            timestamp_prices=[
                {"timestamp": moment, "price": price_at(moment)}
                for moment in moments(start, end, 15 if granularity.value == "quarter" else 60)
            ]
        )


async def test_easyenergy_tells_starts_alone(hass: HomeAssistant, load: Load) -> None:
    await in_place(hass, "Europe/Amsterdam", "EUR")
    supplier = EasyEnergy(TOMORROW)
    load("easyenergy", SimpleNamespace(easyenergy=supplier))
    prices = await fetch(hass, action="easyenergy.get_energy_usage_prices")
    assert (spans(prices), prices.currency) == (expected(until=TOMORROW), "EUR")
    supplier.until = AFTER
    assert spans(await fetch(hass, action="easyenergy", data={"granularity": "quarter"})) == expected(15)


async def test_amber_electric_tells_cents_as_dollars_a_second_late(hass: HomeAssistant, load: Load) -> None:
    await in_place(hass, "Australia/Sydney", "AUD")
    intervals = [
        SimpleNamespace(
            duration=30, var_date=moment.date(), nem_time=moment + timedelta(minutes=30), per_kwh=price_at(moment) * 100,
            spot_per_kwh=12.0, start_time=moment + timedelta(seconds=1), end_time=moment + timedelta(minutes=30),
            renewables=45.3, spike_status=SimpleNamespace(value="none"), descriptor=None, range=None,
            advanced_price=None, channel_type="general",
        )
        for moment in moments(TODAY, AFTER, 30)
    ]  # fmt: skip
    load("amberelectric", SimpleNamespace(data={"forecasts": {"general": intervals}}))
    prices = await fetch(hass, action="amberelectric.get_forecasts")
    assert (spans(prices), prices.currency) == (expected(30), "AUD")
    err, words = await refused(hass, action="amberelectric", data={"channel_type": "feed_in"})
    assert (err.translation_key, "amberelectric" in words) == ("price_action_failed", True)


def register(hass: HomeAssistant, answer: Any) -> None:
    """Register an action that nobody knows."""

    async def _answer(call: ServiceCall) -> ServiceResponse:
        if isinstance(answer, Exception):
            raise answer
        found: ServiceResponse = answer
        return found

    hass.services.async_register("grid", "prices", _answer, supports_response=SupportsResponse.ONLY)


async def test_any_other_action_with_a_list_of_prices(hass: HomeAssistant) -> None:
    rows = [
        {"start": moment.isoformat(), "value": price_at(moment) * 100} for moment in moments(TODAY, AFTER)
    ]
    register(hass, {"result": {"day_ahead": rows, "note": "all there"}})
    prices = await fetch(hass, action="grid.prices", unit="ct/kWh", currency="EUR")
    assert (spans(prices), prices.currency) == (expected(), "EUR")
    err, _ = await refused(hass, action="grid.prices")
    assert err.translation_key == "price_unit_missing"
    register(hass, {"a": rows, "b": rows})
    err, words = await refused(hass, action="grid.prices", unit="ct/kWh")
    assert (err.translation_key, "a, b" in words) == ("price_area_unclear", True)
    assert spans(await fetch(hass, action="grid.prices", unit="ct/kWh", area="b")) == expected()
    register(hass, {"nothing": 1})
    err, _ = await refused(hass, action="grid.prices", unit="ct/kWh")
    assert err.translation_key == "price_answer_unreadable"
    # What is not meant for people can name an address with a token in it.
    for broken, told in ((KeyError("broken"), "KeyError"), (HomeAssistantError("no meter"), "no meter")):
        register(hass, broken)
        err, words = await refused(hass, action="grid.prices", unit="ct/kWh")
        assert (err.translation_key, told in words, "broken" in words) == ("price_action_failed", True, False)
    err, words = await refused(hass, action="grid.costs", unit="ct/kWh")
    assert (err.translation_key, "grid.costs" in words) == ("price_action_missing", True)


async def test_an_answer_of_a_known_action_that_is_no_longer_as_it_was(hass: HomeAssistant) -> None:
    MockConfigEntry(domain="tibber", state=ConfigEntryState.LOADED).add_to_hass(hass)
    answers: tuple[Any, ...] = ({}, {"prices": []}, {"prices": {"Home": 1}})
    for answer in answers:

        async def _answer(call: ServiceCall, answer: Any = answer) -> ServiceResponse:
            found: ServiceResponse = answer
            return found

        hass.services.async_register("tibber", "get_prices", _answer, supports_response=SupportsResponse.ONLY)
        err, words = await refused(hass, action="tibber")
        assert (err.translation_key, "tibber.get_prices" in words) == ("price_answer_unreadable", True)
