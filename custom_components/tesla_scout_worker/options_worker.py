"""The options of the worker: the nightly check, and how often a car may be woken."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TimeSelector,
)
import voluptuous as vol

from .const import CONF_WORKER
from .settings import Options
from .worker.wishes import (
    CONF_NIGHTLY_CHECK,
    CONF_NIGHTLY_TIME,
    CONF_NIGHTLY_WAKE,
    CONF_SECOND_WAKE,
    CONF_WAKES_A_DAY,
    MOST_WAKES_A_DAY,
)

_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_NIGHTLY_CHECK): BooleanSelector(),
        vol.Required(CONF_NIGHTLY_TIME): TimeSelector(),
        vol.Required(CONF_NIGHTLY_WAKE): BooleanSelector(),
        vol.Required(CONF_WAKES_A_DAY): NumberSelector(
            NumberSelectorConfig(min=0, max=MOST_WAKES_A_DAY, step=1, mode=NumberSelectorMode.BOX)
        ),
        vol.Required(CONF_SECOND_WAKE): BooleanSelector(),
    }
)


class WorkerSteps(OptionsFlowWithReload):
    """The step of the options that concerns the worker."""

    async def async_step_worker(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, CONF_WORKER: user_input})
        shown = Options.from_options(options).worker.as_options() | options.get(CONF_WORKER, {})
        return self.async_show_form(
            step_id="worker", data_schema=self.add_suggested_values_to_schema(_SCHEMA, shown)
        )
