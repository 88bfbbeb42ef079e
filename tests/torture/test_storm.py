"""A short storm over a real Home Assistant, and the disk that it takes away."""

import json
from pathlib import Path
import resource
import subprocess
import sys

from homeassistant.util.file import WriteError, write_utf8_file_atomic
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_sign_in_survives_a_short_storm() -> None:
    """Ten lives, nine of them cut short: the answers get lost, the disk is full, the clock is wrong."""
    storm = subprocess.run(
        [sys.executable, "-m", "torture", "--rounds", "10", "--seed", "5"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    assert storm.returncode == 0, storm.stderr
    result = json.loads(storm.stdout.splitlines()[-1])
    assert result["rounds"] == result["reference"]["rounds"] == 10
    assert result["sign_ins_asked"] == result["tokens_lost"] == result["dead_tokens_offered_twice"] == 0
    assert result["kills"] >= 5
    assert result["rotations"] >= 4
    assert result["reference"]["rotations"] >= 2
    assert "faults played on tesla_scout_worker: 0" not in storm.stderr
    assert "faults played on standard_oauth: 0" not in storm.stderr


def test_files_that_may_not_grow_are_a_full_disk(tmp_path: Path) -> None:
    """The storm takes the disk away by the size of files: Home Assistant's writing fails, and the old file stays."""
    target = tmp_path / "journal"
    write_utf8_file_atomic(str(target), "old", private=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(WriteError):
            write_utf8_file_atomic(str(target), "new", private=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_text(encoding="utf-8") == "old"
