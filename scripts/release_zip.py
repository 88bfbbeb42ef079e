#!/usr/bin/env python3
"""Makes the zip that HACS downloads with a release, and the release's notes. Needs nothing but Python.

release_zip.py FOLDER [TAG]: writes tesla_scout_worker.zip and notes.md into FOLDER. With a tag it must be that of the
version in manifest.json, the one place that has it, and CHANGELOG.md must have a part for it.
"""

import json
from pathlib import Path
import re
import sys
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

DOMAIN: Final = "tesla_scout_worker"
# The same files make the same zip, whenever and wherever it is made.
_TIME: Final = (2020, 1, 1, 0, 0, 0)


def version_of(root: Path) -> str:
    """Return the version of a checkout."""
    manifest = json.loads((root / "custom_components" / DOMAIN / "manifest.json").read_text(encoding="utf-8"))
    return str(manifest["version"])


def notes_of(root: Path, version: str) -> str:
    """Return what the changelog says of a version; empty where it has no part for it."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|^\[[^\]]+\]: |\Z)", text)
    return found[1].strip() if found else ""


def write_zip(root: Path, target: Path) -> None:
    """Write the integration's files, with its manifest at the top, as HACS unpacks them into its folder."""
    package = root / "custom_components" / DOMAIN
    files = sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in files:
            info = ZipInfo(path.relative_to(package).as_posix(), _TIME)
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, path.read_bytes())


def main() -> int:
    """Write both; the answer is the exit code."""
    root, folder, tag = Path(__file__).parents[1], Path(sys.argv[1]), sys.argv[2:3]
    version = version_of(root)
    notes = notes_of(root, version)
    if tag and tag[0] not in {version, f"v{version}"}:
        print(f"release_zip: the tag is {tag[0]}, the version in manifest.json is {version}", file=sys.stderr)
        return 1
    if tag and not notes:
        print(f"release_zip: CHANGELOG.md has no part for {version}", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    write_zip(root, folder / f"{DOMAIN}.zip")
    (folder / "notes.md").write_text(f"{notes}\n", encoding="utf-8")
    print(version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
