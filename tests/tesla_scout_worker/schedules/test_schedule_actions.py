"""The actions about schedules, over HTTP, with signed commands to a car that verifies them and keeps schedules."""

import asyncio
import json
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from lookout import SECOND_VIN, agrees, asked, billed, call, fields, without
import pytest

from custom_components.tesla_scout_worker.const import CONF_COMMANDS, DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.schedule_kinds import CHARGE, Owner
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import HOME, WALL_BOX, Account, Car, Fault, FleetSimulator

SIGNED = {CONF_COMMANDS: {"transport": "signed"}}
NIGHT = {"days": "Mon-Fri", "start_time": "23:30", "end_time": "06:00"}
WEEKEND = {"days": "weekend", "start_time": "00:00", "end_time": "05:00"}
# As the owner made it in the car.
BY_HAND = {
    "id": 1_700_000_000, "name": "mine", "days_of_week": 127, "start_enabled": True, "start_time": 60,
    "end_enabled": True, "end_time": 240, "one_time": False, "enabled": True, "latitude": HOME[0], "longitude": HOME[1],
}  # fmt: skip


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that is at home with its cable in."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() - 60, WALL_BOX)
    return car


@pytest.fixture
async def entry(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key and has one schedule made by hand."""
    car.charge_schedules.append(BY_HAND)
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    entry = await set_up(account, SIGNED)
    await settle(hass)
    simulator.requests.clear()
    return entry


def in_car(car: Car) -> list[tuple[int, int | None, int | None]]:
    """Return (days, start, end) of the schedules that are not made by hand, in the car."""
    return [
        (one["days_of_week"], one.get("start_time"), one.get("end_time"))
        for one in car.charge_schedules
        if one["id"] != BY_HAND["id"]
    ]


def done(car: Car) -> list[str]:
    """Return the commands that the car has carried out."""
    return [record.order.name for record in car.keyring.log if record.what == "done" and record.order]


async def one(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action and return what it answers of the one car."""
    (answer,) = (await call(hass, action, **data))["cars"]
    return dict(answer)


async def test_set_is_the_smallest_change_and_ours_only(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """Two are added, nothing is sent again, one is changed by one command, none is left: by hand stays by hand."""
    start = time.time()
    before = billed(simulator)
    answer = await call(hass, "set_charge_schedules", schedules=[NIGHT, WEEKEND])
    found = answer["cars"][0]
    assert [len(found[key]) for key in ("added", "changed", "removed", "kept")] == [2, 0, 0, 0]
    assert (found["verified"], found["car_at_home"], found["plugged_in"]) == (True, True, True)
    assert in_car(car) == [(62, 1410, 360), (65, 0, 300)]
    assert len({item["id"] for item in car.charge_schedules}) == 3
    # Two commands, one handshake with a cold car, one read to see what came of it.
    assert answer["requests"]["data"] == 1
    assert answer["billed"] == billed(simulator) - before == asked(simulator, "signed_command", start) + 1
    agrees(simulator, entry)

    simulator.requests.clear()
    again = await one(hass, "set_charge_schedules", schedules=[WEEKEND, {**NIGHT, "name": "other"}])
    assert [len(again[key]) for key in ("added", "changed", "removed", "kept")] == [0, 0, 0, 2]
    assert simulator.requests == []

    commands = len(done(car))
    moved = await one(hass, "set_charge_schedules", schedules=[{**NIGHT, "end_time": "05:00"}, WEEKEND])
    assert [len(moved[key]) for key in ("added", "changed", "removed", "kept")] == [0, 1, 0, 1]
    assert moved["changed"][0]["id"] == found["added"][0]["id"]
    assert sorted(in_car(car)) == [(62, 1410, 300), (65, 0, 300)]
    assert len(done(car)) == commands + 1

    gone = await one(hass, "set_charge_schedules", schedules=[])
    assert sorted(gone["removed"]) == sorted(item["id"] for item in found["added"])
    assert [dict(item) for item in car.charge_schedules] == [BY_HAND]
    agrees(simulator, entry)


async def test_which_are_ours_survives_a_restart(
    hass: HomeAssistant, hass_storage: dict[str, Any], entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """After it, ours can still be taken away, and no other. That is so even if it ends in the middle of the command."""
    stored: list[list[str]] = []
    entry.runtime_data.account.commander.async_on_sent(
        lambda *_: stored.append(
            list(hass_storage[f"{DOMAIN}.{entry.entry_id}.cars"]["data"][VIN]["schedules"]["charge"].values())
        )
    )
    await call(hass, "set_charge_schedules", schedules=[NIGHT])
    assert stored == [["action"]]
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    told = await one(hass, "get_charge_schedules")
    assert [item["made_by"] for item in told["schedules"]] == ["other", "action"]
    assert len((await one(hass, "set_charge_schedules", schedules=[]))["removed"]) == 1
    assert [item["id"] for item in car.charge_schedules] == [BY_HAND["id"]]


GOOD: list[tuple[dict[str, Any], tuple[int, int]]] = [
    # YAML reads 22:30 without quotation marks as 1350, and 22:30:00 as 81000.
    ({"start_time": 1350}, (127, 1350)),
    ({"start_time": 81_000}, (127, 1350)),
    ({"start_time": "7:05", "days": 62}, (62, 425)),
    ({"start_time": "00:00:00", "days": ["sat", "sun"]}, (65, 0)),
    ({"start_time": 0}, (127, 0)),
    # It is Tuesday, 17:00 in Berlin.
    ({"start_time": "17:01", "one_time": True}, (4, 1021)),
    ({"start_time": "17:00", "one_time": "yes"}, (8, 1020)),
]


async def test_one_id_is_one_schedule(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car) -> None:
    """Each call with an id changes the same one, however its time and days are written; what runs once runs next."""
    for data, expected in GOOD:
        await call(hass, "add_charge_schedule", id=42, **data)
        ((days, start, _),) = in_car(car)
        assert (days, start) == expected, data
    found = await one(hass, "remove_charge_schedule", id=42)
    assert found["removed"] == [42]
    assert in_car(car) == []
    commands = len(done(car))
    assert (await one(hass, "remove_charge_schedule", id=42))["removed"] == []
    assert len(done(car)) == commands


async def test_what_others_made_is_left_alone_unless_it_is_said(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """Neither changed by an id nor removed. At the same hour it counts as there: a second one would do nothing."""
    same = {"days": "all", "start_time": "01:00", "end_time": "04:00"}
    found = await one(hass, "set_charge_schedules", schedules=[same])
    assert [item["made_by"] for item in found["kept"]] == ["other"]
    assert (await one(hass, "set_charge_schedules", schedules=[]))["removed"] == []
    assert simulator.requests == []
    assert len(car.charge_schedules) == 1
    its_id = BY_HAND["id"]
    for action, data in (("remove_charge_schedule", {}), ("add_charge_schedule", {"start_time": "02:00"})):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, action, id=its_id, **data)
        assert raised.value.translation_key == "schedule_not_ours"
        assert raised.value.translation_placeholders == {"id": str(its_id)}
    assert simulator.requests == []
    assert (await one(hass, "remove_charge_schedule", id=its_id, made_elsewhere=True))["removed"] == [its_id]
    assert list(car.charge_schedules) == []


async def test_what_is_told(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry
) -> None:
    """The answer asks nothing, has no coordinates, and can be handed back."""
    answer = await call(hass, "get_charge_schedules")
    assert answer["billed"] == 0
    assert simulator.requests == []
    (told,) = answer["cars"]
    assert told["schedules"] == [
        {
            "id": 1_700_000_000, "name": "mine", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "start_time": "01:00", "end_time": "04:00", "enabled": True, "one_time": False, "at_home": True,
            "made_by": "other",
        }
    ]  # fmt: skip
    assert told["next"] == "2026-11-25T00:00:00+00:00"
    assert f"{HOME[0]:.3f}" not in json.dumps(answer)
    assert (await one(hass, "set_charge_schedules", schedules=told["schedules"]))["kept"] != []
    assert (await call(hass, "get_charge_schedules", read_first=True))["requests"]["data"] == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"start_time": "23:30", "days": "Mon, foo"}, "unknown_days"),
    ({"start_time": "23:30", "days": []}, "no_days"),
    ({"start_time": "23:30", "days": "So"}, "unknown_days"),
    ({"start_time": "23:30", "days": 128}, "unknown_days"),
    ({"start_time": "25:00"}, "schedule_time_not_read"),
    ({"start_time": "24:00"}, "schedule_time_not_read"),
    ({"start_time": "soon"}, "schedule_time_not_read"),
    ({"start_time": 1440}, "schedule_time_not_read"),
    ({"start_time": True}, "schedule_time_not_read"),
    ({"start_time": ["23:30"]}, "schedule_time_not_read"),
    ({"end_time": -1}, "schedule_time_not_read"),
    ({"days": "all"}, "schedule_without_times"),
    ({"start_time": "", "end_time": None}, "schedule_without_times"),
    ({"start_time": "01:00", "end_time": 60}, "schedule_without_length"),
    ({"start_time": "00:00", "end_time": "24:00"}, "schedule_without_length"),
    ({"start_time": "01:00", "id": 0}, "schedule_id_wrong"),
    ({"start_time": "01:00", "id": "x"}, "schedule_id_wrong"),
    ({"start_time": "01:00", "id": 1.5}, "schedule_id_wrong"),
    ({"start_time": "01:00", "latitude": 52.0}, "schedule_place_not_read"),
    ({"start_time": "01:00", "latitude": 0, "longitude": 0}, "schedule_place_not_read"),
    ({"start_time": "01:00", "latitude": 95, "longitude": 13}, "schedule_place_not_read"),
    ({"start_time": "01:00", "one_time": "perhaps"}, "schedule_flag_not_read"),
]


