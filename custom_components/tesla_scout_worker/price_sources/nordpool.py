"""Core's Nord Pool: `nordpool.get_prices_for_date`.

Answers `{"SE3": [{"start": "2026-11-24T23:00:00+00:00", "end": …, "price": 512.3}, …]}`: for each area its quarter hours,
in the currency of the config entry for a MWh, without taxes. A day that is not told yet is an empty list. Days are those
of the market, Central European Time. Each call is a request of that integration to Nord Pool, which costs nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from .action import DAY, PriceAction, chosen
from .units import Unit


def _requests(days: Sequence[datetime]) -> list[dict[str, Any]]:
    return [{"date": day.strftime(DAY)} for day in days]


NORDPOOL: Final = PriceAction(
    domain="nordpool",
    service="get_prices_for_date",
    requests=_requests,
    read=chosen,
    unit=Unit(0.001),
    entry_field="config_entry",
    zone=ZoneInfo("Europe/Oslo"),
    choice_field="areas",
)
