"""The dashboard that an owner pastes: of real entities, whatever they are called, and of cards that Home Assistant ships."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re
from typing import Any

from bench import VIN, SetUp, settle
import hass_frontend
from homeassistant.components.lovelace.dashboard import LovelaceStorage
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util.yaml import dump, load_yaml_dict, parse_yaml
from lookout import SECOND_VIN, call
import pytest

from custom_components.tesla_scout_worker import dashboard
from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import Account, Car, FleetSimulator

# How the frontend's bundles list what can be drawn: a set of what is always loaded, and behind it a map of what is
# fetched when it is needed.
_ALWAYS = re.compile(r'new Set\(\[("[a-z-]+"(?:,"[a-z-]+")*)\]\)(,\w+=\{"[a-z-]+":\(\)=>)?')
_FETCHED = re.compile(r'[{,]"?([a-z-]+)"?:\(\)=>')
CARDS, BADGES, FEATURES = ("tile", "heading"), ("error", "entity"), ("bar-gauge", "toggle")


@cache
def shipped(*marks: str) -> frozenset[str]:
    """Return the types that the installed frontend draws, of the kind to which these belong."""
    for file in sorted((Path(hass_frontend.where()) / "frontend_latest").glob("*.js")):
        text = file.read_text(encoding="utf-8")
        for match in _ALWAYS.finditer(text):
            always = set(match[1].replace('"', "").split(","))
            if always.issuperset(marks):
                fetched = _FETCHED.findall(balanced(text, match.start(2) + 1)) if match[2] else []
                return frozenset(always.union(fetched))
    pytest.fail(f"the frontend draws no {marks}")


def balanced(text: str, start: int) -> str:
    """Return what is in the braces that open behind a place."""
    begin = at = text.index("{", start)
    depth = 0
    while True:
        depth += (text[at] == "{") - (text[at] == "}")
        at += 1
        if depth == 0:
            return text[begin:at]


def parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield each mapping of a dashboard."""
    if isinstance(tree, dict):
        yield tree
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from parts(item)


