"""T4 to T6: what is weather and what is a verdict, through the simulator and over driven hours."""

from itertools import pairwise
from typing import Any

from account_bench import (
    LIFE,
    journalled,
    keeper_of,
    kept_in,
    outcomes,
    reauth_flows,
    repairs,
    shown,
    sign_in_state,
    token_requests,
)
from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    ServerError,
    SignInRequiredError,
    VehicleUnavailableError,
)
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_health import TokenState
from fleet_simulator import Account, Car, Fault, FleetSimulator

DENIED = {"error": "access_denied", "error_description": "restricted to third-party applications only"}
SPENT = {"error": "login_required", "error_description": "Login required"}


@pytest.mark.parametrize(
    ("status", "body", "headers", "most"),
    [
        (403, DENIED, {}, 10),
        (403, SPENT, {}, 10),
        (404, None, {}, 10),
        (408, None, {}, 10),
        (429, None, {"Retry-After": "37829"}, 1),
        (429, None, {}, 5),
        (500, None, {}, 10),
        (503, SPENT, {"Retry-After": "60"}, 10),
        (400, {"error": "invalid_request"}, {}, 10),
        (401, None, {}, 10),
        (401, "<html>login_required</html>", {}, 10),
        (200, "<html>Sign in to the network</html>", {}, 10),
        (200, "", {}, 10),
        (200, None, {}, 10),
        (200, {"refresh_token": "EU_x"}, {}, 10),
        (307, "", {"Location": "http://127.0.0.1:1/"}, 10),
    ],
)
async def test_bad_weather_is_waited_out(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    status: int,
    body: Any,
    headers: dict[str, str],
    most: int,
) -> None:
    """An hour of it with an expired token: a handful of tries, nobody is asked to sign in, and it ends by itself."""
    entry = await set_up(account)
    before = kept_in(entry).candidates[0].refresh_token
    freezer.tick(LIFE)
    fault = simulator.faults.add(
        Fault("token", "status", status=status, body=body, headers=headers, times=None)
    )
    await passes(3600, step=60)
    assert 1 <= fault.fired <= most
    assert reauth_flows(hass) == 0
    assert account.accepts(before)
    assert kept_in(entry).knows(before)
    assert sign_in_state(entry) is TokenState.RETRYING
    assert shown(hass, "sensor.scout_cloud_state") != "asleep"
    assert ("token_refresh_fails" in repairs(hass)) is (most == 10)
    simulator.faults.clear()
    await passes(39_600, step=900)
    assert outcomes(account)[:2] == ["rotated", "rotated"]
    assert sign_in_state(entry) is TokenState.FRESH
    assert "token_refresh_fails" not in repairs(hass)
    assert reauth_flows(hass) == 0


