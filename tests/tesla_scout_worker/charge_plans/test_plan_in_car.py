"""A simulated car that is driven by nothing but the schedules made of a plan, as though Home Assistant were off."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from plan_bench import BERLIN, dice
import pytest

from custom_components.tesla_scout_worker.fleet.commands import add_charge_schedule
from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_model import ChargeModel, SessionRecord
from custom_components.tesla_scout_worker.worker.charge_plan import ChargePlan, Limit
from custom_components.tesla_scout_worker.worker.plan_request import PlanRequest
from custom_components.tesla_scout_worker.worker.planner import plan
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.wall_clock import one_time_schedules
from fleet_simulator.car import Car
from fleet_simulator.charging import AC_EFFICIENCY, SOCKET, WALL_BOX, Charger
from fleet_simulator.commands import obey
from fleet_simulator.orders import Order, read_rest

HOME = (52.52, 13.405)
HOUR = 3_600.0
BORN = datetime(2026, 1, 1, tzinfo=BERLIN).timestamp()


def car_with(level: float, limit: int, capacity: float = 75.0) -> Car:
    """Return a car at home, without a cable."""
    return Car(
        "5YJ3E7EB0KF000001",
        "Car",
        number=1,
        clock=lambda: BORN,
        position=HOME,
        battery_level=level,
        charge_limit=limit,
        capacity_kwh=capacity,
    )


def true_curve(charger: Charger, capacity: float = 75.0) -> ChargeCurve:
    """Return the curve that the simulated car has."""
    kw = charger.battery_kw(16) / AC_EFFICIENCY
    return ChargeCurve(capacity, kw, conversion=AC_EFFICIENCY, overhead_kw=0.0)


def prices_of(random: Random, start: float, hours: int) -> Prices:
    """Return a day and a half as power exchanges have them: a cheap night, a dear evening, quarters, all of it noisy."""
    slots = []
    for index in range(hours * 4):
        begin = start + index * 900
        hour = datetime.fromtimestamp(begin, BERLIN).hour
        usual = 0.12 if hour < 6 else 0.32 if 17 <= hour < 21 else 0.2
        slots.append(PriceSlot(begin, begin + 900, round(usual + random.gauss(0, 0.04), 5)))
    return Prices(tuple(slots), "EUR")


def follow(car: Car, made: ChargePlan, now: float, charger: Charger) -> None:
    """Put the plan's schedules into the car as its commands would, and connect the cable. Nothing else happens."""
    windows = [(window.start, window.end) for window in made.windows]
    for number, schedule in enumerate(one_time_schedules(windows, BERLIN, *HOME, now=now), 1):
        command = add_charge_schedule(replace(schedule, id=number))
        order = read_rest(command.name, command.params, now)
        assert isinstance(order, Order)
        assert obey(car, order, now) == ""
    car.plug_in(now, charger)


def paid(car: Car, prices: Prices, now: float, until: float) -> float:
    """Return what the meter counted, at the price of each quarter."""
    return sum(
        slot.price * car.energy(slot.start, slot.end).wall_kwh for slot in prices.within(now, until).slots
    )


