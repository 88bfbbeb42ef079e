#!/usr/bin/env python3
"""What Home Assistant's hassfest and the HACS action look at, without a network. Prints what is wrong; 1 if anything is.

check_package.py [FOLDER]: of the checkout in FOLDER, else of this one. hassfest itself is in no package, and the HACS
action asks GitHub: both run in .github/workflows/validate.yml.
"""

from collections.abc import Callable, Iterator, Mapping
import json
from pathlib import Path
import re
import sys
from typing import Any, Final

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.yaml import parse_yaml
import voluptuous as vol

DOMAIN: Final = "tesla_scout_worker"
_HTML: Final = re.compile(r"</?[a-zA-Z][^>]*>")
_RULES: Final = 54


def _like(pattern: str) -> Callable[[Any], str]:
    """Return what takes a text that has a shape."""

    def _check(value: Any) -> str:
        if not isinstance(value, str) or not re.search(pattern, value):
            raise vol.Invalid(f"{value!r} is not like {pattern}")
        return value

    return _check


def _text(value: Any) -> str:
    """Take a text as a translation may be: something, without spaces around, HTML or a reference."""
    if not isinstance(value, str) or not value or value != value.strip():
        raise vol.Invalid("an empty or untidy text")
    if _HTML.search(value):
        raise vol.Invalid("HTML in a text")
    if "[%key" in value:
        raise vol.Invalid("a reference, which is resolved for Home Assistant's own integrations only")
    return value


