"""The world of one run: the simulator, one account, and one car with its life."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from fleet_simulator import Account, Car, FleetSimulator

from .life import Life

VIN: Final = "5YJ3E1EA1KF000001"
NAME: Final = "Scout"
_LEVEL: Final = 62.0


@dataclass(frozen=True, slots=True)
class World:
    """What a contender is let loose on."""

    life: Life
    simulator: FleetSimulator
    account: Account
    car: Car
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside Home Assistant, which does not wait for it."""
        self._tasks.append(asyncio.create_task(work))

    def check(self) -> None:
        """Raise what such work has failed of."""
        for task in self._tasks:
            if task.done():
                task.result()


@asynccontextmanager
async def opened(life: Life) -> AsyncIterator[World]:
    """Start the simulator with a car that stands at home and sleeps, and has its life before it."""
    async with FleetSimulator() as simulator:
        account = simulator.add_account()
        car = account.add_car(VIN, NAME, life.home, _LEVEL, asleep=True)
        # As current firmware does it. A car that reads keep awake would never sleep under core's poll every ten minutes.
        car.reads_keep_awake = False
        life.happen_to(car)
        yield World(life, simulator, account, car)
