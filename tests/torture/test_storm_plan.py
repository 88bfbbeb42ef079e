"""The plan of a storm: the same for the same seed, and with everything in it that a storm must have."""

from collections import Counter
from itertools import islice, pairwise

import pytest

from fleet_simulator import Fault
from torture.plan import RoundPlan, storm


def rounds(seed: int, number: int = 400) -> list[RoundPlan]:
    """Return the first rounds of a storm."""
    return list(islice(storm(seed), number))


def test_plan_is_made_by_the_seed() -> None:
    assert rounds(7) == rounds(7)
    assert rounds(7) != rounds(8)
    assert [plan.number for plan in rounds(7, 5)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_plan_has_every_kind_of_trouble(seed: int) -> None:
    plans = rounds(seed)
    played = Counter((fault.request == "token", fault.kind) for plan in plans for fault in plan.faults)
    for kind in (
        "status",
        "reset_before",
        "reset_after",
        "half",
        "garbage",
        "json",
        "delay",
        "double",
        "empty",
    ):
        assert played[True, kind] > 5
        assert played[False, kind] > 5
    statuses = {
        (fault.status, fault.processed)
        for plan in plans
        for fault in plan.faults
        if fault.request == "token" and fault.kind == "status"
    }
    assert {(status, False) for status in (400, 403, 404, 408, 429, 500, 502, 503)} <= statuses
    assert {(500, True), (503, True)} <= statuses
    assert {plan.ending for plan in plans} == {"kill", "kill_at_rotation", "stop"}
    assert Counter(plan.ending == "stop" for plan in plans)[False] > len(plans) * 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_disk_stays_full_over_kills_and_has_room_again(seed: int) -> None:
    full = [plan.disk[:1] == ((0.0, 0),) or plan.disk[:1] == ((0.0, 200),) for plan in rounds(seed)]
    stays = [len(plan.disk) == 1 and plan.disk[0][0] == 0 for plan in rounds(seed)]
    assert any(first and second for first, second in pairwise(stays))
    assert any(full)
    assert not all(full)
    assert any(limit is None for plan in rounds(seed) for _, limit in plan.disk)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clock_is_never_wrong_by_a_day_unless_it_forgot_the_date(seed: int) -> None:
    errors: list[float] = []
    forgotten = 0
    for plan in rounds(seed):
        if plan.clock < -86_400:
            forgotten += 1
            assert plan.clock + plan.steps[-1][1] == 0
            continue
        error = plan.clock
        errors.append(error)
        for _, seconds in plan.steps:
            errors.append(error := error + seconds)
    assert forgotten
    assert max(errors) <= 20 * 3600 + 1
    assert min(errors) >= -20 * 3600 - 1
    assert min(errors) < -3600 < 3600 < max(errors)


def test_no_answer_of_the_weather_is_a_verdict_on_a_token() -> None:
    """What the storm answers in Tesla's place must not be what Tesla says of a dead token, or nothing could survive it."""
    bodies = [fault.body for plan in rounds(1) for fault in plan.faults if fault.request == "token"]
    words = {body.get("error") for body in bodies if isinstance(body, dict)}
    assert words == {"invalid_request", None}


def test_each_fault_can_be_played() -> None:
    for plan in rounds(1):
        for fault in plan.faults:
            Fault(fault.request, fault.kind, status=fault.status, processed=fault.processed)
            assert fault.times >= 1
