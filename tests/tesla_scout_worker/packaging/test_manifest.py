"""What hassfest and HACS look at, without a network: Home Assistant's own loader, and the rules that are written down."""

import ast
from importlib import metadata
import json
from pathlib import Path
import re
import struct
import sys
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import bench
from homeassistant.core import HomeAssistant
from homeassistant.helpers.icon import async_get_icons
from homeassistant.loader import Integration, async_get_custom_components, async_get_integration
import pytest

import custom_components
from custom_components.tesla_scout_worker.const import DOMAIN, PLATFORMS

ROOT = Path(bench.__file__).parents[2]
PACKAGE = ROOT / "custom_components" / DOMAIN
MANIFEST: dict[str, Any] = json.loads((PACKAGE / "manifest.json").read_text(encoding="utf-8"))


def sources() -> list[Path]:
    """Return the integration's Python files."""
    return sorted(PACKAGE.rglob("*.py"))


def test_manifest_keys_are_those_and_in_order() -> None:
    """Hassfest wants domain, name, then the alphabet; HACS wants six of them; and no key is a misspelling."""
    known = {
        "codeowners", "config_flow", "dependencies", "after_dependencies", "documentation", "integration_type",
        "iot_class", "issue_tracker", "loggers", "requirements", "single_config_entry", "version",
    }  # fmt: skip
    keys = list(MANIFEST)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert set(keys[2:]) <= known
    assert {"domain", "documentation", "issue_tracker", "codeowners", "name", "version"} <= set(keys)
    assert MANIFEST["domain"] == DOMAIN == PACKAGE.name
    assert MANIFEST["iot_class"] == "cloud_polling"
    assert MANIFEST["integration_type"] in {"hub", "service", "device"}
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")


def test_version_is_in_one_place() -> None:
    """Nothing else says one that could differ; it is one that Home Assistant can compare, and the changelog knows it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert f"## [{MANIFEST['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = AwesomeVersion(MANIFEST["version"])
    assert version.strategy in {AwesomeVersionStrategy.SEMVER, AwesomeVersionStrategy.CALVER}


def test_requirements_fight_with_nobody() -> None:
    """A pin beside core's own Tesla integrations would break one of them."""
    assert MANIFEST["requirements"] == ["tesla-fleet-api>=1.17.3"]


def test_imports_are_what_home_assistant_brings_along() -> None:
    """Beside the library that signs, everything that is imported must be there in every Home Assistant."""
    brought = {
        re.split(r"[\s;\[<>=!~]", name, maxsplit=1)[0].lower()
        for name in metadata.requires("homeassistant") or []
    }
    allowed = {"homeassistant", "aiohttp", "cryptography", "jwt", "packaging", "voluptuous", "yarl"} | set(
        sys.stdlib_module_names
    )
    assert {"aiohttp", "cryptography", "packaging", "pyjwt", "probatio", "yarl"} <= brought
    signing = {"tesla_fleet_api", "tesla_protocol"}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            found = {name.partition(".")[0] for name in names}
            assert found <= (allowed | signing if path.name == "signing_library.py" else allowed), names


def test_components_that_are_used_are_dependencies() -> None:
    """What is imported of another component is loaded before; the platforms' own are always there."""
    used: set[str] = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "homeassistant.components."
            ):
                used.add(str(node.module).split(".")[2])
    declared = {*MANIFEST.get("dependencies", []), *MANIFEST.get("after_dependencies", [])}
    # Each of these loads our module of its name by itself, when it is there.
    loaded_by = {"device_automation", "diagnostics", "repairs", "system_health"}
    assert used - {str(platform) for platform in PLATFORMS} - declared - loaded_by == set()


def test_every_platform_has_its_file() -> None:
    """And each says how many updates may run at once."""
    for platform in PLATFORMS:
        assert "PARALLEL_UPDATES" in (PACKAGE / f"{platform}.py").read_text(encoding="utf-8")


async def test_home_assistants_own_loader_takes_it(hass: HomeAssistant) -> None:
    """Both ways in: from the folder, and by its name."""
    resolved = Integration.resolve_from_root(hass, custom_components, DOMAIN)
    assert resolved is not None
    assert not resolved.disabled
    assert DOMAIN in await async_get_custom_components(hass)
    integration = await async_get_integration(hass, DOMAIN)
    assert not integration.is_built_in
    assert integration.config_flow
    assert str(integration.version) == MANIFEST["version"]
    assert integration.has_translations
    component = await integration.async_get_component()
    assert component.CONFIG_SCHEMA
    assert await integration.resolve_dependencies()


async def test_home_assistants_own_reader_takes_the_icons(hass: HomeAssistant) -> None:
    """The icons reach the frontend."""
    for category in ("entity", "services"):
        icons = await async_get_icons(hass, category, [DOMAIN])
        assert icons[DOMAIN], category


def test_hacs_json() -> None:
    """Only keys that HACS knows, and the oldest Home Assistant that has what is used here."""
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    known = {
        "name", "content_in_root", "zip_release", "filename", "hide_default_branch", "country", "homeassistant", "hacs",
        "persistent_directory", "render_readme",
    }  # fmt: skip
    assert set(hacs) <= known
    assert hacs["name"] == MANIFEST["name"] == "Tesla Scout & Worker"
    assert hacs["homeassistant"] == "2026.10.0"
    assert "content_in_root" not in hacs
    assert [
        path.name for path in (ROOT / "custom_components").iterdir() if path.is_dir() and path.name[0] != "_"
    ] == [DOMAIN]


@pytest.mark.parametrize("theme", ["", "dark_"])
@pytest.mark.parametrize(("suffix", "factor"), [("", 1), ("@2x", 2)])
def test_brand_images(theme: str, suffix: str, factor: int) -> None:
    """An icon is a square of 256, its double of 512; a logo is at least 128 high, and not beyond twice that."""
    width, height = png_size(PACKAGE / "brand" / f"{theme}icon{suffix}.png")
    assert (width, height) == (256 * factor, 256 * factor)
    width, height = png_size(PACKAGE / "brand" / f"{theme}logo{suffix}.png")
    assert 128 * factor <= min(width, height) <= 256 * factor
    assert width >= height


def png_size(path: Path) -> tuple[int, int]:
    """Return a PNG's width and height."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n", path.name
    width, height = struct.unpack(">II", head[16:24])
    return width, height
