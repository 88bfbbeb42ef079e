"""The promises of quality_scale.yaml: each rule is kept by a test that is named here, or cannot apply.

https://developers.home-assistant.io/docs/core/integration-quality-scale/rules
"""

import ast
from functools import cache
from pathlib import Path
import re
from typing import Any, Final

from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import DATA_ENTITY_PLATFORM
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from lookout import SECOND_VIN
import pytest
from test_manifest import MANIFEST, PACKAGE, ROOT, sources
from test_words import EN, load

from custom_components.tesla_scout_worker.const import DOMAIN, PLATFORMS
from fleet_simulator import Account, Car, Fault, FleetSimulator

TESTS: Final = Path(__file__).parents[1]
RULES: Final[dict[str, Any]] = load_yaml_dict(str(PACKAGE / "quality_scale.yaml"))["rules"]
# Rules that may be exempt, with what would make them apply.
EXEMPT: Final = {"discovery", "discovery-update-info"}
DISCOVERY: Final = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
# The platforms that send something to Tesla, one at a time.
SENDING: Final = {"button", "cover", "number", "switch"}

# What keeps each rule: tests, by file and name. A rule of the documentation is kept by the headings and words below.
KEPT_BY: Final[dict[str, tuple[str, ...]]] = {
    # Bronze
    "action-setup": ("test_quality_scale:test_actions_are_there_without_an_account",),
    "appropriate-polling": (
        "test_sleep:test_days_asleep_cost_nothing_and_keep_everything",
        "test_patience:*",
        "test_cars_come_and_go:test_new_car_appears_within_a_day_and_no_request_is_added",
    ),
    "brands": ("test_manifest:test_brand_images",),
    "common-modules": ("test_quality_scale:test_what_is_common_is_in_its_module",),
    "config-flow": ("test_config_flow:test_sign_in_makes_an_entry", "test_words:test_every_field_of_the_dialogs_is_described"),
    "config-flow-test-coverage": (
        "test_config_flow:test_each_trouble_is_told_and_heals_on_the_same_form",
        "test_browser_sign_in:test_signing_in_makes_an_entry",
        "test_words:test_every_end_of_the_dialog_has_its_message",
    ),
    "dependency-transparency": (
        "test_manifest:test_requirements_fight_with_nobody",
        "test_manifest:test_imports_are_what_home_assistant_brings_along",
    ),
    "docs-actions": ("test_quality_scale:test_documentation_names_all_that_can_be_used",),
    "docs-conditions": ("test_quality_scale:test_documentation_names_all_that_can_be_used",),
    "docs-high-level-description": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-installation-instructions": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-removal-instructions": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-triggers": ("test_quality_scale:test_documentation_names_all_that_can_be_used",),
    "entity-event-setup": ("test_quality_scale:test_entities_listen_when_they_are_added", "test_leaves_nothing:test_unloaded_account_leaves_no_timer_no_task_and_no_listener"),
    "entity-unique-id": ("test_quality_scale:test_every_entity_has_an_id_a_name_and_a_device",),
    "has-entity-name": ("test_quality_scale:test_every_entity_has_an_id_a_name_and_a_device",),
    "runtime-data": ("test_quality_scale:test_what_runs_is_in_runtime_data",),
    "test-before-configure": ("test_config_flow:test_server_that_is_not_there",),
    "test-before-setup": ("test_account:test_the_list_of_cars_is_asked_for_and_shown", "test_devices:test_empty_list_at_a_start_switches_nothing_off"),
    "unique-config-entry": ("test_config_flow:test_same_account_twice_is_refused", "test_browser_sign_in:test_the_same_account_is_set_up_once"),
    # Silver
    "action-exceptions": ("test_actions:test_all_cars_fail", "test_words:test_every_exception_has_its_message_and_every_message_its_exception"),
    "config-entry-unloading": ("test_leaves_nothing:test_unloaded_account_leaves_no_timer_no_task_and_no_listener",),
    "docs-configuration-parameters": ("test_quality_scale:test_documentation_names_all_that_can_be_used",),
    "docs-installation-parameters": ("test_quality_scale:test_documentation_has_its_sections",),
    "entity-unavailable": ("test_entities:test_car_that_was_never_read_has_no_values_but_buttons", "test_sleep:test_days_asleep_cost_nothing_and_keep_everything"),
    "integration-owner": ("test_manifest:test_manifest_keys_are_those_and_in_order",),
    "log-when-unavailable": ("test_quality_scale:test_trouble_is_logged_when_it_begins_and_when_it_ends",),
    "parallel-updates": ("test_quality_scale:test_every_platform_says_how_much_it_does_at_once",),
    "reauthentication-flow": ("test_browser_again:test_reauth_tells_the_probable_cause", "test_browser_again:test_another_account_is_refused_by_both_names"),
    "test-coverage": ("test_quality_scale:test_coverage_is_demanded",),
    # Gold
    "devices": ("test_devices:test_car_and_account_are_two_linked_devices",),
    "diagnostics": (
        "test_diagnostics_secrets:test_marked_secrets_are_nowhere_in_the_files",
        "test_told:test_a_device_tells_of_its_car_and_the_account_of_all",
    ),
    "docs-data-update": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-examples": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-known-limitations": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-supported-devices": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-supported-functions": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-troubleshooting": ("test_quality_scale:test_documentation_has_its_sections",),
    "docs-use-cases": ("test_quality_scale:test_documentation_has_its_sections",),
    "dynamic-devices": ("test_cars_come_and_go:test_new_car_appears_within_a_day_and_no_request_is_added",),
    "entity-category": ("test_entities:test_what_each_entity_is",),
    "entity-device-class": ("test_entities:test_what_each_entity_is", "test_read_statistics:test_classes_and_units_are_home_assistants"),
    "entity-disabled-by-default": ("test_entities:test_disabled_sensor_can_be_enabled", "test_entities:test_what_each_entity_is"),
    "entity-translations": ("test_words:test_every_entity_has_its_name_its_states_and_its_icon", "test_words:test_every_attribute_has_its_name"),
    "exception-translations": ("test_words:test_every_exception_has_its_message_and_every_message_its_exception", "test_words:test_no_sentence_of_the_code_is_shown"),
    "icon-translations": ("test_words:test_every_entity_has_its_name_its_states_and_its_icon", "test_quality_scale:test_whatever_can_be_chosen_has_words_and_an_icon"),
    "reconfiguration-flow": ("test_browser_again:test_reconfigure_from_either_way_to_either", "test_config_flow:test_new_token_replaces_the_old_one"),
    "repair-issues": ("test_words:test_every_repair_has_its_words", "test_account:test_removing_the_account_removes_its_repairs"),
    "stale-devices": (
        "test_cars_come_and_go:test_sold_car_goes_after_three_days_with_all_that_was_known_of_it",
        "test_cars_come_and_go:test_owner_who_deletes_the_device_of_a_sold_car_need_not_wait",
    ),
    # Platinum
    "async-dependency": ("test_fleet_one_way_out:test_the_transport_sends_in_one_place",),
    "inject-websession": ("test_quality_scale:test_nobody_makes_a_session", "test_fleet_one_way_out:test_a_session_goes_nowhere_but_into_a_transport"),
    "strict-typing": ("test_quality_scale:test_types_are_checked_strictly",),
}  # fmt: skip

