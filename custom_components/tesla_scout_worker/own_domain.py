"""The owner's domain: what was typed made into a name that Tesla takes, and what Home Assistant knows of its own."""

import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from yarl import URL

from .fleet.transport import is_loopback

_HTTPS_PORT: Final = 443
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?![0-9]){_LABEL}", re.ASCII)
# Names that mean something at home and nothing to Tesla.
_HOME_NAMES: Final = (".local", ".lan", ".internal", ".localhost", ".home.arpa")


def tidy_domain(text: str, *, allow_loopback: bool = False) -> str | None:
    """Return the host of what was typed or pasted, as Tesla wants it; None for what has no public name.

    allow_loopback: take this very machine too, with its port.
    """
    typed = text.strip()
    try:
        url = URL(typed if "://" in typed else f"//{typed}")
        host, port = (url.raw_host or "").rstrip(".").lower(), url.explicit_port
    except ValueError:
        return None
    if url.scheme not in {"", "http", "https"} or url.user is not None:
        return None
    if is_loopback(host):
        # An IPv6 address cannot stand before a port as it is.
        return None if not allow_loopback or ":" in host else f"{host}:{port}" if port else host
    return host if _DOMAIN.fullmatch(host) and not host.endswith(_HOME_NAMES) else None


def external_domain(hass: HomeAssistant) -> tuple[str | None, bool]:
    """Return the domain under which the world knows Home Assistant, and whether Tesla would find it there (https, 443)."""
    try:
        url = URL(get_url(hass, allow_internal=False, allow_ip=False, prefer_external=True))
    except NoURLAvailableError, ValueError:
        return None, False
    domain = tidy_domain(str(url))
    return domain, domain is not None and url.scheme == "https" and url.port == _HTTPS_PORT
