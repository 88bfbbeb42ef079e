"""The web server's side: listeners, reading requests, and playing the faults that only a connection can have."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
import ssl
import uuid

from aiohttp import web

from .faults import Fault, Faults
from .wire import Answer, Call, Kind, Role, failure

SHUTDOWN_S = 2.0


@dataclass(slots=True)
class RequestRecord:
    """One request as it came in, without tokens. time: epoch seconds. query: as sent, "" on the sign-in host.

    status: what was sent; None while an answer is held back and for ever if none was. fault: the one that was played.
    """

    time: float
    role: Role
    kind: Kind
    method: str
    path: str
    query: str
    status: int | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One path: what works on it, and what writes the bill for an answer that left (None where nothing is billed).

    work: may have to wait, as where the simulator fetches something itself.
    """

    method: str
    path: str
    kind: Kind
    work: Callable[[Call], Answer | Awaitable[Answer]]
    charge: Callable[[Call, int], None] | None = None


class Front:
    """Listeners of one simulator. requests: where they are written down, a list of their own by default."""

    def __init__(
        self, clock: Callable[[], float], faults: Faults, requests: list[RequestRecord] | None = None
    ) -> None:
        self.requests: list[RequestRecord] = [] if requests is None else requests
        self._clock = clock
        self._faults = faults
        self._runners: list[web.AppRunner] = []

    async def listen(
        self, role: Role, routes: list[Route], host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> str:
        """Open a listener and return its base URL. OSError if the port is taken; port 0 takes a free one."""
        app = web.Application()
        app.on_response_prepare.append(self._date)
        for route in routes:
            app.router.add_route(route.method, route.path, partial(self._serve, role, route))
        # After all the others, so that the wrong method for a known path is 405 and an unknown path 404.
        whole = {route.path for route in routes if route.method == "*"}
        for path in dict.fromkeys(route.path for route in routes if route.path not in whole):
            app.router.add_route(
                "*", path, partial(self._serve, role, Route("*", path, "other", _wrong_method))
            )
        nothing = Route("*", "/{tail:.*}", "other", _not_found)
        if nothing.path not in whole:
            app.router.add_route("*", nothing.path, partial(self._serve, role, nothing))
        # aiohttp's access log asks the system for the time, which fails under a frozen clock.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        return f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"

    async def close(self) -> None:
        """Close all listeners and their connections."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Date an answer by the simulator's clock, not by the system's, as aiohttp has done."""
        response.headers["Date"] = formatdate(self._clock(), usegmt=True)

    async def _serve(self, role: Role, route: Route, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        call = Call(
            time=self._clock(),
            role=role,
            kind=route.kind,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=await request.read(),
            tag=info.get("tag"),
            command=info.get("command"),
        )
        fault = self._faults.pick(call)
        query = "" if role == "auth" else request.query_string
        record = RequestRecord(call.time, role, call.kind, call.method, call.path, query, fault=fault)
        self.requests.append(record)
        if fault is None:
            answer = await _work(route, call)
            _charge(route, call, answer)
        else:
            spoiled = await _spoil(fault, route, call, request)
            if spoiled is None:
                return web.Response()  # nobody reads it: the connection is gone
            answer = spoiled
        record.status = answer.status
        headers = _headers(answer)
        return web.Response(
            status=answer.status, body=answer.payload, headers=headers, content_type=answer.content_type
        )


async def _work(route: Route, call: Call) -> Answer:
    answer = route.work(call)
    return answer if isinstance(answer, Answer) else await answer


async def _spoil(fault: Fault, route: Route, call: Call, request: web.Request) -> Answer | None:
    """Play a fault. Returns the answer to send, None when the connection has been cut."""
    true: Answer | None = None
    if fault.works:
        true = await _work(route, call)
        if fault.kind == "double":
            _charge(route, call, true)
            true = await _work(route, call)
    match fault.kind:
        case "reset_before" | "reset_after" | "half":
            if true is not None:
                _charge(route, call, true)
            if true is not None and fault.kind == "half":
                await _send_half(true, request)
            elif request.transport is not None:
                request.transport.abort()
            return None
        case "delay":
            if true is None:
                true = failure(503, "upstream timeout")
            _charge(route, call, true)
            await fault.hold()
            return true
        case "double" if true is not None:
            _charge(route, call, true)
            return true
        case _:
            answer = fault.answer()
            _charge(route, call, answer)
            return answer


async def _send_half(answer: Answer, request: web.Request) -> None:
    payload = answer.payload
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_type = answer.content_type
    response.content_length = len(payload)
    await response.prepare(request)
    await response.write(payload[: len(payload) // 2])
    if request.transport is not None:
        request.transport.close()


def _charge(route: Route, call: Call, answer: Answer) -> None:
    if route.charge is not None:
        route.charge(call, answer.status)


def _headers(answer: Answer) -> Mapping[str, str]:
    return {"x-txid": uuid.uuid4().hex, **answer.headers}


def _wrong_method(_call: Call) -> Answer:
    return failure(405, "invalid_method")


def _not_found(_call: Call) -> Answer:
    return failure(404, "not_found")
