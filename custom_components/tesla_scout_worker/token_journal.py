"""Where a token chain reaches the disk before anyone uses it.

Home Assistant saves config entries a second later, without flushing and without a retry: a kill in that second would
leave a spent refresh token behind. So each chain is written here first.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.file import write_utf8_file_atomic

from .const import DOMAIN
from .fleet.auth import read_claims
from .token_rotation import TokenChain

_VERSION = 1


class TokenJournal:
    """One account's journal: a private file in .storage, flushed and renamed into place."""

    def __init__(self, hass: HomeAssistant, account_id: str) -> None:
        """Initialize. account_id: the token's subject; only a hash of it is in the file's name."""
        self._hass = hass
        self._account_id = account_id
        digest = hashlib.sha256(account_id.encode()).hexdigest()[:16]
        self._path = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.token_{digest}"))

    async def async_load(self) -> TokenChain | None:
        """Return the journalled chain, None where there is none that can be read."""
        return await self._hass.async_add_executor_job(self._load)

    async def async_save(self, chain: TokenChain) -> None:
        """Write the chain; it is on the disk when this returns.

        Raises WriteError where the disk would not take it; the chain written before is then untouched.
        """
        text = json.dumps({"version": _VERSION, "data": chain.as_dict()})
        await self._hass.async_add_executor_job(self._save, text)

    async def async_remove(self) -> None:
        """Delete the journal."""
        await self._hass.async_add_executor_job(self._remove)

    def _load(self) -> TokenChain | None:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except OSError, ValueError, RecursionError:
            # Missing is normal; half-written cannot happen to us, but a disk can.
            return None
        chain = TokenChain.from_dict(stored.get("data")) if isinstance(stored, dict) else None
        # A file that was copied here from another account must not replace this one's token.
        owner = read_claims(chain.access_token).subject if chain else None
        return chain if owner in {None, self._account_id} else None

    def _save(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        write_utf8_file_atomic(str(self._path), text, private=True)

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
