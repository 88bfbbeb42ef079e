"""A token that somebody else uses, and every other reason why only its owner can help: named, and once."""

from collections.abc import Callable
import json
from pathlib import Path

from account_bench import (
    LIFE,
    is_loaded,
    journalled,
    journals,
    keeper_of,
    kept_in,
    outcomes,
    reauth_flows,
    repairs,
    restart,
    sign_in_state,
    token_requests,
)
from bench import VIN, Pass, SetUp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_health import TokenState
from custom_components.tesla_scout_worker.token_journal import TokenJournal
from custom_components.tesla_scout_worker.token_rotation import LIFE as REFRESH_LIFE, SignInCause
from fleet_simulator import Account, Car, Fault, FleetSimulator

SIGN_IN_REPAIRS = {"sign_in_revoked", "sign_in_expired", "sign_in_refused", "sign_in_app_refused"}


def used_by_another(account: Account, token: str) -> None:
    """Another program renews with our token, and again with its successor: ours is spent, and so is its grace."""
    account.rotate_elsewhere(account.rotate_elsewhere(token))


def revoke_refresh_tokens(account: Account) -> None:
    """Only what Tesla was not asked with yet dies."""
    for grant in account.grants:
        grant.revoked = True


async def test_another_program_is_named_as_such(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The refresh token is refused while the access token lives: the dialog and the repair say who did it.

    No more is offered than each candidate once, and what the access token still shows is shown.
    """
    entry = await set_up(account)
    freezer.tick(0.9 * LIFE)
    used_by_another(account, kept_in(entry).candidates[0].refresh_token)
    seen = len(account.refreshes)
    await passes(1800, step=60)
    assert outcomes(account)[seen:] == ["login_required", "login_required"]
    assert len({(record.grant, record.token) for record in account.refreshes[seen:]}) == 2
    assert repairs(hass) & {"token_used_elsewhere", *SIGN_IN_REPAIRS} == {"token_used_elsewhere"}
    assert keeper_of(hass, entry).health.sign_in_cause is SignInCause.ANOTHER_PROGRAM
    assert reauth_flows(hass) == 1
    assert (await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)).vin == VIN


async def test_an_access_token_that_dies_too_was_no_other_program(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """First the refresh token is refused, then the access token: the owner took the access back."""
    entry = await set_up(account)
    freezer.tick(0.9 * LIFE)
    revoke_refresh_tokens(account)
    await passes(120, step=60)
    assert "token_used_elsewhere" in repairs(hass)
    account.revoke_access_tokens()
    with pytest.raises(Exception, match="sign_in_required"):
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    assert repairs(hass) & {"token_used_elsewhere", *SIGN_IN_REPAIRS} == {"sign_in_revoked"}


@pytest.mark.parametrize(
    ("passed", "trouble", "repair"),
    [
        pytest.param(600, lambda _, account: account.revoke(), "sign_in_revoked", id="password changed"),
        pytest.param(REFRESH_LIFE + 1, lambda *_: None, "sign_in_expired", id="off for three months"),
        pytest.param(
            2 * LIFE,
            lambda _, account: revoke_refresh_tokens(account),
            "sign_in_refused",
            id="off for a day, no other hint",
        ),
        pytest.param(
            LIFE,
            lambda simulator, _: setattr(simulator.auth, "client_id", "another-app"),
            "sign_in_app_refused",
            id="app deleted",
        ),
    ],
)
async def test_the_probable_cause_of_a_lost_sign_in_is_told(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    passed: float,
    trouble: Callable[[FleetSimulator, Account], object],
    repair: str,
) -> None:
    """One repair for one cause; a restart does not forget it, a new sign-in takes it back."""
    entry = await set_up(account)
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(passed)
    trouble(simulator, account)
    assert not await restart(hass, entry)
    assert repairs(hass) & {"token_used_elsewhere", *SIGN_IN_REPAIRS} == {repair}
    asked = token_requests(simulator)
    assert not await restart(hass, entry)
    assert repairs(hass) & {"token_used_elsewhere", *SIGN_IN_REPAIRS} == {repair}
    assert reauth_flows(hass) == 1
    if repair != "sign_in_app_refused":
        assert token_requests(simulator) == asked, "what Tesla refused in words is not offered again"


async def test_another_instance_on_the_same_disk_is_followed(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Its newer token is taken over instead of being fought, the owner is told, and told no more when it has gone."""
    entry = await set_up(account)
    freezer.tick(0.9 * LIFE)
    theirs = TokenJournal(hass, entry.unique_id or "")
    (grant,) = account.grants
    mine = journalled(hass)
    successor = account.rotate_elsewhere(mine.candidates[0].refresh_token)
    stored = mine.as_dict()
    stored["candidates"] = [
        {"refresh_token": successor, "offered_at": None},
        {"refresh_token": mine.candidates[0].refresh_token, "offered_at": simulator.clock()},
    ]
    stored |= {
        "access_token": account.issue_access_token(),
        "generation": mine.generation + 1,
        "obtained_at": simulator.clock(),
        "expires_at": simulator.clock() + LIFE,
    }
    journals(hass)[0].write_text(json.dumps({"version": 1, "data": stored}))
    asked = token_requests(simulator)
    await passes(600, step=60)
    assert token_requests(simulator) == asked, "what the other one renewed needs no renewal"
    assert "token_used_elsewhere" in repairs(hass)
    assert reauth_flows(hass) == 0
    assert kept_in(entry).candidates[0].refresh_token == successor
    assert await theirs.async_load() == kept_in(entry)
    freezer.tick(LIFE)
    await passes(600, step=60)
    assert "token_used_elsewhere" not in repairs(hass)
    assert sign_in_state(entry) is TokenState.FRESH
    assert outcomes(account)[-1] == "rotated"
    assert grant.last_used is not None


async def test_a_backup_put_back_keeps_both_branches(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The entry of the backup and the journal went on from the same token: whichever lives is found."""
    entry = await set_up(account)
    mine = kept_in(entry)
    freezer.tick(LIFE)
    await entry.runtime_data.account.async_access_token()
    other = mine.as_dict()
    other["candidates"] = [{"refresh_token": "EU_of_another_branch", "offered_at": None}]
    other["generation"] = kept_in(entry).generation
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": other})
    freezer.tick(LIFE)
    assert await restart(hass, entry)
    assert is_loaded(entry)
    assert reauth_flows(hass) == 0


async def test_a_journal_of_another_account_is_left_alone(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
) -> None:
    """A file that was copied over ours does not make us use another account's token."""
    other = simulator.add_account("other@example.com")
    other.add_car("5YJ3E1EA1KF000002", "Other")
    entry, second = await set_up(account), await set_up(other)
    mine = kept_in(entry)

    def _copy() -> None:
        of = {path: json.loads(path.read_text())["data"]["grant"] for path in journals(hass)}
        (own,) = [path for path, grant in of.items() if grant == mine.grant]
        (foreign,) = [path for path, grant in of.items() if grant == kept_in(second).grant]
        later = json.loads(foreign.read_text())
        later["data"]["sign_in"] = 99
        Path(own).write_text(json.dumps(later))

    assert await restart(hass, entry, _copy)
    assert kept_in(entry) == mine
    assert is_loaded(entry)


async def test_rejections_are_counted_for_a_day(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """How often Tesla answered 401 is shown, and forgotten after a day."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    for _ in range(2):
        simulator.faults.add(Fault("state", "status", status=401, body={"error": "token expired (401)"}))
        assert (await owner.client.vehicle(VIN, Purpose.REQUESTED)).vin == VIN
        freezer.tick(120)
    assert keeper_of(hass, entry).health.rejections == 2
    assert outcomes(account) == ["rotated"] * 3
    await passes(86_400, step=3600)
    assert keeper_of(hass, entry).health.rejections == 0


async def test_a_wrong_clock_is_told_and_taken_back(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Tesla's answers carry its time: a difference that matters is a repair, and no token is lost by it."""
    ahead = 0.0
    clock = simulator.clock
    simulator.clock = simulator._front._clock = simulator.auth._clock = lambda: clock() - ahead
    entry = await set_up(account)
    client = entry.runtime_data.account.client
    await client.vehicle(VIN, Purpose.REQUESTED)
    assert "clock_wrong" not in repairs(hass)
    ahead = 3600.0
    await client.vehicle(VIN, Purpose.REQUESTED)
    await passes(60, step=60)
    assert "clock_wrong" in repairs(hass)
    assert entry.runtime_data.account.data.clock_error == 60
    ahead = 0.0
    await client.vehicle(VIN, Purpose.REQUESTED)
    await passes(60, step=60)
    assert "clock_wrong" not in repairs(hass)
    assert reauth_flows(hass) == 0


async def test_an_app_that_is_not_registered_is_told_and_tried_rarely(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A 412 names the region and is billed: at most eight tries in 18 hours, and a set-up finds it mended."""
    entry = await set_up(account)
    simulator.partner.registered.clear()
    asked = len(simulator.requests)
    await passes(18 * 3600, step=120)
    assert "app_not_registered" in repairs(hass)
    refused = [record for record in simulator.requests[asked:] if record.status == 412]
    assert 0 < len(refused) <= 8
    simulator.partner.registered.add("eu")
    assert await restart(hass, entry)
    assert "app_not_registered" not in repairs(hass)
    assert reauth_flows(hass) == 0


async def test_a_missing_permission_for_the_car_is_told_and_taken_back(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """The scopes that are missing are named."""
    entry = await set_up(account)
    account.scopes.discard("vehicle_device_data")
    await entry.runtime_data.account.async_refresh_token()
    assert "scopes_missing" in repairs(hass)
    account.scopes.add("vehicle_device_data")
    keeper_of(hass, entry)._last_forced = 0
    await entry.runtime_data.account.async_refresh_token()
    assert "scopes_missing" not in repairs(hass)
