"""Tesla Scout & Worker: notices cheaply when a car comes home, then reads it once."""

import asyncio

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .account import AccountCoordinator, async_forget_account, update_issue
from .budget import FLOW_LEDGERS, Budget
from .const import CONF_VEHICLES, DOMAIN, PLATFORMS
from .data import Car, RuntimeData, ScoutWorkerConfigEntry
from .entity import account_device_info
from .fleet.errors import FleetError, SignInRequiredError
from .fleet.models import CloudState, Vehicle
from .memory import Memory
from .scout.coordinator import ScoutCoordinator
from .services import async_setup_services
from .settings import Options
from .worker.coordinator import WorkerCoordinator
from .worker.triggers import Cause

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> bool:
    """Set up an account: one unbilled request, whatever the number of cars."""
    options = Options.from_options(entry.options)
    budget = await _async_load_budget(hass, entry, options)
    memory = Memory(hass, entry.entry_id)
    await memory.async_load()

    account = AccountCoordinator(hass, entry, budget)
    await account.async_bind()
    vehicles = await _async_vehicles(hass, entry, account, memory, options)

    cars = {
        vehicle.vin: _car(hass, entry, account, memory, vehicle, options)
        for vehicle in vehicles
        if options.watches(vehicle.vin)
    }
    entry.runtime_data = RuntimeData(account, budget, memory, cars)
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **account_device_info(entry))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await _async_start(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> bool:
    """Unload an account; what would have been written in a moment is written now."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await asyncio.gather(entry.runtime_data.budget.async_save(), entry.runtime_data.memory.async_save())
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Delete what an account left on the disk."""
    await async_forget_account(hass, entry)
    await Budget(hass, entry.entry_id, 0).async_remove()
    await Memory(hass, entry.entry_id).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a device be deleted whose car is no longer looked after."""
    options = Options.from_options(entry.options)
    kept = {entry.unique_id, *filter(options.watches, entry.data.get(CONF_VEHICLES, {}))}
    return not any(domain == DOMAIN and name in kept for domain, name in device.identifiers)


async def _async_load_budget(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, options: Options) -> Budget:
    budget = Budget(hass, entry.entry_id, options.monthly_budget)
    await budget.async_load()
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
    except SignInRequiredError as err:
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=err.code) from err
    except FleetError as err:
        watched = list(filter(options.watches, known))
        if not watched or not all(map(memory.has, watched)):
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN,
                translation_key="not_ready",
                translation_placeholders={"reason": str(err)},
            ) from err
        return [Vehicle(vin, name, CloudState.UNKNOWN) for vin, name in known.items()]
    names = {vin: vehicle.name for vin, vehicle in listed.items()}
    if names != known:
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_VEHICLES: names})
    return list(listed.values())


def _car(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    account: AccountCoordinator,
    memory: Memory,
    vehicle: Vehicle,
    options: Options,
) -> Car:
    worker = WorkerCoordinator(hass, entry, account, memory, vehicle)
    scout = ScoutCoordinator(hass, entry, account, memory, vehicle, options, worker)
    if vehicle.state is not CloudState.UNKNOWN:
        scout.async_seed(vehicle)
    if worker.data.vehicle_data.read_at is None:
        worker.async_raise(Cause.FIRST_LOOK)
    return Car(vehicle.vin, vehicle.name, scout, worker)


async def _async_start(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Start looking. The coordinators run for what they do, not only for entities that may all be disabled."""
    runtime = entry.runtime_data
    for coordinator in (
        runtime.account,
        *(car.worker for car in runtime.cars.values()),
        *(car.scout for car in runtime.cars.values()),
    ):
        entry.async_on_unload(coordinator.async_add_listener(_keep_running))
    entry.async_on_unload(runtime.budget.async_add_listener(runtime.account.async_update_listeners))
    # Whether it still is refused, each scout finds out anew.
    update_issue(hass, entry, "location_refused", is_present=False)
    for car in runtime.cars.values():
        await car.scout.async_tell_pending()
        entry.async_on_unload(car.scout.async_follow_zone())
        entry.async_create_background_task(hass, car.scout.async_refresh(), f"first look at {car.name}")


def _keep_running() -> None:
    """Do nothing: that somebody listens is what keeps a coordinator's timer."""
