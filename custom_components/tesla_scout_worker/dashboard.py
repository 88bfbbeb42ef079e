"""A dashboard of the cars with their real entity ids, for an owner to paste."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.json import JsonValueType
from homeassistant.util.yaml import load_yaml_dict
import voluptuous as vol

from .action_cars import cars_of
from .const import DOMAIN
from .data import Car, ScoutWorkerConfigEntry
from .settings import Options

SERVICE_GET_DASHBOARD: Final = "get_dashboard"

_LAYOUT: Final = Path(__file__).with_name("dashboard.yaml")
_SCHEMA: Final = vol.Schema({vol.Optional(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])})

type _Meaning = Callable[[str, str], JsonValueType]
"""What a text of the layout stands for, by what is before its colon and behind it; None for what is not there."""


@callback
def async_setup_dashboard_service(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_GET_DASHBOARD,
        _async_get_dashboard,
        schema=_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_get_dashboard(call: ServiceCall) -> ServiceResponse:
    """Answer a dashboard, one view for each car. Asks nothing of Tesla."""
    hass = call.hass
    layout = await hass.async_add_executor_job(load_yaml_dict, str(_LAYOUT))
    words = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    entries: list[ScoutWorkerConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    views: list[JsonValueType] = []
    for car in cars_of(call):
        entry = next(entry for entry in entries if car.vin in entry.runtime_data.cars)
        views.append(filled(layout, _meaning(hass, entry, car, words)))
    return {"views": views}


def filled(layout: Any, meaning: _Meaning) -> JsonValueType:
    """Return a layout with its names replaced; what has a name for nothing is left out, with the card around it."""
    if isinstance(layout, Mapping):
        card = {str(key): filled(item, meaning) for key, item in layout.items()}
        return None if None in card.values() else card
    if isinstance(layout, list):
        items: list[JsonValueType] = []
        for item in layout:
            found = filled(item, meaning)
            # A name may stand for several.
            items += found if isinstance(found, list) else [] if found is None else [found]
        return items
    if isinstance(layout, str):
        kind, colon, name = layout.partition(":")
        return meaning(kind, name) if colon and kind in {"car", "account", "words"} else str(layout)
    return layout if isinstance(layout, bool | int | float) else None


def _meaning(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, words: Mapping[str, str]
) -> _Meaning:
    options = Options.from_options(entry.options)
    told: dict[tuple[str, str], JsonValueType] = {
        ("car", "name"): car.name,
        ("account", "zones"): list[JsonValueType](options.home_zones),
        # A bar without length shows nothing.
        ("account", "budget"): options.monthly_budget or None,
    }
    owners = {"car": car.vin, "account": entry.unique_id or entry.entry_id}

    def _mean(kind: str, name: str) -> JsonValueType:
        if kind == "words":
            return words[f"component.{DOMAIN}.common.dashboard_{name}"]
        if (kind, name) in told:
            return told[kind, name]
        domain, _, key = name.partition(".")
        return _entity_id(hass, domain, f"{owners[kind]}-{key}")

    return _mean


def _entity_id(hass: HomeAssistant, domain: str, unique_id: str) -> str | None:
    """Return the id that the owner may have changed; None for an entity that is not there or disabled."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(domain, DOMAIN, unique_id)
    item = registry.async_get(entity_id) if entity_id else None
    return entity_id if item and item.disabled_by is None else None
