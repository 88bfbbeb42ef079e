"""Every word a person reads is in both languages, has its place in the code, and the code finds each of its words."""

import ast
from collections.abc import Iterator
from importlib import import_module
import json
import pkgutil
import re
from string import Formatter
from typing import Any

from bench import VIN, SetUp
from homeassistant.components.application_credentials import ClientCredential, async_import_client_credential
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import SelectSelector
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.yaml import load_yaml_dict
from lookout import SECOND_VIN
import pytest
from test_manifest import PACKAGE, sources

import custom_components.tesla_scout_worker as package
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.command_errors import CommandError
from custom_components.tesla_scout_worker.fleet.errors import (
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
    SignInRequiredError,
)
from custom_components.tesla_scout_worker.flow_browser import _OF_A_BROWSER
from custom_components.tesla_scout_worker.issues import WAYS
from custom_components.tesla_scout_worker.token_rotation import SignInCause
from custom_components.tesla_scout_worker.virtual_key import async_key_cabinet
from custom_components.tesla_scout_worker.worker.sessions import Happened, Log, Session
from fleet_simulator import Account, Car

LANGUAGES = ("en", "pl")
# What Home Assistant itself says at the end of a flow.
SHARED_REASONS = {
    "reauth_successful",
    "reconfigure_successful",
    "missing_credentials",
    "oauth_implementation_unavailable",
}
# What a message about prices may name.
PRICE_NAMES = {
    "source", "row", "unit", "areas", "error", "entries", "entity", "time", "from", "until",
}  # fmt: skip
# What the frontend would make of a text if it were markdown.
MARKDOWN = re.compile(r"\]\(|`|\*|^#|__|\n")


def load(name: str) -> dict[str, Any]:
    """Return a JSON file of the integration."""
    found: dict[str, Any] = json.loads((PACKAGE / name).read_text(encoding="utf-8"))
    return found


WORDS = {language: load(f"translations/{language}.json") for language in LANGUAGES}
EN = WORDS["en"]


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its path."""
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, tree


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def trees() -> Iterator[ast.Module]:
    """Yield the parsed sources."""
    for path in sources():
        yield ast.parse(path.read_text(encoding="utf-8"))


def keyword_strings(name: str, callee: str | None = None) -> set[str]:
    """Return the literals that are given under a keyword, in calls of one function or of any."""
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (callee is None or callee in ast.unparse(node.func)):
                found |= {
                    str(keyword.value.value)
                    for keyword in node.keywords
                    if keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value
                }
    return found


def error_classes() -> set[type[FleetError]]:
    """Return all kinds of trouble that the package knows; every module is imported, so that none is missed."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    found: set[type[FleetError]] = {FleetError}
    waiting = [FleetError]
    while waiting:
        more = [cls for cls in waiting.pop().__subclasses__() if cls.__module__.startswith(package.__name__)]
        found.update(more)
        waiting += more
    return found


def values_refused() -> dict[str, set[str]]:
    """Return the messages of values that no car takes, with the names that each is given."""
    found: dict[str, set[str]] = {}
    for tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="InvalidCommandError"), args=[ast.Constant(value=str(code))]):
                    found.setdefault(code, set()).update(keyword.arg or "" for keyword in node.keywords)
    return found


def issue_keys() -> set[str]:
    """Return the repairs that the code raises: literals given to update_issue, or listed in a dict beside its call."""
    found: set[str] = set()
    for tree in trees():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            calls = [
                node
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "update_issue"
            ]
            for call in calls:
                key = call.args[2]
                if isinstance(key, ast.Constant):
                    found.add(str(key.value))
                    continue
                for node in ast.walk(function):
                    if isinstance(node, ast.Dict):
                        found |= {str(item.value) for item in node.keys if isinstance(item, ast.Constant)}
    return found


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    """No key is missing in one, no placeholder is lost in translation, and nothing is empty or untidy."""
    en, pl = dict(leaves(WORDS["en"])), dict(leaves(WORDS["pl"]))
    assert en.keys() == pl.keys()
    for path, text in en.items():
        assert placeholders(text) == placeholders(pl[path]), path
        for one in (text, pl[path]):
            assert one.strip() == one, path
            assert one, path
            assert "%key" not in one, path
            assert "[%" not in one, path
            assert not re.search(r"<[a-z/]", one), path
    # The translations are translations.
    same = [path for path, text in en.items() if pl[path] == text]
    assert len(same) <= 0.03 * len(en), same