async def test_bad_input_is_refused_before_anything_is_sent(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry
) -> None:
    """With a sentence in both languages that has its places filled."""
    texts = [
        await async_get_translations(hass, language, "exceptions", [DOMAIN]) for language in ("en", "pl")
    ]
    for data, key in BAD:
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "add_charge_schedule", **data)
        assert raised.value.translation_key == key, data
        for words in texts:
            text = words[f"component.{DOMAIN}.exceptions.{key}.message"]
            assert "{" not in text.format(**(raised.value.translation_placeholders or {}))
        # In a list it is the same.
        with pytest.raises(ServiceValidationError):
            await call(hass, "set_charge_schedules", schedules=[NIGHT, data])
    # A text, a field with a slip, a schedule of another place without its place.
    for schedules, key in (
        ("Mon-Fri 23:30", "schedules_not_a_list"),
        ([NIGHT, "x"], "schedules_not_a_list"),
        (None, "schedules_not_a_list"),
        ([{**NIGHT, "start": "23:00"}], "schedule_field_unknown"),
        ([{**NIGHT, "at_home": False}], "schedule_place_missing"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "set_charge_schedules", schedules=schedules)
        assert raised.value.translation_key == key
    assert simulator.requests == []


async def test_a_place_is_home_or_the_one_that_is_given(
    hass: HomeAssistant, account: Account, simulator: FleetSimulator, set_up: SetUp
) -> None:
    """Never where the car happens to be. And the answer says that the car is not there."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    await set_up(account, SIGNED)
    found = await one(hass, "add_charge_schedule", **NIGHT)
    assert (found["car_at_home"], found["plugged_in"]) == (False, False)
    assert [item["at_home"] for item in found["added"]] == [True]
    elsewhere = await one(hass, "add_charge_schedule", **NIGHT, latitude=WORK[0], longitude=WORK[1])
    assert [item["at_home"] for item in elsewhere["added"]] == [False]
    places = [(item["latitude"], item["longitude"]) for item in car.charge_schedules]
    assert places == [pytest.approx(HOME, abs=1e-4), pytest.approx(WORK, abs=1e-4)]
    assert (await one(hass, "get_charge_schedules"))["next"] is not None


async def test_two_cars_must_be_told_apart(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """No action changes all cars since none was named; each named one is served."""
    second = account.add_car(SECOND_VIN, "Second", HOME, 44.0)
    key = (await async_virtual_key(hass)).public_point_hex
    for each in (car, second):
        each.keyring.pair(key)
    entry = await set_up(account, SIGNED)
    simulator.requests.clear()
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "set_charge_schedules", schedules=[NIGHT])
    assert raised.value.translation_key == "name_a_car"
    assert simulator.requests == []
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, SECOND_VIN), entry.entry_id)
    assert device is not None
    await call(hass, "set_charge_schedules", schedules=[NIGHT], device_id=device.id)
    assert (len(car.charge_schedules), len(second.charge_schedules)) == (0, 1)
    assert len((await call(hass, "get_charge_schedules"))["cars"]) == 2


async def test_a_car_that_does_not_do_it_is_an_error(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """It answers yes and tells the old schedules. And what it has no room for is not sent."""
    car.transform = fields("charge_schedule_data", charge_schedules=[BY_HAND])
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "set_charge_schedules", schedules=[NIGHT])
    assert raised.value.translation_key == "schedules_not_taken"
    commands = len(done(car))
    car.transform = fields("charge_schedule_data", max_num_charge_schedules=1)
    await call(hass, "run_worker")
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "add_charge_schedule", **WEEKEND)
    assert raised.value.translation_key == "too_many_schedules"
    assert len(done(car)) == commands


async def test_a_car_that_cannot_tell_its_schedules(
    hass: HomeAssistant, account: Account, simulator: FleetSimulator, car: Car, set_up: SetUp
) -> None:
    """Nothing is changed that is not known; but one can be removed by its id."""
    car.charge_schedules.append(BY_HAND)
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    car.transform = without("charge_schedule_data", drop=True)
    await set_up(account, SIGNED)
    assert (await one(hass, "get_charge_schedules"))["schedules"] is None
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "set_charge_schedules", schedules=[])
    assert raised.value.translation_key == "schedules_unknown"
    found = await one(hass, "remove_charge_schedule", id=BY_HAND["id"], made_elsewhere=True)
    assert (found["removed"], found["verified"]) == ([BY_HAND["id"]], False)
    assert list(car.charge_schedules) == []


async def test_an_answer_that_is_lost_is_looked_up(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """Nothing is sent twice: the read tells that it was done."""
    await call(hass, "add_charge_schedule", **WEEKEND)
    simulator.faults.add(Fault("signed_command", "reset_after"))
    commands = len(done(car))
    found = await one(hass, "add_charge_schedule", **NIGHT)
    assert found["verified"] is True
    assert len(done(car)) == commands + 1
    assert sorted(in_car(car)) == [(62, 1410, 360), (65, 0, 300)]
    agrees(simulator, entry)


async def test_a_sleeping_car_without_its_cable_is_not_woken(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """It is an error; what is so already needs no car."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.charge_schedules.append(BY_HAND)
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    await set_up(account, SIGNED)
    await passes(3_600, step=60)
    assert car.state() == "asleep"
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "add_charge_schedule", **NIGHT)
    assert raised.value.translation_key == "vehicle_unavailable"
    assert car.wakes == []
    same = {"days": "all", "start_time": "01:00", "end_time": "04:00"}
    assert len((await one(hass, "add_charge_schedule", **same))["kept"]) == 1


