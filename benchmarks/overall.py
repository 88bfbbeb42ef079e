"""Several runs as one: of several seeds, and of all lives. Costs are means, arrivals are thrown together. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from .measure import percentile

_MEANS: Final = ("reads_a_day", "state_calls_a_day", "state_calls_a_night", "wakes_a_day", "dollars_a_month")
_SUMS: Final = ("driven", "seen", "missed", "double", "false")


def over_seeds(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one result for each world and contender, in the order in which they come first."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["world"], result["contender"]), []).append(result)
    return [_sum(runs) for runs in groups.values()]


def together(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one result for each contender that took part in every world.

    results: one for each world and contender. One world alone is nothing to add up: empty then.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        groups.setdefault(result["contender"], []).append(result)
    worlds = max(map(len, groups.values()), default=0)
    return [
        {**_sum(runs), "world": f"all {worlds} lives"} for runs in groups.values() if len(runs) == worlds > 1
    ]


def _sum(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    places = sorted({place for run in runs for place in run["reads_a_day_by_place"]})
    return {
        **runs[0],
        "arrivals": [arrival for run in runs for arrival in run["arrivals"]],
        "learning_arrivals": [arrival for run in runs for arrival in run["learning_arrivals"]],
        "reads_a_day_by_place": {
            place: fmean(run["reads_a_day_by_place"].get(place, 0.0) for run in runs) for place in places
        },
        "measured": _figures(runs, "measured", "arrivals"),
        "learning": _figures(runs, "learning", "learning_arrivals") if runs[0]["learning"] else None,
        "seconds": sum(run["seconds"] for run in runs),
    }


def _figures(runs: Sequence[Mapping[str, Any]], span: str, arrivals: str) -> dict[str, float | None]:
    late = sorted(seconds for run in runs for _, seconds in run[arrivals] if seconds is not None)
    figures = [run[span] for run in runs]
    return {
        **{name: fmean(figure[name] for figure in figures) for name in _MEANS},
        **{name: sum(figure[name] for figure in figures) for name in _SUMS},
        "late_p50": percentile(late, 50),
        "late_p95": percentile(late, 95),
        "late_max": percentile(late, 100),
    }
