"""Schedules as a calendar and as sensors, by the clock of the car's home; and cars of before there were schedules."""

from datetime import datetime
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from lookout import call, fields, park_at, state, value
import pytest

from custom_components.tesla_scout_worker.const import CONF_COMMANDS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator

NIGHT = {
    "id": 1_700_000_000, "name": "Cheap", "days_of_week": 127, "start_enabled": True, "start_time": 23 * 60,
    "end_enabled": True, "end_time": 0, "one_time": False, "enabled": True, "latitude": HOME[0], "longitude": HOME[1],
}  # fmt: skip
AT_WORK = {
    **NIGHT,
    "id": 2,
    "start_time": 600,
    "end_enabled": False,
    "latitude": WORK[0],
    "longitude": WORK[1],
}
ONCE = {**NIGHT, "id": 3, "days_of_week": 8, "start_time": 120, "end_time": 240, "one_time": True}
WARM = {
    "id": 4, "name": "", "days_of_week": 62, "precondition_time": 450, "one_time": False, "enabled": True,
    "latitude": HOME[0], "longitude": HOME[1],
}  # fmt: skip
CALENDAR, NEXT = "calendar.scout_schedules", "sensor.scout_next_scheduled_charge"


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car at home with its cable in, on Tuesday at 17:00 by its clock."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.charge_schedules.extend([NIGHT, AT_WORK, ONCE])
    car.precondition_schedules.append(WARM)
    car.plug_in(time.time() - 60, WALL_BOX)
    return car


async def events(hass: HomeAssistant, start: str, end: str) -> list[tuple[str, str, str]]:
    """Return (start, end, summary), by local time."""
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    found: Any = answer[CALENDAR]
    return [(item["start"][8:16], item["end"][8:16], item["summary"]) for item in found["events"]]


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_a_calendar(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, language: str
) -> None:
    """Each occurrence in order, in Home Assistant's language; what runs once does so once."""
    await hass.config.async_update(language=language)
    await set_up(account)
    charging, begins, ready = {
        "en": ("Charging", "Charging begins", "Ready to drive off"),
        "pl": ("Ładowanie", "Początek ładowania", "Gotowy do jazdy"),
    }[language]
    calendar = {
        entry.original_name for entry in er.async_get(hass).entities.values() if entry.domain == "calendar"
    }
    assert calendar == {"Schedules" if language == "en" else "Harmonogramy"}
    if language == "pl":
        assert [item[2] for item in await listed(hass)] == [charging, charging, ready, begins, charging]
        return
    assert await events(hass, "2026-11-24T18:00:00+01:00", "2026-11-25T23:30:00+01:00") == [
        ("24T23:00", "25T00:00", charging),
        ("25T02:00", "25T04:00", charging),
        ("25T07:15", "25T07:30", ready),
        ("25T10:00", "25T10:15", begins),
        ("25T23:00", "26T00:00", charging),
    ]
    weekly = await events(hass, "2026-12-02T00:00:00+01:00", "2026-12-02T09:00:00+01:00")
    assert weekly == [("02T07:15", "02T07:30", ready)]
    shown = state(hass, CALENDAR)
    assert (shown.state, shown.attributes["message"]) == ("off", charging)
    assert shown.attributes["description"] == "Cheap"


async def listed(hass: HomeAssistant) -> list[tuple[str, str, str]]:
    """Return the events of the only calendar, whatever it is called."""
    (entity_id,) = hass.states.async_entity_ids("calendar")
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": entity_id,
            "start_date_time": "2026-11-24T18:00:00+01:00",
            "end_date_time": "2026-11-25T23:30:00+01:00",
        },
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    found: Any = answer[entity_id]
    return [(item["start"], item["end"], item["summary"]) for item in found["events"]]


