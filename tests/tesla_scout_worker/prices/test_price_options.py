"""Saying where electricity prices come from: each kind in a form of its own, tried before it is kept."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from bench import SetUp, settle
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import SelectSelector
from homeassistant.setup import async_setup_component
from price_bench import AFTER, TODAY, at, in_place, moments, price_at, words
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.price_sources import PRICE_SOURCE_SCHEMA, async_fetch_prices
from custom_components.tesla_scout_worker.settings import Options
from fleet_simulator import Account, Car

NOW = at(2026, 11, 24, 17)
TARIFF = {"preset": "pl_g12w", "day": 0.9, "night": 0.5}


@pytest.fixture
async def entry(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set the integration up at a home in Poland."""
    found = await set_up(account, {"promptness": "prompt"})
    await in_place(hass, "Europe/Warsaw", "PLN")
    return found


async def menu(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> ConfigFlowResult:
    """Open the options and choose the electricity price."""
    shown = await hass.config_entries.options.async_init(entry.entry_id)
    return await step(hass, shown, next_step_id="price_source")


async def step(hass: HomeAssistant, shown: ConfigFlowResult, **typed: Any) -> ConfigFlowResult:
    result = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
    await settle(hass)
    return result


async def form(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str) -> ConfigFlowResult:
    return await step(hass, await menu(hass, entry), next_step_id=name)


def filled_in(shown: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form is filled in with, sections included."""
    assert shown["data_schema"] is not None

    def _suggested(fields: dict[Any, Any]) -> dict[str, Any]:
        return {
            str(key): _suggested(field.schema.schema)
            if hasattr(field, "schema")
            else key.description["suggested_value"]
            for key, field in fields.items()
            if hasattr(field, "schema") or (key.description and "suggested_value" in key.description)
        }

    return _suggested(shown["data_schema"].schema)


def check_fields(step_id: str, fields: dict[Any, Any]) -> None:
    """Check that each field of a step, in its section, has a name and a description in each language; nothing more."""
    for language in ("en", "pl"):
        described = words(language)["options"]["step"][step_id]
        plain = {str(key) for key, field in fields.items() if not hasattr(field, "schema")}
        assert set(described["data"]) == set(described["data_description"]) == plain
        on_top = described["sections"]["on_top"]
        inner = {str(key) for key in fields["on_top"].schema.schema}
        assert set(on_top["data"]) == set(on_top["data_description"]) == inner
        assert "{" not in described["title"] + described["description"]


async def prices_now(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> Any:
    """Return what the worker would plan with."""
    source = Options.from_options(entry.options).price_source
    assert source is not None
    assert PRICE_SOURCE_SCHEMA(dict(source)) == source
    return await async_fetch_prices(hass, source, NOW, AFTER.timestamp())


async def test_a_tariff_is_kept_shown_again_and_removed(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """What other steps of the menu keep stays."""
    assert (await menu(hass, entry))["menu_options"] == ["price_entity", "price_tariff"]
    result = await step(hass, await form(hass, entry, "price_tariff"), **TARIFF)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"promptness": "prompt", "price_source": {"tariff": TARIFF, "currency": "PLN"}}
    prices = await prices_now(hass, entry)
    assert (prices.at(NOW), prices.at(at(2026, 11, 24, 23)), prices.currency) == (0.9, 0.5, "PLN")
    assert filled_in(await form(hass, entry, "price_tariff")) == {**TARIFF, "on_top": {}}
    # Saving the settings loses nothing of it.
    settings = await step(
        hass, await hass.config_entries.options.async_init(entry.entry_id), next_step_id="settings"
    )
    await step(hass, settings, **filled_in(settings))
    assert entry.options["price_source"] == {"tariff": TARIFF, "currency": "PLN"}
    shown = await menu(hass, entry)
    assert shown["menu_options"] == ["price_entity", "price_tariff", "price_none"]
    result = await step(hass, shown, next_step_id="price_none")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "price_source" not in entry.options
    assert entry.options["promptness"] == "prompt"


async def test_what_comes_on_top_is_kept_with_it(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    rows: list[dict[str, Any]] = [
        {"start": start, "value": price_at(start)} for start in moments(TODAY, AFTER)
    ]
    hass.states.async_set("sensor.market", "0.1", {"raw_today": rows, "unit_of_measurement": "PLN/kWh"})
    on_top = {
        "factor": 1.23, "addend": 0.1, "grid_preset": "day_night", "grid_day": 0.3, "grid_night": 0.1,
        "grid_night_hours": ["22:00-06:00", "13:00-15:00"],
    }  # fmt: skip
    await step(hass, await form(hass, entry, "price_entity"), entity_id=["sensor.market"], on_top=on_top)
    assert entry.options["price_source"] == {
        "entity_id": ["sensor.market"],
        "factor": 1.23,
        "addend": 0.1,
        "grid_fees": {
            "preset": "day_night", "day": 0.3, "night": 0.1, "night_hours": ["22:00-06:00", "13:00-15:00"],
        },
    }  # fmt: skip
    prices = await prices_now(hass, entry)
    assert prices.at(NOW) == pytest.approx(rows[17]["value"] * 1.23 + 0.1 + 0.3)
    assert filled_in(await form(hass, entry, "price_entity")) == {
        "entity_id": ["sensor.market"],
        "on_top": on_top,
    }


async def test_an_integration_is_offered_where_there_is_one(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """By its name, and with the area that is needed."""
    asked: list[dict[str, Any]] = []

    async def _answer(call: ServiceCall) -> ServiceResponse:
        asked.append(dict(call.data))
        rows: Any = [
            {"start": start.isoformat(), "price": price_at(start) * 1_000} for start in moments(TODAY, AFTER)
        ]
        return dict.fromkeys(call.data.get("areas", ["PL", "SE3"]), rows)

    hass.services.async_register(
        "nordpool", "get_prices_for_date", _answer, supports_response=SupportsResponse.ONLY
    )
    market = MockConfigEntry(
        domain="nordpool", title="Nord Pool", data={"currency": "PLN"}, state=ConfigEntryState.LOADED
    )
    market.add_to_hass(hass)
    market.runtime_data = SimpleNamespace()
    shown = await menu(hass, entry)
    assert shown["menu_options"] == ["price_entity", "price_action", "price_tariff"]
    shown = await step(hass, shown, next_step_id="price_action")
    assert shown["data_schema"] is not None
    selector = shown["data_schema"].schema["config_entry"]
    assert isinstance(selector, SelectSelector)
    assert selector.config["options"] == [{"value": market.entry_id, "label": "Nord Pool (nordpool)"}]
    refused = await step(hass, shown, config_entry=market.entry_id)
    assert refused["errors"] == {"base": "price_area_unclear"}
    assert refused["description_placeholders"] == {
        "source": "nordpool.get_prices_for_date",
        "areas": "PL, SE3",
    }
    await step(hass, refused, config_entry=market.entry_id, area="PL")
    assert entry.options["price_source"] == {
        "config_entry": market.entry_id,
        "area": "PL",
        "action": "nordpool.get_prices_for_date",
    }
    assert asked[-1] == {"config_entry": market.entry_id, "areas": ["PL"], "date": "2026-11-25"}
    assert (await prices_now(hass, entry)).currency == "PLN"
    check_fields("price_action", shown["data_schema"].schema)
    # Nothing of it was really loaded, so that there is nothing to unload.
    market.mock_state(hass, ConfigEntryState.NOT_LOADED)


async def test_what_cannot_be_is_told_on_the_form_and_nothing_typed_is_lost(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    shown = await form(hass, entry, "price_tariff")
    for typed, error in (
        ({"preset": "flat"}, "tariff_day_missing"),
        ({"preset": "pl_g12", "day": 0.9}, "tariff_night_missing"),
        ({"preset": "day_night", "day": 0.9, "night": 0.5}, "tariff_hours_missing"),
        ({**TARIFF, "night_hours": ["late"]}, "price_source_unreadable"),
        ({**TARIFF, "on_top": {"grid_preset": "flat"}}, "grid_day_missing"),
        ({**TARIFF, "on_top": {"grid_preset": "pl_g12", "grid_day": 0.1}}, "tariff_night_missing"),
    ):
        shown = await step(hass, shown, **typed)
        assert shown["type"] is FlowResultType.FORM
        assert shown["errors"] == {"base": error}
        assert filled_in(shown) == {"on_top": {}, **typed}
    shown = await form(hass, entry, "price_entity")
    shown = await step(hass, shown, entity_id=["sensor.gone"])
    assert shown["errors"] == {"base": "price_entity_missing"}
    assert shown["description_placeholders"] == {"entity": "sensor.gone"}
    assert "price_source" not in entry.options


async def test_an_entity_that_sleeps_is_kept_all_the_same(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """Its prices come when it wakes."""
    hass.states.async_set("sensor.asleep", "unavailable")
    await step(hass, await form(hass, entry, "price_entity"), entity_id=["sensor.asleep"], unit="EUR/kWh")
    assert entry.options["price_source"] == {"entity_id": ["sensor.asleep"], "unit": "EUR/kWh"}


async def test_every_step_and_field_has_its_words(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """In both languages, and each error of a source that the owner must change."""
    for name in ("price_entity", "price_tariff"):
        shown = await form(hass, entry, name)
        assert shown["data_schema"] is not None
        check_fields(name, shown["data_schema"].schema)
    for told in (words("en"), words("pl")):
        described = told["options"]["step"]["price_source"]
        assert set(described["menu_options"]) == {
            "price_entity",
            "price_action",
            "price_tariff",
            "price_none",
        }
        for key, text in told["options"]["error"].items():
            if key in told["exceptions"]:
                assert text == told["exceptions"][key]["message"], key


async def test_a_browser_can_draw_each_form(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    """Over HTTP, with all that a field is made of; what is typed there is kept."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    path = "/api/config/config_entries/options/flow"
    for name in ("price_entity", "price_tariff"):
        opened = await (await client.post(path, json={"handler": entry.entry_id})).json()
        for chosen in ("price_source", name):
            answer = await client.post(f"{path}/{opened['flow_id']}", json={"next_step_id": chosen})
            assert answer.status == HTTPStatus.OK
        fields = (await answer.json())["data_schema"]
        assert fields[-1]["type"] == "expandable"
        assert len(fields[-1]["schema"]) == 9
    answer = await client.post(f"{path}/{opened['flow_id']}", json={**TARIFF, "on_top": {}})
    assert (await answer.json())["type"] == "create_entry"
    assert entry.options["price_source"]["tariff"] == TARIFF


@pytest.mark.parametrize("stored", ["nordpool", 1, [], None])
async def test_a_source_that_makes_no_sense_is_none(stored: Any) -> None:
    assert Options.from_options({"price_source": stored}).price_source is None
