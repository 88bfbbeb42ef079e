"""The address of the access token: who gets it, what they get, and what everybody else is told."""

import asyncio
from typing import Any

from bench import VIN, WORK, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import sharing_bench
from sharing_bench import LIFE, PATH, SHARING, Programs, ask, listed, refresh_tokens, token_requests

from fleet_simulator import Account, Car, Fault, FleetSimulator

programs = sharing_bench.programs
OTHER_VIN = "7SAYGDEE1PF000003"


async def test_a_program_gets_a_token_that_works(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
) -> None:
    """Everything it needs is in the answer, nothing more, and the answer asks nothing of Tesla."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    before = len(simulator.requests)
    status, answer = await ask(program)
    assert len(simulator.requests) == before
    assert status == 200
    assert answer == {
        "status": "success",
        "access_token": entry.data["token"]["access_token"],
        "expires_at": "2026-11-25T00:00:00+00:00",
        "remaining_minutes": 480,
        "token_source": "tesla_scout_worker",
        "region": "eu",
        "api_url": simulator.api_url,
    }
    assert await listed(hass, answer) == [VIN]
    assert await ask(program, entry.entry_id) == (status, answer)


async def test_off_is_the_default_and_holds_at_once(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, programs: Programs
) -> None:
    """Nothing is handed out unless the owner said so, and nothing any more when he says no."""
    entry = await set_up(account)
    program = await programs("evcc")
    for entry_id in (None, entry.entry_id):
        status, answer = await ask(program, entry_id)
        assert (status, answer["status"], answer["error"]) == (403, "error", "disabled")
        assert "Configure" in answer["message"]
        assert set(answer) == {"status", "error", "message"}
    for said, expected in ((True, 200), (False, 403), ("yes", 403), (1, 403)):
        hass.config_entries.async_update_entry(entry, options={"share_access_token": said})
        assert (await ask(program))[0] == expected


async def test_only_an_administrator_gets_it(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: User,
    programs: Programs,
) -> None:
    """A user of the house is refused, in a browser and with a long-lived token, whether it is on or off."""
    entry = await set_up(account, SHARING)
    for program in (
        await hass_client(hass_read_only_access_token),
        await programs("kitchen tablet", hass_read_only_user),
    ):
        for options in (SHARING, {}):
            hass.config_entries.async_update_entry(entry, options=options)
            status, answer = await ask(program)
            assert (status, answer["error"]) == (403, "admins_only")
            assert "administrator" in answer["message"]
    assert entry.runtime_data.handouts.total == 0


async def test_without_a_valid_token_of_home_assistant_nobody_gets_anything(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """No token, a wrong one, one that ended, and Tesla's own: 401, by Home Assistant itself."""
    entry = await set_up(account, SHARING)
    session = await hass_client()
    assert (await session.get(PATH)).status == 200
    stranger = await hass_client_no_auth()
    assert (await stranger.get(PATH)).status == 401
    for bearer in ("wrong", entry.data["token"]["access_token"]):
        response = await stranger.get(PATH, headers={"Authorization": f"Bearer {bearer}"})
        assert response.status == 401
        assert entry.data["token"]["access_token"] not in await response.text()
    freezer.tick(1900)
    assert (await session.get(PATH)).status == 401
    assert entry.runtime_data.handouts.total == 1


async def test_only_asking_is_possible(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, programs: Programs
) -> None:
    """There is nothing to send."""
    await set_up(account, SHARING)
    program = await programs("evcc")
    for method in ("POST", "PUT", "DELETE"):
        assert (await program.request(method, PATH)).status == 405


async def test_an_old_token_is_renewed_once_for_all_who_ask(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    freezer: FrozenDateTimeFactory,
) -> None:
    """By its one owner, with one request, and what is handed out then is the new one."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    _, old = await ask(program)
    # A minute and a bit is left: still good.
    freezer.tick(LIFE - 62)
    before = token_requests(simulator)
    assert (await ask(program))[1] | {"remaining_minutes": 480} == old
    assert token_requests(simulator) == before
    freezer.tick(3)
    (status, answer), *others = await asyncio.gather(*(ask(program) for _ in range(3)))
    assert others == [(status, answer)] * 2
    assert token_requests(simulator) == before + 1
    assert (status, answer["remaining_minutes"]) == (200, 480)
    assert answer["access_token"] == entry.data["token"]["access_token"] != old["access_token"]
    assert await listed(hass, answer) == [VIN]
    assert await ask(program) == (200, answer)
    assert token_requests(simulator) == before + 1


async def test_what_ends_within_a_minute_is_not_handed_out(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Also where Tesla grants short lives: it is renewed before, and where that brings nothing it is refused."""
    short = simulator.add_account("short@example.com", access_token_lifetime=100)
    short.add_car(OTHER_VIN, "Short", WORK)
    await set_up(short, SHARING)
    program = await programs("evcc")
    freezer.tick(50)
    before = token_requests(simulator)
    status, answer = await ask(program)
    assert token_requests(simulator) == before + 1
    assert (status, answer["remaining_minutes"]) == (200, 1)
    short.access_token_lifetime = 50
    freezer.tick(100)
    status, answer = await ask(program)
    assert (status, answer["error"]) == (503, "server_error")
    assert "access_token" not in answer


