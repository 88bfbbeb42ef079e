"""How a car fills, and what its sessions teach of it."""

from itertools import pairwise
import json
from math import inf, isclose, nan
from typing import Any

from hypothesis import given, settings, strategies as st
from planner_bench import CASES, REAL
import pytest

from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.charge_model import ChargeModel, SessionRecord, wall_power
from custom_components.tesla_scout_worker.worker.sessions import Session

CURVES = st.builds(
    ChargeCurve,
    st.floats(20, 200),
    st.floats(1, 250),
    st.floats(0.6, 1),
    st.floats(0, 0.5),
    st.floats(50, 99),
    st.one_of(st.just(0.0), st.floats(0, 0.95)),
)
LEVELS = st.floats(0, 100)


@settings(CASES, max_examples=150)
@given(CURVES, LEVELS, LEVELS)
def test_time_and_level_say_the_same(curve: ChargeCurve, level: float, target: float) -> None:
    hours = curve.hours_to(level, target)
    assert curve.level_after(level, hours) == pytest.approx(max(level, target), abs=1e-5)
    assert (
        curve.hours_to(level, target)
        >= max(0.0, target - level) / 100 * curve.capacity_kwh / curve.battery_kw - 1e-9
    )


@settings(CASES, max_examples=150)
@given(CURVES, st.tuples(LEVELS, LEVELS, LEVELS).map(sorted))
def test_two_windows_draw_what_one_draws(curve: ChargeCurve, levels: list[float]) -> None:
    low, middle, high = levels
    parts = curve.wall_kwh(low, middle) + curve.wall_kwh(middle, high)
    assert parts == pytest.approx(curve.wall_kwh(low, high))
    hours = curve.hours_to(low, middle) + curve.hours_to(middle, high)
    assert hours == pytest.approx(curve.hours_to(low, high))


@settings(CASES, max_examples=100)
@given(CURVES, LEVELS)
def test_the_fuller_the_slower(curve: ChargeCurve, level: float) -> None:
    levels = [curve.level_after(level, minutes / 60) for minutes in range(0, 300, 20)]
    gains = [after - before for before, after in pairwise(levels)]
    assert all(after <= before + 1e-9 for before, after in pairwise(gains))
    assert all(gain >= 0 for gain in gains)


def test_a_step_by_step_car_agrees() -> None:
    """The closed form against a car that is charged second by second."""
    level, hours = 60.0, 0.0
    while level < 97:
        share = 1 - 0.8 * max(0.0, level - 80) / 20
        level += REAL.battery_kw / 75 * 100 * share / 3_600
        hours += 1 / 3_600
    assert REAL.hours_to(60, 97) == pytest.approx(hours, rel=1e-3)


def test_losses_are_larger_at_a_socket() -> None:
    socket, box = ChargeCurve(75.0, 2.3), ChargeCurve(75.0, 11.04)
    assert 0.82 < 7.5 / socket.wall_kwh(50, 60) < 0.85
    assert 0.91 < 7.5 / box.wall_kwh(50, 60) < 0.93


def test_a_plug_that_gives_too_little_never_fills() -> None:
    weak = ChargeCurve(75.0, 0.2)
    assert weak.hours_to(50, 51) == inf
    assert weak.hours_to(50, 50) == 0
    assert weak.level_after(50, 10) == 50
    assert weak.wall_kwh(50, 60) == 0


@pytest.mark.parametrize(
    "figures",
    [
        (0, 11),
        (-5, 11),
        (nan, 11),
        (75, inf),
        (75, 11, 0),
        (75, 11, 1.2),
        (75, 11, 0.9, -1),
        (75, 11, 0.9, 0, 100),
    ],
)
def test_what_is_no_battery(figures: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"battery|taper"):
        ChargeCurve(*figures)
    with pytest.raises(ValueError, match="taper"):
        ChargeCurve(75, 11, taper_share=0.99)


# --- to begin with ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("car_type", "trim", "kwh"),
    [
        ("model3", "50", 57.5),
        ("model3", "74d", 75),
        ("model3", "p74d", 75),
        ("model3", "62", 62),
        ("modely", "50", 57.5),
        ("modely", "74", 75),
        ("models", "p100d", 95),
        ("models2", "75d", 71.25),
        ("modelx", "", 95),
        ("modely", None, 75),
        ("MODELY", "74D", 75),
        ("cybertruck", "awd", 123),
        ("roadster3", "200", 75),
        (None, None, 75),
        ("", "", 75),
    ],
)
def test_what_a_car_holds_when_nothing_is_known(car_type: str | None, trim: str | None, kwh: float) -> None:
    assert ChargeModel.of_car(car_type, trim).curve().capacity_kwh == pytest.approx(kwh)


