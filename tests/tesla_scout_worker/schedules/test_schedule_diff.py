"""How schedules are read, and that the change to the wanted ones is the smallest."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from custom_components.tesla_scout_worker.worker.schedules import (
    ChargeSchedule,
    PreconditionSchedule,
    changes,
    charge_schedules_of,
    knows_schedules,
    precondition_schedules_of,
    same_effect,
)

HOME = (52.4, 13.1)
# 90 m and 200 m to the north.
NEXT_DOOR, DOWN_THE_ROAD = (52.40081, 13.1), (52.4018, 13.1)
# What a car of 2024.26 or later sends (https://github.com/teslamotors/vehicle-command, vehicle.proto).
READ = {
    "id": 1_700_000_000, "name": "", "days_of_week": 127, "start_enabled": True, "start_time": 60, "end_enabled": True,
    "end_time": 360, "one_time": False, "enabled": True, "latitude": 52.4, "longitude": 13.1,
}  # fmt: skip
PLAIN = ChargeSchedule(1_700_000_000, None, 127, 60, 360, True, False, *HOME)


def block(*items: Any, **others: Any) -> dict[str, dict[str, Any]]:
    """Return the blocks of a read."""
    return {"charge_schedule_data": {"charge_schedules": list(items), "next_schedule": True, **others}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"name": "Night"}, {"name": "Night"}),
        ({"start_time": 0}, {"start": 0}),
        # Protobuf leaves a zero out, and some gateways make a null of it.
        ({"start_time": None}, {"start": 0}),
        ({"start_enabled": False}, {"start": None}),
        ({"start_enabled": False, "start_time": None}, {"start": None}),
        ({"start_enabled": None}, {"start": 60}),
        ({"start_enabled": None, "start_time": None}, {"start": None}),
        ({"end_time": 0}, {"end": 0}),
        ({"end_enabled": False, "end_time": 0}, {"end": None}),
        ({"end_time": 1800}, {"end": 360}),
        ({"start_time": "60", "id": "1700000000", "enabled": "true", "start_enabled": "true"}, {}),
        ({"start_time": 60.0, "id": 1.7e9, "enabled": 1, "one_time": 0}, {}),
        ({"enabled": None, "one_time": None}, {"enabled": False}),
        ({"days_of_week": "Monday,Tuesday"}, {"days": 6}),
        ({"days_of_week": None}, {"days": 0}),
        ({"latitude": "52.4"}, {}),
        ({"latitude": None, "longitude": None}, {"latitude": 0.0, "longitude": 0.0}),
        ({"latitude": 520.0}, {"latitude": 0.0}),
        ({"id": None}, {"id": None}),
        ({"id": True, "name": 5}, {"id": None}),
    ],
)
def test_a_schedule_is_read(change: dict[str, Any], expected: dict[str, Any]) -> None:
    """With its odd names; midnight is a time, and a field that makes no sense spoils nothing."""
    assert charge_schedules_of(block({**READ, **change})) == (replace(PLAIN, **expected),)


def test_write_names_are_read_too() -> None:
    """Some gateways hand a schedule back as it was written."""
    item = {key: value for key, value in READ.items() if key not in {"latitude", "longitude"}}
    assert charge_schedules_of(block({**item, "lat": 52.4, "lon": 13.1})) == (PLAIN,)


def test_no_schedules_are_not_unknown_schedules() -> None:
    """An empty list is told; a block that is not there is not."""
    assert charge_schedules_of(block()) == ()
    assert charge_schedules_of({"charge_schedule_data": {"charge_schedules": None, "charge_buffer": 0}}) == ()
    assert charge_schedules_of({"charge_schedule_data": {"timestamp": {"seconds": 1}}}) == ()
    assert charge_schedules_of({"charge_schedule_data": {"charge_schedules": "[]"}}) is None
    assert charge_schedules_of({}) is None
    assert charge_schedules_of({"charge_state": {"scheduled_charging_mode": "Off"}}) is None
    assert charge_schedules_of(block(None, "x", READ)) == (PLAIN,)
    assert precondition_schedules_of({}) is None


def test_sixty_schedules_are_sixty() -> None:
    """As a car has that an old integration filled."""
    assert len(charge_schedules_of(block(*({**READ, "id": n} for n in range(60)))) or ()) == 60


def test_preconditioning_is_read() -> None:
    """The same names, one time."""
    item = {
        **{key: READ[key] for key in ("id", "days_of_week", "enabled", "latitude", "longitude")},
        "precondition_time": 0,
    }
    told = {
        "preconditioning_schedule_data": {
            "precondition_schedules": [item, {**item, "precondition_time": 420}]
        }
    }
    assert [one.at for one in precondition_schedules_of(told) or ()] == [0, 420]


@pytest.mark.parametrize(
    ("version", "knows"),
    [
        ("2024.20.9 abc", False),
        ("2024.26", True),
        ("2024.26.3.1 f", True),
        ("2023.44.30", False),
        ("2026.2", True),
        (None, True),
        ("dev", True),
    ],
)
def test_which_software_has_schedules(version: str | None, knows: bool) -> None:
    """From 2024.26 on; what is unknown is taken for new, as nearly every car is."""
    assert knows_schedules({"vehicle_state": {"car_version": version}}) is knows


def test_an_old_car_has_one_start_time() -> None:
    """It is told as a schedule that has no id; `Off` alone means none only where there are no others."""
    old: dict[str, dict[str, Any]] = {
        "vehicle_state": {"car_version": "2024.8.9"},
        "drive_state": {"latitude": 52.4, "longitude": 13.1},
    }
    state = {
        "scheduled_charging_mode": "StartAt",
        "scheduled_charging_start_time_app": 0,
        "preconditioning_enabled": False,
    }
    (found,) = charge_schedules_of({**old, "charge_state": state}) or ()
    assert (found.id, found.start, found.end, found.days, found.latitude) == (None, 0, None, 127, 52.4)
    assert charge_schedules_of({**old, "charge_state": {**state, "scheduled_charging_mode": "Off"}}) == ()
    assert precondition_schedules_of({**old, "charge_state": state}) == ()
    leave = {
        **state,
        "scheduled_charging_mode": "DepartBy",
        "preconditioning_enabled": True,
        "scheduled_departure_time_minutes": 450,
    }
    (warm,) = precondition_schedules_of({**old, "charge_state": leave}) or ()
    assert (warm.at, warm.days) == (450, 127)


def test_secrets_are_not_shown() -> None:
    """A schedule has the owner's home."""
    assert "52.4" not in repr(PLAIN)
    assert "13.1" not in repr(PLAIN)


