"""Why the worker reads, pure: reasons wait, are put off, expire, and survive being stored."""

from typing import Any

import pytest

from custom_components.tesla_scout_worker.worker.triggers import EXPIRES_AFTER, Cause, Trigger, add, due

NOW = 1_000_000.0
ARRIVED = Trigger(Cause.ARRIVED_HOME, NOW)


def test_retries_come_ever_later_up_to_half_an_hour() -> None:
    """A worker that fails all night does not ask every minute."""
    waits = []
    trigger = ARRIVED
    for _ in range(9):
        trigger = trigger.failed(NOW, None)
        waits.append(trigger.retry_at - NOW)
    assert waits == [60, 120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800]
    assert trigger.attempts == 9


@pytest.mark.parametrize(("asked", "wait"), [(10.0, 60.0), (5_000.0, 5_000.0), (None, 60.0)])
def test_tesla_may_ask_for_longer_but_not_for_less(asked: float | None, wait: float) -> None:
    """A Retry-After of ten seconds is no reason to hurry."""
    assert ARRIVED.failed(NOW, asked).retry_at == NOW + wait


@pytest.mark.parametrize(
    ("cause", "age", "expired"),
    [
        (Cause.ARRIVED_HOME, EXPIRES_AFTER, False),
        (Cause.ARRIVED_HOME, EXPIRES_AFTER + 1, True),
        (Cause.REQUESTED, EXPIRES_AFTER + 1, True),
        (Cause.FIRST_LOOK, 90 * 86_400, False),
        (Cause.ARRIVED_HOME, -3_600, False),
    ],
)
def test_a_reason_expires_but_a_first_look_does_not(cause: Cause, age: float, expired: bool) -> None:
    """An arrival of yesterday is not worth a read; a car that was never read is, even after a week's sleep."""
    assert Trigger(cause, NOW - age).has_expired(NOW) is expired


def test_first_look_that_is_refused_for_good_becomes_rare() -> None:
    """It does not expire, so its retries grow to hours: what refuses it may be billed."""
    trigger = Trigger(Cause.FIRST_LOOK, NOW)
    for _ in range(12):
        trigger = trigger.failed(NOW, None)
    assert trigger.retry_at - NOW == 21_600


@pytest.mark.parametrize(
    ("trigger", "is_due"),
    [
        pytest.param(ARRIVED, True, id="at once"),
        pytest.param(ARRIVED.failed(NOW, None), False, id="put off"),
        pytest.param(ARRIVED.failed(NOW - 60, None), True, id="its time has come"),
        pytest.param(ARRIVED.failed(NOW, 36_000), False, id="put off for ten hours"),
        pytest.param(
            Trigger(Cause.ARRIVED_HOME, NOW + 9_000, retry_at=NOW + 9_060), True, id="clock set back"
        ),
    ],
)
def test_due(trigger: Trigger, is_due: bool) -> None:
    """Only what is due is worked on, and a clock that was set back puts nothing off."""
    assert due((trigger,), NOW) == ((trigger,) if is_due else ())


def test_second_reason_of_a_kind_replaces_the_first() -> None:
    """Ten presses of a button are one reason; another kind stays."""
    first = Trigger(Cause.REQUESTED, NOW - 50, attempts=3)
    again = Trigger(Cause.REQUESTED, NOW)
    assert add((first, ARRIVED), again) == (ARRIVED, again)


def test_stored_and_read_back_is_the_same() -> None:
    """What is pending survives a restart whole."""
    trigger = Trigger(Cause.ARRIVED_HOME, NOW, is_told=False).failed(NOW, 77)
    assert Trigger.from_dict(trigger.as_dict()) == trigger


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="list"),
        pytest.param({}, id="empty"),
        pytest.param({"cause": "of a later version", "raised_at": NOW}, id="unknown cause"),
        pytest.param({"cause": ["x"], "raised_at": NOW}, id="cause that is a list"),
        pytest.param({"cause": "arrived_home", "raised_at": "soon"}, id="time that is a word"),
    ],
)
def test_what_is_no_trigger_is_dropped(stored: Any) -> None:
    """A damaged store loses a reason, not the start-up."""
    assert Trigger.from_dict(stored) is None


def test_damaged_details_fall_back() -> None:
    """Where only the details are damaged the reason is kept, as told: an event too few is better than a false one."""
    stored = {"cause": "arrived_home", "raised_at": 5, "attempts": "x", "retry_at": None}
    assert Trigger.from_dict(stored) == Trigger(Cause.ARRIVED_HOME, 5, is_told=True)
