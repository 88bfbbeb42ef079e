"""Driven time: an event loop that jumps to its next timer as soon as there is nothing else left to do.

The loop's time and the wall clock are one line, which stands still while anything works. So every timer fires at the
very moment it was set for, whoever set it, and a fortnight lasts as long as the work in it. Requests are real: while
one is on its way, or a thread works, no time passes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
import datetime as dt
from functools import partial
import selectors
import time
from typing import Any, Final, override
from unittest.mock import patch

import aiohttp
from aiohttp import connector

_true_time: Final[Callable[[], float]] = time.time
# So often the loop may turn before time moves on; the start of a core takes some hundred turns.
_LONGEST_STAND: Final = 20_000
# How long to wait for what is on its way before looking again (real seconds); answers come much sooner.
_GLANCE: Final = 0.05


class _Line:
    """The line of time (epoch seconds), and how much work is under way that must end before it moves on.

    driven: whether a loop drives it; before and after that it is the system's. requests: that clients have begun.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.driven = False
        self.under_way = 0
        self.requests = 0


_line = _Line()


def install() -> None:
    """Put the line in place of the system's clock. Must come before Home Assistant is imported; twice does no harm."""
    if time.time is _time:
        return
    time.time = _time
    # The client judges by it whether a connection is still fit for use.
    patch.object(connector, "monotonic", _time).start()
    _count_requests()
    from homeassistant.util import dt as dt_util  # noqa: PLC0415 - after time.time was replaced

    # Home Assistant's is a partial; what it is called with is the same.
    dt_util.utcnow = partial(_utcnow)
    dt_util.now = lambda time_zone=None: _utcnow().astimezone(time_zone or dt_util.get_default_time_zone())


def run[T](begin: float, main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on driven time that begins at an epoch second; what it sleeps takes no time."""
    if time.time is not _time:
        main.close()
        raise RuntimeError("install() comes first")
    _line.now, _line.driven, _line.under_way, _line.requests = begin, True, 0, 0
    try:
        with asyncio.Runner(loop_factory=_DrivenLoop, debug=False) as runner:
            return runner.run(main)
    finally:
        _line.driven = False


def requests() -> int:
    """Return how many requests clients have begun since the time is driven."""
    return _line.requests


def _time() -> float:
    return _line.now if _line.driven else _true_time()


def _utcnow() -> dt.datetime:
    return dt.datetime.fromtimestamp(_time(), dt.UTC)


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but what is under way: where only timers are left, time jumps to the first of them."""

    def __init__(self) -> None:
        super().__init__()
        self._stood = (0.0, 0)

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        since, turns = self._stood
        self._stood = (since, turns + 1) if since == _line.now else (_line.now, 0)
        if turns > _LONGEST_STAND:
            # Somebody asks for something to be done at once, again and again.
            self._stood = (0.0, 0)
            raise RuntimeError("time stands still")
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if _line.under_way or timeout is None:
            return super().select(_GLANCE)
        _line.now += timeout
        return []


class _DrivenLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the line."""

    def __init__(self) -> None:
        super().__init__(_Jumping())
        # Driven time looks to asyncio like slow callbacks.
        self.slow_callback_duration = float("inf")
        # A timer that falls due now is due: a billion seconds and a nanosecond are the same float.
        self._clock_resolution = 1e-6

    @override
    def time(self) -> float:
        return _line.now

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        _line.under_way += 1
        future.add_done_callback(_ended)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        _line.under_way += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
            _line.under_way -= 1


def _ended(_: object) -> None:
    _line.under_way -= 1


def _count_requests() -> None:
    """Let no time pass while a client waits for an answer."""
    true_request = aiohttp.ClientSession._request  # noqa: SLF001 - the one place that all requests pass

    async def _request(self: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> aiohttp.ClientResponse:
        _line.under_way += 1
        _line.requests += 1
        try:
            return await true_request(self, *args, **kwargs)
        finally:
            _line.under_way -= 1

    patch.object(aiohttp.ClientSession, "_request", _request).start()
