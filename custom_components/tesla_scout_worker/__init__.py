"""Tesla Scout & Worker: notices cheaply when a car comes home, then reads it once."""

import asyncio
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .account import AccountCoordinator, async_forget_account
from .budget import FLOW_LEDGERS, Budget, async_budget_for, async_forget_budget
from .commanding import Commander
from .const import CONF_VEHICLES, DOMAIN, PLATFORMS
from .dashboard import async_setup_dashboard_service
from .data import RuntimeData, ScoutWorkerConfigEntry
from .entity import account_device_info
from .farewell import async_bid_farewell, async_take_back_farewell
from .fleet.errors import FleetError, SignInRequiredError
from .fleet.models import CloudState, Vehicle
from .garage import Garage
from .http import async_setup_view
from .memory import Memory
from .problems import for_set_up
from .scout.eye_watch import async_follow_renames
from .scout.refusals import async_forget_refusals
from .services import async_setup_services
from .services_plan import async_setup_plan_services
from .services_schedules import async_setup_schedule_services
from .settings import Options
from .token_journal import async_sweep_drafts
from .token_sharing import async_forget_handouts, async_handouts_for
from .virtual_key import async_forget_virtual_key, async_setup_virtual_key

_LOGGER = logging.getLogger(__name__)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions, the address for other programs, and the app's public key if it is to be shown."""
    async_setup_services(hass)
    async_setup_schedule_services(hass)
    async_setup_plan_services(hass)
    async_setup_dashboard_service(hass)
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
    garage = Garage(hass, entry, account, memory, options)
    garage.async_remember_lacking(entry.data.get(CONF_VEHICLES, {}))
    vehicles = await _async_vehicles(hass, entry, account, memory, options)

    for vehicle in vehicles:
        if options.watches(vehicle.vin):
            garage.async_take_in(vehicle)
    handouts = await async_handouts_for(hass, entry.entry_id)
    entry.runtime_data = RuntimeData(account, budget, memory, handouts, garage)
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **account_device_info(entry))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(budget.async_follow_calendar())
    async_forget_refusals(hass, entry)
    await _async_open(hass, entry, garage)
    async_take_back_farewell(hass, entry)
    return True


async def _async_open(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, garage: Garage) -> None:
    """Begin to look, and to tell: not before automations can hear it. An arrival while they start must open the garage."""
    if hass.state is CoreState.running:
        await garage.async_open()
        return

    async def _started(_: HomeAssistant) -> None:
        await garage.async_open()

    entry.async_on_unload(async_at_started(hass, _started))


async def async_unload_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> bool:
    """Unload an account; what would have been written in a moment is written now."""
    runtime = entry.runtime_data
    runtime.garage.async_shut(is_shut=True)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    runtime.garage.async_shut(is_shut=unloaded)
    if unloaded:
        await asyncio.gather(
            runtime.budget.async_save(), runtime.memory.async_close(), runtime.handouts.async_save()
        )
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Delete what an account left on the disk, and say what only its owner can delete."""
    await async_forget_account(hass, entry)
    await async_forget_budget(hass, entry.entry_id)
    await async_forget_handouts(hass, entry.entry_id)
    await Memory(hass, entry.entry_id).async_remove()
    if not hass.config_entries.async_entries(DOMAIN):
        await async_forget_virtual_key(hass)
    await async_bid_farewell(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a device be deleted whose car is not looked after, or is not on the account any more."""
    names = [name for domain, name in device.identifiers if domain == DOMAIN]
    if entry.state is not ConfigEntryState.LOADED:
        options = Options.from_options(entry.options)
        kept = {entry.unique_id, *filter(options.watches, entry.data.get(CONF_VEHICLES, {}))}
        return kept.isdisjoint(names)
    garage = entry.runtime_data.garage
    if entry.unique_id in names or not all(map(garage.may_go, names)):
        return False
    for vin in names:
        await garage.async_let_go(vin)
    return True


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
