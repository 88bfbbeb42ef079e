"""What the tests of prices share: times by their names, a market day, and an error read as a person reads it."""

from datetime import UTC, datetime, timedelta
from functools import cache
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

import custom_components.tesla_scout_worker as package
from custom_components.tesla_scout_worker.worker.price_slots import Prices

BERLIN = ZoneInfo("Europe/Berlin")
WARSAW = ZoneInfo("Europe/Warsaw")
HOUR = 3_600.0
# Midnight in Berlin before the tests begin (24 November 2026, 17:00 there), and two after it.
TODAY = datetime(2026, 11, 24, tzinfo=BERLIN)
TOMORROW = TODAY + timedelta(days=1)
AFTER = TODAY + timedelta(days=2)


def at(*when: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    """Return a UTC timestamp from year, month, day, hour and minute of a place."""
    year, month, day, hour, minute = (*when, 0, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).timestamp()


def moments(start: datetime, end: datetime, minutes: int = 60) -> list[datetime]:
    """Return the starts of all slots between two times, in UTC: a day that changes its clock has 23 or 25 hours."""
    step = timedelta(minutes=minutes)
    found, moment = [], start.astimezone(UTC)
    while moment < end:
        found.append(moment)
        moment += step
    return found


def price_at(moment: datetime) -> float:
    """Return a price that is another one at each time, some of them negative (for a kWh)."""
    return round(0.1 * ((moment.hour * 7) % 24) - 0.2 + moment.minute / 1_000 + moment.day / 10_000, 6)


def spans(prices: Prices) -> list[tuple[str, str, float]]:
    """Return prices as UTC texts, to be read in a test."""
    return [
        (
            datetime.fromtimestamp(slot.start, UTC).isoformat()[:16],
            datetime.fromtimestamp(slot.end, UTC).isoformat()[:16],
            round(slot.price, 6),
        )
        for slot in prices.slots
    ]


def reads(err: HomeAssistantError) -> list[str]:
    """Return the sentences of an error in each language, with every name in them filled in."""
    key, names = err.translation_key, err.translation_placeholders or {}
    return [words(language)["exceptions"][key]["message"].format(**names) for language in ("en", "pl")]


@cache
def words(language: str) -> dict[str, Any]:
    """Return the translations of a language."""
    path = Path(str(package.__file__)).with_name("translations") / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


async def in_place(hass: HomeAssistant, zone: str, currency: str) -> None:
    """Put Home Assistant's home somewhere."""
    await hass.config.async_update(time_zone=zone, currency=currency)
    await hass.async_block_till_done()
