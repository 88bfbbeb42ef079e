"""Results as tables, for a terminal and for the documentation."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

_HEAD: Final = (
    "",
    "reads a day",
    "$ in 30 days",
    "late p50",
    "p95",
    "max",
    "seen",
    "missed",
    "double",
    "false",
    "states a day",
    "a night",
    "wakes a day",
)


def table(results: Sequence[dict[str, Any]]) -> str:
    """Return one table for each world, in plain text."""
    return "\n\n".join(_plain(world, rows) for world, rows in _worlds(results))


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """Return one table for each world, in Markdown."""
    return "\n\n".join(_markdown(world, rows) for world, rows in _worlds(results))


def short(results: Sequence[dict[str, Any]]) -> str:
    """Return one small table of what matters most, in Markdown. results: one for each contender."""
    rows = [
        (
            result["label"],
            _number(figures["reads_a_day"]),
            f"{figures['dollars_a_month']:.2f}",
            duration(figures["late_p50"]),
            duration(figures["late_p95"]),
            f"{figures['missed']} of {figures['driven']}",
        )
        for result in results
        if (figures := result["measured"])
    ]
    head = ("", "reads a day", "$ in 30 days", "half noticed within", "95 % within", "missed")
    lines = [head, ("---", *("--:" for _ in head[1:])), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def detail(results: Sequence[dict[str, Any]]) -> str:
    """Return each arrival of the measured days, and how many reads a day were for what."""
    lines: list[str] = []
    for result in results:
        lines += ["", f"{result['world']}: {result['label']}"]
        lines.append(
            "  reads a day: " + ", ".join(f"{k} {v:.1f}" for k, v in result["reads_a_day_by_place"].items())
        )
        lines += [
            f"  {at}  {'missed' if late is None else duration(late)}" for at, late in result["arrivals"]
        ]
    return "\n".join(lines)


def _worlds(results: Sequence[dict[str, Any]]) -> Iterable[tuple[str, list[tuple[str, ...]]]]:
    for world, runs in groupby(results, key=lambda result: str(result["world"])):
        rows: list[tuple[str, ...]] = []
        for result in runs:
            rows.append(_row(result["label"], result["measured"]))
            if result["learning"]:
                rows.append(_row("… while it learned", result["learning"]))
        yield world, rows


def _row(label: str, figures: dict[str, Any]) -> tuple[str, ...]:
    return (
        label,
        _number(figures["reads_a_day"]),
        f"{figures['dollars_a_month']:.2f}",
        duration(figures["late_p50"]),
        duration(figures["late_p95"]),
        duration(figures["late_max"]),
        f"{figures['seen']}/{figures['driven']}",
        str(figures["missed"]),
        str(figures["double"]),
        str(figures["false"]),
        f"{figures['state_calls_a_day']:.0f}",
        f"{figures['state_calls_a_night']:.0f}",
        _number(figures["wakes_a_day"]),
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:.1f}"  # noqa: PLR2004


def duration(seconds: float | None) -> str:
    """Return seconds as a person reads them."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 10:  # noqa: PLR2004 - "9 min 59 s" is the longest that is worth its seconds
        return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
    return f"{round(seconds / 60)} min"


def _plain(world: str, rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (_HEAD, *rows)
    ]
    return "\n".join([world, "-" * len(lines[0]), *lines])


def _markdown(world: str, rows: list[tuple[str, ...]]) -> str:
    rule = ("---", *("--:" for _ in _HEAD[1:]))
    lines = ["| " + " | ".join(row) + " |" for row in (_HEAD, rule, *rows)]
    return "\n".join([f"### {world[:1].upper()}{world[1:]}", "", *lines])
