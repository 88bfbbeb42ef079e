"""What one loaded config entry holds at run time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .account import AccountCoordinator
    from .budget import Budget
    from .garage import Garage
    from .memory import Memory
    from .planning.keeper import PlanKeeper
    from .schedule_keeper import ScheduleKeeper
    from .scout.coordinator import ScoutCoordinator
    from .token_sharing import Handouts
    from .worker.coordinator import WorkerCoordinator


@dataclass(frozen=True, slots=True)
class Car:
    """A car that is looked after."""

    vin: str
    name: str
    scout: ScoutCoordinator
    worker: WorkerCoordinator
    schedules: ScheduleKeeper
    plans: PlanKeeper


@dataclass(frozen=True, slots=True)
class RuntimeData:
    """The coordinators and stores of an account."""

    account: AccountCoordinator
    budget: Budget
    memory: Memory
    handouts: Handouts
    garage: Garage

    @property
    def cars(self) -> dict[str, Car]:
        """Return the cars that are looked after now, by VIN."""
        return self.garage.cars


type ScoutWorkerConfigEntry = ConfigEntry[RuntimeData]
