"""What outings teach, pure."""

from dataclasses import replace
import json

import pytest

from custom_components.tesla_scout_worker.scout.habit_words import describe
from custom_components.tesla_scout_worker.scout.habits import Chance, Habits, Leaving, LocalTime, Stay
from custom_components.tesla_scout_worker.scout.journey import (
    Journey,
    Span,
    not_online,
    seen_at_home,
    seen_driving,
    seen_parked,
)

DAY = 86_400.0
HOUR = 3_600.0
# Monday 16 November 2026, midnight in UTC.
MONDAY = 1_794_787_200.0
BERLIN = HOUR


def commute(
    habits: Habits, day: int, *, offset: float = 0.0, leaves: float = 7.5, returns: float = 17.0
) -> Habits:
    """Return the habits after a day at work, nine kilometres away, a quarter of an hour by car."""
    left, back = MONDAY + day * DAY + leaves * HOUR - offset, MONDAY + day * DAY + returns * HOUR - offset
    journey = not_online(seen_at_home(left - HOUR, is_driving=False), left)
    journey = seen_driving(journey, left + 240, 3_000.0)
    journey = seen_parked(journey, left + 1_200, 9_000.0)
    journey = not_online(journey, back)
    journey = seen_driving(journey, back + 300, 6_000.0)
    journey = seen_driving(journey, back + 600, 2_500.0)
    return habits.came_home(journey, Span(back + 880, back + 920), offset)


def fortnight(**changes: float) -> Habits:
    """Return the habits after two weeks of work."""
    habits = Habits()
    for day in range(14):
        if day % 7 < 5:
            habits = commute(habits, day, **changes)
    return habits


@pytest.mark.parametrize(("at", "offset", "weekday", "minute"), [
    (MONDAY, 0.0, 0, 0.0),
    (MONDAY - 60, BERLIN, 0, 59.0),
    (MONDAY - 60, 0.0, 6, 1_439.0),
    (MONDAY + 5 * DAY + 23.5 * HOUR, BERLIN, 6, 30.0),
    (MONDAY + HOUR, -5 * HOUR, 6, 20 * 60.0),
])  # fmt: skip
def test_local_time(at: float, offset: float, weekday: int, minute: float) -> None:
    """The day of the week and the minute are the owner's, on either side of midnight."""
    assert LocalTime.of(at, offset) == LocalTime(weekday, minute)


def test_minutes_apart_go_round_midnight() -> None:
    """Half past eleven is an hour from half past midnight."""
    assert LocalTime(0, 23.5 * 60).minutes_to(30.0) == 60.0


def test_habit_around_midnight_is_one() -> None:
    """Ten to twelve and five past are the same time of day."""
    rows = tuple(
        Leaving(day, minute, 900.0, 7_200.0) for day, minute in ((0, 1_430.0), (1, 5.0), (2, 1_435.0))
    )
    habits = Habits(leavings=rows)
    for minute in (1_400.0, 1_439.0, 0.0, 20.0):
        assert habits.leaves_home(LocalTime(3, minute)) is Chance.LIKELY, minute
        assert habits.outing(LocalTime(3, minute)) is not None, minute
    assert habits.leaves_home(LocalTime(3, 720.0)) is Chance.UNLIKELY


def test_habits_of_a_commuter() -> None:
    """When it leaves, for how long, how long the way home takes."""
    habits = fortnight()
    at_work = replace(LocalTime(2, 17 * 60.0))
    assert habits.sets_off(9_000.0, at_work) is Chance.LIKELY
    assert habits.sets_off(9_000.0, LocalTime(2, 12 * 60.0)) is Chance.UNLIKELY
    assert habits.sets_off(9_000.0, LocalTime(5, 17 * 60.0)) is Chance.UNKNOWN
    assert habits.sets_off(2_000.0, at_work) is Chance.UNKNOWN
    assert habits.leaves_home(LocalTime(4, 7.5 * 60)) is Chance.LIKELY
    assert habits.leaves_home(LocalTime(4, 20 * 60)) is Chance.UNLIKELY
    way = habits.way_home(9_050.0)
    assert way is not None
    assert 700 <= way.low <= 900
    outing = habits.outing(LocalTime(1, 7.5 * 60))
    assert outing is not None
    assert outing.drive is not None
    assert 600 <= outing.drive <= 1_200
    assert 34_000 <= outing.back_after.low <= outing.back_after.high <= 36_000
    assert habits.outing(LocalTime(1, 15 * 60.0)) is None


def test_once_or_twice_is_no_habit() -> None:
    """Nothing is concluded from two days."""
    habits = commute(commute(Habits(), 0), 1)
    assert habits.sets_off(9_000.0, LocalTime(2, 17 * 60.0)) is Chance.UNKNOWN
    assert habits.leaves_home(LocalTime(2, 7.5 * 60)) is Chance.UNKNOWN
    assert habits.outing(LocalTime(2, 7.5 * 60)) is None


