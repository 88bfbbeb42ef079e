"""The garage and the lights, when the car comes home."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from threading import Event
import time
from typing import Any, override

from bench import START, VIN, WORK, Pass, SetUp, settle
from blueprint_bench import automate, device_of
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.cover import DATA_COMPONENT, CoverEntity, CoverEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from lookout import billed, value
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, FleetSimulator, drive_home

GARAGE = "cover.garage"
PORCH, HALL = "input_boolean.porch", "input_boolean.hall"
type Until = Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]

TOLD = {"is_dark": "{{ is_dark }}", "is_seen": "{{ is_seen }}"}


@pytest.fixture(params=[0.0])
def hours(request: pytest.FixtureRequest) -> float:
    """Return how long after the usual start of a test it begins: that is after sunset."""
    later: float = request.param
    return later


@pytest.fixture
def car(account: Account, freezer: FrozenDateTimeFactory, hours: float) -> Car:
    """Make a car that was parked at work a moment ago."""
    freezer.move_to(START + timedelta(hours=hours))
    return account.add_car(VIN, "Scout", WORK, 62.0)


@pytest.fixture
async def entry(hass: HomeAssistant, car: Car, account: Account, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up the account."""
    return await set_up(account)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Home Assistant's sun is polled by a timer that nobody can stop."""
    return True


@pytest.fixture(autouse=True)
async def _sun(hass: HomeAssistant, home: None, car: Car) -> None:
    """Let the sun set, by the clock of the test."""
    assert await async_setup_component(hass, "sun", {})
    await settle(hass)


class Garage(CoverEntity):
    """A garage door that obeys at once."""

    entity_id = GARAGE
    _attr_should_poll = False
    _attr_supported_features = CoverEntityFeature.OPEN
    _attr_is_closed = True

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        self._attr_is_closed = False
        self.async_write_ha_state()


@pytest.fixture
def until(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Until:
    """Let time pass until something is so, while an automation waits: what it waits for never settles."""

    async def _until(is_so: Callable[[], bool]) -> None:
        for _ in range(200):
            if is_so():
                return
            freezer.tick(5)
            async_fire_time_changed(hass)
            # Requests are real, and take a moment.
            await hass.async_add_executor_job(Event().wait, 0.01)
        pytest.fail("it never came")

    return _until


async def furnish(hass: HomeAssistant) -> None:
    """Give the house a garage door that is closed, and two lamps that are off."""
    await hass.data[DATA_COMPONENT].async_add_entities([Garage()])
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"porch": {}, "hall": {}}})
    await settle(hass)
    assert (value(hass, GARAGE), value(hass, PORCH), value(hass, HALL)) == ("closed", "off", "off")


async def automated(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, **inputs: Any) -> list[Any]:
    """Make the automation; what it reports comes back."""
    await furnish(hass)
    chosen = {"car": device_of(hass, entry), "garage": [GARAGE], "lights": [PORCH, HALL], **inputs}
    return await automate(hass, "arrival_actions", "actions", TOLD, **chosen)


async def come_home(car: Car, passes: Pass) -> None:
    """Let the car drive home, and see the arrival."""
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    await passes(way.end + 120 - time.time(), step=10)


async def test_comes_home_in_the_dark(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
    until: Until,
) -> None:
    """The garage opens, the lamp that was off goes on and off again; the one that was on is left alone."""
    reports = await automated(hass, entry, minutes=10)
    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": HALL}, blocking=True)
    way = drive_home().starting_at(time.time() + 60)
    car.drive(way)
    await passes(way.end - 120 - time.time(), step=10)
    assert value(hass, GARAGE) == "closed"
    await until(lambda: len(reports) > 0)
    (report,) = reports
    assert report.data == {"is_dark": True, "is_seen": True}
    assert (value(hass, GARAGE), value(hass, PORCH), value(hass, HALL)) == ("open", "on", "on")
    before, lit_at = billed(simulator), time.time()
    await until(lambda: value(hass, PORCH) == "off")
    assert 600 <= time.time() - lit_at <= 630
    assert value(hass, HALL) == "on"
    assert billed(simulator) - before <= 3


@pytest.mark.parametrize("hours", [19.0], indirect=True)
@pytest.mark.parametrize("only_dark", [True, False])
async def test_comes_home_by_day(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass, *, only_dark: bool
) -> None:
    """The lamps stay off, unless they are wanted by day too; then they stay on where no time is given."""
    reports = await automated(hass, entry, only_dark=only_dark, minutes=0)
    await come_home(car, passes)
    (report,) = reports
    assert report.data["is_dark"] is False
    assert value(hass, GARAGE) == "open"
    await passes(900, step=60)
    assert value(hass, PORCH) == ("off" if only_dark else "on")


async def test_arrival_that_nobody_saw(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Another entity says that the car is at home: the lamps go on, and the garage stays closed."""
    hass.states.async_set("binary_sensor.wall_box", "off")
    entry = await set_up(account, {"eyes": {VIN: {"home": ["binary_sensor.wall_box"]}}})
    reports = await automated(hass, entry, minutes=0)
    await passes(60)
    hass.states.async_set("binary_sensor.wall_box", "on")
    await passes(60)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
    (report,) = reports
    assert report.data == {"is_dark": True, "is_seen": False}
    assert (value(hass, GARAGE), value(hass, PORCH)) == ("closed", "on")
