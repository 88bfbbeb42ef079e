"""The action that answers the access token: for administrators and automations, and only where it is switched on."""

import json
from typing import Any

from bench import VIN, WORK, SetUp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.setup import async_setup_component
import pytest
import sharing_bench
from sharing_bench import LIFE, SHARING, Programs, listed, refresh_tokens, token_requests

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import Account, Car, Fault, FleetSimulator

programs = sharing_bench.programs


async def take(
    hass: HomeAssistant, entry_id: str | None = None, *, context: Context | None = None
) -> dict[str, Any]:
    """Call the action and return its answer."""
    data = {"config_entry_id": entry_id} if entry_id else {}
    answer = await hass.services.async_call(
        DOMAIN, "get_access_token", data, blocking=True, context=context, return_response=True
    )
    assert isinstance(answer, dict)
    return dict(answer)


@pytest.mark.parametrize("named", [True, False])
async def test_it_answers_a_token_that_works(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    named: bool,
) -> None:
    """The same answer as over HTTP; an old token is renewed before, with one request that is not billed."""
    entry = await set_up(account, SHARING)
    entry_id = entry.entry_id if named else None
    before = len(simulator.requests)
    answer = await take(hass, entry_id)
    assert len(simulator.requests) == before
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
    usd, before = simulator.bill.usd, token_requests(simulator)
    freezer.tick(LIFE)
    renewed = await take(hass, entry_id)
    assert renewed["access_token"] != answer["access_token"]
    assert (simulator.bill.usd, token_requests(simulator)) == (usd, before + 1)
    assert [token for token in refresh_tokens(account) if token in json.dumps([answer, renewed])] == []


async def test_only_administrators_and_automations(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    hass_admin_user: User,
    hass_read_only_user: User,
) -> None:
    """A user of the house is refused, and stands nowhere in the count."""
    entry = await set_up(account, SHARING)
    with pytest.raises(Unauthorized):
        await take(hass, context=Context(user_id=hass_read_only_user.id))
    await take(hass, context=Context(user_id=hass_admin_user.id))
    await take(hass)
    callers = entry.runtime_data.handouts.callers
    assert {name: caller.count for name, caller in callers.items()} == {
        hass_admin_user.name: 1,
        "automation": 1,
    }


async def test_an_automation_can_go_on_with_it(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Home Assistant's own scripts take the answer as they take others."""
    await set_up(account, SHARING)
    told: list[dict[str, Any]] = []
    hass.bus.async_listen("told", lambda event: told.append(dict(event.data)))
    steps = [
        {"action": f"{DOMAIN}.get_access_token", "response_variable": "token"},
        {"event": "told", "event_data_template": {"minutes": "{{ token.remaining_minutes }}"}},
    ]
    checked = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA(steps))
    script = Script(hass, checked, "a script", "script")
    await script.async_run(context=Context())
    await hass.async_block_till_done()
    assert told == [{"minutes": 480}]


async def test_off_says_where_to_switch_it_on(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """By default, named or not, and nothing is counted."""
    entry = await set_up(account)
    for entry_id in (None, entry.entry_id):
        with pytest.raises(ServiceValidationError) as raised:
            await take(hass, entry_id)
        assert raised.value.translation_key == "access_token_not_shared"
        assert "Configure" in str(raised.value)
    assert entry.runtime_data.handouts.total == 0


async def test_accounts_that_are_not_meant(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Several shared and none named, an unknown one, an unloaded one."""
    other = simulator.add_account("other@example.com")
    other.add_car("7SAYGDEE1PF000003", "Other", WORK)
    first, second = await set_up(account, SHARING), await set_up(other, SHARING)
    await hass.config_entries.async_unload(second.entry_id)
    for entry_id, key in (
        (None, "several_accounts_shared"),
        ("nothing", "service_config_entry_not_found"),
        (second.entry_id, "service_config_entry_not_loaded"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await take(hass, entry_id)
        assert raised.value.translation_key == key
    assert await listed(hass, await take(hass, first.entry_id)) == [VIN]


async def test_no_token_to_be_had_is_an_error_with_its_message(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A server that is down and a lost sign-in, each in its words."""
    await set_up(account, SHARING)
    freezer.tick(LIFE)
    simulator.faults.add(Fault("token", "status", status=503, body="down"))
    with pytest.raises(HomeAssistantError) as raised:
        await take(hass)
    assert raised.value.translation_key == "server_error"
    account.revoke()
    freezer.tick(60)
    with pytest.raises(HomeAssistantError) as raised:
        await take(hass)
    assert raised.value.translation_key == "sign_in_required"


async def test_over_the_rest_api_with_a_long_lived_token(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    hass_admin_user: User,
    hass_read_only_user: User,
) -> None:
    """Home Assistant's way to call an action from outside works too, and is as closed to others."""
    await async_setup_component(hass, "api", {})
    await set_up(account, SHARING)
    path = f"/api/services/{DOMAIN}/get_access_token?return_response"
    response = await (await programs("script")).post(path)
    answer = (await response.json())["service_response"]
    assert (response.status, await listed(hass, answer)) == (200, [VIN])
    response = await (await programs("tablet", hass_read_only_user)).post(path)
    assert response.status == 401
    assert answer["access_token"] not in await response.text()
