"""Commands that are signed here, to a car that checks them: over HTTP, with the library that signs and our own way out."""

import asyncio
import logging
import sys
from typing import Any

import aiohttp
from bench import VIN, SetUp
from command_bench import asked, commands_billed, commands_counted, failure_of, paired_key, quiet, send
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.const import CONF_COMMANDS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet import commands
from custom_components.tesla_scout_worker.fleet.command_errors import (
    CommandRefusedError,
    KeyNotPairedError,
    NoCableError,
    NoKeyError,
    OutcomeUnknownError,
    SigningNotSupportedError,
    SigningUnavailableError,
    VehicleBusyError,
)
from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    MobileAccessDisabledError,
    ServerError,
    VehicleUnavailableError,
)
from custom_components.tesla_scout_worker.worker.schedules import ChargeSchedule, PreconditionSchedule
from fleet_simulator import WALL_BOX, Account, Car, Fault, FleetSimulator
from fleet_simulator.keyring import Spoil

SIGNED = {CONF_COMMANDS: {"transport": "signed"}}
HANDSHAKE_AND_COMMAND = ["signed_command", "signed_command"]
# Tesla's numbers of faults (universal_message.proto).
BUSY, TIMEOUT, INVALID_SIGNATURE, INVALID_COUNTER, PRIVILEGES, INTERNAL = 1, 2, 5, 6, 7, 11
INCORRECT_EPOCH, TIME_EXPIRED, REMOTE_DISABLED, PROXIMITY, NOBODY_KNOWS = 15, 17, 21, 29, 99
INACTIVE_KEY, BAD_PARAMETER = 4, 13
WORDS = {
    PROXIMITY: "command_requires_physical_proximity",
    PRIVILEGES: "insufficient_privileges",
    BAD_PARAMETER: "bad_parameter",
}

CHEAP = ChargeSchedule(
    id=7,
    name="Cheap",
    days=0b1010100,
    start=23 * 60,
    end=None,
    enabled=True,
    one_time=False,
    latitude=52.5,
    longitude=13.4,
)
WARM = PreconditionSchedule(
    id=8, name="Warm", days=0b0111110, at=7 * 60, enabled=True, one_time=False, latitude=52.5, longitude=13.4
)


