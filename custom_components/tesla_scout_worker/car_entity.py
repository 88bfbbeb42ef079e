"""What the entities of a full read have in common: they show the last read, and know when the car sleeps since."""

from typing import override

from homeassistant.core import callback

from .data import Car
from .entity import CarEntity
from .fleet.models import CloudState, VehicleData
from .fleet.vehicle_view import VehicleView
from .worker.coordinator import WorkerCoordinator


def view_of(car: Car) -> VehicleView:
    """Return the last read of a car. Each read tells the scout that the car is online, so asleep is news after it.

    "offline" is no proof: a garage without signal is offline too, and the car may well charge there.
    """
    return VehicleView(car.worker.data.vehicle_data, car.scout.data.cloud is CloudState.ASLEEP)


class ReadEntity(CarEntity[WorkerCoordinator]):
    """An entity of a full read: as old as that, also asleep and after a restart; `last_full_read` tells how old."""

    # What was last written: a read, and whether the car sleeps. All else that a worker tells changes nothing here.
    _written: tuple[VehicleData | None, bool] = None, False

    @property
    def _view(self) -> VehicleView:
        return view_of(self._car)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the scout as well: it is the scout who sees the car fall asleep."""
        await super().async_added_to_hass()
        self._written = self._car.worker.data.vehicle_data, self._view.is_asleep
        self.async_on_remove(self._car.scout.async_add_listener(self._handle_coordinator_update))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what a new read tells, and what changes as the car falls asleep or wakes: most looks change nothing."""
        read, is_asleep = self._car.worker.data.vehicle_data, self._view.is_asleep
        if self._written[0] is not read or self._written[1] is not is_asleep:
            self._written = read, is_asleep
            super()._handle_coordinator_update()
