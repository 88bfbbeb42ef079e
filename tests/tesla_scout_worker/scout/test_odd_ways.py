"""Ways that are no ordinary drive home: a ferry, a trailer, a wild receiver, the edge of the zone, a wrong clock."""

from datetime import UTC, datetime
from pathlib import Path
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from lookout import billed, fields, kinds, listen, value
import pytest

from fleet_simulator import HOME, Account, Car, Drive, FleetSimulator, Point, drive_home
from fleet_simulator.car import Transform

AT_HOME = "binary_sensor.scout_at_home"
HARBOUR: Point = (54.1760, 12.0900)
ISLAND: Point = (55.1000, 14.7000)
METRE = 1 / 111_195  # degrees of latitude


def north(metres: float) -> Point:
    """Return the position so many metres north of home."""
    return HOME[0] + metres * METRE, HOME[1]


async def look(hass: HomeAssistant) -> None:
    """Look now, as a person asks for it: read whatever the scout would have done."""
    await hass.services.async_call("button", "press", {"entity_id": "button.scout_look_now"}, blocking=True)


def at(place: Point) -> Transform:
    """Return a change of every read: the position."""
    latitude, longitude = place
    return fields(
        "drive_state",
        latitude=latitude,
        longitude=longitude,
        native_latitude=latitude,
        native_longitude=longitude,
    )


def carried(car: Car, begin: Point, end: Point, start: float, seconds: float) -> Drive:
    """Carry a sleeping car: it is elsewhere afterwards, was never in gear, and had no signal on the way."""
    way = Drive([(0.0, *begin), (seconds, *end)], start)
    car.drive(way)
    car.offline(way.begin - 1, way.end + car.idle_seconds + 60)
    return way


async def test_ferry(hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass) -> None:
    """Parked at a harbour, found 200 km away, then it drives home: one arrival, nothing before."""
    car = account.add_car(VIN, "Scout", HARBOUR)
    await set_up(account)
    told = listen(hass)
    await passes(1800, step=60)
    crossing = carried(car, HARBOUR, ISLAND, time.time() + 3_600, 6 * 3_600)
    back = Drive(
        [(0.0, *ISLAND), (4 * 3_600.0, *north(5_000)), (4 * 3_600.0 + 600, *HOME)], crossing.end + 7_200
    )
    car.note_activity(crossing.end + 5_000)
    car.drive(back)
    await passes(back.begin - time.time(), step=120)
    assert (kinds(told), value(hass, AT_HOME)) == ([], "off")
    await passes(4 * 3_600, step=60)
    await passes(back.end + 300 - time.time(), step=10)
    assert kinds(told) == ["arrived"]


@pytest.mark.parametrize(
    ("begin", "end", "told"), [(WORK, HOME, ["arrived"]), (HOME, WORK, ["left"])], ids=["home", "away"]
)
async def test_towed_in_its_sleep(
    hass: HomeAssistant,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    begin: Point,
    end: Point,
    told: list[str],
) -> None:
    """On a trailer it neither wakes nor drives. Where it stands is told once, when it next is awake."""
    car = account.add_car(VIN, "Scout", begin)
    await set_up(account)
    heard = listen(hass)
    await passes(2_400, step=60)
    towed = carried(car, begin, end, time.time() + 600, 1_800)
    await passes(towed.end + 1_800 - time.time(), step=60)
    assert kinds(heard) == []
    car.note_activity(time.time() + 60)
    await passes(2_400, step=30)
    assert kinds(heard) == told
    await passes(3_600, step=60)
    assert kinds(heard) == told


