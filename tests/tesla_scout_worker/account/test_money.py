"""Money over real HTTP: what the bill says, what is shown, and what a small budget and a loop without end can spend."""

import asyncio
from datetime import datetime, timedelta
import time
from typing import Any
from zoneinfo import ZoneInfo

from account_bench import repairs, shown
from bench import VIN, WORK, Pass, SetUp, filled_in, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import DOMAIN as SENSOR, SensorDeviceClass
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from lookout import SECOND_VIN, asked, billed, call, state
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.metering import Category
from fleet_simulator import Account, Car, Fault, FleetSimulator

BERLIN = ZoneInfo("Europe/Berlin")
ACCOUNT = "sensor.tesla_scout_"
OF_ELECTRICITY = {"sensor.scout_planned_charge_cost", "sensor.scout_last_charge_cost"}


def dollars(hass: HomeAssistant, name: str, prefix: str = ACCOUNT) -> float:
    """Return what a sensor of the account shows."""
    return float(shown(hass, prefix + name))


async def enable_all(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Enable every sensor."""
    registry = er.async_get(hass)
    for item in er.async_entries_for_config_entry(registry, entry.entry_id):
        if item.disabled_by:
            registry.async_update_entity(item.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)


async def test_what_is_shown_is_the_bill(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Two cars, a day and a night: the month, the day, each category, each car, and what was saved."""
    second = account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    await enable_all(hass, entry)
    for one in (car, second):
        one.stay_awake(simulator.clock(), simulator.clock() + 20 * 3_600)
    prefix = "sensor.tesla_scout_second_"
    assert shown(hass, prefix + "expected_cost_this_month") == "unknown"
    await passes(30 * 3_600, step=300)
    midnight = datetime(2026, 11, 25, tzinfo=BERLIN)
    counts = simulator.bill.counts()
    assert dollars(hass, "cost_this_month", prefix) == pytest.approx(simulator.bill.usd)
    assert (
        dollars(hass, "billed_requests_this_month", prefix)
        == dollars(hass, "data_requests_this_month", prefix)
        == counts["data"]
    )
    assert dollars(hass, "billed_requests_today", prefix) == billed(simulator, midnight.timestamp())
    assert dollars(hass, "state_requests_this_month", prefix) == simulator.bill.state_calls
    assert (
        dollars(hass, "command_requests_this_month", prefix)
        == dollars(hass, "wake_requests_this_month", prefix)
        == 0
    )
    cars = sum(float(shown(hass, f"sensor.{name}_cost_this_month")) for name in ("scout", "second"))
    assert cars == pytest.approx(simulator.bill.usd)
    # Each was online for about 20 hours and a little more, until it slept: six reads an hour of each.
    assert 40 * 6 * 0.002 * 0.9 < dollars(hass, "cost_of_a_fixed_poll_this_month", prefix) < 44 * 6 * 0.002
    saved = dollars(hass, "cost_of_a_fixed_poll_this_month", prefix) - simulator.bill.usd
    assert dollars(hass, "saved_this_month", prefix) == pytest.approx(saved)
    a_day = simulator.bill.usd / 30 * 24
    assert dollars(hass, "expected_cost_this_month", prefix) == pytest.approx(
        simulator.bill.usd + 5 * a_day, rel=0.4
    )
    assert shown(hass, prefix + "spending") == "normal"
    today = state(hass, prefix + "billed_requests_today")
    assert today.attributes["last_reset"] == midnight.isoformat()
    month = state(hass, prefix + "cost_this_month")
    assert month.attributes["last_reset"] == datetime(2026, 11, 1, tzinfo=BERLIN).isoformat()
    assert month.attributes["beyond_credit"] == 0
    status = await call(hass, "get_status")
    assert status["month"] == {
        "requests": {"data": counts["data"], "commands": 0, "wakes": 0, "state": simulator.bill.state_calls, "auth": status["month"]["requests"]["auth"]},
        "billed": counts["data"],
        "cost_usd": pytest.approx(simulator.bill.usd),
        "cost_by_purpose_usd": status["month"]["cost_by_purpose_usd"],
        "beyond_credit_usd": 0,
        "budget_usd": 10,
        "forecast_usd": pytest.approx(dollars(hass, "expected_cost_this_month", prefix), rel=0.02),
        "fixed_poll_usd": dollars(hass, "cost_of_a_fixed_poll_this_month", prefix),
        "saved_usd": dollars(hass, "saved_this_month", prefix),
        "spending": "normal",
    }  # fmt: skip
    assert sum(status["month"]["cost_by_purpose_usd"].values()) == pytest.approx(simulator.bill.usd)
    assert status["today"]["cost_usd"] == pytest.approx(0.002 * billed(simulator, midnight.timestamp()))


async def test_no_minus_stands_before_nothing(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """The first read is a fifth of a cent more than a fixed poll has had time for: nobody reads -0.00 dollars."""
    entry = await set_up(account)
    assert -0.005 < entry.runtime_data.budget.saved_this_month < 0
    assert dollars(hass, "saved_this_month") == 0


async def test_sums_have_classes_that_home_assistant_can_plot(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Each number of money has a state class that goes with its device class, and each total says when it began."""
    entry = await set_up(account)
    await enable_all(hass, entry)
    totals = 0
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if item.domain != SENSOR:
            continue
        attributes = state(hass, item.entity_id).attributes
        state_class, device_class = attributes.get("state_class"), item.original_device_class
        if item.entity_id in OF_ELECTRICITY:
            # Of one charge, in the currency of its prices: nothing to sum up.
            assert state_class is None
            continue
        if device_class == "monetary":
            allowed = DEVICE_CLASS_STATE_CLASSES[SensorDeviceClass.MONETARY]
            assert state_class in allowed, item.entity_id
            assert attributes["unit_of_measurement"] == "USD"
        assert ("last_reset" in attributes) is (state_class == "total"), item.entity_id
        totals += state_class == "total"
    # Ten of money and requests, and the energy of a charge.
    assert totals == 11
    assert state(hass, ACCOUNT + "expected_cost_this_month").attributes["state_class"] == "measurement"


async def test_a_request_whose_answer_is_awaited_is_on_the_disk(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Tesla has billed it, and a kill now would have nobody left to hear the answer."""
    entry = await set_up(account)
    await passes(20)
    fault = simulator.faults.add(Fault("vehicle_data", "delay"))
    action = asyncio.create_task(call(hass, "run_worker"))
    await fault.reached()
    freezer.tick(3)
    async_fire_time_changed(hass)
    for _ in range(20):
        await asyncio.sleep(0)
    rows = hass_storage[f"{DOMAIN}.{entry.entry_id}.ledger"]["data"]["ledger"]["2026-11"]
    assert sum(count for category, _, _, count, _ in rows if category == "data") == billed(simulator) == 2
    fault.release()
    assert (await action)["billed"] == 1
    assert entry.runtime_data.budget.billed_this_month == 2


async def test_prices_are_the_owner_s(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Typed in the options, they count from then on; what was spent keeps its price, and what is cleared is Tesla's."""
    entry = await set_up(account)
    await passes(20)
    before = simulator.bill.usd
    assert dollars(hass, "cost_this_month") == before == 0.002

    async def _choose(**prices: float) -> None:
        flows = hass.config_entries.options
        menu = await flows.async_init(entry.entry_id)
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "settings"})
        assert form["data_schema"] is not None
        typed = filled_in(form)
        (folded,) = (key for key in form["data_schema"].schema if str(key) == "prices")
        section = form["data_schema"].schema[folded]
        assert section.options == {"collapsed": True}
        assert {str(key): key.description["suggested_value"] for key in section.schema.schema} == {
            "data": 0.002, "commands": 0.001, "wakes": 0.02, "state": 0.0, "credit": 10.0,
        } | entry.options.get("prices", {})  # fmt: skip
        await flows.async_configure(form["flow_id"], {**typed, "prices": prices})
        await settle(hass)

    await _choose(data=0.003, commands=0.001, wakes=0.02, state=0.0001, credit=8)
    assert entry.options["prices"] == {"data": 0.003, "state": 0.0001, "credit": 8}
    start = time.time()
    answer = await call(hass, "run_worker")
    assert answer["cost_usd"] == pytest.approx(0.003 + 0.0001)
    since = simulator.bill.counts(start)["data"] * 0.003
    states = asked(simulator, "state", start) + asked(simulator, "list", start)
    assert dollars(hass, "cost_this_month") == pytest.approx(before + since + states * 0.0001, abs=2e-4)
    await _choose()
    assert "prices" not in entry.options
    assert (await call(hass, "run_worker"))["cost_usd"] == 0.002


async def test_an_automation_in_a_loop_spends_little(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Once it is refused nothing is sent at all, the message says what to do, and it is let out again by and by."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0).stay_awake(
        simulator.clock(), simulator.clock() + 86_400
    )
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    entry = await set_up(account)
    await passes(20)
    start, device = time.time(), entry.runtime_data.cars[VIN]
    for _ in range(30):
        await device.worker.async_run()
    assert simulator.bill.counts(start)["data"] == 30
    before = len(simulator.requests)
    pending = device.worker.data
    for _ in range(20):
        with pytest.raises(HomeAssistantError) as raised:
            await hass.services.async_call(
                "button", "press", {"entity_id": "button.scout_full_read_now"}, blocking=True
            )
        assert raised.value.translation_key == "asked_too_often"
        assert raised.value.translation_placeholders == {"status": "-", "minutes": "2"}
    assert len(simulator.requests) == before
    assert device.worker.data == pending, "nothing waits, and nothing was put off"
    answer = await call(hass, "run_worker")
    assert [one.get("error") for one in answer["cars"]] == ["asked_too_often", None]
    assert answer["billed"] == 1
    await passes(125, step=25)
    assert (await call(hass, "run_worker"))["billed"] == 2


async def test_a_loop_of_looks_is_bounded_too(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """An hour of a look every eleven seconds: a dollar is not spent, and the answer says why."""
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    await set_up(account)
    await passes(20)
    start, refused = time.time(), 0
    for _ in range(180):
        try:
            await call(hass, "scout_now")
        except HomeAssistantError as err:
            assert err.translation_key == "asked_too_often"  # noqa: PT017 - others are let out
            refused += 1
        await passes(20, step=20)
    # Thirty at once, one each two minutes in an hour, and what the scout itself reads.
    assert refused >= 100
    assert simulator.bill.counts(start)["data"] <= 30 + 30 + 8


async def test_a_small_budget_lasts_and_is_never_exceeded(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A car that never sleeps, in a month for which it is not enough: first thinned, then stopped before the end, told."""
    freezer.move_to(datetime(2026, 12, 1, 0, 5, tzinfo=BERLIN))
    car.stay_awake(simulator.clock(), simulator.clock() + 40 * 86_400)
    budget = 0.1
    entry = await set_up(account, {"monthly_budget": budget})
    seen: set[str] = set()
    factors = [1.0]
    while "budget_spent" not in repairs(hass):
        await passes(1_800, step=300)
        seen.add(shown(hass, ACCOUNT + "spending"))
        factors.append(state(hass, ACCOUNT + "spending").attributes["wait_factor"] or 0)
        assert simulator.clock() < datetime(2026, 12, 20, tzinfo=BERLIN).timestamp()
    spent = simulator.bill.usd
    assert spent <= 0.95 * budget
    assert entry.runtime_data.budget.cost_this_month == pytest.approx(spent)
    assert {"thinned", "reserve"} <= seen
    assert max(factors) > 1.5
    await passes(86_400, step=900)
    # The scout asks only what is free; the worker checks the car once a night, of what is left for it.
    assert spent <= simulator.bill.usd <= spent + 0.002 + 1e-9
    assert simulator.bill.usd <= budget
    assert entry.runtime_data.budget.requests_today[Category.STATE] > 0
    month_end = datetime(2027, 1, 1, tzinfo=BERLIN)
    freezer.move_to(month_end - timedelta(seconds=1))
    await passes(2, step=1)
    assert "budget_spent" not in repairs(hass)
    await passes(7_200, step=300)
    assert simulator.bill.usd > spent