def of(start: int | None, its_id: int | None = None, **values: Any) -> ChargeSchedule:
    """Return a schedule of an hour."""
    end = None if start is None else start + 60
    return replace(PLAIN, id=its_id, start=start, end=end, **values)


def test_what_is_there_is_left_alone() -> None:
    """The same effect under another name and id: nothing is to be sent."""
    present = [of(60, 7, name="mine"), of(300, 8, name="by hand")]
    found = changes([of(60, name="other"), of(300)], present, {7})
    assert not found
    assert found.kept == tuple(present)


@pytest.mark.parametrize(
    "change",
    [
        {"days": 62},
        {"start": 61},
        {"end": 121},
        {"end": None},
        {"enabled": False},
        {"one_time": True},
        {"start": None},
    ],
)
def test_another_effect_is_another_schedule(change: dict[str, Any]) -> None:
    """Each of what makes the difference does. It takes one command: the id is lent."""
    found = changes([replace(of(60), **change)], [of(60, 7)], {7})
    assert [one.id for one in found.add] == [7]
    assert (found.remove, found.replaced) == ((), (7,))


def test_a_place_is_as_wide_as_a_parking_spot() -> None:
    """A parked car's receiver, the zone's centre, and the float32 of the wire are no other place."""
    at_home = of(60, 7)
    assert same_effect(at_home, replace(at_home, latitude=NEXT_DOOR[0]))
    assert not same_effect(at_home, replace(at_home, latitude=DOWN_THE_ROAD[0]))
    assert same_effect(replace(at_home, longitude=-180.0), replace(at_home, longitude=179.9999))
    nowhere = replace(at_home, latitude=0.0, longitude=0.0)
    assert not same_effect(at_home, nowhere)
    assert same_effect(nowhere, nowhere)


def test_only_ours_are_changed() -> None:
    """What others made stays, wanted or not, also without an id; ours that is not wanted goes."""
    present = [of(60, 7), of(120, 8), of(180, None), of(240, 9)]
    found = changes([], present, {7, 9, 55})
    assert (found.add, found.remove, found.kept) == ((), (7, 9), ())


