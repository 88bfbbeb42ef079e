"""The generated parts of the documentation: between two markers, and made from the results of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .overall import together
from .plot import draw
from .report import markdown, short

_CHECKOUT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = _CHECKOUT / "docs" / "benchmark.md"
README: Final = _CHECKOUT / "README.md"
PICTURE: Final = _CHECKOUT / "docs" / "images" / "benchmark.svg"


def write_pages(
    run: Mapping[str, Any], page: Path = PAGE, readme: Path = README, picture: Path = PICTURE
) -> None:
    """Write the tables and the picture of a run. LookupError where a page has no markers."""
    results = run["results"]
    all_lives = together(results) or results
    seeds = ", ".join(map(str, run["seeds"]))
    said = (
        f"{run['learn']} days learned, {run['days']} measured, seed {seeds}, Home Assistant {run['version']}."
    )
    tables = [markdown(all_lives)] if all_lives is not results else []
    _replace(page, "tables", "\n\n".join([said, *tables, markdown(results)]))
    _replace(readme, "costs", short(all_lives))
    draw(all_lives, picture)


def _replace(page: Path, part: str, text: str) -> None:
    begin, end = f"<!-- bench {part}: written by scripts/bench --docs -->", f"<!-- bench {part} end -->"
    before, marker, rest = page.read_text(encoding="utf-8").partition(begin)
    _, end_marker, after = rest.partition(end)
    if not marker or not end_marker:
        raise LookupError(f"{page.name} has no marker for {part}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
