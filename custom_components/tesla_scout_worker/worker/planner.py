"""The cheapest way to the wanted level by the deadline, pure: a request and prices in, a plan with its reasons out.

How long the car must charge follows from its level, its target and its curve; when, from the prices. With one price for
all the time it charges as late as is safe, so that the battery does not stand full. Windows are whole minutes, as the
car's schedules are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Final

from .charge_plan import ChargePlan, ChargeWindow, Limit
from .plan_request import PlanRequest
from .price_outlook import Outlook, next_prices_at, outlook
from .price_slots import Prices
from .windows import Stretch, Task, cheapest, joined

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
_MINUTES: Final = 60
# Reckoning may end a hair beside a whole minute or level.
_HAIR: Final = 1e-6
_MICRO: Final = 1_000_000
# Of a known and a guessed price that are the same the known one is cheaper by this (millionths).
_GUESS_COSTS: Final = 1


def plan(request: PlanRequest, prices: Prices, now: float) -> ChargePlan:
    """Return the plan. prices: all that is known, also of past hours, which say what unknown ones may cost."""
    start = ceil(now / _MINUTE - _HAIR)
    if request.level >= request.goal - _HAIR:
        return _nothing(request, prices, now)
    hours = request.curve.hours_to(request.level, request.goal)
    if not isfinite(hours):
        return _nothing(request, prices, now)
    end = floor(request.deadline / _MINUTE + _HAIR)
    job = _Job(
        request, start, max(start, end), _whole_minutes(hours), _whole_minutes(hours * (1 + request.slack))
    )
    look = outlook(prices, start, max(job.end, job.open_at))
    pieces = joined(sorted([*job.at_once, *_cheapest(job, look)]))
    windows = tuple(_windows(job, look, pieces))
    costs = [window.cost for window in windows if window.cost is not None]
    reaches = _level(request, sum(stop - begin for begin, stop in pieces))
    limited_by = _limit(job, look) if reaches < request.goal - _HAIR else Limit.NOTHING
    if limited_by is Limit.NOTHING and request.goal < request.target:
        limited_by = Limit.CAR_LIMIT
    is_there = limited_by in {Limit.NOTHING, Limit.CAR_LIMIT}
    return ChargePlan(
        windows,
        sum(window.energy_kwh for window in windows),
        sum(costs) if len(costs) == len(windows) else None,
        prices.currency,
        limited_by,
        reaches,
        _reached_at(pieces, hours) if is_there else start * _MINUTE + hours * _HOUR,
        _replan_at(request, prices, look, now),
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """A request in minutes since 1970. needed: minutes of charging; wanted: with the slack."""

    request: PlanRequest
    start: int
    end: int
    needed: int
    wanted: int

    @property
    def kept(self) -> int:
        """Return how many minutes a window goes on that runs already."""
        if self.request.keep_until is None:
            return 0
        return max(0, min(ceil(self.request.keep_until / _MINUTE - _HAIR) - self.start, self.wanted))

    @property
    def open_at(self) -> int:
        """Return when it is free to wait: what is charged at once is charged, and what runs has ended."""
        request = self.request
        least = min(request.min_level or 0.0, request.goal)
        minutes = _whole_minutes(request.curve.hours_to(request.level, least))
        # A deadline that is past says nothing of what is to be charged at once; one that comes does.
        room = self.end - self.start if self.end > self.start else self.wanted
        return self.start + min(max(minutes, self.kept), room)

    @property
    def at_once(self) -> list[tuple[int, int]]:
        """Return the window that nothing is chosen of."""
        return [(self.start, self.open_at)] if self.open_at > self.start else []

    @property
    def begin(self) -> int:
        """Return from when on windows are chosen."""
        earliest = self.request.earliest
        return self.open_at if earliest is None else max(self.open_at, ceil(earliest / _MINUTE - _HAIR))

    @property
    def max_windows(self) -> int:
        """Return how many windows may begin. What is charged at once is none of them, one that runs already is."""
        if self.request.max_windows is None:
            return self.wanted
        return self.request.max_windows - bool(self.kept)

    def energy(self) -> list[int]:
        """Return the mWh from the wall after so many more minutes than those at once, as though no level ended it."""
        request = self.request
        first = self.open_at - self.start
        levels = (
            request.curve.level_after(request.level, minute / _MINUTES)
            for minute in range(first, self.wanted + 1)
        )
        drawn = [round(request.curve.wall_kwh(request.level, level) * _MICRO) for level in levels]
        return [energy - drawn[0] for energy in drawn] if drawn else [0]


def _cheapest(job: _Job, look: Outlook) -> list[tuple[int, int]]:
    """Return the windows after what is charged at once."""
    stretches = list(_stretches(job, look))
    minutes = job.wanted - (job.open_at - job.start)
    if not stretches or minutes <= 0:
        return []
    if look.is_flat and job.max_windows:
        latest = stretches[-1].end - floor(job.request.margin / _MINUTE)
        stop = min(max(latest, stretches[0].start + minutes), stretches[-1].end)
        return [(max(stretches[0].start, stop - minutes), stop)]
    is_running = bool(job.at_once) and stretches[0].start == job.open_at
    start_cost = round(job.request.start_cost * _MICRO * _MICRO)
    task = Task(job.energy(), job.max_windows, job.request.ties, start_cost, is_running)
    return cheapest(stretches, task)


def _stretches(job: _Job, look: Outlook) -> Iterator[Stretch]:
    """Yield when it may charge. A price that nobody knows or can guess is below any ceiling: rather that than no charge."""
    ceiling = job.request.price_ceiling
    for span in look.spans:
        start, end = max(span.start, job.begin), min(span.end, job.end)
        if start >= end or (ceiling is not None and span.price is not None and span.price > ceiling + _HAIR):
            continue
        yield Stretch(start, end, round((span.price or 0.0) * _MICRO) + span.is_guess * _GUESS_COSTS)


def _windows(job: _Job, look: Outlook, pieces: Sequence[tuple[int, int]]) -> Iterator[ChargeWindow]:
    """Yield windows with what they draw and cost; one that the car would not need is left out."""
    charged = 0
    for start, end in pieces:
        energy, cost, is_known, is_guess = 0.0, 0.0, True, False
        for span in look.spans:
            minutes = min(span.end, end) - max(span.start, start)
            if minutes <= 0:
                continue
            before, after = _level(job.request, charged), _level(job.request, charged + minutes)
            charged += minutes
            part = job.request.curve.wall_kwh(before, after)
            energy += part
            cost += part * (span.price or 0.0)
            is_known = is_known and span.price is not None
            is_guess = is_guess or span.is_guess
        if energy > _HAIR:
            is_at_once = start < job.open_at
            yield ChargeWindow(
                start * _MINUTE, end * _MINUTE, energy, cost if is_known else None, is_guess, is_at_once
            )


def _level(request: PlanRequest, minutes: int) -> float:
    """Return the level after so many minutes of charging; at the goal the car ends by itself."""
    return min(request.curve.level_after(request.level, minutes / _MINUTES), request.goal)


def _limit(job: _Job, look: Outlook) -> Limit:
    """Return what kept the plan from the goal."""
    if job.end <= job.start:
        return Limit.DEADLINE_PAST
    if job.needed > job.end - job.start:
        return Limit.DEADLINE
    missing = job.needed - (job.open_at - job.start)
    if missing > job.end - job.begin:
        return Limit.EARLIEST
    if missing > sum(stretch.end - stretch.start for stretch in _stretches(job, look)):
        return Limit.PRICE_CEILING
    return Limit.WINDOWS


def _reached_at(pieces: Sequence[tuple[int, int]], hours: float) -> float | None:
    """Return when so many hours of charging are over."""
    left = hours * _MINUTES
    for start, end in pieces:
        if left <= end - start + _HAIR:
            return (start + left) * _MINUTE
        left -= end - start
    return None


def _replan_at(request: PlanRequest, prices: Prices, look: Outlook, now: float) -> float | None:
    if not look.has_unknown:
        return None
    again = next_prices_at(prices, now, request.deadline, request.zone)
    return again if again < request.deadline else None


def _nothing(request: PlanRequest, prices: Prices, now: float) -> ChargePlan:
    """Return a plan that does not charge."""
    is_there = request.level >= request.target - _HAIR
    if is_there:
        limited_by = Limit.ALREADY_THERE
    elif request.level >= request.goal - _HAIR:
        limited_by = Limit.CAR_LIMIT
    else:
        limited_by = Limit.NO_POWER
    return ChargePlan((), 0.0, 0.0, prices.currency, limited_by, request.level, now if is_there else None)


def _whole_minutes(hours: float) -> int:
    return ceil(hours * _MINUTES - _HAIR)