_SLUG: Final = _like(r"^[a-z0-9_]+(-[a-z0-9_]+)*$")
_ICON: Final = _like(r"^mdi:[a-z0-9-]+$")
_URL: Final = _like(r"^https://")
_MANIFEST: Final = vol.Schema(
    {
        vol.Required("domain"): DOMAIN,
        vol.Required("name"): _text,
        vol.Required("codeowners"): vol.All([_like(r"^@[\w-]+(/[\w-]+)?$")], vol.Length(min=1)),
        vol.Required("config_flow"): True,
        vol.Required("documentation"): _URL,
        vol.Required("integration_type"): vol.In(["device", "hub", "service"]),
        vol.Required("iot_class"): vol.In(["cloud_polling", "cloud_push", "local_polling", "local_push"]),
        vol.Required("issue_tracker"): _URL,
        vol.Required("requirements"): [str],
        vol.Required("version"): str,
        vol.Optional("after_dependencies"): [_SLUG],
        vol.Optional("dependencies"): [_SLUG],
        vol.Optional("loggers"): [str],
        vol.Optional("single_config_entry"): True,
    }
)
_HACS: Final = vol.Schema(
    {
        vol.Required("name"): _text,
        vol.Optional("content_in_root"): bool,
        vol.Optional("country"): vol.Any(str, [str]),
        vol.Optional("filename"): _like(r"^[\w.-]+\.zip$"),
        vol.Optional("hacs"): str,
        vol.Optional("hide_default_branch"): bool,
        vol.Optional("homeassistant"): _like(r"^\d{4}\.\d+\.\d+$"),
        vol.Optional("persistent_directory"): str,
        vol.Optional("render_readme"): bool,
        vol.Optional("zip_release"): bool,
    }
)
_FIELD: Final = vol.Schema({vol.Required("name"): _text, vol.Required("description"): _text})
_CHOICE: Final = vol.Schema(
    {
        vol.Required("name"): _text,
        vol.Required("description"): _text,
        vol.Optional("fields"): {_SLUG: _FIELD},
        vol.Optional("sections"): {_SLUG: {vol.Required("name"): _text, vol.Optional("description"): _text}},
    }
)
_ATTRIBUTE: Final = vol.Schema({vol.Optional("name"): _text, vol.Optional("state"): {_SLUG: _text}})
_STEP: Final = vol.Schema(
    {
        vol.Optional("title"): _text,
        vol.Optional("description"): _text,
        vol.Optional("submit"): _text,
        vol.Optional("data"): {_SLUG: _text},
        vol.Optional("data_description"): {_SLUG: _text},
        vol.Optional("menu_options"): {_SLUG: _text},
        vol.Optional("menu_option_descriptions"): {_SLUG: _text},
        vol.Optional("sections"): {
            _SLUG: {
                vol.Required("name"): _text,
                vol.Optional("description"): _text,
                vol.Optional("data"): {_SLUG: _text},
                vol.Optional("data_description"): {_SLUG: _text},
            }
        },
    }
)
_FLOW: Final = vol.Schema(
    {
        vol.Optional("flow_title"): _text,
        vol.Required("step"): {_SLUG: _STEP},
        vol.Optional("error"): {_SLUG: _text},
        vol.Optional("abort"): {_SLUG: _text},
        vol.Optional("progress"): {_SLUG: _text},
        vol.Optional("create_entry"): {_SLUG: _text},
        vol.Optional("initiate_flow"): {_SLUG: _text},
    }
)
_ISSUE: Final = vol.All(
    {
        vol.Required("title"): _text,
        vol.Exclusive("description", "body"): _text,
        vol.Exclusive("fix_flow", "body"): _FLOW,
    },
    lambda issue: issue if len(issue) == 2 else _invalid("an issue has a description or a fix_flow"),  # noqa: PLR2004
)
_TRANSLATIONS: Final = vol.Schema(
    {
        vol.Optional("application_credentials"): {vol.Optional("description"): _text},
        vol.Optional("common"): {_SLUG: _text},
        vol.Required("config"): _FLOW,
        vol.Optional("conditions"): {_SLUG: _CHOICE},
        vol.Optional("device"): {_SLUG: {vol.Optional("name"): _text}},
        vol.Optional("device_automation"): {_SLUG: {_SLUG: _text}},
        vol.Required("entity"): {
            _SLUG: {
                _SLUG: {
                    vol.Optional("name"): _text,
                    vol.Optional("state"): {_SLUG: _text},
                    vol.Optional("state_attributes"): {_SLUG: _ATTRIBUTE},
                    vol.Optional("unit_of_measurement"): _text,
                }
            }
        },
        vol.Optional("exceptions"): {_SLUG: {vol.Required("message"): _text}},
        vol.Optional("issues"): {_SLUG: _ISSUE},
        vol.Optional("options"): _FLOW,
        vol.Optional("selector"): {
            _SLUG: {
                vol.Optional("options"): {_SLUG: _text},
                vol.Optional("choices"): {_SLUG: _text},
                vol.Optional("unit_of_measurement"): {_SLUG: _text},
            }
        },
        vol.Optional("services"): {_SLUG: _CHOICE},
        vol.Optional("system_health"): {vol.Required("info"): {_SLUG: _text}},
        vol.Optional("title"): _text,
        vol.Optional("triggers"): {_SLUG: _CHOICE},
    }
)
_ICONS: Final = vol.Schema(
    {
        vol.Optional("entity"): {
            _SLUG: {
                _SLUG: {
                    vol.Optional("default"): _ICON,
                    vol.Optional("range"): {str: _ICON},
                    vol.Optional("state"): {_SLUG: _ICON},
                    vol.Optional("state_attributes"): dict,
                }
            }
        },
        vol.Optional("services"): {_SLUG: {vol.Required("service"): _ICON, vol.Optional("sections"): dict}},
        vol.Optional("triggers"): {_SLUG: {vol.Required("trigger"): _ICON}},
        vol.Optional("conditions"): {_SLUG: {vol.Required("condition"): _ICON}},
    }
)
_QUALITY: Final = vol.Schema(
    {
        vol.Required("rules"): vol.All(
            {
                _SLUG: vol.Any(
                    "done",
                    {vol.Required("status"): "done", vol.Required("comment"): _text},
                    {vol.Required("status"): "exempt", vol.Required("comment"): _text},
                )
            },
            vol.Length(min=_RULES, max=_RULES),
        )
    }
)


def _invalid(message: str) -> Any:
    raise vol.Invalid(message)


