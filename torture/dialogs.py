"""Filling in the integration's dialogs, whatever they begin with."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

# A dialog of more steps than this goes round in circles.
_MOST_STEPS: Final = 8


async def async_sign_in(hass: HomeAssistant, domain: str, typed: Mapping[str, str]) -> str | None:
    """Sign in as the owner would: where it was asked for, else for the entry, else for a new one.

    typed: values by the name of the field. Returns None, or what the dialog said was wrong.
    """
    flows = hass.config_entries.flow
    asked = flows.async_progress_by_handler(domain, match_context={"source": SOURCE_REAUTH})
    entries = hass.config_entries.async_entries(domain)
    if asked:
        result = await flows.async_configure(asked[0]["flow_id"])
    elif entries:
        result = await async_begin_reconfigure(hass, domain, entries[0].entry_id)
    else:
        result = await flows.async_init(domain, context={"source": SOURCE_USER})
    return await _async_fill_in(hass, result, typed)


async def async_begin_reconfigure(hass: HomeAssistant, domain: str, entry_id: str) -> ConfigFlowResult:
    """Open the dialog that changes an entry."""
    context: Any = {"source": SOURCE_RECONFIGURE, "entry_id": entry_id}
    return await hass.config_entries.flow.async_init(domain, context=context)


async def async_submit(
    hass: HomeAssistant, result: ConfigFlowResult, typed: Mapping[str, str]
) -> ConfigFlowResult:
    """Take one step: choose to paste a token, or fill in the form."""
    if result["type"] is FlowResultType.MENU:
        menu: Any = result["menu_options"]
        options = [str(option) for option in menu]
        choice = next((option for option in options if "paste" in option), options[-1])
        answer: dict[str, Any] = {"next_step_id": choice}
    else:
        schema = result["data_schema"]
        answer = _filled_in(schema.schema, typed) if schema else {}
    return await hass.config_entries.flow.async_configure(result["flow_id"], answer)


async def _async_fill_in(
    hass: HomeAssistant, result: ConfigFlowResult, typed: Mapping[str, str]
) -> str | None:
    is_answer = False
    for _ in range(_MOST_STEPS):
        if result["type"] is FlowResultType.CREATE_ENTRY:
            return None
        if result["type"] is FlowResultType.ABORT:
            reason = result["reason"]
            return None if reason.endswith("_successful") else reason
        # A form may begin with what is wrong, to say why it is shown.
        if is_answer and (errors := result.get("errors")):
            return ", ".join(f"{key}: {error}" for key, error in errors.items())
        is_answer = result["type"] is FlowResultType.FORM
        result = await async_submit(hass, result, typed)
    return f"still at {result.get('step_id')}"


def _filled_in(schema: Mapping[Any, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for key, field in schema.items():
        if isinstance(field, section):
            answer[str(key)] = _filled_in(field.schema.schema, typed)
        elif str(key) in typed:
            answer[str(key)] = typed[str(key)]
    return answer
