"""What the tests of repairs share: the dialogs as a browser gets them."""

from typing import Any

from bench import VIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from told_bench import ClientMaker, browser

from custom_components.tesla_scout_worker.const import DOMAIN

_PATH = "/api/repairs/issues/fix"


def issue_of(hass: HomeAssistant, kind: str) -> ir.IssueEntry:
    """Return a repair that must be there."""
    found = [
        issue
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.translation_key == kind
    ]
    assert len(found) == 1, (kind, [issue.translation_key for issue in ir.async_get(hass).issues.values()])
    return found[0]


class Repairing:
    """A person in front of the page of repairs."""

    def __init__(self, hass: HomeAssistant, hass_client: ClientMaker) -> None:
        """Initialize."""
        self._hass = hass
        self._hass_client = hass_client
        self._flow_id = ""

    async def opens(self, kind: str) -> dict[str, Any]:
        """Open the dialog of a repair."""
        assert await async_setup_component(self._hass, "repairs", {})
        await self._hass.async_block_till_done()
        issue = issue_of(self._hass, kind)
        assert issue.is_fixable
        shown = await self._post("", {"handler": DOMAIN, "issue_id": issue.issue_id})
        self._flow_id = shown["flow_id"]
        return shown

    async def chooses(self, option: str) -> dict[str, Any]:
        """Choose from the menu."""
        return await self._post(f"/{self._flow_id}", {"next_step_id": option})

    async def submits(self, **typed: Any) -> dict[str, Any]:
        """Submit the form."""
        return await self._post(f"/{self._flow_id}", typed)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        client = await browser(self._hass, self._hass_client)
        answer = await client.post(f"{_PATH}{path}", json=body)
        text = await answer.text()
        assert answer.status == 200, text
        assert VIN not in text
        found: dict[str, Any] = await answer.json()
        await self._hass.async_block_till_done()
        return found


@pytest.fixture(name="person")
def person_fixture(hass: HomeAssistant, hass_client: ClientMaker) -> Repairing:
    """Return somebody in front of the page of repairs; a test module takes it under its own name."""
    return Repairing(hass, hass_client)


def is_mended(shown: dict[str, Any]) -> bool:
    """Return whether the dialog ended with the repair gone."""
    return bool(shown["type"] == "create_entry")


def trouble(shown: dict[str, Any]) -> str | None:
    """Return what a form says that it still is."""
    assert shown["type"] == "form", shown
    found: str | None = (shown["errors"] or {}).get("base")
    return found