async def test_a_lost_sign_in_is_told_as_one(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    freezer: FrozenDateTimeFactory,
) -> None:
    """While the last access token works it is handed out; then a program is told that only a person can help."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    account.revoke()
    freezer.tick(LIFE + 1)
    for _ in range(2):
        response = await program.get(PATH)
        answer = await response.json()
        assert (response.status, answer["error"]) == (409, "sign_in_required")
        assert "Retry-After" not in response.headers
        assert "Sign in again" in answer["message"]
    assert entry.runtime_data.handouts.total == 0


async def test_trouble_that_goes_away_is_told_with_a_time(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A program that asks every second does not make Tesla be asked every second; and then it gets its token."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    freezer.tick(LIFE + 1)
    simulator.faults.add(Fault("token", "status", status=503, body="down", times=None))
    before = token_requests(simulator)
    waits: list[int] = []
    for _ in range(5):
        response = await program.get(PATH)
        assert (response.status, (await response.json())["error"]) == (503, "server_error")
        waits.append(int(response.headers["Retry-After"]))
        freezer.tick(2)
    assert token_requests(simulator) == before + 1
    assert waits == [30, 28, 26, 24, 22]
    assert entry.runtime_data.handouts.total == 0
    simulator.faults.clear()
    freezer.tick(waits[-1])
    assert (await ask(program))[0] == 200


async def test_of_two_accounts_the_one_that_is_meant(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
) -> None:
    """Where only one is shared it needs no name; where both are, one has to be named."""
    other = simulator.add_account("other@example.com")
    other.add_car(OTHER_VIN, "Other", WORK)
    first, second = await set_up(account, SHARING), await set_up(other)
    program = await programs("evcc")
    status, answer = await ask(program)
    assert (status, await listed(hass, answer)) == (200, [VIN])
    assert (await ask(program, second.entry_id))[1]["error"] == "disabled"
    hass.config_entries.async_update_entry(second, options=SHARING)
    status, answer = await ask(program)
    assert (status, answer["error"]) == (400, "ambiguous")
    assert "config_entry_id" in answer["message"]
    for entry, vin in ((first, VIN), (second, OTHER_VIN)):
        status, answer = await ask(program, entry.entry_id)
        assert (status, await listed(hass, answer)) == (200, [vin])
    assert (first.runtime_data.handouts.total, second.runtime_data.handouts.total) == (2, 1)


async def test_an_account_that_is_not_there_or_not_ready(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, programs: Programs
) -> None:
    """A wrong name, another integration's, one that is unloaded, disabled or removed: an answer, no traceback."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    foreign = MockConfigEntry(domain="other")
    foreign.add_to_hass(hass)
    for unknown in ("nothing", foreign.entry_id):
        status, answer = await ask(program, unknown)
        assert (status, answer["error"]) == (404, "unknown_account")
    await hass.config_entries.async_unload(entry.entry_id)
    for entry_id in (None, entry.entry_id):
        response = await program.get(PATH, params={"config_entry_id": entry_id} if entry_id else None)
        assert (response.status, (await response.json())["error"]) == (503, "not_loaded")
        assert int(response.headers["Retry-After"]) > 0
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert (await ask(program))[0] == 200
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert (await ask(program))[1]["error"] == "disabled"
    assert (await ask(program, entry.entry_id))[1]["error"] == "unknown_account"


async def test_an_unload_while_the_token_is_renewed_loses_nobodys_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What was asked before is answered and counted, although the account is gone by then."""
    entry = await set_up(account, SHARING)
    program = await programs("evcc")
    freezer.tick(LIFE + 1)
    handouts = entry.runtime_data.handouts
    held = simulator.faults.add(Fault("token", "delay"))
    asking = asyncio.create_task(ask(program))
    await held.reached()
    await hass.config_entries.async_unload(entry.entry_id)
    held.release()
    status, answer = await asking
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert (status, await listed(hass, answer)) == (200, [VIN])
    assert handouts.total == 1


async def test_no_refresh_token_in_any_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    hass_read_only_user: User,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is asked and whatever happens; and the access token stands in no log and no state."""
    entry = await set_up(account, SHARING)
    texts: list[str] = []
    handed_out: set[str] = set()

    async def _collect() -> None:
        for program, entry_id in ((admin, None), (admin, entry.entry_id), (admin, "nothing"), (user, None)):
            response = await program.get(PATH, params={"config_entry_id": entry_id} if entry_id else None)
            texts.append(str(response.headers) + await response.text())
            answer: dict[str, Any] = await response.json()
            handed_out.add(answer.get("access_token", ""))

    admin, user = await programs("evcc"), await programs("tablet", hass_read_only_user)
    for fault in (None, Fault("token", "garbage"), Fault("token", "half")):
        if fault:
            simulator.faults.add(fault)
        await _collect()
        freezer.tick(LIFE + 1)
    await _collect()
    hass.config_entries.async_update_entry(entry, options={})
    await _collect()
    hass.config_entries.async_update_entry(entry, options=SHARING)
    account.revoke()
    freezer.tick(LIFE + 1)
    await _collect()
    handed_out.discard("")
    assert len(handed_out) >= 2
    assert len(refresh_tokens(account)) >= 3
    everything = "".join(texts)
    assert [token for token in refresh_tokens(account) if token in everything] == []
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if not record.name.startswith("pytest_homeassistant_custom_component")
    )
    shown = logged + str([state.as_dict() for state in hass.states.async_all()])
    secrets = handed_out | refresh_tokens(account)
    assert [token for token in secrets if token in shown] == []
