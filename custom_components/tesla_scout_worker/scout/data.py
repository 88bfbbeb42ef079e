"""What the scout knows of a car, and how that survives a restart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..fleet.models import CloudState, Fix
from .arrival import Presence, Whereabouts
from .policy import Reason


@dataclass(frozen=True, slots=True)
class ScoutData:
    """What the scout knows. Times are Unix seconds, distances metres.

    online_since: None while the cloud says otherwise. fix: the position believed last. to_home: from there to the zone's edge, 0 inside. judged_by: the
    zone that both are about: latitude, longitude, radius. parked_since: None while driving. last_look: any answer of
    the cloud. last_read: the last billed read, by the scout or the worker. next_look and reason: the plan.
    """

    cloud: CloudState = CloudState.UNKNOWN
    online_since: float | None = None
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    fix: Fix | None = None
    is_driving: bool = False
    to_home: float | None = None
    judged_by: tuple[float, float, float] | None = None
    parked_since: float | None = None
    last_look: float | None = None
    last_read: float | None = None
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
                judged_by=_circle(stored.get("judged_by")),
                parked_since=_number(stored.get("parked_since")),
                last_look=_number(stored.get("last_look")),
                last_read=_number(stored.get("last_read")),
            )
        except KeyError, TypeError, ValueError:
            return cls()


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _circle(stored: Any) -> tuple[float, float, float] | None:
    if stored is None:
        return None
    latitude, longitude, radius = stored
    return float(latitude), float(longitude), float(radius)


def _as_dict(item: Fix | Whereabouts) -> dict[str, Any]:
    return {item_field.name: getattr(item, item_field.name) for item_field in fields(item)}


def _whereabouts(stored: Any) -> Whereabouts:
    if not stored:
        return Whereabouts()
    doubted = stored["doubted"]
    return Whereabouts(
        **{
            **stored,
            "presence": Presence(stored["presence"]),
            "doubted": Presence(doubted) if doubted else None,
        }
    )


def _fix(stored: Any) -> Fix | None:
    if not stored:
        return None
    destination = stored["destination"]
    return Fix(**{**stored, "destination": tuple(destination) if destination else None})
