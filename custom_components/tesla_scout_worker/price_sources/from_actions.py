"""Prices from another integration's action: asked inside Home Assistant, nothing of it goes to Tesla."""

from asyncio import timeout
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..worker.price_slots import Prices, PriceSlot
from .action import PriceAction
from .errors import PriceSourceError, PriceSourceInvalidError, PricesUnavailableError
from .known import KNOWN
from .reading import PriceDataError, is_rows, slots_of
from .schema import CONF_ACTION, CONF_AREA, CONF_CONFIG_ENTRY, CONF_CURRENCY, CONF_DATA, CONF_UNIT
from .units import Unit, unit_of

_LOGGER: Final = logging.getLogger(__name__)
# An action that has not answered by then is one that does not (seconds).
_PATIENCE: Final = 60.0
# Day-ahead prices reach no further than tomorrow, so that more days are asked for in vain.
_MOST_DAYS: Final = 4


def find_action(hass: HomeAssistant) -> str | None:
    """Return the action of the one integration with prices that is set up, be it not running yet; None without or with several."""
    found = [
        action.name
        for action in KNOWN.values()
        if hass.config_entries.async_entries(action.domain, include_ignore=False, include_disabled=False)
    ]
    return found[0] if len(found) == 1 else None


async def async_from_action(
    hass: HomeAssistant, source: Mapping[str, Any], start: float, end: float, zone: tzinfo
) -> Prices:
    """Ask an action for prices: one call a day where it is asked by days, of today and tomorrow.

    A later day that is refused is one that is not told yet. Raises PriceSourceError, PriceDataError.
    """
    name: str = source[CONF_ACTION]
    domain, _, service = name.partition(".")
    if not hass.services.has_service(domain, service):
        # While Home Assistant starts, an integration that is set up comes later.
        if hass.config_entries.async_entries(domain):
            raise PricesUnavailableError(
                translation_domain=DOMAIN,
                translation_key="price_integration_not_loaded",
                translation_placeholders={"source": domain},
            )
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key="price_action_missing",
            translation_placeholders={"source": name},
        )
    known = KNOWN.get(domain)
    if known is None or known.service != service:
        return _from_any(await _async_call(hass, name, source.get(CONF_DATA, {})), source, zone)
    entry = _entry(hass, known, source.get(CONF_CONFIG_ENTRY))
    unit = _unit(hass, known, entry, source)
    slots: list[PriceSlot] = []
    refused: PriceSourceError | None = None
    for data in _calls(known, entry, source, _days(start, end, known.zone or zone)):
        try:
            response = await _async_call(hass, name, data)
        except PricesUnavailableError as err:
            _LOGGER.debug("%s told no prices for a day: %s", name, err)
            refused = refused or err
            continue
        slots += slots_of(known.read(response, source.get(CONF_AREA)), zone, unit.per_kwh)
    if refused and not slots:
        raise refused
    return Prices.of(slots, unit.currency)


def _days(start: float, end: float, zone: tzinfo) -> list[datetime]:
    first = datetime.fromtimestamp(start, zone).date()
    last = min(
        datetime.fromtimestamp(end, zone).date(), dt_util.utcnow().astimezone(zone).date() + timedelta(days=1)
    )
    count = min((last - first).days + 1, _MOST_DAYS)
    days = (first + timedelta(days=day) for day in range(count))
    return [datetime(day.year, day.month, day.day, tzinfo=zone) for day in days]


def _calls(
    known: PriceAction, entry: ConfigEntry | None, source: Mapping[str, Any], days: Sequence[datetime]
) -> Iterator[dict[str, Any]]:
    fixed: dict[str, Any] = {**known.defaults, **source.get(CONF_DATA, {})}
    if known.entry_field and entry:
        fixed[known.entry_field] = entry.entry_id
    if known.choice_field and CONF_AREA in source:
        fixed[known.choice_field] = [source[CONF_AREA]]
    for data in known.requests(days) if days else ():
        yield {**fixed, **data}


def _entry(hass: HomeAssistant, known: PriceAction, wanted: str | None) -> ConfigEntry | None:
    """Return the config entry to be asked: the one that is named, else the only one that is loaded."""
    entries = hass.config_entries.async_loaded_entries(known.domain)
    if wanted is not None:
        entries = [entry for entry in entries if entry.entry_id == wanted]
    if not entries:
        raise PricesUnavailableError(
            translation_domain=DOMAIN,
            translation_key="price_integration_not_loaded",
            translation_placeholders={"source": known.domain},
        )
    if len(entries) > 1 and known.entry_field:
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key="price_entry_unclear",
            translation_placeholders={
                "source": known.domain,
                "entries": ", ".join(f"{entry.title} ({entry.entry_id})" for entry in entries),
            },
        )
    return entries[0]


def _unit(
    hass: HomeAssistant, known: PriceAction, entry: ConfigEntry | None, source: Mapping[str, Any]
) -> Unit:
    """Return what the answer's prices are in, by what the action is known for; only the owner can say otherwise."""
    if CONF_UNIT in source:
        return unit_of(source[CONF_UNIT], source.get(CONF_CURRENCY))
    asked = {**(entry.data if entry else {}), **source.get(CONF_DATA, {})}.get("currency")
    currency = (
        known.unit.currency
        or (asked if isinstance(asked, str) else None)
        or (_shown_currency(hass, entry) if entry else None)
        or source.get(CONF_CURRENCY)
    )
    return Unit(known.unit.per_kwh, currency)


def _shown_currency(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the currency of an integration's own price sensor."""
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if not item.unit_of_measurement or "/" not in item.unit_of_measurement:
            continue
        try:
            return unit_of(item.unit_of_measurement).currency
        except PriceDataError:
            continue
    return None


async def _async_call(hass: HomeAssistant, name: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    domain, _, service = name.partition(".")
    try:
        async with timeout(_PATIENCE):
            response = await hass.services.async_call(
                domain, service, dict(data), blocking=True, return_response=True
            )
    except vol.Invalid as err:
        raise PriceSourceInvalidError(
            translation_domain=DOMAIN,
            translation_key="price_action_refused",
            translation_placeholders={"source": name, "error": str(err)},
        ) from err
    except Exception as err:
        # Another integration's code, which may raise anything; what is not for people can name an address with a token.
        reason = (isinstance(err, HomeAssistantError) and str(err)) or type(err).__name__
        raise PricesUnavailableError(
            translation_domain=DOMAIN,
            translation_key="price_action_failed",
            translation_placeholders={"source": name, "error": reason},
        ) from err
    return response if isinstance(response, Mapping) else {}


def _from_any(response: Mapping[str, Any], source: Mapping[str, Any], zone: tzinfo) -> Prices:
    """Read the answer of an action that is not known: the lists of prices that are found in it."""
    unit = unit_of(source.get(CONF_UNIT), source.get(CONF_CURRENCY))
    lists = dict(_lists(response, ""))
    choice = source.get(CONF_AREA)
    if choice is not None:
        lists = {path: rows for path, rows in lists.items() if choice in path.split(".")}
    if not lists:
        raise PriceDataError(translation_key="price_answer_unreadable")
    if len(lists) > 1:
        raise PriceDataError(translation_key="price_area_unclear", areas=", ".join(lists))
    (rows,) = lists.values()
    return Prices.of(slots_of(rows, zone, unit.per_kwh), unit.currency)


def _lists(value: Any, path: str) -> Iterator[tuple[str, Sequence[Any]]]:
    if is_rows(value):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _lists(item, f"{path}.{key}" if path else str(key))
