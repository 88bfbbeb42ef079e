"""The worker's read: one request for everything, and what is done where that cannot be had."""

import asyncio
import time

from bench import VIN, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from lookout import agrees, asked, billed, call, causes, errors, kinds, listen, park_at, value
import pytest

from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator, drive_home

SCHEDULES = "charge_schedule_data"
PRECONDITIONING = "preconditioning_schedule_data"
MISSING = {"response": None, "error": "Unauthorized missing scopes"}


def reads(simulator: FleetSimulator, since: float = 0.0) -> list[str]:
    """Return the query of each read."""
    return [
        record.query
        for record in simulator.requests
        if record.kind == "vehicle_data" and record.time >= since
    ]


async def test_one_request_reads_everything(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Car, charging, position and both kinds of schedule: one billed request."""
    entry = await set_up(account)
    (query,) = reads(simulator)
    for block in ("charge_state", "drive_state", "location_data", SCHEDULES, "preconditioning_schedule_data"):
        assert block in query
    assert set(entry.runtime_data.cars[VIN].worker.data.vehicle_data.blocks) == {
        "charge_schedule_data", "charge_state", "climate_state", "drive_state", "granular_access",
        "gui_settings", "preconditioning_schedule_data", "vehicle_config", "vehicle_state",
    }  # fmt: skip
    # The scout takes its position from the same answer.
    assert value(hass, "device_tracker.scout_location") == "not_home"
    assert billed(simulator) == 1
    agrees(simulator, entry)


@pytest.mark.parametrize(
    ("fault", "cost"),
    [
        pytest.param({"kind": "json", "status": 408, "body": {"response": None}}, 2, id="timed out"),
        pytest.param({"kind": "status", "status": 503, "body": "busy"}, 1, id="server error"),
        pytest.param({"kind": "reset_after"}, 2, id="answer lost"),
    ],
)
async def test_schedules_that_cannot_be_read_are_left_out_for_a_day(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    fault: dict[str, object],
    cost: int,
) -> None:
    """The rest is read with one more request, and for a day without even trying; then the schedules get a chance.

    Which of the two kinds it was shows the read after that.
    """
    broken = simulator.faults.add(
        Fault("vehicle_data", times=None, asks=SCHEDULES, **fault)  # type: ignore[arg-type]
    )
    entry = await set_up(account)
    assert value(hass, "sensor.scout_battery") == "62"
    assert [SCHEDULES in query for query in reads(simulator)] == [True, False]
    assert billed(simulator) == cost
    agrees(simulator, entry)

    car.stay_awake(time.time(), time.time() + 100_000)
    for billed_again in (cost, 1):
        answer = await call(hass, "run_worker")
        assert answer["cars"][0]["vehicle_read"] is True
        assert answer["billed"] == billed_again
        assert SCHEDULES not in reads(simulator)[-1]

    simulator.faults.active.remove(broken)
    await passes(86_500, step=600)
    await call(hass, "run_worker")
    assert SCHEDULES in reads(simulator)[-1]


async def test_preconditioning_that_cannot_be_read_keeps_no_charge_from_being_planned(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Only that kind is left out: from the second read on the schedules of charging are there, for one request."""
    simulator.faults.add(
        Fault("vehicle_data", "json", times=None, asks=PRECONDITIONING, status=408, body={"response": None})
    )
    await set_up(account)
    assert value(hass, "sensor.scout_charging_schedules") == "unknown"
    for _ in range(2):
        answer = await call(hass, "run_worker")
        assert answer["billed"] == 1
        assert (SCHEDULES in reads(simulator)[-1], PRECONDITIONING in reads(simulator)[-1]) == (True, False)
        assert value(hass, "sensor.scout_charging_schedules") == "0"


async def test_position_that_is_refused_is_left_out(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Where only the position is refused, the rest of the car is still read."""
    simulator.faults.add(
        Fault("vehicle_data", "json", times=None, asks="location_data", status=403, body=MISSING)
    )
    entry = await set_up(account)
    assert value(hass, "sensor.scout_battery") == "62"
    assert ["location_data" in query for query in reads(simulator)] == [True, False]
    assert "drive_state" in reads(simulator)[-1]
    agrees(simulator, entry)


@pytest.mark.parametrize("word", ["asleep", "offline"])
async def test_full_read_of_a_sleeping_car_costs_nothing_and_forgets_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass, word: str
) -> None:
    """The answer says that it was not read; the person is not served later unasked, the first look still is."""
    car = account.add_car(VIN, "Scout", asleep=True)
    car.sleep_word = "offline" if word == "offline" else "asleep"
    entry = await set_up(account)
    answer = await call(hass, "run_worker")
    (told,) = answer["cars"]
    assert told["vehicle_read"] is False
    assert told["pending"] == ["first_look"]
    assert (answer["billed"], answer["cost_usd"]) == (0, 0)
    assert answer["requests"]["state"] == 1
    car.note_activity(time.time() + 5)
    await passes(400, step=10)
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "first_look"
    assert len(reads(simulator)) <= 3
    agrees(simulator, entry)


async def test_arrival_waits_out_a_bad_half_hour(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every full read fails for 30 minutes after the arrival: a few tries, one event, one error line, then it is done."""
    entry = await set_up(account)
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    car.stay_awake(way.end, way.end + 7200)
    await passes(way.end - 90 - time.time(), step=5)
    simulator.faults.add(
        Fault(
            "vehicle_data",
            "status",
            times=None,
            asks="vehicle_config",
            status=503,
            body="busy",
            end=way.end + 1800,
        )
    )
    caplog.clear()
    before = len(reads(simulator))
    await passes(way.end + 1790 - time.time(), step=5)
    tries = [query for query in reads(simulator)[before:] if "vehicle_config" in query]
    assert 4 <= len(tries) <= 12
    assert kinds(told) == ["arrived"]
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "first_look"
    assert [trigger.cause for trigger in entry.runtime_data.cars[VIN].worker.data.pending] == ["arrived_home"]
    assert len(errors(caplog)) == 1
    read_for = causes(hass)
    await passes(1900, step=5)
    assert read_for[0] == "arrived_home"
    assert kinds(told) == ["arrived"]
    assert not entry.runtime_data.cars[VIN].worker.data.pending
    assert billed(simulator, way.end) <= 8
    agrees(simulator, entry)


async def test_arrival_that_cannot_be_worked_expires_after_six_hours(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """What happened yesterday is not read today, and a night of refusals costs cents at most."""
    entry = await set_up(account)
    await passes(60)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    car.stay_awake(way.end, way.end + 40_000)
    simulator.faults.add(
        Fault("vehicle_data", "json", times=None, asks="vehicle_config", status=400, body={"error": "no"})
    )
    await passes(way.end + 60 - time.time(), step=5)
    worker = entry.runtime_data.cars[VIN].worker
    assert [trigger.cause for trigger in worker.data.pending] == ["arrived_home"]
    start = time.time()
    await passes(6.6 * 3600, step=60)
    assert not worker.data.pending
    assert len([query for query in reads(simulator, start) if "vehicle_config" in query]) <= 24
    before = len(simulator.requests)
    await passes(3600, step=60)
    # What the scout reads in passing is another thing, and tried once an hour.
    assert len([record for record in simulator.requests[before:] if "vehicle_config" in record.query]) <= 2


async def test_one_read_serves_every_reason_that_waits(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A first look that is being put off is done when a person reads the car; it is not read again for it."""
    broken = simulator.faults.add(Fault("vehicle_data", "status", times=None, status=503, body="busy"))
    entry = await set_up(account)
    worker = entry.runtime_data.cars[VIN].worker
    assert [trigger.attempts for trigger in worker.data.pending] == [1]
    simulator.faults.active.remove(broken)
    answer = await call(hass, "run_worker")
    assert answer["cars"][0]["pending"] == []
    assert answer["billed"] == 1
    await passes(400, step=10)
    assert billed(simulator) == 1
    agrees(simulator, entry)


async def test_reads_at_the_same_time_are_not_doubled(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """While a slow read is under way the scout looks again; the car is not read twice for one reason."""
    car = account.add_car(VIN, "Scout", asleep=True)
    entry = await set_up(account)
    slow = simulator.faults.add(Fault("vehicle_data", "delay", asks="vehicle_config"))
    car.note_activity(time.time())
    scout = entry.runtime_data.cars[VIN].scout
    await scout.async_refresh()
    await slow.reached()
    await scout.async_refresh()
    await scout.async_refresh()
    slow.release()
    await settle(hass)
    assert len(reads(simulator)) == 1
    assert value(hass, "sensor.scout_battery") == "62"
    agrees(simulator, entry)


async def test_pending_first_look_of_a_sleeping_car_sets_no_timer(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The scout wakes the worker; after a restart or a vain request the worker asks nothing by itself."""
    account.add_car(VIN, "Scout", asleep=True)
    entry = await set_up(account)
    await call(hass, "run_worker")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    start = time.time() + 0.5
    await passes(600, step=1)
    assert asked(simulator, "state", start) <= 3
    assert [trigger.cause for trigger in entry.runtime_data.cars[VIN].worker.data.pending] == ["first_look"]


async def test_error_of_the_read_before_is_not_told_to_the_person_behind_it(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """A person who asks while a read is failing waits for a read of their own, and gets the answer of that one."""
    car = account.add_car(VIN, "Scout", asleep=True)
    entry = await set_up(account)
    failing = simulator.faults.add(Fault("vehicle_data", "delay", times=2, processed=False))
    car.note_activity(time.time())
    await entry.runtime_data.cars[VIN].scout.async_refresh()
    await failing.reached()
    answer = hass.async_create_task(entry.runtime_data.cars[VIN].worker.async_run())
    await asyncio.sleep(0)
    failing.release()
    assert await answer is True
    assert failing.fired == 2
    await settle(hass)
    agrees(simulator, entry)


async def test_arrival_that_the_full_read_itself_shows_is_not_read_again(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Somebody asks for a full read of a car that is back: one read tells the arrival and is the work for it."""
    entry = await set_up(account)
    told = listen(hass)
    await passes(290)
    park_at(car, HOME)
    before = billed(simulator)
    await call(hass, "run_worker")
    assert kinds(told) == ["arrived"]
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "arrived_home"
    await passes(900, step=60)
    # And a look for the cable.
    assert billed(simulator) - before == 2
    assert entry.runtime_data.cars[VIN].worker.data.pending == ()


async def test_car_that_falls_asleep_before_the_full_read_is_billed_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A 408 is the schedules' fault only if the cloud still says that the car is online."""
    await set_up(account)
    before = billed(simulator)
    asleep = {"response": {"vin": VIN, "state": "asleep", "display_name": "Scout"}}
    simulator.faults.add(Fault("vehicle_data", kind="json", status=408, body={"response": None}))
    simulator.faults.add(Fault("state", kind="json", body=asleep, skip=1))
    answer = await call(hass, "run_worker")
    assert answer["cars"][0]["vehicle_read"] is False
    assert billed(simulator) - before == 1


async def test_arrival_that_the_budget_keeps_waiting_is_worked_when_the_owner_grants_more(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A spent budget is no failed attempt: nothing is put off to the next month, and nothing is logged as an error."""
    entry = await set_up(account)
    hass.config_entries.async_update_entry(entry, options={"monthly_budget": 0.0})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    told = listen(hass)
    await passes(300, step=60)
    park_at(car, HOME)
    await call(hass, "scout_now")
    assert kinds(told) == ["arrived"]
    assert entry.runtime_data.cars[VIN].worker.data.pending
    hass.config_entries.async_update_entry(entry, options={"monthly_budget": 10.0})
    await hass.config_entries.async_reload(entry.entry_id)
    read_for = causes(hass)
    await settle(hass)
    await passes(600, step=60)
    assert "arrived_home" in read_for
    assert kinds(told) == ["arrived"]
