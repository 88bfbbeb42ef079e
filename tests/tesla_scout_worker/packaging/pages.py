"""The pages that are written for people, taken apart: their headings, links and examples."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
import re
from typing import Any, Final, override

from homeassistant.util.yaml import parse_yaml
from test_manifest import ROOT

PAGES: Final = sorted([*ROOT.glob("README*.md"), ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
POLISH: Final = ROOT / "README.pl.md"

_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_SOURCE: Final = re.compile(r'(?:src|srcset|href)="([^"]+)"')
# What begins with the name of a platform and is no entity.
_ENTITY: Final = re.compile(
    r"\b(?:binary_sensor|button|calendar|cover|device_tracker|event|number|sensor|switch|update)\.[a-z0-9_]+\b(?!\.)"
)


@dataclass(frozen=True, slots=True)
class Example:
    """One block of code. number: which of its page, from 1."""

    page: Path
    number: int
    language: str
    text: str

    @override
    def __str__(self) -> str:
        """Return where it stands, for the name of a test."""
        return f"{named(self.page)}:{self.number}"

    @property
    def data(self) -> Any:
        """Return what the YAML says, as Home Assistant reads it. Raises HomeAssistantError."""
        return parse_yaml(self.text)


def named(page: Path) -> str:
    """Return a page's name from the checkout on."""
    return page.relative_to(ROOT).as_posix()


@cache
def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return what a link to a heading of a page may say, as GitHub makes it."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).replace("`", "").replace("*", "")
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return frozenset(found)


def links(page: Path) -> list[str]:
    """Return the links of a page that lead to a place in the checkout, as they are written."""
    text = prose(page)
    return [link for link in _LINK.findall(text) + _SOURCE.findall(text) if not link.startswith("http")]


def examples(language: str) -> Iterator[Example]:
    """Give the blocks of code of all pages in a language; what is indented, as in a list, without that."""
    for page in PAGES:
        blocks = _FENCE.finditer(page.read_text(encoding="utf-8"))
        for number, block in enumerate(blocks, 1):
            if block[2] == language:
                text = re.sub(rf"^{block[1]}", "", block[3], flags=re.MULTILINE)
                yield Example(page, number, language, text)


def entities(page: Path, name: str) -> set[str]:
    """Return the entities of a car of that name, or of its account, that a page speaks of."""
    own = (f".{name}_", f".tesla_{name}_")
    return {
        found
        for found in _ENTITY.findall(page.read_text(encoding="utf-8"))
        if any(part in found for part in own)
    }
