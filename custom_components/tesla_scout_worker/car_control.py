"""What the controls of a car have in common: they send a command, and show what it made until the car is read again."""

from collections.abc import Callable
from typing import Final, override

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .car_entity import ReadEntity, view_of
from .data import Car, ScoutWorkerConfigEntry
from .fleet.command_errors import OutcomeUnknownError
from .fleet.commands import Command
from .fleet.errors import FleetError, VehicleUnavailableError
from .fleet.metering import Purpose
from .problems import for_action

# A read so soon after a command can still show what was before (seconds).
_SETTLES: Final = 5.0


async def async_command(
    entry: ScoutWorkerConfigEntry, car: Car, make: Callable[[], Command], *, may_wake: bool = True
) -> None:
    """Send a command that a person or an automation asked for; a read of the car follows soon.

    It costs what the transport costs (mostly one command), and a wake-up where the car sleeps with its cable in. A car
    that was last seen unplugged is not woken: it can do nothing with most commands, and its owner has a button for that.
    Raises HomeAssistantError with the reason; nothing changed then, or the read will tell what did.
    """
    command = make()
    try:
        await _async_send(entry, car, command, may_wake=may_wake)
    except OutcomeUnknownError as err:
        await car.worker.async_after_command(command.name)
        raise for_action(err) from err
    except FleetError as err:
        raise for_action(err) from err
    await car.worker.async_after_command(command.name)


async def _async_send(entry: ScoutWorkerConfigEntry, car: Car, command: Command, *, may_wake: bool) -> None:
    commander, view = entry.runtime_data.account.commander, view_of(car)
    may_wake = may_wake and view.is_plugged_in is True
    if view.is_asleep:
        # No car is woken for a command that cannot be sent.
        await commander.async_check(car.vin, Purpose.REQUESTED)
        # A command to a sleeping car is billed and does nothing; whether it still sleeps is told for free.
        await car.worker.async_wake(Purpose.REQUESTED, may_wake=may_wake)
    try:
        await commander.async_send(car.vin, command, Purpose.REQUESTED)
    except VehicleUnavailableError:
        if not may_wake:
            raise
        await car.worker.async_wake(Purpose.REQUESTED)
        await commander.async_send(car.vin, command, Purpose.REQUESTED)


class ControlEntity[ValueT](ReadEntity):
    """A control. Tesla's answer says that a command was taken; what came of it the next read says."""

    _made: tuple[ValueT, float] | None = None

    async def _async_command(
        self, make: Callable[[], Command], becomes: ValueT, *, may_wake: bool = True
    ) -> None:
        """Send a command; what it makes is shown at once. Where it fails, what was read stays."""
        await async_command(self._entry, self._car, make, may_wake=may_wake)
        self._made = (becomes, dt_util.utcnow().timestamp())
        self.async_write_ha_state()

    def _shown(self, read: ValueT | None) -> ValueT | None:
        """Return what a command made, until a read that is younger tells."""
        return read if self._made is None else self._made[0]

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        read_at = self._car.worker.data.vehicle_data.read_at
        if self._made is not None and read_at is not None and read_at >= self._made[1] + _SETTLES:
            self._made = None
        super()._handle_coordinator_update()
