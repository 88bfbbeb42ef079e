"""Everybody at once: whoever needs a token at the same instant, the token endpoint is asked once."""

import asyncio
from typing import Any

from bench import SetUp, form, open_paste, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car")


def asked(simulator: FleetSimulator) -> int:
    """Return how many requests the token endpoint has seen."""
    return sum(record.kind == "token" for record in simulator.requests)


@pytest.mark.parametrize("is_slow", [False, True])
async def test_callers_dialogs_and_an_action_make_one_refresh(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    is_slow: bool,
) -> None:
    """Five callers, a dialog that pastes the account's own token, two that are opened for it, and the action."""
    entry = await set_up(account)
    flows = hass.config_entries.flow
    chain = TokenChain.from_dict(entry.data["token"])
    assert chain is not None
    in_use = chain.candidates[0].refresh_token
    pasting = await open_paste(hass)
    freezer.tick(8 * 3600)
    before = asked(simulator)
    held = simulator.faults.add(Fault("token", "delay")) if is_slow else None

    work: list[Any] = [entry.runtime_data.account.async_access_token() for _ in range(5)]
    work += [
        flows.async_configure(pasting, form(simulator, in_use)),
        flows.async_init(
            DOMAIN, context={"source": "reauth", "entry_id": entry.entry_id}, data=dict(entry.data)
        ),
        flows.async_init(DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}),
        hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True, return_response=True),
    ]
    running = [asyncio.create_task(one) for one in work]
    if held:
        await held.reached()
        # Long enough for everybody to get to where he waits.
        for _ in range(100):
            await asyncio.sleep(0)
        held.release()
    *tokens, pasted, reauth, reconfigure, answer = await asyncio.gather(*running)
    await settle(hass)

    assert asked(simulator) == before + 1
    assert len(set(tokens)) == 1
    assert tokens[0] != chain.access_token
    assert (pasted["type"], pasted["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert reauth["step_id"] == "reauth_paste"
    assert reconfigure["type"] is FlowResultType.MENU
    assert answer["refreshed"] is True
    assert [record.outcome for record in account.refreshes] == ["rotated", "rotated"]
    assert entry.data["token"]["access_token"] == tokens[0]


async def test_two_dialogs_with_the_same_pasted_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """A double click on a slow day: one entry, and its token works; the other dialog says that the account is taken."""
    typed = form(simulator, account.issue_refresh_token())
    first, second = await open_paste(hass), await open_paste(hass)
    results = await asyncio.gather(
        hass.config_entries.flow.async_configure(first, typed),
        hass.config_entries.flow.async_configure(second, typed),
    )
    await settle(hass)
    made = [result for result in results if result["type"] is FlowResultType.CREATE_ENTRY]
    (refused,) = (result for result in results if result["type"] is FlowResultType.ABORT)
    assert len(made) == 1
    assert refused["reason"] in {"already_configured", "already_in_progress"}
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert account.accepts(entry.data["token"]["candidates"][0]["refresh_token"])
    answer = await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True, return_response=True)
    assert answer is not None
    assert answer["refreshed"] is True