def test_an_odd_day_makes_a_time_possible() -> None:
    """Seen once, it is worth a look more; not as many as where it is usual."""
    habits = commute(fortnight(), 14, returns=13.0)
    assert habits.sets_off(9_000.0, LocalTime(1, 13 * 60.0)) is Chance.POSSIBLE


def test_time_of_the_way_from_where_it_is_seen() -> None:
    """At a distance that was seen before; else in proportion to the nearest ones; too far from all, unknown."""
    habits = fortnight()
    seen = habits.remaining(6_000.0)
    assert seen is not None
    assert seen.low == seen.high == 600.0
    between = habits.remaining(4_500.0)
    assert between is not None
    assert 400 <= between.low <= between.high <= 550
    assert habits.remaining(60_000.0) is None


def test_new_job_is_learned_and_the_old_one_forgotten() -> None:
    """Rows fade, and their number has a bound."""
    habits = fortnight()
    for day in range(14, 100):
        habits = commute(habits, day, returns=20.0)
    assert len(habits.leavings) <= 50
    assert len(habits.stays) <= 50
    assert len(habits.paces) <= 100
    assert habits.sets_off(9_000.0, LocalTime(2, 17 * 60.0)) is Chance.UNLIKELY
    assert habits.sets_off(9_000.0, LocalTime(2, 20 * 60.0)) is Chance.LIKELY


def test_change_of_the_clocks_changes_no_habit() -> None:
    """Seven in the morning is seven in the morning, in summer time as well."""
    summer, winter = fortnight(offset=2 * HOUR), fortnight(offset=HOUR)
    assert [row.minute for row in summer.leavings] == [row.minute for row in winter.leavings]
    # Learned in summer: on the first Monday of winter time it still leaves at seven, no longer at six in UTC.
    habits, monday = fortnight(offset=2 * HOUR, leaves=7.0), MONDAY + 14 * DAY
    assert habits.leaves_home(LocalTime.of(monday + 6 * HOUR, HOUR)) is Chance.LIKELY
    assert habits.leaves_home(LocalTime.of(monday + 5 * HOUR, HOUR)) is Chance.UNLIKELY
    assert habits.leaves_home(LocalTime.of(monday + 5 * HOUR, 2 * HOUR)) is Chance.LIKELY


def test_stay_that_leads_elsewhere_has_no_way_home() -> None:
    """From work to the shop."""
    journey = seen_driving(seen_parked(Journey(seen_still=MONDAY), MONDAY, 9_000.0), MONDAY + HOUR, 12_000.0)
    habits = Habits().went_on(journey, 0.0)
    assert [row.way_home for row in habits.stays] == [None]
    assert habits.way_home(9_000.0) is None
    assert Habits().went_on(Journey(), 0.0) == Habits()


def test_garage_is_known_after_two_times_in_a_row() -> None:
    """One that proves wrong begins anew."""
    once = Habits().found_after_vanishing(at_home=True)
    assert not once.is_known_to_vanish
    twice = once.found_after_vanishing(at_home=True)
    assert twice.is_known_to_vanish
    assert not twice.found_after_vanishing(at_home=False).is_known_to_vanish


def test_stored_and_read_again() -> None:
    """Over a restart."""
    habits = replace(fortnight(), vanished=1, stays=(Stay(1, 5.0, 9.0, None),))
    assert Habits.from_dict(json.loads(json.dumps(habits.as_dict()))) == habits


STORED = fortnight().as_dict()


@pytest.mark.parametrize(
    "stored",
    [
        None, {}, [], 5, "leavings", {"leavings": 1},
        *({key: item for key, item in STORED.items() if key != left_out} for left_out in STORED),
        {**STORED, "paces": [[1]]},
        {**STORED, "paces": [[1, "far"]]},
        {**STORED, "paces": {"1": 2}},
        {**STORED, "leavings": [[0, 1.0, None]]},
        {**STORED, "leavings": [[0, 1.0, None, None]]},
        {**STORED, "stays": [["Monday", 1.0, 2.0, 3.0]]},
        {**STORED, "stays": [None]},
        {**STORED, "vanished": None},
        {**STORED, "vanished": []},
    ],
)  # fmt: skip
def test_nonsense_is_learned_anew(stored: object) -> None:
    """And loses nothing else."""
    assert Habits.from_dict(stored) == Habits()


def test_told_in_words() -> None:
    """So that a person can check what was learned."""
    told = describe(
        replace(fortnight(), leavings=(*fortnight().leavings, *(Leaving(5, 620.0, None, 3_600.0),) * 2))
    )
    assert told["outings_learned"] == 12
    assert told["leaves_home_on_weekdays"] == ["07:30"]
    assert told["leaves_home_at_weekends"] == ["10:00"]
    assert told["leaves_other_places_on_weekdays"] == ["17:00"]
    assert told["quickest_way_home_minutes"] in {13, 14, 15}
    assert told["garage_without_signal"] is False
    assert describe(Habits())["quickest_way_home_minutes"] is None
