"""Driven time: it stands while anything works, and jumps where nothing is left to do. In a process of its own."""

from pathlib import Path
import subprocess
import sys

CHECKOUT = Path(__file__).resolve().parents[2]

SCRIPT = """
from benchmarks import clock

clock.install()
import asyncio
import time

import aiohttp
from homeassistant.util import dt as dt_util
from fleet_simulator import FleetSimulator

BEGIN = 1_800_000_000.0


async def main():
    loop = asyncio.get_running_loop()
    assert time.time() == loop.time() == dt_util.utcnow().timestamp() == BEGIN
    fired = []
    loop.call_later(3_600.25, lambda: fired.append(time.time()))
    loop.call_later(86_400, lambda: fired.append(time.time()))
    await asyncio.sleep(90_000)
    assert fired == [BEGIN + 3_600.25, BEGIN + 86_400], fired
    assert time.time() == BEGIN + 90_000

    # A thread that works keeps the time, also where a timer waits.
    asleep = loop.create_task(asyncio.sleep(5))
    before = time.time()
    await loop.run_in_executor(None, real_sleep, 0.2)
    assert time.time() == before and not asleep.done()
    await asleep
    assert time.time() == before + 5

    # So does a request, and a time-out that is not reached never fires.
    async with FleetSimulator() as simulator, aiohttp.ClientSession() as session:
        before = time.time()
        for _ in range(20):
            async with session.get(simulator.auth_url + "/simulator") as answer:
                assert (await answer.json())["time"] == time.time()
        assert time.time() == before
        assert len(simulator.requests) == clock.requests() == 20
        # A connection that has been idle for long is given up, so that nothing is sent twice.
        await asyncio.sleep(31)
        assert not session.connector._conns
        for pause in (10, 14.9, 15.1, 3_629.9, 3_630, 3_630.1):
            await asyncio.sleep(pause)
            async with session.get(simulator.auth_url + "/simulator") as answer:
                assert answer.status == 200
        assert len(simulator.requests) == clock.requests() == 26
    return "done"


async def spins():
    while True:
        await asyncio.sleep(0)


real_sleep = time.sleep
started = time.monotonic()
assert clock.run(BEGIN, main()) == "done"
assert time.monotonic() - started < 60
try:
    clock.run(BEGIN, spins())
except RuntimeError as err:
    assert "stands still" in str(err)
else:
    raise AssertionError("it went on")
assert abs(time.time() - BEGIN) > 1e6, "afterwards the time is the system's again"
print("held")
"""


def test_time_jumps_only_where_nothing_works() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.stdout.strip() == "held", done.stderr
