"""What of an account may be told: the health of its tokens, its money, its last requests and its owner's wishes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .action_cars import by_category, iso
from .budget import known_budget
from .command_options import CommandOptions
from .const import CONF_API_URL, CONF_AUTHORIZE_URL, CONF_COMMANDS, CONF_TOKEN_URL, DEFAULT_HOME_ZONE
from .data import ScoutWorkerConfigEntry
from .fleet.client import REGION_URLS
from .price_sources.known import KNOWN
from .price_sources.schema import CONF_ACTION, CONF_PRESET, CONF_TARIFF, KINDS, PRICE_SOURCE_SCHEMA
from .request_log import Logged
from .settings import Options
from .token_health import TokenHealth
from .token_keeper import keeper_for

# What on top of its kind may be told of a source of prices: that it is set.
_PRICE_SETTINGS: Final = frozenset(str(key) for key in PRICE_SOURCE_SCHEMA.schema)


@callback
def account_told(entry: ScoutWorkerConfigEntry) -> dict[str, Any]:
    """Return what the account's coordinator knows, empty while it is not set up."""
    if entry.state is not ConfigEntryState.LOADED:
        return {}
    account, handouts = entry.runtime_data.account, entry.runtime_data.handouts
    return {
        "region": _region(account.client.base_url),
        "cars_listed": len(account.data.vehicles),
        "clock_ahead_minutes": account.data.clock_error,
        "next_renewal_in_seconds": account.update_interval.total_seconds()
        if account.update_interval
        else None,
        "tokens_handed_out": handouts.total,
        "programs_that_took_one": len(handouts.callers),
    }


def _region(base_url: str) -> str:
    return next((region for region, url in REGION_URLS.items() if url == base_url), "typed")


@callback
def token_told(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> dict[str, Any]:
    """Return the health of the tokens and the last requests for new ones; nothing of a token itself."""
    keeper = keeper_for(hass, entry.unique_id or entry.entry_id)
    budget = known_budget(hass, entry.entry_id)
    return {
        **(_health_told(keeper.health) if keeper.grant else {}),
        "requests": [_request_told(one, {}) for one in budget.log.tokens] if budget else [],
    }


def _health_told(health: TokenHealth) -> dict[str, Any]:
    return {
        "state": health.state.value,
        "expires_at": iso(health.expires_at),
        "usable_until": iso(health.usable_until),
        "renews_at": iso(health.renew_at),
        "is_overdue": health.is_overdue,
        "last_renewed_at": iso(health.last_rotation),
        "renewals": health.rotations,
        "failures_in_a_row": health.failures,
        "failures_since_start": health.failures_counted,
        "rejections_in_a_day": health.rejections,
        "is_on_disk": health.is_saved,
        "sign_in_cause": health.sign_in_cause.value if health.sign_in_cause else None,
        "is_used_elsewhere": health.is_used_elsewhere,
        "sign_ins": health.chain.sign_in + 1,
        "changes_since_sign_in": health.chain.generation,
        "refresh_tokens": [{"first_used_at": iso(at)} for at in health.chain.offered_at],
        "granted_scopes": sorted(health.claims.scopes),
        "region_in_token": health.claims.region,
        "lifetime_seconds": health.claims.lifetime,
    }


@callback
def money_told(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> dict[str, Any]:
    """Return what was counted and what follows from it. Costs are US dollars."""
    budget = known_budget(hass, entry.entry_id)
    if budget is None:
        return {}
    return {
        "monthly_budget": budget.monthly_budget,
        "cost_this_month": budget.cost_this_month,
        "cost_today": budget.cost_today,
        "forecast": budget.forecast,
        "by_purpose": {purpose.value: cost for purpose, cost in budget.costs_by_purpose.items()},
        "requests_this_month": by_category(budget.requests_this_month),
        "requests_today": by_category(budget.requests_today),
        "spending": budget.spending.value,
        "wait_factor": None if budget.thrift == float("inf") else budget.thrift,
        "fixed_poll_this_month": budget.fixed_poll_cost_this_month,
        "kept_back_until": {name: iso(until) for name, until in budget.closed_until.items()},
    }


@callback
def requests_told(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, numbered: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the last requests, oldest first. numbered: by VIN, what a car is called here."""
    budget = known_budget(hass, entry.entry_id)
    return [_request_told(one, numbered) for one in budget.log.requests] if budget else []


def _request_told(one: Logged, numbered: Mapping[str, str]) -> dict[str, Any]:
    errand = one.errand
    return {
        "at": iso(one.at),
        "endpoint": errand.endpoint or errand.category.value,
        "category": errand.category.value,
        "cause": errand.purpose.value,
        "car": numbered.get(errand.vin, "car") if errand.vin else None,
        "status": one.status,
        "seconds": None if one.seconds is None else round(one.seconds, 1),
        "cost": one.cost,
        "is_sent": one.is_sent,
        "kept_back": one.kept_back,
        "times": one.times,
    }


def options_told(
    entry: ScoutWorkerConfigEntry, options: Options, numbered: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the owner wished: no entity, no address, no name."""
    commands = CommandOptions.from_options(entry.options.get(CONF_COMMANDS))
    return {
        "promptness": options.promptness.value,
        "monthly_budget": options.monthly_budget,
        "changed_prices": options.prices.changes(),
        "home_is_a_home_zone": DEFAULT_HOME_ZONE in options.home_zones,
        "other_home_zones": len([zone for zone in options.home_zones if zone != DEFAULT_HOME_ZONE]),
        "cars_left_out": _left_out(options, numbered),
        "learns_habits": options.learns_habits,
        "shares_access_token": options.shares_access_token,
        "eyes": {
            numbered.get(vin, "car"): {role.value: len(found) for role, found in roles.items() if found}
            for vin, roles in options.eyes.items()
        },
        "price_source": _price_source_told(options.price_source),
        "worker": options.worker.as_options(),
        "commands": {
            "transport": commands.transport.value,
            "has_proxy": commands.proxy_url is not None,
            "verifies_certificate": commands.verifies,
            "has_own_certificate": commands.certificate is not None,
            "has_add_on": commands.add_on is not None,
            "stops_add_on": commands.stops_add_on,
        },
        "typed_addresses": sorted(
            key for key in (CONF_API_URL, CONF_AUTHORIZE_URL, CONF_TOKEN_URL) if entry.data.get(key)
        ),
    }


def _price_source_told(source: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return of which kind a source of prices is; an action and a tariff by name where everybody knows them."""
    if source is None:
        return None
    tariff, action = source.get(CONF_TARIFF), source.get(CONF_ACTION)
    return {
        "kind": next((kind for kind in KINDS if kind in source), "found"),
        "action": action if action in {known.name for known in KNOWN.values()} else None,
        "tariff": tariff.get(CONF_PRESET) if isinstance(tariff, Mapping) else None,
        "settings": sorted(set(source) & _PRICE_SETTINGS),
    }


def _left_out(options: Options, numbered: Mapping[str, str]) -> Iterable[str]:
    return [number for vin, number in numbered.items() if not options.watches(vin)]
