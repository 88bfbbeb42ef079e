"""The recipes of docs/access-token.md, as they stand there, run against a real Home Assistant and the simulator."""

import asyncio
import os
from pathlib import Path
import re
import shutil
import sys

import bench
from bench import VIN, WORK, SetUp
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from lookout import SECOND_VIN, asked
import pytest
import sharing_bench
from sharing_bench import PATH, SHARING, Programs, long_lived

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, FleetSimulator

PAGE = Path(bench.__file__).parents[2] / "docs" / "access-token.md"
needs_curl_and_jq = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="the recipe needs curl and jq"
)

programs = sharing_bench.programs


def recipes() -> dict[str, str]:
    """Return the code blocks of the page, by what is typical of each."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    scripts = [text for language, text in blocks if language == "sh" and text.startswith("#!/bin/sh")]
    (python,) = [text for language, text in blocks if language == "python"]
    header, cars, charge = (
        next(text for language, text in blocks if language == "sh" and "install -m 600" in text),
        *scripts,
    )
    return {"header": header, "cars": cars, "charge": charge, "python": python}


async def run(script: str, folder: Path, program: str = "/bin/sh") -> tuple[int, str]:
    """Run a script as its owner would; return its exit code and what it printed."""
    path = folder / "recipe"
    path.write_text(script, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        program,
        str(path),
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


@pytest.fixture
async def entry(account: Account, car: Car, set_up: SetUp) -> ScoutWorkerConfigEntry:
    """Set up an account with two cars, one of them asleep, that is shared."""
    account.add_car(SECOND_VIN, "Second", WORK, asleep=True)
    return await set_up(account, SHARING)


@pytest.fixture
async def address(entry: ScoutWorkerConfigEntry, programs: Programs) -> str:
    """Return where Home Assistant answers."""
    program = await programs("unused")
    return str(program.make_url(PATH)).removesuffix(PATH)


@pytest.fixture
async def folder(hass: HomeAssistant, hass_admin_user: User, tmp_path: Path) -> Path:
    """Make a home directory with the header in a file that only its owner can read, as the page says."""
    token = await long_lived(hass, hass_admin_user, "recipe")
    code, _ = await run(recipes()["header"].replace("YOUR_LONG_LIVED_TOKEN", token), tmp_path)
    assert code == 0
    assert (tmp_path / ".ha-header").stat().st_mode & 0o777 == 0o600
    return tmp_path


@needs_curl_and_jq
async def test_shell_script(entry: ScoutWorkerConfigEntry, address: str, folder: Path) -> None:
    """It lists the cars, and fails with an exit code where nothing is handed out."""
    script = recipes()["cars"].replace("http://homeassistant.local:8123", address)
    assert await run(script, folder) == (0, "Scout: online\nSecond: asleep\n")
    assert {name: one.count for name, one in entry.runtime_data.handouts.callers.items()} == {"recipe": 1}
    (folder / ".ha-header").write_text("Authorization: Bearer wrong\n", encoding="utf-8")
    code, printed = await run(script, folder)
    assert (code > 0, printed) == (True, "")


@needs_curl_and_jq
async def test_state_of_charge_for_evcc(
    simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, address: str, folder: Path
) -> None:
    """One number for a car that is online; one that sleeps is neither woken nor read."""
    script = (
        recipes()["charge"]
        .replace("http://homeassistant.local:8123", address)
        .replace("/etc/evcc/ha-header", str(folder / ".ha-header"))
    )
    assert await run(script.replace("YOUR_VIN", VIN), folder) == (0, "62\n")
    code, printed = await run(script.replace("YOUR_VIN", SECOND_VIN), folder)
    assert (code > 0, printed) == (True, "")
    assert asked(simulator, "state", vin=SECOND_VIN) > 0
    assert asked(simulator, "vehicle_data", vin=SECOND_VIN) == 0


async def test_python(entry: ScoutWorkerConfigEntry, address: str, folder: Path) -> None:
    """The same with nothing but Python."""
    script = recipes()["python"].replace("http://homeassistant.local:8123", address)
    assert await run(script, folder, sys.executable) == (0, "Scout online\nSecond asleep\n")
