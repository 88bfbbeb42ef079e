"""The part of the options in which the owner says where the electricity prices come from."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_CURRENCY
from homeassistant.data_entry_flow import section
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
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import CONF_PRICE_SOURCE
from .price_sources import PriceSourceInvalidError, PricesUnavailableError, async_fetch_prices
from .price_sources.known import KNOWN
from .price_sources.schema import (
    CONF_ACTION,
    CONF_ADDEND,
    CONF_AREA,
    CONF_CONFIG_ENTRY,
    CONF_DAY,
    CONF_ENTITIES,
    CONF_FACTOR,
    CONF_GRID_FEES,
    CONF_NIGHT,
    CONF_NIGHT_HOURS,
    CONF_POLISH_HOLIDAYS,
    CONF_PRESET,
    CONF_TARIFF,
    CONF_UNIT,
    CONF_WEEKEND,
    CONF_WINTER_CLOCK,
    MOST,
)
from .worker.tariff import Preset

_ON_TOP: Final = "on_top"
_GRID: Final = "grid_"
_TARIFF: Final = (
    CONF_PRESET,
    CONF_DAY,
    CONF_NIGHT,
    CONF_WEEKEND,
    CONF_NIGHT_HOURS,
    CONF_POLISH_HOLIDAYS,
    CONF_WINTER_CLOCK,
)
_TRIED: Final = 86_400.0


class PriceSteps(OptionsFlowWithReload):
    """Asks from where, then for what that needs, and tries it before it is kept."""

    async def async_step_price_source(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask from where; what is not there is not offered."""
        options = ["price_entity", "price_tariff"]
        if self._loaded():
            options.insert(1, "price_action")
        if CONF_PRICE_SOURCE in self.config_entry.options:
            options.append("price_none")
        return self.async_show_menu(step_id="price_source", menu_options=options)

    async def async_step_price_entity(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take entities that carry prices."""
        fields = {
            vol.Required(CONF_ENTITIES): EntitySelector(
                EntitySelectorConfig(domain=["sensor", "event"], multiple=True)
            ),
            vol.Optional(CONF_UNIT): TextSelector(),
        }
        return await self._async_step("price_entity", fields, user_input)

    async def async_step_price_action(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take an integration whose action answers with prices."""
        loaded = self._loaded()
        labels = [SelectOptionDict(value=entry_id, label=label) for entry_id, (_, label) in loaded.items()]
        fields = {
            vol.Required(CONF_CONFIG_ENTRY): SelectSelector(
                SelectSelectorConfig(options=labels, mode=SelectSelectorMode.LIST)
            ),
            vol.Optional(CONF_AREA): TextSelector(),
        }
        if user_input is not None:
            user_input = {**user_input, CONF_ACTION: loaded[user_input[CONF_CONFIG_ENTRY]][0]}
        return await self._async_step("price_action", fields, user_input)

    async def async_step_price_tariff(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take a fixed tariff."""
        return await self._async_step("price_tariff", self._tariff_fields(), user_input)

    async def async_step_price_none(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Forget where prices came from."""
        return self.async_create_entry(data=self._others())

    async def _async_step(
        self, step: str, fields: dict[Any, Any], user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        names: dict[str, str] | None = None
        if user_input is not None:
            source = self._source(step, user_input)
            now = dt_util.utcnow().timestamp()
            try:
                if CONF_DAY not in source.get(CONF_GRID_FEES, {CONF_DAY: None}):
                    errors["base"] = "grid_day_missing"
                elif CONF_DAY not in source.get(CONF_TARIFF, {CONF_DAY: None}):
                    errors["base"] = "tariff_day_missing"
                else:
                    await async_fetch_prices(self.hass, source, now, now + _TRIED)
            except PriceSourceInvalidError as err:
                errors["base"] = err.translation_key or "price_source_not_set"
                names = err.translation_placeholders
            except PricesUnavailableError:
                # It was told well, and has no prices at the moment.
                pass
            if not errors:
                return self.async_create_entry(data={**self._others(), CONF_PRICE_SOURCE: source})
        fields[vol.Optional(_ON_TOP)] = section(self._on_top(), {"collapsed": True})
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(fields), user_input or _typed(self.config_entry.options.get(CONF_PRICE_SOURCE))
            ),
            errors=errors,
            description_placeholders=names,
        )

    def _source(self, step: str, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the source as it is kept, from what was typed into the form."""
        on_top = typed.get(_ON_TOP, {})
        given = {key: value for key, value in typed.items() if key != _ON_TOP and value not in ("", [])}
        if step == "price_tariff":
            given = {CONF_TARIFF: given, CONF_CURRENCY: self.hass.config.currency}
        for key in (CONF_FACTOR, CONF_ADDEND):
            if key in on_top:
                given[key] = on_top[key]
        fees = {
            key: on_top[_GRID + key]
            for key in _TARIFF
            if on_top.get(_GRID + key) not in (None, "", [], False)
        }
        if CONF_PRESET in fees:
            given[CONF_GRID_FEES] = fees
        return given

    def _others(self) -> dict[str, Any]:
        return {key: value for key, value in self.config_entry.options.items() if key != CONF_PRICE_SOURCE}

    def _loaded(self) -> dict[str, tuple[str, str]]:
        """Return the action and a label for each config entry that carries prices."""
        return {
            entry.entry_id: (action.name, f"{entry.title} ({action.domain})")
            for action in KNOWN.values()
            for entry in self.hass.config_entries.async_loaded_entries(action.domain)
        }

    def _price(self) -> NumberSelector:
        return _number(f"{self.hass.config.currency}/kWh")

    def _tariff_fields(self, prefix: str = "") -> dict[Any, Any]:
        required = vol.Optional if prefix else vol.Required
        return {
            required(prefix + CONF_PRESET): SelectSelector(
                SelectSelectorConfig(
                    options=[preset.value for preset in Preset],
                    translation_key="price_preset",
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            # Where a number is required, the form would fill in the lowest one there is.
            vol.Optional(prefix + CONF_DAY): self._price(),
            vol.Optional(prefix + CONF_NIGHT): self._price(),
            vol.Optional(prefix + CONF_WEEKEND): self._price(),
            vol.Optional(prefix + CONF_NIGHT_HOURS): TextSelector(TextSelectorConfig(multiple=True)),
            vol.Optional(prefix + CONF_POLISH_HOLIDAYS): BooleanSelector(),
            vol.Optional(prefix + CONF_WINTER_CLOCK): BooleanSelector(),
        }

    def _on_top(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Optional(CONF_FACTOR): _number(None, least=0.0),
                vol.Optional(CONF_ADDEND): self._price(),
                **self._tariff_fields(_GRID),
            }
        )


def _number(unit: str | None, least: float = -MOST) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=MOST, step="any", mode=NumberSelectorMode.BOX)
    if unit:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _typed(source: Any) -> dict[str, Any]:
    """Return what a form is filled in with: the source that is kept."""
    if not isinstance(source, dict):
        return {}
    shown = {**source, **source.get(CONF_TARIFF, {})}
    fees = {_GRID + key: value for key, value in source.get(CONF_GRID_FEES, {}).items()}
    return {
        **shown,
        _ON_TOP: {**{key: source[key] for key in (CONF_FACTOR, CONF_ADDEND) if key in source}, **fees},
    }
