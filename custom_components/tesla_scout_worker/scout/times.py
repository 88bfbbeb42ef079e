"""The clock as Home Assistant has it: Unix seconds, and how far local time is from UTC."""

from homeassistant.util import dt as dt_util


def now_utc() -> float:
    """Return the time, Unix seconds."""
    return dt_util.utcnow().timestamp()


def utc_offset(at: float) -> float:
    """Return how far Home Assistant's local time is ahead of UTC at a time (Unix seconds), seconds."""
    offset = dt_util.as_local(dt_util.utc_from_timestamp(at)).utcoffset()
    return offset.total_seconds() if offset else 0.0
