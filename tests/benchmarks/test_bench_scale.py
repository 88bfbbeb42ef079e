"""Many cars in one Home Assistant: counts, never this machine's times."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.scale import measure, table


def test_ten_cars_stay_within_the_limits() -> None:
    """None is refused, none is asked twice, and the number of tasks does not grow with the cars."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(measure, 10, 4.0, 6.0).result()
    assert result["cars"] == 10
    assert result["refused_429"] == 0
    assert result["requests_sent_twice"] == 0
    assert result["tasks"] <= 5
    assert 0 < result["most_reads_a_car_and_minute"] <= 4
    assert result["most_requests_a_minute"] <= 40
    assert 100 <= result["state_calls_a_car_and_day"] <= 320
    assert result["loop_seconds_a_car_and_day"] > 0
    assert "| 10 |" in table([result])
