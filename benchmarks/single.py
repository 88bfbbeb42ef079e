"""One run: one contender in one life, on driven time, in a process of its own."""

import asyncio
from collections import Counter
from datetime import datetime
import logging
import random
import time
from typing import Any, Final

from . import clock

clock.install()

from .contenders import CONTENDERS  # noqa: E402 - Home Assistant must find the clock installed
from .hub import hub  # noqa: E402
from .life import HOUR, ZONE, midnight  # noqa: E402
from .measure import Span, figures, match  # noqa: E402
from .names import LABELS  # noqa: E402
from .profiles import live  # noqa: E402
from .roads import own_roads, recorded_roads  # noqa: E402
from .tasks import Task  # noqa: E402
from .world import opened  # noqa: E402

# What happened shortly before the end may still be told.
_AFTERWARDS: Final = 2 * HOUR


def run(task: Task) -> dict[str, Any]:
    """Run it and return its figures; `learning` are those of the days before, None for who did not take part in them."""
    logging.disable(logging.CRITICAL)
    # Home Assistant spreads its updates over half a second by chance; the same seed is to give the same figures.
    random.seed(task.seed)
    began = time.monotonic()
    result = clock.run(midnight(0), _run(task))
    return {**result, "seconds": round(time.monotonic() - began, 1)}


async def _run(task: Task) -> dict[str, Any]:
    contender = CONTENDERS[task.contender]
    roads = recorded_roads(task.trace) if task.trace else own_roads()
    life = live(task.profile, roads, task.learn + task.days, task.seed)
    learning = Span(midnight(0), midnight(task.learn))
    measured = Span(learning.end, midnight(task.learn + task.days))
    until = measured.end + _AFTERWARDS
    told: list[float] = []
    async with opened(life) as world, hub(life.home) as hass:
        if not contender.learns:
            await asyncio.sleep(measured.begin - time.time())
        await contender.start(hass, world, told, until)
        await asyncio.sleep(max(0.0, until - time.time()))
        world.check()
        entries = tuple(world.simulator.bill.entries)
        if len(world.simulator.requests) > clock.requests():
            # A client sends a GET again where a connection broke; nobody wanted that one, and it would be billed.
            raise RuntimeError("requests were sent twice")

    places = Counter(
        life.place(entry.time)
        for entry in entries
        if entry.billed and entry.category == "data" and measured.holds(entry.time)
    )
    found = match(life.arrivals, life.departures, told, measured)
    before = match(life.arrivals, life.departures, told, learning)
    has_learned = contender.learns and task.learn > 0
    return {
        "world": task.world,
        "contender": task.contender,
        "label": LABELS[task.contender],
        "measured": figures(found, entries, measured).as_dict(),
        "learning": figures(before, entries, learning).as_dict() if has_learned else None,
        "arrivals": [(_written(at), late) for at, late in found.arrivals],
        "learning_arrivals": [(_written(at), late) for at, late in before.arrivals] if has_learned else [],
        "reads_a_day_by_place": {place: times / measured.days for place, times in sorted(places.items())},
    }


def _written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, ZONE):%a %d %b %H:%M:%S}"
