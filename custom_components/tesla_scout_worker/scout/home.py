"""Home as Home Assistant knows it at this moment: a zone that can be moved, resized or deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.zone import ATTR_RADIUS
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.location import distance

from ..fleet.models import Fix
from .arrival import Sighting


@dataclass(frozen=True, slots=True)
class HomeZone:
    """A circle: degrees and metres."""

    latitude: float
    longitude: float
    radius: float

    @property
    def circle(self) -> tuple[float, float, float]:
        """Return what can be stored and compared."""
        return self.latitude, self.longitude, self.radius

    def metres_to(self, latitude: float, longitude: float) -> float:
        """Return how far a position is from the centre."""
        return distance(self.latitude, self.longitude, latitude, longitude) or 0.0

    def sighting(self, fix: Fix, before: Fix | None, now: float) -> Sighting:
        """Return a fix as it is seen from home. before: the fix believed last."""
        return Sighting(
            at=fix.at,
            seen_at=now,
            distance=self.metres_to(fix.latitude, fix.longitude),
            radius=self.radius,
            step=step_between(before, fix),
            is_driving=fix.is_driving,
        )


def step_between(before: Fix | None, fix: Fix) -> float | None:
    """Return how far two fixes are apart, metres; None without the first."""
    if before is None:
        return None
    return distance(before.latitude, before.longitude, fix.latitude, fix.longitude)


def current_zone(hass: HomeAssistant, entity_id: str) -> HomeZone | None:
    """Return the zone, None where it is gone or has no position."""
    state = hass.states.get(entity_id)
    if state is None:
        return None
    try:
        return HomeZone(
            float(state.attributes[ATTR_LATITUDE]),
            float(state.attributes[ATTR_LONGITUDE]),
            float(state.attributes[ATTR_RADIUS]),
        )
    except KeyError, TypeError, ValueError:
        return None


@callback
def async_follow_zone(hass: HomeAssistant, entity_id: str, moved: Callable[[], None]) -> Callable[[], None]:
    """Call back when the zone itself changes; that it counts who is in it is no change. The release comes back."""

    @callback
    def _async_changed(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or _shape(old.attributes) != _shape(new.attributes):
            moved()

    return async_track_state_change_event(hass, [entity_id], _async_changed)


def _shape(attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(attributes.get(name) for name in (ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_RADIUS))
