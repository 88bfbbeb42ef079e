"""The picture: what it costs against how late it is, each contender a named point."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Bbox

_OURS, _OTHERS, _INK, _GRID = "#0b6bcb", "#6b7280", "#1f2937", "#e5e7eb"
# What is written over a line stays legible.
_HALO: Final = withStroke(linewidth=3, foreground="white")
_COSTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_DELAYS: Final = (5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
_PRICE: Final = 0.002
# Where a name may stand beside its point: offset in points, and which side of the text is there.
_PLACES: Final = (
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (0, 9, "center", "bottom"),
    (0, -9, "center", "top"),
    (8, 10, "left", "bottom"),
    (8, -10, "left", "top"),
    (-8, 10, "right", "bottom"),
    (-8, -10, "right", "top"),
    (0, 24, "center", "bottom"),
    (0, -24, "center", "top"),
)


def draw(results: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw contenders that noticed something. results: one for each, as overall or of one world. path: .svg or .png."""
    mpl.rcParams.update({"svg.hashsalt": "bench", "font.size": 11, "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(8.6, 4.8), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    floor = next((run for run in results if run["contender"] == "oracle"), None)
    points = [
        run
        for run in results
        if run is not floor and run["measured"]["seen"] and run["measured"]["reads_a_day"]
    ]
    _frame(axes, points, floor)
    for run in points:
        color = _OURS if run["label"].startswith("ours") else _OTHERS
        axes.scatter(*_spot(run), s=64, color=color, edgecolor="white", linewidth=1.2, zorder=3)
    figure.canvas.draw()
    _name(axes, points)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, dpi=160, metadata=metadata)


def _spot(run: Mapping[str, Any]) -> tuple[float, float]:
    return run["measured"]["reads_a_day"], max(run["measured"]["late_p95"], _DELAYS[0])


def _frame(axes: Axes, points: Sequence[Mapping[str, Any]], floor: Mapping[str, Any] | None) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    costs = [_spot(run)[0] for run in points]
    delays = [_spot(run)[1] for run in points]
    least = floor["measured"]["reads_a_day"] if floor else min(costs, default=1)
    axes.set_xlim(min([least, *costs]) / 1.5, max(costs, default=10) * 2.5)
    axes.set_ylim(min(delays, default=10) / 2, max(delays, default=60) * 2)
    axes.xaxis.set_major_locator(FixedLocator(_COSTS))
    axes.yaxis.set_major_locator(FixedLocator(_DELAYS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}\n${value * _PRICE * 30:.2f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _span(value)))
    axes.set_xlabel("billed reads a day, and US dollars in 30 days", color=_INK)
    axes.set_ylabel("95 % of arrivals are noticed within", color=_INK)
    axes.grid(color=_GRID, zorder=0)
    axes.tick_params(colors=_INK, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if floor:
        axes.axvline(least, color=_INK, linestyle=(0, (4, 3)), linewidth=1.2, zorder=2)
        axes.text(
            least,
            axes.get_ylim()[1],
            " one read a departure, one an arrival",
            va="top",
            color=_INK,
            fontsize=9.5,
            path_effects=[_HALO],
        )


def _span(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"  # noqa: PLR2004 - seconds in a minute


def _name(axes: Axes, points: Sequence[Mapping[str, Any]]) -> None:
    """Write each name beside its point, where it covers neither another name nor another point."""
    taken = [_around(axes, run) for run in points]
    for run in points:
        color = _OURS if run["label"].startswith("ours") else _INK
        missed = run["measured"]["missed"]
        text = run["label"] + (f" ({missed} missed)" if missed else "")
        for place in _PLACES:
            label = axes.annotate(
                text,
                _spot(run),
                xytext=place[:2],
                textcoords="offset points",
                ha=place[2],
                va=place[3],
                color=color,
                fontsize=10,
                path_effects=[_HALO],
                zorder=4,
            )
            box = label.get_window_extent()
            is_last = place is _PLACES[-1]
            if is_last or (_is_free(box, taken) and _fits(box, axes.get_window_extent())):
                taken.append(box)
                break
            label.remove()


def _around(axes: Axes, run: Mapping[str, Any]) -> Bbox:
    x, y = axes.transData.transform(_spot(run))
    return Bbox.from_extents(x - 5, y - 5, x + 5, y + 5)


def _is_free(box: Bbox, taken: Sequence[Bbox]) -> bool:
    return not any(box.overlaps(other) for other in taken)


def _fits(box: Bbox, frame: Bbox) -> bool:
    return bool(box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1)
