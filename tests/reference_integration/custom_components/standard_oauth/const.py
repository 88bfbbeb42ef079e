"""Names of the reference integration."""

from typing import Final

DOMAIN: Final = "standard_oauth"
CONF_API_URL: Final = "api_url"
CONF_TOKEN_URL: Final = "token_url"