@pytest.mark.parametrize("language", LANGUAGES)
async def test_home_assistants_own_reader_takes_them(hass: HomeAssistant, language: str) -> None:
    """Each category reaches the frontend, whole."""
    for category in WORDS[language]:
        found = await async_get_translations(hass, language, category, [DOMAIN])
        expected = {f"component.{DOMAIN}.{category}.{path}" for path, _ in leaves(WORDS[language][category])}
        assert set(found) == expected, category


def test_every_exception_has_its_message_and_every_message_its_exception() -> None:
    """A code without a message would be shown to a person as it is."""
    only_in_dialogs = {
        "client_refused", "code_refused", "no_refresh_token", "no_vehicles", "registration_refused", "secret_refused",
    }  # fmt: skip
    raised = {cls.code for cls in error_classes()} - only_in_dialogs
    raised |= keyword_strings("translation_key", "Error") | keyword_strings(
        "translation_key", "ConfigEntryNotReady"
    )
    values = values_refused()
    raised |= values.keys()
    assert set(EN["exceptions"]) == raised
    given = {"status", "minutes", "reason"}
    values |= {
        key: PRICE_NAMES
        for key in EN["exceptions"]
        if "price" in key or key.startswith(("no_prices", "tariff", "grid"))
    }
    values |= {"ready_by_past": {"time"}, "plan_impossible": {"field"}}
    values |= {f"plan_{kind}_wrong": {"field", "value"} for kind in ("level", "moment")}
    for key, item in EN["exceptions"].items():
        names = placeholders(item["message"])
        assert names <= values.get(key, given), key


def test_every_trouble_of_the_dialog_has_its_message() -> None:
    """Whatever Tesla answers to the check is told on the form."""
    # No command is sent there.
    classes = {cls for cls in error_classes() if not issubclass(cls, CommandError)}
    codes = {cls.code for cls in classes} - {BudgetSpentError.code, AskedTooOftenError.code}
    own = {"cannot_save", "invalid_token_url", "invalid_api_url", "invalid_authorize_url"}
    own |= {"access_token_pasted", "malformed_token", *(f"cause_{cause}" for cause in SignInCause)}
    own |= {"authorize_failed", "consent_denied", "state_mismatch", *_OF_A_BROWSER.values()}
    own |= {
        "app_without_secret", "invalid_domain", "key_differs", "key_no_tls", "key_not_reachable", "key_not_served",
        "key_unknown_host", "no_vehicle_chosen", "registration_later", "still_not_registered", "virtual_key_damaged", "virtual_key_not_saved",
    }  # fmt: skip
    assert set(EN["config"]["error"]) == codes | own
    given = {"missing_scopes", "redirect_uri", "key_url", "status", "answer", "region"}
    for key, text in EN["config"]["error"].items():
        assert placeholders(text) <= given, key


def test_who_signs_in_in_a_browser_reads_of_no_token_of_his() -> None:
    """He has pasted none, so he cannot submit the same one again, or make a new one."""
    assert _OF_A_BROWSER.keys() <= {cls.code for cls in error_classes()} | {"cannot_save"}
    classes = {cls for cls in error_classes() if not issubclass(cls, CommandError)}
    told = {_OF_A_BROWSER.get(cls.code, cls.code) for cls in classes} | {*_OF_A_BROWSER.values()}
    # A token that was refused is a pasted one; a scope that is missing is a step of its own.
    told -= {SignInRequiredError.code, "missing_scope", "registration_refused"}
    told -= {BudgetSpentError.code, AskedTooOftenError.code}
    token = {
        "en": r"(?i)the same token|the token|this token|a token|paste",
        "pl": r"(?i)(ten sam|nowy) token\b|wklej",
    }
    for language, words in WORDS.items():
        texts = {key: words["config"]["error"][key] for key in told}
        assert {key for key, text in texts.items() if re.search(token[language], text)} == set()


def test_what_is_shown_as_plain_text_is_plain_text() -> None:
    """The frontend makes links and bold letters of a step's description only, not of an error or an exception."""
    for words in WORDS.values():
        plain = [words["config"]["error"], words["options"]["error"], words["exceptions"]]
        for path, text in (leaf for tree in plain for leaf in leaves(tree)):
            assert not MARKDOWN.search(text), path


