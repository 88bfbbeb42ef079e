"""What running costs this machine: time on the event loop, what is written to the disk, and how often states are set."""

import asyncio
from asyncio import events
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
import os
from pathlib import Path
import resource
import threading
import time
from typing import Any, Final, Self
from unittest.mock import patch

from homeassistant.core import StateMachine
from homeassistant.helpers import storage

from custom_components.tesla_scout_worker.const import DOMAIN

_SERVER: Final = "web_protocol"
# The one place that every callback of an event loop passes, and where a loop keeps its timers.
_RUN: Final = "_run"
_TIMERS: Final = "_scheduled"
_STATM: Final = Path("/proc/self/statm")


class Load:
    """Measures while it is entered; what the simulator's handles take is counted apart.

    loop_seconds, simulator_seconds: CPU time of the event loop's handles. longest_cpu, longest_real: of one handle that is
    not the simulator's, seconds. process_seconds: CPU time of all threads. writes, bytes_written: of this integration's
    stores, by the last part of their key. states: how often an entity's state was set.
    """

    def __init__(self) -> None:
        """Initialize."""
        self.loop_seconds = self.simulator_seconds = self.process_seconds = 0.0
        self.longest_cpu = self.longest_real = 0.0
        self.writes: Counter[str] = Counter()
        self.bytes_written: Counter[str] = Counter()
        self.states = 0
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._stack.enter_context(
            patch.object(events.Handle, _RUN, self._timed(getattr(events.Handle, _RUN)))
        )
        for name in ("write_utf8_file", "write_utf8_file_atomic"):
            self._stack.enter_context(patch.object(storage, name, self._weighed(getattr(storage, name))))
        self._stack.enter_context(
            patch.object(StateMachine, "async_set_internal", self._counted(StateMachine.async_set_internal))
        )
        self.process_seconds -= time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """Put back what was there."""
        self.process_seconds += time.process_time()
        self._stack.close()

    def _timed(self, run: Any) -> Any:
        def _run(handle: events.Handle) -> Any:
            # Asked before it runs: afterwards a task has no coroutine's frame, and a handle perhaps no callback.
            is_the_simulators = _is_the_simulators(handle)
            real, cpu = time.perf_counter(), time.thread_time()
            try:
                return run(handle)
            finally:
                cpu, real = time.thread_time() - cpu, time.perf_counter() - real
                if is_the_simulators:
                    self.simulator_seconds += cpu
                else:
                    self.loop_seconds += cpu
                    self.longest_cpu = max(self.longest_cpu, cpu)
                    self.longest_real = max(self.longest_real, real)

        return _run

    def _weighed(self, write: Any) -> Any:
        def _write(filename: str, data: str | bytes, *args: Any, **kwargs: Any) -> None:
            if (name := Path(filename).name).startswith(DOMAIN):
                # Stores are written in threads.
                with self._lock:
                    kind = name.rpartition(".")[2]
                    self.writes[kind] += 1
                    self.bytes_written[kind] += len(data if isinstance(data, bytes) else data.encode())
            write(filename, data, *args, **kwargs)

        return _write

    def _counted(self, set_state: Any) -> Any:
        def _set(*args: Any, **kwargs: Any) -> None:
            self.states += 1
            set_state(*args, **kwargs)

        return _set


def _is_the_simulators(handle: events.Handle) -> bool:
    """Return whether a handle is a step of a server's task, or bytes that a server's connection has got."""
    owner = getattr(getattr(handle, "_callback", None), "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = owner.get_coro()
        return _SERVER in getattr(getattr(coroutine, "cr_code", None), "co_filename", "")
    if isinstance(owner, asyncio.BaseTransport):
        return _SERVER in type(getattr(owner, "get_protocol", int)()).__module__
    return False


def timers() -> int:
    """Return how many timers the running loop has that are still to come, Home Assistant's own among them."""
    scheduled = getattr(asyncio.get_running_loop(), _TIMERS)
    return sum(not handle.cancelled() for handle in scheduled)


def memory() -> float:
    """Return the memory that the process has now, in MB; where the system does not tell, the most that it ever had."""
    if _STATM.exists():
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def most_in(window: float, times: Iterable[float]) -> int:
    """Return how many at most lie within so many seconds, wherever that begins; 0 of nothing."""
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
