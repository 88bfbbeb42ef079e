"""Diagnostics tell a stranger what happened and why, in figures that agree with Tesla's own bill."""

from itertools import pairwise
from typing import Any

from account_bench import forget_memory, repairs, restart
from bench import VIN, Pass, SetUp, settle
from charge_bench import SIGNED, day_prices, pair, plan
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from lookout import SECOND_VIN, call, park_at, without
import pytest
from told_bench import ClientMaker, told

from custom_components.tesla_scout_worker.budget import _BUDGETS
from custom_components.tesla_scout_worker.const import CONF_PRICE_SOURCE
from custom_components.tesla_scout_worker.diagnostics import _installed
from custom_components.tesla_scout_worker.scout.history import MOST_LOOKS
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator


async def test_an_evening_can_be_told_by_the_file_alone(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Looks with their reasons, requests with what they cost and why, the read, the arrival: all of it is there."""
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    await passes(3_600, step=60)
    park_at(car, HOME)
    await passes(7_200, step=60)
    data = await told(hass, hass_client, entry)
    assert data["entry"]["state"] == "loaded"
    assert data["versions"]["integration"]
    assert data["versions"]["home_assistant"].startswith("20")
    assert data["versions"]["libraries"]["tesla-fleet-api"]

    mine = data["cars"]["car 1"]
    looks = mine["looks"]
    assert looks[0]["why"] == "first_look"
    away = [look for look in looks if look["presence"] == "away"]
    assert {look["kilometres"] for look in away} == {10}
    (came,) = [
        after
        for before, after in pairwise(looks)
        if (before["presence"], after["presence"]) == ("away", "home")
    ]
    assert came["kilometres"] == 0
    assert came["read"] == "position"
    assert came["why"] in {"parked_away", "leaves_about_now"}
    assert mine["full_reads"][0]["cause"] == "first_look"
    assert "arrived_home" in [read["cause"] for read in mine["full_reads"]]
    assert mine["scout"]["presence"] == "home"
    assert mine["scout"]["zone"] == "home"
    assert mine["policy"]["kilometres_at_most"] == 0
    assert mine["policy"]["says"]["reason"] == mine["scout"]["reason"]
    assert mine["policy"]["wish"] == "balanced"
    assert mine["last_read"]["charge_state"]["battery_level"] > 0

    # One line for each request that came in, with the status and the price that are on Tesla's bill.
    requests = data["requests"]
    names = {"state": "vehicle", "list": "vehicles"}
    seen = [
        names.get(str(record.kind), record.kind) for record in simulator.requests if record.kind != "token"
    ]
    # The dialog's own came before there was an entry.
    assert [one["endpoint"] for one in requests] == seen[-len(requests) :]
    assert len(seen) - len(requests) == 1
    assert {one["status"] for one in requests} == {200}
    assert data["money"]["cost_this_month"] == pytest.approx(simulator.bill.usd)
    assert sum(one["cost"] for one in requests) == pytest.approx(simulator.bill.usd)
    assert {one["cause"] for one in requests} >= {"setup", "scout", "worker"}
    assert {one["car"] for one in requests} == {None, "car 1"}


async def test_tokens_are_told_by_their_history(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """When they were renewed, what failed, how many are left; and how it ended."""
    entry = await set_up(account)
    freezer.tick(7 * 3_600)
    simulator.faults.add(Fault("token", "status", status=503))
    await passes(600, step=60)
    token = (await told(hass, hass_client, entry))["token"]
    assert (token["state"], token["renewals"], token["sign_ins"]) == ("fresh", 2, 1)
    assert token["failures_since_start"] == 1
    assert [one["status"] for one in token["requests"]][-2:] == [503, 200]
    assert {one["endpoint"] for one in token["requests"]} == {"refresh"}
    assert len(token["refresh_tokens"]) == 2
    assert token["refresh_tokens"][0]["first_used_at"] is None
    assert token["refresh_tokens"][1]["first_used_at"] is not None
    account.revoke()
    freezer.tick(8 * 3_600)
    await passes(300, step=60)
    data = await told(hass, hass_client, entry)
    assert data["token"]["state"] == "sign_in_needed"
    assert data["token"]["sign_in_cause"] == "refused"
    assert data["token"]["refresh_tokens"] == []
    assert {item["kind"] for item in data["repairs"]} == repairs(hass)


async def test_what_could_not_be_set_up_is_told_too(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Just then a report is written: the state, what Tesla answered, the options, the tokens' health."""
    entry = await set_up(account)
    account.revoke()
    freezer.tick(9 * 3_600)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    data = await told(hass, hass_client, entry)
    assert (data["entry"]["state"], data["entry"]["problem"]) == ("setup_error", "sign_in_required")
    assert data["token"]["requests"][-1]["status"] == 401
    assert data["token"]["state"] == "sign_in_needed"
    assert data["cars"] == {}
    assert data["options"]["promptness"] == "balanced"
    assert data["repairs"][0]["kind"] == "sign_in_refused"


async def test_a_request_that_was_kept_back_is_told_as_such(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """It never left and cost nothing; a row of them is one line."""
    entry = await set_up(account)
    simulator.faults.add(Fault("state", "status", status=429, headers={"Retry-After": "7200"}))
    await passes(3_600, step=60)
    data = await told(hass, hass_client, entry)
    limited = [one for one in data["requests"] if one["status"] == 429]
    assert len(limited) == 1
    looks = data["cars"]["car 1"]["looks"]
    assert looks[-1]["error"] == "rate_limited"
    assert looks[-1]["next_why"] == "retry"
    assert looks[-1]["next_in"] >= 7_000
    assert data["cars"]["car 1"]["scout"]["last_status"] == 429
    assert data["money"]["kept_back_until"]["state"]
    for _ in range(3):
        answer = await call(hass, "get_status")
        assert answer
    before = len(simulator.requests)
    for _ in range(3):
        await entry.runtime_data.cars[VIN].scout.async_refresh()
    data = await told(hass, hass_client, entry)
    assert len(simulator.requests) == before
    assert data["requests"][-1]["kept_back"] == "rate_limited"
    assert data["requests"][-1]["times"] == 3
    assert not data["requests"][-1]["is_sent"]


async def test_looks_outlive_a_restart_and_are_bounded(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Fifty of them, the newest; those from before the restart are there after it."""
    entry = await set_up(account)
    scout = entry.runtime_data.cars[VIN].scout
    for _ in range(MOST_LOOKS + 5):
        await passes(5)
        await scout.async_refresh()
    before = (await told(hass, hass_client, entry))["cars"]["car 1"]["looks"]
    assert len(before) == MOST_LOOKS
    freezer.tick(1)
    assert await restart(hass, entry)
    after = (await told(hass, hass_client, entry))["cars"]["car 1"]["looks"]
    new = len(after) - after.index(before[-1]) - 1
    assert 0 < new < MOST_LOOKS
    assert after[:-new] == before[new:]


async def test_schedules_and_the_plan_are_told(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Whose a schedule is, whether it is for home, what is planned and whether the car has it."""
    park_at(car, HOME)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    car.plug_in(simulator.clock())
    await pair(hass, car)
    entry = await set_up(account, {**SIGNED, CONF_PRICE_SOURCE: {"tariff": {"preset": "flat", "day": 0.3}}})
    await passes(120)
    await plan(hass, price_source=day_prices())
    data = await told(hass, hass_client, entry, VIN)
    mine: dict[str, Any] = data["cars"]["car 1"]
    assert mine["plan"]["in_car"]
    assert mine["plan"]["plan"]["windows"]
    assert mine["charging_schedules"]
    assert {one["made_for"] for one in mine["charging_schedules"]} == {"plan"}
    assert all(one["is_at_home"] for one in mine["charging_schedules"])
    assert mine["commands_go"] == "signed"
    assert data["options"]["price_source"] == {
        "kind": "tariff", "action": None, "tariff": "flat", "settings": ["tariff"],
    }  # fmt: skip
    assert "signed_command" in {one["endpoint"] for one in data["requests"]}


async def test_a_device_tells_of_its_car_and_the_account_of_all(
    hass: HomeAssistant, hass_client: ClientMaker, account: Account, car: Car, set_up: SetUp
) -> None:
    """A car keeps its number, whichever file it is in."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    assert set((await told(hass, hass_client, entry))["cars"]) == {"car 1", "car 2"}
    assert set((await told(hass, hass_client, entry, VIN))["cars"]) == {"car 1"}
    assert set((await told(hass, hass_client, entry, SECOND_VIN))["cars"]) == {"car 2"}
    assert set((await told(hass, hass_client, entry, str(entry.unique_id)))["cars"]) == {"car 1", "car 2"}


async def test_what_was_never_known_is_left_out(
    hass: HomeAssistant, hass_client: ClientMaker, account: Account, car: Car, set_up: SetUp
) -> None:
    """A car that tells no schedules, a library that is not installed, an account that was not set up since the start."""
    car.transform = without("charge_schedule_data", drop=True)
    entry = await set_up(account)
    data = await told(hass, hass_client, entry)
    assert data["cars"]["car 1"]["charging_schedules"] is None
    assert _installed(["no-such-library", "pytest"]) == {
        "no-such-library": None,
        "pytest": pytest.__version__,
    }
    await hass.config_entries.async_unload(entry.entry_id)
    del hass.data[_BUDGETS][entry.entry_id]
    forget_memory(hass)
    data = await told(hass, hass_client, entry)
    assert data["entry"]["state"] == "not_loaded"
    assert (data["money"], data["requests"], data["token"]) == ({}, [], {"requests": []})
