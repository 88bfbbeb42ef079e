"""The triggers on the page of a device, where many look for them first: the same ones, for that device."""

from typing import Any, Final

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.const import (
    CONF_DEVICE_ID,
    CONF_DOMAIN,
    CONF_OPTIONS,
    CONF_PLATFORM,
    CONF_TARGET,
    CONF_TYPE,
)
from homeassistant.core import CALLBACK_TYPE, Context, HassJob, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import TriggerActionType, TriggerConfig, TriggerInfo
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .const import DOMAIN
from .trigger import TRIGGERS

_DEVICE: Final = "device"

TRIGGER_SCHEMA: Final = DEVICE_TRIGGER_BASE_SCHEMA.extend({vol.Required(CONF_TYPE): vol.In(TRIGGERS)})


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, Any]]:
    """Return the triggers of a device: a car has others than the account."""
    entries = er.async_entries_for_device(er.async_get(hass), device_id)
    told = {entry.translation_key for entry in entries if entry.platform == DOMAIN}
    return [
        {CONF_PLATFORM: _DEVICE, CONF_DOMAIN: DOMAIN, CONF_DEVICE_ID: device_id, CONF_TYPE: name}
        for name, trigger in TRIGGERS.items()
        if trigger.about in told
    ]


async def async_attach_trigger(
    hass: HomeAssistant, config: ConfigType, action: TriggerActionType, trigger_info: TriggerInfo
) -> CALLBACK_TYPE:
    """Attach the trigger that is meant to a device."""
    kind = TRIGGERS[config[CONF_TYPE]]
    meant = await kind.async_validate_config(
        hass, {CONF_TARGET: {CONF_DEVICE_ID: config[CONF_DEVICE_ID]}, CONF_OPTIONS: {}}
    )
    trigger = kind(
        hass, TriggerConfig(key=config[CONF_TYPE], target=meant[CONF_TARGET], options=meant[CONF_OPTIONS])
    )

    job = HassJob(action)

    async def _act(run_variables: dict[str, Any], context: Context | None = None) -> Any:
        running = hass.async_run_hass_job(job, run_variables, context)
        return None if running is None else await running

    def _payload(extra_trigger_payload: dict[str, Any], description: str) -> dict[str, Any]:
        told = {**trigger_info["trigger_data"], **config, "description": description}
        return {"trigger": told | extra_trigger_payload}

    return await trigger.async_attach_action(_act, _payload)
