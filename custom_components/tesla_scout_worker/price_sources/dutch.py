"""Core's EnergyZero and easyEnergy, both Dutch: `energyzero.get_energy_prices`, `easyenergy.get_energy_usage_prices`.

Both answer `{"prices": [{"timestamp": "2026-11-23 23:00:00+00:00", "price": 0.21}, …]}` in euro for a kWh, EnergyZero with
`start` and `end` beside the timestamp. By default with VAT and without the supplier's part; `price_type` (`all_in`, or
`invoice`) and quarter hours (`interval: quarter`, or `granularity: quarter`) are set in the data of the call. A day that is
not told yet is an error there, so that each day is asked for by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from .action import DAY, PriceAction, rows_at
from .units import Unit


def _requests(days: Sequence[datetime]) -> list[dict[str, Any]]:
    return [{"start": day.strftime(DAY), "end": day.strftime(DAY)} for day in days]


def _read(response: Mapping[str, Any], choice: str | None) -> Sequence[Any]:
    return rows_at(response, "prices")


ENERGYZERO: Final = PriceAction(
    domain="energyzero",
    service="get_energy_prices",
    requests=_requests,
    read=_read,
    unit=Unit(1.0, "EUR"),
    entry_field="config_entry",
    defaults={"incl_vat": True},
)
EASYENERGY: Final = PriceAction(
    domain="easyenergy",
    service="get_energy_usage_prices",
    requests=_requests,
    read=_read,
    unit=Unit(1.0, "EUR"),
    entry_field="config_entry",
    defaults={"incl_vat": True},
)
