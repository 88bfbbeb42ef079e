"""Plans of random days, against every possible plan, and what must hold of all of them."""

from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings, strategies as st
from planner_bench import CASES, HOUR, MIDNIGHT, REAL, STEADY, choices, day, midnight_of, wish
import pytest

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_plan import ChargePlan, Limit
from custom_components.tesla_scout_worker.worker.plan_request import PlanRequest
from custom_components.tesla_scout_worker.worker.planner import plan
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.windows import Ties

QUARTER = HOUR / 4
EUROS = st.one_of(
    st.sampled_from([0.1, 0.2, 0.3]), st.integers(-200, 900).map(lambda thousandths: thousandths / 1000)
)


@st.composite
def mixed_days(draw: st.DrawFn, quarters: int = 12) -> Prices:
    """Return prices from midnight on, hourly and of quarters mixed, no two plans alike for certain."""
    slots: list[PriceSlot] = []
    at = 0
    while at < quarters:
        length = min(draw(st.sampled_from([1, 1, 2, 4])), quarters - at)
        slots.append(PriceSlot(MIDNIGHT + at * QUARTER, MIDNIGHT + (at + length) * QUARTER, draw(EUROS)))
        at += length
    return Prices(tuple(slots), "EUR")


@settings(CASES, max_examples=1_000)
@given(mixed_days(), st.integers(1, 11), st.one_of(st.none(), st.integers(1, 4)), st.sampled_from(Ties))
def test_a_plan_costs_what_the_best_of_all_plans_costs(
    prices: Prices, quarters: int, max_windows: int | None, ties: Ties
) -> None:
    """Ten kilowatts, two and a half per cent a quarter: every choice of quarters is a plan."""
    assume(len({slot.price for slot in prices.slots}) > 1)
    target = 50.0 + 2.5 * quarters
    made = plan(wish(50.0, target, hours=3, max_windows=max_windows, ties=ties), prices, MIDNIGHT)
    price = [prices.at(MIDNIGHT + index * QUARTER) or 0.0 for index in range(12)]
    best = min(
        sum(price[index] for index in chosen) * 2.5
        for chosen, windows in choices(12, quarters)
        if max_windows is None or windows <= max_windows
    )
    assert made.cost == pytest.approx(best)
    assert made.energy_kwh == pytest.approx(2.5 * quarters)
    assert made.limited_by is Limit.NOTHING
    assert max_windows is None or len(made.windows) <= max_windows


@settings(CASES, max_examples=60)
@given(mixed_days(quarters=36), st.integers(60, 79), st.integers(85, 100), st.integers(0, 50))
def test_no_block_with_a_taper_is_better(prices: Prices, level: int, target: int, into: int) -> None:
    """Each minute of the night is tried as the beginning, what the car draws counted minute by minute."""
    assume(len({slot.price for slot in prices.slots}) > 1)
    now = MIDNIGHT + into * 60
    made = plan(wish(level, target, hours=9, max_windows=1, curve=REAL), prices, now)
    (window,) = made.windows
    lasts = round((window.end - window.start) / 60)
    drawn = _drawn_by_minute(REAL, level, lasts)
    price = [prices.at(MIDNIGHT + minute * 60) or 0.0 for minute in range(9 * 60)]
    costs = {
        begin: sum(kwh * price[begin + minute] for minute, kwh in enumerate(drawn))
        for begin in range(into, 9 * 60 - lasts + 1)
    }
    assert costs[round((window.start - MIDNIGHT) / 60)] == pytest.approx(min(costs.values()), abs=1e-4)


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    """Return any wish for the night."""
    level = draw(st.floats(5, 95))
    return wish(
        level,
        draw(st.floats(10, 100)),
        hours=draw(st.floats(0.1, 9)),
        curve=draw(st.sampled_from([STEADY, REAL, ChargeCurve(60.0, 2.3), ChargeCurve(75.0, 150.0)])),
        limit=draw(st.one_of(st.none(), st.integers(50, 100))),
        max_windows=draw(st.one_of(st.none(), st.integers(1, 4))),
        min_level=draw(st.one_of(st.none(), st.floats(10, 90))),
        price_ceiling=draw(st.one_of(st.none(), st.floats(-0.1, 0.9))),
        ties=draw(st.sampled_from(Ties)),
        earliest=draw(st.one_of(st.none(), st.floats(MIDNIGHT, MIDNIGHT + 9 * HOUR))),
        start_cost=draw(st.sampled_from([0.0, 0.0, 0.05])),
        slack=draw(st.sampled_from([0.0, 0.03])),
        margin=draw(st.sampled_from([0.0, 900.0])),
    )


NOWS = st.floats(MIDNIGHT - 1_800, MIDNIGHT + 3 * HOUR)


@settings(CASES, max_examples=400)
@given(requests(), mixed_days(quarters=36), NOWS, st.sets(st.integers(0, 20), max_size=3))
def test_every_plan_is_one_that_a_car_can_follow(
    request: PlanRequest, prices: Prices, now: float, missing: set[int]
) -> None:
    """Whatever is wished and known: in time, in order, no more windows than wished, and it leads where it says."""
    slots = tuple(slot for index, slot in enumerate(prices.slots) if index not in missing)
    made = plan(request, Prices(slots, "EUR"), now)
    for window in made.windows:
        assert now - 1 <= window.start < window.end
        assert window.end <= request.deadline + 1 or window.is_at_once
        assert window.start % 60 == window.end % 60 == 0
        assert window.energy_kwh > 0
    assert all(before.end < after.start for before, after in pairwise(made.windows))
    is_at_once = (request.min_level or 0) > request.level
    assert len(made.windows) <= (request.max_windows or 99) + is_at_once
    assert made.energy_kwh == pytest.approx(sum(window.energy_kwh for window in made.windows))
    level, drawn = _followed(request, made)
    assert level == pytest.approx(made.reaches_level, abs=1e-6)
    assert drawn == pytest.approx(made.energy_kwh, abs=1e-6)
    _is_limited_for_a_reason(request, made, now)


