"""Several home zones, and a home that is moved, in a running Home Assistant."""

import time
from typing import Any

from bench import WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from lookout import causes, kinds, listen, moment, park_at, state, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.settings import Options
from fleet_simulator import HOME, Account, Car, Drive, Point, drive_home

EVENT = "event.scout_presence"
AT_HOME = "binary_sensor.scout_at_home"
DISTANCE = "sensor.scout_distance_to_home"
OFFICE = "zone.office"
BOTH = {"home_zones": ["zone.home", OFFICE]}
OLD_HOME: Point = (52.4000, 13.1000)
NEXT_DOOR: Point = (HOME[0] + 0.0022, HOME[1])  # 245 m north: 45 m between the two edges


def draw(hass: HomeAssistant, zone: str, centre: Point, radius: float = 100) -> None:
    """Draw a zone, anew where it is there."""
    hass.states.async_set(zone, "0", {"latitude": centre[0], "longitude": centre[1], "radius": radius})


async def move_home(hass: HomeAssistant, centre: Point) -> None:
    """Move Home Assistant's own home, as an owner who moves house does."""
    await hass.config.async_update(latitude=centre[0], longitude=centre[1])
    await hass.async_block_till_done()


def missing(hass: HomeAssistant) -> list[dict[str, str] | None]:
    """Return what the repairs about missing zones say."""
    return [
        issue.translation_placeholders
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == "home_zone_missing"
    ]


