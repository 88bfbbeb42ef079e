"""An outing, look by look, pure."""

import json
import random

import pytest

from custom_components.tesla_scout_worker.scout.journey import (
    Halt,
    Journey,
    Span,
    Step,
    not_online,
    seen_at_home,
    seen_driving,
    seen_parked,
)

T = 1_000_000.0


def outing() -> Journey:
    """Return a car that slept at home until T, and was seen driving four minutes later, three kilometres away."""
    return seen_driving(not_online(seen_at_home(T - 9_000, is_driving=False), T), T + 240, 3_000.0)


def test_departure_lies_between_two_looks() -> None:
    """After it was seen asleep, and early enough to be where it is."""
    left = outing().left
    assert left is not None
    assert left.low == T
    assert left.high == T + 240 - 3_000 / 40
    assert left.low <= left.best <= left.high


def test_way_to_work_and_back() -> None:
    """Outbound, standing, homeward."""
    driving = outing()
    assert driving.is_outbound
    farther = seen_driving(driving, T + 600, 7_000.0)
    assert farther.is_outbound
    parked = seen_parked(farther, T + 1_500, 9_000.0)
    assert parked.halt == Halt(9_000.0, Span(T + 600, T + 1_500))
    assert parked.first_halt == T + 1_050
    assert not parked.is_outbound
    still = seen_parked(parked, T + 5_000, 9_050.0)
    assert still.halt == parked.halt
    assert still.seen_still == T + 5_000
    homeward = seen_driving(still, T + 9_000, 6_000.0)
    assert homeward.set_off is not None
    assert T + 5_000 <= homeward.set_off.best <= T + 9_000
    assert not homeward.is_outbound
    assert seen_driving(homeward, T + 9_300, 2_000.0).trail == (
        Step(T + 9_000, 6_000.0),
        Step(T + 9_300, 2_000.0),
    )
    assert seen_at_home(T + 9_600, is_driving=True) == Journey()


def test_drive_on_to_another_place_leads_away() -> None:
    """From work farther away from home."""
    parked = seen_parked(outing(), T + 1_500, 9_000.0)
    onward = seen_driving(parked, T + 3_000, 12_000.0)
    assert onward.is_outbound
    there = seen_parked(onward, T + 4_000, 15_000.0)
    assert there.halt is not None
    assert there.halt.to_home == 15_000.0
    assert there.set_off is None
    assert there.first_halt == parked.first_halt


def test_car_that_sleeps_unseen_stands_somewhere() -> None:
    """Where, is not known: it is no place to learn from, until it is seen there."""
    asleep = not_online(outing(), T + 4_000)
    assert asleep.halt is not None
    assert not asleep.halt.is_seen
    assert asleep.trail == ()
    found = seen_parked(asleep, T + 5_000, 11_000.0)
    assert found.halt is not None
    assert found.halt.is_seen
    assert found.halt.to_home == 11_000.0
    homeward = seen_driving(asleep, T + 5_000, 8_000.0)
    assert homeward.set_off is not None
    assert homeward.set_off.low == T + 4_000


def test_trail_does_not_grow_without_end() -> None:
    """A day on the road is not kept whole."""
    journey = outing()
    for step in range(500):
        journey = seen_driving(journey, T + 300 + step * 60, 5_000.0 + step)
    assert len(journey.trail) <= 20


@pytest.mark.parametrize(
    "journey",
    [
        Journey(),
        outing(),
        seen_parked(outing(), T + 1_500, 9_000.0),
        not_online(outing(), T + 4_000),
        seen_driving(seen_parked(outing(), T + 1_500, 9_000.0), T + 3_000, 5_000.0),
    ],
)
def test_stored_and_read_again(journey: Journey) -> None:
    """Over a restart in the middle of the way."""
    assert Journey.from_dict(json.loads(json.dumps(journey.as_dict()))) == journey


@pytest.mark.parametrize(
    "stored", [None, {}, [], {"left": 5}, {**Journey().as_dict(), "trail": [{"at": "x"}]}]
)
def test_nonsense_is_a_new_journey(stored: object) -> None:
    """And loses nothing else."""
    assert Journey.from_dict(stored) == Journey()


def any_journey(rng: random.Random) -> list[Journey]:
    """Return a journey after each of some looks, as they may come: also with a clock that is set back between them."""
    journey, at = Journey(), T
    found = [journey]
    for _ in range(rng.randint(1, 30)):
        at += rng.choice([5.0, 300.0, 9_000.0]) if rng.random() < 0.95 else -7_200.0
        to_home = rng.uniform(100, 20_000)
        match rng.randrange(5):
            case 0:
                journey = not_online(journey, at)
            case 1:
                journey = seen_at_home(at, is_driving=rng.random() < 0.5)
            case 2 | 3:
                journey = seen_driving(journey, at, to_home)
            case _:
                journey = seen_parked(journey, at, to_home)
        found.append(journey)
    return found


def test_whatever_was_seen_makes_sense_and_survives_a_restart() -> None:
    """No span ends before it begins, no stay is left that never was, and no trail is known of a car that stands."""
    rng = random.Random(11)
    seen = 0
    for _ in range(400):
        for journey in any_journey(rng):
            seen += journey.left is not None and journey.set_off is not None
            for span in (journey.left, journey.set_off):
                assert span is None or span.low <= span.best <= span.high, journey
            assert journey.set_off is None or journey.halt is not None
            assert journey.halt is None or journey.set_off is not None or not journey.trail
            assert Journey.from_dict(json.loads(json.dumps(journey.as_dict()))) == journey
    assert seen > 300


def test_every_damaged_part_is_a_new_journey() -> None:
    """Nothing is half known."""
    whole = seen_driving(seen_parked(outing(), T + 1_500, 9_000.0), T + 3_000, 5_000.0).as_dict()
    for key in whole:
        for damage in ("x", ["x"], {"low": 1.0}, 5 if isinstance(whole[key], dict | tuple) else {}):
            assert Journey.from_dict({**whole, key: damage}) == Journey(), (key, damage)
        assert Journey.from_dict({name: item for name, item in whole.items() if name != key}) == Journey()
