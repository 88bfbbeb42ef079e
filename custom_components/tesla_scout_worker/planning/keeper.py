"""Keeps a car's plan of charging: makes it, puts it into the car, and makes it anew when something has changed."""

import asyncio
from dataclasses import replace
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.errors import FleetError, VehicleUnavailableError
from ..fleet.metering import Purpose
from ..fleet.models import CloudState
from ..memory import Memory
from ..schedule_keeper import ScheduleKeeper
from ..schedule_kinds import CHARGE, Owner
from ..scout.coordinator import ScoutCoordinator
from ..worker.charge_plan import ChargePlan
from ..worker.coordinator import WorkerCoordinator
from ..worker.needs import Outcome
from ..worker.sessions import ENDS, Happened, Session
from ..worker.triggers import Cause
from .car_side import CarSide
from .learning import after_charge, after_paying, after_read
from .making import Maker
from .pacing import AGAIN, Alarm, Pace
from .reckoning import car_now
from .wish import Learned, PlanState, PlanWish

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "plan"
# What is known of a car that is awake is read again for a plan if it is older than this (seconds).
_FRESH_FOR: Final = 600.0
# What a wake-up did not help against passes with the car's own waking only.
_SLEEPS: Final = frozenset({"asleep", "did_not_wake"})
# A read so short ago has shown how a need ended. Else one shows that and what its end has changed in the car (seconds).
_JUST_READ: Final = 60.0
_ENDS: Final = 15.0


