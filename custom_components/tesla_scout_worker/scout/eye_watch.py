"""Watches the entities that the owner picked for a car, and tells what they see. Nothing here sends a request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from homeassistant.components.zone import ATTR_RADIUS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, ATTR_GPS_ACCURACY, ATTR_LATITUDE, ATTR_LONGITUDE, STATE_HOME
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ..const import CONF_EYES, CONF_HOME_ZONE, CONF_HOME_ZONES, DEFAULT_HOME_ZONE, DOMAIN
from .arrival import Presence
from .eyes import Eye, Glimpse, Kind, LookBound, Role, Seen, in_any_zone, kind_of, see, standing
from .home import current_zone

_ZONE: Final = "zone."

type Wishes = Mapping[Role, Sequence[str]]
"""The entities that the owner picked for a car, by their role."""


class Eyes:
    """The free eyes of one car.

    on_glimpse is told what happens: HOME and AWAY each time, LOOK as often as the bound allows. on_answer is told that
    the standing answer is another one than before, also where nothing happened: an entity came back or went.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        wishes: Wishes,
        zones: Sequence[str],
        *,
        own: Callable[[], frozenset[str]],
        on_glimpse: Callable[[Glimpse], None],
        on_answer: Callable[[], None] | None = None,
    ) -> None:
        """Initialize. zones: in which the car is at home. own: entities that only repeat what the scout said."""
        self._hass = hass
        self._zones = tuple(zones)
        self._own = own
        self._on_glimpse = on_glimpse
        self._on_answer = on_answer
        self._bound = LookBound()
        self._answer: Presence | None = None
        self._release_states: Callable[[], None] | None = None
        now = dt_util.utcnow().timestamp()
        self._eyes = [
            Eye(entity_id, role, now) for role, entity_ids in wishes.items() for entity_id in entity_ids
        ]

    @property
    def answer(self) -> Presence | None:
        """Return where the car is as long as this stands: HOME or AWAY; None where no eye says, or they contradict."""
        return self._answer

    @callback
    def async_start(self) -> Callable[[], None]:
        """Take the states as they are, which is no news, and tell changes from now on; the release comes back."""
        self._judge()
        self._answer = standing(self._eyes)
        self._follow()
        releases = [
            self._hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_renamed, event_filter=_is_rename
            ),
            async_track_state_change_event(self._hass, self._zones, self._async_zone_changed),
        ]

        @callback
        def _release() -> None:
            for release in releases:
                release()
            self._unfollow()

        return _release

    def _follow(self) -> None:
        self._unfollow()
        entity_ids = {eye.entity_id for eye in self._eyes}
        self._release_states = async_track_state_change_event(self._hass, entity_ids, self._async_changed)

    def _unfollow(self) -> None:
        if self._release_states is not None:
            self._release_states()
            self._release_states = None

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        entity_id, seen = event.data["entity_id"], self._seen(event.data["new_state"])
        glimpses: list[Glimpse] = []
        for index, eye in enumerate(self._eyes):
            if eye.entity_id == entity_id:
                self._eyes[index], glimpse = see(eye, seen)
                glimpses += [glimpse] if glimpse else []
        has_changed = self._settle()
        # What answers for the car goes first: a look may then not be worth its price.
        for glimpse in sorted(glimpses, key=lambda item: item.role is Role.LOOK):
            if glimpse.role is not Role.LOOK or self._bound.admits(dt_util.utcnow().timestamp()):
                self._on_glimpse(glimpse)
        self._tell(has_changed=has_changed)

    @callback
    def _async_zone_changed(self, event: Event[EventStateChangedData]) -> None:
        """Judge anew; that a zone was moved brought nobody home."""
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or _shape(old) != _shape(new):
            self._judge()
            self._tell(has_changed=self._settle())

    @callback
    def _async_renamed(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old, new = _names(event.data)
        if any(eye.entity_id == old for eye in self._eyes):
            self._eyes = [replace(eye, entity_id=new) if eye.entity_id == old else eye for eye in self._eyes]
            self._follow()

    def _judge(self) -> None:
        self._eyes = [see(eye, self._seen(self._hass.states.get(eye.entity_id)))[0] for eye in self._eyes]

    def _settle(self) -> bool:
        before, self._answer = self._answer, standing(self._eyes)
        return self._answer is not before

    def _tell(self, *, has_changed: bool) -> None:
        if has_changed and self._on_answer is not None:
            self._on_answer()

    def _seen(self, state: State | None) -> Seen:
        if state is None or repeats(state, self._own()):
            return Seen(None, dt_util.utcnow().timestamp())
        in_zone = self._in_zone(state) if kind_of(state.entity_id) is Kind.TRACKER else None
        return Seen(state.state, state.last_updated_timestamp, in_zone)

    def _in_zone(self, state: State) -> bool | None:
        """Return whether a tracker is at home: by its position, else by the zones that it names."""
        zones = {entity_id: current_zone(self._hass, entity_id) for entity_id in self._zones}
        position = _position(state)
        if position is not None:
            latitude, longitude, accuracy = position
            there = [zone for zone in zones.values() if zone is not None]
            return in_any_zone(
                [(zone.metres_to(latitude, longitude), zone.radius) for zone in there], accuracy
            )
        if not any(zones.values()):
            return None
        if state.state == STATE_HOME and DEFAULT_HOME_ZONE not in self._zones:
            # Where that lies to the owner's zones a tracker without a position does not tell.
            return True if self._names(state) else None
        return self._names(state)

    def _names(self, state: State) -> bool:
        """Return whether a tracker names one of the zones. It is in the zones that it lists, and called by one."""
        called = {
            STATE_HOME if zone == DEFAULT_HOME_ZONE else _name(self._hass, zone) for zone in self._zones
        }
        return state.state in called or not {*self._zones}.isdisjoint(_listed(state, "in_zones"))


def own_entities(hass: HomeAssistant, entry_id: str, vin: str) -> frozenset[str]:
    """Return the entities that tell what the scout of a car found out, and those of its account: no eyes for it."""
    devices = dr.async_get(hass)
    others: set[str] = set()
    for device in dr.async_entries_for_config_entry(devices, entry_id):
        names = {name for domain, name in device.identifiers if domain == DOMAIN}
        if vin not in names and device.entry_type is None:
            others.add(device.id)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    return frozenset(item.entity_id for item in entities if item.device_id not in others)


def repeats(state: State, own: frozenset[str]) -> bool:
    """Return whether a state is one of these, or comes from one of these: a person's tracker, a member of a group."""
    sources = (
        state.attributes.get("source"),
        *_listed(state, "device_trackers"),
        *_listed(state, ATTR_ENTITY_ID),
    )
    # Whatever another integration puts there need not be a name.
    named = {source for source in sources if isinstance(source, str)}
    return state.entity_id in own or not own.isdisjoint(named)


@callback
def async_follow_renames(hass: HomeAssistant) -> Callable[[], None]:
    """Keep what the owner picked when he gives an entity another ID, also while an account is not loaded."""

    @callback
    def _async_renamed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old, new = _names(event.data)
        for entry in hass.config_entries.async_entries(DOMAIN):
            picked = {
                key: entry.options[key]
                for key in (CONF_EYES, CONF_HOME_ZONE, CONF_HOME_ZONES)
                if key in entry.options
            }
            renamed = _with_name(picked, old, new)
            if renamed == picked:
                continue
            hass.config_entries.async_update_entry(entry, options={**entry.options, **renamed})
            if old.startswith(_ZONE) and entry.state is ConfigEntryState.LOADED:
                # The scout goes by the names that it started with.
                hass.config_entries.async_schedule_reload(entry.entry_id)

    return hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, _async_renamed, event_filter=_is_rename)


