"""Who asks again a moment after a read is told the same, and nothing is spent on it."""

import time

from bench import Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import billed, call
import pytest

from fleet_simulator import Account, Car, FleetSimulator


@pytest.mark.parametrize("first", ["scout_now", "run_worker"])
async def test_a_look_that_is_repeated_within_ten_seconds_answers_from_the_last_read(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    first: str,
) -> None:
    """Whoever made that read; nothing is sent, the cost says so, and ten seconds later the car is read again."""
    await set_up(account)
    await passes(15)
    start = time.time()
    await call(hass, first)
    requests = len(simulator.requests)
    await passes(5)
    requests = len(simulator.requests)
    for _ in range(50):
        answer = await call(hass, "scout_now")
        assert (answer["billed"], answer["cars"][0]["position_read"]) == (0, False)
        assert answer["cars"][0]["presence"] == "away"
    assert len(simulator.requests) == requests
    assert billed(simulator, start) == 1
    await passes(6)
    assert (await call(hass, "scout_now"))["billed"] == 1
