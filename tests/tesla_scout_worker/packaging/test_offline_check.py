"""The check of scripts/lint and the zip of a release: what is wrong is found, and what is released is whole."""

from collections.abc import Callable
import importlib.util
import json
from pathlib import Path
import shutil
import subprocess
import sys
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest
from test_manifest import MANIFEST, PACKAGE, ROOT

from custom_components.tesla_scout_worker.const import DOMAIN

SCRIPTS = ROOT / "scripts"
FOLDER = f"custom_components/{DOMAIN}"

type Break = Callable[[Path], Any]


def script(name: str) -> ModuleType:
    """Return a program as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECK = script("check_package")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the check reads; beside the folder that each test's Home Assistant has."""
    root = tmp_path / "checkout"
    keep = {".json", ".yaml", ".png"}
    shutil.copytree(
        PACKAGE,
        root / FOLDER,
        ignore=lambda folder, names: [
            name for name in names if Path(folder, name).is_file() and Path(name).suffix not in keep
        ],
    )
    shutil.copytree(ROOT / ".github", root / ".github")
    for name in ("README.md", "LICENSE", "hacs.json"):
        shutil.copy(ROOT / name, root / name)
    return root


def set_json(path: str, *place: str, value: Any) -> Break:
    """Return what sets one place of a file, None to take it out."""

    def _set(root: Path) -> None:
        file = root / path
        whole = inner = json.loads(file.read_text(encoding="utf-8"))
        for key in place[:-1]:
            inner = inner.setdefault(key, {})
        if value is None:
            del inner[place[-1]]
        else:
            inner[place[-1]] = value
        file.write_text(json.dumps(whole), encoding="utf-8")

    return _set


def replace(path: str, old: str, new: str) -> Break:
    """Return what replaces a text that must be there."""

    def _replace(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new), encoding="utf-8")

    return _replace


def test_nothing_is_wrong_with_this_checkout() -> None:
    """As scripts/lint calls it, which it does."""
    done = subprocess.run(  # noqa: S603 - the project's own program
        [sys.executable, SCRIPTS / "check_package.py"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "scripts/check_package.py" in (SCRIPTS / "lint").read_text(encoding="utf-8")


EN, PL = f"{FOLDER}/translations/en.json", f"{FOLDER}/translations/pl.json"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (set_json(f"{FOLDER}/manifest.json", "version", value=None), "version"),
        (set_json(f"{FOLDER}/manifest.json", "version", value="one"), "no semantic version"),
        (set_json(f"{FOLDER}/manifest.json", "codeowners", value=["nobody"]), "codeowners"),
        (set_json(f"{FOLDER}/manifest.json", "zeroconf", value=[]), "zeroconf"),
        (set_json(f"{FOLDER}/manifest.json", "after_dependencies", value=[]), "order of the alphabet"),
        (set_json(f"{FOLDER}/icons.json", "services", "scout_now", "service", value="eye"), "icons.json"),
        (set_json(f"{FOLDER}/icons.json", "services", "scout_now", value=None), "scout_now"),
        (set_json(EN, "services", "scout_now", "fields", value={}), "the fields of scout_now"),
        (set_json(EN, "common", "more", value="Text"), "common.more is in one language only"),
        (set_json(PL, "common", "removed_title", value="Usunięto"), "common.removed_title names different"),
        (set_json(EN, "common", "removed_title", value="<b>{account}</b>"), "HTML"),
        (set_json(EN, "common", "removed_title", value=" {account}"), "untidy"),
        (set_json(EN, "common", "removed_title", value="[%key:common::x%]"), "reference"),
        (set_json(EN, "words", "a", value="b"), "words"),
        (set_json("hacs.json", "filename", value="other.zip"), "does not make the zip"),
        (set_json("hacs.json", "zip", value=True), "hacs.json"),
        (replace(f"{FOLDER}/quality_scale.yaml", "  brands:\n", "  brand:\n  brands:\n"), "quality_scale"),
        (replace(f"{FOLDER}/quality_scale.yaml", "status: exempt", "status: todo"), "quality_scale"),
        (replace(f"{FOLDER}/services.yaml", "scout_now:", "scout_then:"), "scout_then"),
        (replace(".github/ISSUE_TEMPLATE/bug.yml", "id: diagnostics", "id: other"), "diagnostics"),
        (replace(".github/workflows/test.yml", "on:\n", "on: [\n"), "test.yml"),
        (lambda root: (root / "LICENSE").unlink(), "LICENSE"),
        (lambda root: (root / FOLDER / "brand" / "icon.png").unlink(), "icon.png"),
        (lambda root: (root / "custom_components" / "second").mkdir(), "one integration"),
        (lambda root: (root / EN).write_text("{", encoding="utf-8"), "en.json"),
    ],
)
def test_what_is_wrong_is_found(checkout: Path, spoil: Break, told: str) -> None:
    """In a word that leads to it; and a whole checkout has nothing."""
    assert list(CHECK.problems(checkout)) == []
    spoil(checkout)
    assert any(told in line for line in CHECK.problems(checkout)), list(CHECK.problems(checkout))


def release(folder: Path, *tag: str) -> subprocess.CompletedProcess[str]:
    """Make a release's files."""
    return subprocess.run(  # noqa: S603 - the project's own program
        [sys.executable, SCRIPTS / "release_zip.py", folder, *tag],
        capture_output=True,
        text=True,
        check=False,
    )


def test_zip_has_all_that_home_assistant_needs_and_is_the_same_each_time(tmp_path: Path) -> None:
    """The manifest at the top, where HACS unpacks it; no compiled file, and nothing of the tests."""
    done = release(tmp_path / "one", f"v{MANIFEST['version']}")
    assert (done.returncode, done.stdout.strip()) == (0, MANIFEST["version"])
    assert release(tmp_path / "two").returncode == 0
    one, two = (tmp_path / name / f"{DOMAIN}.zip" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with ZipFile(one) as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("manifest.json")) == MANIFEST
    expected = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names == expected
    assert {"__init__.py", "translations/pl.json", "brand/icon.png", "services.yaml"} <= names
    assert (tmp_path / "one" / "notes.md").read_text(encoding="utf-8").strip()


def test_tag_that_is_not_the_version_is_refused(tmp_path: Path) -> None:
    """Before anything is published."""
    done = release(tmp_path / "one", "v99.0.0")
    assert done.returncode == 1
    assert "v99.0.0" in done.stderr
    assert not (tmp_path / "one").exists()


def test_version_without_a_part_in_the_changelog_has_no_notes() -> None:
    """So a release of it is refused."""
    module = script("release_zip")
    assert module.notes_of(ROOT, MANIFEST["version"])
    assert module.notes_of(ROOT, "99.0.0") == ""
    assert "\n## [" not in module.notes_of(ROOT, MANIFEST["version"])


def test_a_report_of_a_bug_asks_for_diagnostics_and_warns_of_secrets() -> None:
    """Where to find them is said, too."""
    template = (ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml").read_text(encoding="utf-8")
    assert "Download diagnostics" in template
    assert "Never post a token" in template
