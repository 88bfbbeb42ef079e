"""The full battery before a trip that stands in a calendar."""

from datetime import datetime, timedelta
import time
from typing import Any, override

from bench import VIN, Pass, SetUp, settle
from blueprint_bench import automate, device_of, end
from charge_bench import BERLIN, HOUR, SIGNED, day_prices, orders, pair, planned
from homeassistant.components.calendar import DATA_COMPONENT, CalendarEntity, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from lookout import agrees
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator

TOLD = {
    "summary": "{{ summary }}", "is_planned": "{{ is_planned }}", "title": "{{ event.summary }}",
    "in_car": "{{ plan.in_car | default(none) }}",
}  # fmt: skip


class Trips(CalendarEntity):
    """A calendar in memory: that of Home Assistant needs a library which the tests do not have."""

    entity_id = "calendar.trips"
    _attr_name = "Trips"
    _attr_should_poll = False

    def __init__(self, *events: CalendarEvent) -> None:
        """Initialize."""
        self._events = events

    @property
    @override
    def event(self) -> CalendarEvent | None:
        return None

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        return [
            event
            for event in self._events
            if event.start_datetime_local < end_date and event.end_datetime_local > start_date
        ]


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that stands at home with its cable in, and charges to 80 % as a rule."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.set_limit(time.time() - 60, 80)
    car.plug_in(time.time() - 60, WALL_BOX)
    return car


@pytest.fixture
async def entry(hass: HomeAssistant, car: Car, account: Account, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key."""
    await pair(hass, car)
    return await set_up(account, SIGNED)


async def automated(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, *events: CalendarEvent, **inputs: Any
) -> list[Any]:
    """Make the calendar and the automation; what it reports comes back."""
    assert await async_setup_component(hass, "calendar", {})
    await hass.data[DATA_COMPONENT].async_add_entities([Trips(*events)])
    await settle(hass)
    chosen = {
        "car": device_of(hass, entry),
        "calendar": "calendar.trips",
        "price_source": day_prices(),
        **inputs,
    }
    return await automate(hass, "charge_for_a_trip", "notify", TOLD, **chosen)


def event(title: str, hours: float, place: str | None = None) -> CalendarEvent:
    """Return an event that begins in so many hours and lasts for two."""
    start = datetime.fromtimestamp(time.time() + hours * HOUR, BERLIN)
    return CalendarEvent(start=start, end=start + timedelta(hours=2), summary=title, location=place)


async def test_full_before_the_trip(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Only the event with the word is a trip; the car is full half an hour before it, from the cheap hours on."""
    trip = event("Skiing", 15.0, "Trip to the Harz")
    reports = await automated(
        hass, entry, event("Dentist", 14.5), trip, word="TRIP", ahead={"hours": 14}, early={"minutes": 30}
    )
    await passes(0.9 * HOUR, step=60)
    assert reports == []
    await passes(0.2 * HOUR, step=60)
    (report,) = reports
    assert (report.data["title"], report.data["is_planned"]) == ("Skiing", True)
    assert report.data["in_car"] is True, report.data
    assert "EUR" in report.data["summary"]
    assert "100 %" in report.data["summary"]
    told = await planned(hass)
    ready = trip.start_datetime_local.timestamp() - 0.5 * HOUR
    assert told["once"] is True
    assert told["target"] == 100
    assert datetime.fromisoformat(told["ready_by"]).timestamp() == pytest.approx(ready, abs=1)
    assert car.battery().limit == 100
    assert "add_charge_schedule" in orders(car)
    agrees(simulator, entry)
    await passes(ready - time.time(), step=900)
    assert car.battery(ready).level == pytest.approx(100, abs=1)
    await end(hass)


async def test_trip_that_leaves_no_time(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It should be ready before the plan is made: that is told, and nothing is sent."""
    reports = await automated(hass, entry, event("Trip", 1.0), ahead={"minutes": 30}, early={"hours": 1})
    before = len(orders(car))
    await passes(0.6 * HOUR, step=60)
    (report,) = reports
    assert report.data["is_planned"] is False
    assert "no charge could be planned" in report.data["summary"]
    assert len(hass.data["persistent_notification"]) == 1
    assert len(orders(car)) == before
    assert (await planned(hass))["plan"] is None
    await end(hass)
