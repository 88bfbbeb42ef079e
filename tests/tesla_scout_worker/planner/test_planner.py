"""What the planner does in each situation an owner comes to."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from planner_bench import BERLIN, HOUR, MIDNIGHT, REAL, STEADY, day, hours_of, local, midnight_of, wish
import pytest

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_plan import Limit
from custom_components.tesla_scout_worker.worker.plan_request import InvalidRequestError, PlanRequest
from custom_components.tesla_scout_worker.worker.planner import plan
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.windows import Ties

# A winter's day: cheap at night, a little at noon, dear in the evening.
WINTER = (0.12, 0.11, 0.10, 0.10, 0.11, 0.14, 0.20, 0.30, 0.28, 0.22, 0.21, 0.19)
WINTER_DAY = (*WINTER, 0.18, 0.19, 0.21, 0.24, 0.30, 0.40, 0.42, 0.35, 0.30, 0.25, 0.20, 0.15)


def test_the_cheapest_hours() -> None:
    made = plan(wish(50, 80), day(*WINTER_DAY), MIDNIGHT)
    assert hours_of(made) == [(1, 4)]
    assert made.energy_kwh == pytest.approx(30)
    assert made.cost == pytest.approx(3.1)
    assert made.currency == "EUR"
    assert made.limited_by is Limit.NOTHING
    assert made.reaches_level == 80
    assert made.target_at == MIDNIGHT + 4 * HOUR
    assert made.replan_at is None
    assert not made.is_estimated


def test_as_many_windows_as_wished() -> None:
    prices = day(1, 5, 5, 1, 1, 5, 5, 1)
    assert hours_of(plan(wish(50, 90, hours=8), prices, MIDNIGHT)) == [(0, 1), (3, 5), (7, 8)]
    assert hours_of(plan(wish(50, 90, hours=8, max_windows=2), prices, MIDNIGHT)) == [(0, 2), (3, 5)]
    assert hours_of(plan(wish(50, 90, hours=8, max_windows=1), prices, MIDNIGHT)) == [(0, 4)]


def test_the_first_minute_is_whole_and_yet_to_come() -> None:
    made = plan(wish(50, 60, hours=2), day(1, 2), MIDNIGHT + 61)
    assert local(made) == ["25 00:02-01:02"]


def test_a_flat_price_waits_as_late_as_is_safe() -> None:
    made = plan(wish(50, 80, hours=7, margin=900), day(*[0.3] * 24), MIDNIGHT)
    assert local(made) == ["25 03:45-06:45"]
    assert made.cost == pytest.approx(9)


def test_a_margin_gives_way_to_the_target() -> None:
    made = plan(wish(50, 80, hours=3.1, margin=900), day(*[0.3] * 24), MIDNIGHT)
    assert local(made) == ["25 00:00-03:00"]
    made = plan(wish(50, 80, hours=2.9, margin=900), day(*[0.3] * 24), MIDNIGHT)
    assert local(made) == ["25 00:00-02:54"]
    assert made.limited_by is Limit.DEADLINE


def test_a_night_tariff_is_not_flat() -> None:
    prices = day(*[0.2] * 6, *[0.4] * 16, *[0.2] * 2)
    assert local(plan(wish(50, 80, hours=24), prices, MIDNIGHT + 8 * HOUR)) == ["25 21:00-00:00"]
    both = day(*[0.2] * 6, *[0.4] * 16, *[0.2] * 8)
    assert local(plan(wish(50, 80, hours=30), both, MIDNIGHT + 8 * HOUR)) == ["25 22:00-01:00"]
    later = wish(50, 80, hours=30, ties=Ties.LATER)
    assert local(plan(later, both, MIDNIGHT + 8 * HOUR)) == ["26 03:00-06:00"]


def test_so_much_at_once_whatever_it_costs() -> None:
    made = plan(wish(10, 60, min_level=30, max_windows=1), day(*[9] * 20, 1, 1, 1, 9), MIDNIGHT)
    assert hours_of(made) == [(0, 2), (20, 23)]
    assert [window.is_at_once for window in made.windows] == [True, False]
    assert made.cost == pytest.approx(210)


def test_at_once_goes_on_where_that_is_cheapest() -> None:
    made = plan(wish(10, 60, min_level=30, max_windows=1), day(5, 5, 1, 1, 1, 9, 9, 9), MIDNIGHT)
    assert hours_of(made) == [(0, 5)]


def test_at_once_is_above_any_ceiling() -> None:
    made = plan(wish(10, 60, hours=8, min_level=30, price_ceiling=2), day(5, 5, 3, 1, 3, 3, 3, 3), MIDNIGHT)
    assert hours_of(made) == [(0, 2), (3, 4)]
    assert made.limited_by is Limit.PRICE_CEILING
    assert made.reaches_level == pytest.approx(40)


def test_at_once_is_done_after_a_deadline_as_well() -> None:
    made = plan(wish(10, 60, hours=-1, min_level=30), day(*[5] * 8), MIDNIGHT)
    assert hours_of(made) == [(0, 2)]
    assert made.limited_by is Limit.DEADLINE_PAST


def test_a_ceiling_says_what_is_possible() -> None:
    made = plan(wish(50, 90, hours=8, price_ceiling=2), day(1, 5, 2, 5, 3, 3, 3, 3), MIDNIGHT)
    assert hours_of(made) == [(0, 1), (2, 3)]
    assert made.limited_by is Limit.PRICE_CEILING
    assert made.reaches_level == pytest.approx(70)
    assert made.target_at == MIDNIGHT + 4 * HOUR


def test_a_ceiling_leaves_windows_that_are_too_many() -> None:
    made = plan(wish(50, 80, hours=8, price_ceiling=2, max_windows=2), day(1, 5, 2, 2, 3, 1, 3, 3), MIDNIGHT)
    assert hours_of(made) == [(0, 1), (2, 4)]
    made = plan(wish(50, 80, hours=8, price_ceiling=2, max_windows=1), day(1, 5, 2, 2, 3, 1, 3, 3), MIDNIGHT)
    assert hours_of(made) == [(2, 4)]
    assert made.limited_by is Limit.WINDOWS


def test_a_deadline_that_is_too_near_says_what_is_possible() -> None:
    made = plan(wish(50, 80, hours=2), day(*WINTER_DAY), MIDNIGHT)
    assert hours_of(made) == [(0, 2)]
    assert made.limited_by is Limit.DEADLINE
    assert made.reaches_level == pytest.approx(70)
    assert made.target_at == MIDNIGHT + 3 * HOUR


@pytest.mark.parametrize("hours", [0, -5])
def test_a_deadline_that_is_past(hours: float) -> None:
    made = plan(wish(50, 80, hours=hours), day(*WINTER_DAY), MIDNIGHT)
    assert made.windows == ()
    assert made.limited_by is Limit.DEADLINE_PAST
    assert made.reaches_level == 50
    assert made.cost == 0


def test_it_begins_no_earlier_than_wished() -> None:
    made = plan(wish(50, 80, hours=8, earliest=MIDNIGHT + 4 * HOUR), day(1, 1, 1, 1, 3, 2, 2, 2), MIDNIGHT)
    assert hours_of(made) == [(5, 8)]
    made = plan(wish(50, 80, hours=8, earliest=MIDNIGHT + 6 * HOUR), day(1, 1, 1, 1, 3, 2, 2, 2), MIDNIGHT)
    assert hours_of(made) == [(6, 8)]
    assert made.limited_by is Limit.EARLIEST


@pytest.mark.parametrize(("level", "target"), [(80, 80), (85, 80), (100, 100)])
def test_a_target_that_is_reached_wants_nothing(level: float, target: float) -> None:
    made = plan(wish(level, target), day(-5, -5, -5), MIDNIGHT)
    assert made.windows == ()
    assert made.limited_by is Limit.ALREADY_THERE
    assert (made.cost, made.energy_kwh, made.reaches_level) == (0, 0, level)


def test_the_limit_of_the_car_ends_it() -> None:
    made = plan(wish(50, 90, limit=80), day(*WINTER_DAY), MIDNIGHT)
    assert made.energy_kwh == pytest.approx(30)
    assert made.limited_by is Limit.CAR_LIMIT
    assert made.reaches_level == 80
    assert plan(wish(80, 90, limit=80), day(*WINTER_DAY), MIDNIGHT).limited_by is Limit.CAR_LIMIT
    assert plan(wish(50, 80, limit=90), day(*WINTER_DAY), MIDNIGHT).limited_by is Limit.NOTHING


def test_a_plug_without_power() -> None:
    made = plan(wish(50, 80, curve=ChargeCurve(75.0, 0.0)), day(*WINTER_DAY), MIDNIGHT)
    assert made.windows == ()
    assert made.limited_by is Limit.NO_POWER
    assert made.target_at is None


def test_negative_prices_earn_and_are_no_reason_for_more() -> None:
    made = plan(wish(50, 80), day(*[0.1] * 10, *[-0.2] * 6, *[0.1] * 8), MIDNIGHT)
    assert made.cost == pytest.approx(-6)
    assert made.energy_kwh == pytest.approx(30)


def test_losses_and_a_taper_are_paid_for() -> None:
    """From 60 to 100 % with a real curve: what the wall gives is more than what the battery takes, and it lasts longer."""
    made = plan(wish(60, 100, curve=REAL), day(*WINTER_DAY), MIDNIGHT)
    assert made.energy_kwh == pytest.approx(30 / 0.94 + 0.25 * REAL.hours_to(60, 100))
    lasts = sum(window.end - window.start for window in made.windows) / HOUR
    assert lasts == pytest.approx(REAL.hours_to(60, 100), abs=1 / 60)
    assert lasts > 30 / REAL.battery_kw * 1.3


def test_near_full_an_hour_draws_less() -> None:
    first = plan(wish(70, 100, hours=8, curve=REAL), day(1, 9, 1, 9, 1, 9, 1, 1), MIDNIGHT).windows
    energies = [window.energy_kwh for window in first]
    assert energies == sorted(energies, reverse=True)
    assert energies[0] > 1.4 * energies[1]


def test_slack_makes_windows_longer_and_no_dearer() -> None:
    exact = plan(wish(50, 80), day(*WINTER_DAY), MIDNIGHT)
    longer = plan(wish(50, 80, slack=0.1), day(*WINTER_DAY), MIDNIGHT)
    assert hours_of(longer) == [(1, 4.3)]
    assert longer.cost == pytest.approx(exact.cost)
    assert longer.target_at == exact.target_at


def test_a_window_that_the_slack_alone_would_need_is_left_out() -> None:
    made = plan(wish(50, 60, hours=4, slack=0.1), day(1, 9, 1, 9), MIDNIGHT)
    assert len(made.windows) == 1


def test_quarters_and_hours_in_one_day() -> None:
    """The day the market went from hours to quarters."""
    slots = [*day(3, 3, 2).slots, *day(1, 4, 1, 4, start=MIDNIGHT + 3 * HOUR, step=900).slots]
    made = plan(wish(50, 65, hours=4), Prices(tuple(slots), "EUR"), MIDNIGHT)
    assert hours_of(made) == [(2, 3.25), (3.5, 3.75)]


def test_a_window_that_runs_goes_on() -> None:
    """New prices show cheaper hours: what has begun is not broken off for them, and one block stays one."""
    prices = day(3, 3, 3, 1, 1, 1, 1, 1)
    now, until = MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR
    assert hours_of(plan(wish(50, 80, hours=8), prices, now)) == [(3, 6)]
    assert hours_of(plan(wish(50, 80, hours=8, keep_until=until), prices, now)) == [(1, 2), (3, 5)]
    block = wish(50, 80, hours=8, keep_until=until, max_windows=1)
    assert hours_of(plan(block, prices, now)) == [(1, 4)]
    flat = day(*[3] * 8)
    assert hours_of(plan(block, flat, now)) == [(1, 4)]


def test_what_ran_until_now_is_not_kept() -> None:
    made = plan(wish(50, 80, hours=8, keep_until=MIDNIGHT), day(3, 3, 3, 1, 1, 1, 1, 1), MIDNIGHT + HOUR)
    assert hours_of(made) == [(3, 6)]


def test_a_start_that_saves_little_is_not_worth_it() -> None:
    prices = day(1, 1.01, 1, 5, 5, 5)
    assert hours_of(plan(wish(50, 70, hours=6), prices, MIDNIGHT)) == [(0, 1), (2, 3)]
    assert hours_of(plan(wish(50, 70, hours=6, start_cost=0.2), prices, MIDNIGHT)) == [(0, 2)]


# --- prices that are not known --------------------------------------------------------------------


def test_without_any_price_it_charges_as_late_as_is_safe() -> None:
    made = plan(wish(50, 80, hours=7, margin=900, price_ceiling=0.1), Prices(), MIDNIGHT)
    assert local(made) == ["25 03:45-06:45"]
    assert made.cost is None
    assert made.windows[0].cost is None
    assert made.limited_by is Limit.NOTHING
    assert made.replan_at == MIDNIGHT + 1_800


def test_it_waits_for_a_night_that_will_be_cheap_as_the_last_one_was() -> None:
    """It is ten, tomorrow's prices come at one, and today's night was cheap: no evening hour is used."""
    made = plan(wish(50, 80, hours=31), day(*WINTER_DAY), MIDNIGHT + 10 * HOUR)
    assert local(made) == ["26 01:00-04:00"]
    assert made.is_estimated
    assert made.replan_at == MIDNIGHT + 13 * HOUR


def test_no_cheap_hour_that_is_known_is_lost_for_a_hope() -> None:
    """Noon is as cheap as the last night was, and a little dearer than that: nobody knows what the next one will cost."""
    for noon in (0.02, 0.10, 0.12):
        sunny = (*WINTER_DAY[:12], noon, noon, *WINTER_DAY[14:])
        made = plan(wish(50, 80, hours=31), day(*sunny), MIDNIGHT + 10 * HOUR)
        assert local(made) == ["25 12:00-14:00", "26 02:00-03:00"]
        assert [window.is_estimated for window in made.windows] == [False, True]
        assert made.cost == pytest.approx(20 * noon + 10 * 0.125, abs=0.05)


def test_it_waits_for_few_hours_that_are_very_cheap() -> None:
    few = [0.4] * 24
    few[2:5] = [0.1] * 3
    made = plan(wish(50, 80, hours=31), day(*few), MIDNIGHT + 17 * HOUR)
    assert local(made) == ["26 02:00-05:00"]
    assert made.is_estimated


def test_a_known_price_goes_before_a_guess_that_is_the_same() -> None:
    prices = day(*[0.4] * 23, 0.5, *[0.4] * 12)
    made = plan(wish(50, 80, hours=48, ties=Ties.LATER), prices, MIDNIGHT + 30 * HOUR)
    assert local(made) == ["26 09:00-12:00"]


def test_when_the_prices_come_the_plan_is_made_of_them() -> None:
    tomorrow = (0.5,) * 24
    made = plan(wish(50, 80, hours=31), day(*WINTER_DAY, *tomorrow), MIDNIGHT + 13.5 * HOUR)
    assert local(made) == ["25 13:30-14:30", "25 22:00-00:00"]
    assert made.cost == pytest.approx(10 * (0.15 + 0.20 + (0.19 + 0.21) / 2))
    assert made.replan_at is None
    assert not made.is_estimated


def test_prices_that_are_late_are_looked_for_again() -> None:
    now = MIDNIGHT + 13.5 * HOUR
    assert plan(wish(50, 80, hours=31), day(*WINTER_DAY), now).replan_at == now + 1_800


def test_a_far_deadline_plans_again_when_the_next_day_is_known() -> None:
    made = plan(wish(50, 80, hours=5 * 24), day(*WINTER_DAY, *WINTER_DAY), MIDNIGHT + 14 * HOUR)
    assert made.replan_at == midnight_of(2026, 11, 26, BERLIN) + 13 * HOUR
    assert not made.is_estimated
    assert local(made) == ["26 01:00-04:00"]


def test_nothing_is_planned_again_after_the_deadline() -> None:
    made = plan(wish(50, 60, hours=14), day(*[0.3] * 12, 0.1), MIDNIGHT + 13.2 * HOUR)
    assert made.replan_at == MIDNIGHT + 13.7 * HOUR
    made = plan(wish(50, 60, hours=13.5), day(*[0.3] * 12, 0.1), MIDNIGHT + 13.2 * HOUR)
    assert made.replan_at is None


def test_a_gap_in_the_prices_is_no_gap_in_the_night() -> None:
    slots = day(*WINTER_DAY).slots
    prices = Prices((*slots[:2], *slots[3:]), "EUR")
    made = plan(wish(50, 100, hours=6, max_windows=1), prices, MIDNIGHT)
    assert hours_of(made) == [(0, 5)]
    assert made.is_estimated
    assert made.cost is not None
    assert made.replan_at == MIDNIGHT + 1_800


def test_a_ceiling_counts_for_guesses() -> None:
    made = plan(wish(50, 80, hours=31, price_ceiling=0.05), day(*WINTER_DAY), MIDNIGHT + 10 * HOUR)
    assert made.windows == ()
    assert made.limited_by is Limit.PRICE_CEILING
    assert made.replan_at == MIDNIGHT + 13 * HOUR


def test_prices_of_yesterday_alone_are_still_a_hint() -> None:
    made = plan(wish(50, 80, hours=31), day(*WINTER_DAY), MIDNIGHT + 24 * HOUR)
    assert made.is_estimated
    assert local(made) == ["26 01:00-04:00"]


# --- the clock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        # At two the clock goes on to three,
        ((2026, 3, 29), "29 01:00-05:00"),
        # or at three back to two: three hours between one and three.
        ((2026, 10, 25), "25 01:00-03:00"),
    ],
)
def test_a_block_through_the_night_of_the_clock(date: tuple[int, int, int], expected: str) -> None:
    begins = midnight_of(*date, BERLIN)
    prices = day(9, 1, 1, 1, 9, 9, 9, 9, start=begins)
    request = replace(wish(50, 80), deadline=begins + 8 * HOUR)
    assert local(plan(request, prices, begins)) == [expected]


def test_times_do_not_depend_on_a_zone() -> None:
    half_hours_off = ZoneInfo("Asia/Kolkata")
    begins = datetime(2026, 11, 25, tzinfo=half_hours_off).timestamp()
    prices = day(9, 1, 9, 9, start=begins)
    request = PlanRequest(level=50, target=60, deadline=begins + 4 * HOUR, curve=STEADY, slack=0.0, zone=UTC)
    assert local(plan(request, prices, begins), half_hours_off) == ["25 01:00-02:00"]


def test_slots_that_do_not_keep_to_minutes_are_taken_as_they_are_meant() -> None:
    slots = (PriceSlot(MIDNIGHT, MIDNIGHT + 3_599.999, 5), PriceSlot(MIDNIGHT + 3_600, MIDNIGHT + 7_199.5, 1))
    assert hours_of(plan(wish(50, 60, hours=2), Prices(slots, "EUR"), MIDNIGHT)) == [(1, 2)]


# --- what makes no sense --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("level", {"level": -1}),
        ("target", {"target": 101}),
        ("target", {"target": float("nan")}),
        ("limit", {"limit": 120}),
        ("min_level", {"min_level": -5}),
        ("deadline", {"deadline": float("inf")}),
        ("earliest", {"earliest": float("nan")}),
        ("keep_until", {"keep_until": float("inf")}),
        ("price_ceiling", {"price_ceiling": float("nan")}),
        ("max_windows", {"max_windows": 0}),
        ("start_cost", {"start_cost": -1}),
        ("slack", {"slack": 2}),
        ("margin", {"margin": -1}),
    ],
)
def test_what_makes_no_sense_is_named(key: str, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        replace(wish(), **change)
    assert caught.value.key == key
