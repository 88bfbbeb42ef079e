"""Home Assistant's activity: what scout and worker did and why, in the words of whoever reads it.

Its messages are made by the server and not translated. Of an event entity it hands on the type of the event, and the
frontend shows that in the reader's own words: so that is what we tell by.
"""

import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from homeassistant.components.logbook import helpers
from homeassistant.components.logbook.models import LogbookConfig, async_event_to_row
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from lookout import call, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import WALL_BOX, Account, Car, drive_home


def follow(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Collect what the page shows live: entity, state, and the type of an event."""
    hass.data["logbook"] = LogbookConfig({}, None, None)
    processor = EventProcessor(hass, [], for_live_stream=True)
    shown: list[dict[str, Any]] = []

    @callback
    def _changed(event: Event[Any]) -> None:
        shown.extend(processor.humanify(row for row in (async_event_to_row(event),)))

    helpers.async_subscribe_events(hass, [], _changed, [], None, None, None)
    return shown


async def told(hass: HomeAssistant, language: str, shown: list[dict[str, Any]]) -> list[str]:
    """Return lines as the frontend makes them of what is shown, of those that are ours and have words."""
    words = await async_get_translations(hass, language, "entity", [DOMAIN])
    lines: list[str] = []
    for one in shown:
        entry = er.async_get(hass).async_get(one["entity_id"])
        if entry is None or entry.platform != DOMAIN:
            continue
        place = f"component.{DOMAIN}.entity.{entry.domain}.{entry.translation_key}"
        if entry.domain == "event":
            word = words[f"{place}.state_attributes.event_type.state.{one['attributes']['event_type']}"]
        elif (word := words.get(f"{place}.state.{one['state']}", "")) == "":
            continue
        name = words.get(f"{place}.name", "")
        lines.append(f"{name}: {word}")
    return lines


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "Reason for next look: It is driving",
                "Presence: Arrived home",
                "Full reads: Arrived home",
                "Charging events: Plugged in",
                "Charging events: Charging started",
                "Full reads: Requested",
            ],
        ),
        (
            "pl",
            [
                "Powód następnego sprawdzenia: Samochód jedzie",
                "Obecność: Powrót do domu",
                "Pełne odczyty: Powrót do domu",
                "Zdarzenia ładowania: Podłączono",
                "Zdarzenia ładowania: Rozpoczęto ładowanie",
                "Pełne odczyty: Na żądanie",
            ],
        ),
    ],
)
async def test_what_is_read_of_an_arrival(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, language: str, lines: list[str]
) -> None:  # fmt: skip
    """It drove, came home, was read since it did, was plugged in, and was read since somebody asked: in that order."""
    await set_up(account)
    # It sleeps, so that it is seen to wake and to drive off.
    await passes(2_400, step=120)
    shown = follow(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    await passes(way.end + 30 - time.time(), step=10)
    car.plug_in(time.time(), WALL_BOX)
    await passes(10)
    await call(hass, "run_worker")
    found = await told(hass, language, shown)
    places = [found.index(line) for line in lines]
    assert places == sorted(places), found
    events = [one for one in shown if one["entity_id"].startswith("event.")]
    assert all(set(one["attributes"]) == {"event_type"} for one in events)
    assert not [one for one in shown if "message" in one]


async def test_each_read_is_told_with_its_cause(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Two with the same cause are two; a restart tells none again; the sensor names the cause of the last one."""
    entry = await set_up(account)
    await passes(5)
    shown = follow(hass)

    def reads() -> list[str]:
        events = [one for one in shown if one["entity_id"] == "event.scout_full_reads"]
        return [one["attributes"]["event_type"] if "attributes" in one else one["state"] for one in events]

    for count in (1, 2):
        car.stay_awake(time.time(), time.time() + 60)
        await call(hass, "run_worker")
        assert reads() == ["requested"] * count
        # What a worker tells beside its reads.
        entry.runtime_data.cars[VIN].worker.async_update_listeners()
        await passes(60)
    last = value(hass, "event.scout_full_reads")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    entry.runtime_data.cars[VIN].worker.async_update_listeners()
    await passes(60)
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "requested"
    assert value(hass, "event.scout_full_reads") == last
    # Home Assistant shows that an entity was away and what it came back with.
    assert reads() == ["requested"] * 2 + ["unavailable", "requested"]
