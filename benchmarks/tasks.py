"""Runs as tasks: one process each, as many at once as there are cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
import multiprocessing
from pathlib import Path
from typing import Any

from .names import OURS_A_DAY, SECONDS_A_DAY


@dataclass(frozen=True, slots=True)
class Task:
    """What to run. learn, days: how many days are learned and then measured. trace: a recorded drive, or None."""

    profile: str
    contender: str
    days: int
    learn: int
    seed: int
    trace: Path | None = None

    @property
    def world(self) -> str:
        """The name of its life and its roads."""
        return f"{self.profile} @ {self.trace.stem}" if self.trace else self.profile

    @property
    def seconds(self) -> float:
        """About how long it takes on one core."""
        if self.contender in SECONDS_A_DAY:
            return SECONDS_A_DAY[self.contender] * self.days
        return OURS_A_DAY * (self.days + self.learn)


def run_all(tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, dict[str, Any] | Exception]]:
    """Run them, and yield each with its result, or with what it failed of, as soon as it is there.

    The longest begin first.
    """
    context = multiprocessing.get_context("forkserver")
    # Home Assistant is imported once; each run is a fork of that and begins as a fresh process would.
    context.set_forkserver_preload(["benchmarks.single"])
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        waiting = {
            pool.submit(_run, task): task
            for task in sorted(tasks, key=lambda task: task.seconds, reverse=True)
        }
        try:
            for done in as_completed(waiting):
                error = done.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield waiting[done], error or done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def in_order(tasks: Sequence[Task], results: dict[Task, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results in the order of the tasks."""
    return [results[task] for task in tasks if task in results]


def _run(task: Task) -> dict[str, Any]:
    from .single import run  # noqa: PLC0415 - only there is the clock driven

    return run(task)
