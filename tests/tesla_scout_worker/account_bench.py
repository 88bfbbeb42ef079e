"""What the tests of the account share: its journal, its keeper, a restart, and what a person would see."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import resource
from typing import Any

from bench import settle
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.file import WriteError, write_utf8_file_atomic
import pytest

from custom_components.tesla_scout_worker import token_flight, token_journal, token_keeper
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.token_health import TokenState
from custom_components.tesla_scout_worker.token_keeper import TokenKeeper, keeper_for
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, FleetSimulator

LIFE = 28_800.0


def journals(hass: HomeAssistant) -> list[Path]:
    """Return the journals on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.token_*"))


def drafts(hass: HomeAssistant) -> list[Path]:
    """Return what open dialogs have on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.sign_in_*"))


def journalled(hass: HomeAssistant) -> TokenChain:
    """Return the chain on the disk, as a restart would find it."""
    (path,) = journals(hass)
    chain = TokenChain.from_dict(json.loads(path.read_text())["data"])
    assert chain is not None
    return chain


def kept_in(entry: ScoutWorkerConfigEntry) -> TokenChain:
    """Return the chain in the config entry."""
    chain = TokenChain.from_dict(entry.data[CONF_TOKEN])
    assert chain is not None
    return chain


def keeper_of(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> TokenKeeper:
    """Return the keeper of an entry's account."""
    assert entry.unique_id
    return keeper_for(hass, entry.unique_id)


def forget_memory(hass: HomeAssistant) -> None:
    """Lose what only the memory holds, as a restart does."""
    hass.data.pop(token_keeper._KEEPERS, None)
    hass.data.pop(token_flight._LOCK, None)


async def restart(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, meanwhile: Callable[[], object] = lambda: None
) -> bool:
    """Restart Home Assistant as far as the account is concerned. meanwhile: what happens to the disk. True if it loads."""
    await hass.config_entries.async_unload(entry.entry_id)
    forget_memory(hass)
    meanwhile()
    loaded = await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return loaded


def reauth_flows(hass: HomeAssistant) -> int:
    """Return how many times a person is asked to sign in."""
    return sum(flow["context"]["source"] == "reauth" for flow in hass.config_entries.flow.async_progress())


def repairs(hass: HomeAssistant) -> set[str]:
    """Return which of our repairs are shown."""
    return {
        issue.translation_key or ""
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return what an entity shows."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


def sign_in_state(entry: ScoutWorkerConfigEntry) -> TokenState:
    """Return the health of an account's sign-in."""
    return entry.runtime_data.account.data.token_state


def is_loaded(entry: ScoutWorkerConfigEntry) -> bool:
    """Return whether an entry works."""
    return entry.state is ConfigEntryState.LOADED


def token_requests(simulator: FleetSimulator) -> int:
    """Return how many requests the token endpoint has seen."""
    return sum(record.kind == "token" for record in simulator.requests)


def outcomes(account: Account) -> list[str]:
    """Return what became of each refresh of an account."""
    return [record.outcome for record in account.refreshes]


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let no journal be written; what was refused is collected."""
    refused: list[str] = []

    def _refuse(filename: str, text: str, *, private: bool = False) -> None:
        refused.append(filename)
        raise WriteError("No space left on device")

    monkeypatch.setattr(token_journal, "write_utf8_file_atomic", _refuse)
    yield refused
    monkeypatch.setattr(token_journal, "write_utf8_file_atomic", write_utf8_file_atomic)


@contextmanager
def disk_trouble(hass: HomeAssistant, kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the disk really refuse the journal: "full", "no folder" (it cannot be written in), "no rename"."""
    (journal,) = journals(hass)
    kept = journal.read_bytes()
    match kind:
        case "full":

            def _write(filename: str, text: str, *, private: bool = False) -> None:
                # A file may not grow by a byte, as on a full disk; Python ignores the signal that goes with it.
                before = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
                try:
                    write_utf8_file_atomic(filename, text, private=private)
                finally:
                    resource.setrlimit(resource.RLIMIT_FSIZE, before)

            monkeypatch.setattr(token_journal, "write_utf8_file_atomic", _write)
            yield
            monkeypatch.setattr(token_journal, "write_utf8_file_atomic", write_utf8_file_atomic)
        case "no folder":
            aside = journal.parent.rename(journal.parent.with_name("aside"))
            journal.parent.write_text("a file where the folder was")
            yield
            journal.parent.unlink()
            aside.rename(journal.parent)
        case _:
            journal.unlink()
            journal.mkdir()
            yield
            journal.rmdir()
            journal.write_bytes(kept)


def texts_in(value: Any) -> str:
    """Return everything that a structure holds, as one text."""
    return json.dumps(value, default=repr)
