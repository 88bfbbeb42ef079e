"""What stands on the screen: the integration's words from its translations, Home Assistant's from here, and what must not."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
from typing import Any, Final

_TRANSLATIONS: Final = (
    Path(__file__).resolve().parents[2] / "custom_components" / "tesla_scout_worker" / "translations"
)

# Home Assistant's own words, which are in no file that is made to be read.
_OF_HOME_ASSISTANT: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "settings": "Settings",
        "devices": "Devices & services",
        "add_integration": "Add integration",
        "submit": "Submit",
        "skip": "Skip and finish",
        "finish": "Finish",
        "configure": "Configure",
        "add_credential": "Add",
        "close": "Close",
    },
    "pl": {
        "settings": "Ustawienia",
        "devices": "Urządzenia oraz usługi",
        "add_integration": "Dodaj integrację",
        "submit": "Zatwierdź",
        "skip": "Pomiń i zakończ",
        "finish": "Zakończ",
        "configure": "Konfiguruj",
        "add_credential": "Dodaj",
        "close": "Zamknij",
    },
}
# Words without which there is hardly an English sentence, and which are no Polish ones.
_ENGLISH: Final = re.compile(
    r"(?i)(?<![\w&-])(the|is|are|was|with|your|this|that|which|from|of|and|not)(?![\w&-])"
)
# What a person reads where something went wrong on the way to the screen.
_BROKEN: Final = re.compile(
    r"\bundefined\b|\[object |\bNaN\b|\bnull\b|\{[a-z_]+\}|component\.|\b[A-Z]+_ERROR\b|translation error",
    re.IGNORECASE,
)


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from _leaves(item, f"{path}/{key}" if path else key)
    else:
        yield path, str(tree)


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield key
            yield from _keys(item)


def _read(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_TRANSLATIONS / f"{language}.json").read_text(encoding="utf-8"))
    return found


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Read them."""
        tree = _read(language)
        self.language = language
        self.of_home_assistant = _OF_HOME_ASSISTANT[language]
        self._texts = dict(_leaves(tree))
        self._raw = {key for key in _keys(tree) if "_" in key}
        mine = set(self._texts.values())
        self._foreign = set() if language == "en" else {
            text for _, text in _leaves(_read("en")) if text not in mine and " " in text and "{" not in text
        }  # fmt: skip

    def __call__(self, path: str, **names: str) -> str:
        """Return a text of the integration. path: keys with slashes between. names: what is in braces."""
        return self._texts[path].format(**names) if names else self._texts[path]

    def plain(self, path: str, **names: str) -> str:
        """Return the first words of a text that is markdown, up to what is no plain text."""
        text = self(path, **names)
        return re.split(r"[\[`*\n]|\{", text)[0].strip()

    def wrong(self, texts: list[str]) -> list[str]:
        """Return what no person should read, of the texts on a page. Each text is that of one node, without code."""
        found = [text for text in texts if _BROKEN.search(text)]
        found += [
            text for text in texts for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text) if word in self._raw
        ]
        if self.language != "en":
            found += [text for text in texts if text in self._foreign]
            found += [text for text in texts if len(set(_ENGLISH.findall(text.lower()))) > 1]
        return found
