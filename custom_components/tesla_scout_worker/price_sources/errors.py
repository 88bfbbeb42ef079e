"""What can be wrong with a source of prices: what the owner must set, and what passes by itself."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError


class PriceSourceError(HomeAssistantError):
    """No prices. Each has its sentence in the translations."""


class PricesUnavailableError(PriceSourceError):
    """There are none now: an entity sleeps, a service does not answer, nothing is told of that time yet. Worth another try."""


class PriceSourceInvalidError(PriceSourceError, ServiceValidationError):
    """The source is not told well enough, and stays so until somebody changes it."""
