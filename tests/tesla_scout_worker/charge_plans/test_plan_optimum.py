"""Plans of random nights against the cheapest of all choices of minutes, reckoned in another way."""

from time import process_time

from plan_bench import BERLIN, EVENING, MINUTE, STEADY, by_minute, dice, drawn_by, least, night
import pytest

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_plan import ChargePlan, Limit
from custom_components.tesla_scout_worker.worker.plan_request import PlanRequest
from custom_components.tesla_scout_worker.worker.planner import plan
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.windows import Stretch, Task, Ties, cheapest

LONG = 72


def asked(curve: ChargeCurve, level: float, target: float, minutes: float, **more: object) -> PlanRequest:
    """Return a request without slack and margin. minutes: from the evening to the deadline."""
    return PlanRequest(
        level=level,
        target=target,
        deadline=EVENING + minutes * MINUTE,
        curve=curve,
        slack=0.0,
        margin=0.0,
        zone=BERLIN,
        **more,  # type: ignore[arg-type]  # each case names what it varies
    )


def minutes_of(made: ChargePlan) -> list[int]:
    """Return each minute in which the car charges, after the evening."""
    return [
        minute
        for window in made.windows
        for minute in range(round((window.start - EVENING) / MINUTE), round((window.end - EVENING) / MINUTE))
    ]


def is_flat(prices: Prices) -> bool:
    """Return whether it would charge as late as is safe."""
    return len({slot.price for slot in prices.slots}) == 1


