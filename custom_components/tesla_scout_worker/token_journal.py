"""Where a token chain reaches the disk before anyone uses it.

Home Assistant saves config entries a second later, without flushing and without a retry: a kill in that second would
leave a spent refresh token behind. So each chain is written here first.

A dialog that is still open writes a draft, a file of its own: an account that is in use must not go on with what its
owner has not finished, and a crash must not lose what a pasted token has become.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.file import write_utf8_file_atomic

from .const import DOMAIN
from .fleet.auth import read_claims
from .token_rotation import GRACE, TokenChain

_VERSION = 1
_DRAFT = f"{DOMAIN}.sign_in_"


class TokenJournal:
    """One account's journal: a private file in .storage, flushed and renamed into place."""

    def __init__(self, hass: HomeAssistant, account_id: str, *, is_draft: bool = False) -> None:
        """Initialize. account_id: the token's subject; only a hash of it is in the file's name."""
        self._hass = hass
        self._account_id = account_id
        digest = hashlib.sha256(account_id.encode()).hexdigest()[:16]
        self._path = _storage(hass) / f"{_DRAFT if is_draft else f'{DOMAIN}.token_'}{digest}"

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
        chain = _read(self._path)
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


async def async_draft_with(hass: HomeAssistant, refresh_token: str) -> TokenChain | None:
    """Return what a dialog made of a refresh token that was pasted earlier, before Home Assistant ended."""

    def _search() -> TokenChain | None:
        chains = map(_read, _storage(hass).glob(f"{_DRAFT}*"))
        return next((chain for chain in chains if chain and chain.knows(refresh_token)), None)

    return await hass.async_add_executor_job(_search)


async def async_sweep_drafts(hass: HomeAssistant) -> None:
    """Delete what dialogs left that ended with Home Assistant, once nobody comes back to them: after a day."""
    too_old = dt_util.utcnow().timestamp() - GRACE

    def _sweep() -> None:
        for path in _storage(hass).glob(f"{_DRAFT}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < too_old:
                    path.unlink()

    await hass.async_add_executor_job(_sweep)


def _storage(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(STORAGE_DIR))


def _read(path: Path) -> TokenChain | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except OSError, ValueError, RecursionError:
        # Missing is normal; half-written cannot happen to us, but a disk can.
        return None
    return TokenChain.from_dict(stored.get("data")) if isinstance(stored, dict) else None
