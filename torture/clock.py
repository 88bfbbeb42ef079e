"""A clock that can be set wrong: everything imported after install() reads it, timers of the loop do not."""

from collections.abc import Callable
import datetime as dt
from functools import partial
import time
from typing import Final

_true_time: Final[Callable[[], float]] = time.time
_error = 0.0


def install() -> None:
    """Put the clock in place of the system's. Must come before Home Assistant is imported."""
    time.time = _time
    from homeassistant.util import dt as dt_util  # noqa: PLC0415 - after time.time was replaced

    # Home Assistant's is a partial; what it is called with is the same.
    dt_util.utcnow = partial(_utcnow)
    dt_util.now = lambda time_zone=None: _utcnow().astimezone(time_zone or dt_util.get_default_time_zone())


def step(seconds: float) -> None:
    """Set the clock forward, or back."""
    global _error  # noqa: PLW0603 - there is one clock
    _error += seconds


def _time() -> float:
    return _true_time() + _error


def _utcnow() -> dt.datetime:
    return dt.datetime.fromtimestamp(_true_time() + _error, dt.UTC)
