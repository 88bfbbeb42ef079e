"""Who was given the token how often: by the owner's names, over restarts and kills, shown and forgotten."""

from copy import deepcopy
from typing import Any

from bench import Pass, SetUp, filled_in, settle
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er
from lookout import call, state
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import sharing_bench
from sharing_bench import COUNTER, PATH, SHARING, Programs, ask

from custom_components.tesla_scout_worker import token_sharing
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.token_sharing import Handouts
from fleet_simulator import Account, Car

programs = sharing_bench.programs


def store_key(entry: ScoutWorkerConfigEntry) -> str:
    """Return the name of the entry's count on the disk."""
    return f"{DOMAIN}.{entry.entry_id}.handouts"


async def restart(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    hass_storage: dict[str, Any],
    disk: dict[str, Any] | None = None,
) -> None:
    """Restart Home Assistant as far as the count is concerned. disk: what a kill left there instead."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.data.pop(token_sharing._HANDOUTS, None)
    if disk is not None:
        hass_storage[store_key(entry)] = disk
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


def shown(hass: HomeAssistant) -> tuple[str, dict[str, int]]:
    """Return what the counter shows: the total, and the callers."""
    counter = state(hass, COUNTER)
    return counter.state, counter.attributes["callers"]


async def test_each_caller_is_counted_by_the_owners_name_for_it(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    hass_client: ClientSessionGenerator,
    hass_admin_user: User,
    passes: Pass,
) -> None:
    """A long-lived token by its name, a browser and an action by the user's, an automation as one."""
    hass_admin_user.name = "Ada"
    await set_up(account, SHARING)
    assert shown(hass) == ("0", {})
    assert state(hass, COUNTER).attributes["last_handout"] is None
    evcc, script = await programs("evcc"), await programs("  my\n script ")
    for program in (evcc, script, evcc, await hass_client()):
        assert (await ask(program))[0] == 200
    await passes(60, step=60)
    for context in (Context(user_id=hass_admin_user.id), None):
        await hass.services.async_call(
            DOMAIN, "get_access_token", blocking=True, context=context, return_response=True
        )
    callers = {"evcc": 2, "my script": 1, "Ada": 2, "automation": 1}
    assert shown(hass) == ("6", callers)
    assert state(hass, COUNTER).attributes["last_handout"].isoformat() == "2026-11-24T16:01:00+00:00"
    assert state(hass, COUNTER).attributes["state_class"] == "total_increasing"
    assert (await call(hass, "get_status"))["other_programs"] == {"is_on": True, "handouts": 6}


async def test_the_count_survives_a_restart_and_a_kill(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    passes: Pass,
) -> None:
    """A restart loses nothing; a kill what was counted in the last two seconds."""
    entry = await set_up(account, SHARING)
    evcc = await programs("evcc")
    await ask(evcc)
    await restart(hass, entry, hass_storage)
    assert shown(hass) == ("1", {"evcc": 1})
    await ask(evcc)
    await passes(3, step=1)
    disk = deepcopy(hass_storage[store_key(entry)])
    await ask(evcc)
    assert shown(hass) == ("3", {"evcc": 3})
    await restart(hass, entry, hass_storage, disk)
    assert shown(hass) == ("2", {"evcc": 2})


async def test_a_caller_that_never_rests_is_written_down_too(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    passes: Pass,
) -> None:
    """Each call comes before the last one would have been written."""
    entry = await set_up(account, SHARING)
    evcc = await programs("evcc")
    for _ in range(8):
        await ask(evcc)
        await passes(1, step=1)
    assert hass_storage[store_key(entry)]["data"]["total"] >= 6


async def test_a_reload_counts_on(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, programs: Programs
) -> None:
    """What is counted does not depend on the set-up that counts it."""
    entry = await set_up(account, SHARING)
    evcc = await programs("evcc")
    for expected in range(1, 4):
        await ask(evcc)
        assert shown(hass) == (str(expected), {"evcc": expected})
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert shown(hass) == (str(expected), {"evcc": expected})


async def test_the_callers_are_few_and_the_total_is_whole(hass: HomeAssistant) -> None:
    """Beyond twenty the one that has not asked for longest goes; long and empty names are cut and filled."""
    handouts = Handouts(hass, "key")
    await handouts.async_load()
    for number in range(20):
        handouts.count(f"program {number}")
    handouts.count("program 0")
    handouts.count("program 20")
    assert handouts.total == 22
    assert len(handouts.callers) == 20
    assert "program 1" not in handouts.callers
    assert handouts.callers["program 0"].count == 2
    handouts.count("x" * 500)
    handouts.count(" \n ")
    assert list(handouts.callers)[-2:] == ["x" * 64, "-"]
    await handouts.async_remove()


