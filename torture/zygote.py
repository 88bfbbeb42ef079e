"""A process that has imported everything once, and forks one Home Assistant for each line it is sent.

A start of Home Assistant is mostly imports; a fork has them for nothing. It is alone with its one thread at each fork,
so that the child begins as a fresh process would.
"""

import importlib
import json
import os
from pathlib import Path
import sys
import threading
from typing import Any

from . import clock


def serve(config: Path) -> None:
    """Fork a child for each line on the standard input; tell its id, and how it ended, on the standard output."""
    clock.install()
    sys.path.insert(0, str(config))
    from . import child  # noqa: PLC0415 - Home Assistant must find the clock installed

    for name in child.DOMAINS:
        _import_all(config / "custom_components" / name, f"custom_components.{name}")
    _say({"ready": True})
    for line in sys.stdin:
        spec: dict[str, Any] = json.loads(line)
        _check_alone()
        pid = os.fork()
        if pid == 0:
            # Its output goes where that of the zygote's errors goes; the answers are the zygote's alone.
            os.dup2(2, 1)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            child.live(config, spec)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


def _import_all(folder: Path, package: str) -> None:
    """Import each module of an integration; what its set-up would import is then there."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        importlib.import_module(".".join((package, *(part for part in parts if part != "__init__"))))


def _check_alone() -> None:
    """Raise RuntimeError where there is a thread that a fork would lose."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1 or threading.active_count() != 1:
        raise RuntimeError(f"{threads} threads before a fork")


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
