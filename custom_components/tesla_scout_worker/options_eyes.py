"""The part of the options in which the owner picks entities that tell of a car for free."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import CONF_EYES, CONF_VEHICLES
from .scout.eye_watch import own_entities, repeats
from .scout.eyes import ANSWERING, CHANGING, Role
from .settings import Options

_VEHICLE: Final = "vehicle"


class EyesSteps(OptionsFlowWithReload):
    """Asks which car, where there are several, and then for its eyes."""

    _vin: str

    async def async_step_eyes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which car; with one there is nothing to ask."""
        vehicles = self._watched()
        if user_input is not None or len(vehicles) == 1:
            self._vin = user_input[_VEHICLE] if user_input else next(iter(vehicles))
            return await self.async_step_car_eyes()
        options = [SelectOptionDict(value=vin, label=name) for vin, name in vehicles.items()]
        selector = SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST))
        return self.async_show_form(
            step_id="eyes", data_schema=vol.Schema({vol.Required(_VEHICLE): selector})
        )

    async def async_step_car_eyes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the eyes of a car."""
        if user_input is not None:
            return self.async_create_entry(data=self._with_eyes(user_input))
        excluded = self._excluded()
        chosen = {
            role.value: [entity_id for entity_id in entity_ids if entity_id not in excluded]
            for role, entity_ids in Options.from_options(self.config_entry.options)
            .eyes.get(self._vin, {})
            .items()
        }
        picked = {entity_id for entity_ids in chosen.values() for entity_id in entity_ids}
        missing = sorted(entity_id for entity_id in picked if self.hass.states.get(entity_id) is None)
        return self.async_show_form(
            step_id="car_eyes",
            data_schema=self.add_suggested_values_to_schema(_schema(excluded), chosen),
            # No mistake of whoever opens the form, but what is to be seen before anything else.
            errors={"base": "eyes_missing"} if missing else {},
            description_placeholders={
                "name": self._watched()[self._vin],
                **({"missing": ", ".join(missing)} if missing else {}),
            },
        )

    def _watched(self) -> dict[str, str]:
        options = Options.from_options(self.config_entry.options)
        vehicles: dict[str, str] = self.config_entry.data.get(CONF_VEHICLES, {})
        return {vin: name for vin, name in vehicles.items() if options.watches(vin)} or vehicles

    def _excluded(self) -> list[str]:
        """Return what cannot be an eye: it would only repeat what the scout said, and make it look again."""
        own = own_entities(self.hass, self.config_entry.entry_id, self._vin)
        return sorted(
            {*own, *(state.entity_id for state in self.hass.states.async_all() if repeats(state, own))}
        )

    def _with_eyes(self, user_input: dict[str, Any]) -> dict[str, Any]:
        """Return all options with this car's eyes as they were picked, without empty lists."""
        picked = {role: entity_ids for role, entity_ids in user_input.items() if entity_ids}
        cars = {**self.config_entry.options.get(CONF_EYES, {}), self._vin: picked}
        others = {key: value for key, value in self.config_entry.options.items() if key != CONF_EYES}
        kept = {vin: eyes for vin, eyes in cars.items() if eyes}
        return {**others, CONF_EYES: kept} if kept else others


def _schema(excluded: list[str]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional(role.value): EntitySelector(
                EntitySelectorConfig(
                    domain=list(CHANGING if role is Role.LOOK else ANSWERING),
                    exclude_entities=excluded,
                    multiple=True,
                )
            )
            for role in Role
        }
    )
