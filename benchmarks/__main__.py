"""Measure what noticing an arrival costs: virtual fortnights, several contenders, paid by the simulator's own bill."""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
import contextlib
from importlib.metadata import version
from itertools import product
import json
from multiprocessing import get_context
import os
from pathlib import Path
import sys
import traceback
from typing import Any, Final

from . import limits
from .names import LABELS
from .overall import over_seeds, together
from .profiles import PROFILES
from .report import detail, table
from .tasks import Task, in_order, run_all

_FORTNIGHT: Final = 14
_EPILOG = """\
Each run is a real Home Assistant core on driven time, with one contender and one car, whose life is the same for all of
them. What it cost is what the simulator's bill says, and an arrival is late by the time since the car crossed the edge
of the home zone. This integration learns for --learn days first; the others join when the measured days begin. Names
with spaces may be written with "-"; several are separated by commas.
"""


def _names(known: Sequence[str]) -> Any:
    def _parse(text: str) -> list[str]:
        wanted = [name.strip().replace("-", " ") for name in text.split(",")]
        if unknown := [name for name in wanted if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
        return wanted

    return _parse


def _seeds(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="two lives, four contenders, five days after a week"
    )
    parser.add_argument("--scale", action="store_true", help="1, 10 and 100 cars for a day, instead")
    parser.add_argument(
        "--profiles", type=_names(list(PROFILES)), metavar="A,B", help=f"lives: {', '.join(PROFILES)}"
    )
    parser.add_argument(
        "--contenders", type=_names(list(LABELS)), metavar="A,B", help=f"who takes part: {', '.join(LABELS)}"
    )
    parser.add_argument("--days", type=int, metavar="N", help="that are measured (default 14)")
    parser.add_argument("--learn", type=int, metavar="N", help="days before them (default 14)")
    parser.add_argument(
        "--seed", type=_seeds, default=[1], metavar="N", help="of the lives; several as in 1,2,3 (default 1)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="runs at once")
    parser.add_argument(
        "--traces",
        type=Path,
        metavar="FOLDER",
        help="recorded drives (CSV: seconds,latitude,longitude), a world each",
    )
    parser.add_argument("--detail", action="store_true", help="tell each arrival, and where the reads went")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw cost against lateness (.svg or .png)")
    parser.add_argument(
        "--docs",
        type=Path,
        metavar="JSON",
        help="run nothing; write such results into docs/benchmark.md and README.md",
    )
    return parser.parse_args(argv)


def _tasks(options: argparse.Namespace) -> list[Task]:
    traces: list[Path | None] = [None]
    if options.traces:
        traces += sorted(options.traces.glob("*.csv"))
    wished = list(product(options.profiles or PROFILES, options.contenders or LABELS))
    is_guard = options.quick and not (options.profiles or options.contenders)
    days, learn = (limits.DAYS, limits.LEARN) if options.quick else (_FORTNIGHT, _FORTNIGHT)
    return [
        Task(
            profile,
            contender,
            days if options.days is None else options.days,
            learn if options.learn is None else options.learn,
            seed,
            trace,
        )
        for trace in traces
        for profile, contender in (limits.QUICK if is_guard else wished)
        for seed in options.seed
    ]


def _described(options: argparse.Namespace, task: Task, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "days": task.days,
        "learn": task.learn,
        "seeds": options.seed,
        "version": version("homeassistant"),
        "results": results,
    }


def _run(options: argparse.Namespace) -> int:
    if options.docs:
        from .pages import write_pages  # noqa: PLC0415 - it draws

        write_pages(json.loads(options.docs.read_text(encoding="utf-8")))
        return 0
    if options.scale:
        return _scale(options)
    tasks = _tasks(options)
    minutes = sum(task.seconds for task in tasks) / options.jobs / 60
    _say(f"{len(tasks)} runs, {options.jobs} at once: about {max(1, round(minutes))} min")
    results: dict[Task, dict[str, Any]] = {}
    failed = 0
    for task, result in run_all(tasks, options.jobs):
        if isinstance(result, Exception):
            failed += 1
            _say("".join(traceback.format_exception(result)))
            _say(f"  {task.world}: {LABELS[task.contender]} FAILED")
            continue
        results[task] = result
        _say(f"  {len(results)}/{len(tasks)} {task.world}: {result['label']} ({result['seconds']} s)")
    ordered = over_seeds(in_order(tasks, results))
    all_lives = together(ordered)
    broken = limits.broken(ordered) if options.quick else []
    print(table([*ordered, *all_lives]), flush=True)
    if options.detail:
        print(detail(ordered), flush=True)
    if options.json:
        options.json.write_text(
            json.dumps(_described(options, tasks[0], ordered), indent=1) + "\n", encoding="utf-8"
        )
    if options.plot:
        from .plot import draw  # noqa: PLC0415 - it takes a second, and only this needs it

        draw(all_lives or ordered, options.plot)
    for line in broken:
        _say(f"Worse than it may be: {line}")
    return 1 if failed or broken else 0


def _scale(options: argparse.Namespace) -> int:
    from .scale import CARS, measure, table as scale_table  # noqa: PLC0415 - it imports Home Assistant

    _say("about 5 min")
    # A process each: memory that one has taken is not given back.
    context = get_context("spawn")
    results = []
    for cars in CARS:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            results.append(pool.submit(measure, cars).result())
        _say(f"  {cars} cars")
    print(scale_table(results), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bench; return the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        return _run(_arguments(argv))
    return 130


if __name__ == "__main__":
    sys.exit(main())