# Headings of the README, one of which each rule needs.
SECTIONS: Final = {
    "docs-data-update": r"what it does|how it works|when .* (read|asked|looked)|what it costs",
    "docs-examples": r"automation|example|recipe",
    "docs-high-level-description": r"what it does|what is it|why",
    "docs-installation-instructions": r"install",
    "docs-installation-parameters": r"set up|set-up|sign in",
    "docs-known-limitations": r"limit",
    "docs-removal-instructions": r"remov|delete|uninstall",
    "docs-supported-devices": r"cars|supported|entities",
    "docs-supported-functions": r"entities|functions",
    "docs-troubleshooting": r"trouble",
    "docs-use-cases": r"automation|what it does|use case|recipe",
}


@cache
def known_tests() -> dict[str, set[str]]:
    """Return the tests that there are, by the name of their file."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[path.stem] = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        }
    return found


@cache
def documentation() -> str:
    """Return all that is written for owners, as one text in one line."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    )
    return " ".join(text.split())


def nodes(kind: type[Any]) -> list[tuple[Path, Any]]:
    """Return the parts of the sources of a kind, with their file."""
    found = [(path, ast.walk(ast.parse(path.read_text(encoding="utf-8")))) for path in sources()]
    return [(path, node) for path, tree in found for node in tree if isinstance(node, kind)]


