"""How it scales: many cars of one account in one Home Assistant, for a virtual day."""

import asyncio
from collections import defaultdict
import gc
import logging
import random
import time
from typing import Any, Final

from . import clock

clock.install()

from homeassistant.const import CONF_CLIENT_ID  # noqa: E402 - Home Assistant must find the clock installed
from homeassistant.core import HomeAssistant  # noqa: E402
from homeassistant.data_entry_flow import FlowResultType  # noqa: E402

from custom_components.tesla_scout_worker.const import (  # noqa: E402
    CONF_ADVANCED,
    CONF_API_URL,
    CONF_REFRESH_TOKEN,
    CONF_TOKEN_URL,
    DOMAIN,
)
from fleet_simulator import Account, FleetSimulator  # noqa: E402

from .hub import hub, settle  # noqa: E402
from .life import HOUR, Life, midnight  # noqa: E402
from .load import Load, memory, most_in, timers  # noqa: E402
from .profiles import live  # noqa: E402
from .roads import own_roads  # noqa: E402

CARS: Final = (0, 1, 10, 100)
"""Without a car it is what Home Assistant takes by itself."""

_LIVES: Final = ("sleeper", "awake at work")
_DAY: Final = 24 * HOUR
_MINUTE: Final = 60.0


def measure(cars: int, hours: float = 24.0, warm_up: float = 24.0) -> dict[str, Any]:
    """Let so many cars live so long after a warm-up (both virtual hours), and return the figures.

    Without a car nothing is set up: that is what the core itself takes. Must be called in a process of its own.
    """
    logging.disable(logging.CRITICAL)
    random.seed(1)
    return clock.run(midnight(0), _measure(cars, hours * HOUR, warm_up * HOUR))


async def _measure(cars: int, seconds: float, warm_up: float) -> dict[str, Any]:
    roads = own_roads()
    days = int((seconds + warm_up) // _DAY) + 2
    lives = [live(_LIVES[number % len(_LIVES)], roads, days, number) for number in range(max(cars, 1))]
    async with FleetSimulator() as simulator:
        account = simulator.add_account()
        _let_live(account, lives[:cars])
        async with hub(lives[0].home) as hass:
            gc.collect()
            empty = memory()
            if cars:
                await _set_up(hass, simulator, account)
            gc.collect()
            full = memory()
            await asyncio.sleep(warm_up)
            began, tasks, alive = time.time(), 0, 0
            with Load() as load:
                while (left := began + seconds - time.time()) > 0:
                    await asyncio.sleep(min(left, HOUR))
                    tasks, alive = max(tasks, len(asyncio.all_tasks())), max(alive, timers())
            gc.collect()
            entries = [entry for entry in simulator.bill.entries if entry.time >= began]
            share = seconds / _DAY
            by_car: defaultdict[str, list[float]] = defaultdict(list)
            for entry in entries:
                if entry.category == "data":
                    by_car[entry.vin or ""].append(entry.time)
            return {
                "cars": cars,
                "loop_seconds_a_day": load.loop_seconds / share,
                "simulator_seconds_a_day": load.simulator_seconds / share,
                "process_seconds_a_day": load.process_seconds / share,
                "longest_slice_ms": load.longest_cpu * 1000,
                "longest_slice_real_ms": load.longest_real * 1000,
                "megabytes_set_up": full - empty,
                "megabytes_grown": memory() - full,
                "tasks": tasks,
                "timers": alive,
                "states_a_day": load.states / share,
                "writes_a_day": {kind: count / share for kind, count in sorted(load.writes.items())},
                "bytes_a_day": {kind: count / share for kind, count in sorted(load.bytes_written.items())},
                "reads_a_day": sum(entry.billed for entry in entries) / share,
                "state_calls_a_day": sum(entry.category == "state" for entry in entries) / share,
                "most_requests_a_minute": most_in(_MINUTE, (entry.time for entry in entries)),
                "most_reads_a_car_and_minute": max(
                    (most_in(_MINUTE, times) for times in by_car.values()), default=0
                ),
                # From the very first request on: the set-up has the most at once.
                "refused_429": sum(entry.status == 429 for entry in simulator.bill.entries),  # noqa: PLR2004 - HTTP's number
                "requests_sent_twice": len(simulator.requests) - clock.requests(),
            }


def _let_live(account: Account, lives: list[Life]) -> None:
    for number, life in enumerate(lives):
        car = account.add_car(f"5YJ3E1EA1KF{number:06}", f"Car {number}", life.home, 62.0, asleep=True)
        car.reads_keep_awake = False
        life.happen_to(car)


async def _set_up(hass: HomeAssistant, simulator: FleetSimulator, account: Account) -> None:
    """Set the integration up through its dialog. RuntimeError where that is refused."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": "user"})
    await flows.async_configure(menu["flow_id"], {"next_step_id": "paste"})
    form = {
        CONF_CLIENT_ID: simulator.client_id,
        CONF_REFRESH_TOKEN: account.issue_refresh_token(),
        CONF_ADVANCED: {CONF_TOKEN_URL: simulator.token_url, CONF_API_URL: simulator.api_url},
    }
    result = await flows.async_configure(menu["flow_id"], form)
    if result.get("step_id") == "cars":
        # All of them, as the form has it.
        result = await flows.async_configure(menu["flow_id"], {})
    if result["type"] is not FlowResultType.CREATE_ENTRY:
        raise RuntimeError(f"the dialog answered {result.get('errors') or result.get('reason')}")
    await settle(hass)


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as a table in Markdown. Times are CPU time; those of a car have the empty core's taken off."""
    idle = next((one["loop_seconds_a_day"] for one in results if not one["cars"]), 0.0)
    head = (
        "cars", "event loop, s a car and day", "whole process, s a day", "longest slice, ms", "memory, MB",
        "states set, a car and day", "written, MB a day", "writes a day", "reads, a car and day", "most in a minute",
        "HTTP 429", "tasks", "timers",
    )  # fmt: skip
    lines = [head, ("--:",) * len(head), *(_row(one, idle) for one in results if one["cars"])]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(one: dict[str, Any], idle: float) -> tuple[str, ...]:
    cars = one["cars"]
    return (
        str(cars),
        f"{(one['loop_seconds_a_day'] - idle) / cars:.2f}",
        f"{one['process_seconds_a_day']:.1f}",
        f"{one['longest_slice_ms']:.0f}",
        f"{one['megabytes_set_up']:.1f}",
        f"{one['states_a_day'] / cars:,.0f}",
        f"{sum(one['bytes_a_day'].values()) / 1e6:,.1f}",
        f"{sum(one['writes_a_day'].values()):,.0f}",
        f"{one['reads_a_day'] / cars:.1f}",
        str(one["most_requests_a_minute"]),
        str(one["refused_429"]),
        str(one["tasks"]),
        str(one["timers"]),
    )
