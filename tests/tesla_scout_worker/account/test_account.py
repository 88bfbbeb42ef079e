"""The account's coordinator: repairs, regions, scopes and a month's money, as a person sees them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from account_bench import LIFE, reauth_flows, repairs, shown, sign_in_state
from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.tesla_scout_worker.account import AccountData, base_url_of
from custom_components.tesla_scout_worker.const import (
    CONF_API_URL,
    CONF_BASE_URL,
    CONF_MONTHLY_BUDGET,
    CONF_TOKEN_URL,
    DOMAIN,
)
from custom_components.tesla_scout_worker.fleet.errors import AccountDisabledError, FleetError
from custom_components.tesla_scout_worker.fleet.metering import Category, Purpose
from custom_components.tesla_scout_worker.token_health import TokenState
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator

BERLIN = ZoneInfo("Europe/Berlin")


def asked_of_the_api(simulator: FleetSimulator) -> int:
    """Return how many requests the API has seen."""
    return sum(record.role != "auth" for record in simulator.requests)


async def test_a_disabled_account_is_tried_rarely_told_and_works_again_in_the_new_month(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Eighteen hours of EXCEEDED_LIMIT: a handful of requests, a repair, no dialog; then the month turns."""
    freezer.move_to(datetime(2026, 11, 29, 12, tzinfo=BERLIN))
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 3 * 86_400)
    simulator.bill.monthly_limit_usd = 0.0
    before = asked_of_the_api(simulator)
    await passes(18 * 3600, step=300)
    assert 3 <= asked_of_the_api(simulator) - before <= 8
    assert "account_disabled" in repairs(hass)
    assert reauth_flows(hass) == 0
    with pytest.raises(AccountDisabledError) as caught:
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    assert caught.value.retry_after
    await passes(datetime(2026, 12, 1, tzinfo=BERLIN).timestamp() - simulator.clock() - 1, step=600)
    simulator.bill.monthly_limit_usd = None
    await passes(3600, step=60)
    assert "account_disabled" not in repairs(hass)
    assert simulator.requests[-1].status == 200


