"""Keeps a car's plan of charging: makes it, puts it into the car, and makes it anew when something has changed."""

import asyncio
from dataclasses import replace
from datetime import datetime
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.errors import FleetError, VehicleUnavailableError
from ..fleet.metering import Purpose
from ..fleet.models import CloudState
from ..memory import Memory
from ..request_bound import Bucket
from ..schedule_keeper import ScheduleKeeper
from ..schedule_kinds import CHARGE, Owner
from ..scout.coordinator import ScoutCoordinator
from ..worker.charge_model import SessionRecord
from ..worker.charge_plan import ChargePlan
from ..worker.coordinator import WorkerCoordinator
from ..worker.needs import Outcome
from ..worker.sessions import ENDS, Happened, Session
from ..worker.triggers import Cause
from .car_side import CarSide
from .making import Maker
from .paying import with_what_came_before
from .reckoning import car_now, model_of, wall_kw
from .wish import Learned, PlanState, PlanWish

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "plan"
# A plan that could not be put into the car is tried again after this; after this, where somebody must mend it (seconds).
_AGAIN: Final = 1_800.0
_MENDED: Final = 7_200.0
# What nobody asked for may change the car's schedules so often at once, and once more each so many seconds.
_CHANGES: Final = (6, 7_200.0)
# What is known of a car that is awake is read again for a plan if it is older than this (seconds).
_FRESH_FOR: Final = 600.0
# A car that was woken in vain, or was not to be woken, is not woken again for the same plan: not after a start either.
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
        self._changes = Bucket(*_CHANGES)
        self._listeners: list[CALLBACK_TYPE] = []
        self._cancel: CALLBACK_TYPE | None = None
        self._read_at: float | None = None
        # Until then nothing is tried for a read: the one after a command that failed would be the next reason (Unix seconds).
        self._waits_until = 0.0
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
            self._stop,
        )
        # A kill can have come between two windows of a plan, or a failure before it.
        is_unfinished = self.data.in_force is not None and not self.data.is_in_car
        self._follow(_now() if is_unfinished else None)

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
            if (
                before.plan
                and before.in_force == wish
                and before.is_in_car
                and plan.is_same_as(before.plan, now)
                and not self._car.lacks(before.plan)
            ):
                return before.plan
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
            state = self.data
            may_wake = self._car.view.is_plugged_in is True
            await self._async_end_need(Purpose.REQUESTED, may_wake=may_wake)
            self._set(
                replace(
                    self.data,
                    wish=state.wish if only_once else None,
                    plan=None,
                    is_in_car=False,
                    problem=None,
                )
            )
            if self.data.wish is None and self._car.has_ours:
                await self._schedules.async_set(
                    CHARGE, (), owner=Owner.PLAN, purpose=Purpose.REQUESTED, may_wake=may_wake
                )
        if self.data.wish is not None:
            await self._async_reconsider()
        self._follow()

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
            except FleetError as err:
                again = self._failed(err)
            self._memory.save_soon()
            self._follow(again)

    def _failed(self, err: FleetError) -> float | None:
        """Tell what kept a plan out of the car; the answer is when to try again (Unix seconds), None for the next read."""
        _LOGGER.debug("The plan was not put into the car: %s", err.code)
        if isinstance(err, VehicleUnavailableError):
            # The next read is soon enough: nobody pays for a wake-up that was not wished.
            self._set(replace(self.data, problem="asleep"))
            return None
        self._set(replace(self.data, problem=err.code))
        self._waits_until = _now() + (_AGAIN if err.is_transient else _MENDED)
        return self._waits_until

    async def _async_do_reconsider(self) -> float | None:
        now, car = _now(), car_now(self._car.view)
        if self.data.need and self.data.need.outcome(car, now) is not Outcome.PENDING:
            if self.data.need_wish and now - (car.read_at or 0.0) >= _JUST_READ:
                # How far it came was not read. A car that sleeps is read when it is awake, and gets its limit back then.
                self._worker.async_raise(Cause.ONE_OFF_ENDED, after=_ENDS)
            await self._async_end_need()
        if self.data.wish and now >= self.data.wish.ready_by:
            self._set(replace(self.data, wish=None))
        wish = self.data.in_force
        if wish is None:
            self._set(replace(self.data, plan=None, is_in_car=False, problem=None))
            if self._car.has_ours and self._scout.data.cloud is CloudState.ONLINE:
                # What never ran, since the car was away or unplugged, would run in a week.
                await self._schedules.async_set(CHARGE, (), owner=Owner.PLAN, purpose=Purpose.WORKER)
            return None
        plan = await self._async_make(wish, self.data, guesses=True)
        before, is_in_car = self.data.plan, self.data.is_in_car
        if before is not None and is_in_car and plan.is_same_as(before, now):
            plan = replace(before, replan_at=plan.replan_at)
            if not self._car.lacks(plan):
                self._set(replace(self.data, plan=plan))
                return None
        # To find out that it is away costs nothing, and on its way it is read often.
        if self._scout.data.is_home is True and self._changes.take(now):
            return now + _AGAIN
        is_tried = self.data.problem in _SLEEPS and before is not None and plan.is_same_as(before, now)
        self._set(replace(self.data, plan=plan, is_in_car=False))
        self._set(await self._car.async_put(self.data, plan, Purpose.WORKER, may_wake=not is_tried))
        return None

    async def _async_end_need(self, purpose: Purpose = Purpose.WORKER, *, may_wake: bool = False) -> None:
        """End what was needed once, and put the limit back: as soon as the car is awake, unless it may be woken for it."""
        need = self.data.need
        if need is None:
            return
        by = min(need.by, _now())
        self._set(replace(self.data.without_need(), need=replace(need, by=by), is_in_car=False))
        limit = self.data.need.limit_to_set(car_now(self._car.view), _now()) if self.data.need else None
        if limit is not None:
            self._set(await self._car.async_set_limit(self.data, purpose, may_wake=may_wake))
        self._set(replace(self.data, need=None))

    @callback
    def _async_updated(self) -> None:
        """Reconsider after each read."""
        seen = wall_kw(self._car.view)
        if seen is not None and self._scout.data.is_home:
            self.learned = replace(self.learned, wall_kw=seen)
        read_at = self._worker.data.vehicle_data.read_at
        if read_at == self._read_at or self._lock.locked():
            return
        self._read_at = read_at
        is_waiting = 0 < self._waits_until - _now() <= _MENDED
        if not is_waiting and (self.data.in_force or self.data.need or self._car.has_ours):
            self._async_begin(self._async_reconsider())

    @callback
    def _async_happened(self, happened: Happened, at: float, session: Session | None) -> None:
        """Learn from a charge that has ended, and reckon what it cost."""
        if happened not in ENDS or session is None or session.ended_at is None:
            return
        record = SessionRecord.of(session)
        if record is not None:
            model = model_of(self.learned, self._worker.data.vehicle_data).learned(record)
            self.learned = replace(self.learned, model=model.as_dict())
        if session.is_home and not session.is_fast:
            self._async_begin(self._async_reckon_cost(session, self.data))
        self._memory.save_soon()

    async def _async_reckon_cost(self, session: Session, state: PlanState) -> None:
        if paid := await self._maker.async_cost(session, state):
            paid = with_what_came_before(paid, session, self.learned.paid)
            self.learned = replace(self.learned, paid=paid)
            self._set(self.data)
            self._memory.save_soon()

    # --- inside -----------------------------------------------------------------------------------

    def _follow(self, again: float | None = None) -> None:
        """Come again when prices should be known, when the time is over, or when something failed."""
        self._stop()
        state, now = self.data, _now()
        times = [again, state.plan.replan_at if state.plan else None]
        times += [wish.ready_by for wish in (state.wish, state.need_wish) if wish]
        due = [max(at, now + 60.0) for at in times if at is not None]
        if due:
            at = dt_util.utc_from_timestamp(min(due))
            self._cancel = async_track_point_in_utc_time(self._hass, self._async_due, at)

    @callback
    def _async_due(self, now: datetime) -> None:
        self._cancel = None
        self._async_begin(self._async_reconsider())

    @callback
    def _stop(self) -> None:
        if self._cancel:
            self._cancel()
            self._cancel = None

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
