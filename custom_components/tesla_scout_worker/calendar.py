"""A calendar of each car: when its schedules let it charge and have it warm."""

from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .entity import CarEntity, async_add_for_each_car
from .schedule_kinds import CHARGE, PRECONDITION, Kind
from .worker.coordinator import WorkerCoordinator
from .worker.schedules import ChargeSchedule, Schedule
from .worker.wall_clock import Occurrence, occurrences

PARALLEL_UPDATES = 0

_DESCRIPTION: Final = CalendarEntityDescription(key="schedules", translation_key="schedules")
_KINDS: Final[tuple[Kind[Any], ...]] = (CHARGE, PRECONDITION)
# A schedule comes every week at least.
_LOOK_AHEAD: Final = timedelta(days=9)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the calendars."""
    async_add_for_each_car(
        entry, async_add_entities, lambda car: [ScheduleCalendar(entry, car, car.worker, _DESCRIPTION)]
    )


class ScheduleCalendar(CarEntity[WorkerCoordinator], CalendarEntity):
    """The schedules of a car as events, by the clock of its home. Asks nothing: they are those of the last read."""

    entity_description: CalendarEntityDescription

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return what is on now or comes next."""
        now = dt_util.utcnow()
        return min(self._events(now, now + _LOOK_AHEAD), key=lambda event: event.start, default=None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return what is on in a time."""
        return sorted(self._events(start_date, end_date), key=lambda event: event.start)

    def _events(self, since: datetime, until: datetime) -> list[CalendarEvent]:
        zone, read_at = dt_util.get_default_time_zone(), self._car.worker.data.vehicle_data.read_at
        return [
            self._event(kind, schedule, run)
            for kind in _KINDS
            for schedule in self._car.schedules.present(kind) or ()
            for run in occurrences(schedule, zone, since.timestamp(), until.timestamp(), known_at=read_at)
        ]

    def _event(self, kind: Kind[Any], schedule: Schedule, run: Occurrence) -> CalendarEvent:
        words = [] if self._car.schedules.is_at_home(schedule) else [self._word("elsewhere")]
        return CalendarEvent(
            start=dt_util.as_local(run.start),
            end=dt_util.as_local(run.end),
            summary=self._word(_summary(schedule, run)),
            description="\n".join(filter(None, (schedule.name, *words))) or None,
            uid=f"{kind.name}-{schedule.id}" if schedule.id is not None else None,
        )

    def _word(self, key: str) -> str:
        """Return a word in Home Assistant's language."""
        path = f"component.{DOMAIN}.entity.calendar.schedules.state_attributes.message.state.{key}"
        return self.platform_data.platform_translations.get(path, key)


def _summary(schedule: Schedule, run: Occurrence) -> str:
    if not isinstance(schedule, ChargeSchedule):
        return "ready"
    if run.begins is None:
        return "charge_ends"
    return "charge_begins" if run.ends is None else "charge"
