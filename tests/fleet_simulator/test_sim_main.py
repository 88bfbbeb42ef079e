"""The simulator as a program of its own."""

import asyncio
import json
from typing import Any

import aiohttp
from freezegun.api import FrozenDateTimeFactory
import pytest

from fleet_simulator import FleetSimulator
from fleet_simulator.__main__ import serve

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_it_prints_what_a_client_needs_and_serves(capsys: pytest.CaptureFixture[str]) -> None:
    stop = asyncio.Event()
    options = [
        "--port",
        "0",
        "--json",
        "--unsigned",
        "--drive-seconds",
        "110",
        "--plug-in-after",
        "60",
        "--battery",
        "50",
    ]
    running = asyncio.create_task(serve(options, stop))
    printed = ""
    while not printed and not running.done():
        await asyncio.sleep(0)
        printed = capsys.readouterr().out
    facts: dict[str, Any] = json.loads(printed)
    form = {k: facts[k] for k in ("client_id", "refresh_token")} | {"grant_type": "refresh_token"}
    async with aiohttp.ClientSession() as session:
        async with session.post(facts["token_url"], data=form) as response:
            bearer = (await response.json())["access_token"]
        headers = {"Authorization": f"Bearer {bearer}"}
        url = f"{facts['api_url_eu']}/api/1/vehicles/{facts['vin']}/vehicle_data"
        async with session.get(url, headers=headers) as response:
            data = (await response.json())["response"]
        async with session.get(facts["authorize_url"]) as response:
            assert (response.status, response.content_type) == (400, "text/html")
        async with session.get(facts["report"]) as response:
            report = await response.json()
    assert data["charge_state"]["battery_level"] == 50
    assert data["command_signing"] == "allowed"
    assert facts["arrives_at"] - facts["leaves_at"] == pytest.approx(110)
    assert report["refreshes"] == ["rotated"]
    stop.set()
    await running
    assert "cost $0.002" in capsys.readouterr().out


async def test_it_prints_words_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    stop = asyncio.Event()
    stop.set()
    await serve(["--port", "0", "--proxy"], stop)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("proxy_url") and "https://" in line for line in lines)
    assert any(line.startswith("refresh_token") and "EU_" in line for line in lines)
    assert lines[-1].startswith("cost $0.000")


async def test_the_clock_follows_a_freezer(freezer: FrozenDateTimeFactory) -> None:
    async with FleetSimulator() as sim:
        account = sim.add_account()
        car = account.add_car()
        freezer.tick(899)
        assert car.state() == "online"
        freezer.tick(1)
        assert car.state() == "asleep"
        headers = {"Authorization": f"Bearer {account.issue_access_token()}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{sim.api_url}/api/1/vehicles/{car.vin}", headers=headers) as response,
        ):
            assert (await response.json())["response"]["state"] == "asleep"
        assert sim.requests[0].time == sim.bill.entries[0].time == sim.clock()
