"""Prices from the attributes of entities."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..worker.price_slots import Prices
from .attributes import Told, has_lists, next_day_of, prices_of
from .errors import PriceSourceInvalidError, PricesUnavailableError
from .known import KNOWN
from .reading import PriceDataError
from .schema import CONF_ATTRIBUTE, CONF_CURRENCY, CONF_ENTITIES, CONF_UNIT


def action_behind(hass: HomeAssistant, source: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the action to be asked instead, where the entity is one of an integration that tells its prices so."""
    entity_ids: list[str] = source[CONF_ENTITIES]
    item = er.async_get(hass).async_get(entity_ids[0])
    state = hass.states.get(entity_ids[0])
    if len(entity_ids) > 1 or item is None or item.platform not in KNOWN:
        return None
    if state and has_lists(state.attributes, source.get(CONF_ATTRIBUTE)):
        return None
    others = {key: value for key, value in source.items() if key != CONF_ENTITIES}
    return {**others, "action": KNOWN[item.platform].name, "config_entry": item.config_entry_id}


def from_entities(hass: HomeAssistant, source: Mapping[str, Any], zone: tzinfo) -> Prices:
    """Read the prices of one or more entities; what several tell of the same time counts as the first one says.

    Raises PriceSourceError, PriceDataError, OverlappingPricesError.
    """
    told = Told(source.get(CONF_UNIT), source.get(CONF_CURRENCY), source.get(CONF_ATTRIBUTE))
    prices = Prices()
    for entity_id in source[CONF_ENTITIES]:
        found = prices_of(_state(hass, entity_id, told).attributes, zone, told)
        if prices.currency and found.currency and prices.currency != found.currency:
            raise PriceDataError(
                translation_key="price_currencies_differ",
                **{"from": prices.currency, "until": found.currency},
            )
        prices = prices.completed_by(found)
        tomorrow = hass.states.get(next_day_of(entity_id) or "sensor.")
        if tomorrow and has_lists(tomorrow.attributes):
            prices = prices.completed_by(prices_of(tomorrow.attributes, zone, told))
    return prices


def _state(hass: HomeAssistant, entity_id: str, told: Told) -> State:
    state = hass.states.get(entity_id)
    names = {"entity": entity_id}
    if state is None and hass.state is not CoreState.running:
        # While Home Assistant starts, an entity comes later.
        raise PricesUnavailableError(
            translation_domain=DOMAIN,
            translation_key="price_entity_unavailable",
            translation_placeholders=names,
        )
    if state is None:
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN, translation_key="price_entity_missing", translation_placeholders=names
        )
    if has_lists(state.attributes, told.attribute):
        return state
    if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        raise PricesUnavailableError(
            translation_domain=DOMAIN,
            translation_key="price_entity_unavailable",
            translation_placeholders=names,
        )
    raise PriceSourceInvalidError(
        translation_domain=DOMAIN, translation_key="price_entity_without_list", translation_placeholders=names
    )