def _is_limited_for_a_reason(request: PlanRequest, made: ChargePlan, now: float) -> None:
    is_there = made.reaches_level >= min(request.target, request.limit or 100) - 1e-6
    assert is_there is (made.limited_by in {Limit.NOTHING, Limit.ALREADY_THERE, Limit.CAR_LIMIT})
    room = (request.deadline - max(now, request.earliest or now)) / HOUR
    is_free = request.price_ceiling is None and request.min_level is None
    if is_free and room * 60 - 2 > request.curve.hours_to(request.level, request.target) * 60:
        # Whenever it is possible the target is reached.
        assert is_there


@st.composite
def steady_wishes(draw: st.DrawFn) -> PlanRequest:
    """Return a wish at a steady power, for which the cheapest plan is found exactly."""
    level = draw(st.floats(5, 90))
    return wish(
        level,
        min(100.0, level + draw(st.floats(1, 60))),
        draw(st.floats(0.5, 9)),
        max_windows=draw(st.one_of(st.none(), st.integers(1, 4))),
        ties=draw(st.sampled_from(Ties)),
    )


@settings(CASES, max_examples=150)
@given(steady_wishes(), mixed_days(quarters=36), st.integers(0, 29))
def test_waiting_never_costs_more_than_charging_at_once(
    request: PlanRequest, prices: Prices, into: int
) -> None:
    now = MIDNIGHT + into * 60
    made = plan(request, prices, now)
    at_once = plan(replace(request, min_level=request.target), prices, now)
    if made.limited_by is not Limit.NOTHING:
        assert at_once.limited_by is made.limited_by
        return
    assert made.cost is not None
    assert at_once.cost is not None
    assert made.cost <= at_once.cost + _of_a_minute(request, prices)


@settings(CASES, max_examples=150)
@given(
    steady_wishes(),
    st.one_of(st.none(), st.floats(0, 0.9)),
    mixed_days(quarters=36),
    st.integers(0, 120),
    st.floats(0, 5),
)
def test_more_time_is_never_dearer_nor_less(
    request: PlanRequest, ceiling: float | None, prices: Prices, into: int, more: float
) -> None:
    now = MIDNIGHT + into * 60
    sooner = replace(
        request, price_ceiling=ceiling, deadline=min(request.deadline, MIDNIGHT + 9 * HOUR - more * HOUR)
    )
    later = replace(sooner, deadline=sooner.deadline + more * HOUR)
    first, second = plan(sooner, prices, now), plan(later, prices, now)
    assert second.reaches_level >= first.reaches_level - 1e-6
    if first.limited_by is Limit.NOTHING:
        assert second.limited_by is Limit.NOTHING
        assert first.cost is not None
        assert second.cost is not None
        assert second.cost <= first.cost + _of_a_minute(sooner, prices)


def _of_a_minute(request: PlanRequest, prices: Prices) -> float:
    """Return what a minute may cost: plans are made of whole ones."""
    told = [slot.price for slot in prices.slots]
    return (max(told) - min(told)) * request.curve.wall_kw / 60 + 1e-9


def _drawn_by_minute(curve: ChargeCurve, level: float, minutes: int) -> list[float]:
    levels = [curve.level_after(level, minute / 60) for minute in range(minutes + 1)]
    return [curve.wall_kwh(before, after) for before, after in pairwise(levels)]


def _followed(request: PlanRequest, made: ChargePlan) -> tuple[float, float]:
    """Return the level and the energy of a car that charges in each window, and ends at its limit."""
    level, drawn = request.level, 0.0
    for window in made.windows:
        reached = request.curve.level_after(level, (window.end - window.start) / HOUR)
        reached = max(level, min(reached, request.target, request.limit or 100))
        drawn += request.curve.wall_kwh(level, reached)
        level = reached
    return level, drawn


@pytest.mark.parametrize(
    "date", [(2026, 3, 28), (2026, 10, 24), (2026, 11, 24)], ids=["short", "long", "usual"]
)
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "Europe/London", "Australia/Lord_Howe"])
@settings(CASES, max_examples=40)
@given(data=st.data())
def test_nights_on_which_the_clock_is_changed(
    date: tuple[int, int, int], zone: str, data: st.DataObject
) -> None:
    """From six in the evening to seven in the morning there are 12, 13 or 14 hours, and no minute is lost or twice."""
    begins = midnight_of(*date, ZoneInfo(zone))
    ends = midnight_of(*date, ZoneInfo(zone), days=2)
    slots = round((ends - begins) / QUARTER)
    prices = day(*data.draw(st.lists(EUROS, min_size=slots, max_size=slots)), start=begins, step=QUARTER)
    now, deadline = ends - 30 * HOUR, ends - 17 * HOUR
    hours = data.draw(st.integers(1, 5))
    made = plan(
        PlanRequest(level=40, target=40 + 10 * hours, deadline=deadline, curve=STEADY, slack=0.0, margin=0.0),
        prices,
        now,
    )
    quarters = sorted(prices.at(now + index * QUARTER) or 0.0 for index in range(13 * 4))
    assert made.cost == pytest.approx(2.5 * sum(quarters[: hours * 4]))
    assert sum(window.end - window.start for window in made.windows) == hours * HOUR
    assert all(now <= window.start < window.end <= deadline for window in made.windows)
