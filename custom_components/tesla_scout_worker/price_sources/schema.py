"""How a source of prices is told: the same in an action call and in the options."""

from math import isfinite
from typing import Any, Final

from homeassistant.core import valid_entity_id
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..worker.tariff import Hours, Preset, Tariff, TariffError
from .known import KNOWN

CONF_ACTION: Final = "action"
CONF_ADDEND: Final = "addend"
CONF_AREA: Final = "area"
CONF_ATTRIBUTE: Final = "attribute"
CONF_CONFIG_ENTRY: Final = "config_entry"
CONF_CURRENCY: Final = "currency"
CONF_DATA: Final = "data"
CONF_DAY: Final = "day"
CONF_ENTITIES: Final = "entity_id"
CONF_FACTOR: Final = "factor"
CONF_GRID_FEES: Final = "grid_fees"
CONF_NIGHT: Final = "night"
CONF_NIGHT_HOURS: Final = "night_hours"
CONF_POLISH_HOLIDAYS: Final = "polish_holidays"
CONF_PRESET: Final = "preset"
CONF_PRICES: Final = "prices"
CONF_TARIFF: Final = "tariff"
CONF_TIME_ZONE: Final = "time_zone"
CONF_UNIT: Final = "unit"
CONF_WEEKEND: Final = "weekend"
CONF_WINTER_CLOCK: Final = "winter_clock"

KINDS: Final = (CONF_ENTITIES, CONF_ACTION, CONF_TARIFF, CONF_PRICES)

# No price of a kWh, no tax and no fee is more than this: it would be a slip of the finger.
MOST: Final = 10_000.0


def _finite(value: float) -> float:
    if not isfinite(value):
        raise vol.Invalid("not a number")
    return value


def _currency(value: Any) -> str:
    text = cv.string(value).upper()
    if len(text) != 3 or not text.isalpha():  # noqa: PLR2004 - ISO 4217
        raise vol.Invalid("a currency has three letters, such as EUR")
    return text


def _action(value: Any) -> str:
    text = cv.string(value).strip().lower()
    if text in KNOWN:
        return KNOWN[text].name
    if not valid_entity_id(text):
        raise vol.Invalid("an action looks like nordpool.get_prices_for_date")
    return text


def _hours(value: Any) -> str:
    text = cv.string(value)
    try:
        Hours.parse(text)
    except TariffError as err:
        raise vol.Invalid("hours look like 22:00-06:00") from err
    return text


_PRICE: Final = vol.All(vol.Coerce(float), _finite, vol.Range(min=-MOST, max=MOST))

TARIFF_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PRESET): vol.In([preset.value for preset in Preset]),
        vol.Required(CONF_DAY): _PRICE,
        vol.Optional(CONF_NIGHT): _PRICE,
        vol.Optional(CONF_WEEKEND): _PRICE,
        vol.Optional(CONF_NIGHT_HOURS): vol.All(cv.ensure_list, [_hours]),
        vol.Optional(CONF_POLISH_HOLIDAYS): cv.boolean,
        vol.Optional(CONF_WINTER_CLOCK): cv.boolean,
    }
)

# Kinds, of which there may be one: entities, an action, a tariff, or prices. With none, the one integration that carries
# prices is found. unit, currency, attribute, time_zone: what the source does not say itself. factor, addend, grid_fees:
# what comes on top, see `Prices.topped`.
PRICE_SOURCE_SCHEMA: Final = vol.Schema(
    {
        vol.Exclusive(CONF_ENTITIES, "kind"): vol.All(cv.entity_ids, vol.Length(min=1)),
        vol.Exclusive(CONF_ACTION, "kind"): _action,
        vol.Exclusive(CONF_TARIFF, "kind"): TARIFF_SCHEMA,
        vol.Exclusive(CONF_PRICES, "kind"): [dict],
        vol.Optional(CONF_CONFIG_ENTRY): cv.string,
        vol.Optional(CONF_AREA): cv.string,
        vol.Optional(CONF_DATA): dict,
        vol.Optional(CONF_UNIT): cv.string,
        vol.Optional(CONF_CURRENCY): _currency,
        vol.Optional(CONF_ATTRIBUTE): cv.string,
        vol.Optional(CONF_TIME_ZONE): cv.time_zone,
        vol.Optional(CONF_FACTOR): vol.All(vol.Coerce(float), _finite, vol.Range(min=0, max=MOST)),
        vol.Optional(CONF_ADDEND): _PRICE,
        vol.Optional(CONF_GRID_FEES): TARIFF_SCHEMA,
    }
)


def tariff_of(told: dict[str, Any]) -> Tariff:
    """Return the tariff that passed the schema. Raises TariffError where something that it needs is missing."""
    return Tariff(
        Preset(told[CONF_PRESET]),
        told[CONF_DAY],
        told.get(CONF_NIGHT),
        told.get(CONF_WEEKEND),
        tuple(Hours.parse(text) for text in told.get(CONF_NIGHT_HOURS, ())),
        told.get(CONF_POLISH_HOLIDAYS, False),
        told.get(CONF_WINTER_CLOCK, False),
    )
