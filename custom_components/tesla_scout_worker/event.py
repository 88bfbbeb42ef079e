"""Events: arrivals and departures, what happens at the charging cable, full reads; those of the account are added here."""

from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .account_event import ACCOUNT_EVENT, AccountEvent
from .automation_targets import CHARGING, PRESENCE
from .data import ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .read_event import READ_EVENT, ReadEvent
from .scout.arrival import Change
from .scout.coordinator import ScoutCoordinator
from .worker.coordinator import WorkerCoordinator
from .worker.sessions import Happened, Session

PARALLEL_UPDATES = 0

_DESCRIPTION = EventEntityDescription(
    key="presence", translation_key=PRESENCE, event_types=[change.value for change in Change]
)
_CHARGING = EventEntityDescription(
    key="charging", translation_key=CHARGING, event_types=[happened.value for happened in Happened]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events."""
    async_add_for_each_car(
        entry,
        async_add_entities,
        lambda car: [
            PresenceEvent(entry, car, car.scout, _DESCRIPTION),
            ChargingEvent(entry, car, car.worker, _CHARGING),
            ReadEvent(entry, car, car.worker, READ_EVENT),
        ],
    )
    async_add_entities([AccountEvent(entry, ACCOUNT_EVENT)])


class PresenceEvent(CarEntity[ScoutCoordinator], EventEntity):
    """Fires when the car comes home or leaves."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the scout."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_change_listener(self._async_changed))

    @callback
    def _async_changed(self, change: Change, at: float) -> None:
        fix = self.coordinator.data.fix
        is_seen = fix is not None and fix.at == at
        self._trigger_event(
            change.value,
            {
                # An entity that told it, or a signal that was lost at home, has no position.
                "position_taken_at": dt_util.utc_from_timestamp(at) if is_seen else None,
                "noticed_by": "position" if is_seen else "no_position",
                # The home zone that the car is in, or that it left.
                "zone": self.coordinator.data.whereabouts.zone,
            },
        )
        self.async_write_ha_state()


class ChargingEvent(CarEntity[WorkerCoordinator], EventEntity):
    """Fires what a full read shows to have happened since the one before: so it is as late as that read."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the worker."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.teller.async_add_listener(self._async_happened))

    @callback
    def _async_happened(self, happened: Happened, at: float, session: Session | None) -> None:
        # A cable that comes or goes is no matter of a session.
        is_charge = happened not in {Happened.PLUGGED_IN, Happened.UNPLUGGED}
        self._trigger_event(
            happened.value,
            {
                "read_at": dt_util.utc_from_timestamp(at),
                "at_home": self._car.scout.data.is_home,
                **(_told(session) if session and is_charge else {}),
            },
        )
        self.async_write_ha_state()


def _told(session: Session) -> dict[str, Any]:
    """Return what is known of a session: kWh, per cent."""
    return {
        "level_before": session.level_before,
        "level_after": session.level_after,
        "energy_added": round(session.energy_added, 2),
        "fast_charger": session.is_fast,
    }
