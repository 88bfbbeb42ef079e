"""Names that more than one room uses."""

from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "tesla_scout_worker"
MANUFACTURER: Final = "Tesla"

PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.COVER,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.UPDATE,
)

# Config entry data
CONF_ADVANCED: Final = "advanced"
CONF_API_URL: Final = "api_url"
CONF_AUTH_IMPLEMENTATION: Final = "auth_implementation"  # the name that Home Assistant's credentials look for
CONF_AUTHORIZE_URL: Final = "authorize_url"
CONF_BASE_URL: Final = "base_url"
CONF_REFRESH_TOKEN: Final = "refresh_token"
CONF_REGION: Final = "region"
CONF_TOKEN_URL: Final = "token_url"
CONF_VEHICLES: Final = "vehicles"

# Options
CONF_COMMANDS: Final = "commands"
CONF_EYES: Final = "eyes"
CONF_HOME_ZONE: Final = "home_zone"  # of entries from before there could be several
CONF_HOME_ZONES: Final = "home_zones"
CONF_LEARN_HABITS: Final = "learn_habits"
CONF_MONTHLY_BUDGET: Final = "monthly_budget"
CONF_PRICES: Final = "prices"
CONF_PRICE_SOURCE: Final = "price_source"  # of electricity; CONF_PRICES are those of Tesla's requests
CONF_PROMPTNESS: Final = "promptness"
CONF_SHARE_ACCESS_TOKEN: Final = "share_access_token"
CONF_WATCHED: Final = "watched_vehicles"
CONF_WORKER: Final = "worker"

DEFAULT_HOME_ZONE: Final = "zone.home"
DEFAULT_MONTHLY_BUDGET: Final = 10.0  # Tesla's monthly credit in US dollars
