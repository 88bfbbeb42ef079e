"""What the pages for people promise: links lead somewhere, examples can be pasted, entities are those that there are."""

import asyncio
from importlib import import_module
from pathlib import Path
import re
from typing import Any, Final

from bench import VIN, WORK, SetUp
from homeassistant.components.automation.config import ValidationStatus, async_validate_config_item
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.template import render_complex
from homeassistant.setup import async_setup_component
from pages import PAGES, POLISH, anchors, entities, examples, links, named
import pytest
from test_manifest import ROOT

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.price_sources.schema import PRICE_SOURCE_SCHEMA
from fleet_simulator import Account

YAML: Final = list(examples("yaml"))
# How long an owner reads before he has set it up.
MOST_LINES: Final = 450
# What an earlier action of the same recipe answered.
ANSWERED: Final = {"told": {"cars": [{"schedules": [{"id": 7}]}]}, "read": {"cars": [{}]}}


def _fields(told: Any) -> set[str]:
    """Return the path of each field. An empty list and one with something in it are the same."""
    if isinstance(told, dict):
        return {f"{key}.{path}" for key, item in told.items() for path in _fields(item) or {""}}
    if isinstance(told, list):
        return {path for item in told for path in _fields(item)}
    return set()


def _calls(told: Any) -> list[dict[str, Any]]:
    if isinstance(told, list):
        return [call for item in told for call in _calls(item)]
    if not isinstance(told, dict):
        return []
    own = [told] if str(told.get("action", "")).startswith(f"{DOMAIN}.") else []
    return own + [call for item in told.values() for call in _calls(item)]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file of the checkout, and to a heading that is there."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_every_page_is_found() -> None:
    """From the README, in a few steps; a page that nobody links to is not read."""
    found, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        found.add(page)
        paths = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
        ahead += [path for path in paths if path in PAGES and path not in found]
    assert set(PAGES) == found


@pytest.mark.parametrize("page", [ROOT / "README.md", POLISH], ids=named)
def test_readme_is_read_in_ten_minutes(page: Path) -> None:
    """What is longer has a page of its own. The version is in the manifest alone."""
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert not re.search(r"\b0\.\d+\.\d+\b", text)


def test_both_languages_lead_to_the_same_pages() -> None:
    """Who reads the one README finds all that the other one leads to."""
    english, polish = (
        {path for link in links(page) if (path := link.partition("#")[0]).startswith("docs/")}
        for page in (ROOT / "README.md", POLISH)
    )
    assert english == polish


def test_figures_are_the_same_in_both_languages() -> None:
    """The bench writes its table into the English README; who runs it copies the figures into the Polish one."""
    english, polish = (
        [
            re.findall(r"\d+", row)
            for row in re.findall(
                r"(?m)^\| [^|\n]+ \|(?: [^|\n]+ \|){4} \d+ [a-z]+ 119 \|$", page.read_text("utf-8")
            )
        ]
        for page in (ROOT / "README.md", POLISH)
    )
    assert len(english) == 10
    assert polish == english


async def test_every_command_can_be_typed() -> None:
    """A shell reads each to its end, without carrying it out."""
    for example in examples("sh"):
        process = await asyncio.create_subprocess_exec("/bin/sh", "-n", stdin=asyncio.subprocess.PIPE)
        await process.communicate(example.text.encode())
        assert process.returncode == 0, str(example)


def test_every_example_is_yaml() -> None:
    """It parses, and says something."""
    assert len(YAML) > 50
    for example in YAML:
        assert example.data, str(example)


async def test_every_automation_can_be_pasted(hass: HomeAssistant) -> None:
    """Home Assistant takes it as it stands, with its triggers, conditions and actions."""
    # The triggers of an integration are known once it is set up.
    for domain in (DOMAIN, "automation", "event"):
        assert await async_setup_component(hass, domain, {})
    await hass.async_block_till_done()
    whole = [one for one in YAML if isinstance(one.data, dict) and "triggers" in one.data]
    assert len(whole) > 10
    for example in whole:
        config = await async_validate_config_item(hass, "example", example.data)
        assert config is not None, str(example)
        assert config.validation_status is ValidationStatus.OK, (str(example), config.validation_error)
        assert example.data["alias"], str(example)


