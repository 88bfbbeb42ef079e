"""A car that is bought, sold or shared appears or goes while Home Assistant runs, and that costs nothing more."""

import json
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from lookout import SECOND_VIN, THIRD_VIN, agrees, asked, errors, value
import pytest

from custom_components.tesla_scout_worker import async_remove_config_entry_device
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, Fault, FleetSimulator

HOUR = 3_600.0
DAY = 24 * HOUR
EMPTY = {"response": [], "count": 0}


def device_of(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, vin: str) -> dr.DeviceEntry | None:
    """Return a car's device, None where there is none."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, vin), entry.entry_id)


def kept_of(hass_storage: dict[str, Any], entry: ScoutWorkerConfigEntry) -> str:
    """Return what is on the disk of cars, as text."""
    return json.dumps(hass_storage[f"{DOMAIN}.{entry.entry_id}.cars"]["data"])


async def test_new_car_appears_within_a_day_and_no_request_is_added(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """The list stands in for one of the questions that are asked anyway; the new car has all that the old one has."""
    entry = await set_up(account)
    second = account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    second.stay_awake(time.time(), time.time() + 2 * DAY)
    await passes(DAY - HOUR, step=900)
    assert (asked(simulator, "list") - 1, device_of(hass, entry, SECOND_VIN)) == (1, None)
    await passes(2 * HOUR, step=300)
    lists = [record.time for record in simulator.requests if record.kind == "list"]
    assert len(lists) == 3  # of the dialog, of the set-up, of the day
    around = [record for record in simulator.requests if abs(record.time - lists[-1]) < 60]
    assert [record.path for record in around if record.kind == "state" and VIN in record.path] == []

    of_account, of_car = device_of(hass, entry, account.sub), device_of(hass, entry, SECOND_VIN)
    assert of_account
    assert of_car
    assert of_car.via_device_id == of_account.id
    assert value(hass, "sensor.second_battery") == str(int(second.battery().level))
    registry = er.async_get(hass)
    of_first = device_of(hass, entry, VIN)
    assert of_first

    def keys(device: dr.DeviceEntry) -> set[str]:
        found = er.async_entries_for_device(registry, device.id, include_disabled_entities=True)
        return {item.unique_id.partition("-")[2] for item in found}

    assert keys(of_car) == keys(of_first)
    agrees(simulator, entry)


async def test_new_car_that_its_owner_did_not_choose_is_offered_and_left_alone(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Who chose some of his cars pays for no other."""
    entry = await set_up(account, {"watched_vehicles": [VIN]})
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    await passes(DAY + HOUR, step=900)
    assert entry.data["vehicles"] == {VIN: "Scout", SECOND_VIN: "Second"}
    assert device_of(hass, entry, SECOND_VIN) is None
    assert asked(simulator, "vehicle_data", vin=SECOND_VIN) == 0