@callback
def _is_rename(data: Mapping[str, Any]) -> bool:
    return data["action"] == "update" and "old_entity_id" in data


def _names(data: Mapping[str, Any]) -> tuple[str, str]:
    return data["old_entity_id"], data["entity_id"]


def _with_name(tree: Any, old: str, new: str) -> Any:
    if isinstance(tree, Mapping):
        return {key: _with_name(item, old, new) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_with_name(item, old, new) for item in tree]
    return new if tree == old else tree


def _position(state: State) -> tuple[float, float, float] | None:
    """Return latitude, longitude and accuracy in metres, None where there is no position."""
    try:
        return (
            float(state.attributes[ATTR_LATITUDE]),
            float(state.attributes[ATTR_LONGITUDE]),
            float(state.attributes.get(ATTR_GPS_ACCURACY) or 0.0),
        )
    except KeyError, TypeError, ValueError:
        return None


def _name(hass: HomeAssistant, zone: str) -> str | None:
    state = hass.states.get(zone)
    return state.name if state else None


def _listed(state: State, name: str) -> Sequence[str]:
    value = state.attributes.get(name)
    return value if isinstance(value, list | tuple) else ()


def _shape(state: State) -> tuple[Any, ...]:
    return tuple(state.attributes.get(name) for name in (ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_RADIUS))
