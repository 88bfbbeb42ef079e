"""What a read shows to have happened is told once and rightly: of two charges in one read, over a kill, over a restart."""

import time
from typing import Any

from bench import VIN, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from lookout import agrees, kill, kinds, listen, state
import pytest

from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.sessions import Happened, Log, Session, after_read
from custom_components.tesla_scout_worker.worker.telling import Teller
from fleet_simulator import HOME, Account, Car, FleetSimulator

HAPPENED = "event.scout_charging_events"
T = 1_795_536_000.0


def read(word: str, hours: float, level: float, energy: float) -> VehicleData:
    """Return a read so many hours later. energy: the car's counter (kWh)."""
    charge = {
        "charging_state": word, "battery_level": level, "charge_energy_added": energy, "charge_limit_soc": 80,
    }  # fmt: skip
    return VehicleData({"charge_state": charge}, T + hours * 3_600)


def test_end_and_beginning_in_one_read_are_told_of_their_own_charges() -> None:
    """Between two reads one charge ended and another began: the end is that of the first, whose energy is known."""
    log, before = Log(), VehicleData()
    happened: tuple[Happened, ...] = ()
    for one in (
        read("Disconnected", 0, 50, 0.0),
        read("Charging", 1, 60, 8.0),
        read("Charging", 20, 52, 1.5),
    ):
        log, happened = after_read(log, before, one, is_home=True)
        before = one.over(before)
    told: list[tuple[Happened, Session | None]] = []
    teller = Teller()
    teller.async_add_listener(lambda what, _, session: told.append((what, session)))
    teller.tell(tuple((item, T) for item in happened), log)
    (ended, first), (began, second) = told
    assert (ended, began) == (Happened.CHARGING_INTERRUPTED, Happened.CHARGING_STARTED)
    assert first is log.past[-1]
    assert first.energy_added == 8.0
    assert first.ended_at is not None
    assert second is log.running


async def test_a_kill_right_after_the_telling_does_not_tell_again(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
) -> None:
    """The power goes a moment after an automation has heard of the cable: the next start does not tell it again."""
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    await passes(600, step=60)
    told = listen(hass, HAPPENED)
    car.plug_in(time.time())
    await entry.runtime_data.cars[VIN].worker.async_run()
    await settle(hass)
    # No time has passed: nothing that is written "soon" is on the disk.
    restore = kill(entry, hass_storage)
    assert kinds(told) == ["plugged_in", "charging_started"]
    await start_afresh(hass, entry, restore)
    await passes(300, step=30)
    assert kinds(told) == ["plugged_in", "charging_started"]
    agrees(simulator, entry)


async def test_a_kill_before_the_telling_is_made_up_for_once(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass, hass_storage: dict[str, Any]
) -> None:
    """The power goes while the first listener hears of it: the next start tells it, with what was read, and only that one."""
    car = account.add_car(VIN, "Scout", HOME)
    entry = await set_up(account)
    await passes(600, step=60)
    worker, disks = entry.runtime_data.cars[VIN].worker, []
    worker.teller._listeners.insert(0, lambda *_: disks.append(kill(entry, hass_storage)))
    told = listen(hass, HAPPENED)
    car.plug_in(time.time())
    await worker.async_run()
    await settle(hass)
    # What follows the disk in the first life did not happen.
    told.clear()
    await start_afresh(hass, entry, disks[0])
    assert kinds(told) == ["plugged_in", "charging_started"]
    assert state(hass, HAPPENED).attributes["level_before"] == 62
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await passes(300, step=30)
    assert len(told) == 2


async def start_afresh(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, restore: Any) -> None:
    """Start again with what was on the disk when the power went."""
    await hass.config_entries.async_unload(entry.entry_id)
    restore()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


@pytest.mark.parametrize("is_plugged", [True, False])
async def test_a_reload_tells_nothing(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass, is_plugged: bool
) -> None:
    """Of what was read before and of the first read nothing is said to have happened."""
    told = listen(hass, HAPPENED)
    if is_plugged:
        car.plug_in(time.time())
    entry = await set_up(account)
    await passes(300, step=60)
    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        await passes(60, step=20)
    assert told == []