@pytest.mark.parametrize(
    "charger", [WALL_BOX, SOCKET, Charger(amps=16, phases=1)], ids=["11 kW", "2 kW", "4 kW"]
)
def test_the_car_has_its_target_and_paid_what_was_said(charger: Charger) -> None:
    """Thirty nights with each plug: the target at the deadline within a per cent, the cost within five."""
    random = dice(f"{charger.amps} {charger.phases}")
    curve = true_curve(charger)
    for _ in range(30):
        day = datetime(2026, 1, 5, 18, random.randint(0, 59), tzinfo=BERLIN) + timedelta(
            days=random.randint(0, 350)
        )
        if day.month in {3, 10} and day.day >= 24:
            # Nights of the clock have a test of their own.
            day -= timedelta(days=10)
        now = day.timestamp()
        target = random.choice([70, 80, 90, 100])
        level = target - random.uniform(5, 60)
        while curve.hours_to(level, target) > 11:
            level += 1
        car = car_with(level, target)
        prices = prices_of(random, now // HOUR * HOUR, 20)
        deadline = now + random.uniform(12, 14) * HOUR
        made = plan(
            PlanRequest(
                level=level,
                target=target,
                limit=target,
                deadline=deadline,
                curve=curve,
                max_windows=random.choice([None, 1, 2, 3]),
                zone=BERLIN,
            ),
            prices,
            now,
        )
        assert made.limited_by is Limit.NOTHING
        follow(car, made, now, charger)
        assert car.battery(deadline).level == pytest.approx(target, abs=1)
        assert paid(car, prices, now, deadline) == pytest.approx(made.cost, rel=0.05, abs=0.02)
        assert car.energy(now, deadline).wall_kwh == pytest.approx(made.energy_kwh, rel=0.05)
        first = made.windows[0].start
        assert car.energy(now, first).wall_kwh == 0


@pytest.mark.parametrize(
    "evening", [datetime(2026, 3, 28, 18, tzinfo=BERLIN), datetime(2026, 10, 24, 18, tzinfo=BERLIN)]
)
@pytest.mark.parametrize("windows", [1, 2, None])
def test_the_car_has_its_target_on_nights_of_the_clock(evening: datetime, windows: int | None) -> None:
    random = dice(f"{evening.month}")
    curve = true_curve(WALL_BOX)
    now = evening.timestamp()
    for target in (80, 100):
        car = car_with(40, target)
        deadline = now + 12.5 * HOUR
        made = plan(
            PlanRequest(
                level=40,
                target=target,
                limit=target,
                deadline=deadline,
                curve=curve,
                max_windows=windows,
                zone=BERLIN,
            ),
            prices_of(random, now, 20),
            now,
        )
        follow(car, made, now, WALL_BOX)
        assert car.battery(deadline).level == pytest.approx(target, abs=1)


def sessions_of(capacity: float, charger: Charger, levels: list[tuple[float, int]]) -> list[SessionRecord]:
    """Return what a car tells of its charges: whole per cents, kWh with two digits."""
    records = []
    for level, limit in levels:
        car = car_with(level, limit, capacity)
        car.plug_in(BORN, charger)
        after = car.battery(BORN + 40 * HOUR)
        assert after.flow_until is not None
        records.append(
            SessionRecord(
                int(level),
                int(after.level + 1e-6),
                round(after.added_kwh, 2),
                hours=(after.flow_until - BORN) / HOUR,
                wall_kw=charger.battery_kw(16) / AC_EFFICIENCY,
            )
        )
    return records


@pytest.mark.parametrize("capacity", [57.5, 72.0, 95.0])
@pytest.mark.parametrize("charger", [WALL_BOX, Charger(amps=16, phases=1)], ids=["11 kW", "4 kW"])
def test_after_a_few_charges_a_plan_fits_the_car(capacity: float, charger: Charger) -> None:
    """Nothing is known of the car but its charges: then it has its target, and costs what was said."""
    model = ChargeModel.of_car("model3", None)
    if capacity > 90:
        model = ChargeModel.of_car("models", None)
    levels = [(31.0, 80), (44.0, 80), (52.0, 100), (25.0, 80), (38.0, 90)]
    for record in sessions_of(capacity, charger, levels):
        model = model.learned(record)
    truth, learned = true_curve(charger, capacity), model.curve()
    assert learned.capacity_kwh == pytest.approx(capacity, rel=0.03)
    assert learned.hours_to(40, 80) == pytest.approx(truth.hours_to(40, 80), rel=0.03)
    assert learned.hours_to(60, 100) == pytest.approx(truth.hours_to(60, 100), rel=0.06)
    assert learned.wall_kwh(40, 80) == pytest.approx(truth.wall_kwh(40, 80), rel=0.04)

    random = dice("learned")
    now = datetime(2026, 11, 25, 18, tzinfo=BERLIN).timestamp()
    for target in (70, 80):
        car = car_with(50, target, capacity)
        prices, deadline = prices_of(random, now, 20), now + 13 * HOUR
        made = plan(
            PlanRequest(
                level=50,
                target=target,
                limit=target,
                deadline=deadline,
                curve=learned,
                max_windows=2,
                zone=BERLIN,
            ),
            prices,
            now,
        )
        follow(car, made, now, charger)
        assert car.battery(deadline).level == pytest.approx(target, abs=1)
        assert paid(car, prices, now, deadline) == pytest.approx(made.cost, rel=0.05)


def test_odd_charges_do_not_spoil_what_is_known() -> None:
    """A cut cable, a heated cabin, a meter that jumps: one of each among good ones."""
    model = ChargeModel.of_car("model3", None)
    good = sessions_of(72.0, WALL_BOX, [(31.0, 80), (44.0, 80), (25.0, 80), (38.0, 80), (30.0, 78)])
    odd = [
        SessionRecord(20, 80, 200.0, hours=6, wall_kw=11.0),
        SessionRecord(40, 60, 14.4, hours=14, wall_kw=11.0),
        SessionRecord(40, 60, 14.4, hours=1.4, wall_kw=2.0),
    ]
    for record in (good[0], odd[0], good[1], good[2], odd[1], good[3], odd[2], good[4]):
        model = model.learned(record)
    curve, truth = model.curve(), true_curve(WALL_BOX, 72.0)
    assert curve.capacity_kwh == pytest.approx(72, rel=0.04)
    assert curve.hours_to(40, 80) == pytest.approx(truth.hours_to(40, 80), rel=0.05)