def test_the_plug_of_today_counts_more_than_the_past() -> None:
    model = ChargeModel()
    assert model.curve(2.3).wall_kw == 2.3
    for nonsense in (None, 0.0, -3.0, nan, inf):
        assert model.curve(nonsense).wall_kw == 7.0


@pytest.mark.parametrize(
    ("volts", "amps", "phases", "kw"),
    [
        (230, 16, 3, 11.04),
        (240, 48, 1, 11.52),
        (120, 12, 1, 1.44),
        # A car that does not charge tells 2 volts and no phases.
        (2, 16, None, 3.68),
        (None, 16, 3, 11.04),
        (nan, 16, 3, 11.04),
        (230, 16, 7, 3.68),
        (230, None, 3, None),
        (230, 0, 3, None),
        (230, nan, 3, None),
    ],
)
def test_what_a_plug_gives(
    volts: float | None, amps: float | None, phases: int | None, kw: float | None
) -> None:
    power = wall_power(volts, amps, phases)
    assert power == (None if kw is None else pytest.approx(kw))


# --- what sessions teach ----------------------------------------------------------------------------


def session(curve: ChargeCurve, level: float, target: float, **more: Any) -> SessionRecord:
    """Return the session of a car that is like this, as it is told: in whole per cent."""
    return SessionRecord(
        round(level),
        round(target),
        round((target - level) / 100 * curve.capacity_kwh, 2),
        **{"hours": curve.hours_to(level, target), "wall_kw": curve.wall_kw, **more},
    )


TRUTH = ChargeCurve(68.0, 9.2, conversion=0.9, taper_share=0.5)


def test_a_car_is_known_after_a_few_sessions() -> None:
    model = ChargeModel.of_car("model3", "74d")
    for level, target in ((40, 80), (55, 79), (20, 95), (62, 100), (30, 80), (45, 100)):
        model = model.learned(session(TRUTH, level, target))
    curve = model.curve()
    assert curve.capacity_kwh == pytest.approx(68, rel=0.02)
    assert curve.wall_kw == pytest.approx(9.2, rel=0.02)
    assert curve.conversion == pytest.approx(0.9, rel=0.02)
    assert curve.hours_to(50, 100) == pytest.approx(TRUTH.hours_to(50, 100), rel=0.05)


def test_power_follows_from_time_where_nobody_saw_it() -> None:
    model = ChargeModel.of_car("model3", "74d")
    for level in (20, 30, 40, 25):
        model = model.learned(session(TRUTH, level, 75, wall_kw=None))
    assert model.curve().battery_kw == pytest.approx(TRUTH.battery_kw, rel=0.03)


def test_a_meter_tells_of_losses() -> None:
    model = ChargeModel.of_car("model3", "74d")
    for level in (20, 30, 40, 25):
        record = session(TRUTH, level, 75, wall_kw=None, wall_kwh=TRUTH.wall_kwh(level, 75))
        model = model.learned(record)
    assert model.curve().conversion == pytest.approx(0.9, rel=0.01)
    assert model.curve().wall_kw == pytest.approx(9.2, rel=0.02)


ODD = [
    SessionRecord(50, 50, 5, 1),
    SessionRecord(50, 40, 5, 1),
    SessionRecord(50, 90, 0, 1),
    SessionRecord(50, 90, -3, 1),
    SessionRecord(50, 90, nan, 1),
    SessionRecord(nan, 90, 30, 1),
    SessionRecord(-10, 120, 30, 1),
    SessionRecord(50, 53, 4, 0.2),
    # No battery is so large, or so small.
    SessionRecord(50, 90, 90, 1),
    SessionRecord(50, 90, 5, 1, wall_kw=1000.0, wall_kwh=1.0),
]


@pytest.mark.parametrize("odd", ODD)
def test_nonsense_teaches_nothing(odd: SessionRecord) -> None:
    before = ChargeModel.of_car("model3", "74d")
    after = before.learned(odd)
    assert after.capacity_kwh == before.capacity_kwh
    assert after.conversion == before.conversion