def test_a_wanted_id_of_others_is_not_taken() -> None:
    """It would change theirs."""
    found = changes([of(300, 8)], [of(120, 8)], {7}, first_id=8)
    assert [one.id for one in found.add] == [9]


def test_ids_are_distinct_also_within_one_second() -> None:
    """Neither one another's, nor a present one, nor one that was given out before."""
    found = changes([of(60), of(180), of(300)], [of(600, 1001)], {1000}, first_id=1000)
    assert [one.id for one in found.add] == [1002, 1003, 1004]


def test_duplicates() -> None:
    """Wanted twice is wanted once; two of ours with one effect are one too many; by hand and ours are both left."""
    assert len(changes([of(60), of(60, 3)], [], ()).add) == 1
    assert changes([of(60)], [of(60, 7), of(60, 8)], {7, 8}).remove == (8,)
    found = changes([of(60)], [of(60, 5), of(60, 7)], {7})
    assert (bool(found), [one.id for one in found.kept]) == (False, [7])


def test_each_keeps_its_own_id_where_it_can() -> None:
    """A change of the one with id 8 is told under 8."""
    found = changes([of(301, 8), of(61, 7)], [of(60, 7), of(300, 8)], {7, 8})
    assert [(one.id, one.start) for one in found.add] == [(8, 301), (7, 61)]


def test_preconditioning_is_kept_in_step_likewise() -> None:
    """The same diff."""
    warm = PreconditionSchedule(5, None, 62, 420, True, False, *HOME)
    assert not changes([replace(warm, id=None)], [warm], ())
    assert changes([replace(warm, at=421)], [warm], {5}).replaced == (5,)


def any_of(dice: Random, most: int) -> list[ChargeSchedule]:
    """Return some schedules, of a few kinds so that many are alike, with ids of which none comes twice."""
    ids = dice.sample([None, None, 1, 2, 3, 4, 5, 6], 8)
    return [
        replace(
            PLAIN,
            id=ids[n],
            days=dice.choice([62, 127]),
            start=dice.choice([None, 0, 60]),
            end=dice.choice([0, 360]),
            enabled=dice.random() < 0.7,
        )
        for n in range(dice.randint(0, most))
    ]


@pytest.mark.parametrize("seed", range(4))
def test_after_the_change_the_car_does_what_is_wanted(seed: int) -> None:
    """Hundreds of cars with all sorts of schedules."""
    dice = Random(seed)
    for _ in range(300):
        ours = {n for n in range(1, 9) if dice.random() < 0.5}
        check_change(any_of(dice, 5), any_of(dice, 6), ours)


def check_change(wanted: list[ChargeSchedule], present: list[ChargeSchedule], ours: set[int]) -> None:
    """Whatever there was: wanted is there once, others' are as they were, and no fewer commands would do."""
    found = changes(wanted, present, ours, first_id=3)
    car = {one.id if one.id is not None else object(): one for one in present}
    before = dict(car)
    for one in found.add:
        assert one.id is not None
        assert one.id not in before or one.id in ours
        car[one.id] = one
    for its_id in found.remove:
        assert its_id in ours
        del car[its_id]
    assert all(car[key] == one for key, one in before.items() if key not in ours)
    mine_now = [one for key, one in car.items() if key in ours or key not in before]
    assert all(any(same_effect(one, now) for now in car.values()) for one in wanted)
    assert all(any(same_effect(one, now) for one in wanted) for now in mine_now)
    assert len({one.id for one in found.add}) == len(found.add)
    # Fewer would not do: each missing effect needs a command, and so does each of ours beyond.
    missing = len({_effect(one) for one in wanted} - {_effect(one) for one in present})
    mine = [one for one in present if one.id in ours]
    needed = {_effect(one) for one in wanted}
    unwanted = len(mine) - len({_effect(one) for one in mine} & needed)
    assert len(found.add) + len(found.remove) == max(missing, unwanted)
    # And once it is done there is nothing more to do.
    assert not changes(wanted, car.values(), {*ours, *(one.id for one in found.add if one.id)})


def _effect(one: ChargeSchedule) -> tuple[Any, ...]:
    return one.days, one.start, one.end, one.enabled
