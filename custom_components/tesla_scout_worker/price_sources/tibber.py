"""Core's Tibber: `tibber.get_prices`.

Answers `{"prices": {"Home": [{"start_time": "2026-11-24T00:00:00.000+01:00", "price": 1.23}, …]}}`: for each home, by its
name, all that is paid for a kWh, in the currency of the subscription. Without ends; steps are an hour or a quarter.
Tomorrow is there from about 13:00. It takes no config entry.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from .action import PriceAction, chosen
from .reading import PriceDataError
from .units import Unit


def _requests(days: Sequence[datetime]) -> list[dict[str, Any]]:
    return [{"start": days[0].isoformat(), "end": (days[-1] + timedelta(days=1)).isoformat()}]


def _read(response: Mapping[str, Any], choice: str | None) -> Sequence[Any]:
    homes = response.get("prices")
    if not isinstance(homes, Mapping):
        raise PriceDataError(translation_key="price_answer_unreadable")
    return chosen(homes, choice)


TIBBER: Final = PriceAction(
    domain="tibber", service="get_prices", requests=_requests, read=_read, unit=Unit(1.0)
)
