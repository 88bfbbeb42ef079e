"""What had stopped starts again, what is found out is told at once, and a closed door is not knocked at without end."""

import asyncio

from account_bench import (
    LIFE,
    is_loaded,
    keeper_of,
    outcomes,
    reauth_flows,
    repairs,
    restart,
    sign_in_state,
    token_requests,
)
from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_health import TokenState
from fleet_simulator import Account, Car, Fault, FleetSimulator


async def act(hass: HomeAssistant, action: str) -> None:
    """Press a button."""
    await hass.services.async_call(DOMAIN, action, {}, blocking=True, return_response=True)


async def test_scouts_run_again_once_the_app_is_known_again(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The app was refused until all had stopped; a renewal that works starts them, and nobody is asked any more."""
    entry = await set_up(account)
    simulator.auth.client_id = "another-app"
    await passes(LIFE + 3600, step=600)
    assert sign_in_state(entry) is TokenState.SIGN_IN_NEEDED
    simulator.auth.client_id = "sim-client"
    await act(hass, "refresh_token")
    await settle(hass)
    assert reauth_flows(hass) == 0
    assert sign_in_state(entry) is TokenState.FRESH
    asked = sum(record.kind == "state" for record in simulator.requests)
    await passes(2 * 3600, step=600)
    assert sum(record.kind == "state" for record in simulator.requests) > asked + 2


async def test_a_refusal_that_a_person_met_asks_the_owner_at_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Not when the next renewal falls due, hours later; and after a restart again."""
    entry = await set_up(account)
    freezer.tick(3600)
    for grant in account.grants:
        grant.revoked = True
    with pytest.raises(HomeAssistantError):
        await act(hass, "refresh_token")
    await settle(hass)
    assert reauth_flows(hass) == 1
    for flow in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(flow["flow_id"])
    assert await restart(hass, entry)
    assert is_loaded(entry), "the access token still works"
    assert reauth_flows(hass) == 1


@pytest.mark.parametrize("trouble", ["unregistered", "disabled"])
async def test_a_mended_door_is_open_at_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    trouble: str,
) -> None:
    """After half a day of refusals the wait is hours long; the owner's button finds it mended, and the scouts go on."""
    entry = await set_up(account)
    closed = None
    if trouble == "unregistered":
        simulator.partner.registered.clear()
    else:
        body = {"error": "account disabled: EXCEEDED_LIMIT"}
        closed = simulator.faults.add(Fault("api", "json", times=None, status=403, body=body))
    await passes(12 * 3600, step=300)
    assert repairs(hass) & {"app_not_registered", "account_disabled"}
    if closed:
        simulator.faults.clear()
    simulator.partner.registered.add("eu")
    car.stay_awake(simulator.clock(), simulator.clock() + 6 * 3600)
    await act(hass, "scout_now")
    await settle(hass)
    assert not repairs(hass) & {"app_not_registered", "account_disabled"}
    asked = sum(record.kind == "state" for record in simulator.requests)
    await passes(3600, step=60)
    assert sum(record.kind == "state" for record in simulator.requests) > asked
    assert is_loaded(entry)


async def test_a_closed_door_is_knocked_at_once_in_a_quarter_of_an_hour(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """An automation that presses the button each minute does not spend by it; and the wait that is told is the true one."""
    await set_up(account)
    # What was read a moment ago answers for a look without a request.
    await passes(15)
    body = {"error": "account disabled: EXCEEDED_LIMIT"}
    simulator.faults.add(Fault("api", "json", times=None, status=403, body=body))
    with pytest.raises(HomeAssistantError) as told:
        await act(hass, "scout_now")
    assert told.value.translation_placeholders
    assert told.value.translation_placeholders["minutes"] == "15"
    before = len(simulator.requests)
    for _ in range(60):
        with pytest.raises(HomeAssistantError):
            await act(hass, "scout_now")
        await passes(60, step=60)
    assert len(simulator.requests) - before <= 4 + 3, (
        "four knocks of the button, the scout's own tries beside"
    )


async def test_a_pause_that_tesla_named_is_kept_by_everybody(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A person's wish shortens our own pause, not the one of a 429."""
    await set_up(account)
    await passes(120, step=60)
    before = token_requests(simulator)
    simulator.faults.add(Fault("token", "status", status=429, headers={"Retry-After": "3600"}))
    for _ in range(20):
        with pytest.raises(HomeAssistantError):
            await act(hass, "refresh_token")
        await passes(61, step=61)
    assert token_requests(simulator) - before == 1
    simulator.faults.add(Fault("token", "status", status=503))
    await passes(3600, step=600)
    asked = token_requests(simulator)
    simulator.faults.add(Fault("token", "status", status=503))
    with pytest.raises(HomeAssistantError):
        await act(hass, "refresh_token")
    assert token_requests(simulator) == asked + 1


async def test_a_request_under_way_at_the_removal_leaves_nothing_behind(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No repair and no dialog of an entry that is gone, and no traceback."""
    entry = await set_up(account)
    client = entry.runtime_data.account.client
    slow = simulator.faults.add(Fault("state", "delay"))
    asking = asyncio.create_task(client.vehicle(VIN, Purpose.REQUESTED))
    await slow.reached()
    await hass.config_entries.async_remove(entry.entry_id)
    slow.release()
    await asyncio.wait([asking])
    with pytest.raises(FleetError) as caught:
        await client.vehicle(VIN, Purpose.REQUESTED)
    assert caught.value.code == "cannot_connect"
    await settle(hass)
    assert repairs(hass) == set()
    assert reauth_flows(hass) == 0
    assert "Traceback" not in caplog.text


async def test_an_access_token_that_was_refused_does_not_come_back(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A reload while its successor cannot be had hands nobody the dead one."""
    entry = await set_up(account)
    freezer.tick(120)
    simulator.faults.add(Fault("token", "status", status=503, times=None))
    account.revoke_access_tokens()
    with pytest.raises(FleetError):
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    refused = sum(record.status == 401 for record in simulator.requests)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert sum(record.status == 401 for record in simulator.requests) == refused == 1
    assert keeper_of(hass, entry).health.usable_until == 0
    assert outcomes(account) == ["rotated"]
