"""The access token for other programs: who may have it, what they are told, and who asked how often.

Only the access token, which ends by itself after hours. A refresh token works once: two programs with one of them lock
each other out, so it stays with its keeper.
"""

from dataclasses import asdict, dataclass
import math
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import service
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonValueType

from .account import base_url_of
from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .fleet.errors import ServerError
from .settings import Options
from .store import PlannedSave, async_load_or_empty

_STORAGE_VERSION: Final = 1
# A kill loses at most the hand-outs of this long (seconds).
_SAVE_DELAY: Final = 2
# A token that ends sooner than this is of no use to anybody (seconds).
_SHORTEST_REST: Final = 60.0
_MOST_CALLERS: Final = 20
# Of a name that somebody typed: it is shown, and each state that is kept in history holds it.
_LONGEST_NAME: Final = 64
# Who calls an action that nobody's click began.
AUTOMATION: Final = "automation"


@dataclass(frozen=True, slots=True)
class Caller:
    """How often somebody was given a token. last: Unix seconds."""

    count: int
    last: float


class Handouts:
    """One config entry's count of hand-outs, by caller."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize. key: of the store."""
        self._store: Store[dict[str, Any]] = Store(
            hass, _STORAGE_VERSION, f"{DOMAIN}.{key}.handouts", private=True
        )
        self._saving = PlannedSave(self._store, self._as_dict, _SAVE_DELAY)
        self._total = 0
        # The most recent last.
        self._callers: dict[str, Caller] = {}
        self._is_removed = False

    async def async_load(self) -> None:
        """Read what an earlier run counted; what makes no sense is dropped, not the rest."""
        stored = await async_load_or_empty(self._store)
        callers = stored.get("callers")
        found = {
            name: caller
            for name, item in (callers.items() if isinstance(callers, dict) else ())
            if (caller := _read_caller(item))
        }
        self._callers = dict(sorted(found.items(), key=lambda item: item[1].last)[-_MOST_CALLERS:])
        counted = sum(caller.count for caller in self._callers.values())
        self._total = max(_count(stored.get("total")), counted)

    @property
    def total(self) -> int:
        """Return how many tokens were handed out, ever."""
        return self._total

    @property
    def callers(self) -> dict[str, Caller]:
        """Return the callers of late by name, the most recent one last."""
        return dict(self._callers)

    @property
    def last(self) -> float | None:
        """Return when a token was handed out last, in Unix seconds; None for never."""
        return max((caller.last for caller in self._callers.values()), default=None)

    def count(self, name: str) -> None:
        """Count a hand-out. name: what a person calls the caller."""
        name = " ".join(name.split())[:_LONGEST_NAME] or "-"
        before = self._callers.pop(name, None)
        self._callers[name] = Caller((before.count if before else 0) + 1, _now())
        if len(self._callers) > _MOST_CALLERS:
            del self._callers[next(iter(self._callers))]
        self._total += 1
        if not self._is_removed:
            self._saving.plan()

    async def async_save(self) -> None:
        """Write now what would have been written in a moment."""
        await self._saving.async_flush()

    async def async_remove(self) -> None:
        """Delete the store, and store nothing any more."""
        self._is_removed = True
        await self._store.async_remove()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "total": self._total,
            "callers": {name: asdict(caller) for name, caller in self._callers.items()},
        }


_HANDOUTS: HassKey[dict[str, Handouts]] = HassKey(f"{DOMAIN}.handouts")


async def async_handouts_for(hass: HomeAssistant, entry_id: str) -> Handouts:
    """Return an entry's one count. It outlives a reload, so that a token that is handed out during one is counted."""
    handouts = hass.data.setdefault(_HANDOUTS, {})
    if entry_id not in handouts:
        handouts[entry_id] = Handouts(hass, entry_id)
        await handouts[entry_id].async_load()
    return handouts[entry_id]


async def async_forget_handouts(hass: HomeAssistant, entry_id: str) -> None:
    """Delete an entry's count, when the entry is removed."""
    handouts = await async_handouts_for(hass, entry_id)
    del hass.data[_HANDOUTS][entry_id]
    await handouts.async_remove()


def is_shared(entry: ScoutWorkerConfigEntry) -> bool:
    """Return whether the owner lets other programs have the access token of this account."""
    return Options.from_options(entry.options).shares_access_token


def shared_entry(hass: HomeAssistant, entry_id: str | None) -> ScoutWorkerConfigEntry:
    """Return the account that is meant; without an entry_id the one that is shared.

    Raises ServiceValidationError for an account that does not exist, is not shared or not loaded, and where none is
    named and several are shared.
    """
    if entry_id is None:
        entries: list[ScoutWorkerConfigEntry] = hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        )
        shared = [entry.entry_id for entry in entries if is_shared(entry)]
        if len(shared) > 1:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="several_accounts_shared")
        if not shared:
            raise _not_shared()
        entry_id = shared[0]
    named = hass.config_entries.async_get_entry(entry_id)
    if named and named.domain == DOMAIN and not is_shared(named):
        raise _not_shared()
    entry: ScoutWorkerConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


async def async_hand_out(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, caller: str
) -> dict[str, JsonValueType]:
    """Return an account's access token and what goes with it, and count it. caller: what a person calls who asks.

    Asks Tesla nothing, unless the token is old: it is renewed then, which is not billed. Raises FleetError where no token
    can be had.
    """
    # An unload during the wait takes them from the entry.
    account, handouts = entry.runtime_data.account, entry.runtime_data.handouts
    access_token = await account.async_access_token()
    if account.data.token.expires_at - _now() <= _SHORTEST_REST:
        await account.async_refresh_token()
        access_token = await account.async_access_token()
    token = account.data.token
    remaining = token.expires_at - _now()
    if remaining <= _SHORTEST_REST:
        raise ServerError
    handouts.count(caller)
    account.async_update_listeners()
    return {
        "status": "success",
        "access_token": access_token,
        "expires_at": dt_util.utc_from_timestamp(int(token.expires_at)).isoformat(),
        "remaining_minutes": int(remaining // 60),
        "token_source": DOMAIN,
        "region": token.claims.region,
        "api_url": base_url_of(entry),
    }


def _not_shared() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="access_token_not_shared")


def _read_caller(item: Any) -> Caller | None:
    if not isinstance(item, dict) or not (count := _count(item.get("count"))):
        return None
    last = item.get("last")
    return Caller(count, float(last) if isinstance(last, int | float) and math.isfinite(last) else 0.0)


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count else 0


def _now() -> float:
    return dt_util.utcnow().timestamp()