@pytest.mark.parametrize("windows", [None, 1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_no_choice_of_minutes_is_cheaper(windows: int | None, seed: int) -> None:
    """Two thousand nights of hours and quarters on a small clock: slots of 5 and 20 minutes, mixed."""
    random = dice(f"{seed} {windows}")
    for _ in range(125):
        prices = night(random, random.choice([(5,), (5, 20), (3, 12), (7,)]), LONG)
        wanted = random.randint(1, 45)
        until = random.choice([LONG, random.randint(wanted, LONG)])
        ties = random.choice(list(Ties))
        made = plan(asked(STEADY, 20, 20 + wanted, until, max_windows=windows, ties=ties), prices, EVENING)
        if is_flat(prices):
            continue
        price = by_minute(prices, until)
        best = (
            least(price, [1.0] * wanted, windows)
            if windows
            else sum(sorted(c or 0.0 for c in price)[:wanted])
        )
        assert made.cost == pytest.approx(best)
        assert len(minutes_of(made)) == wanted
        assert windows is None or len(made.windows) <= windows


def test_no_choice_below_a_ceiling_after_an_earliest_time_is_cheaper() -> None:
    random = dice("ceiling")
    compared = 0
    for _ in range(300):
        prices = night(random, (5, 20), LONG)
        wanted, first, windows = random.randint(1, 30), random.randint(0, 20), random.randint(1, 4)
        ceiling = round(random.uniform(0.1, 0.8), 3)
        made = plan(
            asked(
                STEADY,
                20,
                20 + wanted,
                LONG,
                max_windows=windows,
                price_ceiling=ceiling,
                earliest=EVENING + first * MINUTE,
            ),
            prices,
            EVENING,
        )
        assert all(first <= minute < LONG for minute in minutes_of(made))
        assert all(window.cost is not None for window in made.windows)
        price = by_minute(prices, LONG, ceiling)
        best = least([None] * first + price[first:], [1.0] * wanted, windows)
        if best is None:
            assert made.limited_by in {Limit.PRICE_CEILING, Limit.WINDOWS}
            assert made.reaches_level < 20 + wanted
        elif len(set(price[first:]) - {None}) > 1:
            compared += 1
            assert made.cost == pytest.approx(best)
    assert compared > 100


def test_what_is_charged_at_once_is_followed_by_the_cheapest() -> None:
    random = dice("at once")
    for _ in range(200):
        prices = night(random, (5, 20), LONG)
        least_level, wanted = random.randint(1, 15), random.randint(16, 40)
        made = plan(asked(STEADY, 20, 20 + wanted, LONG, min_level=20 + least_level), prices, EVENING)
        price = [cost or 0.0 for cost in by_minute(prices, LONG)]
        rest = sorted(price[least_level:])[: wanted - least_level]
        assert made.cost == pytest.approx(sum(price[:least_level]) + sum(rest))
        assert minutes_of(made)[:least_level] == list(range(least_level))


def test_near_full_a_plan_is_as_good_as_the_best_within_one_per_cent() -> None:
    """The car draws less and less: one block is the best there is, several windows are nearly so."""
    random = dice("taper")
    curve = ChargeCurve(10.0, 22.0, conversion=0.94, overhead_kw=0.25, taper_share=0.8)
    worst = 0.0
    for _ in range(80):
        prices = night(random, (5, 20), LONG)
        windows = random.choice([1, 2, 3])
        level = random.randint(60, 85)
        made = plan(asked(curve, level, 100, LONG, max_windows=windows), prices, EVENING)
        drawn = drawn_by(curve, level, len(minutes_of(made)))
        best = least(by_minute(prices, LONG), drawn, windows)
        price = [cost or 0.0 for cost in by_minute(prices, LONG)]
        paid = sum(price[minute] * kwh for minute, kwh in zip(minutes_of(made), drawn, strict=True))
        assert best is not None
        scale = sum(drawn) * max(abs(cost) for cost in price)
        assert paid >= best - 1e-5
        assert windows > 1 or paid == pytest.approx(best, abs=1e-5)
        worst = max(worst, (paid - best) / scale)
    assert worst < 0.01


def test_an_hour_without_a_price_is_no_bargain() -> None:
    """Where prices are missing, what is known and belongs to the cheapest quarter of it is used before any guess."""
    random = dice("gaps")
    for _ in range(200):
        prices = night(random, (5, 20), LONG, gaps=0.2)
        told = sorted(cost for cost in by_minute(prices, LONG) if cost is not None)
        if len(set(told)) < 2:
            continue
        wanted = random.randint(1, len(told) // 4)
        made = plan(asked(STEADY, 20, 20 + wanted, LONG), prices, EVENING)
        assert made.cost == pytest.approx(sum(told[:wanted]))
        assert not made.is_estimated


def test_two_cars_on_one_tariff_get_what_each_would_get_alone() -> None:
    prices = night(dice("two"), (5, 20), LONG)
    small, large = asked(STEADY, 20, 35, LONG, max_windows=2), asked(STEADY, 10, 60, LONG, max_windows=2)
    alone = plan(small, prices, EVENING), plan(large, prices, EVENING)
    assert (plan(small, prices, EVENING), plan(large, prices, EVENING)) == alone
    assert (plan(large, prices, EVENING), plan(small, prices, EVENING)) == alone[::-1]


def test_what_is_left_out_of_the_search_makes_no_plan_worse() -> None:
    """Stretches of any length, energies of any size, costs of a start: against the search of everything."""
    random = dice("left out")
    for _ in range(300):
        found: list[Stretch] = []
        at = 0
        while at < 40:
            length = random.choice([5, 5, 5, random.randint(1, 12)])
            if random.random() < 0.85:
                found.append(Stretch(at, at + length, random.randint(-60_000, 300_000)))
            at += length
        if not found:
            continue
        wanted, windows = random.randint(1, 25), random.randint(1, 3)
        start_cost = random.choice([0, 183_000 * 50_000])
        task = Task([minute * 183_000 for minute in range(wanted + 1)], windows, Ties.EARLIER, start_cost)
        made = cheapest(found, task)
        price: dict[int, int] = {m: s.price for s in found for m in range(s.start, s.end)}
        paid = sum(price[m] for start, end in made for m in range(start, end)) * 183_000
        row = [None if minute not in price else float(price[minute]) for minute in range(at)]
        count = sum(end - start for start, end in made)
        best = min(
            cost * 183_000 + some * start_cost
            for some in range(1, windows + 1)
            if (cost := least(row, [1.0] * count, some)) is not None
        )
        assert paid + len(made) * start_cost == pytest.approx(best)


@pytest.mark.parametrize("windows", [None, 1, 2, 3])
def test_two_days_of_quarters_are_planned_in_no_time(windows: int | None) -> None:
    """A morning's plan with all prices until tomorrow's midnight: a few hundredths of a second on a usual computer."""
    random = dice("quarters")
    slots = tuple(
        PriceSlot(EVENING + i * 900, EVENING + (i + 1) * 900, round(random.gauss(0.2, 0.1), 5))
        for i in range(192)
    )
    request = asked(ChargeCurve(75.0, 11.04), 30, 80, 2 * 1440, max_windows=windows)
    took: list[float] = []
    for _ in range(3):
        begun = process_time()
        plan(request, Prices(slots, "EUR"), EVENING + 420)
        took.append(process_time() - begun)
    assert min(took) < 0.15
