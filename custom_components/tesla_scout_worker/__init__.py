"""Tesla Scout & Worker: notices cheaply when a car comes home, then reads it once."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .account import AccountCoordinator, async_forget_account
from .budget import FLOW_LEDGERS, Budget, async_budget_for, async_forget_budget
from .commanding import Commander
from .const import CONF_VEHICLES, DOMAIN, PLATFORMS
from .data import Car, RuntimeData, ScoutWorkerConfigEntry
from .entity import account_device_info
from .fleet.errors import FleetError, SignInRequiredError
from .fleet.models import CloudState, Vehicle
from .http import async_setup_view
from .memory import Memory
from .planning.keeper import PlanKeeper
from .problems import for_set_up
from .schedule_keeper import ScheduleKeeper
from .scout.coordinator import ScoutCoordinator
from .scout.eye_watch import Eyes, async_follow_renames, own_entities
from .scout.refusals import async_forget_refusals
from .services import async_setup_services
from .services_plan import async_setup_plan_services
from .services_schedules import async_setup_schedule_services
from .settings import Options
from .token_journal import async_sweep_drafts
from .token_sharing import async_forget_handouts, async_handouts_for
from .virtual_key import async_forget_virtual_key, async_setup_virtual_key
from .worker.coordinator import WorkerCoordinator
from .worker.triggers import Cause

_LOGGER = logging.getLogger(__name__)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions, the address for other programs, and the app's public key if it is to be shown."""
    async_setup_services(hass)
    async_setup_schedule_services(hass)
    async_setup_plan_services(hass)
    async_setup_view(hass)
    await async_setup_virtual_key(hass)
    await async_sweep_drafts(hass)
    async_follow_renames(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> bool:
    """Set up an account: one unbilled request, whatever the number of cars."""
    options = Options.from_options(entry.options)
    budget = await _async_load_budget(hass, entry, options)
    memory = Memory(hass, entry.entry_id)
    await memory.async_load()

    account = AccountCoordinator(hass, entry, budget)
    account.commander = Commander(hass, entry, account)
    entry.async_on_unload(account.commander.async_close)
    await account.async_bind()
    vehicles = await _async_vehicles(hass, entry, account, memory, options)

    cars = {
        vehicle.vin: _car(hass, entry, account, memory, vehicle, options)
        for vehicle in vehicles
        if options.watches(vehicle.vin)
    }
    handouts = await async_handouts_for(hass, entry.entry_id)
    entry.runtime_data = RuntimeData(account, budget, memory, handouts, cars)
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **account_device_info(entry))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await _async_start(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> bool:
    """Unload an account; what would have been written in a moment is written now."""
    runtime = entry.runtime_data
    for car in runtime.cars.values():
        # What a look still brings has no listener any more: it is left for the next set-up to see.
        car.scout.is_closed = True
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    for car in runtime.cars.values():
        car.scout.is_closed = unloaded
    if unloaded:
        await asyncio.gather(
            runtime.budget.async_save(), runtime.memory.async_close(), runtime.handouts.async_save()
        )
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Delete what an account left on the disk."""
    await async_forget_account(hass, entry)
    await async_forget_budget(hass, entry.entry_id)
    await async_forget_handouts(hass, entry.entry_id)
    await Memory(hass, entry.entry_id).async_remove()
    if not hass.config_entries.async_entries(DOMAIN):
        await async_forget_virtual_key(hass)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a device be deleted whose car is no longer looked after."""
    options = Options.from_options(entry.options)
    kept = {entry.unique_id, *filter(options.watches, entry.data.get(CONF_VEHICLES, {}))}
    return not any(domain == DOMAIN and name in kept for domain, name in device.identifiers)


async def _async_load_budget(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, options: Options) -> Budget:
    budget = await async_budget_for(hass, entry.entry_id, options.monthly_budget, options.prices)
    asked_by_flow = hass.data.get(FLOW_LEDGERS, {}).pop(entry.unique_id or "", None)
    if asked_by_flow:
        budget.adopt(asked_by_flow)
    return budget


async def _async_vehicles(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    account: AccountCoordinator,
    memory: Memory,
    options: Options,
) -> list[Vehicle]:
    """Return the account's cars. With Tesla out of reach, the known ones as they were left."""
    known: dict[str, str] = entry.data.get(CONF_VEHICLES, {})
    try:
        listed = await account.async_list_vehicles()
    except FleetError as err:
        watched = list(filter(options.watches, known))
        if isinstance(err, SignInRequiredError) or not watched or not all(map(memory.has, watched)):
            raise for_set_up(err) from err
        listed = {}
    else:
        # One list that lacks a car is no proof that the car is gone, and nobody would watch it: it stays.
        if lacking := len(known.keys() - listed.keys()):
            _LOGGER.warning("Tesla's list lacks %s of %s known cars; they stay set up", lacking, len(known))
        names = known | {vin: vehicle.name for vin, vehicle in listed.items()}
        if names != known:
            hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_VEHICLES: names})
    unseen = {vin: Vehicle(vin, name, CloudState.UNKNOWN) for vin, name in known.items()}
    return list((unseen | listed).values())


def _car(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    account: AccountCoordinator,
    memory: Memory,
    vehicle: Vehicle,
    options: Options,
) -> Car:
    worker = WorkerCoordinator(hass, entry, account, memory, vehicle, options.worker)
    scout = ScoutCoordinator(hass, entry, account, memory, vehicle, options, worker)
    if vehicle.state is not CloudState.UNKNOWN:
        scout.async_seed(vehicle)
    if worker.data.vehicle_data.read_at is None:
        worker.async_raise(Cause.FIRST_LOOK)
    schedules = ScheduleKeeper(hass, entry, account, memory, vehicle.vin, scout, worker)
    plans = PlanKeeper(hass, entry, account, memory, vehicle.vin, scout, worker, schedules)
    return Car(vehicle.vin, vehicle.name, scout, worker, schedules, plans)


async def _async_start(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Start looking. The coordinators run for what they do, not only for entities that may all be disabled."""
    runtime = entry.runtime_data
    for coordinator in (
        runtime.account,
        *(car.worker for car in runtime.cars.values()),
        *(car.scout for car in runtime.cars.values()),
    ):
        entry.async_on_unload(coordinator.async_add_listener(_keep_running))
    entry.async_on_unload(runtime.budget.async_follow_calendar())
    async_forget_refusals(hass, entry)
    for car in runtime.cars.values():
        await car.scout.async_tell_pending()
        await car.worker.async_tell_happened()
        entry.async_on_unload(car.scout.async_follow_zone())
        entry.async_on_unload(car.plans.async_start())
        entry.async_on_unload(_open_eyes(hass, entry, car))
        entry.async_create_background_task(hass, car.scout.async_refresh(), f"first look at {car.name}")


def _open_eyes(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car) -> Callable[[], None]:
    """Let the owner's entities tell the scout what they see; the release comes back."""
    options = Options.from_options(entry.options)
    car.scout.eyes = Eyes(
        hass,
        options.eyes.get(car.vin, {}),
        options.home_zones,
        own=partial(own_entities, hass, entry.entry_id, car.vin),
        on_glimpse=car.scout.async_glimpse,
        on_answer=car.scout.async_answered,
    )
    return car.scout.eyes.async_start()


def _keep_running() -> None:
    """Do nothing: that somebody listens is what keeps a coordinator's timer."""
