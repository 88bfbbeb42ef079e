"""The scout in a running Home Assistant: position, zone, sleep and weather."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from lookout import (
    SECOND_VIN,
    asked,
    billed,
    causes,
    errors,
    fields,
    kinds,
    listen,
    park_at,
    state,
    value,
    without,
)
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import HOME, Account, Car, Drive, Fault, FleetSimulator, drive_home

AT_HOME = "binary_sensor.scout_at_home"
TRACKER = "device_tracker.scout_location"
REASON = "sensor.scout_reason_for_next_look"


def has_issue(hass: HomeAssistant, key: str) -> bool:
    """Return whether a repair of this kind is shown."""
    return any(issue.translation_key == key for issue in ir.async_get(hass).issues.values())


async def test_start_at_home_is_no_arrival(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """A car that stands at home when it is set up has not arrived."""
    account.add_car(VIN, "Scout", HOME)
    told = listen(hass)
    await set_up(account)
    await passes(3600, step=60)
    assert value(hass, AT_HOME) == "on"
    assert value(hass, TRACKER) == "home"
    assert told == []


async def test_departure_and_return_are_each_told_once(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """From home to work and back: left, then arrived, and the full read of the arrival."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    told = listen(hass)
    there = drive_home().reversed().starting_at(time.time() + 600)
    car.drive(there)
    back = drive_home().starting_at(there.end + 3600)
    car.drive(back)
    await passes(there.end + 600 - time.time(), step=10)
    assert kinds(told) == ["left"]
    assert value(hass, AT_HOME) == "off"
    assert value(hass, TRACKER) == "not_home"
    assert float(value(hass, "sensor.scout_distance_to_home")) == pytest.approx(9.0, abs=1.0)
    read_for = causes(hass)
    await passes(back.end + 300 - time.time(), step=10)
    assert kinds(told) == ["left", "arrived"]
    assert "arrived_home" in read_for


