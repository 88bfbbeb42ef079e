"""What a position means for home: between the zones of Home Assistant and the pure judgement of `arrival`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..data import ScoutWorkerConfigEntry
from ..fleet.models import Fix, VehicleData
from ..issues import update_issue
from .arrival import Change, Presence, Whereabouts, advance, inferred_home, settle, told_home
from .data import ScoutData
from .home import Home, async_follow_zones, current_home, current_zone, step_between
from .learning import without_habits

# A car that was parked and is farther from there than this has driven in between (metres).
_MOVED: Final = 200.0
# Home has moved if the car, standing still, is so much nearer or farther (metres).
_HOME_MOVED: Final = 500.0
# A car that no longer says whether it drives is believed to for this long after its last position (seconds).
_DRIVING_UNCONFIRMED: Final = 600.0
# The car's navigation leads home if it ends this near to the zone (metres).
_NEAR_HOME: Final = 100.0


class Judge:
    """Judges positions by the home zones as they are at that moment. Asks nothing of Tesla, keeps nothing."""

    def __init__(self, hass: HomeAssistant, entry: ScoutWorkerConfigEntry, home_zones: Sequence[str]) -> None:
        """Initialize. home_zones: entity IDs; the car is at home in any of them."""
        self._hass = hass
        self._entry = entry
        self._home_zones = tuple(home_zones)

    @callback
    def async_follow(self, moved: Callable[[], None]) -> Callable[[], None]:
        """Call back when a zone is moved, resized, deleted or there again; the release comes back."""
        return async_follow_zones(self._hass, self._home_zones, moved)

    def sight(self, data: ScoutData, fix: Fix, now: float) -> tuple[ScoutData, Change | None]:
        """Return what is known after a position, and what changed by it. now: Unix seconds."""
        home = self._home()
        if home is None:
            return replace(data, fix=fix), None
        sighting = home.sighting(fix, data.fix, now)
        whereabouts, change = advance(data.whereabouts, sighting)
        after = replace(data, whereabouts=whereabouts, judged_by=home.circles)
        if whereabouts.doubted is None and whereabouts.at == fix.at and not whereabouts.told_at:
            has_moved = (step_between(data.fix, fix) or 0.0) > _MOVED
            still_parked = data.parked_since if data.parked_since and not has_moved else fix.at
            after = replace(
                after,
                fix=fix,
                to_home=sighting.to_home,
                parked_since=None if data.is_driving else still_parked,
            )
        return after, change

    def judge_anew(self, data: ScoutData, now: float) -> ScoutData | None:
        """Return what is known where home is not what presence was judged by, None where it is.

        Nobody arrived and nobody left. now: Unix seconds.
        """
        home, fix = self._home(), data.fix
        if fix is None or (home and home.circles) == data.judged_by:
            return None
        if home is None:
            # Without a zone nobody is at home or away, and nobody arrives when it is back.
            unknown = replace(data.whereabouts, presence=Presence.UNKNOWN)
            return replace(data, whereabouts=unknown, to_home=None, judged_by=None)
        sighting = home.sighting(fix, None, now)
        whereabouts = settle(data.whereabouts, sighting, home.unmoved(data.judged_by or ()))
        to_home = data.to_home if whereabouts is data.whereabouts else sighting.to_home
        judged = replace(data, whereabouts=whereabouts, to_home=to_home, judged_by=home.circles)
        if data.to_home is not None and to_home is not None and abs(to_home - data.to_home) > _HOME_MOVED:
            # What was learned of distances from the old home says nothing of the new one.
            return without_habits(judged)
        return judged

    def told_home(self, before: Whereabouts, at: float) -> tuple[Whereabouts, Change | None]:
        """Return what is believed after somebody trusted told that the car is at home. at: Unix seconds."""
        return told_home(before, at, self._only_zone)

    def inferred_home(self, before: Whereabouts, at: float) -> tuple[Whereabouts, Change | None]:
        """Return what is believed of a car that vanished right at home. at: Unix seconds."""
        return inferred_home(before, at, self._only_zone)

    def minutes_home(self, fix: Fix | None) -> float | None:
        """Return how long the drive takes by the car's navigation, None unless it leads home."""
        home = self._home()
        if home is None or fix is None or fix.destination is None:
            return None
        return fix.minutes_to_arrival if home.metres_to(*fix.destination) <= _NEAR_HOME else None

    @property
    def _only_zone(self) -> str | None:
        """Return the zone that being at home means, None where there are several."""
        return self._home_zones[0] if len(self._home_zones) == 1 else None

    def _home(self) -> Home | None:
        missing = [zone for zone in self._home_zones if current_zone(self._hass, zone) is None]
        update_issue(
            self._hass,
            self._entry,
            "home_zone_missing",
            is_present=bool(missing),
            placeholders={"zones": ", ".join(missing)},
        )
        return current_home(self._hass, self._home_zones)


def with_driving(data: ScoutData, read: VehicleData, now: float) -> ScoutData:
    """Return what is known after gear and speed of a read, also where its position is missing or cannot be true.

    now: Unix seconds.
    """
    is_driving = read.is_driving
    if is_driving is None:
        fix = data.fix
        is_driving = data.is_driving and fix is not None and now - fix.at < _DRIVING_UNCONFIRMED
    parked_since = None if is_driving else (data.parked_since or read.read_at)
    return replace(data, is_driving=is_driving, parked_since=parked_since)
