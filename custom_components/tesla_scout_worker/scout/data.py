"""What the scout knows of a car, and how that survives a restart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..fleet.models import CloudState, Fix
from .arrival import Circle, Presence, Whereabouts
from .habits import Habits
from .journey import Journey
from .view import Reason


@dataclass(frozen=True, slots=True)
class ScoutData:
    """What the scout knows. Times are Unix seconds, distances metres.

    online_since: None while the cloud says otherwise. fix: the position believed last. to_home: from there to
    the nearest home zone's edge, 0 inside. judged_by: where the home zones were when both were judged. parked_since: None while driving. last_look: any answer of
    the cloud. last_read: the last billed read, by the scout or the worker. asleep_at: when it was last seen not online.
    still: how many reads in a row found it parked where it was; vain: how many of them since it had woken. vanished_at: when it lost its signal on the last metres
    home, None otherwise. glimpsed_at: when an eye last asked for a look. journey, habits: what is learned.
    next_look and reason: the plan.
    """

    cloud: CloudState = CloudState.UNKNOWN
    online_since: float | None = None
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    fix: Fix | None = None
    is_driving: bool = False
    to_home: float | None = None
    judged_by: tuple[Circle, ...] | None = None
    parked_since: float | None = None
    last_look: float | None = None
    last_read: float | None = None
    asleep_at: float | None = None
    still: int = 0
    vain: int = 0
    vanished_at: float | None = None
    glimpsed_at: float | None = None
    journey: Journey = field(default_factory=Journey)
    habits: Habits = field(default_factory=Habits)
    next_look: float | None = None
    reason: Reason = Reason.FIRST_LOOK

    @property
    def presence(self) -> Presence:
        """Return whether the car is at home."""
        return self.whereabouts.presence

    @property
    def is_home(self) -> bool | None:
        """Return the same as yes or no, None where it is unknown."""
        return None if self.presence is Presence.UNKNOWN else self.presence is Presence.HOME

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored; the plan is made anew."""
        return {
            "cloud": self.cloud,
            "online_since": self.online_since,
            "whereabouts": _as_dict(self.whereabouts),
            "fix": _as_dict(self.fix) if self.fix else None,
            "is_driving": self.is_driving,
            "to_home": self.to_home,
            "judged_by": self.judged_by,
            "parked_since": self.parked_since,
            "last_look": self.last_look,
            "last_read": self.last_read,
            "asleep_at": self.asleep_at,
            "still": self.still,
            "vain": self.vain,
            "vanished_at": self.vanished_at,
            "journey": self.journey.as_dict(),
            "habits": self.habits.as_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ScoutData:
        """Read what was stored; where that cannot be read nothing is known."""
        try:
            return cls(
                cloud=CloudState(stored.get("cloud", CloudState.UNKNOWN)),
                online_since=_number(stored.get("online_since")),
                whereabouts=_whereabouts(stored.get("whereabouts")),
                fix=_fix(stored.get("fix")),
                is_driving=stored.get("is_driving") is True,
                to_home=_number(stored.get("to_home")),
                judged_by=_circles(stored.get("judged_by")),
                parked_since=_number(stored.get("parked_since")),
                last_look=_number(stored.get("last_look")),
                last_read=_number(stored.get("last_read")),
                asleep_at=_number(stored.get("asleep_at")),
                still=int(stored.get("still") or 0),
                vain=int(stored.get("vain") or 0),
                vanished_at=_number(stored.get("vanished_at")),
                journey=Journey.from_dict(stored.get("journey")),
                habits=Habits.from_dict(stored.get("habits")),
            )
        except KeyError, TypeError, ValueError:
            return cls()


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _circles(stored: Any) -> tuple[Circle, ...] | None:
    if stored is None:
        return None
    # There was one zone only, and so one circle without a list around it.
    circles = stored if isinstance(next(iter(stored), None), list | tuple) else [stored]
    return tuple(
        (float(latitude), float(longitude), float(radius)) for latitude, longitude, radius in circles
    )


def _as_dict(item: Fix | Whereabouts) -> dict[str, Any]:
    return {item_field.name: getattr(item, item_field.name) for item_field in fields(item)}


def _whereabouts(stored: Any) -> Whereabouts:
    if not stored:
        return Whereabouts()
    doubted, zone = stored["doubted"], stored.get("zone")
    return Whereabouts(
        **{
            **stored,
            "presence": Presence(stored["presence"]),
            "doubted": Presence(doubted) if doubted else None,
            "zone": zone if isinstance(zone, str) else None,
        }
    )


def _fix(stored: Any) -> Fix | None:
    if not stored:
        return None
    destination = stored["destination"]
    return Fix(**{**stored, "destination": tuple(destination) if destination else None})