async def test_every_action_takes_what_it_is_given(hass: HomeAssistant) -> None:
    """Templates are filled in first, as a script does, and an answer is asked for where there is one."""
    assert await async_setup_component(hass, DOMAIN, {})
    registered = hass.services.async_services_for_domain(DOMAIN)
    shown = set()
    for example in YAML:
        for call in _calls(example.data):
            name = call["action"].partition(".")[2]
            shown.add(name)
            action, service = cv.script_action(call), registered[name]
            assert service.schema is not None, name
            service.schema(render_complex(action.get("data", {}), ANSWERED))
            has_answer = service.supports_response is not SupportsResponse.NONE
            assert has_answer or "response_variable" not in call, str(example)
            is_needed = service.supports_response is SupportsResponse.ONLY
            assert "response_variable" in call or not is_needed, str(example)
    # Those of preconditioning that only tell or remove are written as those of charging.
    assert set(registered) - shown == {
        "forget_habits", "get_precondition_schedules", "remove_precondition_schedule",
    }  # fmt: skip


def test_every_source_of_prices_is_told_well() -> None:
    """As the options and the actions take it."""
    sources = [
        one.data["price_source"]
        for one in YAML
        if isinstance(one.data, dict) and set(one.data) == {"price_source"}
    ]
    assert len(sources) > 8
    for source in sources:
        assert PRICE_SOURCE_SCHEMA(source)


def test_every_part_of_the_configuration_is_taken() -> None:
    """What goes into configuration.yaml; the recipes for MQTT have a test of their own."""
    taken = set()
    for example in YAML:
        for name in {"logbook", "logger"} & set(example.data):
            assert import_module(f"homeassistant.components.{name}").CONFIG_SCHEMA(example.data)
            taken.add(name)
    assert taken == {"logbook", "logger"}


async def test_answer_of_get_status_is_as_it_is_written(
    hass: HomeAssistant, account: Account, set_up: SetUp
) -> None:
    """Each field is on the page, and no other."""
    account.add_car(VIN, "My Car", WORK)
    await set_up(account)
    answer = await hass.services.async_call(DOMAIN, "get_status", {}, blocking=True, return_response=True)
    written = next(one.data for one in YAML if isinstance(one.data, dict) and "other_programs" in one.data)
    # Who has not spent anything yet is not named.
    by_purpose = "month.cost_by_purpose_usd."
    told, real = (
        {path for path in _fields(one) if not path.startswith(by_purpose)} for one in (written, answer)
    )
    assert told == real


@pytest.fixture(params=["en", "pl"])
async def registered(
    request: pytest.FixtureRequest, hass: HomeAssistant, account: Account, set_up: SetUp
) -> tuple[str, dict[str, bool]]:
    """Set up the car of the pages, in a language; return that, and all entities with whether they are off."""
    language: str = request.param
    await hass.config.async_update(language=language)
    account.add_car(VIN, "My Car" if language == "en" else "Iskra", WORK)
    entry = await set_up(account, {"share_access_token": True})
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return language, {item.entity_id: item.disabled_by is not None for item in found}


async def test_entities_are_those_that_there_are(registered: tuple[str, dict[str, bool]]) -> None:
    """The pages name no other; the page of the entities names all, and which of them are off. The README counts them."""
    language, found = registered
    if language == "pl":
        assert entities(POLISH, "iskra")
        assert entities(POLISH, "iskra") <= set(found)
        return
    for page in PAGES:
        # Home Assistant gives the second of a name a number.
        spoken_of = {name.removesuffix("_2") for name in entities(page, "my_car")}
        assert spoken_of <= set(found), named(page)
    rows = re.findall(
        r"(?m)^\| (`[^|]+`) \|([^|]*)\|", (ROOT / "docs" / "entities.md").read_text(encoding="utf-8")
    )
    told = {name: mark.strip() == "off" for names, mark in rows for name in re.findall(r"`([^`]+)`", names)}
    assert told == found
    # The hand-outs are only there where the owner wished it.
    counted = f"{len(found) - 1} in all for an account with one car, {sum(found.values())} of them off"
    assert counted in (ROOT / "README.md").read_text(encoding="utf-8")