async def test_points_at_the_edge_open_no_garage(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """95, 105, 98, 120 metres and then off: left once. The same on the way home: arrived once."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    told = listen(hass)
    await passes(60)
    metres = (0, 95, 105, 98, 120, 95, 130, 2_000)
    out = Drive([(index * 60.0, *north(each)) for index, each in enumerate(metres)], time.time() + 60)
    back = Drive(
        [(index * 60.0, *north(each)) for index, each in enumerate((*reversed(metres), 105, 90, 0))],
        out.end + 1_800,
    )
    car.stay_awake(time.time(), back.end + 600)
    car.drive(out)
    car.drive(back)
    await passes(out.end + 600 - time.time(), step=5)
    assert kinds(told) == ["left"]
    await passes(back.end + 600 - time.time(), step=5)
    assert kinds(told) == ["left", "arrived"]


async def test_wild_fixes_on_the_way_home_are_passed_over(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Every fourth read says 60 km off or right at home, as no drive can be: one arrival, when it is one."""
    await set_up(account)
    told = listen(hass)
    await passes(60)
    way = drive_home().starting_at(time.time() + 60)
    reads = 0

    def _wild(response: dict[str, Any]) -> dict[str, Any]:
        nonlocal reads
        if "latitude" not in response.get("drive_state", {}) or not way.begin < time.time() < way.end - 60:
            return response
        reads += 1
        if reads % 4:
            return response
        is_far = time.time() < way.begin + way.duration / 2
        place = HOME if reads % 8 and is_far else north(60_000)
        return at(place)(response) or {}

    car.transform = _wild
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    while time.time() < way.end - 60:
        await passes(45)
        await look(hass)
    await passes(way.end + 300 - time.time(), step=5)
    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert kinds(told) == ["arrived"]
    assert reads >= 16
    assert entered <= told[0][1] <= entered + 120


@pytest.mark.parametrize("hours", [-3, 3, -24 * 400], ids=["behind", "ahead", "another year"])
async def test_clock_of_the_car_that_goes_wrong_on_the_way(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, hours: int
) -> None:
    """From the middle of the drive on its fixes bear another time: the arrival is noticed all the same, once."""
    await set_up(account)
    told = listen(hass)
    await passes(60)
    way = drive_home().starting_at(time.time() + 60)

    def _off(response: dict[str, Any]) -> dict[str, Any]:
        drive = response.get("drive_state", {})
        if "gps_as_of" not in drive or time.time() < way.begin + 400:
            return response
        return {**response, "drive_state": {**drive, "gps_as_of": drive["gps_as_of"] + hours * 3_600}}

    car.transform = _off
    car.stay_awake(time.time(), way.end + 1_800)
    car.drive(way)
    await passes(way.end + 600 - time.time(), step=5)
    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert kinds(told) == ["arrived"]
    assert told[0][1] <= entered + 180
    there = drive_home().reversed().starting_at(time.time() + 900)
    car.stay_awake(time.time(), there.begin)
    car.drive(there)
    car.stay_awake(there.end, there.end + 1_200)
    await passes(there.end + 1_200 - time.time(), step=10)
    assert kinds(told) == ["arrived", "left"]


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"], ids=["an hour less", "an hour more"])
async def test_night_in_which_the_clocks_change(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    day: str,
) -> None:
    """The change falls into the drive home: nothing is told twice, nothing comes an hour late."""
    change = datetime.fromisoformat(f"{day}T01:00:00").replace(tzinfo=UTC).timestamp()
    freezer.move_to(datetime.fromtimestamp(change - 1_800, UTC))
    await set_up(account)
    told = listen(hass)
    way = drive_home().starting_at(change - 600)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 3_600 - time.time(), step=10)
    (entered,) = (way.begin + crossing.seconds for crossing in way.crossings(HOME, 100))
    assert kinds(told) == ["arrived"]
    assert entered <= told[0][1] <= entered + 60


async def test_recorded_drive_with_a_wild_fix(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, tmp_path: Path
) -> None:
    """A recording in which one fix is 1.6 km off for a second, at the worst moment: read exactly then."""
    way = drive_home().starting_at(time.time() + 300)
    worst = way.duration - 240
    row = next(fix for fix in way.fixes if fix.seconds >= worst)
    rows = [(fix.seconds, fix.latitude + (0.0144 if fix == row else 0.0), fix.longitude) for fix in way.fixes]
    file = tmp_path / "recorded.csv"
    lines = [f"{seconds},{latitude},{longitude}" for seconds, latitude, longitude in rows]
    file.write_text("\n".join(["seconds,latitude,longitude", *lines]), encoding="utf-8")
    recorded = Drive.from_csv(file).starting_at(way.begin)
    assert recorded.wild_fixes
    car = account.add_car(VIN, "Scout", WORK)
    await set_up(account)
    told = listen(hass)
    car.stay_awake(time.time(), recorded.begin)
    car.drive(recorded)
    await passes(recorded.begin + row.seconds - time.time(), step=5)
    await look(hass)
    assert float(value(hass, "sensor.scout_distance_to_home")) < 3.0
    await passes(recorded.end + 120 - time.time(), step=5)
    assert kinds(told) == ["arrived"]


async def test_garage_with_a_flickering_signal_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """At home the cloud says online, offline, asleep in turn, every few minutes, all day: at most 12 reads, no wake."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    told = listen(hass)
    await passes(3_600, step=60)
    start = time.time()
    for minute in range(0, 1_440, 12):
        begin = start + minute * 60
        car.note_activity(begin)
        car.offline(begin + 240, begin + 500)
    await passes(86_400, step=120)
    assert billed(simulator, start) <= 12
    assert car.wakes == []
    assert (told, value(hass, AT_HOME)) == ([], "on")
