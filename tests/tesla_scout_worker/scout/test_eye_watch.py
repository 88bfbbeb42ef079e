"""The owner's entities in a running Home Assistant: what they tell the scout, and what they do not."""

from collections.abc import Callable
from functools import partial
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from lookout import SECOND_VIN, asked, billed
import pytest

from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.eye_watch import Eyes, own_entities
from custom_components.tesla_scout_worker.scout.eyes import Glimpse, Role
from fleet_simulator import HOME, Account, Car, FleetSimulator

FAR = {"latitude": WORK[0], "longitude": WORK[1], "gps_accuracy": 10}
NEAR = {"latitude": HOME[0], "longitude": HOME[1], "gps_accuracy": 10}


class Watcher:
    """Eyes that are open, and what they told."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize."""
        self._hass = hass
        self.glimpses: list[Glimpse] = []
        self.answers: list[Presence | None] = []
        self.eyes: Eyes
        self.close: Callable[[], None]

    def open(self, wishes: dict[Role, list[str]], *zones: str, own: frozenset[str] = frozenset()) -> Eyes:
        """Open the eyes."""
        self.eyes = Eyes(
            self._hass,
            wishes,
            zones or ("zone.home",),
            own=lambda: own,
            on_glimpse=self.glimpses.append,
            on_answer=lambda: self.answers.append(self.eyes.answer),
        )
        self.close = self.eyes.async_start()
        return self.eyes

    @property
    def told(self) -> list[tuple[str, str]]:
        """Return roles and entities in the order in which they were told."""
        return [(glimpse.role.value, glimpse.entity_id) for glimpse in self.glimpses]


def says(eyes: Eyes) -> Presence | None:
    """Return the standing answer at this moment."""
    return eyes.answer


@pytest.fixture
async def watcher(hass: HomeAssistant, home: None) -> Watcher:
    """Return eyes to open, in a Home Assistant that knows where home is."""
    assert await async_setup_component(hass, "zone", {})
    await settle(hass)
    return Watcher(hass)