class PlanKeeper:
    """The plan of one car."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vin: str,
        scout: ScoutCoordinator,
        worker: WorkerCoordinator,
        schedules: ScheduleKeeper,
    ) -> None:
        """Initialize. What was planned before a restart is known at once."""
        self._hass = hass
        self._entry = entry
        self._memory = memory
        self._scout = scout
        self._worker = worker
        self._schedules = schedules
        self._car = CarSide(account, vin, scout, worker, schedules, self._async_keep)
        self._maker = Maker(hass, entry)
        self._lock = asyncio.Lock()
        self._pace = Pace()
        self._alarm = Alarm(hass, lambda: self._async_begin(self._async_reconsider()))
        self._vin, self._account = vin, account
        self._listeners: list[CALLBACK_TYPE] = []
        self._read_at: float | None = None
        # What failed last passes by itself: another try may wake the car again.
        self._passes = False
        stored = memory.recall(vin, _ROOM)
        self.data = PlanState.from_dict(stored)
        self.learned = Learned.from_dict(stored.get("learned"))
        memory.register(vin, _ROOM, self._describe)

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Follow the car from now on; the release comes back."""
        self._read_at = self._worker.data.vehicle_data.read_at
        releases = (
            self._worker.async_add_listener(self._async_updated),
            self._worker.teller.async_add_listener(self._async_happened),
            self._account.commander.async_on_sent(self._async_sent),
            self._alarm.stop,
        )
        # A kill can have come between two windows of a plan, or a failure before it.
        is_unfinished = self.data.in_force is not None and not self.data.is_in_car
        self._follow(_now() + 1.0 if is_unfinished else None)

        @callback
        def _release() -> None:
            for release in releases:
                release()

        return _release

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener whenever the plan is another one; the release comes back."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # --- what is asked for ------------------------------------------------------------------------

    async def async_plan(
        self, wish: PlanWish, *, is_once: bool = False, is_trial: bool = False
    ) -> ChargePlan:
        """Make a plan and put it into the car, which then follows it with Home Assistant switched off as well.

        is_once: needed once; it goes before the usual wish and ends by itself. is_trial: only tell.
        A trial costs nothing, or one read (data) where the car is awake and was not read lately. A plan costs what
        `ScheduleKeeper.async_set` costs, a command where the limit must be raised, and one where a charge that runs must wait.
        Raises FleetError, PriceSourceError, InvalidRequestError, InvalidNeedError.
        """
        async with self._lock:
            before, now = self.data, _now()
            asked = before.asked(wish, is_once=is_once)
            await self._async_freshen()
            plan = await self._async_make(wish, asked)
            if is_trial:
                return plan
            is_same = before.in_force == wish and before.is_in_car and not before.is_held
            if (
                is_same
                and before.plan
                and plan.is_same_as(before.plan, now)
                and not self._car.lacks(before.plan)
            ):
                plan = plan.in_windows_of(before.plan, now)
                self._set(replace(before, plan=plan))
                self._follow()
                return plan
            self._set(replace(asked, plan=plan, is_in_car=False))
            # On the disk before it is in the car: what a need has changed must be put back after a crash.
            await self._memory.async_save()
            if asked.in_force is wish:
                try:
                    self._set(await self._car.async_put(self.data, plan, Purpose.REQUESTED))
                except FleetError as err:
                    # Who asked is told; the wish stays, and is tried again as one that nobody waits for.
                    self._memory.save_soon()
                    self._follow(self._failed(err))
                    raise
            elif before.plan is not None:
                # Something that is needed once goes first; this wish waits for its end.
                self._set(replace(before, wish=wish))
            self._follow()
            _LOGGER.debug("A plan was made in %.0f s", _now() - now)
            return plan

    async def async_cancel(self, *, only_once: bool = False) -> None:
        """Wish nothing more, and take what was planned out of the car. Raises FleetError.

        It costs as `ScheduleKeeper.async_set`, and a command where a limit must be put back.
        """
        async with self._lock:
            state = self.data.without_need(_now())
            may_wake = self._car.view.is_plugged_in is True
            # Wished for no more, whatever becomes of telling the car.
            state = replace(state, wish=state.wish if only_once else None, plan=None, is_in_car=False)
            await self._async_keep(replace(state, problem=None, is_held=False))
            try:
                if self._car.owes(self.data):
                    state = await self._car.async_pay_back(self.data, Purpose.REQUESTED, may_wake=may_wake)
                    self._set(state)
                if self.data.wish is None and self._car.has_ours:
                    await self._schedules.async_set(
                        CHARGE, (), owner=Owner.PLAN, purpose=Purpose.REQUESTED, may_wake=may_wake
                    )
            finally:
                self._memory.save_soon()
                self._follow()
        if self.data.wish is not None:
            await self._async_reconsider()

    # --- making it --------------------------------------------------------------------------------

    async def _async_freshen(self) -> None:
        """Read a car that is awake and was not read lately: its level decides. A sleeping one keeps its level."""
        read_at = self._worker.data.vehicle_data.read_at
        is_fresh = read_at is not None and 0 <= _now() - read_at < _FRESH_FOR
        if not is_fresh and self._scout.data.cloud is CloudState.ONLINE:
            await self._worker.async_run()

    async def _async_make(self, wish: PlanWish, state: PlanState, *, guesses: bool = False) -> ChargePlan:
        return await self._maker.async_plan(wish, state, self.learned, self._car.view, guesses=guesses)

    # --- making it anew ---------------------------------------------------------------------------

    async def _async_reconsider(self) -> None:
        """Make the plan anew, and change the car's schedules where that makes a difference."""
        async with self._lock:
            again: float | None = None
            try:
                again = await self._async_do_reconsider()
            except (FleetError, HomeAssistantError, ValueError) as err:
                again = self._failed(err)
            self._memory.save_soon()
            self._follow(again)

    def _failed(self, err: Exception) -> float | None:
        """Tell what kept a plan out of the car; the answer is when to try again (Unix seconds), None for the next read."""
        code = err.code if isinstance(err, FleetError) else "failed"
        _LOGGER.debug("The plan was not put into the car: %s (%s)", code, type(err).__name__)
        if isinstance(err, VehicleUnavailableError):
            # The next read is soon enough: nobody pays for a wake-up that was not wished.
            self._set(replace(self.data, problem="asleep"))
            return None
        self._set(replace(self.data, problem=code))
        self._passes = isinstance(err, FleetError) and err.is_transient and code not in _SLEEPS
        return self._pace.failed(_now(), is_transient=self._passes)

    async def _async_do_reconsider(self) -> float | None:
        now = _now()
        if self.data.wish and now >= self.data.wish.ready_by:
            self._set(replace(self.data, wish=None))
        self._end_need(now)
        again = await self._async_pay_back(now)
        if self.data.is_held:
            view = self._car.view
            if view.is_plugged_in is not False and not view.is_charging and self.data.in_force:
                return again
            self._set(replace(self.data, is_held=False, problem=None))
        wish = self.data.in_force
        if wish is None:
            self._set(replace(self.data, plan=None, is_in_car=False, problem=None))
            is_online = self._scout.data.cloud is CloudState.ONLINE
            if self._car.has_ours and is_online and self._pace.may_change(now):
                # What never ran, since the car was away or unplugged, would run in a week.
                await self._schedules.async_set(CHARGE, (), owner=Owner.PLAN, purpose=Purpose.WORKER)
            return again
        plan = await self._async_make(wish, self.data, guesses=True)
        before = self.data.plan
        is_same = before is not None and plan.is_same_as(before, now)
        if before is not None and is_same and self.data.is_in_car:
            plan = plan.in_windows_of(before, now)
            if not self._car.lacks(plan):
                self._set(replace(self.data, plan=plan))
                return again
        # To find out that it is away costs nothing, and on its way it is read often.
        if self._scout.data.is_home is True and not self._pace.may_change(now):
            return now + AGAIN
        # It was woken for this in vain, or was not to be woken, or somebody must mend something first.
        is_in_vain = self.data.problem not in {None, "car_away"} and is_same and not self._passes
        self._set(replace(self.data, plan=plan, is_in_car=False))
        self._set(await self._car.async_put(self.data, plan, Purpose.WORKER, may_wake=not is_in_vain))
        return again

    def _end_need(self, now: float) -> None:
        """End what was needed once, if it is there, or if its time has passed."""
        need, car = self.data.need, car_now(self._car.view)
        if need is None or self.data.need_wish is None or need.outcome(car, now) is Outcome.PENDING:
            return
        if now - (car.read_at or 0.0) >= _JUST_READ:
            # How far it came was not read. A car that sleeps is read when it is awake, and gets its limit back then.
            self._worker.async_raise(Cause.ONE_OFF_ENDED, after=_ENDS)
        self._set(self.data.without_need(now))

    async def _async_pay_back(self, now: float) -> float | None:
        """Put back what an ended need has changed, where the car is awake; a plan that wakes it does so as well."""
        if self._car.is_even(self.data):
            self._set(replace(self.data, need=None))
        is_online = self._scout.data.cloud is CloudState.ONLINE
        if not is_online or not self._car.owes(self.data) or not self._pace.may_change(now):
            return None
        try:
            self._set(await self._car.async_pay_back(self.data, Purpose.WORKER))
        except FleetError as err:
            # The usual plan does not wait for this.
            return self._failed(err)
        return None

    @callback
    def _async_updated(self) -> None:
        """Reconsider after each read."""
        is_home = self._scout.data.is_home is True
        self.learned = after_read(self.learned, self._car.view, is_home=is_home)
        read_at = self._worker.data.vehicle_data.read_at
        if read_at == self._read_at or self._lock.locked():
            return
        self._read_at = read_at
        is_waiting = self._pace.is_waiting(_now())
        if not is_waiting and (self.data.in_force or self.data.need or self._car.has_ours):
            self._async_begin(self._async_reconsider())

    @callback
    def _async_sent(self, vin: str, command: str) -> None:
        """Let a person's stop in the middle of a window count, until the person starts it again."""
        if vin != self._vin or self._car.is_sending:
            return
        plan = self.data.plan
        if command == "charge_stop" and plan and plan.running_until(_now()) is not None:
            self._set(replace(self.data, is_held=True, problem="stopped_by_hand"))
        elif command == "charge_start" and self.data.is_held:
            self._set(replace(self.data, is_held=False, problem=None))
        self._memory.save_soon()

    @callback
    def _async_happened(self, happened: Happened, at: float, session: Session | None) -> None:
        """Learn from a charge that has ended, and reckon what it cost."""
        if happened not in ENDS or session is None or session.ended_at is None:
            return
        self.learned = after_charge(self.learned, session, self._worker.data.vehicle_data)
        if session.is_home and not session.is_fast:
            self._async_begin(self._async_reckon_cost(session, self.data))
        self._memory.save_soon()

    async def _async_reckon_cost(self, session: Session, state: PlanState) -> None:
        paid = await self._maker.async_cost(session, state)
        self.learned = after_paying(self.learned, session, paid)
        self._set(self.data)
        self._memory.save_soon()

    # --- inside -----------------------------------------------------------------------------------

    def _follow(self, again: float | None = None) -> None:
        """Come again when prices should be known, when the time is over, or when something failed."""
        self._alarm.set(self._pace.next_time(self.data, again, _now()))

    def _async_begin(self, work: Any) -> None:
        self._entry.async_create_background_task(self._hass, work, "plan of charging")

    def _set(self, state: PlanState) -> None:
        self.data = state
        for listener in tuple(self._listeners):
            listener()

    async def _async_keep(self, state: PlanState) -> None:
        """Keep a state on the disk before a command makes it true."""
        self._set(state)
        await self._memory.async_save()

    def _describe(self) -> dict[str, Any]:
        return {**self.data.as_dict(), "learned": self.learned.as_dict()}


def _now() -> float:
    return dt_util.utcnow().timestamp()
