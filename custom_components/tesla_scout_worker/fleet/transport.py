"""The one way out: whatever this integration sends to Tesla is sent here, once, and metered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from ipaddress import ip_address
import json
import re
from ssl import SSLContext
import time
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from .errors import AnswerLostError, BadAnswerError, CannotConnectError, FleetError, error_for
from .metering import Errand, Meter

# A live read is passed on to the car and can take this long; the token endpoint has been seen to need 20 s.
REQUEST_TIMEOUT: Final = 45.0
# A full vehicle_data answer is about 10 KiB.
LARGEST_BODY: Final = 4 * 1024 * 1024
# A public file is fetched while a person waits in front of a form, and the one that is looked for has 200 bytes.
PUBLIC_TIMEOUT: Final = 15.0
LARGEST_PUBLIC_BODY: Final = 64 * 1024

# Nothing but plain host names: a password, a backslash or a letter from elsewhere has no place in Tesla's URLs, and two
# parsers could read it as two hosts.
_TESLA_URL: Final = re.compile(
    r"https://(?:[a-z0-9-]+\.)+tesla\.(?:com|cn)(?::443)?(?:[/?][!-~]*)?", re.ASCII | re.IGNORECASE
)


class Obstacle(StrEnum):
    """What stands between Home Assistant and a public file."""

    UNKNOWN_HOST = "unknown_host"
    #: The certificate is missing, expired or of another name, or no TLS is spoken there.
    TLS = "tls"
    #: Refused, timed out, cut off, too large: all that tells a person no more than that nothing came.
    NO_ANSWER = "no_answer"


class PublicFileError(Exception):
    """A public file did not arrive. It is no FleetError: it says nothing about Tesla."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. body: parsed JSON, or the text where it is not JSON; tokens and positions are in it."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    is_json: bool


def is_tesla_url(url: str) -> bool:
    """Return whether a URL is one of Tesla's own, over TLS."""
    return _TESLA_URL.fullmatch(url) is not None


