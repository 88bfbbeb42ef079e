"""The standard flow; of it only the request to sign in anew is seen here."""

from collections.abc import Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler

from .const import DOMAIN


class StandardFlow(AbstractOAuth2FlowHandler, domain=DOMAIN):
    """Signs in by Home Assistant's own OAuth2 flow."""

    DOMAIN = DOMAIN

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the logger."""
        return logging.getLogger(__name__)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Sign in anew because the token is refused."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask the owner, who is not there, to go on."""
        return self.async_show_form(step_id="reauth_confirm")
