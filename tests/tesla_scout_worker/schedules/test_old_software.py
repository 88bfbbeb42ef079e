"""Software that has one start time or one departure: what it can express, and what is refused. Pure."""

import pytest

from custom_components.tesla_scout_worker.worker.days import EVERY_DAY
from custom_components.tesla_scout_worker.worker.old_software import departure_commands, start_commands
from custom_components.tesla_scout_worker.worker.schedule_errors import (
    SchedulesUnknownError,
)
from custom_components.tesla_scout_worker.worker.schedules import PreconditionSchedule

SEVEN = PreconditionSchedule(
    id=None, name=None, days=EVERY_DAY, at=420, enabled=True, one_time=False, latitude=1.0, longitude=2.0
)


def test_car_that_told_nothing_is_sent_nothing() -> None:
    """Nobody knows what would be changed."""
    with pytest.raises(SchedulesUnknownError):
        start_commands([], {}, None)
    with pytest.raises(SchedulesUnknownError):
        departure_commands([SEVEN], {}, None)
