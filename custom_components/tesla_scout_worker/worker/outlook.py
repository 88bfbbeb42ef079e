"""What the worker expects: the next read of a car, by the owner's clock and the car's schedules."""

from datetime import datetime, time
from typing import Final

from homeassistant.util import dt as dt_util

from ..fleet.models import VehicleData
from ..fleet.vehicle_view import VehicleView
from .reading import Course, Known, Reading, nightly_after
from .timetable import next_start, window_end
from .triggers import Cause

# A start that passed so lately is still looked at (seconds).
_START_PASSED: Final = 600.0
# Home Assistant's timers are early by less than this (seconds).
_EARLY: Final = 2.0


class Outlook:
    """Knows the time zone and the nightly check. What it plans is decided in reading.py."""

    def __init__(self, nightly_at: time | None) -> None:
        """Initialize. A nightly check that fell into a time without Home Assistant is not made up for."""
        self._nightly_at = nightly_at
        self._checked_until = dt_util.utcnow()

    def known(self, read: VehicleData, course: Course, now: float, *, is_home: bool | None) -> Known:
        """Return what is known beside the course. now: Unix seconds."""
        zone = dt_util.get_default_time_zone()
        nightly = None
        if self._nightly_at is not None:
            since = self._checked_until.timestamp()
            # One from the future is a clock that was set back.
            since = since if since <= now + _EARLY else now
            nightly = nightly_after(datetime.fromtimestamp(since, zone), self._nightly_at).timestamp()
        after = max(now - _START_PASSED, course.started_at or 0.0)
        return Known(
            now,
            is_home,
            next_start(read, zone, after) if course.is_plugged and not _is_full(read) else None,
            window_end(read, zone, course.read_at or now) if course.is_charging else None,
            nightly,
        )

    def taken(self, reading: Reading) -> None:
        """Note that a planned read was taken."""
        if reading.cause is Cause.NIGHTLY_CHECK:
            # Home Assistant's timers are early at times: that one is not to come again.
            self._checked_until = max(dt_util.utcnow(), dt_util.utc_from_timestamp(reading.at))

    @staticmethod
    def was_seen_today(course: Course) -> bool:
        """Return whether the car was read since the owner's midnight."""
        return (course.read_at or 0.0) >= dt_util.start_of_local_day().timestamp()


def _is_full(read: VehicleData) -> bool:
    """Return whether the limit is reached: then a schedule begins nothing."""
    level, limit = VehicleView(read).percent("battery_level"), VehicleView(read).percent("charge_limit_soc")
    return level is not None and limit is not None and level >= limit