def cards(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cards of a view."""
    return [card for section in view["sections"] for card in section["cards"]]


def entities(tree: Any) -> set[str]:
    """Return the entities that a dashboard names."""
    found: set[str] = set()
    for part in parts(tree):
        found |= {part["entity"]} if "entity" in part else set()
        found |= {one for one in part.get("entities", ()) if isinstance(one, str)}
    return found


def named(card: dict[str, Any]) -> str:
    """Return the entity of a card, or its type."""
    return str(card.get("entity", card["type"]))


def test_frontend_lists_are_found() -> None:
    """Else the other tests would hold nothing."""
    assert {"map", "calendar", "history-graph", "statistics-graph", "tile"} <= shipped(*CARDS)
    assert {"numeric-input", "cover-open-close"} <= shipped(*FEATURES)
    assert "entity-filter" in shipped(*BADGES)
    assert "custom:mushroom" not in shipped(*CARDS)


async def test_every_entity_is_there_and_every_card_is_shipped(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """In a set-up with nothing but defaults, and nothing is left out of it; no request is sent for it."""
    entry = await set_up(account)
    asked = len(simulator.requests)
    answer = await call(hass, "get_dashboard")
    assert len(simulator.requests) == asked
    (view,) = answer["views"]
    registry = er.async_get(hass)
    for entity_id in entities(view) - {"zone.home"}:
        item = registry.async_get(entity_id)
        assert item is not None, entity_id
        assert (item.config_entry_id, item.disabled_by) == (entry.entry_id, None)
        assert hass.states.get(entity_id) is not None
    layout = load_yaml_dict(str(dashboard._LAYOUT))
    assert [len(section["cards"]) for section in view["sections"]] == [
        len(section["cards"]) for section in layout["sections"]
    ]
    assert len(view["badges"]) == len(layout["badges"])

    assert {card["type"] for card in cards(view)} <= shipped(*CARDS)
    assert {badge["type"] for badge in view["badges"]} <= shipped(*BADGES)
    features = [feature for card in cards(view) for feature in card.get("features", ())]
    assert features
    assert {feature["type"] for feature in features} <= shipped(*FEATURES)
    assert {section["type"] for section in view["sections"]} == {"grid"}
    assert {badge["type"] for card in cards(view) for badge in card.get("badges", ())} == {"entity"}
    assert {"map", "calendar", "history-graph"} <= {card["type"] for card in cards(view)}
    for wanted in (
        "sensor.scout_next_look", "sensor.scout_planned_charge_cost", "sensor.tesla_scout_sign_in",
        "sensor.tesla_scout_expected_cost_this_month", "sensor.tesla_scout_cost_of_a_fixed_poll_this_month",
    ):  # fmt: skip
        assert wanted in entities(view)
    # No VIN, no place.
    assert VIN not in str(answer)


async def test_owner_pastes_what_is_shown(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """The answer as YAML, as the developer tools show it, is what Home Assistant stores as a dashboard."""
    await set_up(account)
    answer = await call(hass, "get_dashboard")
    pasted = parse_yaml(dump(answer))
    assert pasted == answer
    storage = LovelaceStorage(hass, {"id": "cars", "url_path": "cars-here"})
    await storage.async_save(pasted)
    assert await storage.async_load(False) == answer


async def test_each_car_has_its_view(hass: HomeAssistant, account: Account, car: Car, set_up: SetUp) -> None:
    """What is its own is on it alone. Entities go by the names that the owner gave them, and by the options; a car alone can be had."""
    account.add_car(SECOND_VIN, "Zażółć")
    entry = await set_up(account, {"home_zones": ["zone.home", "zone.cabin"], "monthly_budget": 4.0})
    registry = er.async_get(hass)
    registry.async_update_entity("sensor.scout_battery", new_entity_id="sensor.how_full")
    await settle(hass)
    first, second = (await call(hass, "get_dashboard"))["views"]
    assert (first["title"], second["title"]) == ("Scout", "Zażółć")
    assert "sensor.how_full" in entities(first)
    own = [
        {
            one
            for one in entities(view)
            if (item := registry.async_get(one)) and item.unique_id.startswith(vin)
        }
        for view, vin in ((first, VIN), (second, SECOND_VIN))
    ]
    assert len(own[0]) == len(own[1]) > 10
    assert not own[0] & own[1]
    (drawn,) = [card for card in cards(first) if card["type"] == "map"]
    assert drawn["entities"] == ["device_tracker.scout_location", "zone.home", "zone.cabin"]
    features = [feature for card in cards(first) for feature in card.get("features", ())]
    assert 4.0 in [feature.get("max") for feature in features]

    item = registry.async_get("button.zazolc_look_now")
    assert item is not None
    assert item.device_id is not None
    (alone,) = (await call(hass, "get_dashboard", device_id=item.device_id))["views"]
    assert alone == second
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await call(hass, "get_dashboard")


async def test_what_is_not_there_leaves_no_gap(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """A disabled entity takes its card along, in a graph its line; without a budget there is no bar."""
    entry = await set_up(account, {"monthly_budget": 0.0})
    for gone in (
        "cover.scout_charge_port",
        "sensor.tesla_scout_expected_cost_this_month",
        "sensor.scout_battery",
    ):
        er.async_get(hass).async_update_entity(gone, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    (view,) = (await call(hass, "get_dashboard"))["views"]
    assert not {"cover.scout_charge_port", "sensor.scout_battery"} & entities(view)
    assert None not in [item for part in parts(view) for item in part.values()]
    (graph,) = [card for card in cards(view) if card["type"] == "history-graph"]
    assert [line["entity"] for line in graph["entities"]] == [
        "sensor.tesla_scout_cost_this_month",
        "sensor.tesla_scout_cost_of_a_fixed_poll_this_month",
    ]
    (cost,) = [card for card in cards(view) if named(card) == "sensor.tesla_scout_cost_this_month"]
    assert cost["features"] == []


async def test_it_speaks_the_owners_language(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Headings are in Home Assistant's language, and no name of the layout is left over."""
    await set_up(account)
    await hass.config.async_update(language="pl")
    (view,) = (await call(hass, "get_dashboard"))["views"]
    headings = [card["heading"] for card in cards(view) if card["type"] == "heading"]
    assert "Plan ładowania" in headings
    assert not re.search(r"\b(car|account|words):", str(view))
    assert DOMAIN not in str(view)
