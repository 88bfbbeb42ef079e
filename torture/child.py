"""One life of a real Home Assistant core in a forked process, with both integrations at work."""

import asyncio
from collections.abc import Callable
import json
import os
from pathlib import Path
import random
import resource
from typing import Any, Final, NoReturn

from homeassistant import bootstrap, core, runner
from homeassistant.config_entries import SOURCE_REAUTH

from . import clock
from .chores import Chores
from .dialogs import async_sign_in
from .names import OURS, REFERENCE

DOMAINS: Final = (OURS, REFERENCE)
# Besides what these need nothing is set up; the start is Home Assistant's own.
_INTEGRATIONS: Final = {"application_credentials", "logger", "network", "system_health", "zone"}
_GLANCE: Final = 0.01


def live(config: Path, spec: dict[str, Any]) -> NoReturn:
    """Run Home Assistant until it is told to stop, or killed; never returns.

    spec: number, seed, reports (a FIFO), clock and steps (seconds), disk (bytes for each file, or None), sign_in (what
    to fill into the dialog, or None), works (whether anybody uses it).
    """
    clock.step(spec["clock"])
    if spec["disk"] is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (spec["disk"], hard))
    bootstrap.DEFAULT_INTEGRATIONS = _INTEGRATIONS
    # There is no frontend whose absence would call for the recovery mode.
    bootstrap.CRITICAL_INTEGRATIONS = set()
    reporter = Reporter(spec["reports"])
    code = 1
    try:
        loop = runner.create_event_loop()
        asyncio.set_event_loop(loop)
        code = loop.run_until_complete(_run(config, spec, reporter))
    finally:
        os._exit(code)


class Reporter:
    """Tells the runner what happens, a line each; the lines are short enough to be written whole."""

    def __init__(self, path: str) -> None:
        """Initialize. path: a FIFO that the runner reads."""
        self._file = os.open(path, os.O_WRONLY)

    def tell(self, event: str, **more: Any) -> None:
        """Tell one thing."""
        os.write(self._file, json.dumps({"event": event, **more}).encode() + b"\n")


async def _run(config: Path, spec: dict[str, Any], reporter: Reporter) -> int:
    tasks = [asyncio.create_task(_watch(spec, reporter)), asyncio.create_task(_bend_time(spec["steps"]))]
    for task in tasks:
        task.add_done_callback(lambda done: done.cancelled() or done.result())
    code = await runner.setup_and_run_hass(runner.RuntimeConfig(config_dir=str(config), skip_pip=True))
    for task in tasks:
        task.cancel()
    return code


async def _bend_time(steps: list[tuple[float, float]]) -> None:
    elapsed = 0.0
    for at, seconds in steps:
        await asyncio.sleep(at - elapsed)
        elapsed = at
        clock.step(seconds)


async def _async_core() -> core.HomeAssistant:
    """Wait until there is a core that can hold config entries; return it."""
    while True:
        hass = core.async_get_hass_or_none()
        # It is there before its config entries are, whatever its annotations say.
        if hass is not None and getattr(hass, "config_entries", None) is not None:
            return hass
        await asyncio.sleep(_GLANCE)


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(_GLANCE)


async def _watch(spec: dict[str, Any], reporter: Reporter) -> None:
    """Follow the start, report each request to sign in, do what has to be done and then the chores."""
    hass = await _async_core()

    def _on_flow(change: str, flow_id: str) -> None:
        flow = hass.config_entries.flow.async_get(flow_id) if change == "added" else None
        if flow and flow["context"]["source"] == SOURCE_REAUTH:
            reporter.tell("sign_in_asked", domain=flow["handler"])

    hass.config_entries.flow.async_subscribe_flow(_on_flow)
    await _until(lambda: hass.is_running or hass.services.has_service(OURS, "get_status"))
    reporter.tell("up")
    if spec["sign_in"]:
        await _until(lambda: hass.is_running)
        reporter.tell("signed_in", failure=await async_sign_in(hass, OURS, spec["sign_in"]))
    if spec["works"]:
        chores = Chores(hass, OURS, REFERENCE, random.Random(spec["seed"]), reporter.tell)  # noqa: S311 - chance
        await chores.async_run()
