"""The zygote and its child as the runner sees them: start, kill, stop, fill the disk, and listen."""

import asyncio
from collections import deque
from contextlib import suppress
import json
import os
from pathlib import Path
import resource
import signal
import sys
from typing import Any, Final, Self

_READY_TIMEOUT: Final = 120.0
_STOP_TIMEOUT: Final = 5.0
# A log line that is longer has a traceback in it (bytes).
_LONGEST_LINE: Final = 1 << 20
_LINES_KEPT: Final = 4000
_CHECKOUT: Final = Path(__file__).resolve().parent.parent


class ProcessError(Exception):
    """The child or the zygote did not do what the runner needs."""


class Zygote:
    """The process that forks; one child lives at a time. Use `async with`."""

    def __init__(self, config: Path) -> None:
        """Initialize. config: Home Assistant's folder, which must be there."""
        self.log: deque[str] = deque(maxlen=_LINES_KEPT)
        self._config = config
        self._reports = config / "reports"
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[None] | None = None
        self._child: Child | None = None

    async def __aenter__(self) -> Self:
        """Start, and wait until everything is imported."""
        os.mkfifo(self._reports)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "torture.zygote",
            str(self._config),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A pipe and no file: what is written there must not fail when the disk is full.
            stderr=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": str(_CHECKOUT),
                "HA_DISABLE_LOG_FILE": "1",
                "NO_COLOR": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        if self._process.stderr:
            self._draining = asyncio.create_task(self._drain(self._process.stderr))
        async with asyncio.timeout(_READY_TIMEOUT):
            await self._answer("ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the child and the zygote; nothing is left running."""
        if self._child:
            await self._child.kill()
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()
        if self._draining:
            await self._draining

    async def fork(self, spec: dict[str, Any]) -> Child:
        """Start a Home Assistant. spec: what torture.child.live takes, but for the reports."""
        if self._process is None or self._process.stdin is None:
            raise ProcessError("the zygote was not started")
        # Open before there is a writer: what a child says in its short life is then kept for us.
        reports = os.open(self._reports, os.O_RDONLY | os.O_NONBLOCK)
        line = json.dumps({**spec, "reports": str(self._reports)})
        self._process.stdin.write(line.encode() + b"\n")
        pid = int(await self._answer("pid"))
        self._child = Child(pid, reports, asyncio.create_task(self._answer("ended")))
        return self._child

    async def _answer(self, key: str) -> Any:
        if self._process is None or self._process.stdout is None:
            raise ProcessError("the zygote was not started")
        line = await self._process.stdout.readline()
        if not line:
            raise ProcessError("the zygote ended:\n" + "\n".join(list(self.log)[-40:]))
        return json.loads(line)[key]

    async def _drain(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            self.log.append(line.decode(errors="replace").rstrip())


class Child:
    """One Home Assistant."""

    def __init__(self, pid: int, reports: int, ending: asyncio.Task[Any]) -> None:
        """Initialize. reports: a file descriptor that is ours now. ending: done when the process is no more."""
        self._pid = pid
        self._reports = reports
        self._ending = ending
        self._rest = b""

    @property
    def has_ended(self) -> bool:
        """Return whether the process is no more."""
        return self._ending.done()

    async def kill(self) -> None:
        """End the process as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> bool:
        """End the process in its own time; return whether it had to be killed after all."""
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self.kill()
            return True
        return False

    async def _end(self, how: signal.Signals) -> None:
        # Until the zygote has said that it is gone, the id is the child's and nobody else's.
        if not self._ending.done():
            with suppress(ProcessLookupError):
                os.kill(self._pid, how)
        await asyncio.shield(self._ending)

    def limit_files(self, size: int | None) -> None:
        """Let no file grow beyond so many bytes; None lifts it again."""
        if self._ending.done():
            return
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(self._pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def reports(self) -> list[dict[str, Any]]:
        """Return what the child has told since the last time."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._reports, 65_536):
                self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Hear no more."""
        os.close(self._reports)