@pytest.mark.parametrize("wake", [None, True])
async def test_a_sleeping_car_is_woken_once(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass, wake: bool | None
) -> None:
    """Where it was last seen plugged in, or where it is said; the change needs one wake."""
    car.set_limit(time.time(), 60)
    if wake:
        car.unplug(time.time())
        await call(hass, "run_worker")
    await passes(3_000, step=100)
    assert car.state() == "asleep"
    before = len(car.wakes)
    data = {**NIGHT, "wake": True} if wake else NIGHT
    # Not Home Assistant's own task: time must pass while it is waited for.
    task = asyncio.create_task(call(hass, "add_charge_schedule", **data))
    while not task.done():
        await passes(5)
    assert (await task)["cars"][0]["verified"] is True
    assert len(car.wakes) == before + 1
    assert in_car(car) == [(62, 1410, 360)]


async def test_preconditioning(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """The same four actions."""
    found = await one(hass, "set_precondition_schedules", schedules=[{"days": "pn-pt", "time": "07:30"}])
    assert found["verified"] is True
    ((kept,),) = (tuple(car.precondition_schedules),)
    assert (kept["days_of_week"], kept["precondition_time"]) == (62, 450)
    told = (await one(hass, "get_precondition_schedules"))["schedules"]
    assert [(item["time"], item["made_by"]) for item in told] == [("07:30", "action")]
    simulator.requests.clear()
    await one(hass, "set_precondition_schedules", schedules=told)
    assert simulator.requests == []
    await one(hass, "add_precondition_schedule", days="Sat", time="09:00", one_time=True)
    assert len(car.precondition_schedules) == 2
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "add_precondition_schedule", days="Sat")
    assert raised.value.translation_key == "schedule_without_time"
    await one(hass, "remove_precondition_schedule", id=told[0]["id"])
    assert len(car.precondition_schedules) == 1
    await one(hass, "set_precondition_schedules", schedules=[])
    assert list(car.precondition_schedules) == []
    # Those for charging were not touched.
    assert [item["id"] for item in car.charge_schedules] == [BY_HAND["id"]]


async def test_a_plan_has_its_own(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car) -> None:
    """What plans and actions made they keep from each other; windows become schedules that run once, at home."""
    await call(hass, "set_charge_schedules", schedules=[NIGHT])
    keeper = entry.runtime_data.cars[VIN].schedules
    now = time.time()
    windows = [(now + 7_200, now + 9_000), (now + 40_000, now + 50_000)]
    wanted = keeper.one_time(windows, name="plan")
    for _ in range(2):
        outcome = await keeper.async_set(CHARGE, wanted, owner=Owner.PLAN, purpose=Purpose.WORKER)
        assert outcome.is_verified
    assert (len(outcome.changes.add), len(outcome.changes.kept)) == (0, 2)
    assert len(in_car(car)) == 3
    assert all(item["one_time"] for item in car.charge_schedules if item["name"] == "plan")
    assert (await one(hass, "set_charge_schedules", schedules=[]))["removed"] != []
    assert len(in_car(car)) == 2
    await keeper.async_set(CHARGE, (), owner=Owner.PLAN, purpose=Purpose.WORKER)
    assert in_car(car) == []
