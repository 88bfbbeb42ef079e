"""The cars that are looked after: those of the set-up, those that come to the account later, without those that leave it."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
import logging
import time
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from .account import AccountCoordinator
from .const import CONF_VEHICLES, DOMAIN
from .data import Car, ScoutWorkerConfigEntry
from .fleet.metering import Purpose
from .fleet.models import CloudState, Vehicle
from .issues import car_id
from .memory import Memory
from .planning.keeper import PlanKeeper
from .schedule_keeper import ScheduleKeeper
from .scout.coordinator import ScoutCoordinator
from .scout.eye_watch import Eyes, own_entities
from .settings import Options
from .worker.coordinator import WorkerCoordinator
from .worker.triggers import Cause

_LOGGER = logging.getLogger(__name__)

_ROOM: Final = "list"
# A list that lacked a car longer ago than this says nothing any more (seconds).
_FORGOTTEN_AFTER: Final = 129_600.0

type Follower = Callable[[Car], None]


class Garage:
    """The cars of one account, from its set-up to its unloading."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ScoutWorkerConfigEntry,
        account: AccountCoordinator,
        memory: Memory,
        options: Options,
    ) -> None:
        """Initialize, with no car yet."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._memory = memory
        self._options = options
        self._followers: list[Follower] = []
        self._releases: dict[str, list[CALLBACK_TYPE]] = {}
        self._is_open = False
        self.cars: dict[str, Car] = {}

    # --- cars that come ---------------------------------------------------------------------------

    @callback
    def async_take_in(self, vehicle: Vehicle) -> Car:
        """Make what looks after a car, with what is remembered of it. Asks nothing of Tesla."""
        worker = WorkerCoordinator(
            self._hass, self._entry, self._account, self._memory, vehicle, self._options.worker
        )
        scout = ScoutCoordinator(
            self._hass, self._entry, self._account, self._memory, vehicle, self._options, worker
        )
        if vehicle.state is not CloudState.UNKNOWN:
            scout.async_seed(vehicle)
        if worker.data.vehicle_data.read_at is None:
            worker.async_raise(Cause.FIRST_LOOK)
        kept = (self._hass, self._entry, self._account, self._memory, vehicle.vin, scout, worker)
        schedules = ScheduleKeeper(*kept)
        car = Car(vehicle.vin, vehicle.name, scout, worker, schedules, PlanKeeper(*kept, schedules))
        self._memory.register(vehicle.vin, _ROOM, partial(self._describe, vehicle.vin))
        self.cars[vehicle.vin] = car
        return car

    @callback
    def async_remember_lacking(self, vins: Mapping[str, Any]) -> None:
        """Go on counting for how long the list lacks a car, where an earlier run began to."""
        for vin in vins:
            stored = self._memory.recall(vin, _ROOM)
            since, at = stored.get("lacking_since"), stored.get("lacking_at")
            # What nobody watched is no proof: Home Assistant may have been off for weeks.
            is_recent = isinstance(at, int | float) and time.time() - at < _FORGOTTEN_AFTER
            if isinstance(since, int | float) and is_recent:
                self._account.car_list.lacking_since[vin] = float(since)

    @callback
    def async_for_each(self, follower: Follower) -> None:
        """Call for each car that is there, and for each that comes, until the account is unloaded."""
        self._followers.append(follower)
        for car in self.cars.values():
            follower(car)

    async def async_open(self) -> None:
        """Start looking after all cars, and take in those that come from now on."""
        for car in tuple(self.cars.values()):
            await self._async_start(car)
        self._is_open = True
        for release in (
            self._account.async_add_listener(self._async_ticked),
            self._account.car_list.async_add_listener(self._async_listed),
            self._async_release_all,
        ):
            self._entry.async_on_unload(release)

    async def _async_start(self, car: Car) -> None:
        """Start looking. The coordinators run for what they do, not only for entities that may all be disabled."""
        releases = self._releases.setdefault(car.vin, [])
        releases += (coordinator.async_add_listener(_keep_running) for coordinator in (car.worker, car.scout))
        car.worker.async_open()
        await car.scout.async_tell_pending()
        await car.worker.async_tell_happened()
        releases += (
            car.scout.async_follow_zone(),
            car.plans.async_start(),
            self._open_eyes(car),
            car.worker.waker.close,
        )
        self._entry.async_create_background_task(
            self._hass, car.scout.async_refresh(), f"first look at {car.name}"
        )

    def _open_eyes(self, car: Car) -> CALLBACK_TYPE:
        """Let the owner's entities tell the scout what they see; the release comes back."""
        car.scout.eyes = Eyes(
            self._hass,
            self._options.eyes.get(car.vin, {}),
            self._options.home_zones,
            own=partial(own_entities, self._hass, self._entry.entry_id, car.vin),
            on_glimpse=car.scout.async_glimpse,
            on_answer=car.scout.async_answered,
        )
        return car.scout.eyes.async_start()

    # --- cars that go -----------------------------------------------------------------------------

    @callback
    def async_shut(self, *, is_shut: bool) -> None:
        """Leave what a look still brings for the next set-up to see: it has no listener any more."""
        self._is_open = not is_shut
        for car in self.cars.values():
            car.scout.is_closed = is_shut
            car.worker.is_open = not is_shut

    def may_go(self, vin: str) -> bool:
        """Return whether a car's device may be deleted: it is not looked after, or the last list lacks it."""
        return vin not in self.cars or self._account.car_list.is_lacking(vin)

    async def async_let_go(self, vin: str) -> None:
        """Forget a car: what looked after it, what was known of it, its repairs, and that it was on the account.

        What it cost stays in the ledger: that money is spent.
        """
        car = self.cars.pop(vin, None)
        if car is not None:
            car.scout.is_closed = True
            self._release(vin)
            await car.scout.async_shutdown()
            await car.worker.async_shutdown()
        for domain, issue_id in tuple(ir.async_get(self._hass).issues):
            if domain == DOMAIN and issue_id.endswith(f"_{car_id(self._entry, vin)}_{self._entry.entry_id}"):
                ir.async_delete_issue(self._hass, domain, issue_id)
        data, options = self._entry.data, self._entry.options
        if self._account.car_list.is_lacking(vin):
            names = {known: name for known, name in data.get(CONF_VEHICLES, {}).items() if known != vin}
            self._hass.config_entries.async_update_entry(
                self._entry, data={**data, CONF_VEHICLES: names}, options=_without(options, vin)
            )
        self._memory.forget(vin)
        await self._memory.async_save()

    @callback
    def _async_listed(self) -> None:
        """Take in who is new on the list, and let go who is gone for good."""
        if not self._is_open:
            return
        listed, known = self._account.car_list.vehicles, self._entry.data.get(CONF_VEHICLES, {})
        names = known | {vin: vehicle.name for vin, vehicle in listed.items()}
        if names != known:
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_VEHICLES: names}
            )
        for vin, vehicle in listed.items():
            if vin not in self.cars and self._options.watches(vin):
                self._in_background(self._async_welcome(vehicle))
        for vin in filter(self._account.car_list.is_gone, tuple(self.cars)):
            self._in_background(self._async_part(vin))

    @callback
    def _async_ticked(self) -> None:
        """Ask for the list where no car is looked at any more, and so nobody asks: once a day, not billed."""
        if self._is_open and not self.cars:
            self._in_background(self._account.car_list.async_ask_if_due(Purpose.SCOUT))

    async def _async_welcome(self, vehicle: Vehicle) -> None:
        _LOGGER.info("A car came to the account: %s", vehicle.name)
        car = self.async_take_in(vehicle)
        for follower in self._followers:
            follower(car)
        await self._async_start(car)

    async def _async_part(self, vin: str) -> None:
        _LOGGER.warning("%s is not on the account any more: it goes, with its device", self.cars[vin].name)
        await self.async_let_go(vin)
        devices = dr.async_get(self._hass)
        if device := devices.async_get_device_by_identifier((DOMAIN, vin), self._entry.entry_id):
            devices.async_remove_device(device.id)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._entry.async_create_background_task(self._hass, work, "a car comes or goes")

    def _describe(self, vin: str) -> dict[str, Any]:
        car_list = self._account.car_list
        return {"lacking_since": car_list.lacking_since.get(vin), "lacking_at": car_list.listed_at}

    @callback
    def _async_release_all(self) -> None:
        for vin in tuple(self._releases):
            self._release(vin)

    def _release(self, vin: str) -> None:
        for release in self._releases.pop(vin, ()):
            release()


def _without(options: Any, vin: str) -> Any:
    """Return options in which a car does not occur."""
    if isinstance(options, Mapping):
        return {key: _without(value, vin) for key, value in options.items() if key != vin}
    if isinstance(options, list):
        return [_without(item, vin) for item in options if item != vin]
    return options


def _keep_running() -> None:
    """Do nothing: that somebody listens is what keeps a coordinator's timer."""
