"""Entities that carry prices in their attributes, pure.

| integration | attributes | rows | unit |
| --- | --- | --- | --- |
| Nord Pool (HACS) | `raw_today`, `raw_tomorrow` | `start`, `end` (datetimes), `value` | of the entity: `EUR/kWh`, `Öre/kWh`, … |
| Energi Data Service | `raw_today`, `raw_tomorrow` (None until known) | `hour` (datetime), `price` | of the entity: `DKK/kWh` |
| ENTSO-e | `prices_today`, `prices_tomorrow`, `prices` (two days) | `time` (text), `price` | of the entity: `EUR/kWh` |
| Octopus Energy | `rates` (an event entity for each day) | `start`, `end`, `value_inc_vat` | pounds for a kWh |

Others that write rows of a time and a price under one of these names, or under `data`, are
read in the same way. Forecasts beyond what is known are left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from ..worker.price_slots import Prices
from .reading import is_rows, slots_of
from .units import Unit, unit_of

# What is told in more than one of them counts as the first one says.
LISTS: Final = (
    "raw_today", "raw_tomorrow", "prices_today", "prices_tomorrow", "prices", "rates", "data", "today", "tomorrow",
)  # fmt: skip
_OCTOPUS_RATES: Final = "value_inc_vat"
_CURRENT_DAY: Final = "_current_day_rates"
_NEXT_DAY: Final = "_next_day_rates"


@dataclass(frozen=True, slots=True)
class Told:
    """How the owner says that an entity is to be read, each None where it says so itself."""

    unit: str | None = None
    currency: str | None = None
    attribute: str | None = None


def has_lists(attributes: Mapping[str, Any], attribute: str | None = None) -> bool:
    """Return whether there is a list of prices among the attributes, be it one that is empty still."""
    names = (attribute,) if attribute else LISTS
    found = [attributes[name] for name in names if name in attributes]
    return any(is_rows(value) for value in found) or any(value == [] for value in found)


def prices_of(attributes: Mapping[str, Any], zone: tzinfo, told: Told) -> Prices:
    """Read the prices from an entity's attributes. Raises PriceDataError, OverlappingPricesError."""
    names = (told.attribute,) if told.attribute else LISTS
    lists = [attributes[name] for name in names if is_rows(attributes.get(name))]
    if not lists:
        return Prices()
    unit = _unit(attributes, lists, told)
    prices = Prices(currency=unit.currency)
    for rows in lists:
        prices = prices.completed_by(Prices.of(slots_of(rows, zone, unit.per_kwh), unit.currency))
    return prices


def next_day_of(entity_id: str) -> str | None:
    """Return the entity that tells tomorrow, for one that tells today only: Octopus Energy has one for each day."""
    if not entity_id.endswith(_CURRENT_DAY):
        return None
    return entity_id.removesuffix(_CURRENT_DAY) + _NEXT_DAY


def _unit(attributes: Mapping[str, Any], lists: Sequence[Any], told: Told) -> Unit:
    currency = told.currency or _text(attributes, "currency")
    if told.unit:
        return unit_of(told.unit, currency)
    if _OCTOPUS_RATES in lists[0][0] and "mpan" in attributes:
        return Unit(1.0, "GBP")
    return unit_of(_text(attributes, "unit_of_measurement"), currency)


def _text(attributes: Mapping[str, Any], name: str) -> str | None:
    value = attributes.get(name)
    return value if isinstance(value, str) else None