def test_every_rule_is_kept_or_cannot_apply() -> None:
    """No rule is left out, none is open, and each exemption has its reason."""
    assert set(RULES) == {*KEPT_BY, *EXEMPT}
    assert len(RULES) == 54
    for rule, promise in RULES.items():
        status = promise if isinstance(promise, str) else promise["status"]
        assert status == ("exempt" if rule in EXEMPT else "done"), rule
        if isinstance(promise, dict):
            assert set(promise) == {"status", "comment"}, rule
            assert len(promise["comment"]) > 15, rule
    # There is nothing that could be found in a home.
    assert not DISCOVERY & set(MANIFEST)


@pytest.mark.parametrize("rule", KEPT_BY)
def test_the_tests_that_keep_a_rule_exist(rule: str) -> None:
    """A test that is gone, or that was renamed, keeps nothing."""
    for named in KEPT_BY[rule]:
        file, _, name = named.partition(":")
        there = known_tests().get(file, set())
        assert there if name == "*" else name in there, f"{rule} is kept by {named}, which is not there"


async def test_actions_are_there_without_an_account(hass: HomeAssistant) -> None:
    """An automation can be checked, and says what is wrong, while no account is loaded."""
    assert await async_setup_component(hass, DOMAIN, {})
    described = load_yaml_dict(str(PACKAGE / "services.yaml"))
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(described)


def test_whatever_can_be_chosen_has_words_and_an_icon() -> None:
    """Triggers and conditions as much as actions, with a word for each of their fields."""
    for category in ("triggers", "conditions"):
        described = load_yaml_dict(str(PACKAGE / f"{category}.yaml"))
        named = {name: item for name, item in described.items() if not name.startswith(".")}
        assert set(named) == set(EN[category]) == set(load("icons.json")[category]), category
        for name, item in named.items():
            fields = (item or {}).get("fields", {})
            assert set(fields) == set(EN[category][name].get("fields", {})), f"{category} {name}"


def test_what_is_common_is_in_its_module() -> None:
    """Base entities in entity.py, coordinators in a file that is named after them."""
    bases = {node.name for path, node in nodes(ast.ClassDef) if path.name == "entity.py"}
    assert {"CarEntity", "AccountEntity"} <= bases
    homes = {node.name: str(path.relative_to(PACKAGE)) for path, node in nodes(ast.ClassDef)}
    assert homes["AccountCoordinator"] == "account.py"
    assert homes["ScoutCoordinator"] == "scout/coordinator.py"
    assert homes["WorkerCoordinator"] == "worker/coordinator.py"


def test_entities_listen_when_they_are_added() -> None:
    """None begins to listen before Home Assistant has it, or it would listen for ever."""
    for path, node in nodes(ast.FunctionDef):
        if node.name == "__init__" and path.parent == PACKAGE:
            calls = [ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)]
            listens = [call for call in calls if re.search(r"async_(track|listen|call_later)", call)]
            assert listens == [], path.name


