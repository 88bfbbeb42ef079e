"""Where electricity prices come from: other integrations' actions and entities, a fixed tariff, or a list handed over."""

from .errors import PriceSourceError, PriceSourceInvalidError, PricesUnavailableError
from .fetch import async_fetch_prices
from .schema import PRICE_SOURCE_SCHEMA, TARIFF_SCHEMA

__all__ = [
    "PRICE_SOURCE_SCHEMA",
    "TARIFF_SCHEMA",
    "PriceSourceError",
    "PriceSourceInvalidError",
    "PricesUnavailableError",
    "async_fetch_prices",
]
