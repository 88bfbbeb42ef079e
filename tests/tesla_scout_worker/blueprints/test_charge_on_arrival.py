"""The blueprint, as a person uses it: imported, filled in, and run by a real automation while a car drives home."""

from pathlib import Path
import shutil
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from charge_bench import HOUR, PLAN, SIGNED, at, day_prices, local_hour, orders, pair, planned
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from lookout import agrees, billed, call, kinds, listen, value
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import WALL_BOX, Account, Car, FleetSimulator, drive_home

REPO = Path(__file__).parents[3]
FILE = REPO / "blueprints" / "automation" / DOMAIN / "charge_on_arrival.yaml"
REPORT = "charge_reported"
AUTOMATION = "automation.cheap_night"


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that was parked at work a moment ago, with its cable in as at many places of work."""
    car = account.add_car(VIN, "Scout", WORK, 52.0)
    car.plug_in(time.time() - 60, WALL_BOX)
    car.want_charge(time.time() - 59, wanted=False)
    return car


@pytest.fixture
async def entry(hass: HomeAssistant, car: Car, account: Account, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key."""
    await pair(hass, car)
    return await set_up(account, SIGNED)


def put_in(folder: Path) -> None:
    """Put the blueprint where Home Assistant looks for it."""
    folder.mkdir(parents=True)
    shutil.copy(FILE, folder)


async def automate(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, **inputs: Any) -> list[Any]:
    """Make an automation of the blueprint, which reports by an event. The events come back."""
    await hass.async_add_executor_job(put_in, Path(hass.config.path("blueprints", "automation", DOMAIN)))
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, VIN), entry.entry_id)
    assert device is not None
    report = {"event": REPORT, "event_data": {
        "summary": "{{ summary }}", "is_planned": "{{ is_planned }}", "in_car": "{{ plan.in_car | default(none) }}",
    }}  # fmt: skip
    config = {
        "alias": "Cheap night",
        "use_blueprint": {
            "path": f"{DOMAIN}/{FILE.name}",
            "input": {"car": device.id, "price_source": day_prices(), "notify": [report], **inputs},
        },
    }
    reports = async_capture_events(hass, REPORT)
    # Always there in a Home Assistant that was started in the usual way.
    assert await async_setup_component(hass, "persistent_notification", {})
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await settle(hass)
    assert value(hass, AUTOMATION) == "on"
    return reports


async def come_home(car: Car, passes: Pass, *, plugs_in_after: float | None = 180.0) -> float:
    """Let the car drive home and be plugged in there. The time of the plug comes back, or of the arrival without one."""
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    plugged_at = way.end + (plugs_in_after or 0.0)
    if plugs_in_after is not None:
        car.plug_in(plugged_at, WALL_BOX)
    await passes(way.end + 1_500 - time.time(), step=10)
    return plugged_at


async def test_car_comes_home_and_charges_at_the_cheapest_hours(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
) -> None:
    """Plugged in three minutes after the arrival: the plan is in the car, is told once, and is followed without us."""
    reports = await automate(hass, entry, target=80, max_windows=2)
    before = billed(simulator)
    plugged_at = await come_home(car, passes)

    (report,) = reports
    assert (report.data["is_planned"], report.data["in_car"]) == (True, True)
    told = await planned(hass)
    assert told["in_car"]
    assert (told["plan"]["limited_by"], told["target"]) == ("nothing", 80)
    assert local_hour(told["ready_by"]) == 7
    windows = told["plan"]["windows"]
    assert 1 <= len(windows) <= 2
    assert all(local_hour(window["start"]) >= 2 for window in windows)
    assert "EUR" in report.data["summary"]
    assert "02:00" in report.data["summary"]
    assert len(car.charge_schedules) == len(windows)
    assert value(hass, PLAN) == "planned"
    # A command for each window, one to stop what had begun, and their handshake; the rest are the reads of any arrival.
    assert orders(car).count("add_charge_schedule") == len(windows)
    assert orders(car).count("charge_stop") == 1
    assert simulator.bill.counts()["commands"] == len(windows) + 2
    agrees(simulator, entry)
    assert billed(simulator) - before < 60

    stopped_at = time.time()
    await hass.config_entries.async_unload(entry.entry_id)
    cheap, ready = at(2), at(7)
    assert car.energy(plugged_at, stopped_at).wall_kwh < 2
    await passes(ready - time.time(), step=900)
    assert car.energy(stopped_at, cheap).wall_kwh == 0
    assert car.battery(ready).level == pytest.approx(80, abs=1)
    in_cheap_hours = car.energy(cheap, cheap + 3 * HOUR).wall_kwh
    assert in_cheap_hours == pytest.approx(car.energy(stopped_at, ready).wall_kwh, rel=0.02)


