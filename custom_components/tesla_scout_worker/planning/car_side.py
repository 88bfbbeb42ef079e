"""Puts a plan into the car: its limit, its schedules, and what runs at this moment."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
import logging
from typing import Final

from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..fleet.command_errors import CommandRefusedError
from ..fleet.commands import Command, charge_start, charge_stop, set_charge_limit
from ..fleet.errors import FleetError
from ..fleet.metering import Purpose
from ..fleet.models import CloudState
from ..fleet.vehicle_view import VehicleView
from ..schedule_keeper import ScheduleKeeper
from ..schedule_kinds import CHARGE, Owner
from ..scout.coordinator import ScoutCoordinator
from ..worker.charge_plan import ChargePlan, Limit
from ..worker.coordinator import WorkerCoordinator
from ..worker.needs import Outcome
from ..worker.wall_clock import occurrences
from .reckoning import car_now
from .wish import PlanState

_LOGGER = logging.getLogger(__name__)

# With these a charge that runs outside of the plan is not what was wished.
_WAITS = frozenset({Limit.NOTHING, Limit.ALREADY_THERE, Limit.CAR_LIMIT, Limit.PRICE_CEILING})
# Whatever a schedule says, it runs within a week (seconds).
_AHEAD: Final = 8 * 86_400.0


class CarSide:
    """One car as its plan sees it."""

    def __init__(
        self,
        account: AccountCoordinator,
        vin: str,
        scout: ScoutCoordinator,
        worker: WorkerCoordinator,
        schedules: ScheduleKeeper,
        keep: Callable[[PlanState], Awaitable[None]],
    ) -> None:
        """Initialize. keep: brings a state to the disk."""
        self._account = account
        self._vin = vin
        self._scout = scout
        self._worker = worker
        self._schedules = schedules
        self._keep = keep
        # When it was told to begin or to wait: what was read before that says nothing of it (Unix seconds).
        self._told_at = 0.0
        #: A command is on its way that is the plan's own.
        self.is_sending = False

    @property
    def view(self) -> VehicleView:
        """Return the last read of the car."""
        return VehicleView(self._worker.data.vehicle_data, self._scout.data.cloud is CloudState.ASLEEP)

    @property
    def has_ours(self) -> bool:
        """Return whether the car has schedules of a plan that are yet to run, as far as it was read.

        What runs once and has done so since is gone: no car is woken to be told that.
        """
        zone, now = dt_util.get_default_time_zone(), _now()
        read_at = self._worker.data.vehicle_data.read_at
        return any(
            occurrences(one, zone, now, now + _AHEAD, known_at=read_at)
            for one in self._schedules.present(CHARGE) or ()
            if self._schedules.owner(CHARGE, one.id) is Owner.PLAN
        )

    def lacks(self, plan: ChargePlan) -> bool:
        """Return whether the car, as it was read last, has no schedule for a window that is yet to begin; away nobody says."""
        windows = [(window.start, window.end) for window in plan.windows if window.start > _now()]
        if not windows or self._scout.data.is_home is not True:
            return False
        return self._schedules.lacks(CHARGE, self._schedules.one_time(windows))

    async def async_put(
        self, state: PlanState, plan: ChargePlan, purpose: Purpose, *, may_wake: bool = True
    ) -> PlanState:
        """Put a plan into a car that is at home; one that is away gets it when it is back. The state afterwards comes back.

        may_wake: where the wish says so and the cable was in. Raises FleetError.
        """
        wish, is_home = state.in_force, self._scout.data.is_home
        if is_home is not True or wish is None:
            is_first = state.is_first or is_home is False
            return replace(state, is_in_car=False, problem="car_away", is_first=is_first)
        may_wake = may_wake and wish.wakes and self.view.is_plugged_in is True
        state = await self._async_set_limit(state, purpose, may_wake=may_wake)
        windows = [(window.start, window.end) for window in plan.windows if window.end > _now()]
        await self._schedules.async_set(
            CHARGE, self._schedules.one_time(windows), owner=Owner.PLAN, purpose=purpose, may_wake=may_wake
        )
        problem = await self._async_follow_now(plan, purpose, is_first=state.is_first)
        state = replace(state, is_in_car=True, problem=problem, is_first=False)
        await self._keep(state)
        if self.owes(state):
            try:
                state = await self.async_pay_back(state, purpose)
            except FleetError as err:
                # The plan is in the car, which is what matters.
                _LOGGER.debug("The limit was not put back: %s", err.code)
        return state

    def owes(self, state: PlanState) -> bool:
        """Return whether an ended need's limit is to be put back, and nothing is in the way.

        At a fast charger, or plugged in elsewhere, a lower limit would end what its owner waits for.
        """
        need, view = state.need, self.view
        if need is None or state.need_wish is not None or view.is_at_fast_charger:
            return False
        is_in_the_way = self._scout.data.is_home is not True and view.is_plugged_in is not False
        return not is_in_the_way and need.limit_to_set(car_now(view), _now()) is not None

    def is_even(self, state: PlanState) -> bool:
        """Return whether an ended need has left nothing to put back, as far as the car told."""
        need, car = state.need, car_now(self.view)
        if need is None or state.need_wish is not None or car.limit is None:
            return False
        return need.limit_to_set(car, _now()) is None

    async def async_pay_back(
        self, state: PlanState, purpose: Purpose, *, may_wake: bool = False
    ) -> PlanState:
        """Put back the limit that was there before a need: one command. Raises FleetError."""
        need = state.need
        limit = need.limit_to_set(car_now(self.view), _now()) if need else None
        if limit is not None:
            await self._async_be_online(purpose, may_wake=may_wake)
            await self._async_send(set_charge_limit(limit), purpose)
        return replace(state, need=None)

    async def _async_set_limit(self, state: PlanState, purpose: Purpose, *, may_wake: bool) -> PlanState:
        """Give the car the limit that a need needs: one command, seldom. Raises FleetError."""
        need, car = state.need, car_now(self.view)
        if need is None or state.need_wish is None or need.outcome(car, _now()) is not Outcome.PENDING:
            return state
        limit = need.limit_to_set(car, _now())
        if limit is None:
            return state
        need = need.before_setting(car)
        state = replace(state, need=need)
        await self._keep(state)
        await self._async_be_online(purpose, may_wake=may_wake)
        await self._async_send(set_charge_limit(limit), purpose)
        return replace(state, need=need.after_setting(_now()))

    async def _async_be_online(self, purpose: Purpose, *, may_wake: bool) -> None:
        if self._scout.data.cloud is not CloudState.ONLINE:
            await self._account.commander.async_check(self._vin, purpose)
            await self._worker.async_wake(purpose, may_wake=may_wake)

    async def _async_follow_now(self, plan: ChargePlan, purpose: Purpose, *, is_first: bool) -> str | None:
        """Let a charge that runs wait, or begin what the car does not begin by itself in the middle of a window.

        A new schedule does not stop a charge. It is stopped once, as the plan gets into the car: what a person starts
        afterwards goes on, and a fast charger is never stopped. Return the key of what the car refused, None without.
        """
        view, runs = self.view, plan.running_until(_now()) is not None
        command: Command | None = None
        if (
            is_first
            and view.is_charging
            and not runs
            and plan.limited_by in _WAITS
            and not view.is_at_fast_charger
        ):
            command = charge_stop()
        elif runs and view.charging_state == "stopped":
            command = charge_start()
        if command is not None and self._told_at < (self._worker.data.vehicle_data.read_at or 0.0):
            self._told_at = _now()
            try:
                await self._async_send(command, purpose)
            except CommandRefusedError as err:
                _LOGGER.debug("The car did not follow its plan at once: %s", err.code)
                return err.code
        return None

    async def _async_send(self, command: Command, purpose: Purpose) -> None:
        self.is_sending = True
        try:
            await self._account.commander.async_send(self._vin, command, purpose)
        finally:
            self.is_sending = False
        await self._worker.async_after_command(command.name)


def _now() -> float:
    return dt_util.utcnow().timestamp()
