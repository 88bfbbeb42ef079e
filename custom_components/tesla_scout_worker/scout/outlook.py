"""From what the scout knows to what its policy sees, pure."""

from typing import Final

from ..fleet.models import VehicleData
from .arrival import Presence
from .data import ScoutData
from .habits import Habits
from .view import Promptness, View, past

_METRES_A_SECOND: Final = 0.44704  # of a mile an hour
_CHARGES: Final = frozenset({"Charging", "Starting"})
# Where the car does not say how long the charge takes it is looked at again after this (minutes).
_UNKNOWN_CHARGE: Final = 60.0


def view_of(
    data: ScoutData,
    now: float,
    *,
    offset: float,
    promptness: Promptness,
    thrift: float,
    learns: bool,
    minutes_home: float | None,
    charging_until: float | None,
    eyes: Presence | None,
) -> View:
    """Return the policy's view. Times that are still to come are those of a clock that was set back: not known."""
    fix, speed = data.fix, data.fix.speed_mph if data.fix else None
    return View(
        now=now,
        cloud=data.cloud,
        presence=data.presence,
        offset=offset,
        to_home=data.to_home,
        fix_at=past(fix.at, now) if fix else None,
        is_driving=data.is_driving,
        speed=None if speed is None else speed * _METRES_A_SECOND,
        parked_since=past(data.parked_since, now),
        home_since=past(data.whereabouts.since, now) if data.presence is Presence.HOME else None,
        online_since=past(data.online_since, now),
        asleep_at=past(data.asleep_at, now),
        last_look=past(data.last_look, now),
        last_read=past(data.last_read, now),
        still=data.still,
        vain=data.vain,
        glimpsed_at=past(data.glimpsed_at, now),
        eyes=eyes,
        doubted_at=past(data.whereabouts.doubted_at, now) if data.whereabouts.doubted else None,
        minutes_home=minutes_home,
        charging_until=charging_until,
        journey=data.journey,
        habits=data.habits if learns else Habits(),
        promptness=promptness,
        thrift=thrift,
    )


def charging_until(read: VehicleData) -> float | None:
    """Return when the charge that a read showed should end, Unix seconds; None where the car does not charge."""
    if read.read_at is None or read.text("charge_state", "charging_state") not in _CHARGES:
        return None
    minutes = read.number("charge_state", "minutes_to_full_charge")
    return read.read_at + 60.0 * (minutes or _UNKNOWN_CHARGE)