@pytest.mark.parametrize(
    ("data", "total", "callers"),
    [
        pytest.param([], 0, {}, id="a list"),
        pytest.param({"total": "7", "callers": []}, 0, {}, id="wrong kinds"),
        pytest.param({"total": -3, "callers": {"a": {"count": -1, "last": 1.0}}}, 0, {}, id="negative"),
        pytest.param({"total": True, "callers": {"a": {"count": True}}}, 0, {}, id="booleans"),
        pytest.param({"callers": {"a": {"count": 2}, "b": 3, "c": None}}, 2, {"a": 2}, id="a part is left"),
        pytest.param({"total": 1, "callers": {"a": {"count": 5, "last": "x"}}}, 5, {"a": 5}, id="too small"),
        pytest.param({"total": 9, "callers": {"a": {"count": 5, "last": 1e3}}}, 9, {"a": 5}, id="whole"),
    ],
)
async def test_a_damaged_count_begins_anew_where_it_is_damaged(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    data: Any,
    total: int,
    callers: dict[str, int],
) -> None:
    """The account loads, tokens are handed out and counted."""
    entry = await set_up(account, SHARING)
    disk = {"version": 1, "minor_version": 1, "key": store_key(entry), "data": data}
    await restart(hass, entry, hass_storage, disk)
    assert shown(hass) == (str(total), callers)
    assert (await ask(await programs("evcc")))[0] == 200
    assert shown(hass) == (str(total + 1), {**callers, "evcc": 1})


async def test_twenty_of_many_that_are_stored(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """The most recent ones are kept, in their order, whatever order they were stored in."""
    callers = {f"program {number}": {"count": 1, "last": float(number)} for number in reversed(range(30))}
    hass_storage[f"{DOMAIN}.key.handouts"] = {"version": 1, "data": {"total": 30, "callers": callers}}
    handouts = Handouts(hass, "key")
    await handouts.async_load()
    assert list(handouts.callers) == [f"program {number}" for number in range(10, 30)]
    assert handouts.total == 30


async def test_the_counter_comes_and_goes_with_the_option(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, programs: Programs
) -> None:
    """Through the dialog: no counter where nothing is shared, and its count is still known when it is again."""
    entry = await set_up(account)
    registry = er.async_get(hass)
    assert registry.async_get(COUNTER) is None

    async def _choose(shared: bool) -> None:
        menu = await hass.config_entries.options.async_init(entry.entry_id)
        form = await hass.config_entries.options.async_configure(
            menu["flow_id"], {"next_step_id": "settings"}
        )
        shown_before = filled_in(form)
        more = shown_before["more"]
        assert more["share_access_token"] is not shared
        await hass.config_entries.options.async_configure(
            form["flow_id"], {**shown_before, "more": {**more, "share_access_token": shared}}
        )
        await settle(hass)

    await _choose(True)
    evcc = await programs("evcc")
    assert (await ask(evcc))[0] == 200
    item = registry.async_get(COUNTER)
    assert item is not None
    assert item.unique_id == f"{account.sub}-access_token_handouts"
    assert (item.entity_category, item.disabled_by) == ("diagnostic", None)
    await _choose(False)
    assert (await ask(evcc))[0] == 403
    assert registry.async_get(COUNTER) is None
    assert hass.states.get(COUNTER) is None
    assert (await call(hass, "get_status"))["other_programs"] == {"is_on": False, "handouts": 1}
    await _choose(True)
    assert shown(hass) == ("1", {"evcc": 1})


async def test_the_count_goes_with_the_account(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    account: Account,
    car: Car,
    set_up: SetUp,
    programs: Programs,
    passes: Pass,
) -> None:
    """Nothing is left on the disk, also of what would have been written in a moment."""
    entry = await set_up(account, SHARING)
    evcc = await programs("evcc")
    assert (await evcc.get(PATH)).status == 200
    await passes(3, step=1)
    assert store_key(entry) in hass_storage
    handouts = entry.runtime_data.handouts
    assert (await evcc.get(PATH)).status == 200
    await hass.config_entries.async_remove(entry.entry_id)
    handouts.count("late")
    await passes(10, step=1)
    assert store_key(entry) not in hass_storage
