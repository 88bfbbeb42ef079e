"""A disk that takes nothing: no token is spent whose successor could not be kept."""

from account_bench import (
    LIFE,
    disk_trouble,
    is_loaded,
    journalled,
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
from bench import Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.token_health import TokenState
from custom_components.tesla_scout_worker.token_rotation import GRACE
from fleet_simulator import Account, Car, FleetSimulator

KINDS = ["full", "no folder", "no rename"]
_RENEWAL = 0.9 * LIFE


@pytest.mark.parametrize("kind", KINDS)
async def test_a_renewal_waits_for_the_disk_while_the_access_token_lives(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Nothing is spent, a repair tells, and once the disk takes it the token is renewed by itself."""
    entry = await set_up(account)
    freezer.tick(_RENEWAL)
    with disk_trouble(hass, kind, monkeypatch):
        await passes(1200, step=60)
        assert token_requests(simulator) == 1
        assert "token_not_saved" in repairs(hass)
        assert "token_refresh_fails" not in repairs(hass) or sign_in_state(entry) is TokenState.RETRYING
        assert shown(hass, "sensor.tesla_scout_sign_in") == "retrying"
        assert await entry.runtime_data.account.async_access_token()
        with pytest.raises(HomeAssistantError, match="new token cannot be saved"):
            await hass.services.async_call(DOMAIN, "refresh_token", {}, blocking=True)
    await passes(1200, step=60)
    assert "token_not_saved" not in repairs(hass)
    assert sign_in_state(entry) is TokenState.FRESH
    assert outcomes(account) == ["rotated", "rotated"]
    assert journalled(hass) == kept_in(entry)
    assert [path.name for path in journals(hass)[0].parent.glob("tmp*")] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("renewals", [1, 2])
async def test_a_crash_on_a_full_disk_finds_a_token_that_works(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    renewals: int,
) -> None:
    """The access token ends twice, the disk takes neither renewal nor entry, then the power goes: no sign-in."""
    entry = await set_up(account)
    on_disk = dict(entry.data)
    with disk_trouble(hass, kind, monkeypatch):
        for _ in range(renewals):
            freezer.tick(LIFE)
            assert await entry.runtime_data.account.async_access_token()
        assert not keeper_of(hass, entry).health.is_saved
    hass.config_entries.async_update_entry(entry, data=on_disk)
    freezer.tick(LIFE)
    assert await restart(hass, entry)
    assert reauth_flows(hass) == 0
    assert "login_required" not in outcomes(account)
    assert is_loaded(entry)


async def test_after_the_grace_the_token_in_memory_is_all_there_is(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one on the disk is used for a day, until Tesla refuses it, once; then the newest goes on."""
    entry = await set_up(account)
    with disk_trouble(hass, "full", monkeypatch):
        for _ in range(5):
            freezer.tick(LIFE)
            assert await entry.runtime_data.account.async_access_token()
    assert outcomes(account) == [
        "rotated",
        "rotated",
        "grace",
        "grace",
        "login_required",
        "rotated",
        "grace",
    ] or (
        outcomes(account) == ["rotated", "rotated", "grace", "grace", "login_required", "rotated", "rotated"]
    )
    assert reauth_flows(hass) == 0
    freezer.tick(GRACE)
    assert await entry.runtime_data.account.async_access_token()
    assert journalled(hass) == kept_in(entry)


@pytest.mark.parametrize("jump", [-20 * 3600.0, -40 * 365 * 86_400.0])
async def test_a_clock_that_jumps_does_not_make_the_token_on_a_full_disk_look_old(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    jump: float,
) -> None:
    """It was first used by a clock far behind: when the clock is right again, it is still the one to be used."""
    true_time = {"ahead": 0.0}
    clock = simulator.auth._clock
    simulator.auth._clock = simulator._front._clock = lambda: clock() + true_time["ahead"]
    entry = await set_up(account)
    on_disk = dict(entry.data)
    owner = entry.runtime_data.account
    with disk_trouble(hass, "full", monkeypatch):
        freezer.tick(jump)
        true_time["ahead"] = LIFE - jump
        assert await owner.async_access_token()
        freezer.tick(LIFE - jump)
        true_time["ahead"] = 0.0
        for _ in range(2):
            freezer.tick(LIFE)
            assert await owner.async_access_token()
    assert len(account.refreshes) >= 3
    hass.config_entries.async_update_entry(entry, data=on_disk)
    assert await restart(hass, entry)
    await owner.async_access_token()
    assert reauth_flows(hass) == 0
    assert "login_required" not in outcomes(account)


async def test_a_token_whose_successor_never_reached_the_disk_is_found_in_the_entry(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where Home Assistant could save its entry and we not our journal, the entry is the newer one."""
    entry = await set_up(account)
    freezer.tick(LIFE)
    with disk_trouble(hass, "no rename", monkeypatch):
        await entry.runtime_data.account.async_access_token()
    rotated = entry.data[CONF_TOKEN]
    assert await restart(hass, entry)
    await settle(hass)
    assert kept_in(entry).as_dict() == rotated
    assert outcomes(account) == ["rotated", "rotated"]
