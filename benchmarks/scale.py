"""How it scales: many cars of one account in one Home Assistant, for a virtual day."""

import asyncio
from asyncio import events
from collections import Counter
import gc
import logging
import random
import resource
import time
from typing import Any, Final, Self

from . import clock

clock.install()

from homeassistant.const import CONF_CLIENT_ID  # noqa: E402 - Home Assistant must find the clock installed
from homeassistant.data_entry_flow import FlowResultType  # noqa: E402

from custom_components.tesla_scout_worker.const import (  # noqa: E402
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    DOMAIN,
)
from fleet_simulator import FleetSimulator  # noqa: E402

from .hub import hub, settle  # noqa: E402
from .life import HOUR, midnight  # noqa: E402
from .profiles import live  # noqa: E402
from .roads import own_roads  # noqa: E402

CARS: Final = (1, 10, 100)
_LIVES: Final = ("sleeper", "awake at work")
_SERVER: Final = "web_protocol"
# The one place that every callback of an event loop passes.
_RUN: Final = "_run"


class Slices:
    """Real time of each turn of the event loop's handles, the simulator's apart. Times are seconds."""

    def __init__(self) -> None:
        """Initialize."""
        self.spent, self.longest = 0.0, 0.0
        self._run = getattr(events.Handle, _RUN)

    def __enter__(self) -> Self:
        """Begin to measure."""
        slices, run = self, self._run

        def _measured(handle: events.Handle) -> Any:
            began = time.perf_counter()
            try:
                return run(handle)
            finally:
                if not _is_the_simulators(handle):
                    took = time.perf_counter() - began
                    slices.spent += took
                    slices.longest = max(slices.longest, took)

        setattr(events.Handle, _RUN, _measured)
        return self

    def __exit__(self, *_: object) -> None:
        """Put back what was there."""
        setattr(events.Handle, _RUN, self._run)


def _is_the_simulators(handle: events.Handle) -> bool:
    task = getattr(getattr(handle, "_callback", None), "__self__", None)
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    return _SERVER in getattr(getattr(coroutine, "cr_code", None), "co_filename", "")


def measure(cars: int, hours: float = 24.0, warm_up: float = 24.0) -> dict[str, Any]:
    """Let so many cars live so long after a warm-up (both virtual hours), and return the figures."""
    logging.disable(logging.CRITICAL)
    random.seed(1)
    return clock.run(midnight(0), _measure(cars, hours * HOUR, warm_up * HOUR))


async def _measure(cars: int, seconds: float, warm_up: float) -> dict[str, Any]:
    roads = own_roads()
    days = int((seconds + warm_up) // (24 * HOUR)) + 2
    async with FleetSimulator() as simulator:
        account = simulator.add_account()
        lives = [live(_LIVES[number % len(_LIVES)], roads, days, number) for number in range(cars)]
        for number, life in enumerate(lives):
            car = account.add_car(f"5YJ3E1EA1KF{number:06}", f"Car {number}", life.home, 62.0, asleep=True)
            car.reads_keep_awake = False
            life.happen_to(car)
        async with hub(lives[0].home) as hass:
            before = _kilobytes()
            flows = hass.config_entries.flow
            menu = await flows.async_init(DOMAIN, context={"source": "user"})
            await flows.async_configure(menu["flow_id"], {"next_step_id": "paste"})
            urls = {CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_url}
            token = account.issue_refresh_token()
            result = await flows.async_configure(
                menu["flow_id"],
                {CONF_CLIENT_ID: simulator.client_id, CONF_REFRESH_TOKEN: token, CONF_ADVANCED: urls},
            )
            if result["type"] is not FlowResultType.CREATE_ENTRY:
                raise RuntimeError(f"the dialog answered {result.get('errors') or result.get('reason')}")
            await settle(hass)
            await asyncio.sleep(warm_up)
            began, tasks = time.time(), len(asyncio.all_tasks())
            with Slices() as slices:
                await asyncio.sleep(seconds)
            entries = [entry for entry in simulator.bill.entries if entry.time >= began]
            share = seconds / (24 * HOUR)
            gc.collect()
            return {
                "cars": cars,
                "loop_seconds_a_car_and_day": slices.spent / cars / share,
                "longest_slice_ms": slices.longest * 1000,
                "megabytes_a_car": max(0, _kilobytes() - before) / 1024 / cars,
                "tasks": tasks,
                "reads_a_car_and_day": sum(entry.billed for entry in entries) / cars / share,
                "state_calls_a_car_and_day": sum(entry.category == "state" for entry in entries)
                / cars
                / share,
                "most_requests_a_minute": max(Counter(int(entry.time // 60) for entry in entries).values()),
                "most_reads_a_car_and_minute": max(
                    Counter(
                        (entry.vin, int(entry.time // 60)) for entry in entries if entry.category == "data"
                    ).values(),
                    default=0,
                ),
                "refused_429": sum(entry.status == 429 for entry in entries),  # noqa: PLR2004 - HTTP's number
                "requests_sent_twice": len(simulator.requests) - clock.requests(),
            }


def _kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as a table in Markdown."""
    head = (
        "| Cars | Event loop, a car and day | Longest slice | Memory a car | Reads a car and day "
        "| Unbilled calls a car and day | Most requests in a minute | HTTP 429 |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    return head + "\n".join(
        f"| {one['cars']} | {one['loop_seconds_a_car_and_day']:.2f} s | {one['longest_slice_ms']:.0f} ms "
        f"| {one['megabytes_a_car']:.1f} MB | {one['reads_a_car_and_day']:.1f} "
        f"| {one['state_calls_a_car_and_day']:.0f} | {one['most_requests_a_minute']} | {one['refused_429']} |"
        for one in results
    )
