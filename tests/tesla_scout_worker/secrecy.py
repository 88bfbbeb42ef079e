"""Watches each test for a secret that gets out: into the log, a state, an event, an answer, a registry or a file."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import logging
from pathlib import Path
from typing import Any, override

from homeassistant.core import Event, HomeAssistant, ServiceRegistry
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest

from fleet_simulator import FleetSimulator

# What may hold secrets: the entries, the tokens' journals, a dialog's draft, the app's credentials. The key pair is its own matter.
_KEEPERS = (
    "core.config_entries",
    "tesla_scout_worker.token_",
    "tesla_scout_worker.sign_in_",
    "application_credentials",
)
# The store of the tests logs what it would write to the disk.
_NOISE = ("pytest_homeassistant_custom_component",)
_OURS = "custom_components.tesla_scout_worker"


class Watch(logging.Handler):
    """Everything that was said in a test, and who knows which secrets there were."""

    def __init__(self) -> None:
        """Initialize."""
        super().__init__(logging.DEBUG)
        self.simulators: list[FleetSimulator] = []
        self.said: list[tuple[str, str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log with its traceback."""
        if not record.name.startswith(_NOISE):
            text = f"{record.getMessage()} {record.exc_text or ''} {record.exc_info or ''}"
            self.said.append((f"log of {record.name}", text))

    def hears(self, event: Event[Any]) -> None:
        """Keep an event."""
        self.said.append((f"event {event.event_type}", json.dumps(event.as_dict(), default=repr)))

    def looks_at(self, hass: HomeAssistant) -> None:
        """Keep what a person, an automation or an add-on can read of Home Assistant now."""
        states = [state.as_dict() for state in hass.states.async_all()]
        registries = [
            *er.async_get(hass).entities.values(),
            *dr.async_get(hass).devices,
            *ir.async_get(hass).issues.values(),
        ]
        flows = [
            {key: value for key, value in flow.items() if key not in {"data_schema", "handler"}}
            for flow in hass.config_entries.flow.async_progress()
        ]
        self.said.append(("state or registry", json.dumps([states, registries, flows], default=repr)))

    def leaks(self, folder: Path) -> list[str]:
        """Return where a secret was found; the secrets themselves are not told."""
        secrets = {secret for simulator in self.simulators for secret in simulator.all_secrets()}
        # A signature alone, as a log that cuts a token would show it.
        secrets |= {secret.rpartition(".")[2] for secret in secrets if secret.startswith("eyJ")}
        files = [
            (f"file {path.name}", path.read_text(errors="replace"))
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(_KEEPERS)
        ]
        return [where for where, text in (*self.said, *files) if any(secret in text for secret in secrets)]


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Log our code in full, and note each simulator, each answer of an action, and all that is logged."""
    watch = Watch()
    start, call = FleetSimulator.start, ServiceRegistry.async_call

    async def _start(simulator: FleetSimulator, *args: Any, **kwargs: Any) -> None:
        watch.simulators.append(simulator)
        await start(simulator, *args, **kwargs)

    async def _call(services: ServiceRegistry, domain: str, service: str, *args: Any, **kwargs: Any) -> Any:
        answer = await call(services, domain, service, *args, **kwargs)
        # The one action that is there to hand out an access token.
        if service != "get_access_token":
            watch.said.append((f"answer of {service}", json.dumps(answer, default=repr)))
        return answer

    monkeypatch.setattr(FleetSimulator, "start", _start)
    monkeypatch.setattr(ServiceRegistry, "async_call", _call)
    ours, root = logging.getLogger(_OURS), logging.getLogger()
    before = ours.level
    ours.setLevel(logging.DEBUG)
    root.addHandler(watch)
    try:
        yield watch
    finally:
        root.removeHandler(watch)
        ours.setLevel(before)