async def test_time_alone_moves_on(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The next charge, what is in its way, and the calendar's on and off, without a request for it."""
    entry = await set_up(account)
    assert moment(value(hass, NEXT)) == "24 23:00"
    attributes = state(hass, NEXT).attributes
    assert (attributes["ends_at"], attributes["obstacle"]) == ("2026-11-24T23:00:00+00:00", "none")
    listed_in = state(hass, "sensor.scout_charging_schedules")
    assert listed_in.state == "3"
    assert [item["at_home"] for item in listed_in.attributes["schedules"]] == [True, False, True]
    assert "latitude" not in listed_in.attributes["schedules"][0]
    await passes(6 * 3_600 + 60, step=600)
    assert value(hass, CALENDAR) == "on"
    assert moment(value(hass, NEXT)) == "24 23:00"
    await passes(3_600, step=600)
    assert value(hass, CALENDAR) == "off"
    assert moment(value(hass, NEXT)) == "25 02:00"
    await passes(3 * 3_600, step=600)
    cared_for = entry.runtime_data.cars[VIN]
    for coordinator in (entry.runtime_data.account, cared_for.scout, cared_for.worker):
        coordinator._unschedule_refresh()
    before = len(simulator.requests)
    await passes(3_600, step=3_600)
    # Not the one at work, which comes first.
    assert moment(value(hass, NEXT)) == "25 23:00"
    assert len(simulator.requests) == before
    park_at(car, WORK)
    await call(hass, "run_worker")
    await passes(30)
    assert state(hass, NEXT).attributes["obstacle"] == "car_away"


def moment(text: str) -> str:
    """Return day and time by the clock in Berlin."""
    return datetime.fromtimestamp(datetime.fromisoformat(text).timestamp() + 3_600).strftime("%d %H:%M")  # noqa: DTZ006 - the tests' zone is UTC


async def test_without_schedules_and_unplugged(hass: HomeAssistant, account: Account, set_up: SetUp) -> None:
    """None are no trouble; that they are not known is something else."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    await set_up(account)
    assert value(hass, CALENDAR) == "off"
    assert value(hass, NEXT) == "unknown"
    assert value(hass, "sensor.scout_charging_schedules") == "0"
    assert state(hass, NEXT).attributes["obstacle"] == "not_plugged_in"
    car.transform = fields("charge_schedule_data", charge_schedules="?")
    await call(hass, "run_worker")
    assert value(hass, "sensor.scout_charging_schedules") == "unknown"


@pytest.fixture
async def old(
    hass: HomeAssistant, account: Account, simulator: FleetSimulator, set_up: SetUp
) -> tuple[ScoutWorkerConfigEntry, Car]:
    """Set up with a car at home whose software knows no schedules."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.firmware = "2024.20.9"
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    entry = await set_up(account, {CONF_COMMANDS: {"transport": "signed"}})
    await settle(hass)
    simulator.requests.clear()
    return entry, car


def done(car: Car) -> list[str]:
    """Return the commands that the car has carried out."""
    return [record.order.name for record in car.keyring.log if record.what == "done" and record.order]


async def test_an_old_car_has_one_start(hass: HomeAssistant, old: tuple[ScoutWorkerConfigEntry, Car]) -> None:
    """It is set, found again, set anew, and taken away; more than that is refused."""
    _, car = old
    await call(hass, "set_charge_schedules", schedules=[{"start_time": "00:00"}])
    assert done(car) == ["set_scheduled_charging"]
    told = (await call(hass, "get_charge_schedules"))["cars"][0]["schedules"]
    assert [(item["id"], item["start_time"]) for item in told] == [(None, "00:00")]
    await call(hass, "set_charge_schedules", schedules=[{"start_time": "00:00"}])
    assert len(done(car)) == 1
    await call(hass, "add_charge_schedule", start_time="01:15")
    assert (await call(hass, "get_charge_schedules"))["cars"][0]["schedules"][0]["start_time"] == "01:15"
    for more in (
        [{"start_time": "01:00", "end_time": "05:00"}],
        [{"start_time": "01:00", "days": "weekdays"}],
        [{"start_time": "01:00", "one_time": True, "days": "all"}],
        [{"start_time": "01:00"}, {"start_time": "02:00"}],
        [{"end_time": "05:00"}],
    ):
        with pytest.raises(HomeAssistantError) as raised:
            await call(hass, "set_charge_schedules", schedules=more)
        assert raised.value.translation_key == "newer_software_needed"
    commands = len(done(car))
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "set_precondition_schedules", schedules=[{"time": "07:30"}])
    assert raised.value.translation_key == "schedule_set_by_hand"
    assert len(done(car)) == commands
    await call(hass, "set_charge_schedules", schedules=[])
    assert (await call(hass, "get_charge_schedules"))["cars"][0]["schedules"] == []
    await call(hass, "set_precondition_schedules", schedules=[{"time": "07:30", "days": "Mon-Fri"}])
    assert done(car)[-1] == "set_scheduled_departure"


async def test_a_start_that_was_set_by_hand_stays(
    hass: HomeAssistant, old: tuple[ScoutWorkerConfigEntry, Car], passes: Pass
) -> None:
    """An old car has only one, and it is somebody's. Away from home there is none at all."""
    _, car = old
    car.transform = fields(
        "charge_state",
        scheduled_charging_mode="StartAt",
        scheduled_charging_start_time_app=60,
        scheduled_charging_pending=True,
    )
    await call(hass, "run_worker")
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "set_charge_schedules", schedules=[{"start_time": "02:00"}])
    assert raised.value.translation_key == "schedule_set_by_hand"
    await call(hass, "set_charge_schedules", schedules=[])
    assert done(car) == []
    car.transform = None
    park_at(car, WORK)
    for _ in range(2):
        await passes(30, step=30)
        await call(hass, "run_worker")
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "set_charge_schedules", schedules=[{"start_time": "02:00"}])
    assert raised.value.translation_key == "schedule_not_at_home"
    assert done(car) == []
