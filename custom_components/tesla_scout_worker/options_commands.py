"""The part of the options in which the owner says how commands get to his cars."""

import re
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .budget import FlowMeter
from .command_options import (
    CONF_ADD_ON,
    CONF_CERTIFICATE,
    CONF_PROXY,
    CONF_PROXY_URL,
    CONF_STOP_ADD_ON,
    CONF_TRANSPORT,
    CONF_VERIFY,
    CommandOptions,
)
from .const import CONF_COMMANDS
from .fleet.command_errors import ProxyDownError
from .fleet.commands import Transports
from .fleet.proxy import is_proxy_url, trust_only
from .proxy_add_on import has_supervisor
from .proxy_way import async_proxy_transport

# As the Supervisor names add-ons.
_SLUG: Final = re.compile(r"[-_.a-z0-9]+", re.ASCII | re.IGNORECASE)


class CommandSteps(OptionsFlowWithReload):
    """Asks for the way of commands, and looks whether the proxy is there."""

    #: What was typed when the proxy did not answer: submitted again it is taken.
    _unanswered: dict[str, Any] | None = None

    async def async_step_commands(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take how commands get to the cars. It asks nothing of Tesla."""
        errors: dict[str, str] = {}
        if user_input is not None:
            typed = _flat(user_input)
            trouble = await self._async_trouble(typed)
            if trouble is None:
                others = {
                    key: value for key, value in self.config_entry.options.items() if key != CONF_COMMANDS
                }
                return self.async_create_entry(data={**others, CONF_COMMANDS: typed})
            errors["base"] = trouble
        return self.async_show_form(
            step_id="commands",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, user_input or self._chosen()),
            errors=errors,
        )

    async def _async_trouble(self, typed: dict[str, Any]) -> str | None:
        """Return what is wrong with what was typed, None where nothing is."""
        url = typed.get(CONF_PROXY_URL)
        if not url:
            return "no_proxy_url" if typed[CONF_TRANSPORT] == Transports.PROXY else None
        if not is_proxy_url(url):
            return "invalid_proxy_url"
        if (certificate := typed.get(CONF_CERTIFICATE)) is not None:
            try:
                await self.hass.async_add_executor_job(trust_only, certificate)
            except ValueError:
                return "invalid_certificate"
        slug = typed.get(CONF_ADD_ON)
        if slug is not None:
            if not _SLUG.fullmatch(slug):
                return "invalid_add_on"
            # It is started when it is needed, and need not run now.
            return None if has_supervisor(self.hass) else "no_supervisor"
        options = CommandOptions.from_options(typed)
        try:
            transport = await async_proxy_transport(self.hass, options, FlowMeter())
            await transport.check_health(options.proxy_url or "")
        except ProxyDownError:
            if typed != self._unanswered:
                self._unanswered = typed
                return "proxy_not_answering"
        return None

    def _chosen(self) -> dict[str, Any]:
        options = CommandOptions.from_options(self.config_entry.options.get(CONF_COMMANDS))
        proxy = {
            CONF_PROXY_URL: options.proxy_url,
            CONF_VERIFY: options.verifies,
            CONF_CERTIFICATE: options.certificate,
            CONF_ADD_ON: options.add_on,
            CONF_STOP_ADD_ON: options.stops_add_on,
        }
        chosen = {key: value for key, value in proxy.items() if value is not None}
        return {CONF_TRANSPORT: options.transport, CONF_PROXY: chosen}


def _flat(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be stored: without the section, and without what was left empty."""
    typed = {CONF_TRANSPORT: user_input[CONF_TRANSPORT], **user_input.get(CONF_PROXY, {})}
    tidy = {key: value.strip() if isinstance(value, str) else value for key, value in typed.items()}
    return {key: value for key, value in tidy.items() if value != ""}


_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_TRANSPORT): SelectSelector(
            SelectSelectorConfig(
                options=[way.value for way in Transports],
                translation_key=CONF_TRANSPORT,
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Required(CONF_PROXY): section(
            vol.Schema(
                {
                    vol.Optional(CONF_PROXY_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                    vol.Required(CONF_VERIFY, default=True): BooleanSelector(),
                    vol.Optional(CONF_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
                    vol.Optional(CONF_ADD_ON): TextSelector(),
                    vol.Required(CONF_STOP_ADD_ON, default=False): BooleanSelector(),
                }
            ),
            {"collapsed": True},
        ),
    }
)
