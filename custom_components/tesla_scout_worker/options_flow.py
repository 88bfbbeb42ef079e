"""What the owner can wish for after the set-up."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import (
    CONF_HOME_ZONE,
    CONF_MONTHLY_BUDGET,
    CONF_PROMPTNESS,
    CONF_SHARE_ACCESS_TOKEN,
    CONF_VEHICLES,
    CONF_WATCHED,
)
from .scout.policy import Promptness
from .settings import Options

_MOST_A_MONTH: Final = 1000


class ScoutWorkerOptionsFlow(OptionsFlowWithReload):
    """Home zone, promptness, cars, budget and other programs; changes take effect at once."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        vehicles: dict[str, str] = self.config_entry.data.get(CONF_VEHICLES, {})
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_WATCHED]:
                return self.async_create_entry(data=_without_defaults(user_input, vehicles))
            errors = {CONF_WATCHED: "no_vehicle_chosen"}
        options = Options.from_options(self.config_entry.options)
        shown = user_input or {
            CONF_HOME_ZONE: options.home_zone,
            CONF_PROMPTNESS: options.promptness,
            CONF_WATCHED: list(filter(options.watches, vehicles)),
            CONF_MONTHLY_BUDGET: options.monthly_budget,
            CONF_SHARE_ACCESS_TOKEN: options.shares_access_token,
        }
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_schema(vehicles), shown),
            errors=errors,
        )


def _schema(vehicles: dict[str, str]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required(CONF_PROMPTNESS): SelectSelector(
                SelectSelectorConfig(
                    options=[wish.value for wish in Promptness],
                    translation_key=CONF_PROMPTNESS,
                    mode=SelectSelectorMode.LIST,
                )
            ),
            vol.Required(CONF_MONTHLY_BUDGET): NumberSelector(
                NumberSelectorConfig(
                    min=0,
                    max=_MOST_A_MONTH,
                    step=0.5,
                    unit_of_measurement="USD",
                    mode=NumberSelectorMode.BOX,
                )
            ),
            vol.Required(CONF_HOME_ZONE): EntitySelector(EntitySelectorConfig(domain="zone")),
            vol.Required(CONF_WATCHED): SelectSelector(
                SelectSelectorConfig(
                    options=[SelectOptionDict(value=vin, label=name) for vin, name in vehicles.items()],
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                )
            ),
            vol.Required(CONF_SHARE_ACCESS_TOKEN): BooleanSelector(),
        }
    )


def _without_defaults(user_input: dict[str, Any], vehicles: dict[str, str]) -> dict[str, Any]:
    """Leave out the choice of all cars, so that a car bought later is looked after too."""
    if set(user_input[CONF_WATCHED]) >= set(vehicles):
        return {key: value for key, value in user_input.items() if key != CONF_WATCHED}
    return user_input
