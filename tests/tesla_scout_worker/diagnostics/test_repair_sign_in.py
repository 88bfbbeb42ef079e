"""Repairs of the sign-in are mended by their dialogs, over the web as a browser does it."""

from account_bench import full_disk, reauth_flows, repairs
from bench import Pass, SetUp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from lookout import billed
import pytest
import repair_bench
from repair_bench import Repairing, is_mended, trouble

from custom_components.tesla_scout_worker.issues import update_issue
from fleet_simulator import Account, Car, Fault, FleetSimulator

person = repair_bench.person_fixture


async def test_a_permission_that_was_granted_is_found(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    person: Repairing,
) -> None:
    """By a new token, which costs nothing; the other way leads to the sign-in."""
    entry = await set_up(account)
    account.scopes.discard("vehicle_location")
    await entry.runtime_data.account.async_refresh_token()
    before = billed(simulator)
    await passes(61)
    await person.opens("location_not_granted")
    await person.chooses("check")
    assert trouble(await person.submits()) == "not_yet"
    # A second within a minute is not asked.
    assert trouble(await person.submits()) == "not_now"
    account.scopes.add("vehicle_location")
    await passes(61)
    assert is_mended(await person.submits())
    assert repairs(hass) == set()
    assert billed(simulator) == before
    update_issue(hass, entry, "scopes_missing", is_present=True, placeholders={"scopes": "x"})
    await person.opens("scopes_missing")
    assert (await person.chooses("reconfigure"))["next_flow"][0] == "config_flow"
    assert len(list(entry.async_get_active_flows(hass, {"reconfigure"}))) == 1


async def test_a_lost_sign_in_leads_to_the_one_dialog_that_is_open(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    person: Repairing,
) -> None:
    """Home Assistant has asked already; where that was closed it is opened anew."""
    entry = await set_up(account)
    account.revoke()
    freezer.tick(9 * 3_600)
    await passes(300, step=60)
    assert reauth_flows(hass) == 1
    shown = await person.opens("sign_in_refused")
    assert shown["step_id"] == "sign_in"
    ended = await person.submits()
    (opened,) = entry.async_get_active_flows(hass, {"reauth"})
    assert ended["next_flow"] == ["config_flow", opened["flow_id"]]
    hass.config_entries.flow.async_abort(opened["flow_id"])
    await person.opens("sign_in_refused")
    ended = await person.submits()
    (again,) = entry.async_get_active_flows(hass, {"reauth"})
    assert ended["next_flow"] == ["config_flow", again["flow_id"]]
    assert "sign_in_refused" in repairs(hass)


async def test_an_app_that_tesla_knows_again_is_found_so(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    person: Repairing,
) -> None:
    """The tokens were kept, so nobody has to sign in; the same where the account could not be set up."""
    entry = await set_up(account)
    simulator.faults.add(Fault("token", "status", times=99, status=401, body={"error": "invalid_client"}))
    freezer.tick(9 * 3_600)
    await passes(300, step=60)
    await person.opens("sign_in_app_refused")
    await person.chooses("check")
    assert trouble(await person.submits()) == "not_yet"
    await hass.config_entries.async_reload(entry.entry_id)
    await person.opens("sign_in_app_refused")
    await person.chooses("check")
    assert trouble(await person.submits()) == "not_yet"
    simulator.faults.clear()
    assert is_mended(await person.submits())
    assert repairs(hass) == set()
    assert reauth_flows(hass) == 0


async def test_a_token_is_saved_when_the_disk_takes_it(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch, person: Repairing,
) -> None:  # fmt: skip
    """Asked for by hand, without waiting for the next try."""
    await set_up(account)
    freezer.tick(7 * 3_600)
    with full_disk(monkeypatch):
        await passes(600, step=60)
        await person.opens("token_not_saved")
        assert trouble(await person.submits()) == "not_yet"
    assert is_mended(await person.submits())
    assert "token_not_saved" not in repairs(hass)


async def test_a_token_is_renewed_when_tesla_is_back(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    person: Repairing,
) -> None:
    """Without waiting out the failures."""
    await set_up(account)
    simulator.faults.add(Fault("token", "status", times=99, status=503))
    freezer.tick(7 * 3_600)
    await passes(1_800, step=60)
    await person.opens("token_refresh_fails")
    assert trouble(await person.submits()) == "not_now"
    simulator.faults.clear()
    await passes(61)
    assert is_mended(await person.submits())
    assert repairs(hass) == set()


async def test_another_program_leads_to_a_sign_in_of_its_own(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """The repair stays until that is done."""
    entry = await set_up(account)
    update_issue(hass, entry, "token_used_elsewhere", is_present=True)
    assert (await person.opens("token_used_elsewhere"))["step_id"] == "reconfigure"
    ended = await person.submits()
    assert (ended["type"], ended["reason"]) == ("abort", "go_on")
    assert "token_used_elsewhere" in repairs(hass)
