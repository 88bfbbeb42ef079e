"""Where the app's credentials are used: the stock implementation, at the addresses that the entry names."""

from homeassistant.components.application_credentials import (
    AuthImplementation,
    AuthorizationServer,
    ClientCredential,
)
from homeassistant.core import HomeAssistant

from .const import CONF_TOKEN_URL, DOMAIN


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> AuthImplementation:
    """Return Home Assistant's own implementation."""
    urls = [entry.data[CONF_TOKEN_URL] for entry in hass.config_entries.async_entries(DOMAIN)]
    server = AuthorizationServer(authorize_url=urls[0] if urls else "", token_url=urls[0] if urls else "")
    return AuthImplementation(hass, auth_domain, credential, server)