async def test_while_a_failure_is_waited_out_nobody_asks(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """However many need a token, the sign-in server is left alone; a person may ask once in between."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(LIFE)
    fault = simulator.faults.add(Fault("token", "status", status=503, times=None))
    with pytest.raises(ServerError):
        await owner.async_access_token()
    for _ in range(5):
        freezer.tick(5)
        with pytest.raises(ServerError) as caught:
            await owner.async_access_token()
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after < 30
    assert fault.fired == 1
    with pytest.raises(ServerError):
        await owner.async_refresh_token()
    assert fault.fired == 2
    assert await owner.async_refresh_token() is False


async def test_a_408_of_the_sign_in_server_is_no_sleeping_car(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The two hosts use the same status; only one of them knows the car."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    simulator.faults.add(Fault("token", "status", status=408, times=None))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which kind it must not be is the point
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    assert not isinstance(caught.value, VehicleUnavailableError)


async def test_a_lost_answer_is_no_refusal(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Tesla rotated and the connection broke: the token just used is offered again, and works in its grace."""
    entry = await set_up(account)
    used = kept_in(entry).candidates[0].refresh_token
    freezer.tick(LIFE)
    simulator.faults.add(Fault("token", "reset_after"))
    with pytest.raises(AnswerLostError):
        await entry.runtime_data.account.async_access_token()
    assert journalled(hass).candidates[0].refresh_token == used
    await passes(120, step=30)
    assert outcomes(account) == ["rotated", "rotated", "grace"]
    assert account.accepts(kept_in(entry).candidates[0].refresh_token)
    assert reauth_flows(hass) == 0


async def test_a_server_error_after_the_rotation_is_no_refusal(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A 503 may come from behind a rotation that was done: the same token is tried again."""
    await set_up(account)
    freezer.tick(LIFE)
    simulator.faults.add(Fault("token", "status", status=503, processed=True))
    simulator.faults.add(Fault("token", "half"))
    await passes(300, step=30)
    assert outcomes(account) == ["rotated", "rotated", "grace", "grace"]
    assert reauth_flows(hass) == 0


async def test_the_newest_candidate_is_tried_first_and_the_older_one_helps(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A successor that Tesla does not know is dropped, its predecessor is still in its day of grace."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(7200)
    odd = {"access_token": account.issue_access_token(), "refresh_token": "EU_unknown", "expires_in": 3600}
    simulator.faults.add(Fault("token", "json", body=odd, processed=True))
    assert await owner.async_refresh_token()
    freezer.tick(7200)
    await owner.async_access_token()
    assert [(record.outcome, record.reason) for record in simulator.refreshes[-2:]] == [
        ("login_required", "unknown"),
        ("grace", ""),
    ]
    assert not kept_in(entry).knows("EU_unknown")
    assert reauth_flows(hass) == 0


async def test_where_every_candidate_is_refused_a_person_is_asked_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """The owner changed the password: each candidate is offered once, and one dialog waits, however many cars."""
    account.add_car("5YJ3E1EA1KF000002", "Second")
    entry = await set_up(account)
    account.revoke()
    asked = token_requests(simulator)
    await passes(3600, step=60)
    assert token_requests(simulator) - asked == 2
    assert {record.reason for record in account.refreshes[1:]} == {"revoked"}
    assert reauth_flows(hass) == 1
    assert keeper_of(hass, entry).health.needs_sign_in
    assert shown(hass, "sensor.tesla_scout_second_sign_in") == "sign_in_needed"
    quiet = len(simulator.requests)
    await passes(LIFE, step=600)
    assert len(simulator.requests) == quiet
    assert reauth_flows(hass) == 1


async def test_another_program_that_used_the_token_is_a_verdict(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A shared token is refused in words: the candidates are spent one by one, then the owner is asked, once."""
    entry = await set_up(account)
    stolen = kept_in(entry).candidates[0].refresh_token
    for _ in range(2):
        (grant,) = account.grants
        token = next(token for token in grant.tokens if token.value == stolen)
        token.first_used = token.first_used or simulator.clock()
        grant.last_used = token
        stolen = grant.born(token.generation + 1, simulator.clock()).value
    freezer.tick(LIFE)
    await passes(1800, step=60)
    assert outcomes(account) == ["rotated", "login_required", "login_required"]
    assert reauth_flows(hass) == 1


async def test_an_app_that_tesla_does_not_know_is_asked_about_and_costs_no_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Another client ID helps, another token would not: one dialog, few requests, and all candidates are kept."""
    account.add_car("5YJ3E1EA1KF000002", "Second")
    entry = await set_up(account)
    kept = kept_in(entry).candidates
    simulator.auth.client_id = "another-app"
    freezer.tick(LIFE)
    asked = token_requests(simulator)
    await passes(3600, step=60)
    assert token_requests(simulator) - asked == 1
    assert reauth_flows(hass) == 1
    assert sign_in_state(entry) is TokenState.SIGN_IN_NEEDED
    assert [candidate.refresh_token for candidate in kept_in(entry).candidates] == [
        candidate.refresh_token for candidate in kept
    ]
    with pytest.raises(SignInRequiredError):
        await entry.runtime_data.account.async_access_token()
    simulator.auth.client_id = "sim-client"
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert sign_in_state(entry) is TokenState.FRESH
    assert outcomes(account) == ["rotated", "rotated"]


async def test_a_token_is_renewed_long_before_it_ends(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Over two days each rotation falls around four fifths of the life, and no request ever meets a dead token."""
    entry = await set_up(account)
    await passes(2 * 86_400, step=600)
    times = [record.time for record in account.refreshes]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) >= 6
    assert all(0.74 * LIFE < gap < 0.86 * LIFE + 600 for gap in gaps)
    assert set(outcomes(account)) == {"rotated"}
    assert not [record for record in simulator.requests if record.status == 401]
    assert kept_in(entry).generation == len(times)


async def test_while_the_old_token_works_a_failed_renewal_is_no_alarm(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Hours remain: requests go on, the state says that it is being tried again, and then it works."""
    entry = await set_up(account)
    freezer.tick(0.86 * LIFE)
    simulator.faults.add(Fault("token", "status", status=503, times=None))
    await passes(300, step=60)
    assert entry.runtime_data.account.last_update_success
    assert shown(hass, "sensor.tesla_scout_sign_in") == "retrying"
    assert (await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)).vin == VIN
    simulator.faults.clear()
    await passes(900, step=60)
    assert shown(hass, "sensor.tesla_scout_sign_in") == "fresh"
    assert outcomes(account) == ["rotated", "rotated"]