class Transport:
    """Sends one request and returns one answer.

    A token or a bearer header goes to Tesla's hosts and to the URLs that the owner typed, nowhere else, and never
    along a redirect. What any browser could ask is asked of any host, without a header.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        meter: Meter,
        *,
        trusted_urls: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
        ssl: SSLContext | bool = True,
    ) -> None:
        """Initialize.

        trusted_urls: what the owner typed; their origins are allowed beside Tesla's. ssl: what a server's certificate is
        checked by, True for what every system trusts, False for nothing.
        """
        self._session = session
        self._meter = meter
        self._trusted = frozenset(origin for url in trusted_urls if (origin := _origin(url)))
        self._ssl = ssl
        self.clock = clock
        #: Seconds by which our clock is ahead of that of the server that answered last; None before the first answer.
        self.clock_error: float | None = None

    def is_allowed(self, url: str) -> bool:
        """Return whether a secret may be sent to this URL."""
        return is_tesla_url(url) or _origin(url) in self._trusted

    def is_api(self, url: str) -> bool:
        """Return whether a URL that an answer named can be a base URL of the API."""
        return self.is_allowed(url) and (is_fleet_api(url) or not is_tesla_url(url))

    async def send(
        self,
        method: str,
        url: str,
        errand: Errand,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        json_body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, once.

        Raises CannotConnectError where it surely never left, AnswerLostError where its fate is unknown,
        BadAnswerError where the answer is too large, and what the meter raises.
        """
        if not self.is_allowed(url) or self._session.closed:
            raise CannotConnectError
        admission = self._meter.admit(errand)
        status: int | None = None
        sent = True
        failure: FleetError
        try:
            async with self._response(
                REQUEST_TIMEOUT, method, url, headers=headers, params=params, json=json_body, data=form
            ) as response:
                status = response.status
                self._compare_clocks(response.headers.get("Date"))
                return await _read(response, LARGEST_BODY)
        # The library's text names the host only, but its repr can hold the headers: it is neither cause nor context.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ValueError) as err:
            # ValueError: a URL or a header that cannot be written down.
            sent = False
            failure, cause = CannotConnectError(), _nameless(err)
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            failure, cause = AnswerLostError(status), _nameless(err)
        finally:
            self._meter.settle(admission, self._billed_as(status), sent=sent)
        raise failure from cause

    async def fetch_public(self, url: str) -> Answer:
        """Fetch what anybody may read: https, or http from this very machine. It is never billed and not counted.

        There is no token, no header and no redirect in it, so it may go to any host. Raises PublicFileError.
        """
        if not is_public_url(url) or self._session.closed:
            raise PublicFileError(Obstacle.NO_ANSWER)
        try:
            async with self._response(PUBLIC_TIMEOUT, "GET", url) as response:
                return await _read(response, LARGEST_PUBLIC_BODY)
        except aiohttp.ClientConnectorDNSError as err:
            obstacle, cause = Obstacle.UNKNOWN_HOST, _nameless(err)
        except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch) as err:
            obstacle, cause = Obstacle.TLS, _nameless(err)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, FleetError) as err:
            obstacle, cause = Obstacle.NO_ANSWER, _nameless(err)
        raise PublicFileError(obstacle) from cause

    @asynccontextmanager
    async def _response(
        self, seconds: float, method: str, url: str, **parts: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send, in the one place where anything is sent."""
        async with (
            asyncio.timeout(seconds),
            self._session.request(
                method, url, allow_redirects=False, middlewares=(_Once(),), ssl=self._ssl, **parts
            ) as response,
        ):
            yield response

    def _compare_clocks(self, date: str | None) -> None:
        try:
            # Without a Date, or with one that is none, the clocks were not compared.
            told = parsedate_to_datetime(date or "")
            # A date without a zone is meant as UTC (RFC 9110).
            self.clock_error = self.clock() - (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        except ValueError, OverflowError:
            return

    def raise_for_status(self, answer: Answer, errand: Errand) -> None:
        """Raise the error of an answer that is not 2xx, and let the meter hold back what it forbids."""
        if 200 <= answer.status < 300:  # noqa: PLR2004
            return
        error = self._error_for(answer)
        self._meter.hold(errand, error)
        raise error

    def _error_for(self, answer: Answer) -> FleetError:
        return error_for(answer.status, answer.headers, answer.body, self.clock())

    def _billed_as(self, status: int | None) -> int | None:
        """Return the status by which Tesla bills an answer."""
        return status


class _Once:
    """aiohttp sends a GET again, by itself, when the connection breaks: a second bill for one request."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(
        self,
        request: aiohttp.ClientRequest,
        handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        if self._sent:
            raise AnswerLostError
        self._sent = True
        return await handler(request)


async def _read(response: aiohttp.ClientResponse, largest: int) -> Answer:
    chunks = bytearray()
    async for chunk in response.content.iter_any():
        chunks += chunk
        if len(chunks) > largest:
            raise BadAnswerError(response.status)
    text = chunks.decode("utf-8", errors="replace")
    try:
        body = json.loads(text)
    except ValueError, RecursionError:
        return Answer(response.status, response.headers, text, is_json=False)
    return Answer(response.status, response.headers, body, is_json=True)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this very machine, by its spelling alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_public_url(url: str) -> bool:
    """Return whether a URL can be asked by anybody: a plain https one, or http to this very machine."""
    match _origin(url):
        case ("https", _, _):
            return True
        case ("http", host, _):
            return is_loopback(host)
        case _:
            return False


def is_fleet_api(url: str) -> bool:
    """Return whether a URL is one of Tesla's API hosts, not of its website or sign-in."""
    return is_tesla_url(url) and url.lower().startswith("https://fleet-api.")


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port, None for what is no plain URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    return parts.scheme, parts.hostname.lower(), port or {"https": 443, "http": 80}.get(parts.scheme)


def _nameless(err: BaseException) -> RuntimeError:
    return RuntimeError(type(err).__name__)
