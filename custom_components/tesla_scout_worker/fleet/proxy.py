"""Commands over Tesla's `tesla-http-proxy`, at an address of the owner's: it signs, and passes all else on to Tesla.

https://github.com/teslamotors/vehicle-command (pkg/proxy). It has words and habits of its own: a car that sleeps is an HTTP
500 there, and a refusal has a prefix and its reason under another name.
"""

import re
import ssl
from ssl import SSLContext
from typing import Final, override

from .command_errors import (
    CommandRefusedError,
    KeyNotPairedError,
    OutcomeUnknownError,
    ProxyDownError,
    VehicleBusyError,
)
from .errors import (
    FleetError,
    MobileAccessDisabledError,
    RequestRejectedError,
    VehicleUnavailableError,
    error_text,
)
from .transport import Answer, PublicFileError, Transport, is_public_url, is_tesla_url

_HEALTH_PATH: Final = "/health"
_HEALTHY: Final = "ok"
_SERVER_ERROR: Final = 500
_LOCKED: Final = 503
_PRECONDITION: Final = 412
# What a proxy without an answer to /health says to who brings no token.
_NO_TOKEN: Final = "did not provide an oauth token"  # noqa: S105 - the words, not a secret
# A fault of the signing protocol, as the proxy names it. All of them say that the car did nothing, but for these.
_FAULT: Final = re.compile(r"messagefault_error_([a-z_]+)")
_UNKNOWN: Final = frozenset({"none", "internal", "timeout", "response_mtu_exceeded"})
_UNPAIRED: Final = frozenset({"unknown_key_id", "inactive_key"})
_FORBIDDEN: Final = frozenset({"remote_access_disabled", "remote_service_access_disabled"})
# The session with the car has moved on, or the car has no time: it can be tried again.
_BUSY: Final = frozenset(
    {
        "busy",
        "incorrect_epoch",
        "invalid_signature",
        "invalid_token_or_counter",
        "time_expired",
        "time_to_live_too_long",
    }
)


def is_proxy_url(url: str) -> bool:
    """Return whether a URL can be a proxy's: https, or http to this very machine, and none of Tesla's own.

    A token goes there with each command.
    """
    return is_public_url(url) and not is_tesla_url(url)


def trust_only(certificate_pem: str) -> SSLContext:
    """Return what trusts one certificate and nothing else. To be run in the executor.

    The name in it is not compared: proxies are given certificates for `localhost`. Raises ValueError where it is none.
    """
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=certificate_pem)
    except ssl.SSLError as err:
        raise ValueError(type(err).__name__) from None
    # A certificate that may sign no others is trusted for what it is.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class ProxyTransport(Transport):
    """Sends to the owner's proxy, and to no other host whatever an answer says: its certificate may be unchecked."""

    @override
    def is_allowed(self, url: str) -> bool:
        return not is_tesla_url(url) and super().is_allowed(url)

    @override
    def _billed_as(self, status: int | None) -> int | None:
        """Count a failure of the proxy's as billed: behind it is most often an answer of Tesla's that is."""
        return status if status is None else min(status, 499)

    @override
    def _error_for(self, answer: Answer) -> FleetError:
        return _error_of(answer) or super()._error_for(answer)

    async def check_health(self, url: str) -> None:
        """Ask whether a proxy answers at a URL. It asks nothing of Tesla, carries no token and costs nothing.

        Raises ProxyDownError where nothing, or something else, is there.
        """
        try:
            answer = await self.fetch_public(f"{url}{_HEALTH_PATH}")
        except PublicFileError:
            raise ProxyDownError from None
        if not is_healthy(answer):
            raise ProxyDownError(answer.status)


def is_healthy(answer: Answer) -> bool:
    """Return whether an answer to /health is a proxy's. Older ones ask for a token there, in words that only they use."""
    text = answer.body.strip().lower() if isinstance(answer.body, str) else ""
    return (answer.status < 300 and text == _HEALTHY) or _NO_TOKEN in error_text(answer.body)  # noqa: PLR2004


def _error_of(answer: Answer) -> FleetError | None:
    """Return what the proxy's own words mean, None for what it only passes on."""
    if answer.status == _PRECONDITION:
        # Of what it only passes on it keeps nothing but the status. That the app is not registered, Tesla itself would say.
        return RequestRejectedError(answer.status)
    if answer.status < _SERVER_ERROR:
        return None
    text = error_text(answer.body)
    if "vehicle is offline" in text or "vehicle unavailable" in text:
        return VehicleUnavailableError(answer.status)
    if "has not been paired" in text:
        return KeyNotPairedError(answer.status)
    if "vehicle busy" in text or answer.status == _LOCKED:
        return VehicleBusyError(answer.status)
    fault = _FAULT.search(text)
    match fault and fault.group(1):
        case str(name) if name in _UNPAIRED:
            return KeyNotPairedError(answer.status)
        case str(name) if name in _FORBIDDEN:
            return MobileAccessDisabledError(answer.status)
        case str(name) if name in _BUSY:
            return VehicleBusyError(answer.status)
        case str(name) if name not in _UNKNOWN:
            return CommandRefusedError(name)
        case _:
            return OutcomeUnknownError(answer.status)
