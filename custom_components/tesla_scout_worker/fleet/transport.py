"""The one way out: whatever this integration sends to Tesla is sent here, once, and metered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
import json
import time
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from .errors import AnswerLostError, BadAnswerError, CannotConnectError, error_for
from .metering import Errand, Meter

# A live read is passed on to the car and can take this long; the token endpoint has been seen to need 20 s.
REQUEST_TIMEOUT: Final = 45.0
# A full vehicle_data answer is about 10 KiB.
LARGEST_BODY: Final = 4 * 1024 * 1024

_TESLA_HOSTS: Final = (".tesla.com", ".tesla.cn")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. body: parsed JSON, or the text where it is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    is_json: bool


def is_tesla_url(url: str) -> bool:
    """Return whether a URL is one of Tesla's own, over TLS."""
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "").endswith(_TESLA_HOSTS)


class Transport:
    """Sends one request and returns one answer.

    A token or a bearer header goes to Tesla's hosts and to the URLs that the owner typed, nowhere else, and never
    along a redirect.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        meter: Meter,
        *,
        trusted_urls: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Initialize. trusted_urls: what the owner typed; their origins are allowed beside Tesla's."""
        self._session = session
        self._meter = meter
        self._trusted = frozenset(_origin(url) for url in trusted_urls)
        self.clock = clock

    def is_allowed(self, url: str) -> bool:
        """Return whether a secret may be sent to this URL."""
        return is_tesla_url(url) or _origin(url) in self._trusted

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
        if not self.is_allowed(url):
            raise CannotConnectError
        self._meter.admit(errand)
        status: int | None = None
        sent = True
        try:
            async with (
                asyncio.timeout(REQUEST_TIMEOUT),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    params=params,
                    json=json_body,
                    data=form,
                    allow_redirects=False,
                    middlewares=(_Once(),),
                ) as response,
            ):
                status = response.status
                return await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as err:
            sent = False
            # The library's text names the host only, but its repr can hold the headers: the cause stays out.
            raise CannotConnectError from _nameless(err)
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            raise AnswerLostError(status) from _nameless(err)
        finally:
            self._meter.settle(errand, status, sent=sent)

    def raise_for_status(self, answer: Answer, errand: Errand) -> None:
        """Raise the error of an answer that is not 2xx, and let the meter hold back what it forbids."""
        if 200 <= answer.status < 300:  # noqa: PLR2004
            return
        error = error_for(answer.status, answer.headers, answer.body, self.clock())
        self._meter.hold(errand, error)
        raise error


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


async def _read(response: aiohttp.ClientResponse) -> Answer:
    chunks = bytearray()
    async for chunk in response.content.iter_any():
        chunks += chunk
        if len(chunks) > LARGEST_BODY:
            raise BadAnswerError(response.status)
    text = chunks.decode("utf-8", errors="replace")
    try:
        body = json.loads(text)
    except ValueError, RecursionError:
        return Answer(response.status, response.headers, text, is_json=False)
    return Answer(response.status, response.headers, body, is_json=True)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _nameless(err: BaseException) -> RuntimeError:
    return RuntimeError(type(err).__name__)
