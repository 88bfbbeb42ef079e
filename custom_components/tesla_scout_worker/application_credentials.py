"""The owner's app at Tesla, as one of Home Assistant's application credentials."""

from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2Implementation

from .oauth import TeslaOAuth, developer_url, probable_region, redirect_uri


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> AbstractOAuth2Implementation:
    """Return a sign-in for an app, with a code verifier of its own."""
    return TeslaOAuth(hass, auth_domain, credential)


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """Return what the dialog for a new app tells: where to make it, and what to enter there."""
    region = probable_region(hass.config.country, hass.config.time_zone)
    return {"developer_url": developer_url(region), "redirect_uri": redirect_uri(hass)}
