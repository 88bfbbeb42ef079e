"""What a stranger needs to answer a report, and nothing that tells who the owner is or where his cars are.

Nothing is passed on as it is found: each figure is named here. Cars are `car 1`, `car 2`, zones other than home `zone 1`.
It asks nothing of Tesla.
"""

from collections.abc import Iterable, Mapping
from importlib import metadata
import platform
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import __version__ as home_assistant_version
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration
from packaging.requirements import Requirement

from .const import CONF_AUTH_IMPLEMENTATION, CONF_VEHICLES, DEFAULT_HOME_ZONE, DOMAIN
from .data import Car, ScoutWorkerConfigEntry
from .diagnostics_account import account_told, money_told, options_told, requests_told, token_told
from .diagnostics_car import car_told
from .issues import car_id
from .redaction import Scrubber, aliases
from .settings import Options

_HOME: Final = "home"


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> dict[str, Any]:
    """Return what is known of an account and its cars, also of one that could not be set up."""
    return await _async_told(hass, entry, _cars(entry))


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return what is known of a car and its account; the account's own device stands for all its cars."""
    names = {name for domain, name in device.identifiers if domain == DOMAIN}
    cars = _cars(entry)
    chosen = cars if entry.unique_id in names else {vin: car for vin, car in cars.items() if vin in names}
    return await _async_told(hass, entry, chosen)


async def _async_told(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, cars: Mapping[str, Car]
) -> dict[str, Any]:
    options = Options.from_options(entry.options)
    numbered = aliases(
        dict.fromkeys((*entry.data.get(CONF_VEHICLES, {}), *_cars(entry), *options.eyes)), "car"
    )
    zones = aliases((zone for zone in options.home_zones if zone != DEFAULT_HOME_ZONE), "zone")
    zones[DEFAULT_HOME_ZONE] = _HOME
    told = {
        "versions": await _async_versions(hass),
        "entry": _entry_told(entry),
        "options": options_told(entry, options, numbered),
        "repairs": _repairs_told(hass, entry, numbered),
        "account": account_told(entry),
        "token": token_told(hass, entry),
        "money": money_told(hass, entry),
        "requests": requests_told(hass, entry, numbered),
        "cars": {numbered[vin]: car_told(entry, car, zones) for vin, car in cars.items()},
    }
    # Under all that: what no code put there on purpose.
    return dict(Scrubber({**numbered, **zones, entry.unique_id or "": "account"}).scrub(told))


@callback
def _cars(entry: ScoutWorkerConfigEntry) -> Mapping[str, Car]:
    return entry.runtime_data.cars if entry.state is ConfigEntryState.LOADED else {}


async def _async_versions(hass: HomeAssistant) -> dict[str, Any]:
    integration = await async_get_integration(hass, DOMAIN)
    libraries = [Requirement(text).name for text in integration.requirements]
    return {
        "integration": str(integration.version),
        "home_assistant": home_assistant_version,
        "python": platform.python_version(),
        "libraries": await hass.async_add_executor_job(_installed, libraries),
    }


def _installed(libraries: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in libraries:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _entry_told(entry: ScoutWorkerConfigEntry) -> dict[str, Any]:
    return {
        "state": entry.state.value,
        "problem": entry.error_reason_translation_key,
        "disabled_by": entry.disabled_by,
        "version": f"{entry.version}.{entry.minor_version}",
        "signed_in": "browser" if CONF_AUTH_IMPLEMENTATION in entry.data else "pasted_token",
        "cars_known": len(entry.data.get(CONF_VEHICLES, {})),
        "created_at": entry.created_at.isoformat(),
        "changed_at": entry.modified_at.isoformat(),
    }


@callback
def _repairs_told(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, numbered: Mapping[str, str]
) -> list[dict[str, Any]]:
    hashed = {car_id(entry, vin): number for vin, number in numbered.items()}
    return [
        {
            "kind": issue.translation_key,
            "about": hashed.get(str((issue.data or {}).get("about"))),
            "since": issue.created.isoformat(),
            "ignored": issue.dismissed_version is not None,
        }
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active and issue_id.endswith(f"_{entry.entry_id}")
    ]