async def test_sold_car_goes_after_three_days_with_all_that_was_known_of_it(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not sooner, not the other one, and a car that comes back is a new one."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    eyes = {VIN: {"home": ["binary_sensor.a"]}, SECOND_VIN: {"home": ["binary_sensor.b"]}}
    entry = await set_up(account, {"eyes": eyes})
    del account.cars[SECOND_VIN]
    # Within a day the list lacks it, and two and a half days later it still stays, with a repair that says so.
    await passes(2.5 * DAY, step=3600)
    assert device_of(hass, entry, SECOND_VIN)
    told = {issue.translation_key for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN}
    assert told == {"car_refused"}
    await passes(2 * DAY, step=3600)

    assert device_of(hass, entry, SECOND_VIN) is None
    assert hass.states.get("sensor.second_battery") is None
    assert [item for item in er.async_get(hass).entities.values() if SECOND_VIN in item.unique_id] == []
    assert [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN] == []
    assert entry.data["vehicles"] == {VIN: "Scout"}
    assert entry.options["eyes"] == {VIN: {"home": ["binary_sensor.a"]}}
    assert SECOND_VIN not in kept_of(hass_storage, entry)
    assert caplog.text.count("Second is not on the account any more") == 1
    assert value(hass, "sensor.scout_battery") == str(int(car.battery().level))

    before = asked(simulator, "state", vin=SECOND_VIN)
    await passes(HOUR * 12, step=1800)
    assert asked(simulator, "state", vin=SECOND_VIN) == before
    account.add_car(SECOND_VIN, "Second", WORK, 44.0).stay_awake(time.time(), time.time() + 2 * DAY)
    await passes(DAY, step=1800)
    assert value(hass, "sensor.second_battery") == "44"
    agrees(simulator, entry)


async def test_list_that_lacks_a_car_which_answers_costs_nobody_his_car(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever Tesla lists, for a week: a car that it speaks of is there. The list is asked once a day."""
    entry = await set_up(account)
    simulator.faults.add(Fault("list", kind="json", times=None, body=EMPTY))
    before = asked(simulator, "list")
    await passes(7 * DAY, step=3600)
    assert value(hass, "sensor.scout_battery") == str(int(car.battery().level))
    assert entry.data["vehicles"] == {VIN: "Scout"}
    assert asked(simulator, "list") - before <= 7
    assert errors(caplog) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("list", "status", times=None, status=404),
        Fault("list", "status", times=None, status=403, body="no"),
        Fault("list", "garbage", times=None),
    ],
    ids=["404", "403", "garbage"],
)
async def test_list_that_cannot_be_had_keeps_no_car_from_being_looked_at(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """The car is asked about by itself then, at once; the list is asked again a quarter of a day later."""
    await set_up(account)
    simulator.faults.add(fault)
    before = asked(simulator, "list")
    await passes(2 * DAY, step=3600)
    assert 2 <= asked(simulator, "list") - before <= 5
    assert errors(caplog) == []


async def test_count_of_days_outlives_a_restart(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Who restarts Home Assistant every day keeps no sold car for ever."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    del account.cars[SECOND_VIN]
    for _ in range(5):
        await passes(0.8 * DAY, step=3600)
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
    await passes(0.8 * DAY, step=3600)
    await passes(0.8 * DAY, step=3600)
    assert device_of(hass, entry, SECOND_VIN) is None


async def test_account_whose_last_car_was_sold_learns_of_the_next_one(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """With no car to look at the list is asked once a day by itself, which is not billed."""
    entry = await set_up(account)
    del account.cars[VIN]
    await passes(5 * DAY, step=3600)
    assert entry.runtime_data.cars == {}
    assert value(hass, "sensor.tesla_scout_sign_in") != "unavailable"
    since, before = len(simulator.requests), asked(simulator, "list")
    await passes(3 * DAY, step=3600)
    assert 2 <= asked(simulator, "list") - before <= 3
    assert {record.kind for record in simulator.requests[since:]} <= {"list", "token"}
    account.add_car(THIRD_VIN, "Third", WORK, 80.0).stay_awake(time.time(), time.time() + 2 * DAY)
    await passes(DAY + 2 * HOUR, step=1800)
    assert value(hass, "sensor.third_battery") == "80"


async def test_owner_who_deletes_the_device_of_a_sold_car_need_not_wait(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    hass_storage: dict[str, Any],
) -> None:
    """As soon as a list lacks it, he and Tesla agree. Before that, and of a car that is there, it is refused."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)

    async def _delete(vin: str) -> bool:
        """Do what Home Assistant does when somebody presses delete on a device's page."""
        device = device_of(hass, entry, vin)
        assert device
        if may_go := await async_remove_config_entry_device(hass, entry, device):
            dr.async_get(hass).async_remove_device(device.id)
        await settle(hass)
        return may_go

    assert [await _delete(name) for name in (VIN, SECOND_VIN, account.sub)] == [False, False, False]
    del account.cars[SECOND_VIN]
    await passes(DAY + HOUR, step=1800)
    assert [await _delete(name) for name in (VIN, account.sub)] == [False, False]
    assert await _delete(SECOND_VIN)
    assert device_of(hass, entry, SECOND_VIN) is None
    assert hass.states.get("sensor.second_battery") is None
    assert list(entry.runtime_data.cars) == [VIN]
    assert entry.data["vehicles"] == {VIN: "Scout"}
    assert SECOND_VIN not in kept_of(hass_storage, entry)
