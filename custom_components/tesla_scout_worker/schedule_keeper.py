"""Keeps a car's schedules in step with what is wanted: only those that were made here, with the fewest commands."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .account import AccountCoordinator
from .data import ScoutWorkerConfigEntry
from .fleet.command_errors import OutcomeUnknownError
from .fleet.commands import Command
from .fleet.errors import FleetError
from .fleet.metering import Purpose
from .memory import Memory
from .schedule_ids import OwnSchedules
from .schedule_kinds import Blocks, Kind, Outcome, Owner
from .scout.coordinator import ScoutCoordinator
from .scout.home import current_home
from .settings import Options
from .worker.coordinator import WorkerCoordinator
from .worker.schedule_errors import (
    NoHomeError,
    NotAtHomeError,
    SchedulesNotTakenError,
    SchedulesUnknownError,
    TooManySchedulesError,
)
from .worker.schedules import (
    Changes,
    ChargeSchedule,
    PreconditionSchedule,
    changes,
    is_near,
    knows_schedules,
    most_schedules,
)
from .worker.triggers import Cause
from .worker.wall_clock import one_time_schedules

_ROOM: Final = "schedules"
# What is known of a car is read again before it is changed if it is older than this (seconds).
_FRESH_FOR: Final = 600.0


class ScheduleKeeper:
    """The schedules of one car."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        vin: str,
        scout: ScoutCoordinator,
        worker: WorkerCoordinator,
    ) -> None:
        """Initialize. Which schedules are ours survives a restart."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._memory = memory
        self._vin = vin
        self._scout = scout
        self._worker = worker
        self._lock = asyncio.Lock()
        stored = memory.recall(vin, _ROOM)
        self._ours = OwnSchedules(stored)
        old = stored.get("old")
        self._old = {
            name: minutes
            for name, minutes in (old if isinstance(old, dict) else {}).items()
            if isinstance(minutes, int)
        }
        # What the car told before the last commands, of each block that no read has told since.
        self._unseen: dict[str, Any] = {}
        memory.register(vin, _ROOM, self._describe)

    # --- what is known; asks nothing --------------------------------------------------------------

    def present[S: (ChargeSchedule | PreconditionSchedule)](self, kind: Kind[S]) -> tuple[S, ...] | None:
        """Return the car's schedules as they were read last, None where they are not known."""
        return kind.read(self._blocks)

    def owner(self, kind: Kind[Any], schedule_id: int | None) -> Owner | None:
        """Return for whom a schedule was made here, None for one that somebody else made."""
        return self._ours.owner(kind, schedule_id)

    def lacks[S: (ChargeSchedule | PreconditionSchedule)](self, kind: Kind[S], wanted: Iterable[S]) -> bool:
        """Return whether the car told that it has no schedule with the effect of one of these; where it told nothing it may."""
        told, known = self._blocks.get(kind.block), self.present(kind)
        if known is None or told is self._unseen.get(kind.block):
            return False
        return bool(changes(tuple(wanted), known, frozenset(), first_id=1).add)

    def place(self) -> tuple[float, float]:
        """Return where schedules are for, degrees: where the car is parked at home, else the middle of its home zone.

        A zone can be so wide that its middle is another place for the car. Raises NoHomeError.
        """
        scout = self._scout.data
        if scout.is_home and scout.fix and not scout.is_driving:
            return scout.fix.latitude, scout.fix.longitude
        home = current_home(self._hass, Options.from_options(self._entry.options).home_zones)
        if home is None:
            raise NoHomeError
        zone = next((one for one in home.zones if one.entity_id == scout.whereabouts.zone), home.zones[0])
        return zone.latitude, zone.longitude

    def is_at_home(self, schedule: ChargeSchedule | PreconditionSchedule) -> bool:
        """Return whether a schedule is for a place in one of the home zones."""
        home = current_home(self._hass, Options.from_options(self._entry.options).home_zones)
        zones = home.zones if home else ()
        return any(
            is_near(schedule, zone.latitude, zone.longitude, max(zone.radius, 100.0)) for zone in zones
        )

    def one_time(
        self, windows: Iterable[tuple[float, float]], *, name: str | None = None
    ) -> tuple[ChargeSchedule, ...]:
        """Return the schedules by which the car charges at home in each window (Unix seconds) once. Raises NoHomeError."""
        zone = dt_util.get_default_time_zone()
        return one_time_schedules(windows, zone, *self.place(), now=_now(), name=name)

    # --- changing them ----------------------------------------------------------------------------

    async def async_set[S: (ChargeSchedule | PreconditionSchedule)](
        self,
        kind: Kind[S],
        wanted: Iterable[S],
        *,
        owner: Owner,
        purpose: Purpose,
        may_wake: bool = False,
    ) -> Outcome[S]:
        """Let the car have these schedules and no other ones of this owner.

        Nothing is sent where that is so already. Else it costs a command for each that is added, changed or removed and one
        read (data) to see what came of it; one more before, where the car was not read in the last ten minutes; a wake-up,
        where may_wake says so and it sleeps. Raises FleetError; VehicleUnavailableError where it sleeps and may not be woken.
        """
        wanted = tuple(wanted)
        return await self._async_change(
            kind, lambda known: self._to_set(kind, wanted, known, owner), owner, purpose, may_wake, wanted
        )

    async def async_add[S: (ChargeSchedule | PreconditionSchedule)](
        self, kind: Kind[S], schedule: S, *, owner: Owner, purpose: Purpose, may_wake: bool = False
    ) -> Outcome[S]:
        """Let the car have a schedule beside what it has; where one of ours has its id, that is changed. Costs as `async_set`."""

        def _to_add(known: tuple[S, ...] | None) -> Changes[S] | None:
            if known is None:
                return None
            # Its own id alone may be changed; the others' ids are not given out again.
            mine = {schedule.id} if self.owner(kind, schedule.id) and schedule.id is not None else set()
            return changes((schedule,), known, mine, first_id=self._ours.first_free(kind, _now()))

        return await self._async_change(kind, _to_add, owner, purpose, may_wake, (schedule,))

    async def async_remove[S: (ChargeSchedule | PreconditionSchedule)](
        self, kind: Kind[S], ids: Collection[int], *, purpose: Purpose, may_wake: bool = False
    ) -> Outcome[S]:
        """Take schedules out of the car by their ids, also where it does not tell which it has. Costs as `async_set`.

        Whether they are ours is not asked: that is who calls it to know.
        """

        def _to_remove(known: tuple[S, ...] | None) -> Changes[S]:
            there = None if known is None else {one.id for one in known}
            return Changes(remove=tuple(one for one in ids if there is None or one in there))

        outcome = await self._async_change(kind, _to_remove, Owner.ACTION, purpose, may_wake, ())
        self._forget(kind, outcome.changes.remove)
        return outcome

    async def _async_change[S: (ChargeSchedule | PreconditionSchedule)](
        self,
        kind: Kind[S],
        decide: Callable[[tuple[S, ...] | None], Changes[S] | None],
        owner: Owner,
        purpose: Purpose,
        may_wake: bool,
        wanted: tuple[S, ...],
    ) -> Outcome[S]:
        async with self._lock:
            if not knows_schedules(self._blocks):
                return await self._async_change_old(kind, wanted, purpose, may_wake)
            todo = decide(self.present(kind))
            if todo is not None and not todo:
                return Outcome(todo, is_verified=True)
            await self._account.commander.async_check(self._vin, purpose)
            await self._worker.async_wake(purpose, may_wake=may_wake)
            if todo is None or not self._is_fresh or self._is_unsure(kind):
                await self._async_read(purpose)
                todo = decide(self.present(kind))
            if todo is None:
                raise SchedulesUnknownError
            if not todo:
                return Outcome(todo, is_verified=True)
            self._check_room(kind, todo)
            self._ours.note(kind, (one.id or 0 for one in todo.add), owner)
            # On the disk before it is in the car: a schedule that nobody knows to be ours would stay there for ever.
            await self._memory.async_save()
            commands = (*(kind.add(one) for one in todo.add), *(kind.remove(one) for one in todo.remove))
            is_verified = await self._async_send(
                kind.block, commands, purpose, lambda: decide(self.present(kind))
            )
            if is_verified:
                self._forget(kind, todo.remove)
            return Outcome(todo, is_verified)

    async def _async_change_old[S: (ChargeSchedule | PreconditionSchedule)](
        self, kind: Kind[S], wanted: tuple[S, ...], purpose: Purpose, may_wake: bool
    ) -> Outcome[S]:
        """Do the same for software that has one time only, as far as that can express it."""

        def _commands() -> tuple[Command, ...]:
            return kind.old(wanted, self._blocks, self._old.get(kind.name))

        if not _commands():
            return Outcome(Changes(kept=wanted), is_verified=True)
        if self._scout.data.is_home is not True or not all(map(self.is_at_home, wanted)):
            raise NotAtHomeError
        await self._account.commander.async_check(self._vin, purpose)
        await self._worker.async_wake(purpose, may_wake=may_wake)
        if not self._is_fresh:
            await self._async_read(purpose)
        if not (commands := _commands()):
            return Outcome(Changes(kept=wanted), is_verified=True)
        on = [one for one in wanted if one.enabled]
        if on:
            self._old[kind.name] = (on[0].start or 0) if isinstance(on[0], ChargeSchedule) else on[0].at
            await self._memory.async_save()
        is_verified = await self._async_send(
            "charge_state", commands, purpose, lambda: Changes(add=wanted) if _commands() else None
        )
        return Outcome(Changes(add=tuple(on)), is_verified)

    async def _async_send(
        self,
        block: str,
        commands: Iterable[Command],
        purpose: Purpose,
        left: Callable[[], Changes[Any] | None],
    ) -> bool:
        """Send commands, then read once. block: of that read, which tells. Return whether the car told that nothing is left to do.

        Raises FleetError of a command; SchedulesNotTakenError where the car told that something is left.
        """
        unknown: OutcomeUnknownError | None = None
        for command in commands:
            try:
                await self._account.commander.async_send(self._vin, command, purpose)
            except OutcomeUnknownError as err:
                # The read tells; to send it again would be a guess.
                unknown = err
                break
            except FleetError as err:
                if err.status is not None:
                    await self._worker.async_after_command(command.name)
                raise
        before = self._blocks.get(block)
        try:
            await self._async_read(purpose)
        except FleetError:
            if unknown:
                raise unknown from None
        if self._blocks.get(block) is before:
            self._unseen[block] = before
            await self._worker.async_after_command(block)
            if unknown:
                raise unknown
            return False
        if left():
            raise unknown or SchedulesNotTakenError
        return True

    async def _async_read(self, purpose: Purpose) -> None:
        """Read the car: one billed request. Raises FleetError."""
        if purpose is Purpose.REQUESTED:
            await self._worker.async_run()
            return
        before = self._worker.data.vehicle_data
        self._worker.async_raise(Cause.COMMAND)
        await self._worker.async_refresh()
        if self._worker.data.vehicle_data is before:
            raise SchedulesUnknownError

    def _to_set[S: (ChargeSchedule | PreconditionSchedule)](
        self, kind: Kind[S], wanted: tuple[S, ...], known: tuple[S, ...] | None, owner: Owner
    ) -> Changes[S] | None:
        if known is None:
            return None
        mine = self._ours.ids(kind, owner)
        return changes(wanted, known, mine, first_id=self._ours.first_free(kind, _now()))

    def _check_room(self, kind: Kind[Any], todo: Changes[Any]) -> None:
        most = most_schedules(self._blocks, kind.block, kind.most)
        new = len(todo.add) - len(todo.replaced)
        if most is not None and new > 0 and len(self.present(kind) or ()) + new > most:
            raise TooManySchedulesError

    def _forget(self, kind: Kind[Any], ids: Iterable[int]) -> None:
        self._ours.forget(kind, ids)
        self._memory.save_soon()

    @property
    def _blocks(self) -> Blocks:
        return self._worker.data.vehicle_data.blocks

    def _is_unsure(self, kind: Kind[Any]) -> bool:
        """Return whether a schedule was sent that no read has shown or denied: a kill, or a failure, came in between.

        Ids of schedules that were made here are the Unix second, or later. It would be sent once more.
        """
        there = {one.id for one in self.present(kind) or ()}
        read_at = self._worker.data.vehicle_data.read_at or 0.0
        return any(its_id >= read_at and its_id not in there for its_id in self._ours.ids(kind))

    @property
    def _is_fresh(self) -> bool:
        read_at = self._worker.data.vehicle_data.read_at
        return read_at is not None and 0 <= _now() - read_at < _FRESH_FOR

    def _describe(self) -> dict[str, Any]:
        return {**self._ours.described(), "old": self._old}


def _now() -> float:
    return dt_util.utcnow().timestamp()
