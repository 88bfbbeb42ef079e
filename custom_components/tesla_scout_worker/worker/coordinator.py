"""The worker of one car: reads everything once when there is a reason, and keeps the reason until that is done."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.errors import (
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
    RateLimitedError,
    VehicleUnavailableError,
)
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, Vehicle, VehicleData
from ..memory import Memory
from ..problems import for_coordinator
from ..scout.times import now_utc as _now
from .outlook import Outlook
from .pauses import with_pauses
from .reader import Reader, is_left_to_the_scout
from .reading import Known, cause_of_edge, next_read
from .record import WorkerData, remembered_cause
from .sessions import after_read
from .telling import Teller
from .triggers import Cause, Trigger, add, due, failed, found, is_fleeting, kept, put_off, served
from .wake import Waker
from .wishes import Wishes

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "worker"
# After a read that failed nothing is read in passing, for this long: where the car is must still be seen (seconds).
_PLAIN_FOR: Final = 3_600.0
# A car that comes online at home has so long to drive off, and to be read by the scout for that (seconds).
_COMES_ONLINE: Final = 240.0
# Home Assistant's timers are early by up to this (seconds).
_EARLY: Final = 0.5


class WorkerCoordinator(DataUpdateCoordinator[WorkerData]):
    """Works off what is pending and what is planned; without that it has no timer and asks nothing."""

    config_entry: ScoutWorkerConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vehicle: Vehicle,
        wishes: Wishes | None = None,
    ) -> None:
        """Initialize. What was read before a restart is there at once."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"worker of {vehicle.name}")
        self._account = account
        self._memory = memory
        self._vin = vehicle.vin
        self._wishes = wishes or Wishes()
        self._reader = Reader(account, vehicle.vin)
        self.waker = Waker(hass, entry, account, vehicle.vin, self._wishes, memory)
        self._outlook = Outlook(self._wishes.nightly_at)
        #: Told of each read, so that the scout learns from it for free.
        self.on_read: Callable[[VehicleData], Awaitable[None]] | None = None
        #: Whether the car is at home, as the scout believes; None where that is unknown.
        self.is_home: Callable[[], bool | None] = lambda: None
        #: Tells what reads show to have happened.
        self.teller = Teller()
        #: Whether somebody hears what is told. Before and after that nothing is asked and told.
        self.is_open = False
        self._cloud = CloudState.UNKNOWN
        self._plain_until, self._reads = 0.0, 0
        self._last_error: FleetError | None = None
        self.data = WorkerData.from_dict(memory.recall(vehicle.vin, _ROOM))
        memory.register(vehicle.vin, _ROOM, lambda: self.data.as_dict())  # noqa: PLW0108 - the data is replaced
        self._plan()

    @callback
    def async_open(self) -> None:
        """Begin to work off what is pending and planned."""
        self.is_open = True
        self._replan()

    # --- reasons ----------------------------------------------------------------------------------

    @callback
    def async_raise(self, cause: Cause, *, is_told: bool = True, after: float = 0.0) -> None:
        """Note a reason to read the car.

        is_told: False where an event must be fired for it first. after: seconds in which another read may serve it.
        """
        now = _now()
        trigger = Trigger(cause, now, is_told, retry_at=now + after if after else 0.0)
        self._set(pending=add(self.data.pending, trigger))
        if cause is Cause.ARRIVED_HOME:
            self._set(course=self.data.course.arrived(now))
        self._memory.save_soon()
        if after:
            self._replan()

    @callback
    def async_saw(self, cloud: CloudState) -> None:
        """Take into account what the cloud says of the car: it came online or went offline at home, or can be read now."""
        before, self._cloud = self._cloud, cloud
        now = _now()
        if before is not CloudState.ONLINE is cloud:
            self._reader.came_online(now)
        if self.is_home() and (cause := cause_of_edge(self.data.course, before, cloud, now)):
            self.async_raise(cause, after=_COMES_ONLINE if cause is Cause.CAME_ONLINE_HOME else 0.0)
        self._replan()
        if cloud is CloudState.ONLINE:
            self.async_work_off()

    @callback
    def async_work_off(self) -> None:
        """Work off what is due, in the background. Called when the car is known to be online."""
        if self.has_work:
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"{self.name} run"
            )

    @property
    def has_work(self) -> bool:
        """Return whether a read is due."""
        return bool(due(self.data.pending, _now())) and not self._reader.is_silent(_now())

    @property
    def untold(self) -> tuple[Trigger, ...]:
        """Return the reasons whose event was not fired yet."""
        return tuple(trigger for trigger in self.data.pending if not trigger.is_told)

    @callback
    def async_mark_told(self) -> None:
        """Note that the events were fired."""
        self._set(pending=tuple(replace(trigger, is_told=True) for trigger in self.data.pending))
        self._memory.save_soon()

    async def async_run(self) -> bool:
        """Read the car now, since a person or an automation asked; one or two billed requests.

        False: it is not online, the reason stays pending. Raises FleetError; AskedTooOftenError: nothing was sent.
        """
        self._account.budget.check_asked(self._vin)
        self.async_raise(Cause.REQUESTED)
        self._last_error, reads = None, self._reads
        await self.async_refresh()
        if self._last_error is not None:
            raise self._last_error
        return self._reads > reads

    async def async_after_command(self, command_name: str) -> None:
        """Plan a read that shows what a command did; commands that follow each other soon share it. Costs that read."""
        self._set(course=self.data.course.commanded(_now()))
        self._memory.save_soon()
        self._replan()

    async def async_wake(self, purpose: Purpose, *, may_wake: bool = True) -> None:
        """Return when the car is online: an unbilled question where it is, else one billed wake-up (wakes) and a wait.

        Whoever needs it meanwhile shares that wake; a day has as many as the owner allows. may_wake: False to only ask.
        Raises VehicleUnavailableError where it sleeps and may not be woken, WakesSpentError, DidNotWakeError, FleetError.
        """
        if purpose is Purpose.REQUESTED:
            self._account.budget.check_asked(self._vin)
        await self.waker.async_wake(purpose, may_wake=may_wake)
        self._cloud = CloudState.ONLINE

    # --- a run ------------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> WorkerData:
        """Work off what is due: ask the cloud (not billed) and, if the car is online, read it."""
        now = _now()
        self._take_planned(now)
        waiting = tuple(item for item in self.data.pending if not self.data.course.has_answered(item, now))
        self._set(pending=waiting)
        todo = due(waiting, now)
        is_requested = any(trigger.cause is Cause.REQUESTED for trigger in todo)
        if not is_requested and self._reader.is_silent(now):
            self._set(pending=put_off(self.data.pending, todo, self._reader.silent_until))
            todo = ()
        if not todo:
            self._plan()
            return self.data
        self._last_error = None
        purpose = Purpose.REQUESTED if is_requested else Purpose.WORKER
        try:
            if not await self._reader.async_is_online(purpose):
                # Not an attempt that failed: the scout wakes the worker as soon as it sees the car online.
                self._cloud = CloudState.ASLEEP
                self._keep(todo)
                self._wake_nightly(todo)
                return self.data
            read = await self._reader.async_read(purpose)
        except (VehicleUnavailableError, BudgetSpentError, AskedTooOftenError) as err:
            # It fell asleep meanwhile, which was billed. Or nothing was sent: who asked too often is told so.
            self._last_error = err if isinstance(err, AskedTooOftenError) else None
            self._keep(todo, err if isinstance(err, VehicleUnavailableError) else None)
            return self.data
        except FleetError as err:
            self._last_error = err
            is_closed = is_left_to_the_scout(err)
            self._keep(todo, None if is_closed else err)
            if is_fleeting(todo) or (is_closed and err.status is None):
                # A look that failed, or was not tried, is no trouble worth a word: nothing waits for it.
                return self.data
            raise for_coordinator(err) from err
        self._reads += 1
        await self._async_take(read, waiting, todo[-1].cause, self.on_read)
        self._plan()
        self._memory.save_soon()
        return self.data

    async def async_read_in_passing(
        self, purpose: Purpose, see: Callable[[VehicleData], Awaitable[None]]
    ) -> bool:
        """Read everything in the scout's place, where it would have read the position: one billed request, seldom two.

        see: told of the read. Return False where not everything can be read: the position alone should be asked for
        then. Raises FleetError.
        """
        if _now() < self._plain_until or self._reader.is_silent(_now()):
            return False
        waiting = self.data.pending
        try:
            read = await self._reader.async_read(purpose, needs_position=True)
        except BudgetSpentError, RateLimitedError:
            raise
        except FleetError as err:
            self._plain_until = _now() + _PLAIN_FOR
            if isinstance(err, VehicleUnavailableError):
                # Perhaps it fell asleep; perhaps that is how this car refuses a part of it.
                raise
            return False
        await self._async_take(read, waiting, Cause.IN_PASSING, see)
        self._plan()
        self.async_set_updated_data(self.data)
        return True

    async def _async_take(
        self,
        read: VehicleData,
        waiting: tuple[Trigger, ...],
        cause: Cause,
        see: Callable[[VehicleData], Awaitable[None]] | None,
    ) -> None:
        """Take a read into account. It serves every reason that waited for one, also those that were being put off."""
        came_online = any(trigger.cause is Cause.CAME_ONLINE_HOME for trigger in waiting)
        known_before, read_before = self._known(), self.data.vehicle_data
        self._set(
            vehicle_data=read.over(read_before), last_cause=cause, pending=served(self.data.pending, waiting)
        )
        if see:
            known = self.data.pending
            await see(read)
            if shown := found(self.data.pending, known):
                # A second read would tell nothing new.
                rest = tuple(trigger for trigger in self.data.pending if trigger not in shown)
                self._set(last_cause=shown[0].cause, pending=rest)
        is_home = self.is_home()
        log, happened = after_read(self.data.log, read_before, read, is_home=is_home)
        zone = dt_util.get_default_time_zone()
        happened = with_pauses(happened, read_before, self.data.vehicle_data, zone, is_home=is_home)
        self._set(
            course=self.data.course.after(read, known_before, came_online=came_online),
            log=log,
            last_cause=remembered_cause(self.data.last_cause, happened, is_home=is_home),
            untold=(*self.data.untold, *((item, read.read_at or _now()) for item in happened)),
        )
        if happened:
            # On the disk before it is told: a kill in between tells it later, as does the next start after an unload.
            await self._memory.async_save()
            if self.is_open:
                await self.async_tell_happened()

    async def async_tell_happened(self) -> None:
        """Tell what reads have shown and was not told yet, also in an earlier run. A kill later does not tell it again."""
        untold = self.data.untold
        if untold:
            self._set(untold=())
            self.teller.tell(untold, self.data.log)
            await self._memory.async_save()

    # --- what is planned --------------------------------------------------------------------------

    def _take_planned(self, now: float) -> None:
        """Make a reason of the read that is planned for now. Where another one is being put off, that one serves it."""
        known = self._known()
        reading = next_read(self.data.course, known)
        if reading is None or reading.at > now + _EARLY:
            return
        self._set(course=self.data.course.taken(reading, known))
        self._outlook.taken(reading)
        is_idle = reading.cause is Cause.NIGHTLY_CHECK and self._outlook.was_seen_today(self.data.course)
        if not is_idle and not any(trigger.attempts for trigger in self.data.pending):
            self.async_raise(reading.cause)

    def _known(self) -> Known:
        return self._outlook.known(self.data.vehicle_data, self.data.course, _now(), is_home=self.is_home())

    def _wake_nightly(self, tried: tuple[Trigger, ...]) -> None:
        """Wake a car that nothing was seen of all day, where the owner wishes that."""
        is_nightly = any(trigger.cause is Cause.NIGHTLY_CHECK for trigger in tried)
        if is_nightly and self._wishes.may_wake_nightly and self.waker.may_wake:
            waking = self.waker.start(Purpose.WORKER)
            waking.add_done_callback(lambda done: done.exception() or self._nightly_awake())

    @callback
    def _nightly_awake(self) -> None:
        self.async_raise(Cause.NIGHTLY_CHECK)
        self.async_work_off()

    def _keep(self, tried: tuple[Trigger, ...], err: FleetError | None = None) -> None:
        """Keep the reasons that were tried in vain; an error puts them off."""
        pending = self.data.pending
        self._set(pending=failed(pending, tried, _now(), err.retry_after) if err else kept(pending, tried))
        self._plan()
        self._memory.save_soon()

    def _plan(self) -> None:
        """Set the timer to the first retry or planned read. What is due waits until the scout sees the car online."""
        now = _now()
        self._set(next_reading=next_read(self.data.course, self._known()))
        waits = [trigger.retry_at - now for trigger in self.data.pending if trigger.retry_at > now]
        # Where a read fails, the one that succeeds at last serves what is planned as well.
        if self.data.next_reading and not any(trigger.attempts for trigger in self.data.pending):
            waits.append(self.data.next_reading.at - now)
        self.update_interval = timedelta(seconds=max(min(waits), 1.0)) if waits and self.is_open else None

    def _replan(self) -> None:
        """Plan anew, between two runs."""
        before = self.data.next_reading, self.update_interval
        self._plan()
        if before != (self.data.next_reading, self.update_interval):
            self._async_unsub_refresh()
            if self._listeners:
                self._schedule_refresh()
            self.async_update_listeners()

    def _set(self, **changes: Any) -> None:
        self.data = replace(self.data, **changes)
