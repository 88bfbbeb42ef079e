"""Tables and the picture: what a reader gets to see."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import PAGE, README, write_pages
from benchmarks.plot import draw
from benchmarks.report import detail, duration, table


def run_of(
    contender: str, world: str = "sleeper", late: float | None = 42.0, reads: float = 10.5
) -> dict[str, Any]:
    """Return the result of a run as it is written."""
    measured = {
        "reads_a_day": reads,
        "state_calls_a_day": 100.0,
        "state_calls_a_night": 20.0,
        "wakes_a_day": 0.0,
        "dollars_a_month": reads * 0.06,
        "driven": 12,
        "seen": 0 if late is None else 12,
        "missed": 12 if late is None else 0,
        "double": 0,
        "false": 0,
        "late_p50": late,
        "late_p95": late,
        "late_max": late,
    }
    return {
        "world": world,
        "contender": contender,
        "label": f"label of {contender}",
        "arrivals": [["Mon 02 Nov 17:20:00", late]],
        "reads_a_day_by_place": {"at home": reads},
        "measured": measured,
        "learning": measured if contender == "balanced" else None,
        "learning_arrivals": [],
        "seconds": 1.0,
    }


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (599, "9 min 59 s"), (640, "11 min")],
)
def test_duration_reads_as_a_person_says_it(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


def test_table_has_all_worlds_contenders_and_what_was_before() -> None:
    text = table([run_of("balanced"), run_of("core", late=None), run_of("core", "garage")])
    lines = text.splitlines()
    assert lines[0] == "sleeper"
    assert lines[3].split()[:4] == ["label", "of", "balanced", "10.5"]
    assert "while it learned" in lines[4]
    assert "0/12" in lines[5]
    assert "garage" in lines
    assert "missed" in detail([run_of("core", late=None)])


def test_pages_are_written_between_their_markers_only(tmp_path: Path) -> None:
    page, readme, picture = tmp_path / "page.md", tmp_path / "readme.md", tmp_path / "picture.svg"
    page.write_text(
        "above\n<!-- bench tables: written by scripts/bench --docs -->\nold\n<!-- bench tables end -->\nbelow\n"
    )
    readme.write_text("a\n<!-- bench costs: written by scripts/bench --docs --><!-- bench costs end -->\nb\n")
    results = [run_of("balanced"), run_of("core"), run_of("balanced", "garage"), run_of("core", "garage")]
    run = {"days": 14, "learn": 13, "seeds": [3], "version": "2026.10.4", "results": results}
    for _ in range(2):
        write_pages(run, page, readme, picture)
        text = page.read_text()
        assert text.startswith("above\n<!--")
        assert text.endswith("-->\nbelow\n")
        assert "old" not in text
        assert text.count("### Garage") == text.count("### All 2 lives") == 1
        assert "13 days learned, 14 measured, seed 3" in text
        assert readme.read_text().count("| label of core | 10.5 |") == 1
    readme.write_text("no marker")
    with pytest.raises(LookupError):
        write_pages(run, page, readme, picture)


def test_documentation_has_the_markers() -> None:
    for page, part in ((PAGE, "tables"), (README, "costs")):
        text = page.read_text(encoding="utf-8")
        assert f"<!-- bench {part}: written by scripts/bench --docs -->" in text
        assert f"<!-- bench {part} end -->" in text


def test_picture_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    runs = [
        run_of("balanced"),
        run_of("core", late=500, reads=140),
        run_of("oracle", late=0, reads=2),
        run_of("x", late=None),
    ]
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        draw(runs, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    draw([run_of("balanced", late=43.0), *runs[1:]], paths[1])
    assert paths[0].read_bytes() != paths[1].read_bytes()
