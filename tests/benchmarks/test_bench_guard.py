"""The quick bench: a few days in a real Home Assistant core, and figures that must not get worse."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

from benchmarks.limits import DAYS, LIMITS, QUICK

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_costs_and_delays_are_within_their_limits(tmp_path: Path) -> None:
    """This integration keeps its limits; core's notices all, too; and the one that knows everything is the floor."""
    written = tmp_path / "bench.json"
    bench = subprocess.run(  # noqa: S603 - our own bench
        [sys.executable, "-m", "benchmarks", "--quick", "--jobs", "1", "--json", str(written)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    assert bench.returncode == 0, bench.stderr
    results = json.loads(written.read_text(encoding="utf-8"))["results"]
    runs = {(run["world"], run["contender"]): run["measured"] for run in results}
    assert set(runs) == set(QUICK)
    for world, contender in LIMITS:
        floor, ours = runs[world, "oracle"], runs[world, contender]
        assert floor["driven"] == ours["seen"] == DAYS, "the days are working days"
        assert floor["late_max"] < 0.001
        assert floor["reads_a_day"] == 2
        # An arrival cannot be known sooner than it is.
        assert 0 < ours["late_p50"] <= ours["late_max"]
    core = runs["sleeper", "core"]
    assert core["seen"] == DAYS
    assert 0 < core["late_max"] <= 601
    assert runs["sleeper", "balanced"]["reads_a_day"] < core["reads_a_day"]
