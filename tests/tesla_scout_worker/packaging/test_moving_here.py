"""The commands of docs/migrating/cloud_run.md, as they stand there, against a real Home Assistant and the simulator."""

import asyncio
import json
import os
from pathlib import Path
import re
import shutil
from typing import Any, Final

from bench import VIN, WORK, SetUp
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN, User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pages import examples
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from test_manifest import ROOT

from fleet_simulator import Account, FleetSimulator

PAGE: Final = ROOT / "docs" / "migrating" / "cloud_run.md"
HOME_ASSISTANT: Final = "http://homeassistant.local:8123"
# The endpoints that there were; each has a row and, but for the first look of a reader, a heading of its own.
ENDPOINTS: Final = {"get-token", "refresh-tokens", "scout-trigger", "run-cycle", "health", "worker-status"}

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="the commands need curl and jq"
)


def commands() -> dict[str, str]:
    """Return the command of each endpoint, by its heading."""
    parts = re.split(r"(?m)^### `([a-z-]+)`$", PAGE.read_text(encoding="utf-8"))[1:]
    found = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        block = re.search(r"(?ms)^```sh\n(.*?)^```$", text)
        assert block, name
        found[name] = block[1]
    return found


async def run(command: str, folder: Path) -> str:
    """Run a command as its owner would; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, command
    return printed.decode()


@pytest.fixture
async def address(
    hass: HomeAssistant,
    account: Account,
    set_up: SetUp,
    hass_admin_user: User,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> str:
    """Set the account up, with the header in a file as the page says; return where Home Assistant answers."""
    account.add_car(VIN, "My Car", WORK, 62.0)
    assert await async_setup_component(hass, "api", {})
    await set_up(account, {"share_access_token": True})
    refresh_token = await hass.auth.async_create_refresh_token(
        hass_admin_user, client_name="moving", token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
    )
    token = hass.auth.async_create_access_token(refresh_token)
    header = next(one.text for one in examples("sh") if one.page == PAGE and "install -m 600" in one.text)
    await run(header.replace("YOUR_LONG_LIVED_TOKEN", token), tmp_path)
    return str((await hass_client(token)).make_url("/")).rstrip("/")


async def test_each_endpoint_has_its_successor(
    simulator: FleetSimulator, address: str, tmp_path: Path
) -> None:
    """Each command answers what its endpoint did, and costs what it says."""
    assert set(commands()) == ENDPOINTS

    async def _ask(name: str) -> str:
        return await run(commands()[name].replace(HOME_ASSISTANT, address), tmp_path)

    def _reads() -> int:
        return sum(record.kind == "vehicle_data" for record in simulator.requests)

    def _answered(printed: str) -> dict[str, Any]:
        return dict(json.loads(printed)["service_response"])

    before = _reads()
    token = json.loads(await _ask("get-token"))
    assert token["status"] == "success"
    assert token["token_source"] == "tesla_scout_worker"
    assert _answered(await _ask("refresh-tokens"))["refreshed"] is True
    assert (await _ask("health")).strip() == "fresh"
    status = json.loads(await _ask("worker-status"))
    assert status["cars"][0]["worker"]["battery_level"] == 62
    assert status["month"]["billed"] == before
    assert _reads() == before

    assert _answered(await _ask("run-cycle"))["cars"][0]["vehicle_read"] is True
    assert _reads() == before + 1
    assert _answered(await _ask("scout-trigger"))["cars"][0]["cloud_state"] == "online"
    assert _reads() <= before + 2
