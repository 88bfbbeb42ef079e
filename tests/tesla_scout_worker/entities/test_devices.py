"""Several cars, and the devices that stand for them and for the account."""

from pathlib import Path
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from lookout import SECOND_VIN, THIRD_VIN, agrees, asked, errors, kinds, listen, park_at, value
import pytest

from custom_components.tesla_scout_worker import async_remove_config_entry_device
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator, drive_home


def device(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str) -> dr.DeviceEntry:
    """Return a device that must be there; name: a VIN or the account."""
    found = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
    assert found is not None
    return found


async def test_car_and_account_are_two_linked_devices(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """The car hangs on the account's service device."""
    entry = await set_up(account)
    of_account, of_car = device(hass, entry, account.sub), device(hass, entry, VIN)
    assert of_account.entry_type is dr.DeviceEntryType.SERVICE
    assert of_account.name == "Tesla: Scout"
    assert (of_car.name, of_car.manufacturer, of_car.model) == ("Scout", "Tesla", "Model 3")
    assert of_car.serial_number == VIN
    assert of_car.via_device_id == of_account.id
    assert len(dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)) == 2


@pytest.mark.parametrize(
    ("letter", "model"),
    [("S", "Model S"), ("X", "Model X"), ("Y", "Model Y"), ("C", "Cybertruck"), ("9", None)],
)
async def test_model_is_in_the_vin(
    hass: HomeAssistant, account: Account, set_up: SetUp, letter: str, model: str | None
) -> None:
    """A letter that nobody knows is no model, and no error."""
    vin = f"5YJ{letter}E1EA1KF000001"
    account.add_car(vin, "Scout")
    entry = await set_up(account)
    assert device(hass, entry, vin).model == model


async def test_three_cars_one_of_them_shared_live_their_own_lives(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One drives home, one sleeps, one is refused: each is told apart, and the bill agrees."""
    driver = account.add_car(VIN, "Scout", WORK, 62.0)
    account.add_car(SECOND_VIN, "Second", WORK, 44.0, asleep=True)
    shared = account.add_car(THIRD_VIN, "Third", HOME, 80.0)
    shared.access_type = "DRIVER"
    account.add_energy_site()
    entry = await set_up(account)
    simulator.faults.add(Fault("vehicle_data", "status", times=None, vin=THIRD_VIN, status=500, body="oops"))
    told, told_second = listen(hass), listen(hass, "event.second_presence")
    way = drive_home().starting_at(time.time() + 60)
    driver.stay_awake(time.time(), way.begin)
    driver.drive(way)
    shared.stay_awake(time.time(), way.end)
    caplog.clear()
    await passes(way.end + 300 - time.time(), step=5)
    assert kinds(told) == ["arrived"]
    assert told_second == []
    assert value(hass, "sensor.scout_battery") == str(int(driver.battery().level))
    assert value(hass, "sensor.second_battery") == "unavailable"
    assert value(hass, "sensor.third_battery") == "80"
    assert value(hass, "binary_sensor.third_at_home") == "on"
    assert all("Third" in line for line in errors(caplog))
    agrees(simulator, entry)


async def test_two_cars_with_one_name(hass: HomeAssistant, account: Account, set_up: SetUp) -> None:
    """Names are the owner's; identity is the VIN."""
    account.add_car(VIN, "Scout", WORK, 62.0)
    account.add_car(SECOND_VIN, "Scout", WORK, 44.0)
    entry = await set_up(account)
    assert value(hass, "sensor.scout_battery") == "62"
    assert value(hass, "sensor.scout_battery_2") == "44"
    assert device(hass, entry, VIN).id != device(hass, entry, SECOND_VIN).id


async def test_car_without_a_name(hass: HomeAssistant, account: Account, set_up: SetUp) -> None:
    """It is called by the end of its VIN."""
    account.add_car(VIN, "")
    entry = await set_up(account)
    assert device(hass, entry, VIN).name == "Tesla 0001"


async def test_device_can_be_deleted_only_when_nobody_looks_after_it(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A car that was sold or is not watched any more goes; the others and the account stay, loaded or not."""
    account.add_car(SECOND_VIN, "Second")
    account.add_car(THIRD_VIN, "Third")
    entry = await set_up(account)
    assert not await async_remove_config_entry_device(hass, entry, device(hass, entry, SECOND_VIN))
    del account.cars[THIRD_VIN]
    hass.config_entries.async_update_entry(entry, options={"watched_vehicles": [VIN]})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    for _ in range(2):
        for name, may_go in ((SECOND_VIN, True), (THIRD_VIN, True), (VIN, False), (account.sub, False)):
            assert await async_remove_config_entry_device(hass, entry, device(hass, entry, name)) is may_go
        await hass.config_entries.async_unload(entry.entry_id)


async def test_new_car_comes_with_the_next_start_and_one_that_the_list_lacks_stays(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """One list is no proof that a car is gone: it stays until its owner leaves it out."""
    entry = await set_up(account)
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    del account.cars[VIN]
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.data["vehicles"] == {VIN: "Scout", SECOND_VIN: "Second"}
    assert value(hass, "sensor.second_battery") == "44"
    assert value(hass, "sensor.scout_battery") == "62"
    assert caplog.text.count("lacks 1 of 1 known cars") == 1
    hass.config_entries.async_update_entry(entry, options={"watched_vehicles": [SECOND_VIN]})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert value(hass, "sensor.scout_battery") == "unavailable"


async def test_empty_list_at_a_start_switches_nothing_off(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Tesla answers once that there is no car: the known one is watched all the same, and its arrival is told."""
    entry = await set_up(account)
    told = listen(hass)
    simulator.faults.add(Fault("list", kind="json", body={"response": [], "count": 0}))
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.data["vehicles"] == {VIN: "Scout"}
    await passes(300, step=60)
    park_at(car, HOME)
    await passes(1200, step=30)
    assert kinds(told) == ["arrived"]


def on_disk(hass: HomeAssistant) -> list[Path]:
    """Return the integration's real files."""
    return list(Path(hass.config.path(".storage")).glob(f"{DOMAIN}*"))


async def test_removed_entry_leaves_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
) -> None:
    """No store, no token, no repair of an account that is not there any more."""
    entry = await set_up(account, {"home_zone": "zone.gone"})
    await passes(60)
    assert [key for key in hass_storage if entry.entry_id in key]
    assert on_disk(hass)
    assert any(issue.domain == DOMAIN for issue in ir.async_get(hass).issues.values())
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert [key for key in hass_storage if entry.entry_id in key] == []
    assert on_disk(hass) == []
    assert not any(issue.domain == DOMAIN for issue in ir.async_get(hass).issues.values())
    before = len(simulator.requests)
    await passes(7200, step=600)
    assert len(simulator.requests) == before
    assert asked(simulator, "wake_up") == 0
