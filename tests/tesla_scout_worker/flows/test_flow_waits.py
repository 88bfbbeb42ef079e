"""A dialog that has to wait for Tesla says so, and goes on by itself; one that need not wait shows nothing of it."""

import asyncio
from pathlib import Path
from typing import Literal

from bench import form, open_paste, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowResultType, UnknownFlow
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import Account, Fault, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car")


def journals(hass: HomeAssistant) -> list[Path]:
    """Return the token journals on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.token_*"))


async def waits(
    hass: HomeAssistant, simulator: FleetSimulator, freezer: FrozenDateTimeFactory, token: str, slow: Fault
) -> ConfigFlowResult:
    """Submit a token while Tesla is slow; return what is shown after a moment."""
    simulator.faults.add(slow)
    flow_id = await open_paste(hass)
    submitting = asyncio.ensure_future(
        hass.config_entries.flow.async_configure(flow_id, form(simulator, token))
    )
    await slow.reached()
    freezer.tick(2)
    return await submitting


async def goes_on(hass: HomeAssistant, shown: ConfigFlowResult) -> ConfigFlowResult:
    """Ask for the step that is next, as the frontend does when it is told that there is one."""
    await settle(hass)
    return await hass.config_entries.flow.async_configure(shown["flow_id"])


@pytest.mark.parametrize("request_kind", ["token", "list"])
async def test_a_slow_answer_is_told_and_then_gone_on_with(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    freezer: FrozenDateTimeFactory,
    request_kind: Literal["token", "list"],
) -> None:
    """The text names what is asked; the browser is told when the answer is there; the entry is made as ever."""
    slow = Fault(request_kind, "delay")
    told = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED)
    shown = await waits(hass, simulator, freezer, account.issue_refresh_token(), slow)
    assert (shown["type"], shown["step_id"]) == (FlowResultType.SHOW_PROGRESS, "asking")
    assert shown["progress_action"] == "sign_in"
    # Who asks meanwhile, as a browser that is loaded anew does, is shown the same.
    again = await hass.config_entries.flow.async_configure(shown["flow_id"])
    assert again["type"] is FlowResultType.SHOW_PROGRESS
    assert told == []
    slow.release()
    result = await goes_on(hass, shown)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert [event.data["flow_id"] for event in told] == [shown["flow_id"]]
    assert len(account.refreshes) == 1


async def test_a_slow_error_is_on_the_step_with_what_was_typed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """And the same dialog goes on from there."""
    slow = Fault("token", "delay")
    shown = await waits(hass, simulator, freezer, "EU_" + "0" * 48, slow)
    slow.release()
    result = await goes_on(hass, shown)
    assert (result["step_id"], result["errors"]) == ("paste", {"base": "sign_in_required"})
    assert result["data_schema"] is not None
    typed = {
        str(key): key.description["suggested_value"]
        for key in result["data_schema"].schema
        if key.description
    }
    assert typed["client_id"] == simulator.client_id
    right = form(simulator, account.issue_refresh_token())
    result = await hass.config_entries.flow.async_configure(shown["flow_id"], right)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_who_goes_away_meanwhile_leaves_no_token(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """What Tesla grants after that is taken back, and no entry is made."""
    slow = Fault("token", "delay")
    shown = await waits(hass, simulator, freezer, account.issue_refresh_token(), slow)
    hass.config_entries.flow.async_abort(shown["flow_id"])
    slow.release()
    await settle(hass)
    with pytest.raises(UnknownFlow):
        await hass.config_entries.flow.async_configure(shown["flow_id"])
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert journals(hass) == []
