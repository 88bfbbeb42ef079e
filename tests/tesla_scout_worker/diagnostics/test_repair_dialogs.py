"""Each repair that can be mended from Home Assistant is mended by its dialog, over the web as a browser does it."""

from typing import Any

from account_bench import repairs
from bench import VIN, Pass, SetUp, settle
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
from lookout import SECOND_VIN, billed
import pytest
import repair_bench
from repair_bench import Repairing, is_mended, issue_of, trouble

from custom_components.tesla_scout_worker.const import CONF_MONTHLY_BUDGET, DOMAIN
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.issues import WAYS, car_id, update_issue
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator

DISABLED = {"error": "account disabled: EXCEEDED_LIMIT"}

person = repair_bench.person_fixture


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_every_dialog_opens_with_its_words(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing, language: str
) -> None:
    """Each step that can be reached is shown, and whatever it says is there in both languages."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    words = await async_get_translations(hass, language, "issues", {DOMAIN})
    for kind, ways in WAYS.items():
        update_issue(
            hass, entry, kind, is_present=True, about=car_id(entry, VIN),
            placeholders={"name": "Scout", "pairing_url": "https://tesla.com/_ak/x.example", "zones": "zone.x"},
        )  # fmt: skip
        steps = ways if len(ways) > 1 else ("",)
        for way in steps:
            shown = await person.opens(kind)
            if way:
                assert (shown["type"], set(shown["menu_options"])) == ("menu", set(ways)), kind
                shown = await person.chooses(way)
            path = f"component.{DOMAIN}.issues.{kind}.fix_flow"
            if shown["type"] == "abort":
                assert f"{path}.abort.{shown['reason']}" in words
                continue
            assert shown["type"] == "form", (kind, way)
            assert {f"{path}.step.{shown['step_id']}.{part}" for part in ("title", "description")} <= set(
                words
            )
            for field in shown["data_schema"]:
                assert f"{path}.step.{shown['step_id']}.data.{field['name']}" in words
        if "wait" not in ways:
            update_issue(hass, entry, kind, is_present=False, about=car_id(entry, VIN))
    update_issue(hass, entry, "clock_wrong", is_present=True)
    assert not issue_of(hass, "clock_wrong").is_fixable


async def test_a_disabled_account_is_knocked_at(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """Once for each time that is submitted; where it is open again, one read tells so."""
    entry = await set_up(account)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    simulator.faults.add(Fault("api", "json", times=999, status=403, body=DISABLED))
    await passes(1_200, step=60)
    assert "account_disabled" in repairs(hass)
    await person.opens("account_disabled")
    asked = len(simulator.requests)
    assert trouble(await person.submits()) == "not_yet"
    assert len(simulator.requests) - asked == 1
    simulator.faults.clear()
    await passes(1_000, step=1_000)
    before = billed(simulator)
    assert is_mended(await person.submits())
    assert billed(simulator) - before <= 1
    assert "account_disabled" not in repairs(hass)
    assert not entry.runtime_data.budget.is_disabled


async def test_an_app_that_is_registered_again_is_found_so(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """Or the dialog that registers it opens, at the right step."""
    entry = await set_up(account)
    simulator.partner.registered.clear()
    await passes(1_200, step=60)
    await person.opens("app_not_registered")
    await person.chooses("check")
    assert trouble(await person.submits()) == "not_yet"
    await person.opens("app_not_registered")
    ended = await person.chooses("register")
    assert (ended["type"], ended["reason"], ended["next_flow"][0]) == ("abort", "go_on", "config_flow")
    (opened,) = entry.async_get_active_flows(hass, {"reconfigure"})
    assert (opened["flow_id"], opened["step_id"]) == (ended["next_flow"][1], "register")
    assert "app_not_registered" in repairs(hass)
    simulator.partner.registered.add("eu")
    await passes(1_000, step=1_000)
    await person.opens("app_not_registered")
    await person.chooses("check")
    assert is_mended(await person.submits())
    assert "app_not_registered" not in repairs(hass)


async def spend_all(hass: HomeAssistant, set_up: SetUp, account: Account) -> Any:
    """Use up a small budget."""
    entry = await set_up(account, {CONF_MONTHLY_BUDGET: 0.01})
    while entry.runtime_data.budget.scout_may_spend:
        await entry.runtime_data.account.client.vehicle_data(VIN, ("charge_state",), Purpose.REQUESTED)
    await settle(hass)
    assert "budget_spent" in repairs(hass)
    return entry


async def test_a_budget_is_raised_from_its_repair(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """What is too little is told; what is enough takes effect at once."""
    entry = await spend_all(hass, set_up, account)
    await person.opens("budget_spent")
    shown = await person.chooses("raise_budget")
    (field,) = shown["data_schema"]
    assert field["default"] > entry.runtime_data.budget.cost_this_month
    assert trouble(await person.submits(monthly_budget=0.01)) == "too_little"
    assert is_mended(await person.submits(monthly_budget=field["default"]))
    assert entry.options[CONF_MONTHLY_BUDGET] == field["default"]
    assert entry.runtime_data.budget.scout_may_spend
    assert repairs(hass) == set()


async def test_who_would_rather_wait_is_left_alone(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """The repair is put aside, and nothing is changed."""
    entry = await spend_all(hass, set_up, account)
    await person.opens("budget_spent")
    ended = await person.chooses("wait")
    assert (ended["type"], ended["reason"]) == ("abort", "waits")
    assert issue_of(hass, "budget_spent").dismissed_version is not None
    assert entry.options[CONF_MONTHLY_BUDGET] == 0.01


async def test_home_zones_are_chosen_anew(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """Only from those that exist, and at least one."""
    hass.states.async_set("zone.cabin", "0", {"latitude": 52.4, "longitude": 13.1, "radius": 100})
    entry = await set_up(account, {"home_zones": ["zone.cabin"]})
    hass.states.async_remove("zone.cabin")
    await settle(hass)
    shown = await person.opens("home_zone_missing")
    assert shown["description_placeholders"]["zones"] == "zone.cabin"
    assert trouble(await person.submits(home_zones=[])) == "no_zone_chosen"
    assert trouble(await person.submits(home_zones=["zone.cabin"])) == "no_zone_chosen"
    assert is_mended(await person.submits(home_zones=["zone.home"]))
    assert entry.options["home_zones"] == ["zone.home"]
    assert repairs(hass) == set()


async def test_a_car_that_is_refused_is_asked_for_or_let_go(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """It is back; or it is sold, and the other one is looked after alone. A last car cannot be let go that way."""
    account.add_car(SECOND_VIN, "Second", HOME, 44.0, asleep=True)
    entry = await set_up(account)
    sold = account.cars.pop(VIN)
    await passes(7_200, step=120)
    await person.opens("car_refused")
    await person.chooses("check")
    assert trouble(await person.submits()) == "not_yet"
    account.cars[VIN] = sold
    assert is_mended(await person.submits())
    assert repairs(hass) == set()
    about = car_id(entry, VIN)
    update_issue(hass, entry, "car_refused", is_present=True, about=about, placeholders={"name": "Scout"})
    await person.opens("car_refused")
    assert (await person.chooses("stop_watching"))["type"] == "form"
    assert is_mended(await person.submits())
    assert entry.options["watched_vehicles"] == [SECOND_VIN]
    assert set(entry.runtime_data.cars) == {SECOND_VIN}
    about = car_id(entry, SECOND_VIN)
    update_issue(hass, entry, "car_refused", is_present=True, about=about, placeholders={"name": "Second"})
    assert (await person.opens("car_refused"))["step_id"] == "check"


async def test_a_location_that_is_told_again_is_found_so(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """By one read, that of the person who asks."""
    entry = await set_up(account)
    await passes(120)
    car.stay_awake(simulator.clock(), simulator.clock() + 86_400)
    simulator.faults.add(
        Fault("vehicle_data", "json", times=99, status=403, body={"error": "Unauthorized missing scopes"})
    )
    while "location_refused" not in repairs(hass):
        await entry.runtime_data.cars[VIN].scout.async_refresh()
        await passes(1_200, step=1_200)
    await person.opens("location_refused")
    assert trouble(await person.submits()) == "not_yet"
    simulator.faults.clear()
    before = billed(simulator)
    assert is_mended(await person.submits())
    assert billed(simulator) - before == 1
    assert repairs(hass) == set()


async def test_what_has_mended_itself_while_the_dialog_was_open_is_mended(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """Nothing is asked and nothing is changed any more; nor for an account that was deleted meanwhile."""
    account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account)
    options = dict(entry.options)
    asked = len(simulator.requests)
    words = {"name": "Scout", "pairing_url": "https://tesla.com/_ak/x.example"}
    for kind, ways in WAYS.items():
        for way in ways if len(ways) > 1 else ("",):
            update_issue(hass, entry, kind, is_present=True, placeholders=words)
            await person.opens(kind)
            update_issue(hass, entry, kind, is_present=False)
            typed = {"home_zones": ["zone.home"]} if kind == "home_zone_missing" else {}
            shown = await (person.chooses(way) if way else person.submits(**typed))
            assert is_mended(shown) or (way, shown["reason"]) == ("wait", "waits"), (kind, way)
    assert len(simulator.requests) == asked
    assert dict(entry.options) == options
    update_issue(hass, entry, "account_disabled", is_present=True)
    await person.opens("account_disabled")
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues.keys() & {(DOMAIN, f"account_disabled_{entry.entry_id}")}
    assert is_mended(await person.submits())
    update_issue(hass, entry, "account_disabled", is_present=True)
    assert is_mended(await person.opens("account_disabled"))


async def test_where_no_car_can_be_read_the_door_is_opened_for_the_next(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """It costs nothing; what the account says then takes the repair up again, or not."""
    entry = await set_up(account)
    await passes(3_600, step=60)
    simulator.faults.add(Fault("api", "json", times=999, status=403, body=DISABLED))
    await passes(1_800, step=60)
    simulator.faults.clear()
    before = billed(simulator)
    await person.opens("account_disabled")
    assert is_mended(await person.submits())
    assert billed(simulator) == before
    assert not entry.runtime_data.budget.is_disabled


async def test_what_nobody_can_look_at_is_said_to_be_so(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """A car that is not looked after, an account that Home Assistant cannot load: nothing is asked."""
    entry = await set_up(account)
    asked = len(simulator.requests)
    for kind in ("car_refused", "key_not_paired"):
        words = {"name": "Scout", "pairing_url": "https://tesla.com/_ak/x.example"}
        update_issue(hass, entry, kind, is_present=True, about="nobody", placeholders=words)
        shown = await person.opens(kind)
        if shown["type"] == "menu":
            await person.chooses("check")
        assert trouble(await person.submits()) == "not_yet"
    assert len(simulator.requests) == asked
    await person.opens("key_not_paired")
    entry._async_set_state(hass, ConfigEntryState.FAILED_UNLOAD, None)
    assert trouble(await person.submits()) == "not_now"
    entry._async_set_state(hass, ConfigEntryState.LOADED, None)
