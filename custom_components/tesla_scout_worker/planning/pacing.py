"""When a plan is looked at again, and how long nothing is tried after a failure. Pure but for the alarm's timer."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..request_bound import Bucket
from .wish import PlanState

# A plan that could not be put into the car is tried again after this; after this, where somebody must mend it (seconds).
AGAIN: Final = 1_800.0
_MENDED: Final = 7_200.0
# What nobody asked for may change the car's schedules or its limit so often at once, and once more each so many seconds.
_CHANGES: Final = (6, 7_200.0)
_SOONEST: Final = 60.0


class Pace:
    """How often a car may be changed by what nobody asked for. Times are Unix seconds."""

    def __init__(self) -> None:
        """Initialize: nothing has failed yet."""
        self._changes = Bucket(*_CHANGES)
        self._waits_until = 0.0

    def may_change(self, now: float) -> bool:
        """Take leave to change something; False where there is none now."""
        return not self._changes.take(now)

    def failed(self, now: float, *, is_transient: bool) -> float:
        """Note that something failed; the answer is when it is tried again."""
        self._waits_until = now + (AGAIN if is_transient else _MENDED)
        return self._waits_until

    def is_waiting(self, now: float) -> bool:
        """Return whether nothing is tried now: the read after a command that failed would be the next reason."""
        return 0 < self._waits_until - now <= _MENDED

    def next_time(self, state: PlanState, again: float | None, now: float) -> float | None:
        """Return when to look at the plan again, None for the next read. again: where something is to be tried then."""
        times = [again, state.plan.replan_at if state.plan else None]
        times += [wish.ready_by for wish in (state.wish, state.need_wish) if wish]
        # What is past was looked at just now: nothing comes of doing so each minute.
        due = _after(now, times)
        if due is None:
            return None
        return max(due, self._waits_until if self.is_waiting(now) else 0.0, now + _SOONEST)


class Alarm:
    """One timer, which is set anew each time."""

    def __init__(self, hass: HomeAssistant, action: Callable[[], None]) -> None:
        """Initialize. action: what is done at the time."""
        self._hass = hass
        self._action = action
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def set(self, at: float | None) -> None:
        """Set it to a time (Unix seconds), or to none."""
        self.stop()
        if at is not None:
            self._cancel = async_track_point_in_utc_time(
                self._hass, self._async_due, dt_util.utc_from_timestamp(at)
            )

    @callback
    def stop(self) -> None:
        """Set it to no time."""
        if self._cancel:
            self._cancel()
            self._cancel = None

    @callback
    def _async_due(self, _: datetime) -> None:
        self._cancel = None
        self._action()


def _after(now: float, times: Iterable[float | None]) -> float | None:
    return min((at for at in times if at is not None and at > now), default=None)
