"""Why the worker should read the car, pure: a reason is kept until the work is done or no longer worth doing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

# After this long a read tells no more about what caused it (seconds).
EXPIRES_AFTER: Final = 6 * 3_600.0
# What was started and cannot be confirmed within this time needs no read of its own any more (seconds).
_EXPIRES_SOON: Final = 3_600.0
_FIRST_RETRY: Final = 60.0
_LONGEST_RETRY: Final = 1_800.0
# The first look does not expire, so what refuses it for good must not be asked often (seconds).
_LONGEST_FIRST_LOOK_RETRY: Final = 21_600.0


class Cause(StrEnum):
    """What caused a full read."""

    FIRST_LOOK = "first_look"
    ARRIVED_HOME = "arrived_home"
    #: A read showed the cable in, at home: it can be charged.
    PLUGGED_IN_HOME = "plugged_in_home"
    CAME_ONLINE_HOME = "came_online_home"
    #: Without a cable, when it was read last. It is read when it is online again.
    WENT_OFFLINE_HOME = "went_offline_home"
    #: A read showed that a charge ended below the limit.
    CHARGE_ENDED_SHORT = "charge_ended_short"
    #: What was wished for once was reached, or missed.
    ONE_OFF_ENDED = "one_off_ended"
    REQUESTED = "requested"
    #: The scout wanted the position, and everything costs the same.
    IN_PASSING = "in_passing"
    # What is planned (reading.py).
    AFTER_ARRIVAL = "after_arrival"
    CHARGE_END = "charge_end"
    CHARGE_START = "charge_start"
    COMMAND = "command"
    NIGHTLY_CHECK = "nightly_check"


#: What a read showed, and so is served by that read.
FOUND: Final = frozenset({Cause.ARRIVED_HOME})
#: What is only worth a read while the car is online anyway: a person was told, a look comes again or is not needed.
FLEETING: Final = frozenset({Cause.REQUESTED, Cause.AFTER_ARRIVAL, Cause.NIGHTLY_CHECK})
_SHORT_LIVED: Final = frozenset({Cause.COMMAND, Cause.CHARGE_START})


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason that waits for its work.

    raised_at: Unix seconds. is_told: its event was fired. attempts: that failed. retry_at: Unix seconds.
    """

    cause: Cause
    raised_at: float
    is_told: bool = True
    attempts: int = 0
    retry_at: float = 0.0

    @property
    def key(self) -> tuple[Cause, float]:
        """Return what tells it from another one, whatever became of it since."""
        return self.cause, self.raised_at

    def failed(self, now: float, asked: float | None) -> Self:
        """Return the trigger after an attempt that failed; asked: seconds that Tesla wants to be left alone."""
        longest = _LONGEST_FIRST_LOOK_RETRY if self.cause is Cause.FIRST_LOOK else _LONGEST_RETRY
        wait = min(_FIRST_RETRY * 2.0 ** min(self.attempts, 10), longest)
        # A reason from the future is a clock that was set back; once tried it waits like any other.
        raised_at = min(self.raised_at, now)
        return replace(
            self, raised_at=raised_at, attempts=self.attempts + 1, retry_at=now + max(wait, asked or 0.0)
        )

    def put_off(self, until: float) -> Self:
        """Return the trigger with nothing done for it before then (Unix seconds): it was not tried."""
        return replace(self, retry_at=max(self.retry_at, until))

    def has_expired(self, now: float) -> bool:
        """Return whether the work is no longer worth doing; a car that was never read stays worth a read."""
        longest = _EXPIRES_SOON if self.cause in _SHORT_LIVED else EXPIRES_AFTER
        return self.cause is not Cause.FIRST_LOOK and now - self.raised_at > longest

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "cause": self.cause,
            "raised_at": self.raised_at,
            "is_told": self.is_told,
            "attempts": self.attempts,
            "retry_at": self.retry_at,
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored, None where it is no trigger."""
        if not isinstance(stored, Mapping):
            return None
        cause, raised_at = stored.get("cause"), stored.get("raised_at")
        if cause not in tuple(Cause) or not isinstance(raised_at, int | float):
            return None
        attempts, retry_at = stored.get("attempts"), stored.get("retry_at")
        return cls(
            Cause(cause),
            raised_at,
            stored.get("is_told") is not False,
            attempts if isinstance(attempts, int) else 0,
            retry_at if isinstance(retry_at, int | float) else 0.0,
        )


def add(pending: tuple[Trigger, ...], trigger: Trigger) -> tuple[Trigger, ...]:
    """Return what is pending with one more; a second of the same cause takes the first one's place."""
    return (*(other for other in pending if other.cause is not trigger.cause), trigger)


def due(pending: tuple[Trigger, ...], now: float) -> tuple[Trigger, ...]:
    """Return what is to be worked on now."""
    # A reason from the future is a clock that was set back: its retry must not wait until that time comes again.
    return tuple(trigger for trigger in pending if trigger.retry_at <= now or now < trigger.raised_at)


def is_fleeting(tried: tuple[Trigger, ...]) -> bool:
    """Return whether nothing and nobody waits for a read that was tried."""
    return all(trigger.cause in FLEETING and trigger.cause is not Cause.REQUESTED for trigger in tried)


def kept(pending: tuple[Trigger, ...], tried: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    """Return what still waits after a try for which nothing was read: what is fleeting does not."""
    # What a person asked for was answered to that person; what happened to the car waits.
    return tuple(trigger for trigger in pending if trigger.cause not in FLEETING or trigger not in tried)


def failed(
    pending: tuple[Trigger, ...], tried: tuple[Trigger, ...], now: float, asked: float | None
) -> tuple[Trigger, ...]:
    """Return what still waits after a try that failed. asked: seconds that Tesla wants to be left alone."""
    return tuple(
        trigger.failed(now, asked) if trigger in tried else trigger for trigger in kept(pending, tried)
    )


def put_off(pending: tuple[Trigger, ...], todo: tuple[Trigger, ...], until: float) -> tuple[Trigger, ...]:
    """Return what waits with nothing tried before then (Unix seconds)."""
    return tuple(trigger.put_off(until) if trigger in todo else trigger for trigger in kept(pending, todo))


def served(pending: tuple[Trigger, ...], waited: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    """Return what still waits after a read that served what had waited for one, put off or not; the untold stays."""
    keys = {trigger.key for trigger in waited}
    return tuple(trigger for trigger in pending if trigger.key not in keys or not trigger.is_told)


def found(pending: tuple[Trigger, ...], known: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    """Return what came to be pending since, by what a read itself showed, and so is worked already."""
    keys = {trigger.key for trigger in known}
    return tuple(
        trigger
        for trigger in pending
        if trigger.cause in FOUND and trigger.is_told and trigger.key not in keys
    )
