"""T1 to T3 and T7: one refresh in flight, never lost, on the disk before anyone uses what it brought."""

import asyncio
import json
import threading
from typing import Any

from account_bench import (
    LIFE,
    drafts,
    journalled,
    journals,
    keeper_of,
    kept_in,
    outcomes,
    reauth_flows,
    token_requests,
)
from bench import VIN, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util.file import write_utf8_file_atomic
import pytest

from custom_components.tesla_scout_worker import token_journal
from custom_components.tesla_scout_worker.fleet.errors import ServerError, TokenRejectedError
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Car, Fault, FleetSimulator


async def test_many_callers_make_one_refresh(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Five that need a token, one that was rejected and a person who presses: one request, one result for all."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    old = kept_in(entry).access_token
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    callers = [asyncio.create_task(owner.async_access_token()) for _ in range(5)]
    await held.reached()
    forced = asyncio.create_task(owner.async_refresh_token())
    rejected = asyncio.create_task(owner.async_token_rejected(old))
    await asyncio.sleep(0)
    held.release()
    tokens = set(await asyncio.gather(*callers))
    assert await forced is True
    await rejected
    assert len(tokens) == 1
    assert old not in tokens
    assert token_requests(simulator) == 2
    assert outcomes(account) == ["rotated", "rotated"]


async def test_two_accounts_do_not_refresh_at_the_same_time(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The lock is one for all, so that a sign-in and a renewal of one account never meet at Tesla's."""
    first = await set_up(account)
    other = simulator.add_account("other@example.com")
    other.add_car("5YJ3E1EA1KF000002", "Other")
    second = await set_up(other)
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    one = asyncio.create_task(first.runtime_data.account.async_access_token())
    await held.reached()
    two = asyncio.create_task(second.runtime_data.account.async_access_token())
    for _ in range(20):
        await asyncio.sleep(0)
    assert token_requests(simulator) == 3
    held.release()
    await asyncio.gather(one, two)
    assert token_requests(simulator) == 4


async def test_a_caller_who_leaves_does_not_lose_the_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A cancel in mid-flight: the rotation ends on the disk, and the next caller needs no other."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    caller = asyncio.create_task(owner.async_access_token())
    await held.reached()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    held.release()
    await settle(hass)
    assert journalled(hass).generation == kept_in(entry).generation == 2
    assert await owner.async_access_token() == journalled(hass).access_token
    assert token_requests(simulator) == 2


async def test_a_caller_who_leaves_is_not_missed_when_it_fails(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A failure that nobody waits for any more is no unhandled exception."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay", processed=False))
    caller = asyncio.create_task(entry.runtime_data.account.async_access_token())
    await held.reached()
    caller.cancel()
    await asyncio.wait([caller])
    held.release()
    await settle(hass)
    assert keeper_of(hass, entry).health.failures == 1


async def test_a_reload_in_mid_flight_finds_the_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The set-up waits for what is under way; nothing is asked twice, and the next rotation is a regular one."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    caller = asyncio.create_task(entry.runtime_data.account.async_access_token())
    await held.reached()
    reload = asyncio.create_task(hass.config_entries.async_reload(entry.entry_id))
    for _ in range(20):
        await asyncio.sleep(0)
    held.release()
    assert await reload
    await asyncio.wait([caller])
    await settle(hass)
    assert token_requests(simulator) == 2
    assert kept_in(entry).generation == 2
    assert await entry.runtime_data.account.async_refresh_token()
    assert outcomes(account) == ["rotated"] * 3


async def test_an_unload_in_mid_flight_keeps_the_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An account that is switched off while Tesla answers works when it is switched on again."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    caller = asyncio.create_task(entry.runtime_data.account.async_access_token())
    await held.reached()
    await hass.config_entries.async_unload(entry.entry_id)
    held.release()
    await asyncio.wait([caller])
    await settle(hass)
    assert journalled(hass).generation == kept_in(entry).generation == 2
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert outcomes(account) == ["rotated", "rotated"]


async def test_a_removal_in_mid_flight_leaves_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The late answer is written nowhere, and breaks nothing."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    held = simulator.faults.add(Fault("token", "delay"))
    caller = asyncio.create_task(entry.runtime_data.account.async_access_token())
    await held.reached()
    removal = asyncio.create_task(hass.config_entries.async_remove(entry.entry_id))
    for _ in range(20):
        await asyncio.sleep(0)
    held.release()
    await removal
    await asyncio.wait([caller])
    await settle(hass)
    assert journals(hass) == []
    assert caller.exception() is None


async def test_a_token_is_on_the_disk_before_it_is_used(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At each request that Tesla sees, a file holds its access token and a refresh token that Tesla takes.

    The first is the dialog's own, when it lists the cars: its file is the draft.
    """
    seen: list[tuple[bool, bool, int]] = []
    admitted = simulator.gate._admitted

    def _look(call: Any) -> Any:
        (path,) = journals(hass) or drafts(hass)
        chain = TokenChain.from_dict(json.loads(path.read_text())["data"])
        assert chain
        bearer = call.headers["Authorization"].removeprefix("Bearer ")
        newest = chain.candidates[0].refresh_token
        seen.append((chain.access_token == bearer, account.accepts(newest), path.stat().st_mode & 0o777))
        return admitted(call)

    monkeypatch.setattr(simulator.gate, "_admitted", _look)
    entry = await set_up(account)
    for _ in range(3):
        freezer.tick(LIFE)
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    assert len(seen) > 4
    assert set(seen) == {(True, True, 0o600)}
    assert outcomes(account) == ["rotated"] * 4


async def test_nobody_is_handed_a_token_while_it_is_being_written(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow disk makes a second caller wait as well as the first."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(LIFE)
    is_writing, may_write = threading.Event(), threading.Event()

    def _write_slowly(filename: str, text: str, *, private: bool) -> None:
        if json.loads(text)["data"]["generation"] == 2:
            is_writing.set()
            assert may_write.wait(30)
        write_utf8_file_atomic(filename, text, private=private)

    monkeypatch.setattr(token_journal, "write_utf8_file_atomic", _write_slowly)
    first = asyncio.create_task(owner.async_access_token())
    assert await asyncio.to_thread(is_writing.wait, 30)
    second = asyncio.create_task(owner.async_access_token())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not first.done()
    assert not second.done()
    may_write.set()
    assert await first == await second == journalled(hass).access_token


async def test_a_rejected_token_is_replaced_once_for_all_who_had_it(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Five requests, five answers 401, one refresh: the late ones join it or find it done."""
    entry = await set_up(account)
    client = entry.runtime_data.account.client
    account.revoke_access_tokens()
    await asyncio.gather(*(client.vehicle(VIN, Purpose.REQUESTED) for _ in range(5)))
    assert outcomes(account) == ["rotated", "rotated"]
    assert reauth_flows(hass) == 0


async def test_a_rejected_token_waits_for_the_refresh_that_is_under_way(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A 401 while a person's refresh is in flight is no second one within the minute: it joins."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    old = await owner.async_access_token()
    held = simulator.faults.add(Fault("token", "delay"))
    forced = asyncio.create_task(owner.async_refresh_token())
    await held.reached()
    rejected = asyncio.create_task(owner.async_token_rejected(old))
    await asyncio.sleep(0)
    held.release()
    await rejected
    assert await forced
    assert await owner.async_access_token() != old
    assert token_requests(simulator) == 2


async def test_a_set_up_waits_for_the_refresh_that_is_under_way(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """What it would read from the disk before the answer is old a moment later."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    held = simulator.faults.add(Fault("token", "delay"))
    forced = asyncio.create_task(owner.async_refresh_token())
    await held.reached()
    binding = asyncio.create_task(owner.async_bind())
    for _ in range(20):
        # As long as it takes to read a journal, several times over.
        await asyncio.to_thread(journalled, hass)
    assert not binding.done()
    held.release()
    await asyncio.gather(binding, forced)
    assert journalled(hass) == kept_in(entry)
    assert kept_in(entry).generation == 2


async def test_a_late_401_of_an_old_token_refreshes_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """An answer that was long under way speaks of a token that is no longer in use."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    old = await owner.async_access_token()
    await owner.async_refresh_token()
    await owner.async_token_rejected(old)
    assert token_requests(simulator) == 2


async def test_a_refresh_is_forced_once_a_minute(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Where Tesla rejects every token, good ones too, no loop of refreshes begins."""
    entry = await set_up(account)
    owner = entry.runtime_data.account
    freezer.tick(120)
    simulator.faults.add(Fault("state", "status", status=401, times=None))
    for _ in range(4):
        with pytest.raises(TokenRejectedError):
            await owner.client.vehicle(VIN, Purpose.REQUESTED)
    assert token_requests(simulator) == 2
    assert await owner.async_refresh_token() is False
    freezer.tick(60)
    assert await owner.async_refresh_token() is True
    freezer.tick(-3600)
    assert await owner.async_refresh_token() is True
    assert token_requests(simulator) == 4


async def test_a_dead_token_is_not_used_while_no_other_can_be_had(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """A 401 is billed: while the sign-in server is down, nothing more is sent with what Tesla rejected."""
    entry = await set_up(account)

    def _works() -> bool:
        return entry.runtime_data.account.last_update_success

    await passes(120, step=60)
    simulator.faults.add(Fault("token", "status", status=503, times=None))
    account.revoke_access_tokens()
    with pytest.raises(ServerError):
        await entry.runtime_data.account.client.vehicle(VIN, Purpose.REQUESTED)
    rejected = sum(record.status == 401 for record in simulator.requests)
    await passes(1800, step=60)
    assert rejected == 1
    assert sum(record.status == 401 for record in simulator.requests) == 1
    assert not _works()
    simulator.faults.clear()
    await passes(900, step=60)
    assert _works()
    assert simulator.requests[-1].status == 200
    assert reauth_flows(hass) == 0
