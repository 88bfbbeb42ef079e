"""Core's Amber Electric: `amberelectric.get_forecasts`.

Answers `{"forecasts": [{"start_time": "2026-11-24T02:00:01+00:00", "end_time": "2026-11-24T02:30:00+00:00", "duration": 30,
"per_kwh": 0.28, "spot_per_kwh": …}, …]}` in Australian dollars for a kWh, all taxes and grid fees in it. Slots begin a
second late. There is one call, of what the integration already knows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from .action import PriceAction, rows_at
from .units import Unit


def _requests(days: Sequence[datetime]) -> list[dict[str, Any]]:
    return [{}]


def _read(response: Mapping[str, Any], choice: str | None) -> Sequence[Any]:
    return rows_at(response, "forecasts")


AMBERELECTRIC: Final = PriceAction(
    domain="amberelectric",
    service="get_forecasts",
    requests=_requests,
    read=_read,
    unit=Unit(1.0, "AUD"),
    entry_field="config_entry_id",
    defaults={"channel_type": "general"},
)
