"""Home as Home Assistant knows it at this moment: zones that can be moved, resized or deleted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.zone import ATTR_RADIUS
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.location import distance

from ..fleet.models import Fix
from .arrival import Circle, Place, Sighting


@dataclass(frozen=True, slots=True)
class HomeZone:
    """A zone: degrees and metres."""

    entity_id: str
    latitude: float
    longitude: float
    radius: float

    @property
    def circle(self) -> Circle:
        """Return where it is."""
        return self.latitude, self.longitude, self.radius

    def metres_to(self, latitude: float, longitude: float) -> float:
        """Return how far a position is from the centre."""
        return distance(self.latitude, self.longitude, latitude, longitude) or 0.0

    def place(self, latitude: float, longitude: float) -> Place:
        """Return the zone as it is seen from a position."""
        return Place(self.entity_id, self.metres_to(latitude, longitude), self.radius)


@dataclass(frozen=True, slots=True)
class Home:
    """The zones in which a car is at home, at least one."""

    zones: tuple[HomeZone, ...]

    @property
    def circles(self) -> tuple[Circle, ...]:
        """Return where home is, whatever the order of its zones."""
        return tuple(sorted(zone.circle for zone in self.zones))

    def unmoved(self, circles: Iterable[Circle]) -> tuple[str, ...]:
        """Return the zones that are where one was when home was these circles."""
        known = set(circles)
        return tuple(zone.entity_id for zone in self.zones if zone.circle in known)

    def metres_to(self, latitude: float, longitude: float) -> float:
        """Return how far a position is from the nearest zone's edge, 0 inside."""
        return min(zone.place(latitude, longitude).to_edge for zone in self.zones)

    def sighting(self, fix: Fix, before: Fix | None, now: float) -> Sighting:
        """Return a fix as it is seen from home. before: the fix believed last."""
        return Sighting(
            at=fix.at,
            seen_at=now,
            places=tuple(zone.place(fix.latitude, fix.longitude) for zone in self.zones),
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
            entity_id,
            float(state.attributes[ATTR_LATITUDE]),
            float(state.attributes[ATTR_LONGITUDE]),
            float(state.attributes[ATTR_RADIUS]),
        )
    except KeyError, TypeError, ValueError:
        return None


def current_home(hass: HomeAssistant, entity_ids: Iterable[str]) -> Home | None:
    """Return home as far as its zones are there, None where none is."""
    zones = tuple(zone for entity_id in entity_ids if (zone := current_zone(hass, entity_id)))
    return Home(zones) if zones else None


@callback
def async_follow_zones(
    hass: HomeAssistant, entity_ids: Iterable[str], moved: Callable[[], None]
) -> Callable[[], None]:
    """Call back when a zone itself changes; that it counts who is in it is no change. The release comes back."""

    @callback
    def _async_changed(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or _shape(old.attributes) != _shape(new.attributes):
            moved()

    return async_track_state_change_event(hass, entity_ids, _async_changed)


def _shape(attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(attributes.get(name) for name in (ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_RADIUS))
