"""Days of prices, cars that fill at a steady rate, and every possible plan: what the planner is measured by."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import settings

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_plan import ChargePlan
from custom_components.tesla_scout_worker.worker.plan_request import PlanRequest
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.windows import Stretch, Task, Ties

#: The same cases in each run, and no file beside the tests.
CASES: Final = settings(deadline=None, database=None, derandomize=True)

HOUR: Final = 3_600.0
BERLIN: Final = ZoneInfo("Europe/Berlin")
# Wednesday 25 November 2026, midnight in Berlin.
MIDNIGHT: Final = datetime(2026, 11, 25, tzinfo=BERLIN).timestamp()
# Ten per cent an hour, ten kilowatts from the wall, no losses and no taper: hours are easy to count.
STEADY: Final = ChargeCurve(100.0, 10.0, conversion=1.0, overhead_kw=0.0, taper_share=0.0)
# As a car is.
REAL: Final = ChargeCurve(75.0, 11.04)


def day(*prices: float, start: float = MIDNIGHT, step: float = HOUR) -> Prices:
    """Return prices of equally long slots, one after another."""
    return Prices(
        tuple(PriceSlot(start + i * step, start + (i + 1) * step, price) for i, price in enumerate(prices)),
        "EUR",
    )


def wish(level: float = 50.0, target: float = 80.0, hours: float = 24.0, **more: Any) -> PlanRequest:
    """Return a request without slack and margin. hours: of the deadline, after midnight."""
    more = {"curve": STEADY, "slack": 0.0, "margin": 0.0, "zone": BERLIN, **more}
    return PlanRequest(level=level, target=target, deadline=MIDNIGHT + hours * HOUR, **more)


def hours_of(plan: ChargePlan) -> list[tuple[float, float]]:
    """Return the windows in hours after midnight."""
    return [((w.start - MIDNIGHT) / HOUR, (w.end - MIDNIGHT) / HOUR) for w in plan.windows]


def local(plan: ChargePlan, zone: ZoneInfo = BERLIN) -> list[str]:
    """Return the windows as clocks at home show them."""
    return [
        f"{datetime.fromtimestamp(w.start, zone):%d %H:%M}-{datetime.fromtimestamp(w.end, zone):%H:%M}"
        for w in plan.windows
    ]


def midnight_of(year: int, month: int, date: int, zone: ZoneInfo, days: int = 0) -> float:
    """Return the beginning of a day in a zone, or of one so many days later (Unix seconds)."""
    begins = datetime(year, month, date, tzinfo=zone) + timedelta(days=days)
    return begins.timestamp()


def minutes_of(windows: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Return each minute of windows."""
    return tuple(minute for start, end in windows for minute in range(start, end))


def starts_of(minutes: Sequence[int]) -> int:
    """Return in how many windows these minutes (or slots) lie."""
    return sum(index == 0 or minutes[index - 1] != minute - 1 for index, minute in enumerate(minutes))


@cache
def choices(count: int, wanted: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return every way to choose so many of the minutes, each with its number of windows."""
    return tuple((chosen, starts_of(chosen)) for chosen in combinations(range(count), wanted))


def every_plan(
    stretches: Sequence[Stretch], task: Task, wanted: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield every choice of so many minutes that the task allows, with how many windows begin."""
    allowed = {minute for stretch in stretches for minute in range(stretch.start, stretch.end)}
    first = stretches[0].start
    for chosen, windows in choices(max(allowed) + 1, wanted):
        begun = windows - (task.is_running and bool(chosen) and chosen[0] == first)
        if begun <= task.max_windows and allowed.issuperset(chosen):
            yield chosen, begun


def worth(
    stretches: Sequence[Stretch], task: Task, minutes: Sequence[int], begun: int
) -> tuple[int, int, int]:
    """Return what a plan costs, and what of equals is preferred: the least of these is the best."""
    price = {minute: stretch.price for stretch in stretches for minute in range(stretch.start, stretch.end)}
    cost = begun * task.start_cost
    for index, minute in enumerate(minutes):
        cost += price[minute] * (task.energy[index + 1] - task.energy[index])
    early = sum(minutes)
    if task.ties is Ties.FEWER_STARTS:
        return cost, begun, early
    return cost, -early if task.ties is Ties.LATER else early, begun
