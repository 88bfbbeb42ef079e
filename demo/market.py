"""A day of electricity prices, squeezed: what is an hour at a power exchange is a minute here, so that nobody waits for the night."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

CURRENCY: Final = "EUR"
ENTITY: Final = "sensor.electricity_price"
SLOT: Final = 60.0

# For a kWh, one after the other. The night's valley is what a plan should find.
_DAY: Final = (
    0.34, 0.36, 0.38, 0.41, 0.43, 0.42, 0.40, 0.35,
    0.11, 0.09, 0.08, 0.09, 0.11,
    0.29, 0.33, 0.36, 0.37, 0.36, 0.34, 0.33, 0.35, 0.39, 0.41, 0.37,
)  # fmt: skip
_VALLEY_FROM: Final = 8
_VALLEY_LASTS: Final = 5


@dataclass(frozen=True, slots=True)
class Market:
    """The prices of one day. begin: Unix seconds, a whole minute."""

    begin: float

    @classmethod
    def cheap_after(cls, at: float) -> Market:
        """Return a day whose cheap time begins with the first whole minute after a time (Unix seconds)."""
        return cls((at // SLOT + 1) * SLOT - _VALLEY_FROM * SLOT)

    @property
    def cheap_from(self) -> float:
        """Return when the cheap time begins, Unix seconds."""
        return self.begin + _VALLEY_FROM * SLOT

    @property
    def cheap_until(self) -> float:
        """Return when it ends, Unix seconds."""
        return self.cheap_from + _VALLEY_LASTS * SLOT

    @property
    def end(self) -> float:
        """Return when the day is over, Unix seconds."""
        return self.begin + len(_DAY) * SLOT

    def price(self, at: float) -> float:
        """Return what a kWh costs at a time (Unix seconds); before and after the day what its first and last minute cost."""
        return _DAY[min(max(int((at - self.begin) // SLOT), 0), len(_DAY) - 1)]

    def state(self, now: float) -> dict[str, Any]:
        """Return the state of an entity that carries these prices, in the layout of the Nord Pool integration of HACS."""
        rows = [
            {
                "start": _iso(self.begin + index * SLOT),
                "end": _iso(self.begin + (index + 1) * SLOT),
                "value": price,
            }
            for index, price in enumerate(_DAY)
        ]
        attributes = {
            "friendly_name": "Electricity price",
            "icon": "mdi:transmission-tower",
            "state_class": "measurement",
            "unit_of_measurement": f"{CURRENCY}/kWh",
            "currency": CURRENCY,
            "raw_today": rows,
            "raw_tomorrow": [],
        }
        return {"state": f"{self.price(now):.2f}", "attributes": attributes}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
