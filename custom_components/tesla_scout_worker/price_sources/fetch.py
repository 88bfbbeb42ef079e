"""Prices for a span of time, from wherever the owner said that they come."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..worker.price_slots import OverlappingPricesError, Prices
from ..worker.tariff import TariffError
from .errors import PriceSourceInvalidError, PricesUnavailableError
from .from_actions import async_from_action, find_action
from .from_entities import action_behind, from_entities
from .reading import PriceDataError, slots_of
from .schema import (
    CONF_ACTION,
    CONF_ADDEND,
    CONF_CURRENCY,
    CONF_ENTITIES,
    CONF_FACTOR,
    CONF_GRID_FEES,
    CONF_PRICES,
    CONF_TARIFF,
    CONF_TIME_ZONE,
    CONF_UNIT,
    KINDS,
    PRICE_SOURCE_SCHEMA,
    tariff_of,
)
from .units import unit_of


async def async_fetch_prices(
    hass: HomeAssistant, source: Mapping[str, Any] | None, start: float, end: float
) -> Prices:
    """Return what is known of the prices between two UTC timestamps, with everything on top that the owner named.

    source: as PRICE_SOURCE_SCHEMA has it; None or without a kind: the one integration with prices that is loaded. The slots
    that have a part in the span come whole, in order, without overlap; where tomorrow is not known yet they end earlier
    (`Prices.known_until`). Times without an offset are local times of the price area: `time_zone` of the source, else
    Home Assistant's. Nothing is asked of Tesla, nothing is kept.

    Raises PriceSourceInvalidError for what the owner must change, PricesUnavailableError for what passes, also where nothing
    at all is known of the span.
    """
    told = _checked(source)
    name = _name(told)
    try:
        if not any(kind in told for kind in KINDS):
            told, name = _found(hass, told)
        zone = await _async_zone(hass, told)
        prices = (await _async_prices(hass, told, start, end, zone)).touching(start, end)
        fees = None
        if CONF_GRID_FEES in told and prices.slots:
            fees = tariff_of(told[CONF_GRID_FEES]).prices(prices.slots[0].start, prices.slots[-1].end, zone)
        prices = prices.topped(told.get(CONF_FACTOR, 1.0), told.get(CONF_ADDEND, 0.0), fees)
    except (PriceDataError, TariffError) as err:
        named = err.placeholders if isinstance(err, PriceDataError) else {}
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key=err.translation_key,
            translation_placeholders={"source": name, **named},
        ) from err
    except OverlappingPricesError as err:
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key="price_overlap",
            translation_placeholders={"source": name, "time": _local(err.at)},
        ) from err
    if not prices.slots:
        raise PricesUnavailableError(
            translation_domain=DOMAIN,
            translation_key="no_prices",
            translation_placeholders={"source": name, "from": _local(start), "until": _local(end)},
        )
    return prices


async def _async_prices(
    hass: HomeAssistant, told: Mapping[str, Any], start: float, end: float, zone: tzinfo
) -> Prices:
    if CONF_TARIFF in told:
        tariff = tariff_of(told[CONF_TARIFF])
        currency = told.get(CONF_CURRENCY) or tariff.currency or hass.config.currency
        return tariff.prices(start, end, zone, currency)
    if CONF_PRICES in told:
        unit = unit_of(told.get(CONF_UNIT), told.get(CONF_CURRENCY))
        return Prices.of(slots_of(told[CONF_PRICES], zone, unit.per_kwh), unit.currency)
    if CONF_ENTITIES in told:
        behind = action_behind(hass, told)
        if behind is None:
            return from_entities(hass, told, zone)
        told = behind
    return await async_from_action(hass, told, start, end, zone)


def _checked(source: Mapping[str, Any] | None) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = PRICE_SOURCE_SCHEMA(dict(source or {}))
    except vol.Invalid as err:
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key="price_source_unreadable",
            translation_placeholders={"error": str(err)},
        ) from err
    return checked


def _found(hass: HomeAssistant, told: dict[str, Any]) -> tuple[dict[str, Any], str]:
    action = find_action(hass)
    if action is None:
        raise PriceSourceInvalidError(translation_domain=DOMAIN, translation_key="price_source_not_set")
    return {**told, CONF_ACTION: action}, action


async def _async_zone(hass: HomeAssistant, told: Mapping[str, Any]) -> tzinfo:
    return await dt_util.async_get_time_zone(told.get(CONF_TIME_ZONE, hass.config.time_zone)) or dt_util.UTC


def _name(told: Mapping[str, Any]) -> str:
    if CONF_ENTITIES in told:
        return ", ".join(told[CONF_ENTITIES])
    return str(told.get(CONF_ACTION, next((kind for kind in KINDS if kind in told), "-")))


def _local(at: float) -> str:
    return dt_util.as_local(dt_util.utc_from_timestamp(at)).isoformat(sep=" ", timespec="minutes")