async def test_cable_that_is_in_when_the_arrival_is_seen(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """It was in at work too, and nobody saw the way between: the cable never seemed to be out."""
    reports = await automate(hass, entry, target=80)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    car.plug_in(way.end + 1, WALL_BOX)
    car.offline(way.begin - 30, way.end + 5)
    told = listen(hass, "event.scout_charging_events")
    await passes(way.end + 900 - time.time(), step=10)
    assert "plugged_in" in kinds(told)
    (report,) = reports
    assert report.data["is_planned"] is True
    assert (await planned(hass))["in_car"]
    assert orders(car).count("charge_stop") == 1


async def test_cable_that_comes_and_goes(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Taken out in the evening and put back: planned anew with the level of then, no window is left twice."""
    reports = await automate(hass, entry, target=80, max_windows=1)
    await come_home(car, passes)
    assert len(reports) == 1
    # It sleeps by then, and the cable wakes it.
    await passes(2_400, step=60)
    assert car.state() == "asleep"
    car.unplug(time.time() + 60)
    await passes(2_400, step=60)
    assert value(hass, "binary_sensor.scout_plugged_in") == "off"
    assert len(reports) == 1
    car.plug_in(time.time() + 60, WALL_BOX)
    await passes(2_400, step=60)
    assert value(hass, "binary_sensor.scout_plugged_in") == "on"
    assert len(reports) == 2
    assert len(car.charge_schedules) == 1
    assert (await planned(hass))["in_car"]
    agrees(simulator, entry)
    ready = at(7)
    await passes(ready - time.time(), step=900)
    assert car.battery(ready).level == pytest.approx(80, abs=1)


async def test_price_source_that_is_missing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
) -> None:
    """It is said, to the person and in the user interface; no command is paid for, and the car charges at once."""
    reports = await automate(hass, entry, price_source={"entity_id": "sensor.no_prices"})
    plugged_at = await come_home(car, passes)
    (report,) = reports
    assert (report.data["is_planned"], report.data["in_car"]) == (False, None)
    assert "no plan could be made" in report.data["summary"]
    assert list(hass.data["persistent_notification"]) != []
    assert orders(car) == []
    await passes(5 * HOUR, step=300)
    assert car.battery(time.time()).level == pytest.approx(80, abs=1)
    assert car.energy(plugged_at, plugged_at + HOUR).wall_kwh > 9
    agrees(simulator, entry)


async def test_nothing_is_planned_where_nothing_can_be_charged(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """Home without a cable, and a cable somewhere else: no plan, no command."""
    reports = await automate(hass, entry)
    car.unplug(time.time() + 30)
    await passes(300, step=30)
    await call(hass, "run_worker")
    car.plug_in(time.time() + 30, WALL_BOX)
    await passes(60, step=30)
    await call(hass, "run_worker")
    assert value(hass, "binary_sensor.scout_plugged_in") == "on"
    await passes(120, step=30)
    await come_home(car, passes, plugs_in_after=None)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    assert reports == []
    assert orders(car) == []
    assert (await planned(hass))["plan"] is None


async def test_plan_that_does_not_get_into_the_car_is_told_as_such(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """The key was deleted in the car: there is a report, and the car charges."""
    car.keyring.unpair()
    reports = await automate(hass, entry)
    plugged_at = await come_home(car, passes)
    (report,) = reports
    assert report.data["is_planned"] is False
    assert orders(car) == []
    assert car.energy(plugged_at, plugged_at + 1_000).wall_kwh > 2


async def test_arrival_that_is_seen_after_the_cable(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """The receiver hangs on the way until the car is plugged in: planned when it is known to be at home, and told once."""
    reports = await automate(hass, entry, target=80)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    car.freeze_gps(way.begin + 300, way.end + 1_000)
    car.plug_in(way.end + 100, WALL_BOX)
    await passes(way.end + 700 - time.time(), step=10)
    await call(hass, "run_worker")
    assert value(hass, "binary_sensor.scout_plugged_in") == "on"
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    assert reports == []
    await passes(way.end + 3_600 - time.time(), step=30)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    (report,) = reports
    assert (report.data["is_planned"], report.data["in_car"]) == (True, True)
