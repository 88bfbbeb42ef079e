"""What the disk and the clock can do to a token: full, damaged, older, gone, a year off."""

from collections.abc import Callable
from contextlib import suppress
import json
from pathlib import Path
from typing import Any

from account_bench import (
    LIFE,
    forget_memory,
    full_disk,
    is_loaded,
    journalled,
    journals,
    keeper_of,
    kept_in,
    outcomes,
    reauth_flows,
    repairs,
    restart,
    token_requests,
)
from bench import VIN, Pass, SetUp, form, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.auth import TokenAnswer, Verdict
from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Car, Fault, FleetSimulator

YEAR = 365 * 86_400.0


async def test_a_full_disk_loses_no_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A repair tells of it, the token works and is in the entry, and it is written once there is room."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    with full_disk(monkeypatch) as refused:
        await passes(600, step=60)
        assert refused
        assert "token_not_saved" in repairs(hass)
        assert journalled(hass).generation == 1
        assert kept_in(entry).generation == 2
        assert not keeper_of(hass, entry).health.is_saved
        assert (await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)).vin == VIN
    await passes(7200, step=600)
    assert "token_not_saved" not in repairs(hass)
    assert journalled(hass) == kept_in(entry)
    assert outcomes(account) == ["rotated", "rotated"]


async def test_a_reload_with_a_full_disk_goes_on_with_what_is_in_memory(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even where neither disk nor entry took the rotation, the keeper knows it."""
    entry = await set_up(account)
    old = dict(entry.data)
    freezer.tick(LIFE)
    with full_disk(monkeypatch):
        await entry.runtime_data.account.async_access_token()
    newest = kept_in(entry)
    hass.config_entries.async_update_entry(entry, data=old)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert kept_in(entry) == newest
    assert token_requests(simulator) == 2


async def test_restarts_cost_no_refresh(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Five restarts in the life of one access token: no request to the sign-in server, no dialog."""
    entry = await set_up(account)
    for _ in range(5):
        assert await restart(hass, entry)
    assert token_requests(simulator) == 1
    assert reauth_flows(hass) == 0


async def test_a_crash_before_the_entry_was_written_is_mended_by_the_journal(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The entry on the disk holds the old token: the journal's is used, goes into the entry, and rotates regularly."""
    entry = await set_up(account)
    old = dict(entry.data)
    freezer.tick(2 * 86_400)
    await entry.runtime_data.account.async_access_token()
    newest = journalled(hass)
    assert await restart(hass, entry, lambda: _put_back(hass, entry, old))
    assert kept_in(entry) == newest
    assert token_requests(simulator) == 2
    freezer.tick(2 * 86_400)
    await entry.runtime_data.account.async_access_token()
    assert outcomes(account) == ["rotated"] * 3


def _put_back(hass: HomeAssistant, entry: Any, data: dict[str, Any]) -> None:
    hass.config_entries.async_update_entry(entry, data=data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text(""),
        lambda path: path.write_text(path.read_text()[: len(path.read_text()) // 2]),
        lambda path: path.write_bytes(b"\xff\xfe\x00garbage"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("null"),
        lambda path: path.write_text("[" * 200_000),
        lambda path: path.write_text('{"version": 1, "data": null}'),
        lambda path: path.write_text('{"version": 1, "data": {"grant": "x", "generation": 99}}'),
        lambda path: path.write_text(
            json.dumps({"data": {"grant": "x", "generation": 99, "candidates": [{"refresh_token": None}]}})
        ),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
async def test_a_damaged_journal_leaves_the_entry_s_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    damage: Callable[[Path], object],
) -> None:
    """Missing, half, foreign or no file at all: the account loads and rotates with what the entry holds."""
    entry = await set_up(account)
    (path,) = journals(hass)
    assert await restart(hass, entry, lambda: damage(path))
    freezer.tick(LIFE)
    await entry.runtime_data.account.async_access_token()
    assert outcomes(account) == ["rotated", "rotated"]
    assert reauth_flows(hass) == 0


@pytest.mark.parametrize(
    "garbage", [None, "x", 7, [], {}, {"access_token": "a", "refresh_token": "EU_x", "expires_at": 1}]
)
async def test_a_damaged_entry_leaves_the_journal_s_token(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    garbage: Any,
) -> None:
    """Whatever stands in the entry, the journal's chain goes on and is put back there."""
    entry = await set_up(account)
    chain = kept_in(entry)
    assert await restart(hass, entry, lambda: _put_back(hass, entry, {**entry.data, CONF_TOKEN: garbage}))
    assert kept_in(entry) == chain
    assert token_requests(simulator) == 1


async def test_with_both_damaged_a_person_is_asked(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Nothing is left to try: one dialog, no request, and a new sign-in mends it."""
    entry = await set_up(account)

    def _lose_all() -> None:
        journals(hass)[0].write_text("garbage")
        _put_back(hass, entry, {**entry.data, CONF_TOKEN: {"access_token": 7}})

    asked = len(simulator.requests)
    assert not await restart(hass, entry, _lose_all)
    assert not is_loaded(entry)
    assert len(simulator.requests) == asked
    assert reauth_flows(hass) == 1
    await _sign_in_again(hass, simulator, account)
    assert is_loaded(entry)


async def _sign_in_again(hass: HomeAssistant, simulator: FleetSimulator, account: Account) -> None:
    (flow,) = hass.config_entries.flow.async_progress()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], form(simulator, account.issue_refresh_token())
    )
    assert result["reason"] == "reauth_successful", result
    await settle(hass)


@pytest.mark.parametrize("wrong", [0, YEAR, -YEAR])
async def test_a_new_sign_in_counts_whatever_the_clock_said(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    wrong: float,
) -> None:
    """The old tokens were fetched while the clock was a year off: the new sign-in still replaces them, for good."""
    freezer.tick(wrong)
    entry = await set_up(account)
    freezer.tick(-wrong)
    account.revoke()
    await _live(entry, freezer)
    await settle(hass)
    assert reauth_flows(hass) == 1
    await _sign_in_again(hass, simulator, account)
    assert await restart(hass, entry)
    assert account.accepts(kept_in(entry).candidates[0].refresh_token)
    assert journalled(hass).grant == kept_in(entry).grant
    await _live(entry, freezer)
    assert reauth_flows(hass) == 0
    assert keeper_of(hass, entry).health.failures == 0


async def test_an_entry_of_a_later_sign_in_wins_over_the_journal(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """An old journal, of however many rotations, does not bring an older sign-in back."""
    entry = await set_up(account)
    old, answer = journalled(hass), TokenAnswer(Verdict.GRANTED, "access", "EU_later")
    for generation in range(50):
        old = old.granted(f"EU_{generation}", answer, simulator.clock() + YEAR)
    await hass.config_entries.flow.async_init(
        entry.domain, context={"source": "reauth", "entry_id": entry.entry_id}, data=entry.data
    )
    await _sign_in_again(hass, simulator, account)
    newest = kept_in(entry)
    text = json.dumps({"version": 1, "data": old.as_dict()})
    assert await restart(hass, entry, lambda: journals(hass)[0].write_text(text))
    assert kept_in(entry).grant == newest.grant


async def _live(entry: ScoutWorkerConfigEntry, freezer: FrozenDateTimeFactory) -> None:
    """Do for a while what the timers would do: those of a clock that went back stand still in a test."""
    for _ in range(20):
        freezer.tick(60)
        await entry.runtime_data.account.async_refresh()
        with suppress(FleetError):
            await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)


@pytest.mark.parametrize("jump", [60 * 86_400.0, -60 * 86_400.0, 86_400.0, -86_400.0, -3600.0])
async def test_a_clock_that_jumps_costs_at_most_one_refresh(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    jump: float,
) -> None:
    """There and back again: no loop, no dialog, and everything works in between."""
    entry = await set_up(account)
    asked = token_requests(simulator)
    freezer.tick(jump)
    await _live(entry, freezer)
    assert token_requests(simulator) - asked <= 1
    freezer.tick(-jump)
    await _live(entry, freezer)
    assert token_requests(simulator) - asked <= 2
    assert simulator.requests[-1].status == 200
    assert entry.runtime_data.account.data.token.failures == 0
    assert reauth_flows(hass) == 0


async def test_a_wait_ends_although_the_clock_was_set_back(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A failure that happened in the future is not waited for until then."""
    entry = await set_up(account)
    freezer.tick(60 * 86_400)
    simulator.faults.add(Fault("token", "status", status=503))
    with pytest.raises(FleetError):
        await entry.runtime_data.account.async_access_token()
    freezer.tick(-60 * 86_400)
    assert await entry.runtime_data.account.async_access_token()


async def test_removing_the_account_removes_its_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Nothing of it stays on the disk or in memory, and the account can be set up anew."""
    entry = await set_up(account)
    token = kept_in(entry).candidates[0].refresh_token
    keeper = keeper_of(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert journals(hass) == []
    assert not keeper.knows(token)
    entry = await set_up(account)
    assert kept_in(entry).generation == 1
    assert keeper_of(hass, entry).health.rotations == 1


async def test_another_keeper_of_the_same_disk_finds_the_same_chain(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """What a keeper journals another one reads: names of files do not depend on the run."""
    entry = await set_up(account)
    await entry.runtime_data.account.async_refresh_token()
    before = journalled(hass)
    forget_memory(hass)
    keeper = keeper_of(hass, entry)
    assert not keeper.knows(before.candidates[0].refresh_token)
    later = await keeper.async_replace(TokenChain.begin("EU_new"))
    assert later["sign_in"] == before.sign_in + 1
    assert TokenChain.from_dict(later) == journalled(hass)
    assert entry.unique_id
    assert entry.unique_id not in journals(hass)[0].name