@pytest.fixture
async def entry(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key."""
    await paired_key(hass, car)
    entry: ScoutWorkerConfigEntry = await set_up(account, SIGNED)
    await quiet(hass, simulator)
    return entry


def done(car: Car) -> list[str]:
    """Return the commands that a car has carried out."""
    return [record.order.name for record in car.keyring.log if record.what == "done" and record.order]


async def test_a_cold_car_costs_a_handshake_and_a_warm_one_none(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """Two requests, then one each; the bill and our ledger agree to the last."""
    before = commands_billed(simulator), commands_counted(entry)
    await send(entry, commands.set_charge_limit(70))
    assert asked(simulator, "signed_command", "command", "fleet_status") == HANDSHAKE_AND_COMMAND
    await send(entry, commands.set_charge_limit(75))
    assert done(car) == ["set_charge_limit", "set_charge_limit"]
    assert car.battery(simulator.clock()).limit == 75
    assert commands_billed(simulator) - before[0] == commands_counted(entry) - before[1] == 3


async def test_the_other_computer_has_its_own_session(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """The charge port belongs to the one that also locks the doors."""
    await send(entry, commands.set_charge_limit(70))
    await send(entry, commands.charge_port_door_open())
    await send(entry, commands.charge_port_door_close())
    assert len(asked(simulator, "signed_command")) == 5
    assert {record.domain for record in car.keyring.log} == {2, 3}


async def test_every_command_reaches_the_car_as_it_was_meant(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """Each of them is decoded by Tesla's own definitions; a schedule has its name, its days and its times."""
    car.plug_in(simulator.clock(), WALL_BOX)
    sent = [
        commands.charge_stop(),
        commands.charge_start(),
        commands.set_charging_amps(9),
        commands.add_charge_schedule(CHEAP),
        commands.add_precondition_schedule(WARM),
        commands.remove_charge_schedule(7),
        commands.remove_precondition_schedule(8),
        commands.set_scheduled_charging(enable=True, minutes=90),
        commands.set_scheduled_departure(enable=True, departure=420, preconditioning=True),
    ]
    for command in sent:
        await send(entry, command)
    orders = [record.order for record in car.keyring.log if record.what == "done"]
    assert [order.name for order in orders if order] == [command.name for command in sent]
    kept = next(order.params for order in orders if order and order.name == "add_charge_schedule")
    assert (kept["id"], kept["name"], kept["days_of_week"]) == (7, "Cheap", 0b1010100)
    assert (kept["start_enabled"], kept["start_time"], kept["end_enabled"]) == (True, 1380, False)


async def test_a_refusal_is_told_and_what_is_so_already_is_none(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """C3, in the car's own words."""
    limit = car.battery(simulator.clock()).limit
    await send(entry, commands.set_charge_limit(limit))
    await send(entry, commands.charge_stop())
    assert isinstance(await failure_of(entry, commands.charge_start()), NoCableError)
    car.refusals.append("user_not_present")
    refused = await failure_of(entry, commands.charge_start())
    assert isinstance(refused, CommandRefusedError)
    assert refused.reason == "user_not_present"


async def test_no_clear_answer_is_no_success_and_nothing_is_sent_again(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """The library takes two of these for a success, and sends again after the last, though the car may have obeyed."""
    await send(entry, commands.set_charge_limit(70))
    kinds: tuple[Spoil, ...] = ("empty", "null", "error", "wait")
    for kind in kinds:
        for obeys, percent in ((True, 75), (False, 80)):
            simulator.requests.clear()
            car.keyring.spoil(kind, obeys=obeys)
            failed = await failure_of(entry, commands.set_charge_limit(percent))
            assert type(failed) is OutcomeUnknownError, kind
            assert len(asked(simulator, "signed_command")) == 1, kind
            assert car.battery(simulator.clock()).limit == 75
        await send(entry, commands.set_charge_limit(70))


async def test_a_session_that_moved_on_is_taken_over_once(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """The car says that it did nothing and tells its new session: the command goes out once more, and no oftener."""
    await send(entry, commands.set_charge_limit(70))
    for fault in (INCORRECT_EPOCH, INVALID_COUNTER, INVALID_SIGNATURE, TIME_EXPIRED):
        simulator.requests.clear()
        car.keyring.spoil("fault", fault)
        await send(entry, commands.set_charge_limit(75))
        assert len(asked(simulator, "signed_command")) == 2
        car.keyring.spoil("fault", fault, times=5)
        assert isinstance(await failure_of(entry, commands.set_charge_limit(80)), VehicleBusyError)
        assert len(asked(simulator, "signed_command")) == 4
        car.keyring.forced.clear()
        await send(entry, commands.set_charge_limit(70))
        assert asked(simulator, "signed_command")[4:] == HANDSHAKE_AND_COMMAND


async def test_a_car_that_restarted_is_found_again(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """A new epoch, counters from zero: one request more, no error."""
    await send(entry, commands.set_charge_limit(70))
    car.keyring.reboot()
    simulator.requests.clear()
    await send(entry, commands.set_charge_limit(75))
    assert len(asked(simulator, "signed_command")) == 2
    assert car.battery(simulator.clock()).limit == 75


async def test_a_fault_is_one_of_ours_and_goes_out_once(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """The library's are no Exceptions, and one that it does not know is an IndexError."""
    await send(entry, commands.set_charge_limit(70))
    for fault, kind in (
        (BUSY, VehicleBusyError),
        (TIMEOUT, OutcomeUnknownError),
        (INTERNAL, OutcomeUnknownError),
        (PROXIMITY, CommandRefusedError),
        (NOBODY_KNOWS, OutcomeUnknownError),
        (PRIVILEGES, CommandRefusedError),
        (BAD_PARAMETER, CommandRefusedError),
        (INACTIVE_KEY, KeyNotPairedError),
        (REMOTE_DISABLED, MobileAccessDisabledError),
    ):
        simulator.requests.clear()
        car.keyring.spoil("fault", fault)
        failed = await failure_of(entry, commands.set_charge_limit(75))
        assert type(failed) is kind, fault
        assert len(asked(simulator, "signed_command")) == 1
        assert "TeslaFleet" not in repr(failed.__cause__)
        if isinstance(failed, CommandRefusedError):
            assert failed.reason == WORDS[fault]


async def test_a_key_that_no_car_knows(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """At the handshake, and in the middle of a session when its owner deleted the key in the car."""
    await send(entry, commands.set_charge_limit(70))
    car.keyring.unpair()
    assert isinstance(await failure_of(entry, commands.set_charge_limit(75)), KeyNotPairedError)
    assert isinstance(await failure_of(entry, commands.charge_port_door_open()), KeyNotPairedError)
    assert len(asked(simulator, "signed_command")) == 4


async def test_a_lost_answer_is_unknown_only_after_the_handshake(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """A handshake changes nothing in the car, so nothing has to be read because of it."""
    simulator.faults.add(Fault("signed_command", "reset_after"))
    assert isinstance(await failure_of(entry, commands.set_charge_limit(70)), AnswerLostError)
    simulator.faults.add(Fault("signed_command", "reset_after", skip=1))
    assert isinstance(await failure_of(entry, commands.set_charge_limit(70)), OutcomeUnknownError)
    assert car.battery(simulator.clock()).limit == 70
    simulator.faults.add(Fault("signed_command", "status", status=504))
    assert isinstance(await failure_of(entry, commands.set_charge_limit(75)), OutcomeUnknownError)
    simulator.faults.add(Fault("signed_command", "status", status=503))
    assert isinstance(await failure_of(entry, commands.set_charge_limit(75)), ServerError)
    await send(entry, commands.set_charge_limit(75))
    assert car.battery(simulator.clock()).limit == 75


async def test_a_sleeping_car_is_not_woken(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """408, billed, and told as what it is."""
    car.idle_seconds = 0.0
    assert isinstance(await failure_of(entry, commands.charge_start()), VehicleUnavailableError)
    assert asked(simulator, "signed_command", "wake_up") == ["signed_command"]


async def test_a_car_that_knows_no_signatures(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """Whoever chose to sign is told so; nothing goes out unsigned instead."""
    car.keyring.speaks_protocol = False
    assert isinstance(await failure_of(entry, commands.set_charge_limit(70)), SigningNotSupportedError)
    assert asked(simulator, "signed_command", "command") == ["signed_command"]


async def test_without_a_key_nothing_is_sent_and_none_is_made(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A new key would be in no car."""
    entry = await set_up(account, SIGNED)
    await quiet(hass, simulator)
    assert isinstance(await failure_of(entry, commands.charge_start()), NoKeyError)
    assert simulator.requests == []


async def test_commands_to_a_car_go_one_after_the_other(
    entry: ScoutWorkerConfigEntry, simulator: FleetSimulator, car: Car
) -> None:
    """Four at once on a cold car: one handshake, counters in order."""
    wanted = [commands.set_charge_limit(percent) for percent in (55, 60, 65, 70)]
    await asyncio.gather(*(send(entry, command) for command in wanted))
    assert len(asked(simulator, "signed_command")) == 5
    counters = [record.counter for record in car.keyring.log if record.what == "done"]
    assert counters == sorted(counters)
    assert car.battery(simulator.clock()).limit == 70


async def test_the_library_opens_no_connection_and_logs_no_secret(
    entry: ScoutWorkerConfigEntry,
    simulator: FleetSimulator,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its requests are ours: with the bearer that the account's owner hands out, through the meter."""

    def _refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a session of the library's own")

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", _refuse)
    caplog.set_level(logging.DEBUG)
    await send(entry, commands.set_charge_limit(70))
    assert len(asked(simulator, "signed_command")) == 2
    assert VIN not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("tesla_fleet_api")
    )


async def test_an_unsuitable_library_is_told(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    simulator: FleetSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another integration can put an old one in its place."""
    name = "custom_components.tesla_scout_worker.fleet.signing_library"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tesla_fleet_api.tesla.vehicle.signed", None)
    assert isinstance(await failure_of(entry, commands.charge_start()), SigningUnavailableError)
    assert simulator.requests == []
