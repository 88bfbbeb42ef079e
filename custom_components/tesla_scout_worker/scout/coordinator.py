"""The scout of one car: looks when the policy says, remembers, and tells the worker."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback

from ..account import AccountCoordinator
from ..data import ScoutWorkerConfigEntry
from ..fleet.client import LOCATION_ENDPOINTS
from ..fleet.errors import (
    AskedTooOftenError,
    BudgetSpentError,
    FleetError,
    MissingScopeError,
    VehicleUnavailableError,
)
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, Vehicle, VehicleData
from ..memory import Memory
from ..problems import for_coordinator
from ..request_bound import Bucket, is_still_news
from ..settings import Options
from ..worker.coordinator import WorkerCoordinator
from ..worker.triggers import Cause
from .arrival import Change, Presence, Whereabouts, told_away
from .back_off import BackOff
from .data import ScoutData
from .eye_watch import Eyes
from .eyes import Glimpse, Role
from .judge import Judge, with_driving
from .learning import after_cloud, after_sighting, after_told, without_habits
from .noted import LookLog, NotedCoordinator
from .outlook import charging_until, view_of
from .policy import has_vanished_at_home, is_worth_a_read, may_have_vanished, plan
from .refusals import Refusals
from .times import now_utc, utc_offset
from .view import Reason, View

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "scout"
_NOTHING_TO_DO: Final = 900.0  # without money or permission there is nothing to look for
_SHORTEST_WAIT: Final = 5.0
# Eyes may tell of so many arrivals and departures at once, and of one more each so many seconds.
_ANSWERS: Final = (8, 1_800.0)
# A position that is not older than this is surer than an entity that only came back (seconds).
_FIX_IS_SURER: Final = 900.0

type _Judgement = Callable[[Whereabouts, float], tuple[Whereabouts, Change | None]]
type ChangeListener = Callable[[Change, float], None]


class ScoutCoordinator(NotedCoordinator):
    """Watches where one car is."""

    config_entry: ScoutWorkerConfigEntry
    eyes: Eyes | None = None

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vehicle: Vehicle,
        options: Options,
        worker: WorkerCoordinator,
    ) -> None:
        """Initialize. What was known before a restart is known at once; nothing is asked yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"scout of {vehicle.name}")
        self._account = account
        self._memory = memory
        self._vin = vehicle.vin
        self._options = options
        self._worker = worker
        self._judge = Judge(hass, entry, options.home_zones)
        self._refusals = Refusals(hass, entry, vehicle)
        self._change_listeners: list[ChangeListener] = []
        self._listed: Vehicle | None = None
        self._is_requested = self._is_glimpsed = self.is_closed = False
        self._back_off = BackOff()
        self._answers = Bucket(*_ANSWERS)
        self.data = ScoutData.from_dict(memory.recall(vehicle.vin, _ROOM))
        memory.register(vehicle.vin, _ROOM, lambda: self.data.as_dict())  # noqa: PLW0108 - the data is replaced
        self.looks = LookLog(memory, vehicle.vin, worker)
        self.looks.starts_from(self.data)
        worker.on_read = self.async_learn
        worker.is_home = lambda: self.data.is_home

    @callback
    def async_follow_zone(self) -> Callable[[], None]:
        """Judge anew whenever a home zone is moved or resized, also while nobody looked; the release comes back."""
        self._async_judge_home()
        return self._judge.async_follow(self._async_judge_home)

    @callback
    def async_add_change_listener(self, listener: ChangeListener) -> Callable[[], None]:
        """Tell a listener of each arrival and departure, with the time of the fix; the release comes back."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    @callback
    def async_seed(self, vehicle: Vehicle) -> None:
        """Use what a list of all cars said of this one for the next look: one request serves them all."""
        self._listed = vehicle
        self._set_cloud(vehicle.state)

    async def async_look(self) -> None:
        """Look now, as asked: at most one billed request. Raises FleetError; AskedTooOftenError: nothing was sent."""
        if not self._account.sees_location:
            raise MissingScopeError
        if is_still_news(self.data.last_read, now_utc()):
            return
        self._account.budget.check_asked(self._vin)
        self._is_requested = True
        await self.async_refresh()
        if self.last_error is not None:
            raise self.last_error

    async def async_tell_pending(self) -> None:
        """Fire the events of arrivals that an earlier run noticed and could not tell; nobody opens for a car that left."""
        for trigger in self._worker.untold if self.data.presence is Presence.HOME else ():
            await self._async_tell(Change.ARRIVED, trigger.raised_at)
        self._worker.async_mark_told()

    # --- a look -----------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> ScoutData:
        """Ask the cloud, which is not billed; read the position where that is worth it: at most one billed read."""
        if self.is_closed:
            return self.data
        is_requested, self._is_requested = self._is_requested, False
        is_glimpsed, self._is_glimpsed = self._is_glimpsed, False
        listed, self._listed = self._listed, None
        self.last_error = None
        purpose = Purpose.REQUESTED if is_requested else Purpose.SCOUT
        try:
            vehicle = listed or await self._account.car_list.async_vehicle(self._vin, purpose)
            self._refusals.answered()
            self._set_cloud(vehicle.state)
            await self._async_infer()
            planned = self._back_off.put_off(plan(view := self.view()), view.now)
            # The worker is about to read everything: the position comes with it.
            is_worth_it = not self._worker.has_work and is_worth_a_read(
                planned, view, is_glimpsed=is_glimpsed
            )
            is_online = self._account.sees_location and self.data.cloud is CloudState.ONLINE
            if is_online and (is_requested or is_worth_it):
                await self._async_read(purpose, is_full=planned.is_full and not is_requested)
            self._back_off.worked()
            self._plan()
        except VehicleUnavailableError:
            # It fell asleep between the two questions. The answer was billed, so it is not asked again at once.
            self._set_cloud(CloudState.ASLEEP)
            self._back_off.unreached(now_utc())
            self._plan()
        except BudgetSpentError:
            self._wait(_NOTHING_TO_DO, Reason.BUDGET_SPENT)
        except AskedTooOftenError as err:
            self.last_error = err
            self._plan()
        except MissingScopeError as err:
            self.last_error = err
            self._back_off.failed(now_utc(), self._refusals.note(err), Reason.LOCATION_NOT_GRANTED)
            self._plan()
        except FleetError as err:
            self.last_error = err
            wait = max(err.retry_after or 0.0, self._refusals.note(err))
            self._wait(self._back_off.failed(now_utc(), wait), Reason.RETRY)
            # Home Assistant tells of the first failure only; the plan changes with each.
            self.async_update_listeners()
            raise for_coordinator(err) from err
        self._memory.save_soon()
        self._worker.async_saw(self.data.cloud)
        return self.data

    async def _async_read(self, purpose: Purpose, *, is_full: bool) -> None:
        """Read the position; with is_full everything, for the same price, so that an arrival needs no second read."""
        if is_full and await self._worker.async_read_in_passing(purpose, self._async_take):
            return
        await self._async_take(
            await self._account.client.vehicle_data(self._vin, LOCATION_ENDPOINTS, purpose)
        )

    async def _async_take(self, read: VehicleData) -> None:
        self._refusals.read()
        await self._async_see(read)

    async def async_learn(self, read: VehicleData) -> None:
        """Take into account what the worker read; that the scout need not pay for."""
        # As of the read, so that the car does not look as if it had woken since.
        self._set_cloud(CloudState.ONLINE, read.read_at)
        self._back_off.worked()
        await self._async_see(read)
        self._show()

    async def _async_see(self, read: VehicleData) -> None:
        """Take a read into account. An arrival is on the disk before it is told."""
        if self.is_closed:
            return
        has_woken = self.view().has_woken
        self._back_off.reached()
        self._set(last_read=read.read_at, last_look=read.read_at)
        self.data = with_driving(self.data, read, read.read_at or now_utc())
        fix = read.fix
        # No position is unknown: what was believed stays, and nothing happened.
        if fix is None:
            return
        before = self.data
        after, change = self._judge.sight(before, fix, now_utc())
        self.data = self._with_leave(
            after_sighting(before, after, change, utc_offset(fix.at), has_woken=has_woken)
        )
        await self._async_note(change, fix.at)

    async def _async_note(self, change: Change | None, at: float) -> None:
        """Tell a change, after it is on the disk. at: Unix seconds."""
        if change is None:
            return
        if change is Change.ARRIVED:
            self._worker.async_raise(Cause.ARRIVED_HOME, is_told=False)
        await self._memory.async_save()
        if not self.is_closed:
            await self._async_tell(change, at)

    async def _async_tell(self, change: Change, at: float) -> None:
        for listener in tuple(self._change_listeners):
            listener(change, at)
        if change is Change.ARRIVED:
            # On the disk as well, at once: a kill in the next seconds must not tell it again.
            self._worker.async_mark_told()
            await self._memory.async_save()

    # --- the plan ---------------------------------------------------------------------------------

    def _plan(self) -> None:
        if not self._account.sees_location:
            self._wait(_NOTHING_TO_DO, Reason.LOCATION_NOT_GRANTED)
            return
        planned = self._back_off.put_off(plan(self.view()), now := now_utc())
        if self.data.cloud is CloudState.ONLINE and not self._account.budget.scout_may_spend:
            self._wait(_NOTHING_TO_DO, Reason.BUDGET_SPENT)
            return
        self._wait(min(planned.look_at, planned.read_at) - now, planned.reason)

    def _wait(self, seconds: float, reason: Reason) -> None:
        wait = max(seconds, _SHORTEST_WAIT)
        self.update_interval = timedelta(seconds=wait)
        self._set(next_look=now_utc() + wait, reason=reason)

    def view(self) -> View:
        """Return what the policy knows now."""
        now = now_utc()
        return view_of(
            self.data,
            now,
            offset=utc_offset(now),
            promptness=self._options.promptness,
            thrift=self._account.budget.thrift,
            learns=self._options.learns_habits,
            minutes_home=self._judge.minutes_home(self.data.fix),
            charging_until=charging_until(self._worker.data.vehicle_data),
            eyes=self.eyes.answer if self.eyes else None,
        )

    @callback
    def _async_judge_home(self) -> None:
        judged = self._judge.judge_anew(self.data, now_utc())
        if judged is not None:
            self.data = judged
            self._show()

    def _set_cloud(self, state: CloudState, at: float | None = None) -> None:
        before, now = self.data, at or now_utc()
        if state is before.cloud is CloudState.ONLINE and before.last_look is not None:
            self._account.budget.note_online(self._vin, now - before.last_look)
        self.data = after_cloud(before, state, now)
        if before.vanished_at is None and may_have_vanished(self.view()):
            self._set(vanished_at=now)

    async def _async_infer(self) -> None:
        """Take a car that has lost its signal right at home for one in its garage, if that proved right before."""
        if has_vanished_at_home(self.view()):
            await self._async_believe(self._judge.inferred_home, now_utc())

    async def _async_believe(self, judge: _Judgement, at: float) -> None:
        """Believe what was told or inferred without a position."""
        whereabouts, change = judge(self.data.whereabouts, at)
        told = replace(self.data, whereabouts=whereabouts)
        self.data = self._with_leave(after_told(told, change, at, utc_offset(at)))
        await self._async_note(change, at)

    def _set(self, **changes: Any) -> None:
        self.data = replace(self.data, **changes)

    def _with_leave(self, data: ScoutData) -> ScoutData:
        """Return what is known, without what was learned just now where the owner does not want that."""
        return data if self._options.learns_habits else replace(data, habits=self.data.habits)

    # --- free eyes --------------------------------------------------------------------------------

    @callback
    def async_glimpse(self, glimpse: Glimpse) -> None:
        """Take into account what an eye saw happen. One that only says that something changed is worth a look."""
        if glimpse.role is Role.LOOK:
            self._is_glimpsed = True
            self._set(glimpsed_at=glimpse.at)
            work = self.async_refresh()
        else:
            work = self._async_answer(glimpse.role is Role.HOME, glimpse.at)
        self.config_entry.async_create_background_task(self.hass, work, f"{self.name}: an eye saw something")

    @callback
    def async_answered(self) -> None:
        """Take into account that the eyes answer otherwise than before, though nothing was seen to happen."""
        answer, at = self.eyes.answer if self.eyes else None, now_utc()
        fix = self.data.fix
        is_news = fix is None or not 0 <= at - fix.at < _FIX_IS_SURER
        if answer is not None and answer is not self.data.presence and is_news:
            work = self._async_answer(answer is Presence.HOME, at)
            self.config_entry.async_create_background_task(self.hass, work, f"{self.name}: the eyes answer")
            return
        self._show()

    async def _async_answer(self, is_home: bool, at: float) -> None:
        if self.data.is_home is not is_home and self._answers.take(at):
            # An entity that comes and goes without end would cost a read each time. The scout looks for itself.
            return
        await self._async_believe(self._judge.told_home if is_home else told_away, at)
        self._show()
        self._worker.async_work_off()

    @callback
    def async_forget_habits(self) -> None:
        """Forget everything that was learned of the car."""
        self.data = without_habits(self.data)
        self._show()

    def _show(self) -> None:
        self._memory.save_soon()
        self._plan()
        self.async_set_updated_data(self.data)