async def test_every_entity_has_an_id_a_name_and_a_device(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """The id is of the car or the account and not of the entry, so that it outlives deleting and adding again."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert len(registered) > 100
    for item in registered:
        owner, _, key = item.unique_id.partition("-")
        assert owner in {VIN, SECOND_VIN} or item.unique_id.startswith(f"{account.sub}-"), item.entity_id
        assert key, item.entity_id
        assert item.has_entity_name, item.entity_id
        assert item.device_id, item.entity_id
    entities: list[Entity] = [
        entity
        for platform in hass.data[DATA_ENTITY_PLATFORM][DOMAIN]
        for entity in platform.entities.values()
    ]
    assert entities
    # Whether Home Assistant asks an entity for news, which none has of its own.
    assert [entity.entity_id for entity in entities if entity.should_poll] == []


def test_what_runs_is_in_runtime_data() -> None:
    """Nothing of an entry is kept under the integration's name; what outlives one has a typed key."""
    for path, node in nodes(ast.Subscript):
        if ast.unparse(node.value).endswith("hass.data"):
            key = ast.unparse(node.slice)
            assert key not in {"DOMAIN", f"'{DOMAIN}'"}, path.name
            assert re.search(rf"^{key}: HassKey\[", path.read_text(encoding="utf-8"), re.MULTILINE), key
    assert "type ScoutWorkerConfigEntry = ConfigEntry[RuntimeData]" in (PACKAGE / "data.py").read_text(
        encoding="utf-8"
    )


async def test_trouble_is_logged_when_it_begins_and_when_it_ends(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However long Tesla is away: one line, and one more when it is back."""
    await set_up(account)
    caplog.clear()
    fault = simulator.faults.add(Fault("api", "status", times=None, status=503))
    await passes(10_800, step=300)
    simulator.faults.clear()
    await passes(10_800, step=300)
    lines = [record for record in caplog.records if DOMAIN in record.name and record.levelname != "DEBUG"]
    assert [line.levelname for line in lines] == ["ERROR", "INFO"], (fault, [line.message for line in lines])


def test_every_platform_says_how_much_it_does_at_once() -> None:
    """One thing at a time where something is sent, no bound where a state is only shown."""
    for platform in map(str, PLATFORMS):
        tree = ast.parse((PACKAGE / f"{platform}.py").read_text(encoding="utf-8"))
        said = {
            ast.unparse(node.targets[0]): ast.unparse(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
        }
        assert said["PARALLEL_UPDATES"] == ("1" if platform in SENDING else "0"), platform


def test_nobody_makes_a_session() -> None:
    """Home Assistant's own is used, which it closes."""
    made = [path.name for path, node in nodes(ast.Call) if ast.unparse(node.func).endswith("ClientSession")]
    assert made == []


def test_types_are_checked_strictly() -> None:
    """Of everything, with a reason for each exception."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r"(?m)^strict = true$", project)
    assert re.search(r'(?m)^files = \[.*"custom_components"', project)
    ignored = [
        f"{path.name}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"type: ignore(?!\[[a-z-]+\] # )", line)
    ]
    assert ignored == []


def test_coverage_is_demanded() -> None:
    """Of all together, and of each module by itself."""
    script = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    demanded = re.search(r"--cov-fail-under=(\d+)", script)
    assert demanded
    assert int(demanded[1]) >= 95
    assert re.search(r"for name, file in files\.items\(\)", script)


@pytest.mark.parametrize(("rule", "heading"), SECTIONS.items())
def test_documentation_has_its_sections(rule: str, heading: str) -> None:
    """Each part that a newcomer looks for has a heading of its own."""
    headings = re.findall(r"(?m)^#{1,4} (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [text for text in headings if re.search(heading, text, re.IGNORECASE)], rule


@pytest.mark.parametrize("category", ["services", "triggers", "conditions", "options"])
def test_documentation_names_all_that_can_be_used(category: str) -> None:
    """Actions by their name, triggers and conditions by that or as a person reads them, options by their label."""
    if category == "options":
        names = {
            label: label
            for step in EN["options"]["step"].values()
            for fields in (step, *step.get("sections", {}).values())
            for label in fields.get("data", {}).values()
            if "{" not in label
        }
    else:
        names = {key: item["name"] for key, item in EN[category].items()}
    text = documentation().casefold()
    missing = [
        key for key, name in names.items() if key.casefold() not in text and name.casefold() not in text
    ]
    assert missing == []