def problems(root: Path) -> Iterator[str]:
    """Yield what is wrong in a checkout, a line each."""
    package = root / "custom_components" / DOMAIN
    files: dict[str, Any] = {}
    for path, schema in (
        (package / "manifest.json", _MANIFEST),
        (package / "icons.json", _ICONS),
        (package / "quality_scale.yaml", _QUALITY),
        (package / "translations" / "en.json", _TRANSLATIONS),
        (package / "translations" / "pl.json", _TRANSLATIONS),
        (root / "hacs.json", _HACS),
    ):
        try:
            files[path.name] = load(path)
            schema(files[path.name])
        except vol.Invalid as err:
            yield f"{path.relative_to(root)}: {err}"
        except (OSError, ValueError, HomeAssistantError) as err:
            yield f"{path.relative_to(root)}: {err}"
    if len(files) < 6:  # noqa: PLR2004 - nothing more can be said of what cannot be read
        return
    yield from of_manifest(files["manifest.json"])
    yield from of_hacs(root, files["hacs.json"])
    yield from of_choices(package, files["en.json"], files["icons.json"])
    yield from of_languages(files["en.json"], files["pl.json"])
    yield from of_github(root)


def load(path: Path) -> Any:
    """Read a file of JSON or YAML. Raises OSError, ValueError, HomeAssistantError."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else parse_yaml(text)


def of_manifest(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what hassfest says of the order and the version."""
    keys = list(manifest)
    if keys != ["domain", "name", *sorted(keys[2:])]:
        yield "manifest.json: the keys are not domain, name, then in the order of the alphabet"
    strategy = AwesomeVersion(str(manifest.get("version"))).strategy
    if strategy is not AwesomeVersionStrategy.SEMVER:
        yield "manifest.json: the version is no semantic version"


def of_hacs(root: Path, hacs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the HACS action says of the repository, and what would keep HACS from finding a release."""
    folders = [path.name for path in (root / "custom_components").iterdir() if path.is_dir()]
    if [name for name in folders if not name.startswith(("_", "."))] != [DOMAIN]:
        yield "custom_components: HACS takes one integration and no more"
    for name in ("README.md", "LICENSE", f"custom_components/{DOMAIN}/brand/icon.png"):
        if not (root / name).is_file():
            yield f"{name} is not there"
    if hacs.get("zip_release"):
        release = root / ".github" / "workflows" / "release.yml"
        if hacs.get("filename") != f"{DOMAIN}.zip" or str(hacs["filename"]) not in release.read_text(
            encoding="utf-8"
        ):
            yield "hacs.json: the release workflow does not make the zip that HACS looks for"


def of_choices(package: Path, words: Mapping[str, Any], icons: Mapping[str, Any]) -> Iterator[str]:
    """Yield where actions, triggers and conditions differ from their words and icons."""
    for category in ("services", "triggers", "conditions"):
        path = package / f"{category}.yaml"
        described = load(path) if path.is_file() else {}
        named = {name: item or {} for name, item in described.items() if not name.startswith(".")}
        for name in sorted(set(named) ^ set(words.get(category, {}))):
            yield f"{category}: {name} has either no description or no words"
        for name in sorted(set(named) ^ set(icons.get(category, {}))):
            yield f"{category}: {name} has either no description or no icon"
        for name in sorted(set(named) & set(words.get(category, {}))):
            if set(named[name].get("fields", {})) != set(words[category][name].get("fields", {})):
                yield f"{category}: the fields of {name} are not those that have words"


def of_languages(words: Any, others: Any, path: str = "") -> Iterator[str]:
    """Yield where one language has what the other lacks, a placeholder included."""
    if isinstance(words, Mapping) and isinstance(others, Mapping):
        for key in sorted(words.keys() ^ others.keys()):
            yield f"translations: {path}{key} is in one language only"
        for key in words.keys() & others.keys():
            yield from of_languages(words[key], others[key], f"{path}{key}.")
    elif set(re.findall(r"{\w+}", str(words))) != set(re.findall(r"{\w+}", str(others))):
        yield f"translations: {path.removesuffix('.')} names different things in the languages"


def of_github(root: Path) -> Iterator[str]:
    """Yield where a workflow or a template cannot be read, or a report of a bug does not ask for diagnostics."""
    for path in sorted((root / ".github").rglob("*.yml")):
        try:
            read = load(path)
        except HomeAssistantError as err:
            yield f"{path.relative_to(root)}: {err}"
            continue
        if path.name == "bug.yml":
            asked = {field.get("id"): field.get("validations", {}) for field in read["body"]}
            if not asked.get("diagnostics", {}).get("required"):
                yield "bug.yml: diagnostics are not asked for"


def main() -> int:
    """Print what is wrong; the answer is the exit code."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    found = list(problems(root))
    for line in found:
        print(f"check_package: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
