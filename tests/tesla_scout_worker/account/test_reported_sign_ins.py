"""What owners of other Tesla integrations lost their sign-in to: each trouble, and that it is none here."""

import asyncio

from account_bench import (
    LIFE,
    is_loaded,
    journals,
    keeper_of,
    kept_in,
    outcomes,
    reauth_flows,
    repairs,
    restart,
    shown,
    sign_in_state,
    token_requests,
)
from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.fleet.errors import FleetError, SignInRequiredError
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_health import TokenState
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Car, Fault, FleetSimulator


def next_look(hass: HomeAssistant) -> str:
    """Return when the scout looks next, as its owner reads it."""
    return shown(hass, "sensor.scout_next_look")


@pytest.mark.parametrize(
    "body",
    [{"error": "token expired (401)"}, {"error": "invalid bearer token"}, ""],
    ids=["expired", "invalid", "empty"],
)
@pytest.mark.parametrize("request_kind", ["state", "vehicle_data"])
async def test_polling_goes_on_after_the_access_token_was_refused_before_its_time(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    body: object,
    request_kind: str,
) -> None:
    """No dialog and no reload is needed: one refresh, the same request once more, and the timer runs on."""
    entry = await set_up(account)
    fault = simulator.faults.add(Fault(request_kind, "status", status=401, body=body))  # type: ignore[arg-type] # one of the kinds
    car.stay_awake(simulator.clock(), simulator.clock() + 6 * 3600)
    await passes(2 * 3600, step=60)
    assert fault.fired == 1
    assert outcomes(account) == ["rotated", "rotated"]
    assert reauth_flows(hass) == 0
    assert sign_in_state(entry) is TokenState.FRESH
    before = next_look(hass)
    await passes(3600, step=60)
    assert next_look(hass) > before


