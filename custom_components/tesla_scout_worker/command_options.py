"""How commands get to the cars, as the owner wished, pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .fleet.commands import Transports
from .fleet.proxy import is_proxy_url

CONF_TRANSPORT: Final = "transport"
CONF_PROXY: Final = "proxy"
CONF_PROXY_URL: Final = "proxy_url"
CONF_VERIFY: Final = "verify_certificate"
CONF_CERTIFICATE: Final = "certificate"
CONF_ADD_ON: Final = "add_on"
CONF_STOP_ADD_ON: Final = "stop_add_on"


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """What the owner chose.

    proxy_url: without a slash at its end. certificate: PEM of the only one that the proxy may show, None for what every
    system trusts. verifies: False to take any. add_on: the slug of the add-on that is the proxy. stops_add_on: once it has
    had nothing to do for a while.
    """

    transport: Transports = Transports.AUTO
    proxy_url: str | None = None
    verifies: bool = True
    certificate: str | None = field(default=None, repr=False)
    add_on: str | None = None
    stops_add_on: bool = False

    @classmethod
    def from_options(cls, stored: Any) -> Self:
        """Read what was stored; what makes no sense is the default that is safe."""
        typed = stored if isinstance(stored, Mapping) else {}
        transport, url = typed.get(CONF_TRANSPORT), _text(typed.get(CONF_PROXY_URL))
        url = url.rstrip("/") if url else None
        return cls(
            Transports(transport) if transport in list(Transports) else Transports.AUTO,
            url if url and is_proxy_url(url) else None,
            # What is not clearly a no is a yes.
            typed.get(CONF_VERIFY) is not False,
            _text(typed.get(CONF_CERTIFICATE)),
            _text(typed.get(CONF_ADD_ON)),
            typed.get(CONF_STOP_ADD_ON) is True,
        )


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