def test_what_is_waited_for_is_told() -> None:
    """Each kind of waiting that a step names has its text."""
    named = {
        node.args[0].value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_async_patiently"
        and isinstance(node.args[0], ast.Constant)
    }
    assert named == set(EN["config"]["progress"]) == {"cars", "register", "sign_in"}


def test_polish_names_the_buttons_as_the_screen_does() -> None:
    """Home Assistant's form has *Zatwierdź*, and nothing that sends."""
    texts = {path: text for path, text in leaves(WORDS["pl"]["config"]) if re.search(r"(?i)\bwyślij\b", text)}
    assert texts == {}
    assert "Zatwierdź" in WORDS["pl"]["config"]["step"]["scopes"]["description"]


def test_every_end_of_the_dialog_has_its_message() -> None:
    """Aborts, each with the names that it is given; what Home Assistant's helpers abort with they tell themselves."""
    reasons = keyword_strings("reason")
    assert set(EN["config"]["abort"]) == reasons - SHARED_REASONS
    given = {
        "already_configured": {"account"},
        "wrong_account": {"expected", "actual"},
        "wrong_account_without_cars": {"expected"},
    }
    for reason, text in EN["config"]["abort"].items():
        assert placeholders(text) == given[reason], reason


def test_every_repair_has_its_words() -> None:
    """And each repair that is described can come up; what can be mended from here has the words of its dialog instead."""
    assert set(EN["issues"]) == issue_keys()
    assert issue_keys() - WAYS.keys() == {"clock_wrong"}
    known = {"account", "region", "scopes", "minutes", "name", "pairing_url", "zones"}
    for key, issue in EN["issues"].items():
        ways = WAYS.get(key)
        assert set(issue) == {"title", "fix_flow" if ways else "description"}, key
        for _, text in leaves(issue):
            assert placeholders(text) <= known, key
        if not ways:
            continue
        flow = issue["fix_flow"]
        # The words that follow from which steps there are; others are of one step each.
        is_menu = len(ways) > 1
        own = {"budget_spent": {"too_little"}, "home_zone_missing": {"no_zone_chosen"}}.get(key, set())
        opens = {"sign_in", "reconfigure", "register", "sign_here"} & {*ways}
        assert set(flow["step"]) - {"init"} == {*ways} - (
            {"reconfigure", "register", "wait"} if is_menu else set()
        ), key
        assert ("init" in flow["step"]) == is_menu, key
        assert not is_menu or set(flow["step"]["init"]["menu_options"]) == {*ways}, key
        assert set(flow.get("error", ())) == ({"not_yet", "not_now"} if "check" in ways else set()) | own, key
        assert set(flow.get("abort", ())) == ({"go_on"} if opens else set()) | (
            {"waits"} & {f"{way}s" for way in ways}
        ), key