@pytest.fixture
def show(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Callable[..., Any]:
    """Return a function that lets an entity have a state a second later."""

    async def _show(name: str, state: str, **attributes: Any) -> float:
        freezer.tick(1)
        hass.states.async_set(name, state, attributes)
        await hass.async_block_till_done()
        return time.time()

    return _show


async def test_a_change_is_worth_a_look(watcher: Watcher, show: Callable[..., Any]) -> None:
    """At once, with its time; attributes alone are no change, and nothing is told after the release."""
    await show("sensor.gear", "P")
    watcher.open({Role.LOOK: ["sensor.gear"]})
    await show("sensor.gear", "P", icon="mdi:car")
    assert watcher.glimpses == []
    at = await show("sensor.gear", "D")
    assert watcher.told == [("look", "sensor.gear")]
    assert watcher.glimpses[0].at == pytest.approx(at)
    watcher.close()
    for _ in range(70):
        await show("sensor.gear", "R")
    await show("sensor.gear", "N")
    assert len(watcher.glimpses) == 1


async def test_a_flapping_sensor_is_bounded_and_an_answer_is_not(
    watcher: Watcher, show: Callable[..., Any]
) -> None:
    """Dropped looks are not made up for later; what answers for the car is told each time."""
    await show("binary_sensor.motion", "off")
    watcher.open({Role.LOOK: ["binary_sensor.motion"], Role.HOME: ["binary_sensor.motion"]})
    for second in range(600):
        await show("binary_sensor.motion", "off" if second % 2 else "on")
    assert [role for role, _ in watcher.told].count("look") == 10
    assert [role for role, _ in watcher.told].count("home") == 300
    assert watcher.told[:2] == [("home", "binary_sensor.motion"), ("look", "binary_sensor.motion")]
    told = len(watcher.told)
    for _ in range(120):
        await show("binary_sensor.motion", "off")
    assert len(watcher.told) == told


async def test_a_phone_goes_and_comes(watcher: Watcher, show: Callable[..., Any]) -> None:
    """By its coordinates, whatever its state says; the answer follows, and the scout hears of each change of it."""
    await show("device_tracker.phone", "Zoo", **NEAR)
    eyes = watcher.open({Role.HOME: ["device_tracker.phone"], Role.AWAY: ["device_tracker.phone"]})
    assert says(eyes) is Presence.HOME
    assert (watcher.glimpses, watcher.answers) == ([], [])
    await show("device_tracker.phone", "Zoo", **FAR)
    assert watcher.told == [("away", "device_tracker.phone")]
    assert says(eyes) is Presence.AWAY
    await show("device_tracker.phone", "unavailable")
    assert says(eyes) is None
    await show("device_tracker.phone", "Zoo", **FAR)
    assert len(watcher.told) == 1
    at = await show("device_tracker.phone", "Zoo", **NEAR)
    assert watcher.told[1:] == [("home", "device_tracker.phone")]
    assert watcher.glimpses[1].at == pytest.approx(at)
    assert watcher.answers == [Presence.AWAY, None, Presence.AWAY, Presence.HOME]


async def test_a_tracker_without_a_position(
    hass: HomeAssistant, watcher: Watcher, show: Callable[..., Any]
) -> None:
    """A router knows home; others name the zone, or list all that they are in."""
    hass.states.async_set("zone.cabin", "0", {**FAR, "radius": 80, "friendly_name": "The cabin"})
    ask = {Role.HOME: ["device_tracker.router"], Role.AWAY: ["device_tracker.router"]}
    await show("device_tracker.router", "home")
    at_home = watcher.open(ask)
    cabin = Watcher(hass).open(ask, "zone.cabin")
    both = Watcher(hass).open(ask, "zone.home", "zone.cabin")
    none = Watcher(hass).open(ask, "zone.gone")

    def answers() -> list[Presence | None]:
        return [eyes.answer for eyes in (at_home, cabin, both, none)]

    assert answers() == [Presence.HOME, None, Presence.HOME, None]
    await show("device_tracker.router", "The cabin")
    assert answers() == [Presence.AWAY, Presence.HOME, Presence.HOME, None]
    await show("device_tracker.router", "The car park", in_zones=["zone.car_park", "zone.cabin"])
    assert answers() == [Presence.AWAY, Presence.HOME, Presence.HOME, None]
    await show("device_tracker.router", "not_home", in_zones=[])
    assert answers() == [Presence.AWAY, Presence.AWAY, Presence.AWAY, None]


async def test_a_moved_zone_brings_nobody_home(
    hass: HomeAssistant, watcher: Watcher, show: Callable[..., Any]
) -> None:
    """The answer is another one, and that is told; nobody arrived."""
    await show("device_tracker.phone", "not_home", **FAR)
    eyes = watcher.open({Role.HOME: ["device_tracker.phone"], Role.AWAY: ["device_tracker.phone"]})
    assert says(eyes) is Presence.AWAY
    await hass.config.async_update(latitude=WORK[0], longitude=WORK[1])
    await settle(hass)
    assert says(eyes) is Presence.HOME
    assert watcher.answers == [Presence.HOME]
    assert watcher.glimpses == []


async def test_entities_that_come_after_the_start(watcher: Watcher, show: Callable[..., Any]) -> None:
    """While Home Assistant starts there is nothing, then an old state, then news. The old state only stands."""
    eyes = watcher.open({Role.HOME: ["binary_sensor.plug"], Role.LOOK: ["binary_sensor.plug"]})
    await show("binary_sensor.plug", "unavailable", restored=True)
    await show("binary_sensor.plug", "on")
    assert watcher.glimpses == []
    assert says(eyes) is Presence.HOME
    assert watcher.answers == [Presence.HOME]
    await show("binary_sensor.plug", "off")
    assert watcher.told == [("look", "binary_sensor.plug")]
    assert watcher.answers == [Presence.HOME, None]


async def test_an_event_entity_tells_as_it_fires(watcher: Watcher, show: Callable[..., Any]) -> None:
    """What it restores after a start was fired before; gone and back it has not fired again."""
    old, new = "2026-11-20T08:00:00.000+00:00", "2026-11-24T16:00:30.000+00:00"
    eyes = watcher.open({Role.HOME: ["event.gate"], Role.LOOK: ["event.gate"]})
    await show("event.gate", "unavailable")
    await show("event.gate", old, event_type="opened")
    assert watcher.glimpses == []
    at = await show("event.gate", new, event_type="opened")
    await show("event.gate", "unavailable")
    await show("event.gate", new, event_type="opened")
    assert watcher.told == [("home", "event.gate"), ("look", "event.gate")]
    assert watcher.glimpses[0].at > at  # its own time, not that of the state
    assert says(eyes) is None


async def test_eyes_that_contradict_answer_nothing(watcher: Watcher, show: Callable[..., Any]) -> None:
    """But that the plug went in is told all the same."""
    await show("person.anna", "not_home", **FAR)
    await show("binary_sensor.plug", "off")
    eyes = watcher.open({Role.HOME: ["binary_sensor.plug"], Role.AWAY: ["person.anna"]})
    assert says(eyes) is Presence.AWAY
    await show("binary_sensor.plug", "on")
    assert says(eyes) is None
    assert watcher.told == [("home", "binary_sensor.plug")]


async def test_a_removed_entity_says_nothing(
    hass: HomeAssistant, watcher: Watcher, show: Callable[..., Any]
) -> None:
    """As if it had not been picked."""
    await show("cover.garage", "open")
    eyes = watcher.open({Role.AWAY: ["cover.garage", "cover.never_was"]})
    assert says(eyes) is Presence.AWAY
    hass.states.async_remove("cover.garage")
    await hass.async_block_till_done()
    assert says(eyes) is None
    assert watcher.glimpses == []


async def test_a_renamed_entity_is_followed(
    hass: HomeAssistant, watcher: Watcher, show: Callable[..., Any]
) -> None:
    """With what is remembered of it: being called otherwise is no change."""
    registry = er.async_get(hass)
    old = registry.async_get_or_create("binary_sensor", "gate", "1", suggested_object_id="gate").entity_id
    await show(old, "off")
    watcher.open({Role.LOOK: [old]})
    registry.async_update_entity(old, new_entity_id="binary_sensor.front_gate")
    hass.states.async_remove(old)
    await show("binary_sensor.front_gate", "off")
    assert watcher.glimpses == []
    await show("binary_sensor.front_gate", "on")
    assert watcher.told == [("look", "binary_sensor.front_gate")]


async def test_what_repeats_the_scout_is_no_eye(watcher: Watcher, show: Callable[..., Any]) -> None:
    """Its own tracker, a group with it, and a person that carries it: each would keep an answer up for ever."""
    own = frozenset({"device_tracker.scout_location"})
    picked = ["device_tracker.scout_location", "binary_sensor.any", "person.anna", "person.bert"]
    await show("device_tracker.scout_location", "home", **NEAR)
    await show("binary_sensor.any", "on", entity_id=["binary_sensor.x", "device_tracker.scout_location"])
    await show("person.anna", "home", **NEAR, source="device_tracker.scout_location")
    await show("person.bert", "home", **NEAR, device_trackers=["device_tracker.scout_location"])
    eyes = watcher.open({Role.HOME: picked}, own=own)
    assert says(eyes) is None
    await show("person.anna", "home", **NEAR, source="device_tracker.phone")
    assert says(eyes) is Presence.HOME


async def test_own_entities_are_the_cars_and_the_accounts(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Another car's may be an eye: two cars may well come home together."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    own = own_entities(hass, entry.entry_id, VIN)
    assert {"device_tracker.scout_location", "binary_sensor.scout_at_home", "sensor.scout_last_look"} <= own
    assert "sensor.tesla_scout_second_billed_requests_this_month" in own  # the account is called after both
    assert [entity_id for entity_id in own if ".second" in entity_id] == []
    assert own_entities(hass, entry.entry_id, SECOND_VIN) != own


async def test_an_eye_of_a_car_makes_its_scout_look_at_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """One question that is not billed to a sleeping car, of that car alone; unloaded, the eyes are closed."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    hass.states.async_set("binary_sensor.gate", "off")
    gate = ["binary_sensor.gate"]
    entry = await set_up(account, {"eyes": {VIN: {"look": gate, "away": gate}}})
    eyes = entry.runtime_data.cars[VIN].scout.eyes
    assert eyes is not None
    await passes(3_600, step=60)
    count = partial(asked, simulator, "state", 0.0)
    before = (count(VIN), count(SECOND_VIN), billed(simulator))
    hass.states.async_set("binary_sensor.gate", "on")
    await settle(hass)
    assert (count(VIN), count(SECOND_VIN), billed(simulator)) == (before[0] + 1, before[1], before[2])
    assert says(eyes) is Presence.AWAY
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_set("binary_sensor.gate", "off")
    await settle(hass)
    assert says(eyes) is Presence.AWAY


async def test_a_rename_is_kept_in_the_options(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """For each car and role, and without a reload; other options stay as they are."""
    registry = er.async_get(hass)
    old = registry.async_get_or_create("cover", "gate", "1", suggested_object_id="gate").entity_id
    picked = {"look": [old, "sensor.gear"], "home": [old]}
    entry = await set_up(account, {"eyes": {VIN: picked}, "promptness": "prompt"})
    runtime = entry.runtime_data
    registry.async_update_entity(old, new_entity_id="cover.front_gate")
    await settle(hass)
    renamed = {"look": ["cover.front_gate", "sensor.gear"], "home": ["cover.front_gate"]}
    assert entry.options == {"eyes": {VIN: renamed}, "promptness": "prompt"}
    assert entry.runtime_data is runtime
    registry.async_update_entity("cover.front_gate", name="Front gate")
    await settle(hass)
    assert entry.options["eyes"] == {VIN: renamed}
