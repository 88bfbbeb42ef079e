"""A real Home Assistant core, the simulator over real HTTP, and one driven clock for both."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from bench import START, VIN, WORK, Pass, SetUp, form, open_paste, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant import runner
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import executor
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from secrecy import Watch, watched

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, Account, Car, FleetSimulator

# At its end a core interrupts threads that have not ended within some hundredths of a second, though they only sleep: on
# a busy machine that leaves others behind for ever.
runner.MAX_EXECUTOR_WORKERS = 8
executor.EXECUTOR_SHUTDOWN_TIMEOUT = 90


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the event loop's debug mode off, which the harness turns on: it notes a stack for each call and timer.

    That is a third of the time of a test that lives through days.
    """


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Let Home Assistant find the integration, and let it talk to loopback."""


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a disk of its own: the token journal is a real file, and accounts are the same in each test."""
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
def _watch(hass_config_dir: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """After each test, and after Home Assistant's last writes: no token got out of where it belongs."""
    with watched(monkeypatch) as watch:
        yield watch
    assert watch.leaks(Path(hass_config_dir)) == []


@pytest.fixture(autouse=True)
async def _listener(request: pytest.FixtureRequest, _watch: Watch) -> AsyncIterator[None]:
    """Listen to all events, and look at all states in the end."""
    if "hass" not in request.fixturenames:
        yield
        return
    hass: HomeAssistant = request.getfixturevalue("hass")
    unsubscribe = hass.bus.async_listen("*", _watch.hears)
    yield
    unsubscribe()
    _watch.looks_at(hass)


@pytest.fixture(autouse=True)
def _start_time(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(START)


@pytest.fixture
async def simulator(freezer: FrozenDateTimeFactory) -> AsyncIterator[FleetSimulator]:
    """Start the simulator, on the test's clock and as strict as Tesla's documentation."""
    async with FleetSimulator() as simulator:
        simulator.gate.strict_content_type = True
        yield simulator


@pytest.fixture
def account(simulator: FleetSimulator) -> Account:
    """Make an owner's account."""
    return simulator.add_account()


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that was parked at work a moment ago."""
    return account.add_car(VIN, "Scout", WORK, 62.0)


@pytest.fixture
async def home(hass: HomeAssistant) -> None:
    """Home Assistant's home is where the simulator's road ends."""
    # Driven time looks to asyncio like slow callbacks.
    hass.loop.slow_callback_duration = float("inf")
    await hass.config.async_update(latitude=HOME[0], longitude=HOME[1], radius=100, time_zone="Europe/Berlin")
    await hass.async_block_till_done()


@pytest.fixture
def set_up(hass: HomeAssistant, simulator: FleetSimulator, home: None) -> SetUp:
    """Set the integration up as a person does: through the dialog."""

    async def _set_up(account: Account, options: dict[str, Any] | None = None) -> ScoutWorkerConfigEntry:
        result = await hass.config_entries.flow.async_configure(
            await open_paste(hass), form(simulator, account.issue_refresh_token())
        )
        if result.get("step_id") == "cars":
            # All of them, as the form has it.
            result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        await settle(hass)
        entry: ScoutWorkerConfigEntry = result["result"]
        if options:
            hass.config_entries.async_update_entry(entry, options=options)
            await hass.config_entries.async_reload(entry.entry_id)
            await settle(hass)
        return entry

    return _set_up


@pytest.fixture
def passes(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Pass:
    """Let time pass in steps, with everything that falls due."""

    async def _passes(seconds: float, step: float = 5.0) -> None:
        while seconds > 0:
            freezer.tick(min(step, seconds))
            async_fire_time_changed(hass)
            await settle(hass)
            seconds -= step

    return _passes
