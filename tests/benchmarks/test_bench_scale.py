"""Many cars in one Home Assistant: counts, never this machine's times."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.load import most_in
from benchmarks.scale import measure, table

_CARS = 10


def test_ten_cars_stay_within_the_limits() -> None:
    """None is refused or asked twice, and neither tasks, timers, states nor writes grow with the square of the cars."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(measure, _CARS, 4.0, 6.0).result()
    assert result["cars"] == _CARS
    assert result["refused_429"] == 0
    assert result["requests_sent_twice"] == 0
    assert result["tasks"] <= 5
    assert result["timers"] <= 10 + 2 * _CARS
    assert 0 < result["most_reads_a_car_and_minute"] <= 4
    assert result["most_requests_a_minute"] <= 40
    assert 100 <= result["state_calls_a_day"] / _CARS <= 320
    assert 0 < result["states_a_day"] / _CARS <= 26_000
    assert 0 < result["writes_a_day"]["cars"] <= 2_000
    assert 0 < result["writes_a_day"]["ledger"] <= 3_500
    assert result["loop_seconds_a_day"] > result["simulator_seconds_a_day"] > 0
    assert "| 10 |" in table([result])


def test_most_in_a_minute_is_counted_wherever_the_minute_begins() -> None:
    assert most_in(60, []) == 0
    assert most_in(60, [59.0, 0.0, 61.0, 118.0]) == 3
    assert most_in(60, [0.0, 60.0]) == 1
