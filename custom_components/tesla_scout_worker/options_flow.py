"""What the owner can wish for after the set-up."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import (
    CONF_HOME_ZONE,
    CONF_HOME_ZONES,
    CONF_LEARN_HABITS,
    CONF_MONTHLY_BUDGET,
    CONF_PRICES,
    CONF_PROMPTNESS,
    CONF_SHARE_ACCESS_TOKEN,
    CONF_VEHICLES,
    CONF_WATCHED,
)
from .flow_forms import car_picker
from .options_commands import CommandSteps
from .options_eyes import EyesSteps
from .options_prices_source import PriceSteps
from .options_worker import WorkerSteps
from .prices import NAMES, Prices
from .scout.view import Promptness
from .settings import Options

_MOST_A_MONTH: Final = 1000
# What few owners change is in a section of the form; it is kept as if it were not.
CONF_MORE: Final = "more"
_MORE: Final = vol.Schema(
    {
        vol.Required(CONF_LEARN_HABITS): BooleanSelector(),
        vol.Required(CONF_SHARE_ACCESS_TOKEN): BooleanSelector(),
    }
)
_MUST_CHOOSE: Final = {CONF_WATCHED: "no_vehicle_chosen", CONF_HOME_ZONES: "no_zone_chosen"}


class ScoutWorkerOptionsFlow(CommandSteps, EyesSteps, PriceSteps, WorkerSteps):
    """Home zones, promptness, cars, budget and other programs; changes take effect at once."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to change."""
        return self.async_show_menu(menu_options=["settings", "price_source", "eyes", "worker", "commands"])

    async def async_step_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        vehicles: dict[str, str] = self.config_entry.data.get(CONF_VEHICLES, {})
        errors: dict[str, str] = {}
        if user_input is not None:
            must = [key for key in _MUST_CHOOSE if key != CONF_WATCHED or vehicles]
            errors = {key: _MUST_CHOOSE[key] for key in must if not user_input[key]}
            if not errors:
                # What other steps of the menu keep stays.
                own = {*_schema(vehicles).schema, *_MORE.schema, CONF_HOME_ZONE}
                others = {key: value for key, value in self.config_entry.options.items() if key not in own}
                return self.async_create_entry(data=others | _without_defaults(user_input, vehicles))
        options = Options.from_options(self.config_entry.options)
        shown = user_input or {
            CONF_HOME_ZONES: list(options.home_zones),
            CONF_PROMPTNESS: options.promptness,
            CONF_WATCHED: list(filter(options.watches, vehicles)),
            CONF_MONTHLY_BUDGET: options.monthly_budget,
            CONF_PRICES: {name: getattr(options.prices, name) for name in NAMES},
            CONF_MORE: {
                CONF_LEARN_HABITS: options.learns_habits,
                CONF_SHARE_ACCESS_TOKEN: options.shares_access_token,
            },
        }
        return self.async_show_form(
            step_id="settings",
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
            vol.Required(CONF_HOME_ZONES): EntitySelector(EntitySelectorConfig(domain="zone", multiple=True)),
            vol.Required(CONF_WATCHED): car_picker(vehicles),
            vol.Required(CONF_MORE): section(_MORE, {"collapsed": True}),
            vol.Optional(CONF_PRICES): section(
                vol.Schema({vol.Optional(name): _PRICE for name in NAMES}), {"collapsed": True}
            ),
        }
    )


_PRICE: Final = NumberSelector(
    NumberSelectorConfig(
        min=0, max=_MOST_A_MONTH, step="any", unit_of_measurement="USD", mode=NumberSelectorMode.BOX
    )
)


def _without_defaults(user_input: dict[str, Any], vehicles: dict[str, str]) -> dict[str, Any]:
    """Leave out the choice of all cars, so that a car bought later is looked after too, and prices that Tesla sets."""
    kept = {**user_input, **user_input[CONF_MORE]}
    del kept[CONF_MORE]
    if set(kept[CONF_WATCHED]) >= set(vehicles):
        del kept[CONF_WATCHED]
    prices = Prices.from_options(kept.pop(CONF_PRICES, None)).changes()
    return {**kept, CONF_PRICES: prices} if prices else kept