async def test_a_restart_never_replays_a_token_that_was_used(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It works until the first restart, said the owners of programs that kept the rotated token in memory."""
    entry = await set_up(account)
    for _ in range(3):
        freezer.tick(LIFE)
        await passes(60, step=60)
        assert await restart(hass, entry)
    (grant,) = account.grants
    offered = [record.token for record in account.refreshes]
    assert offered == [0, 1, 2, 3]
    assert outcomes(account) == ["rotated"] * 4
    assert len(grant.tokens) == 5


async def test_two_programs_with_one_token_end_in_words_and_not_in_a_storm(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It works for one day, they said. Here each candidate is offered once, and the other program is named."""
    entry = await set_up(account)
    freezer.tick(0.9 * LIFE)
    account.rotate_elsewhere(account.rotate_elsewhere(kept_in(entry).candidates[0].refresh_token))
    before = token_requests(simulator)
    await passes(LIFE, step=600)
    assert token_requests(simulator) - before <= 2
    assert "token_used_elsewhere" in repairs(hass)
    assert reauth_flows(hass) == 1


async def test_requests_at_the_same_instant_share_one_refresh(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Scout, worker, an action and others find the token expired: one request, and all go on with its result."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    runtime = entry.runtime_data
    late = simulator.faults.add(Fault("token", "delay"))
    before = token_requests(simulator)
    asking = [
        asyncio.create_task(runtime.cars[VIN].scout.async_look()),
        asyncio.create_task(runtime.cars[VIN].worker.async_run()),
        asyncio.create_task(
            hass.services.async_call(DOMAIN, "scout_now", {}, blocking=True, return_response=True)
        ),
        *(asyncio.create_task(runtime.account.client.vehicle(VIN, Purpose.REQUESTED)) for _ in range(3)),
    ]
    await late.reached()
    late.release()
    await asyncio.gather(*asking)
    assert token_requests(simulator) - before == 1
    assert outcomes(account) == ["rotated", "rotated"]


async def test_a_late_failure_does_not_wipe_the_newer_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A 401 for a token of before the refresh comes in after it: the new token stays."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    old = await owner.async_access_token()
    freezer.tick(LIFE)
    new = await owner.async_access_token()
    await owner.async_token_rejected(old)
    assert await owner.async_access_token() == new
    assert outcomes(account) == ["rotated", "rotated"]


async def test_a_power_cut_right_after_the_answer_finds_the_new_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Home Assistant had a second left to write its entry: the journal has it already."""
    entry = await set_up(account)
    as_written = dict(entry.data)
    freezer.tick(LIFE)
    await entry.runtime_data.account.async_access_token()
    newest = kept_in(entry)

    def _power_cut() -> None:
        hass.config_entries.async_update_entry(entry, data=as_written)

    assert await restart(hass, entry, _power_cut)
    assert kept_in(entry) == newest
    assert outcomes(account) == ["rotated", "rotated"]


@pytest.mark.parametrize(
    ("faults", "requests"),
    [
        pytest.param([Fault("token", "reset_after")], 2, id="lost after the rotation"),
        pytest.param([Fault("token", "half")], 2, id="cut off after the rotation"),
        pytest.param([Fault("token", "status", status=503, times=3)], 4, id="503 three times"),
        pytest.param([Fault("token", "status", status=503, processed=True)], 2, id="503 after the rotation"),
        pytest.param([Fault("token", "status", status=429, headers={"Retry-After": "60"})], 2, id="429"),
        pytest.param([Fault("token", "garbage", times=2)], 3, id="a page of HTML"),
    ],
)
async def test_a_bad_day_of_the_sign_in_server_is_no_lost_sign_in(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    faults: list[Fault],
    requests: int,
) -> None:
    """Whatever it does but refuse in words: the same token is tried again, with pauses, and nobody is asked."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    before = token_requests(simulator)
    for fault in faults:
        simulator.faults.add(fault)
    await passes(1800, step=30)
    assert token_requests(simulator) - before == requests
    assert reauth_flows(hass) == 0
    assert sign_in_state(entry) is TokenState.FRESH
    assert is_loaded(entry)


async def test_five_restarts_ask_nobody_and_renew_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A sign-in asked for after every restart, they said. Within the life of one token: no request, no dialog."""
    entry = await set_up(account)
    before = token_requests(simulator)
    for _ in range(5):
        freezer.tick(3600)
        assert await restart(hass, entry)
    assert token_requests(simulator) == before
    assert reauth_flows(hass) == 0


async def test_a_refusal_in_the_background_is_told_once_for_all_coordinators(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Entities that stayed unavailable for ever without a word: here one dialog, a repair, and no more requests."""
    account.add_car("5YJ3E1EA1KF000002", "Second")
    entry = await set_up(account)
    freezer.tick(LIFE)
    account.revoke()
    await passes(1800, step=60)
    assert reauth_flows(hass) == 1
    assert repairs(hass) & {"sign_in_refused", "sign_in_revoked"}
    assert shown(hass, "sensor.scout_battery") == "unavailable"
    assert sign_in_state(entry) is TokenState.SIGN_IN_NEEDED
    asked = len(simulator.requests)
    await passes(LIFE, step=600)
    assert len(simulator.requests) == asked


async def test_a_changed_password_asks_within_one_look(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Long before its time the access token dies, and the refresh token with it: two requests tell, not hours."""
    entry = await set_up(account)
    freezer.tick(120)
    account.revoke()
    with pytest.raises((FleetError, ConfigEntryAuthFailed)):
        await entry.runtime_data.cars[VIN].scout.async_look()
    with pytest.raises(SignInRequiredError):
        await entry.runtime_data.account.async_access_token()
    await entry.runtime_data.account.async_refresh()
    await settle(hass)
    assert reauth_flows(hass) == 1
    assert "sign_in_revoked" in repairs(hass)


async def test_a_rate_limit_and_an_expired_token_are_two_things(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """A 429 never leads to a sign-in, a 401 never to a pause; each is counted as what it is."""
    entry = await set_up(account)
    simulator.faults.add(Fault("state", "status", status=429, headers={"Retry-After": "600"}))
    simulator.faults.add(Fault("state", "status", status=401, body={"error": "token expired (401)"}))
    await passes(3 * 3600, step=60)
    assert reauth_flows(hass) == 0
    assert keeper_of(hass, entry).health.rejections == 1
    assert outcomes(account) == ["rotated", "rotated"]
    assert sign_in_state(entry) is TokenState.FRESH


async def test_an_entry_of_another_kind_of_integration_is_taken_over(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
) -> None:
    """A token stored as OAuth libraries do, without a date or with an odd one, signs in all the same."""
    entry = await set_up(account)

    def _older_entry() -> None:

        for path in journals(hass):
            path.unlink()
        token = {"refresh_token": account.issue_refresh_token(), "expires_at": "soon", "access_token": 7}
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: token})

    assert await restart(hass, entry, _older_entry)
    assert sign_in_state(entry) is TokenState.FRESH
    assert TokenChain.from_dict(entry.data[CONF_TOKEN]) == kept_in(entry)
    assert reauth_flows(hass) == 0
