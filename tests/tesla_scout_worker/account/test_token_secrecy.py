"""T8: with everything logged, no token is anywhere but in the entry and in its journal."""

import logging
from pathlib import Path
from typing import Any

from account_bench import LIFE, full_disk, journals, outcomes, reauth_flows, texts_in
from bench import Pass, SetUp, form, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest

from fleet_simulator import Account, Car, Fault, FleetSimulator


def tokens_of(account: Account, simulator: FleetSimulator) -> set[str]:
    """Return every token that Tesla ever gave the account."""
    refresh = {token.value for grant in account.grants for token in grant.tokens}
    access = {value for value, token in simulator.auth._access.items() if token.account is account}
    # A signature alone, as a log that cuts a token would show it.
    return refresh | access | {value.rpartition(".")[2] for value in access}


def shown_anywhere(hass: HomeAssistant) -> str:
    """Return all that a person, an automation or an add-on can read of Home Assistant's state."""
    registries: list[Any] = [
        [repr(entity) for entity in er.async_get(hass).entities.values()],
        [repr(device) for device in dr.async_get(hass).devices],
        [repr(issue) for issue in ir.async_get(hass).issues.values()],
        [repr(flow["context"]) for flow in hass.config_entries.flow.async_progress()],
    ]
    return texts_in([state.as_dict() for state in hass.states.async_all()]) + texts_in(registries)


def files_with(tokens: set[str], folder: Path) -> set[str]:
    """Return the names of the files that hold one of these tokens."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(token in path.read_text(errors="replace") for token in tokens)
    }


async def test_no_token_is_told_to_anyone(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Set-up, rotation, lost and late answers, a full disk, a refusal and a new sign-in, all logged in full."""
    caplog.set_level(logging.DEBUG)
    fired: list[str] = []
    hass.bus.async_listen("*", lambda event: fired.append(texts_in(event.as_dict())))
    entry = await set_up(account)
    texts = [shown_anywhere(hass)]
    for fault in (None, Fault("token", "reset_after"), Fault("token", "half"), Fault("token", "garbage")):
        freezer.tick(LIFE)
        if fault:
            simulator.faults.add(fault)
        await passes(300, step=60)
        texts.append(shown_anywhere(hass))
    freezer.tick(LIFE)
    with full_disk(monkeypatch):
        await passes(300, step=60)
        texts.append(shown_anywhere(hass))
    freezer.tick(60)
    simulator.faults.add(Fault("state", "status", status=401))
    answer = await hass.services.async_call(
        entry.domain, "get_status", {}, blocking=True, return_response=True
    )
    texts.append(texts_in(answer))
    account.revoke()
    await passes(1800, step=60)
    texts.append(shown_anywhere(hass))
    assert reauth_flows(hass) == 1
    assert {"rotated", "grace", "login_required"} <= set(outcomes(account))
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], form(simulator, account.issue_refresh_token())
    )
    await settle(hass)
    await passes(60, step=60)
    texts.append(shown_anywhere(hass))

    # The store of the tests logs what it would write to the disk.
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if not record.name.startswith("pytest_homeassistant_custom_component")
    )
    everything = logged + "".join(texts) + "".join(fired)
    tokens = tokens_of(account, simulator)
    assert len(tokens) > 10
    assert "custom_components.tesla_scout_worker" in "".join(record.name for record in caplog.records)
    assert [token for token in tokens if token in everything] == []

    refresh = {token for token in tokens if token.startswith("EU_")}
    assert files_with(refresh, Path(hass.config.config_dir)) == {path.name for path in journals(hass)}
    stores = {
        key for key, stored in hass_storage.items() if any(token in texts_in(stored) for token in refresh)
    }
    assert stores <= {"core.config_entries"}
