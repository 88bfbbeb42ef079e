"""The two kinds of schedules, and what is told of a change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .fleet.commands import (
    Command,
    add_charge_schedule,
    add_precondition_schedule,
    remove_charge_schedule,
    remove_precondition_schedule,
)
from .worker.old_software import departure_commands, start_commands
from .worker.schedules import (
    Changes,
    ChargeSchedule,
    PreconditionSchedule,
    charge_schedules_of,
    precondition_schedules_of,
)

type Blocks = Mapping[str, Mapping[str, Any]]


class Owner(StrEnum):
    """For whom a schedule was made: each changes only its own."""

    ACTION = "action"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Kind[S: (ChargeSchedule | PreconditionSchedule)]:
    """A kind of schedule: how it is read, and by which commands it is changed. block: of a read; most: how many there may be."""

    name: str
    read: Callable[[Blocks], tuple[S, ...] | None]
    add: Callable[[S], Command]
    remove: Callable[[int], Command]
    old: Callable[[Iterable[S], Blocks, int | None], tuple[Command, ...]]
    block: str
    most: str


CHARGE: Final = Kind(
    "charge",
    charge_schedules_of,
    add_charge_schedule,
    remove_charge_schedule,
    start_commands,
    "charge_schedule_data",
    "max_num_charge_schedules",
)
PRECONDITION: Final = Kind(
    "precondition",
    precondition_schedules_of,
    add_precondition_schedule,
    remove_precondition_schedule,
    departure_commands,
    "preconditioning_schedule_data",
    "max_num_precondition_schedules",
)


@dataclass(frozen=True, slots=True)
class Outcome[S: (ChargeSchedule | PreconditionSchedule)]:
    """What was done. is_verified: the car told afterwards that it has what was wanted; False where it could not be asked."""

    changes: Changes[S]
    is_verified: bool
