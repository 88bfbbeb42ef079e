"""The memory of what the scout did and of what was asked, pure: bounded, coarse, and readable whatever was stored."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.errors import BudgetSpentError, RateLimitedError
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.request_log import MOST_REQUESTS, MOST_TOKENS, RequestLog
from custom_components.tesla_scout_worker.scout.data import ScoutData
from custom_components.tesla_scout_worker.scout.history import (
    MOST_LOOKS,
    MOST_READS,
    FullRead,
    History,
    rough_kilometres,
)
from custom_components.tesla_scout_worker.scout.view import Reason

NOW = 1_795_000_000.0
DAY = date(2026, 11, 24)


def looked(history: History, number: int, **changes: Any) -> History:
    """Return the history after one more look, a minute after the other."""
    at = NOW + 60 * number
    before = ScoutData(last_look=at - 60, last_read=at - 600, reason=Reason.PARKED_AWAY)
    after = replace(before, cloud=CloudState.ONLINE, last_look=at, next_look=at + 90, reason=Reason.DRIVING)
    return history.looked(before, replace(after, **changes), at, None, None)


@pytest.mark.parametrize(
    ("metres", "told"),
    [
        (None, None),
        (0.0, 0),
        (0.4, 1),
        (999.0, 1),
        (1_000.1, 2),
        (8_700.0, 10),
        (640_000.0, 1_000),
        (9e9, 1_000),
    ],
)
def test_a_distance_is_told_so_that_it_tells_no_place(metres: float | None, told: int | None) -> None:
    """Eleven words for all distances there are."""
    assert rough_kilometres(metres) == told


def test_a_look_is_told_with_its_reason_and_what_followed() -> None:
    """The reason is that of the plan before it; no look is told where nothing was looked at."""
    history = looked(History(), 1, to_home=4_321.0)
    (look,) = history.looks
    assert (look.why, look.next_why, look.next_in) == ("parked_away", "driving", 90.0)
    assert (look.read, look.kilometres, look.error) == (None, 5, None)
    same = ScoutData(last_look=NOW)
    assert history.looked(same, replace(same, next_look=NOW + 5), NOW, None, None) is history
    failed = history.looked(same, same, NOW, None, "server_error")
    assert failed.looks[-1].error == "server_error"


def test_a_read_is_told_by_its_cause() -> None:
    """A full one by why it was, a position as that, and each full one once in a row of its own."""
    read = FullRead(NOW + 60, "nightly_check")
    at = ScoutData(last_look=NOW, last_read=NOW)
    after = replace(at, last_look=NOW + 60, last_read=NOW + 60)
    full = History().looked(at, after, NOW + 60, read, None)
    assert full.looks[-1].read == "nightly_check"
    assert full.looked(after, after, NOW + 70, read, None).reads == (read,)
    position = History().looked(at, after, NOW + 60, FullRead(NOW - 9, "command"), None)
    assert position.looks[-1].read == "position"


def test_only_the_last_are_kept() -> None:
    """Of both, whatever happens."""
    history = History()
    for number in range(80):
        history = looked(history, number)
        history = history.looked(ScoutData(), ScoutData(), NOW, FullRead(NOW + number, None), None)
    assert (len(history.looks), len(history.reads)) == (MOST_LOOKS, MOST_READS)
    assert history.looks[-1].at == NOW + 60 * 79
    assert History.from_dict(history.as_dict()) == history


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"looks": None, "reads": 5},
        {
            "looks": [None, 5, {}, {"at": "x"}],
            "reads": [{"at": None, "cause": 1}, {"at": float("inf"), "cause": ""}],
        },
        {"looks": [{"at": float("nan"), "why": "x"}], "reads": [[]]},
    ],
)
def test_what_cannot_be_read_is_left_out(stored: dict[str, Any]) -> None:
    """A damaged file costs the damaged rows."""
    assert History.from_dict(stored) == History()
    good = looked(History(), 1).as_dict()["looks"]
    assert len(History.from_dict({"looks": [*good, {"at": 1}]}).looks) == 1
    # A distance that somebody wrote there in full is made coarse.
    (exact,) = History.from_dict({"looks": [{**good[0], "kilometres": 4.3217}]}).looks
    assert exact.kilometres == 5


def sent(
    log: RequestLog, errand: Errand, status: int | None = 200, *, took: float = 1.0, billed: bool = True
) -> None:
    """Send a request and take its answer."""
    admission = Admission(errand, DAY, 0.002)
    log.admitted(admission, NOW)
    log.settled(admission, status, NOW + took, sent=True, billed=billed)


def test_each_request_is_told_with_what_became_of_it() -> None:
    """Answers find their own request, also where the same was asked twice at once."""
    log = RequestLog()
    errand = Errand(Category.DATA, Purpose.SCOUT, "V", "vehicle_data")
    first, second = Admission(errand, DAY, 0.002), Admission(errand, DAY, 0.002)
    log.admitted(first, NOW)
    log.admitted(second, NOW)
    log.settled(first, 503, NOW + 3, sent=True, billed=False)
    one, two = log.requests
    assert (one.status, one.seconds, one.cost) == (503, 3, 0.0)
    assert (two.status, two.seconds, two.cost) == (None, None, 0.002)
    log.settled(second, None, NOW + 45, sent=False, billed=False)
    assert (two.is_sent, two.cost) == (False, 0.0)
    # A second answer to the same is none.
    log.settled(second, 200, NOW + 50, sent=True, billed=True)
    assert two.status is None


def test_the_rings_are_bounded_and_tokens_have_their_own() -> None:
    """A month of looks does not push out how the sign-in went."""
    log = RequestLog()
    sent(log, Errand(Category.AUTH, Purpose.TOKEN, endpoint="refresh"))
    for _ in range(300):
        sent(log, Errand(Category.STATE, Purpose.SCOUT, "V", "vehicle"))
    assert len(tuple(log.requests)) == MOST_REQUESTS
    assert len(tuple(log.tokens)) == 1
    for _ in range(50):
        sent(log, Errand(Category.AUTH, Purpose.TOKEN))
    assert len(tuple(log.tokens)) == MOST_TOKENS


def test_what_is_kept_back_in_a_row_is_one_line() -> None:
    """With how often; another reason is another line."""
    log = RequestLog()
    errand = Errand(Category.DATA, Purpose.REQUESTED, "V", "vehicle_data")
    for number in range(500):
        log.kept_back(errand, RateLimitedError(429), NOW + number)
    log.kept_back(errand, BudgetSpentError(), NOW)
    first, last = log.requests
    assert (first.kept_back, first.times, first.at) == ("rate_limited", 500, NOW + 499)
    assert (last.kept_back, last.times, last.is_sent) == ("budget_spent", 1, False)
