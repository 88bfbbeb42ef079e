"""The recipes of docs/free-eyes.md for MQTT, as they stand there: a real broker, Home Assistant's own MQTT, our scout."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
import getpass
import json
from pathlib import Path
import re
import socket
import subprocess
import time
from typing import Any

import bench
from bench import VIN, SetUp
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import parse_yaml
from lookout import kinds, listen
from paho.mqtt import publish
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.tesla_scout_worker.scout.arrival import Presence
from custom_components.tesla_scout_worker.scout.coordinator import ScoutCoordinator
from custom_components.tesla_scout_worker.scout.eye_watch import Eyes
from custom_components.tesla_scout_worker.scout.eyes import Glimpse
from fleet_simulator import HOME, Account, Car, FleetSimulator

ROOT = Path(bench.__file__).parents[2]
PAGE = ROOT / "docs" / "free-eyes.md"
AWAY = (52.5098, 13.2730)
# A broker on loopback answers within milliseconds; this is for a machine that is busy with other things.
PATIENCE = 30.0

type Publish = Callable[..., Coroutine[Any, Any, None]]
type Until = Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _start_time() -> None:
    """Leave the time real: there are other programs in this."""


@pytest.fixture
async def simulator() -> AsyncIterator[FleetSimulator]:
    """Start the simulator on the real clock."""
    async with FleetSimulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def mosquitto() -> str:
    """Return the path of a broker; without one there is nothing to try."""
    command = [ROOT / "scripts" / "broker"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)  # noqa: S603 - our script
    # Without a way out of this machine it says so, at the latest when its time-outs have passed.
    if found.returncode:
        pytest.skip(f"no MQTT broker can be had here: {found.stderr.strip()}")
    return found.stdout.strip()


@pytest.fixture
async def broker(mosquitto: str, tmp_path: Path, socket_enabled: None) -> AsyncIterator[int]:
    """Run a broker that keeps nothing; the port comes back."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    user = getpass.getuser()  # or it would look for one of its own
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser {user}\n")
    # Not a pipe: it would be full after some hundred connections, and the broker would wait for somebody to read it.
    said = tmp_path / "mosquitto.log"
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(mosquitto, "-c", str(config), stderr=log)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _listens(port):
                assert process.returncode is None, said.read_text()
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.02)
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.fixture
def send(hass: HomeAssistant, broker: int) -> Publish:
    """Return a function that publishes as another program does: a connection of its own, and its flags."""

    async def _send(topic: str, payload: str, *, retain: bool = True) -> None:
        def _publish() -> None:
            publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker)

        await hass.async_add_executor_job(_publish)

    return _send