def test_one_odd_session_moves_little() -> None:
    """The car was driven in between, or stood open to the sun with the climate on: half as much again for the same rise."""
    model = ChargeModel.of_car("model3", "74d")
    for level in (20, 30, 40, 25, 35):
        model = model.learned(session(TRUTH, level, 78))
    good = model.curve()
    spoilt = model.learned(SessionRecord(30, 80, 50.0, 12.0, wall_kw=3.0)).curve()
    assert spoilt.capacity_kwh == pytest.approx(good.capacity_kwh, rel=0.03)
    assert spoilt.conversion == pytest.approx(good.conversion, rel=0.03)
    assert spoilt.wall_kw == pytest.approx(good.wall_kw, rel=0.1)


def test_elsewhere_teaches_of_the_battery_alone() -> None:
    before = ChargeModel.of_car("model3", "74d")
    for record in (
        session(TRUTH, 20, 90, is_at_home=False),
        session(TRUTH, 20, 90, hours=None),
        session(TRUTH, 20, 90, hours=nan),
    ):
        after = before.learned(record)
        assert after.capacity_kwh != before.capacity_kwh
        assert (after.wall_kw, after.conversion, after.taper_share) == (
            before.wall_kw,
            before.conversion,
            before.taper_share,
        )


def test_a_new_wall_box_is_learned_in_a_few_sessions() -> None:
    model = ChargeModel()
    for _ in range(20):
        model = model.learned(session(ChargeCurve(75, 2.3), 40, 70))
    assert model.curve().wall_kw == pytest.approx(2.3, rel=0.02)
    for _ in range(7):
        model = model.learned(session(ChargeCurve(75, 11.0), 40, 70))
    assert model.curve().wall_kw == pytest.approx(11.0, rel=0.02)


@settings(CASES, max_examples=120)
@given(
    st.lists(
        st.builds(
            SessionRecord,
            st.floats(),
            st.floats(),
            st.floats(),
            st.one_of(st.none(), st.floats()),
            st.one_of(st.none(), st.floats()),
            st.one_of(st.none(), st.floats()),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_whatever_is_told_a_curve_comes_of_it(records: list[SessionRecord]) -> None:
    model = ChargeModel()
    for record in records:
        model = model.learned(record)
    curve = model.curve()
    assert 45 <= curve.capacity_kwh <= 105
    assert 0 < curve.hours_to(20, 100) < 1_000
    assert ChargeModel.from_dict(json.loads(json.dumps(model.as_dict()))) == model


def test_what_is_kept_stays_small() -> None:
    model = ChargeModel()
    for level in range(100):
        model = model.learned(session(TRUTH, 10 + level % 50, 95))
    assert len(json.dumps(model.as_dict())) < 1_000


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        {"capacity_kwh": 5},
        {"capacity_kwh": "75"},
        {
            "capacity_kwh": [
                [75],
                [75, "a"],
                None,
                [nan, 5],
                [75, nan],
                [75, -1],
                [75, 0],
                [1e9, 5],
                [75, 5, 5],
            ]
        },
        {"wall_kw": {"a": 1}, "taper_share": [True], "conversion": [[2.0, 5.0]]},
    ],
)
def test_what_cannot_be_read_begins_anew(stored: Any) -> None:
    assert ChargeModel.from_dict(stored, "model3", "50") == ChargeModel.of_car("model3", "50")


def test_what_can_be_read_of_a_model_is_kept() -> None:
    model = ChargeModel.from_dict({"capacity_kwh": [["x", 1], [60, 50], [60, 50], [60, 50]]}, "model3", "50")
    assert isclose(model.curve().capacity_kwh, 60)


def test_a_session_that_was_read_becomes_a_record() -> None:
    ended = Session(0.0, 40.0, 0.0, 7_200.0, 80.0, 28.0, 0.9, is_home=True)
    assert SessionRecord.of(ended) == SessionRecord(40, 80, 28, 2, 28 / 0.9)
    elsewhere = Session(0.0, 40.0, 0.0, 7_200.0, 80.0, 28.0, is_home=None, is_start_seen=False)
    assert SessionRecord.of(elsewhere) == SessionRecord(40, 80, 28, None, is_at_home=False)
    fast = Session(0.0, 40.0, 0.0, 1_800.0, 80.0, 28.0, is_fast=True, is_home=True)
    assert SessionRecord.of(fast) == SessionRecord(40, 80, 28, 0.5, is_at_home=False)
    assert SessionRecord.of(Session(0.0, 40.0)) is None
    assert SessionRecord.of(Session(0.0, None, 0.0, 7_200.0, 80.0, 28.0)) is None