async def test_from_one_home_to_the_other(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Left the office, arrived at home: each told once, with its zone and the time of the position."""
    draw(hass, OFFICE, WORK)
    await set_up(account, BOTH)
    told = listen(hass)
    await passes(60)
    assert (value(hass, AT_HOME), value(hass, DISTANCE)) == ("on", "0.0")
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    while not told:
        await passes(15)
    assert state(hass, EVENT).attributes["zone"] == OFFICE
    assert value(hass, AT_HOME) == "off"
    read_for = causes(hass)
    await passes(way.end + 600 - time.time(), step=10)
    assert kinds(told) == ["left", "arrived"]
    event = state(hass, EVENT)
    assert event.attributes["zone"] == "zone.home"
    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert entered <= moment(str(event.attributes["position_taken_at"])) <= told[1][1]
    assert "arrived_home" in read_for


async def test_zone_of_an_arrival_survives_a_restart(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The zone that the car is in is remembered, and told when it leaves."""
    draw(hass, OFFICE, WORK)
    account.add_car("5YJ3E1EA1KF000001", "Scout", WORK)
    entry = await set_up(account, BOTH)
    await passes(60)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    (car,) = entry.runtime_data.cars.values()
    assert car.scout.data.whereabouts.zone == OFFICE


async def test_distance_is_to_the_nearest_edge(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A second, wide zone is nearer than the first although its centre is farther."""
    await set_up(account)
    await passes(60)
    assert float(value(hass, DISTANCE)) == pytest.approx(8.9, abs=0.2)
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    draw(hass, OFFICE, (WORK[0] - 0.18, WORK[1]), 15_000)
    hass.config_entries.async_update_entry(entry, options=BOTH)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert float(value(hass, DISTANCE)) == pytest.approx(5.0, abs=0.2)
    assert value(hass, AT_HOME) == "off"


async def test_into_the_yard_next_door_is_no_arrival(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """From the house into the zone beside it: at home all the way, and nothing is told."""
    draw(hass, OFFICE, NEXT_DOOR)
    car = account.add_car("5YJ3E1EA1KF000001", "Scout", HOME)
    await set_up(account, BOTH)
    told = listen(hass)
    await passes(60)
    way = Drive([(0.0, *HOME), (300.0, *NEXT_DOOR)], time.time() + 30)
    car.stay_awake(time.time(), way.end + 900)
    car.drive(way)
    seen = set()
    while time.time() < way.end + 900:
        await passes(30, step=10)
        seen.add(value(hass, AT_HOME))
    assert (seen, told) == ({"on"}, [])


async def test_one_of_two_is_deleted_and_comes_back(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The repair names it, the other one goes on being home, and nobody arrives when it is drawn again."""
    draw(hass, OFFICE, WORK)
    await set_up(account, BOTH)
    told = listen(hass)
    await passes(60)
    assert (value(hass, AT_HOME), missing(hass)) == ("on", [])
    hass.states.async_remove(OFFICE)
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "off"
    (words,) = missing(hass)
    assert words is not None
    assert words["zones"] == OFFICE
    assert float(value(hass, DISTANCE)) == pytest.approx(8.9, abs=0.2)
    draw(hass, OFFICE, WORK)
    await hass.async_block_till_done()
    assert (value(hass, AT_HOME), missing(hass), told) == ("on", [], [])
    await passes(1200, step=60)
    assert told == []


async def test_zone_that_is_moved_leaves_the_edge_of_the_other_alone(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car at home that stands 120 m off, within the outer edge, stays at home when the office is drawn anew."""
    draw(hass, OFFICE, WORK)
    park_at(car, HOME)
    await set_up(account, BOTH)
    await passes(60)
    park_at(car, (HOME[0] + 120 / 111_195, HOME[1]), at=time.time() + 10)
    await passes(60)
    await hass.services.async_call("button", "press", {"entity_id": "button.scout_look_now"}, blocking=True)
    assert value(hass, AT_HOME) == "on"
    assert float(value(hass, DISTANCE)) == pytest.approx(0.02, abs=0.002)
    draw(hass, OFFICE, OLD_HOME)
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "on"
    draw(hass, "zone.home", HOME, 90)
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "off"


async def test_without_any_presence_is_unknown(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Two zones were chosen and both are gone."""
    await set_up(account, {"home_zones": ["zone.gone", "zone.lost"]})
    await passes(60)
    assert value(hass, AT_HOME) == "unknown"
    (words,) = missing(hass)
    assert words is not None
    assert words["zones"] == "zone.gone, zone.lost"


@pytest.mark.parametrize("when", ["away", "driving", "at the new home"])
async def test_moving_house_is_no_arrival_and_the_next_one_is(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, when: str
) -> None:
    """zone.home is moved while the car is somewhere: untold. The way home to the new house is told once."""
    await move_home(hass, HOME if when == "at the new home" else OLD_HOME)
    park_at(car, OLD_HOME if when == "at the new home" else WORK)
    await set_up(account)
    told = listen(hass)
    await passes(120)
    way = drive_home().starting_at(time.time() + 60)
    if when == "at the new home":
        await move_home(hass, OLD_HOME)
        assert (value(hass, AT_HOME), told) == ("on", [])
        out = Drive([(0.0, *OLD_HOME), (900.0, *WORK)], time.time() + 60)
        back = Drive([(0.0, *WORK), (900.0, *OLD_HOME)], out.end + 1_800)
        car.stay_awake(time.time(), back.end)
        car.drive(out)
        car.drive(back)
        await passes(back.end + 300 - time.time(), step=20)
        assert kinds(told) == ["left", "arrived"]
        return
    if when == "away":
        await move_home(hass, HOME)
        assert (value(hass, AT_HOME), told) == ("off", [])
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(300, step=20)
    if when == "driving":
        await move_home(hass, HOME)
        assert (value(hass, AT_HOME), told) == ("off", [])
    await passes(way.end + 600 - time.time(), step=10)
    assert kinds(told) == ["arrived"]
    assert value(hass, AT_HOME) == "on"


async def test_moving_house_with_the_car_at_the_old_one(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """It is away from then on, untold, and its arrival at the new house is the first thing that is told."""
    car = account.add_car("5YJ3E1EA1KF000001", "Scout", WORK)
    await move_home(hass, WORK)
    await set_up(account)
    told = listen(hass)
    await passes(120)
    assert value(hass, AT_HOME) == "on"
    await move_home(hass, HOME)
    assert (value(hass, AT_HOME), told) == ("off", [])
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 120 - time.time(), step=10)
    assert kinds(told) == ["arrived"]


async def test_zone_that_gets_another_name_or_id_stays_home(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Another name changes nothing; another entity ID is followed in the options, and nothing is told."""
    registry = er.async_get(hass)
    registry.async_get_or_create("zone", "zone", "office", suggested_object_id="office")
    draw(hass, OFFICE, WORK)
    entry = await set_up(account, BOTH)
    told = listen(hass)
    await passes(60)
    named: dict[str, Any] = {**state(hass, OFFICE).attributes, "friendly_name": "Headquarters"}
    before = value(hass, "sensor.scout_next_look")
    hass.states.async_set(OFFICE, "0", named)
    await hass.async_block_till_done()
    assert (value(hass, AT_HOME), value(hass, "sensor.scout_next_look")) == ("on", before)

    registry.async_update_entity(OFFICE, new_entity_id="zone.headquarters")
    hass.states.async_remove(OFFICE)
    draw(hass, "zone.headquarters", WORK)
    await settle(hass)
    assert Options.from_options(entry.options).home_zones == ("zone.home", "zone.headquarters")
    assert (value(hass, AT_HOME), missing(hass)) == ("on", [])
    await passes(1200, step=60)
    assert told == []