async def every_step(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[ConfigFlowResult]:
    """Return each step of the dialog as it is shown, some of them more than once with other fields."""
    flow = hass.config_entries.flow
    # So that no request of a browser is needed to know where Tesla sends it back to.
    hass.config.components.add("my")
    await async_import_client_credential(hass, DOMAIN, ClientCredential("client", "secret"))

    async def _start(source: str, **data: Any) -> ConfigFlowResult:
        context: Any = {"source": source, **({} if source == "user" else {"entry_id": entry.entry_id})}
        return await flow.async_init(DOMAIN, context=context, data=data or None)

    async def _next(shown: ConfigFlowResult, **typed: Any) -> ConfigFlowResult:
        return await flow.async_configure(shown["flow_id"], typed)

    found: list[ConfigFlowResult] = []
    for source, options in (
        ("user", ("sign_in", "paste")),
        ("reconfigure", ("reconfigure_sign_in", "reconfigure_paste")),
    ):
        for option in options:
            menu = await _start(source)
            found += [menu, await _next(menu, next_step_id=option)]
    sign_in = await _next(await _start("user"), next_step_id="sign_in")
    pick = await _next(sign_in, region="eu", advanced={})
    found += [pick, await _next(pick, implementation=DOMAIN)]
    found.append(flow._progress[sign_in["flow_id"]]._form_scopes(None))  # type: ignore[attr-defined]
    found.append(flow._progress[sign_in["flow_id"]]._form_cars(None))  # type: ignore[attr-defined]
    found.append(await _start("reauth", **entry.data))
    found.append(await _start("reauth", **entry.data, auth_implementation=DOMAIN))

    register = await _next(await _start("reconfigure"), next_step_id="register")
    typed = {"domain": "127.0.0.1:1", "client_secret": "secret"}
    found += [register, await _next(register, **typed, serve_key=True)]
    register = await _next(await _start("reconfigure"), next_step_id="register")
    host_key = await _next(register, **typed, serve_key=False)
    found += [host_key, await _next(host_key, domain="127.0.0.1:1")]
    (await async_key_cabinet(hass)).domain = "example.com"
    found.append(await flow._progress[register["flow_id"]].async_step_pair())  # type: ignore[attr-defined]
    return found


def test_no_title_of_a_dialog_names_anything() -> None:
    """The frontend fills no names into the title of a menu: the owner would read an error instead."""
    for language in LANGUAGES:
        flows = (WORDS[language]["config"]["step"], WORDS[language]["options"]["step"])
        titles = [step.get("title", "") for steps in flows for step in steps.values()]
        assert len(titles) > 10
        assert [title for title in titles if placeholders(title)] == []


def check_fields(described: dict[str, Any], fields: dict[Any, Any]) -> None:
    """Check that each field of a step, in its section, has a name and a description; nothing more."""
    plain = {str(key) for key, field in fields.items() if not hasattr(field, "schema")}
    sections = {str(key): field.schema.schema for key, field in fields.items() if hasattr(field, "schema")}
    assert set(described.get("data", {})) == set(described.get("data_description", {})) == plain
    assert set(described.get("sections", {})) == set(sections)
    for name, inner in sections.items():
        words = described["sections"][name]
        assert set(words["data"]) == set(words["data_description"]) == {str(key) for key in inner}
        assert words["name"]


async def test_every_field_of_the_dialogs_is_described(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Each step that is shown, each field of it, in its section, with a name and a description; nothing more."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    steps: dict[str, dict[str, Any]] = {}
    for shown in await every_step(hass, entry):
        step, described = str(shown["step_id"]), EN["config"]["step"][shown["step_id"]]
        needed: set[str] = set().union(*(placeholders(text) for _, text in leaves(described)))
        assert needed <= set(shown.get("description_placeholders") or {}), step
        form = shown.get("data_schema")
        schema = form.schema if form else {}
        if shown["type"] is FlowResultType.MENU:
            options: Any = shown["menu_options"]
            assert set(described["menu_options"]) == set(options)
            assert set(described["menu_option_descriptions"]) == set(options)
            schema = {}
        steps[step] = {**steps.get(step, {}), **{str(key): field for key, field in schema.items()}}
    # What is shown while Tesla is asked has no fields.
    assert set(EN["config"]["step"]) == set(steps) | {"asking"}
    for step, fields in steps.items():
        described = EN["config"]["step"][step]
        plain = {key for key, field in fields.items() if not hasattr(field, "schema")}
        sections = {key: field.schema for key, field in fields.items() if hasattr(field, "schema")}
        assert set(described.get("data", {})) == set(described.get("data_description", {})) == plain, step
        assert set(described.get("sections", {})) == set(sections), step
        for name, inner in sections.items():
            words = described["sections"][name]
            assert set(words["data"]) == set(words["data_description"]) == {str(key) for key in inner.schema}
            assert words["name"]
    # What Home Assistant puts into the title of a flow that it starts itself.
    assert placeholders(EN["config"]["flow_title"]) == {"name"}

    chosen: dict[Any, Any] = {}
    described = EN["options"]["step"]
    shown_steps = {"init"}
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    offered: Any = menu["menu_options"]
    assert set(described["init"]["menu_options"]) == set(offered)
    assert set(described["init"]["menu_option_descriptions"]) == set(offered)
    for option, typed in (
        ("settings", None),
        ("eyes", None),
        ("eyes", {"vehicle": VIN}),
        ("commands", None),
        ("worker", None),
        ("price_source", {"next_step_id": "price_entity"}),
        ("price_source", {"next_step_id": "price_tariff"}),
    ):
        menu = await hass.config_entries.options.async_init(entry.entry_id)
        shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": option})
        if typed:
            shown = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
        assert shown["data_schema"] is not None
        chosen |= shown["data_schema"].schema
        step = str(shown["step_id"])
        shown_steps.add(step)
        assert placeholders(described[step].get("description", "")) == set(
            shown["description_placeholders"] or {}
        )
        check_fields(described[step], shown["data_schema"].schema)
    # A menu; and what is offered only beside an integration that has prices, which its own tests show.
    assert set(described) == shown_steps | {"price_source", "price_action"}
    of_commands = {
        "no_proxy_url", "invalid_proxy_url", "invalid_certificate", "invalid_add_on", "no_supervisor",
        "proxy_not_answering",
    }  # fmt: skip
    of_prices = {
        "grid_day_missing",
        "tariff_day_missing",
        *(key for key in EN["exceptions"] if key.startswith(("price_", "tariff_"))),
    }
    assert set(EN["options"]["error"]) <= {
        "no_vehicle_chosen", "no_zone_chosen", "eyes_missing", *of_commands, *of_prices,
    }  # fmt: skip
    assert of_commands <= set(EN["options"]["error"])
    selectors = {
        field.config["translation_key"]: set(field.config["options"])
        for fields in (chosen, *steps.values())
        for field in fields.values()
        if isinstance(field, SelectSelector) and field.config.get("translation_key")
    }
    told = {key: set(item["options"]) for key, item in EN["selector"].items()}
    assert told == {**selectors, **selectors_of_actions()}


def selectors_of_actions() -> dict[str, set[str]]:
    """Return the translated choices in the fields of the actions."""
    actions = load_yaml_dict(str(PACKAGE / "services.yaml")).values()
    chosen = [
        field["selector"].get("select") or {} for action in actions for field in action["fields"].values()
    ]
    return {one["translation_key"]: set(one["options"]) for one in chosen if "translation_key" in one}


async def test_every_entity_has_its_name_its_states_and_its_icon(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """By its description: name, every option of an enum, every attribute of its own; nothing is described in vain."""
    entry = await set_up(account, {"share_access_token": True})
    icons = load("icons.json")["entity"]
    named: dict[str, dict[str, Any]] = {}
    pictured: dict[str, set[str]] = {}
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key = item.translation_key
        is_self_evident = item.original_device_class not in {
            None,
            SensorDeviceClass.TIMESTAMP,
            SensorDeviceClass.ENUM,
        }
        if key is None:
            assert item.original_device_class, item.entity_id
            continue
        words = EN["entity"][item.domain][key]
        options = (item.capabilities or {}).get("options")
        states = set(words.get("state", ()))
        # Of some classes Home Assistant lacks a word in Polish.
        is_switched = item.domain == "binary_sensor" and states == {"on", "off"}
        assert is_switched or states == set(options or ()), item.entity_id
        named.setdefault(item.domain, {})[key] = words
        icon = icons.get(item.domain, {}).get(key)
        assert icon or is_self_evident, f"{item.entity_id} has neither an icon nor a class that brings one"
        if icon:
            pictured.setdefault(item.domain, set()).add(key)
            assert set(icon.get("state", ())) <= {*(options or ()), "on", "off"}, item.entity_id
    assert EN["entity"] == named
    assert {domain: set(keys) for domain, keys in icons.items()} == pictured
    for text in (text for path, text in leaves(load("icons.json")) if path):
        assert re.fullmatch(r"mdi:[a-z0-9-]+", text), text


ATTRIBUTES = {
    "sensor.scout_last_look": {"last_position"},
    "sensor.scout_next_look": {"reason"},
    "sensor.scout_last_full_read": {"cause"},
    "sensor.tesla_scout_billed_requests_this_month": {"data", "commands", "wakes", "state", "auth"},
    "sensor.tesla_scout_billed_requests_today": {"data", "commands", "wakes", "state", "auth"},
    "sensor.tesla_scout_cost_this_month": {"beyond_credit"},
    "sensor.tesla_scout_spending": {"wait_factor", "budget"},
    "sensor.tesla_scout_sign_in": {"region", "granted_scopes", "missing_scopes"},
    "sensor.tesla_scout_access_token_renewed": {"rotations", "failures"},
    "sensor.tesla_scout_access_token_hand_outs": {"callers", "last_handout"},
    "event.scout_presence": {"event_type", "position_taken_at", "noticed_by", "zone"},
    "event.scout_full_reads": {"event_type"},
    "event.tesla_scout_account": {"event_type", "month", "budget", "sign_in_needed"},
    "calendar.scout_schedules": {"message"},
    "sensor.scout_next_scheduled_charge": {"ends_at", "obstacle"},
    "sensor.scout_next_preconditioning": {"obstacle"},
    "sensor.scout_charging_schedules": {"schedules"},
    "sensor.scout_preconditioning_schedules": {"schedules"},
    "event.scout_charging_events": {
        "event_type", "read_at", "at_home", "level_before", "level_after", "energy_added", "fast_charger",
    },
    "sensor.scout_charge_plan": {
        "windows", "energy_kwh", "cost", "currency", "reaches_level", "target_reached_at", "limited_by", "remarks",
        "plans_again_at", "target", "ready_by", "once", "in_car", "problem",
    },
    "sensor.scout_last_charge_cost": {"energy_kwh", "ended_at"},
}  # fmt: skip


async def test_every_attribute_has_its_name(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """What an entity tells beside its state is shown in words; and where the word is a state, that too."""
    # So that the calendar has an event to tell of.
    car.charge_schedules.append(
        {"id": 1, "days_of_week": 127, "start_enabled": True, "start_time": 0, "enabled": True}
    )
    entry = await set_up(account, {"share_access_token": True})
    scout = entry.runtime_data.cars[VIN].scout
    for listener in scout._change_listeners:
        listener(import_module(f"{package.__name__}.scout.arrival").Change.ARRIVED, 1_795_000_000.0)
    teller = entry.runtime_data.cars[VIN].worker.teller
    teller.tell(((Happened.CHARGING_STARTED, 1_795_000_000.0),), Log(running=Session(1_795_000_000.0, 50.0)))
    # Less than was spent by now: so the account has something to tell too.
    entry.runtime_data.budget.monthly_budget = 0.001
    entry.runtime_data.budget._changed()
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        expected = ATTRIBUTES.get(item.entity_id, set())
        if item.translation_key is None:
            assert not expected
            continue
        words = EN["entity"][item.domain][item.translation_key].get("state_attributes", {})
        assert set(words) == expected, item.entity_id
        state = hass.states.get(item.entity_id)
        if state is None:
            assert item.disabled_by
            continue
        assert expected <= set(state.attributes), item.entity_id
        own = set(state.attributes) - {
            "friendly_name", "device_class", "unit_of_measurement", "state_class", "options", "icon", "last_reset",
            "all_day", "start_time", "end_time", "location", "description", "event_types", "source_type", "latitude", "longitude", "gps_accuracy", "in_zones", "tracking_type",
            "supported_features", "is_closed", "min", "max", "step", "mode", "entity_picture", "auto_update",
            "display_precision", "installed_version", "in_progress", "latest_version", "release_summary", "release_url",
            "skipped_version", "title", "update_percentage",
        }  # fmt: skip
        assert own == expected, item.entity_id
    sensors = EN["entity"]["sensor"]
    assert sensors["next_look"]["state_attributes"]["reason"]["state"] == sensors["next_look_reason"]["state"]
    assert (
        sensors["last_full_read"]["state_attributes"]["cause"]["state"]
        == sensors["last_full_read_cause"]["state"]
    )
    event = EN["entity"]["event"]["presence"]["state_attributes"]["event_type"]["state"]
    assert set(event) == {"arrived", "left"}


def test_every_action_and_field_is_described() -> None:
    """services.yaml, the words and the icons speak of the same actions."""
    services = load_yaml_dict(str(PACKAGE / "services.yaml"))
    assert set(EN["services"]) == set(load("icons.json")["services"]) == set(services)
    for name, service in services.items():
        assert set(EN["services"][name]) == {"name", "description", "fields"}
        assert set(EN["services"][name]["fields"]) == set(service["fields"])
        for field, words in EN["services"][name]["fields"].items():
            assert set(words) == {"name", "description"}, field


def test_no_sentence_of_the_code_is_shown() -> None:
    """What a person reads comes from the translations: no error is raised with a text, no entity has a name in code."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "HomeAssistantError", "ServiceValidationError", "ConfigEntryNotReady", "ConfigEntryAuthFailed",
                "UpdateFailed", "ConfigEntryError",
            }:  # fmt: skip
                assert not node.args, f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Assign):
                names = {ast.unparse(target) for target in node.targets}
                assert not names & {"self._attr_name", "_attr_name", "self._attr_icon", "_attr_icon"}, (
                    path.name
                )
