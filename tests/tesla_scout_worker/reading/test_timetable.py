"""When a car begins to charge by itself, as it told. Pure."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.timetable import next_start

NOW = 1_800_000_000.0
HOUR = 3_600.0
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"scheduled_charging_pending": True, "scheduled_charging_start_time": NOW + 2 * HOUR},
            NOW + 2 * HOUR,
        ),
        ({"scheduled_charging_pending": False, "scheduled_charging_start_time": NOW + 2 * HOUR}, None),
        ({"scheduled_charging_pending": True, "scheduled_charging_start_time": NOW - HOUR}, None),
        ({"scheduled_charging_pending": True, "scheduled_charging_start_time": NOW + 90 * DAY}, None),
        ({"scheduled_charging_pending": True}, None),
    ],
)
def test_older_software_tells_the_moment_itself(told: dict[str, Any], expected: float | None) -> None:
    """What is past, or far away, is a mistake."""
    assert next_start(VehicleData({"charge_state": told}, NOW), BERLIN, NOW) == expected
