"""How often a car may be asked, pure: the buckets, and whether a read still answers."""

import math

import pytest

from custom_components.tesla_scout_worker.request_bound import Bucket, RequestBound, is_still_news

NOW = 1_795_536_000.0


def taken(bucket: Bucket, count: int, now: float) -> int:
    """Return how many of so many tries got a token."""
    return sum(bucket.take(now) == 0 for _ in range(count))


def test_thirty_at_once_and_one_more_every_two_minutes() -> None:
    """An hour of trying each second gets sixty."""
    bucket = RequestBound().billed
    assert taken(bucket, 100, NOW) == 30
    assert bucket.wait(NOW) == bucket.take(NOW) == 120
    assert bucket.wait(NOW + 30) == 90
    assert sum(taken(bucket, 1, NOW + second) for second in range(1, 3_601)) == 30
    assert taken(bucket, 100, NOW + 86_400) == 30


def test_what_is_free_is_bounded_more_widely() -> None:
    """Tesla's own limit is sixty a minute."""
    bucket = RequestBound().free
    assert taken(bucket, 1_000, NOW) == 60
    assert sum(taken(bucket, 1, NOW + second) for second in range(1, 61)) == 6


def test_asking_whether_there_is_one_takes_none() -> None:
    """However often."""
    bucket = Bucket(1, 120.0)
    assert [bucket.wait(NOW) for _ in range(100)] == [0] * 100
    assert bucket.take(NOW) == 0


@pytest.mark.parametrize("step", [-1, -3_600, -86_400 * 365])
def test_a_clock_that_is_set_back_brings_nothing_and_takes_nothing(step: float) -> None:
    """Neither thirty more nor a wait of a year."""
    bucket = RequestBound().billed
    assert taken(bucket, 30, NOW) == 30
    assert bucket.take(NOW + step) == 120
    assert bucket.take(NOW + step + 120) == 0
    full = RequestBound().billed
    full.wait(NOW)
    assert taken(full, 100, NOW + step) == 30


@pytest.mark.parametrize(
    ("age", "is_news"),
    [(0, True), (9.9, True), (10, False), (3_600, False), (-0.1, False), (math.inf, False)],
)
def test_a_read_is_news_for_ten_seconds(age: float, is_news: bool) -> None:
    """One from the future is a clock that was set back."""
    assert is_still_news(NOW - age, NOW) is is_news
    assert not is_still_news(None, NOW)
