"""The configuration folder that outlives the kills: made once, read after each of them as the integrations read it."""

from collections.abc import Mapping
import hashlib
import json
from pathlib import Path
import secrets
import time
from typing import Any, Final

from custom_components.tesla_scout_worker.token_rotation import TokenChain, newest
from demo.configuration import write_configuration, write_store
from fleet_simulator import HOME, Account, FleetSimulator

from .names import OURS, REFERENCE

_CHECKOUT: Final = Path(__file__).resolve().parent.parent
_REFERENCE: Final = _CHECKOUT / "tests" / "reference_integration" / "custom_components"


class ConfigFolder:
    """The folder, and what is in it."""

    def __init__(self, path: Path) -> None:
        """Make the folder."""
        self.path = path
        self._storage = path / ".storage"
        self._storage.mkdir(parents=True)
        custom = path / "custom_components"
        custom.mkdir()
        (custom / "__init__.py").symlink_to(_CHECKOUT / "custom_components" / "__init__.py")
        (custom / OURS).symlink_to(_CHECKOUT / "custom_components" / OURS)
        (custom / REFERENCE).symlink_to(_REFERENCE / REFERENCE)
        # A loopback address of its own: on the common one a connection might hold the port when the next life begins.
        host = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        write_configuration(path, HOME, 100, host, 8123)

    # --- ours -------------------------------------------------------------------------------------

    def chains(self, account: Account) -> dict[str, TokenChain | None]:
        """Return what the config entry and the journal hold of an account."""
        entry = self._entry(OURS)
        digest = hashlib.sha256(account.sub.encode()).hexdigest()[:16]
        journal = self._read(f"{OURS}.token_{digest}")
        return {
            "entry": TokenChain.from_dict(entry["data"].get("token")) if entry else None,
            "journal": TokenChain.from_dict(journal.get("data")),
        }

    def holds_ours(self, account: Account) -> bool:
        """Return whether the next start finds a refresh token that is taken."""
        chain = newest(*self.chains(account).values())
        return chain is not None and any(
            account.accepts(candidate.refresh_token) for candidate in chain.candidates
        )

    # --- the reference ----------------------------------------------------------------------------

    def holds_reference(self, account: Account) -> bool:
        """Return whether the next start finds a refresh token that is taken."""
        entry = self._entry(REFERENCE)
        return entry is not None and account.accepts(entry["data"]["token"]["refresh_token"])

    def sign_in_reference(self, simulator: FleetSimulator, account: Account) -> None:
        """Put a new sign-in into the entry, as the standard flow leaves it; the entry is made where there is none."""
        life = int(account.access_token_lifetime)
        token = {
            "access_token": account.issue_access_token(),
            "refresh_token": account.issue_refresh_token(),
            "token_type": "Bearer",
            "expires_in": life,
            "expires_at": time.time() + life,
        }
        stored = self._read("core.config_entries")
        entries = [entry for entry in stored["data"]["entries"] if entry["domain"] != REFERENCE]
        entry = self._entry(REFERENCE) or self._new_reference(simulator, account)
        entry["data"]["token"] = token
        stored["data"]["entries"] = [*entries, entry]
        self._write("core.config_entries", stored)

    def _new_reference(self, simulator: FleetSimulator, account: Account) -> dict[str, Any]:
        """Return an entry with Home Assistant's own fields taken from the entry beside it."""
        app = {
            "domain": REFERENCE,
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "auth_domain": REFERENCE,
            "name": "App",
            "id": f"{REFERENCE}_app",
        }
        write_store(self.path, "application_credentials", (1, 1), {"items": [app]})
        beside = self._entry(OURS) or {}
        return {
            **beside,
            "entry_id": "01JTORTURE0000000000STANDARD",
            "domain": REFERENCE,
            "title": "The standard way",
            "unique_id": account.sub,
            "version": 1,
            "minor_version": 1,
            "data": {
                "auth_implementation": REFERENCE,
                "api_url": simulator.api_url,
                "token_url": simulator.token_url,
            },
            "options": {},
        }

    # --- files ------------------------------------------------------------------------------------

    def _entry(self, domain: str) -> dict[str, Any] | None:
        entries = self._read("core.config_entries").get("data", {}).get("entries", [])
        return next((entry for entry in entries if entry["domain"] == domain), None)

    def _read(self, key: str) -> dict[str, Any]:
        """Return a file; nothing where there is none, or a damaged one."""
        try:
            found = json.loads((self._storage / key).read_text(encoding="utf-8"))
        except OSError, ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, key: str, stored: Mapping[str, Any]) -> None:
        (self._storage / key).write_text(json.dumps(stored), encoding="utf-8")
