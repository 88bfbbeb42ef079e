"""What is left after an account was unloaded or deleted: nothing that runs, and one word of farewell."""

import asyncio
from collections import Counter
import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import _KeyedEventData
from homeassistant.helpers.storage import Store
from lookout import park_at, state
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import HOME, Account, Car, FleetSimulator


def owners(job: Any) -> list[str]:
    """Return the modules of what a job would call, and the keys of stores among it."""
    found: list[str] = []
    waiting = [job]
    while waiting:
        one = waiting.pop()
        owner = getattr(one, "__self__", None)
        found.append(getattr(one, "__module__", None) or "")
        if isinstance(owner, Store):
            found.append(owner.key)
        elif owner is not None:
            found.append(type(owner).__module__)
        waiting += [item for name in ("target", "func") if (item := getattr(one, name, None)) is not None]
    return found


def running(hass: HomeAssistant) -> Counter[str]:
    """Return what can still run: the integration's timers and tasks, and everybody's listeners."""
    found = Counter({f"event {name}": count for name, count in hass.bus.async_listeners().items()})
    # Home Assistant's own stores wait for it.
    del found["event homeassistant_final_write"]
    for data in hass.data.values():
        if isinstance(data, _KeyedEventData):
            jobs = [job for jobs_of_one in data.callbacks.values() for job in jobs_of_one]
            found["followed"] += sum(any(DOMAIN in name for name in owners(job)) for job in jobs)
    for handle in hass.loop._scheduled:  # type: ignore[attr-defined] # a test may look into the loop
        if not handle.cancelled():
            called = [name for job in (handle._callback, *handle._args) for name in owners(job)]
            found["timers"] += any(DOMAIN in name for name in called)
    found["tasks"] = sum(DOMAIN in str(task.get_coro()) for task in asyncio.all_tasks())
    return +found


async def test_unloaded_account_leaves_no_timer_no_task_and_no_listener(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Whatever happened in its life: a car that came home, one that came to the account and one that left it."""
    hass.states.async_set("binary_sensor.garage", "off")
    eyes = {VIN: {"home": ["binary_sensor.garage"]}}
    entry = await set_up(account, {"eyes": eyes})
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    before = running(hass)
    assert before["timers"] == before["tasks"] == before["followed"] == 0

    assert await hass.config_entries.async_setup(entry.entry_id)
    await passes(300, step=60)
    park_at(car, HOME)
    car.stay_awake(time.time(), time.time() + 3_600)
    await passes(1200, step=60)
    second = account.add_car("5YJ3E1EA1KF000002", "Second")
    await passes(86_400, step=3_600)
    assert state(hass, f"sensor.{second.name.lower()}_next_look")
    alive = running(hass)
    assert alive["timers"] > 3
    assert alive["followed"] > 3
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert running(hass) == before
    assert not hasattr(entry, "runtime_data")
    asked = len(simulator.requests)
    await passes(86_400, step=7_200)
    assert len(simulator.requests) == asked


@callback
def notifications(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the owner is told now, by its id."""
    found: dict[str, Any] = dict(persistent_notification._async_get_or_create_notifications(hass))
    return found


@pytest.mark.parametrize(("language", "word"), [("en", "removed"), ("pl", "Usunięto"), ("de", "removed")])
async def test_deleted_account_tells_how_to_revoke_at_tesla(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, language: str, word: str
) -> None:
    """In the owner's language, with the page of his own app; and it is taken back when he adds the account again."""
    hass.config.language = language
    entry = await set_up(account)
    assert notifications(hass) == {}
    client_id = entry.data["client_id"]
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    (told,) = notifications(hass).values()
    assert word in told["title"]
    assert entry.title in told["title"]
    assert f"https://auth.tesla.com/user/revoke/consent?revoke_client_id={client_id}" in told["message"]
    assert "{" not in told["message"]
    await set_up(account)
    assert notifications(hass) == {}


async def test_deleted_account_leaves_nothing_in_the_registries(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    """Nor a key that no car can know."""
    entry = await set_up(account)
    await async_virtual_key(hass)
    assert any("virtual_key" in name for name in hass_storage)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id) == []
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id) == []
    assert [name for name in hass_storage if name.startswith(DOMAIN)] == []
    assert hass.states.async_all() == [state(hass, "zone.home")]