async def test_zone_that_is_moved_resized_or_deleted_tells_no_arrival(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Presence follows the zone at once and without a request; nobody arrives because a circle was drawn anew."""
    hass.states.async_set("zone.garage", "0", {"latitude": HOME[0], "longitude": HOME[1], "radius": 100})
    await set_up(account, {"home_zone": "zone.garage"})
    told = listen(hass)
    await passes(60)
    assert value(hass, AT_HOME) == "off"

    hass.states.async_set("zone.garage", "0", {"latitude": WORK[0], "longitude": WORK[1], "radius": 100})
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "on"
    assert float(value(hass, "sensor.scout_distance_to_home")) == 0
    hass.states.async_set("zone.garage", "1", {"latitude": HOME[0], "longitude": HOME[1], "radius": 100})
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "off"
    hass.states.async_set("zone.garage", "1", {"latitude": HOME[0], "longitude": HOME[1], "radius": 20_000})
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "on"
    assert not has_issue(hass, "home_zone_missing")

    hass.states.async_remove("zone.garage")
    await hass.async_block_till_done()
    assert value(hass, AT_HOME) == "unknown"
    assert value(hass, "sensor.scout_distance_to_home") == "unknown"
    assert has_issue(hass, "home_zone_missing")
    await passes(3600, step=60)
    hass.states.async_set("zone.garage", "0", {"latitude": WORK[0], "longitude": WORK[1], "radius": 100})
    await hass.async_block_till_done()
    await passes(1200, step=60)
    assert value(hass, AT_HOME) == "on"
    assert not has_issue(hass, "home_zone_missing")
    assert told == []


async def test_another_zone_in_the_options_is_no_arrival(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car that stands in the zone that was just chosen as home was there before: at home, at once, and untold."""
    entry = await set_up(account)
    told = listen(hass)
    await passes(60)
    assert value(hass, AT_HOME) == "off"
    hass.states.async_set("zone.office", "0", {"latitude": WORK[0], "longitude": WORK[1], "radius": 100})
    hass.config_entries.async_update_entry(entry, options={"home_zone": "zone.office"})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert value(hass, AT_HOME) == "on"
    await passes(2000, step=60)
    assert value(hass, AT_HOME) == "on"
    assert told == []


async def test_count_of_people_in_the_zone_is_no_move(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A zone's state is who is in it; that changes all day and must not put a look off."""
    await set_up(account)
    await passes(60)
    before = value(hass, "sensor.scout_next_look")
    home = state(hass, "zone.home")
    hass.states.async_set("zone.home", "1", home.attributes)
    await hass.async_block_till_done()
    assert value(hass, "sensor.scout_next_look") == before


async def test_driving_without_a_home_zone_costs_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """With the zone gone there is no home to come to, so nothing is read."""
    await set_up(account, {"home_zone": "zone.gone"})
    way = drive_home().starting_at(time.time() + 30)
    car.drive(way)
    start = time.time()
    await passes(way.duration - 30, step=10)
    assert billed(simulator, start) <= 2
    await passes(1000, step=10)
    assert billed(simulator, start + 1) == 0
    assert value(hass, REASON) == "home_zone_missing"


async def test_no_drive_state_is_unknown_not_away(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Without a position nothing is believed and nothing told, and asking for it does not become a storm."""
    car.transform = without("drive_state", drop=True)
    car.stay_awake(time.time(), time.time() + 7200)
    await set_up(account)
    told = listen(hass)
    await passes(7200, step=60)
    assert value(hass, AT_HOME) == "unknown"
    assert value(hass, TRACKER) == "unknown"
    assert value(hass, REASON) == "no_position"
    assert value(hass, "sensor.scout_battery") == "62"
    assert told == []
    assert billed(simulator) <= 9
    car.transform = None
    await passes(1200, step=60)
    assert value(hass, AT_HOME) == "off"


async def test_position_that_stops_coming_keeps_the_last_one(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car at home that gives no position any more has not left."""
    park_at(car, HOME)
    await set_up(account)
    told = listen(hass)
    car.transform = fields("drive_state", latitude=None, longitude=None, native_latitude=None)
    car.stay_awake(time.time(), time.time() + 7200)
    await passes(7200, step=60)
    assert value(hass, AT_HOME) == "on"
    assert value(hass, TRACKER) == "home"
    assert told == []


async def test_location_scope_lost_later_is_told_and_tried_rarely(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """403s on a token that names the scope: values stay, a repair after three, a try an hour, gone when it heals."""
    await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 30_000)
    refusal = simulator.faults.add(
        Fault(
            "vehicle_data",
            "json",
            times=None,
            asks="location_data",
            status=403,
            body={"response": None, "error": "Unauthorized missing scopes"},
        )
    )
    start = time.time()
    await passes(2_000, step=60)
    assert not has_issue(hass, "location_refused")
    assert value(hass, REASON) == "location_not_granted"
    await passes(12_000, step=60)
    assert has_issue(hass, "location_refused")
    assert billed(simulator, start) <= 5
    assert value(hass, AT_HOME) == "off"
    assert errors(caplog) == []
    simulator.faults.active.remove(refusal)
    await passes(3_700, step=60)
    assert not has_issue(hass, "location_refused")
    assert value(hass, REASON) != "location_not_granted"


async def test_scope_missing_in_the_new_token_stops_the_reads(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Once a token says that location is not granted it is not paid for, and the rest is still read on request."""
    simulator.gate.forbid_missing_location = True
    entry = await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 30_000)
    account.scopes.discard("vehicle_location")
    await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True)
    start = time.time()
    await passes(7200, step=60)
    assert has_issue(hass, "location_not_granted")
    assert billed(simulator, start) == 0
    assert value(hass, REASON) == "location_not_granted"
    assert value(hass, AT_HOME) == "off"
    answer = await hass.services.async_call(DOMAIN, "run_worker", {}, blocking=True, return_response=True)
    assert answer is not None
    assert answer["cars"][0]["vehicle_read"] is True  # type: ignore[index, call-overload]
    assert answer["billed"] == 1
    assert entry.runtime_data.budget.billed_this_month == billed(simulator)


async def test_stray_403_between_good_answers_changes_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """403 and 200 in turn, as seen on good tokens: values stay, no repair, no error."""
    await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 40_000)
    for skip in range(1, 8):
        simulator.faults.add(
            Fault(
                "vehicle_data",
                "json",
                skip=skip,
                status=403,
                body={"response": None, "error": "Unauthorized missing scopes"},
            )
        )
    seen = set()
    for _ in range(60):
        await passes(600, step=60)
        seen.add(value(hass, AT_HOME))
        assert not has_issue(hass, "location_refused")
    assert seen == {"off"}
    assert errors(caplog) == []


async def test_frozen_doubtful_fix_is_not_paid_for_all_night(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """One wild fix that the receiver repeats for hours, as in a garage, is neither believed nor read every 30 s."""
    car = account.add_car(VIN, "Scout", HOME)
    await set_up(account)
    told = listen(hass)
    await passes(60)
    now = int(time.time())
    car.stay_awake(now, now + 4 * 3600)
    first: list[float] = []

    def _frozen(response: dict[str, Any]) -> dict[str, Any]:
        first.append(time.time())
        off = HOME[0] + 0.003
        return (
            fields("drive_state", latitude=off, native_latitude=off, gps_as_of=int(first[0]))(response) or {}
        )

    car.transform = _frozen
    await passes(4 * 3600, step=30)
    assert told == []
    assert value(hass, AT_HOME) == "on"
    assert 2 <= billed(simulator, now) <= 25


async def test_outage_over_the_whole_drive_is_a_late_arrival_told_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Tesla is down from before the departure until after the arrival: one error line, then one event and one read."""
    await set_up(account)
    told = listen(hass)
    await passes(120)
    way = drive_home().starting_at(time.time() + 300)
    car.drive(way)
    car.stay_awake(way.end, way.end + 3600)
    simulator.faults.add(Fault("any", "status", times=None, status=503, body="down", end=way.end + 600))
    caplog.clear()
    await passes(way.end + 590 - time.time(), step=15)
    assert told == []
    assert value(hass, AT_HOME) == "off"
    assert value(hass, REASON) == "retry"
    assert len(errors(caplog)) == 1
    while not told and time.time() < way.end + 2400:
        await passes(15, step=15)
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "arrived_home"
    await passes(2400, step=15)
    assert kinds(told) == ["arrived"]
    assert len(errors(caplog)) == 1
    assert "recovered" in caplog.text


async def test_plan_is_shown_while_looks_fail(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Every failed look shows when the next one comes, not only the first; and Retry-After is no invitation to hurry."""
    await set_up(account)
    start = time.time()
    simulator.faults.add(
        Fault("api", "status", times=None, status=503, body="down", headers={"Retry-After": "1"})
    )
    shown = set()
    for _ in range(60):
        await passes(60, step=10)
        next_look = state(hass, "sensor.scout_next_look").state
        shown.add(next_look)
    assert len(shown) >= 5
    assert asked(simulator, "state", start) <= 12


async def test_car_out_of_reach_after_a_drive_is_not_looked_for_all_day(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A car last seen driving that vanishes into a garage is looked for closely for half an hour, then as asleep."""
    await set_up(account)
    way = Drive([(0.0, *WORK), (3000.0, WORK[0] + 0.2, WORK[1])], time.time() + 30)
    car.drive(way)
    car.offline(way.begin + 2000, way.begin + 100_000)
    await passes(2400, step=10)
    assert value(hass, REASON) == "out_of_reach"
    await passes(1800, step=30)
    assert value(hass, REASON) == "asleep_away"
    start = time.time()
    await passes(86_400, step=150)
    assert asked(simulator, "state", start) <= 300


async def test_clock_set_back_does_not_stop_the_scout(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, freezer: object
) -> None:
    """A machine that started with a clock three hours ahead notices the arrival all the same."""
    car = account.add_car(VIN, "Scout", WORK)
    entry = await set_up(account)
    await passes(60)
    scout = entry.runtime_data.cars[VIN].scout
    ahead = 10_800.0
    data = scout.data
    scout._set(
        last_read=(data.last_read or 0) + ahead,
        online_since=(data.online_since or 0) + ahead,
        parked_since=(data.parked_since or 0) + ahead,
    )
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 120 - time.time(), step=5)
    await settle(hass)
    assert kinds(told) == ["arrived"]


@pytest.mark.parametrize("lost", [("latitude", "longitude"), None], ids=["position", "whole block"])
async def test_car_that_parks_without_a_position_is_not_read_without_end(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    lost: tuple[str, str] | None,
) -> None:
    """Seen driving near home, then in a garage that no satellite reaches, and awake: it is parked, not driving."""
    await set_up(account)
    way = drive_home().starting_at(time.time() + 30)
    car.stay_awake(time.time(), way.end + 5 * 3600)
    car.drive(way)
    await passes(way.end - 60 - time.time())

    def _lose(payload: dict[str, Any]) -> dict[str, Any]:
        if lost is None:
            payload.pop("drive_state", None)
        else:
            for key in (*lost, "native_latitude", "native_longitude"):
                payload.get("drive_state", {}).pop(key, None)
        return payload

    car.transform = _lose
    before = billed(simulator)
    await passes(4 * 3600, step=15)
    assert billed(simulator) - before <= 30


async def test_arrival_while_a_new_sign_in_is_needed_is_told_as_long_as_the_token_lasts(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The refresh tokens are dead, the last access token still works: what is seen with it reaches the automations."""
    await set_up(account)
    told = listen(hass)
    simulator.faults.add(
        Fault("token", kind="json", status=401, body={"error": "login_required"}, times=None)
    )
    end = time.time() + 7.4 * 3600
    # When the token is renewed is a matter of chance.
    while value(hass, "sensor.tesla_scout_sign_in") != "sign_in_needed" and time.time() < end:
        await passes(600, step=120)
    assert value(hass, "sensor.tesla_scout_sign_in") == "sign_in_needed"
    assert value(hass, AT_HOME) == "off"
    back = drive_home().starting_at(time.time() + 10)
    car.drive(back)
    await passes(back.end + 300 - time.time(), step=30)
    assert kinds(told) == ["arrived"]
    await passes(2 * 3600, step=120)
    assert value(hass, AT_HOME) == "unavailable"


async def test_first_refusal_of_one_car_does_not_take_back_the_repair_of_another(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """One car is refused for hours and that is told; a single stray 403 of the second car changes nothing of it."""
    second = account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    await set_up(account)
    await passes(60)
    for each in (car, second):
        each.stay_awake(time.time(), time.time() + 30_000)
    refused = {"response": None, "error": "Unauthorized missing scopes"}
    simulator.faults.add(
        Fault("vehicle_data", "json", times=None, vin=VIN, asks="location_data", status=403, body=refused)
    )
    await passes(14_000, step=60)
    assert has_issue(hass, "location_refused")
    stray = simulator.faults.add(
        Fault("vehicle_data", "json", vin=SECOND_VIN, asks="location_data", status=403, body=refused)
    )
    for _ in range(50):
        await passes(60, step=60)
        assert has_issue(hass, "location_refused")
    assert stray.fired == 1
