"""The sign-in page as a person sees it, read from its HTML."""

from html.parser import HTMLParser
from typing import Any, NamedTuple, override

from yarl import URL


class Page(HTMLParser):
    """What a person can fill in: boxes by scope, options by account, buttons; and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.boxes: dict[str, dict[str, Any]] = {}
        self.accounts: list[str] = []
        self.buttons: list[str] = []
        self.form: dict[str, Any] | None = None
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what can be filled in."""
        found: dict[str, Any] = dict(attrs)
        self.tags.append(tag)
        match tag:
            case "form":
                self.form = found
            case "input" if found["name"] == "scope":
                self.boxes[found["value"]] = found
            case "option":
                self.accounts.append(found["value"])
            case "button":
                self.buttons.append(found["value"])
                assert found["name"] == "decision"

    @override
    def handle_data(self, data: str) -> None:
        """Note what can be read."""
        self.text += data


class Seen(NamedTuple):
    """An answer of the page."""

    status: int
    page: Page
    location: URL | None

    @property
    def back(self) -> dict[str, str]:
        """What the app is told."""
        assert self.status == 302
        assert self.location is not None
        return dict(self.location.query)
