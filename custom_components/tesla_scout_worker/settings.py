"""A config entry's data and options, read once and typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .const import (
    CONF_API_URL,
    CONF_AUTHORIZE_URL,
    CONF_BASE_URL,
    CONF_EYES,
    CONF_HOME_ZONE,
    CONF_HOME_ZONES,
    CONF_LEARN_HABITS,
    CONF_MONTHLY_BUDGET,
    CONF_PRICE_SOURCE,
    CONF_PRICES,
    CONF_PROMPTNESS,
    CONF_REGION,
    CONF_SHARE_ACCESS_TOKEN,
    CONF_TOKEN_URL,
    CONF_WATCHED,
    CONF_WORKER,
    DEFAULT_HOME_ZONE,
    DEFAULT_MONTHLY_BUDGET,
)
from .fleet.auth import AUTHORIZE_URLS, TOKEN_URL, TOKEN_URLS
from .fleet.client import region_of
from .prices import Prices
from .scout.eyes import Role
from .scout.view import Promptness
from .worker.wishes import Wishes

# No budget is more than this.
_MOST_DOLLARS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where Tesla is asked. api_url: None for the region's own host. authorize_url: opened by the owner's browser."""

    token_url: str = TOKEN_URL
    api_url: str | None = None
    authorize_url: str = AUTHORIZE_URLS["na"]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Read the URLs that the owner typed. Where none was, the region names the hosts that sign in and grant tokens.

        The region is the one that was chosen; a pasted token has none, there the API that answers for the account tells.
        """
        api_url = data.get(CONF_API_URL)
        region = data.get(CONF_REGION) or region_of(data.get(CONF_BASE_URL) or "")
        return cls(
            data.get(CONF_TOKEN_URL) or TOKEN_URLS.get(region, TOKEN_URL),
            api_url.rstrip("/") if api_url else None,
            data.get(CONF_AUTHORIZE_URL) or AUTHORIZE_URLS.get(region, AUTHORIZE_URLS["na"]),
        )

    @property
    def typed(self) -> tuple[str, ...]:
        """Return the URLs that may get a token although they are not Tesla's. A browser opens authorize_url."""
        return tuple(url for url in (self.token_url, self.api_url) if url)


@dataclass(frozen=True, slots=True)
class Options:
    """What the owner wished.

    home_zones: the car is at home in any of them. watched: VINs to look after, None for all. monthly_budget: US dollars that may be spent unasked.
    shares_access_token: other programs may take the access token from Home Assistant. eyes: by VIN and role, the
    entities that tell of a car for free. learns_habits: what a car usually does may be remembered and used.
    price_source: of electricity, as `price_sources.PRICE_SOURCE_SCHEMA` has it; None where nobody said.
    """

    home_zones: tuple[str, ...] = (DEFAULT_HOME_ZONE,)
    promptness: Promptness = Promptness.BALANCED
    watched: frozenset[str] | None = None
    monthly_budget: float = DEFAULT_MONTHLY_BUDGET
    shares_access_token: bool = False
    eyes: Mapping[str, Mapping[Role, tuple[str, ...]]] = field(default_factory=dict)
    learns_habits: bool = True
    prices: Prices = field(default_factory=Prices)
    price_source: Mapping[str, Any] | None = None
    worker: Wishes = field(default_factory=Wishes)

    def watches(self, vin: str) -> bool:
        """Return whether a car is to be looked after."""
        return self.watched is None or vin in self.watched

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Read an entry's options; what is missing or makes no sense has the default that is right for most."""
        watched, promptness = options.get(CONF_WATCHED), options.get(CONF_PROMPTNESS)
        source = options.get(CONF_PRICE_SOURCE)
        return cls(
            home_zones=_zones(options),
            promptness=Promptness(promptness) if promptness in list(Promptness) else Promptness.BALANCED,
            watched=frozenset(watched) if isinstance(watched, list) else None,
            monthly_budget=_dollars(options.get(CONF_MONTHLY_BUDGET)),
            # What is not clearly a yes is a no.
            shares_access_token=options.get(CONF_SHARE_ACCESS_TOKEN) is True,
            eyes=_eyes(options.get(CONF_EYES)),
            learns_habits=options.get(CONF_LEARN_HABITS) is not False,
            prices=Prices.from_options(options.get(CONF_PRICES)),
            price_source=source if isinstance(source, Mapping) else None,
            worker=Wishes.from_options(options.get(CONF_WORKER)),
        )


def _zones(options: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = _texts(options.get(CONF_HOME_ZONES)) or _texts([options.get(CONF_HOME_ZONE)])
    return chosen or (DEFAULT_HOME_ZONE,)


def _dollars(value: Any) -> float:
    # NaN and infinity would never be reached, and so would be no limit.
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value <= _MOST_DOLLARS
    return max(float(value), 0.0) if is_number else DEFAULT_MONTHLY_BUDGET


def _eyes(value: Any) -> dict[str, dict[Role, tuple[str, ...]]]:
    cars = value.items() if isinstance(value, Mapping) else ()
    return {vin: {role: _names(chosen, role) for role in Role} for vin, chosen in cars}


def _names(chosen: Any, role: Role) -> tuple[str, ...]:
    return _texts(chosen.get(role) if isinstance(chosen, Mapping) else None)


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(item for item in found if isinstance(item, str) and item))
