"""How long the scout keeps still after what failed, pure: a failure, or a car that is online and does not answer."""

from dataclasses import dataclass, replace
from typing import Final

from .view import Plan, Reason

# After a failure, doubled with each that follows (seconds).
_FIRST_RETRY: Final = 60.0
_LONGEST_RETRY: Final = 900.0
_MOST_DOUBLINGS: Final = 10
# Home Assistant's timers are early by up to a second.
_ABOUT_NOW: Final = 1.5
# A car may fall asleep between the cloud's answer and a read. That again and again is one that the cloud takes for
# online by mistake: each such answer is billed, so its reads are ever farther apart (seconds).
_USUAL: Final = 1
_UNREACHED: Final = 600.0
_LONGEST_UNREACHED: Final = 7_200.0


@dataclass(slots=True)
class BackOff:
    """What is put off, and until when. Times are Unix seconds."""

    _failures: int = 0
    _until: float = 0.0
    _longest: float = 0.0
    _reason: Reason = Reason.RETRY
    _unreached: int = 0
    _read_from: float = 0.0

    def failed(self, now: float, at_least: float, reason: Reason = Reason.RETRY) -> float:
        """Count a failure; return how many seconds to wait, at least as many as the answer asked for."""
        self._reason = reason
        self._failures += 1
        wait = min(_FIRST_RETRY * 2.0 ** min(self._failures - 1, _MOST_DOUBLINGS), _LONGEST_RETRY)
        self._longest = max(wait, at_least)
        self._until = now + self._longest
        return self._longest

    def worked(self) -> None:
        """Take note of a look that did not fail."""
        self._failures, self._until = 0, 0.0

    def unreached(self, now: float) -> None:
        """Count a read of a car that the cloud called online and that did not answer."""
        beyond = self._unreached - _USUAL
        self._unreached += 1
        pause = (
            min(_UNREACHED * 2.0 ** min(beyond, _MOST_DOUBLINGS), _LONGEST_UNREACHED) if beyond >= 0 else 0.0
        )
        self._read_from = now + pause

    def reached(self) -> None:
        """Take note that the car answered."""
        self._unreached, self._read_from = 0, 0.0

    def put_off(self, planned: Plan, now: float) -> Plan:
        """Return the plan with what must wait put off: all of it after a failure, else the read of a mute car."""
        # A wait longer than it was is a clock that was set back.
        if _ABOUT_NOW < self._until - now <= self._longest:
            return Plan(self._until, self._until, self._reason, is_full=planned.is_full, is_held=True)
        if 0 < self._read_from - now <= _LONGEST_UNREACHED:
            return replace(planned, read_at=max(planned.read_at, self._read_from), is_held=True)
        return planned
