"""A second door: what Tesla's `tesla-http-proxy` does between an owner's client and the API.

It takes plain REST commands, signs them with its own key and sends them to the simulator's API over HTTP, so that the bill,
the limits and the faults of that API are the real ones. Its answers are those of Tesla's program, its oddities included:
errors come as text/plain, a sleeping car is a 500, and of what it only hands on it keeps nothing but the status when that is
not 200.
"""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable, Mapping
from http import HTTPStatus
import json
import ssl
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .certificate import SelfSigned, self_signed
from .encoding import encode
from .faults import Faults
from .front import Front, RequestRecord, Route
from .keyring import DOMAINS
from .orders import BadParameter, read_rest
from .signer import NO_REPLY, RefusedError, Session, SigningError
from .wire import Answer, Call

ASLEEP = "vehicle unavailable: vehicle is offline or asleep"
VIN_LENGTH = 17
PLAIN_TEXT = "text/plain"
REPAIRS = 3
"""How often a command is signed anew in a row after the car sent new session information."""

_OK = HTTPStatus.OK
_ADDED_BY_A_WEB_SERVER = frozenset({"content-length", "content-type", "date", "server", "transfer-encoding"})


class Proxy:
    """A stand-in for tesla-http-proxy. Made by FleetSimulator.add_proxy(); its key must be paired with a car to be obeyed.

    tries: how often a passing trouble is tried before it is told; Tesla's program does so once a second for ten seconds and then
    says "context deadline exceeded", as this does for more than one. reason_key: where a refusal's text is: "reason", or
    "string" as in some releases. healthy: off, /health is a 503.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        faults: Faults,
        requests: list[RequestRecord],
        api_urls: Callable[[], Mapping[str, str]],
    ) -> None:
        self.tries = 1
        self.reason_key: Literal["reason", "string"] = "reason"
        self.healthy = True
        self.tls: SelfSigned | None = None
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._clock = clock
        self._front = Front(clock, faults, requests)
        self._api_urls = api_urls
        self._url = ""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sessions: dict[tuple[str, int], Session] = {}
        self._unsigned: set[str] = set()

    @property
    def url(self) -> str:
        """Base URL. RuntimeError before the first start()."""
        if not self._url:
            raise RuntimeError("the proxy has no URL before it is started")
        return self._url

    @property
    def public_point(self) -> bytes:
        """The public key that signs commands, as an uncompressed point: for Keyring.pair()."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, tls: bool = True) -> None:
        """Open the door, with a certificate of its own unless tls is off (which Tesla's program cannot). It starts cold."""
        self._sessions.clear()
        self._unsigned.clear()
        context: ssl.SSLContext | None = None
        if tls:
            self.tls = self.tls or self_signed(host)
            context = await asyncio.get_running_loop().run_in_executor(None, self.tls.context)
        routes = [
            Route("GET", "/health", "proxy_health", self._health),
            Route("*", "/api/1/vehicles/{tag}/command/{command}", "proxy_command", self._command),
            Route("*", "/{tail:.*}", "proxy", self._forward),
        ]
        self._url = await self._front.listen("proxy", routes, host, port, context)

    async def stop(self) -> None:
        """Close the door: connections are refused. It may be started again."""
        await self._front.close()

    def _health(self, _call: Call) -> Answer:
        if not self.healthy:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "")
        return Answer(_OK, "OK", content_type=PLAIN_TEXT)

    async def _command(self, call: Call) -> Answer:
        refusal = _stranger(call)
        if refusal is not None:
            return refusal
        vin = call.tag or ""
        if len(vin) != VIN_LENGTH:
            return _error(
                HTTPStatus.NOT_FOUND, "expected 17-character VIN in path (do not user Fleet API ID)"
            )
        if vin in self._unsigned:
            return await self._forward(call)
        if call.method != "POST":
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed")
        body = call.json_object()
        if body is None:
            return _raw(HTTPStatus.BAD_REQUEST, "error occurred while parsing request parameters")
        order = read_rest(call.command or "", body, self._clock())
        if isinstance(order, BadParameter):
            return self._bad(order)
        domain, payload = encode(order)
        async with self._locks[vin]:
            try:
                # Tesla's program wants a session with both computers before its first command to a car.
                for number in DOMAINS:
                    if not self._session(vin, number).ready:
                        await self._ask(call, vin, number, None)
                await self._ask(call, vin, domain, payload)
            except _Upstream as err:
                if err.unsigned:
                    self._unsigned.add(vin)
                    return await self._forward(call)
                return err.answer
            except RefusedError as err:
                return self._refused(_OK, str(err))
            except SigningError as err:
                return _error(HTTPStatus.INTERNAL_SERVER_ERROR, str(err))
        return Answer(_OK, {"response": {"result": True, "reason": ""}})

    def _session(self, vin: str, domain: int) -> Session:
        return self._sessions.setdefault((vin, domain), Session(vin, domain, self.key))

    async def _ask(self, call: Call, vin: str, domain: int, payload: bytes | None) -> None:
        """Send a handshake (payload None) or a command until the car has taken it, within bounds."""
        session = self._session(vin, domain)
        repairs, tries = REPAIRS, self.tries
        while True:
            message = session.handshake() if payload is None else session.sign(payload, self._clock())
            try:
                session.take(await self._send(call, vin, message), self._clock())
            except (SigningError, _Upstream) as err:
                if isinstance(err, SigningError) and err.repaired and repairs:
                    repairs -= 1
                    continue
                if not err.temporary or self.tries == 1:
                    raise
                tries -= 1
                if not tries:
                    raise SigningError(NO_REPLY) from None
            else:
                return

    async def _send(self, call: Call, vin: str, message: bytes) -> bytes:
        body = json.dumps({"routable_message": base64.b64encode(message).decode()}).encode()
        status, raw, _ = await self._fetch(call, "POST", f"/api/1/vehicles/{vin}/signed_command", body)
        if status != _OK:
            raise _Upstream(status, raw)
        try:
            return base64.b64decode(json.loads(raw)["response"] or "")
        except ValueError, KeyError, TypeError:
            raise SigningError("unable to parse server response") from None

    async def _forward(self, call: Call) -> Answer:
        """Hand a request on as it is."""
        refusal = _stranger(call)
        if refusal is not None:
            return refusal
        path = f"{call.path}?{urlencode(call.query)}" if call.query else call.path
        try:
            status, raw, headers = await self._fetch(call, call.method, path, call.body)
        except SigningError as err:
            return _error(HTTPStatus.BAD_GATEWAY, str(err))
        if status != _OK:
            return _error(status, _phrase(status))
        kept = {key: value for key, value in headers.items() if key.lower() not in _ADDED_BY_A_WEB_SERVER}
        return Answer(_OK, raw.decode(), kept)

    async def _fetch(
        self, call: Call, method: str, path: str, body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Ask the API of the token's region. SigningError when no connection comes about."""
        headers = {"Authorization": call.headers.get("Authorization", "")}
        if method != "GET" or "Content-Type" in call.headers:
            headers["Content-Type"] = call.headers.get("Content-Type", "application/json")
        if path.endswith("/signed_command"):
            headers["Content-Type"] = "application/json"
        url = self._api_urls()[_region(call.bearer)]
        try:
            async with (
                aiohttp.ClientSession(middlewares=(_once,)) as session,
                session.request(
                    method, url + path, data=body or None, headers=headers, allow_redirects=False
                ) as got,
            ):
                return got.status, await got.read(), got.headers
        except aiohttp.ClientError as err:
            raise SigningError(f'{method.capitalize()} "{url}{path}": {err}', temporary=True) from None

    def _bad(self, order: BadParameter) -> Answer:
        match order.kind:
            case "command":
                body = {"response": None, "error": "invalid_command", "error_description": ""}
                return _raw(HTTPStatus.BAD_REQUEST, json.dumps(body))
            case "day":
                return _error(HTTPStatus.BAD_REQUEST, f"unrecognized day name: {order.what}")
            case _:
                return self._refused(HTTPStatus.BAD_REQUEST, f"{order.kind} {order.what} param")

    def _refused(self, status: int, text: str) -> Answer:
        body = {"response": {"result": False, self.reason_key: text}, "error": "", "error_description": ""}
        return _raw(status, json.dumps(body))


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself after a lost connection: each one is on the bill."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientError(type(err).__name__) from err


class _Upstream(Exception):  # noqa: N818 - it carries an answer
    """The API's own answer, which is not 200."""

    def __init__(self, status: int, raw: bytes) -> None:
        super().__init__(str(status))
        text = raw.decode(errors="replace")
        self.unsigned = status == HTTPStatus.UNPROCESSABLE_ENTITY and (
            "vehicle does not support signed commands" in text
        )
        asleep = status == HTTPStatus.SERVICE_UNAVAILABLE or (
            status == HTTPStatus.REQUEST_TIMEOUT and "vehicle is offline" in text
        )
        self.temporary = not asleep and status in {
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.GATEWAY_TIMEOUT,
        }
        self.answer = (
            _error(HTTPStatus.INTERNAL_SERVER_ERROR, ASLEEP)
            if asleep
            else _raw(status, text or _phrase(status))
        )


def _stranger(call: Call) -> Answer | None:
    """Return the refusal of a request without a token, or with one that is none."""
    if not call.headers.get("Authorization", "").startswith("Bearer "):
        return _error(HTTPStatus.FORBIDDEN, "client did not provide an OAuth token")
    if _claims(call.bearer) is None:
        return _error(HTTPStatus.FORBIDDEN, "client provided malformed OAuth token")
    return None


def _claims(token: str) -> dict[str, Any] | None:
    """Return what a JWT says, without a look at its signature."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError, IndexError:
        return None
    return claims if isinstance(claims, dict) else None


def _region(token: str) -> str:
    """Return the region in a token, North America where it says none, as Tesla's program does."""
    region = str((_claims(token) or {}).get("ou_code", "na")).lower()
    return region if region in {"na", "eu", "cn"} else "na"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _raw(status: int, text: str) -> Answer:
    return Answer(status, text + "\n", content_type=PLAIN_TEXT)


def _error(status: int, text: str) -> Answer:
    return _raw(status, json.dumps({"response": None, "error": text, "error_description": ""}))
