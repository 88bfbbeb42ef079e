"""What only the owner can mend, as repairs: which there are, and in which ways each can be mended from here."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

# What the owner wished for, and need not mend.
_WARNINGS: Final = frozenset({"budget_spent"})

#: By the kind of a repair, the steps of `repairs` that its owner may choose from. What is not here is mended elsewhere.
WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "account_disabled": ("check",),
    "app_not_registered": ("register", "check"),
    "budget_spent": ("raise_budget", "wait"),
    "car_refused": ("check", "stop_watching"),
    "home_zone_missing": ("choose_zones",),
    "key_not_paired": ("check",),
    "key_not_registered": ("register",),
    "location_not_granted": ("check", "reconfigure"),
    "location_refused": ("check",),
    "proxy_down": ("check", "sign_here"),
    "proxy_key_not_paired": ("check",),
    "scopes_missing": ("check", "reconfigure"),
    "sign_in_app_refused": ("check", "reconfigure"),
    "sign_in_expired": ("sign_in",),
    "sign_in_refused": ("sign_in",),
    "sign_in_revoked": ("sign_in",),
    "token_not_saved": ("check",),
    "token_refresh_fails": ("check",),
    "token_used_elsewhere": ("reconfigure",),
}


@callback
def update_issue(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    key: str,
    *,
    is_present: bool,
    placeholders: Mapping[str, str] | None = None,
    about: str | None = None,
) -> None:
    """Raise or take back a repair of an entry. about: what it is of, where there can be several of a kind."""
    issue_id = "_".join(filter(None, (key, about, entry.entry_id)))
    if not is_present:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"kind": key, "about": about, "entry_id": entry.entry_id},
        is_fixable=key in WAYS,
        severity=ir.IssueSeverity.WARNING if key in _WARNINGS else ir.IssueSeverity.ERROR,
        translation_key=key,
        translation_placeholders={"account": entry.title, **(placeholders or {})},
    )


def car_id(entry: ConfigEntry[Any], vin: str) -> str:
    """Return what tells one car's repairs from another's and does not tell the VIN.

    There are few VINs enough to try them all, and the ids of repairs stand in downloaded diagnostics: the account's own id,
    which does not, is hashed along.
    """
    return sha256(f"{entry.unique_id or entry.entry_id} {vin}".encode()).hexdigest()[:12]
