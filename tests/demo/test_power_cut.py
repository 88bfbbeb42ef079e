"""The demo's own pieces, with the plug pulled: a real Home Assistant process, real time, SIGKILL."""

import asyncio
from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

import pytest

from demo.server import HomeAssistantServer, free_port, running
from demo.world import RADIUS, World, way_home

_NEXT_LOOK = "sensor.scout_next_look"
_PRESENCE = "event.scout_presence"


async def _until(
    server: HomeAssistantServer, is_so: Callable[[dict[str, dict[str, Any]]], bool], seconds: float
) -> dict[str, dict[str, Any]]:
    """Wait until Home Assistant's states say so; return them. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so(states := await server.states()):  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.5)
    return states


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "is_back_in_time", [pytest.param(True, id="back_before_arrival"), pytest.param(False, id="back_after")]
)
async def test_power_cut_in_mid_drive_loses_neither_arrival_nor_sign_in(
    tmp_path: Path, socket_enabled: None, *, is_back_in_time: bool
) -> None:
    """Home Assistant is killed while the car drives and started again: nothing is lost and nothing is told twice.

    No sign-in is asked for, no token is spent, and the meter still agrees with the bill.
    """
    world = World(way_home(None, 45))
    server = HomeAssistantServer(tmp_path / "config", world.way.home, RADIUS, free_port(0))
    async with world.simulator, running(server):
        await server.log_in()
        world.drive_home()
        await server.set_up(
            {
                "client_id": world.simulator.client_id,
                "refresh_token": world.account.issue_refresh_token(),
                "advanced": {"token_url": world.simulator.token_url, "api_url": world.simulator.api_url},
            }
        )
        await _until(
            server, lambda states: states[_NEXT_LOOK]["attributes"].get("reason") != "first_look", 20
        )
        # Home Assistant saves a new entry a second later, the memory of the looks within five.
        await asyncio.sleep(6)
        await server.kill()
        if not is_back_in_time:
            await asyncio.sleep(max(0.0, world.drives_from + world.way.drive.duration + 3 - time.time()))
        await server.start()

        states = await _until(
            server,
            lambda states: (
                states.get("sensor.scout_last_full_read", {}).get("attributes", {}).get("cause")
                == "arrived_home"
            ),
            120,
        )
        assert states[_PRESENCE]["attributes"]["event_type"] == "arrived"
        assert states["binary_sensor.scout_at_home"]["state"] == "on"
        assert await server.flows() == []
        assert [record.outcome for record in world.account.refreshes] == ["rotated"]
        month = (await server.act("get_status"))["month"]
        assert month["requests"]["data"] == world.simulator.bill.counts()["data"]
        assert month["cost_usd"] == pytest.approx(world.simulator.bill.usd)
