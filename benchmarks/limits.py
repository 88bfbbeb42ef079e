"""What this integration may cost, and how late it may be, in the quick form: a guard. Counts, never times of a machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

LEARN: Final = 7
DAYS: Final = 3
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Limit:
    """Of the measured days. reads_a_day: billed. late_p95: seconds. state_calls_a_day: unbilled, while it learns too."""

    reads_a_day: float
    late_p95: float
    state_calls_a_day: float


LIMITS: Final[dict[tuple[str, str], Limit]] = {
    ("sleeper", "balanced"): Limit(reads_a_day=7, late_p95=60, state_calls_a_day=240),
    ("sleeper", "tracker"): Limit(reads_a_day=3, late_p95=20, state_calls_a_day=160),
    ("awake at work", "balanced"): Limit(reads_a_day=19, late_p95=90, state_calls_a_day=240),
}
"""By life and contender. The code of today holds them with little room: who makes it cheaper or quicker tightens them."""

QUICK: Final = (*LIMITS, ("sleeper", "core"), ("sleeper", "oracle"), ("awake at work", "oracle"))
"""What the quick form runs: what has limits, and what to compare it with."""


def broken(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the results break, in words: a limit, or that each arrival is told, once, and no other."""
    found: list[str] = []
    for result in results:
        limit = LIMITS.get((result["world"], result["contender"]))
        if limit is None:
            continue
        who = f"{result['world']}, {result['label']}"
        figures = result["measured"]
        learning = result["learning"] or figures
        found += [f"{who}: {figures[name]} {name}" for name in ("missed", "double", "false") if figures[name]]
        # Where nothing was noticed there is no time that could be too long.
        late = figures["late_p95"] if figures["seen"] else float("inf")
        for name, value, most in (
            ("reads_a_day", figures["reads_a_day"], limit.reads_a_day),
            ("late_p95", late, limit.late_p95),
            ("state_calls_a_day", figures["state_calls_a_day"], limit.state_calls_a_day),
            ("state_calls_a_day of learning", learning["state_calls_a_day"], limit.state_calls_a_day),
        ):
            if value > most:
                found.append(f"{who}: {name} is {value:.1f}, the limit is {most:g}")
    return found