async def test_a_disabled_account_is_still_known_as_such_after_a_restart(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A reload neither forgets the repair nor tries at once."""
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    simulator.bill.monthly_limit_usd = 0.0
    await passes(3600, step=60)
    before = asked_of_the_api(simulator)
    ir.async_delete_issue(hass, DOMAIN, f"account_disabled_{entry.entry_id}")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert "account_disabled" in repairs(hass)
    assert asked_of_the_api(simulator) == before


async def test_a_spent_budget_is_told_until_the_month_turns(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The repair appears with the request that spent the scout's share, and goes with the month, though nothing is asked."""
    # So that the account's own hourly timer does not fall on midnight.
    freezer.move_to(datetime(2026, 11, 30, 20, 7, tzinfo=BERLIN))
    entry = await set_up(account, {CONF_MONTHLY_BUDGET: 0.01})
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    # The first full read, for which the budget's last read would be kept.
    await passes(900, step=60)
    client = entry.runtime_data.account.client
    while entry.runtime_data.budget.scout_may_spend:
        assert "budget_spent" not in repairs(hass)
        await client.vehicle_data(VIN, ("charge_state",), Purpose.REQUESTED)
    assert "budget_spent" in repairs(hass)
    repair = ir.async_get(hass).async_get_issue(DOMAIN, f"budget_spent_{entry.entry_id}")
    assert repair is not None
    assert (repair.severity, repair.is_fixable) == (ir.IssueSeverity.WARNING, True)
    spent = simulator.bill.counts()["data"]
    await passes(3 * 3600, step=60)
    assert simulator.bill.counts()["data"] == spent
    assert "budget_spent" in repairs(hass)
    await passes(datetime(2026, 12, 1, tzinfo=BERLIN).timestamp() - simulator.clock() - 2, step=60)
    assert "budget_spent" in repairs(hass)
    asked, today = len(simulator.requests), "sensor.tesla_scout_billed_requests_today"
    assert shown(hass, today) != "0"
    await passes(2, step=1)
    assert len(simulator.requests) == asked
    assert "budget_spent" not in repairs(hass)
    assert (shown(hass, today), shown(hass, "sensor.tesla_scout_spending")) == ("0", "normal")


async def test_a_larger_budget_ends_the_repair(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """What the owner changes in the options counts at once."""
    entry = await set_up(account, {CONF_MONTHLY_BUDGET: 0.001})
    await entry.runtime_data.account.client.vehicle_data(VIN, ("charge_state",), Purpose.REQUESTED)
    assert "budget_spent" in repairs(hass)
    hass.config_entries.async_update_entry(entry, options={CONF_MONTHLY_BUDGET: 10})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert "budget_spent" not in repairs(hass)


async def test_without_a_budget_nothing_is_told_to_be_spent(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """An owner who allows nothing unasked gets no repair about it, and nothing is spent."""
    account.add_car("5YJ3E1EA1KF000002")
    await set_up(account, {CONF_MONTHLY_BUDGET: 0})
    spent = simulator.bill.counts()["data"]
    await passes(3600, step=60)
    assert simulator.bill.counts()["data"] == spent
    assert "budget_spent" not in repairs(hass)


async def test_a_location_that_is_not_granted_is_told_and_taken_back(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A renewed token tells what the owner changed, without a new sign-in."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    account.scopes.discard("vehicle_location")
    await owner.async_refresh_token()
    assert owner.data.missing_scopes == {"vehicle_location"}
    assert "location_not_granted" in repairs(hass)
    account.scopes |= {"vehicle_location", "brand_new_scope"}
    owner._keeper._last_forced = 0
    await owner.async_refresh_token()
    assert owner.data.missing_scopes == set()
    assert owner.sees_location
    assert "location_not_granted" not in repairs(hass)


async def test_removing_the_account_removes_its_repairs(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Nothing is left to mend of an account that is gone; another account's repairs stay."""
    other = simulator.add_account("other@example.com", scopes={"vehicle_device_data", "vehicle_location"})
    other.add_car("5YJ3E1EA1KF000002", "Other")
    first, second = await set_up(account), await set_up(other)
    for entry, owner in ((first, account), (second, other)):
        owner.scopes.discard("vehicle_location")
        await entry.runtime_data.account.async_refresh_token()
    assert {key for key in ir.async_get(hass).issues if key[0] == DOMAIN} == {
        (DOMAIN, f"location_not_granted_{entry.entry_id}") for entry in (first, second)
    }
    await hass.config_entries.async_remove(first.entry_id)
    await settle(hass)
    assert {key for key in ir.async_get(hass).issues if key[0] == DOMAIN} == {
        (DOMAIN, f"location_not_granted_{second.entry_id}")
    }


async def test_a_region_that_moved_is_remembered(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A 421 is followed once and stored: the next start asks at the right place."""
    entry = await set_up(account)
    moved = simulator.api_urls["na"]
    entry.runtime_data.account._async_region_moved(moved)
    assert entry.data[CONF_BASE_URL] == moved
    assert base_url_of(entry) == simulator.api_url
    typed = {key: value for key, value in entry.data.items() if key != CONF_API_URL}
    hass.config_entries.async_update_entry(entry, data=typed)
    assert base_url_of(entry) == moved
    hass.config_entries.async_update_entry(entry, data={CONF_TOKEN_URL: "x"})
    assert base_url_of(entry) == "https://fleet-api.prd.na.vn.cloud.tesla.com"


async def test_every_request_is_in_the_ledger_and_on_the_bill(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A day with bad weather: what the meter counted is what the server's side counted."""
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    for kind in ("reset_after", "half", "garbage", "empty"):
        simulator.faults.add(Fault("vehicle_data", kind, skip=1))
        simulator.faults.add(Fault("state", kind, skip=3))
    simulator.faults.add(Fault("vehicle_data", "status", status=503, skip=2))
    simulator.faults.add(Fault("vehicle_data", "status", status=408, skip=2))
    await passes(86_400, step=300)
    budget = entry.runtime_data.budget
    assert all(fault.fired for fault in simulator.faults.active[:4])
    assert budget.billed_this_month == sum(simulator.bill.counts().values())
    assert budget.cost_this_month == pytest.approx(simulator.bill.usd)
    assert budget.requests_this_month[Category.STATE] == simulator.bill.state_calls
    assert budget.requests_this_month[Category.AUTH] == len(account.refreshes)


async def test_a_rate_limit_is_one_pause_and_no_dialog(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Scout and worker share the pause that Tesla asked for, a restart keeps it, and then it goes on by itself."""
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    fault = simulator.faults.add(
        Fault("vehicle_data", "status", status=429, headers={"Retry-After": "7200"}, times=None)
    )
    await passes(3600, step=60)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(3000, step=60)
    assert fault.fired == 1
    assert reauth_flows(hass) == 0
    assert sign_in_state(entry) is TokenState.FRESH
    simulator.faults.clear()
    reads = simulator.bill.counts()["data"]
    await passes(7200, step=60)
    assert simulator.bill.counts()["data"] > reads


async def test_an_answer_after_the_entry_is_gone_is_stored_nowhere(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A removed entry cannot be written to, and that is no error."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    await hass.config_entries.async_remove(entry.entry_id)
    owner._async_store_chain({"grant": "x"})
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_the_list_of_cars_is_asked_for_and_shown(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """One request, by VIN; asking again without news changes nothing."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    account.add_car("5YJ3E1EA1KF000002", "Second", HOME)
    heard: list[AccountData] = []
    owner.async_add_listener(lambda: heard.append(owner.data))
    assert set(await owner.async_list_vehicles()) == {VIN, "5YJ3E1EA1KF000002"}
    assert set(owner.data.vehicles) == {VIN, "5YJ3E1EA1KF000002"}
    told = len(heard)
    owner._async_publish()
    assert len(heard) == told


async def test_a_renewal_that_fails_after_the_token_died_is_told(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Then the coordinator has failed, its sensor says why, and it recovers by itself."""
    entry = await set_up(account)
    freezer.tick(LIFE + 1)
    simulator.faults.add(Fault("token", "status", status=503, times=3))
    await entry.runtime_data.account.async_refresh()
    assert isinstance(entry.runtime_data.account.last_exception, Exception)
    assert not isinstance(entry.runtime_data.account.last_exception, FleetError)
    assert shown(hass, "sensor.tesla_scout_sign_in") == "retrying"
    await passes(600, step=30)
    assert shown(hass, "sensor.tesla_scout_sign_in") == "fresh"


async def test_a_refused_renewal_is_shown_although_the_access_token_lives(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The owner has hours to sign in anew: it is told at once, in the state and in one dialog."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(0.86 * LIFE)
    simulator.faults.add(Fault("token", "status", status=503))
    await owner.async_refresh()
    assert shown(hass, "sensor.tesla_scout_sign_in") == "retrying"
    for grant in account.grants:
        grant.revoked = True
    freezer.tick(60)
    await owner.async_refresh()
    await settle(hass)
    assert shown(hass, "sensor.tesla_scout_sign_in") == "sign_in_needed"
    assert reauth_flows(hass) == 1
    assert (await owner.client.vehicle(VIN, Purpose.REQUESTED)).vin == VIN