@pytest.fixture
def until(hass: HomeAssistant) -> Until:
    """Return a function that waits for something to be so."""

    async def _until(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():  # noqa: ASYNC110 - several programs are waited for, which know no event of ours
                await asyncio.sleep(0.01)
        await hass.async_block_till_done()

    return _until


@pytest.fixture
def glimpses(monkeypatch: pytest.MonkeyPatch) -> list[Glimpse]:
    """Return what the scout of the car is told, as it is told."""
    told: list[Glimpse] = []
    glimpse = ScoutCoordinator.async_glimpse

    def _told(scout: ScoutCoordinator, seen: Glimpse) -> None:
        told.append(seen)
        glimpse(scout, seen)

    monkeypatch.setattr(ScoutCoordinator, "async_glimpse", _told)
    return told


async def connect(hass: HomeAssistant, broker: int, recipe: str) -> None:
    """Put a recipe into configuration.yaml and set Home Assistant's MQTT integration up."""
    page = Path(hass.config.path("configuration.yaml"))
    await hass.async_add_executor_job(page.write_text, recipe)
    entry = MockConfigEntry(
        domain="mqtt",
        data={"broker": "127.0.0.1", "port": broker, "protocol": "5"},
        version=2,
        minor_version=1,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def recipe_with(topic: str) -> str:
    """Return the YAML of the page that speaks of a topic."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if topic in block]
    return str(found)


def position(point: tuple[float, float]) -> str:
    """Return a position as both programs write it."""
    return json.dumps({"latitude": point[0], "longitude": point[1]})


async def watch(set_up: SetUp, account: Account, **picked: list[str]) -> Eyes:
    """Set the integration up with eyes for the car."""
    entry = await set_up(account, {"eyes": {VIN: picked}})
    eyes = entry.runtime_data.cars[VIN].scout.eyes
    assert eyes is not None
    return eyes


async def test_teslamate_tells_an_arrival(
    hass: HomeAssistant, broker: int, send: Publish, until: Until, account: Account, car: Car, set_up: SetUp,
    glimpses: list[Glimpse],
) -> None:  # fmt: skip
    """The retained position stands at once; then home and away are told within the moment; unhealthy is no answer."""
    tracker = "device_tracker.teslamate_location"
    eyes = await watch(set_up, account, home=[tracker], away=[tracker])
    await send("teslamate/cars/1/location", position(AWAY))
    await send("teslamate/cars/1/healthy", "", retain=True)
    await connect(hass, broker, recipe_with("teslamate/cars/1/location"))
    assert _is(hass, tracker, "unavailable")
    async with asyncio.timeout(PATIENCE):
        # TeslaMate says so in each of its rounds; the first may come before Home Assistant listens.
        while eyes.answer is None:
            await send("teslamate/cars/1/healthy", "true", retain=False)
            await asyncio.sleep(0.05)
    assert eyes.answer is Presence.AWAY
    assert glimpses == []

    before, heard = time.time(), listen(hass)
    await send("teslamate/cars/1/location", position(HOME))
    await until(lambda: eyes.answer is Presence.HOME)
    await until(lambda: kinds(heard) == ["arrived"])
    assert _is(hass, "binary_sensor.scout_at_home", "on")
    assert [(seen.role, seen.entity_id) for seen in glimpses] == [("home", tracker)]
    assert before <= glimpses[0].at <= time.time()

    await send("teslamate/cars/1/healthy", "false", retain=False)
    await until(lambda: eyes.answer is None)
    await send("teslamate/cars/1/healthy", "true", retain=False)
    await until(lambda: eyes.answer is Presence.HOME)
    await send("teslamate/cars/1/location", position(AWAY))
    await until(lambda: eyes.answer is Presence.AWAY)
    await until(lambda: kinds(heard) == ["arrived", "left"])
    assert [seen.role for seen in glimpses] == ["home", "away"]


async def test_teslamate_geofence_tells_an_arrival(
    hass: HomeAssistant, broker: int, send: Publish, until: Until, account: Account, car: Car, set_up: SetUp,
    glimpses: list[Glimpse],
) -> None:  # fmt: skip
    """For a TeslaMate without the topic of the position; outside of each geofence it sends nothing at all."""
    sensor = "binary_sensor.teslamate_geofence_home"
    eyes = await watch(set_up, account, home=[sensor])
    await send("teslamate/cars/1/geofence", "Work")
    await connect(hass, broker, recipe_with("teslamate/cars/1/geofence"))
    await until(lambda: _is(hass, sensor, "off"))
    await send("teslamate/cars/1/geofence", "")
    await send("teslamate/cars/1/geofence", "Home")
    await until(lambda: eyes.answer is Presence.HOME)
    assert [(seen.role, seen.entity_id) for seen in glimpses] == [("home", sensor)]
    await send("teslamate/cars/1/geofence", "")
    await until(lambda: eyes.answer is None)
    assert _is(hass, sensor, "off")
    assert len(glimpses) == 1


@pytest.mark.parametrize("form", ["{}", '{{"value": {}}}'], ids=["bare", "wrapped"])
async def test_fleet_telemetry_tells_an_arrival(
    hass: HomeAssistant, broker: int, send: Publish, until: Until, account: Account, car: Car, set_up: SetUp,
    glimpses: list[Glimpse], form: str,
) -> None:  # fmt: skip
    """In both forms that the server has had; a car that connects is looked at; an invalid position changes nothing."""
    tracker, connected = "device_tracker.telemetry_location", "binary_sensor.telemetry_connected"
    topic = f"telemetry/{VIN}"
    eyes = await watch(set_up, account, home=[tracker], away=[tracker], look=[connected])
    await send(f"{topic}/v/Location", form.format(position(AWAY)))
    await send(f"{topic}/connectivity", connectivity("DISCONNECTED"))
    await connect(hass, broker, recipe_with(topic))
    await until(lambda: eyes.answer is Presence.AWAY and _is(hass, connected, "off"))
    assert glimpses == []

    await send(f"{topic}/connectivity", connectivity("CONNECTED"))
    await until(lambda: len(glimpses) == 1)
    heard = listen(hass)
    await send(f"{topic}/v/Location", form.format("null"))
    await send(f"{topic}/v/Location", form.format(position(HOME)))
    await until(lambda: eyes.answer is Presence.HOME)
    await until(lambda: kinds(heard) == ["arrived"])
    told = [(seen.role, seen.entity_id) for seen in glimpses]
    assert told == [("look", connected), ("home", tracker)]


@pytest.mark.parametrize("topic", ["teslamate/cars/1/location", f"telemetry/{VIN}"])
def test_the_page_names_the_entities_that_its_recipes_make(topic: str) -> None:
    """What the reader is told to pick is what he then has."""
    page = PAGE.read_text(encoding="utf-8")
    recipe = parse_yaml(recipe_with(topic))
    assert isinstance(recipe, dict)
    for item in recipe["mqtt"]:
        ((domain, entity),) = item.items()
        assert f"`{domain}.{entity['name'].lower().replace(' ', '_')}`" in page


def connectivity(status: str) -> str:
    """Return a record of the connection as the server writes it."""
    return json.dumps({"ConnectionId": "1b2c", "Status": status, "CreatedAt": "2026-11-24T16:00:00Z"})


def _is(hass: HomeAssistant, entity_id: str, value: str) -> bool:
    state = hass.states.get(entity_id)
    return state is not None and state.state == value
