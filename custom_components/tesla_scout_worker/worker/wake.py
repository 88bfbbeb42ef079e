"""Waking the car: once, then the unbilled state is asked until it is online or the time is over.

A wake is the dearest request there is, and it drains the battery. So one serves everybody who needs the car at that
moment, each is counted, and a day has only so many.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.command_errors import CommandError
from ..fleet.errors import (
    AnswerLostError,
    BadAnswerError,
    FleetError,
    ServerError,
    VehicleUnavailableError,
)
from ..fleet.metering import Purpose
from ..fleet.models import CloudState
from ..memory import Memory
from .wishes import Wishes

_ROOM: Final = "wake"
# When to ask for the state after a wake (seconds); the last is the deadline. It takes 10 to 60 seconds, at times longer.
_ASKS: Final = (5.0, 12.0, 22.0, 35.0, 50.0, 70.0, 90.0)
# Just awake, a car answers 408 for some seconds, which would be billed.
_SETTLES: Final = 5.0
_KEPT_DAYS: Final = 2


class WakesSpentError(CommandError):
    """The car was woken as often today as the owner allows; nothing was sent."""

    code = "wakes_spent"


class DidNotWakeError(CommandError):
    """The car was woken and did not come online in time."""

    code = "did_not_wake"
    is_transient = True


class Waker:
    """Wakes one car. Whoever needs it while it is being woken waits for the same wake."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        vin: str,
        wishes: Wishes,
        memory: Memory,
    ) -> None:
        """Initialize. How often the car was woken today is known from an earlier run."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._vin = vin
        self._wishes = wishes
        self._memory = memory
        self._wakes = _times(memory.recall(vin, _ROOM).get("wakes"))
        self._waking: asyncio.Future[None] | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._is_closed = False
        memory.register(vin, _ROOM, self._describe)
        entry.async_on_unload(self.close)

    @property
    def wakes_today(self) -> int:
        """Return how many wakes were sent since the owner's midnight."""
        midnight = dt_util.start_of_local_day().timestamp()
        # One from the future is a clock that was set back: it counts.
        return sum(at >= midnight for at in self._wakes)

    @property
    def wakes(self) -> tuple[float, ...]:
        """Return when the car was woken, of the last two days at least (Unix seconds)."""
        return tuple(self._wakes)

    @property
    def may_wake(self) -> bool:
        """Return whether the day has a wake left."""
        return self.wakes_today < self._wishes.wakes_a_day

    async def async_wake(self, purpose: Purpose, *, may_wake: bool = True) -> None:
        """Return when the car is online: an unbilled question where it is, else one billed wake (two, by the owner's wish).

        may_wake: False to only ask. Raises VehicleUnavailableError where it sleeps and may not be woken, WakesSpentError,
        DidNotWakeError, and other FleetErrors that the requests meet.
        """
        vehicle = await self._account.client.vehicle(self._vin, purpose)
        if vehicle.state is CloudState.ONLINE and self._waking is None:
            return
        if not may_wake:
            raise VehicleUnavailableError
        # The one who waits may give up; the wake goes on for the others.
        await asyncio.shield(self.start(purpose))

    @callback
    def start(self, purpose: Purpose) -> asyncio.Future[None]:
        """Wake the car, unless that is under way. The answer is done when it is online, or has the FleetError."""
        if self._waking is not None:
            return self._waking
        self._waking = waking = self._hass.loop.create_future()
        # Nobody need be left to look at it.
        waking.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._in_background(purpose, wakes=1)
        return waking

    def _describe(self) -> dict[str, Any]:
        since = dt_util.utcnow().timestamp() - _KEPT_DAYS * 86_400.0
        return {"wakes": [at for at in self._wakes if at >= since]}

    # --- a wake -----------------------------------------------------------------------------------

    def _in_background(self, purpose: Purpose, wakes: int) -> None:
        self._entry.async_create_background_task(
            self._hass, self._async_send(purpose, wakes), f"wake {self._entry.title}"
        )

    async def _async_send(self, purpose: Purpose, wakes: int) -> None:
        """Send one wake. wakes: how many with this one."""
        now = dt_util.utcnow().timestamp()
        try:
            self._check(purpose)
            self._wakes.append(now)
            self._memory.save_soon()
            vehicle = await self._account.client.wake_up(self._vin, purpose)
        except (VehicleUnavailableError, AnswerLostError, BadAnswerError, ServerError) as err:
            if isinstance(err, VehicleUnavailableError) and err.status is None:
                self._finish(err)
                return
            # It may have gone through all the same: the state tells.
        except FleetError as err:
            if err.status is None and now in self._wakes:
                # It never left.
                self._wakes.remove(now)
            self._finish(err)
            return
        else:
            if vehicle.state is CloudState.ONLINE:
                self._later(_SETTLES, self._online)
                return
        self._ask_later(purpose, wakes, 0)

    def _check(self, purpose: Purpose) -> None:
        is_starting = self._hass.state is not CoreState.running
        if self._is_closed or (is_starting and purpose is not Purpose.REQUESTED):
            # A start-up wakes nobody.
            raise VehicleUnavailableError
        if not self.may_wake:
            raise WakesSpentError

    def _ask_later(self, purpose: Purpose, wakes: int, asked: int) -> None:
        wait = _ASKS[asked] - (_ASKS[asked - 1] if asked else 0.0)

        @callback
        def _ask(_: datetime) -> None:
            self._entry.async_create_background_task(
                self._hass, self._async_ask(purpose, wakes, asked + 1), f"ask {self._entry.title}"
            )

        self._later(wait, _ask)

    async def _async_ask(self, purpose: Purpose, wakes: int, asked: int) -> None:
        """Ask for the state, which is not billed."""
        try:
            state = (await self._account.client.vehicle(self._vin, purpose)).state
        except FleetError as err:
            if not err.is_transient:
                self._finish(err)
                return
            state = CloudState.UNKNOWN
        if state is CloudState.ONLINE:
            self._later(_SETTLES, self._online)
        elif asked < len(_ASKS):
            self._ask_later(purpose, wakes, asked)
        elif self._wishes.wakes_twice and wakes == 1:
            self._in_background(purpose, wakes=2)
        else:
            self._finish(DidNotWakeError())

    @callback
    def _online(self, _: datetime) -> None:
        self._finish(None)

    def _later(self, seconds: float, act: Callable[[datetime], None]) -> None:
        self._cancel_timer = async_call_later(self._hass, seconds, act)

    def _finish(self, err: FleetError | None) -> None:
        waking, self._waking, self._cancel_timer = self._waking, None, None
        if waking is None or waking.done():
            return
        if err is None:
            waking.set_result(None)
        else:
            waking.set_exception(err)

    @callback
    def close(self) -> None:
        """Wake the car no more; whoever waits is told that it sleeps."""
        self._is_closed = True
        if self._cancel_timer:
            self._cancel_timer()
        self._finish(VehicleUnavailableError())


def _times(stored: Any) -> list[float]:
    found = stored if isinstance(stored, list) else []
    return [at for at in found if isinstance(at, int | float) and not isinstance(at, bool)]
