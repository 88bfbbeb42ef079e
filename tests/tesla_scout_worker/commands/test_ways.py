"""Which way a command goes: found out once for each car, remembered, and forgotten when a car says otherwise."""

from typing import Final

from bench import VIN, SetUp
from command_bench import asked, commander_of, commands_billed, failure_of, paired_key, quiet, send
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from lookout import SECOND_VIN

from custom_components.tesla_scout_worker.const import CONF_COMMANDS, DOMAIN
from custom_components.tesla_scout_worker.fleet import commands
from custom_components.tesla_scout_worker.fleet.command_errors import (
    CommandRefusedError,
    KeyNotPairedError,
    KeyUnusableError,
    OutcomeUnknownError,
    SigningNotSupportedError,
    VehicleBusyError,
)
from custom_components.tesla_scout_worker.fleet.commands import Transports
from custom_components.tesla_scout_worker.fleet.errors import (
    AskedTooOftenError,
    FleetError,
    MissingScopeError,
    RateLimitedError,
    SigningRequiredError,
    VehicleUnavailableError,
)
from custom_components.tesla_scout_worker.fleet.metering import Category, Purpose
from custom_components.tesla_scout_worker.fleet.models import CloudState
from custom_components.tesla_scout_worker.problems import for_action
from custom_components.tesla_scout_worker.virtual_key import _CABINET, async_key_cabinet
from custom_components.tesla_scout_worker.worker.schedules import ChargeSchedule
from fleet_simulator import Account, Car, Fault, FleetSimulator

PLAIN = {CONF_COMMANDS: {"transport": "plain"}}
ALL = ("fleet_status", "signed_command", "command")


def repairs(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return our repairs by their kind."""
    issues = ir.async_get(hass).issues.items()
    return {issue.translation_key or "": issue for (domain, _), issue in issues if domain == DOMAIN}


async def test_a_car_is_asked_about_once(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Two cars, two ways; the question is not on Tesla's bill, and each car has its own answer."""
    other = account.add_car(SECOND_VIN, "Old one")
    other.command_protocol_required = False
    await paired_key(hass, car)
    entry = await set_up(account)
    await quiet(hass, simulator)
    before = commands_billed(simulator)
    assert commander_of(entry).way_of(VIN) is None
    for _ in range(2):
        await send(entry, commands.set_charge_limit(70))
        await send(entry, commands.set_charge_limit(70), vin=SECOND_VIN)
    assert asked(simulator, *ALL) == [
        "fleet_status", "signed_command", "signed_command", "fleet_status", "command", "signed_command", "command",
    ]  # fmt: skip
    assert commands_billed(simulator) - before == 5
    assert commander_of(entry).way_of(VIN) is Transports.SIGNED
    assert commander_of(entry).way_of(SECOND_VIN) is Transports.PLAIN
    assert other.battery(simulator.clock()).limit == 70


async def test_a_car_that_was_switched_to_signatures_is_found_out(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Tesla switches cars over: the refusal changed nothing, so the command goes out signed, once, and from then on."""
    car.command_protocol_required = False
    await paired_key(hass, car)
    entry = await set_up(account)
    await send(entry, commands.set_charge_limit(70))
    car.command_protocol_required = True
    await quiet(hass, simulator)
    await send(entry, commands.set_charge_limit(75))
    await send(entry, commands.set_charge_limit(80))
    assert asked(simulator, *ALL) == ["command", "signed_command", "signed_command", "signed_command"]
    assert car.battery(simulator.clock()).limit == 80
    # The other way round: Tesla's servers said that it signs, and the car has never heard of that.
    car.command_protocol_required, car.keyring.speaks_protocol = False, False
    await send(entry, commands.set_charge_limit(70))
    assert asked(simulator, *ALL)[4:] == ["signed_command", "command"]
    assert commander_of(entry).way_of(VIN) is Transports.PLAIN
    # What goes only signed is not to be had from it, and that closes nothing else.
    schedule = ChargeSchedule(
        id=1,
        name=None,
        days=127,
        start=60,
        end=None,
        enabled=True,
        one_time=False,
        latitude=52.5,
        longitude=13.4,
    )
    failed = await failure_of(entry, commands.add_charge_schedule(schedule))
    assert isinstance(failed, SigningNotSupportedError)
    assert not entry.runtime_data.budget.is_unregistered
    await send(entry, commands.set_charge_limit(75))


async def test_who_chose_a_way_keeps_it(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Nothing is asked, nothing goes another way: the car's refusal is told."""
    await paired_key(hass, car)
    entry = await set_up(account, PLAIN)
    await quiet(hass, simulator)
    assert isinstance(await failure_of(entry, commands.charge_start()), SigningRequiredError)
    assert asked(simulator, *ALL) == ["command"]


async def test_plain_commands_tell_what_happened(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Every kind of answer, one request each: none of them is sent again."""
    car.command_protocol_required = False
    entry = await set_up(account, PLAIN)
    await quiet(hass, simulator)
    lost = OutcomeUnknownError
    for fault, kind in (
        (Fault("command", "reset_after"), lost),
        (Fault("command", "half"), lost),
        (Fault("command", "garbage"), lost),
        (Fault("command", "empty"), lost),
        (Fault("command", "json", body={"response": None}), lost),
        (Fault("command", "json", body={"response": {"result": None}}), lost),
        (Fault("command", "redirect", url="https://example.com"), lost),
        (Fault("command", "status", status=500, body={"error": "upstream"}), lost),
        (Fault("command", "status", status=504), lost),
        (Fault("command", "status", status=499), lost),
        (Fault("command", "json", body=_refusal("could_not_wake_buses")), VehicleBusyError),
        (Fault("command", "json", body=_refusal("unsigned_cmds_hardlocked")), SigningRequiredError),
        (Fault("command", "json", body=_refusal("car_wash")), CommandRefusedError),
        (
            Fault("command", "status", status=403, body={"error": "Unauthorized missing scopes"}),
            MissingScopeError,
        ),
        (Fault("command", "status", status=408), VehicleUnavailableError),
    ):
        simulator.requests.clear()
        entry.runtime_data.budget._bounds.clear()
        simulator.faults.add(fault)
        failed = await failure_of(entry, commands.set_charge_limit(70))
        assert type(failed) is kind, fault
        assert len(asked(simulator, *ALL)) == 1, fault
        assert for_action(failed).translation_key == failed.code
    simulator.faults.add(Fault("command", "json", body=_refusal("Already_Set")))
    await send(entry, commands.set_charge_limit(70))
    simulator.faults.add(Fault("command", "json", body=_refusal("complete")))
    await send(entry, commands.charge_start())
    simulator.faults.add(Fault("command", "status", status=429, headers={"Retry-After": "60"}))
    assert isinstance(await failure_of(entry, commands.charge_start()), RateLimitedError)
    # The wait that Tesla asked for is kept without a request.
    simulator.requests.clear()
    assert isinstance(await failure_of(entry, commands.charge_start()), RateLimitedError)
    assert simulator.requests == []


def _refusal(reason: str) -> dict[str, object]:
    return {"response": {"result": False, "reason": reason}}


async def test_who_asks_in_a_loop_is_stopped_before_anything_is_sent(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """A bound for each car; what scout and worker do by themselves has another."""
    await paired_key(hass, car)
    entry = await set_up(account)
    del simulator.limits.per_minute["commands"]
    stopped: FleetError | None = None
    for _ in range(100):
        try:
            await send(entry, commands.charge_stop())
        except FleetError as err:
            stopped = err
            break
    assert isinstance(stopped, AskedTooOftenError)
    assert 25 <= len(asked(simulator, "signed_command")) <= 31
    await quiet(hass, simulator)
    # Not even the question that is free is asked then.
    commander_of(entry)._remembered.clear()
    assert isinstance(await failure_of(entry, commands.charge_stop()), AskedTooOftenError)
    assert simulator.requests == []
    await send(entry, commands.charge_stop(), Purpose.WORKER)


async def test_a_key_that_is_not_paired_is_a_repair_with_its_link(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """With the way to pair it; and it goes with the next command that the car takes."""
    key = await paired_key(hass)
    entry = await set_up(account)
    assert isinstance(await failure_of(entry, commands.charge_stop()), KeyNotPairedError)
    assert set(repairs(hass)) & {"key_not_paired", "key_not_registered"} == {"key_not_registered"}
    cabinet = await async_key_cabinet(hass)
    await cabinet.async_registered("car.example.com")
    assert isinstance(await failure_of(entry, commands.charge_stop()), KeyNotPairedError)
    issue = repairs(hass)["key_not_paired"]
    assert "key_not_registered" not in repairs(hass)
    assert (issue.translation_placeholders or {})["pairing_url"] == "https://tesla.com/_ak/car.example.com"
    assert (issue.translation_placeholders or {})["name"] == "Scout"
    assert VIN not in issue.issue_id
    car.keyring.pair(key.public_point_hex)
    await send(entry, commands.charge_stop())
    assert "key_not_paired" not in repairs(hass)


async def test_a_key_file_that_cannot_sign(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Nothing is sent, nothing is overwritten, and what is wrong with which file is told."""
    await paired_key(hass, car)
    entry = await set_up(account)
    store = (await async_key_cabinet(hass))._store()
    data = await store.async_load()
    assert data is not None
    await send(entry, commands.charge_stop())
    for kind in ("missing", "encrypted", "curve", "no key"):
        broken = {**data, "private_key": _broken_key(kind)}
        await store.async_save(broken)
        hass.data.pop(_CABINET, None)
        await quiet(hass, simulator)
        failed = await failure_of(entry, commands.charge_stop())
        assert isinstance(failed, KeyUnusableError), kind
        assert asked(simulator, "signed_command", "command") == []
        assert await store.async_load() == broken
    # Restored from a backup, it signs again without a restart.
    await store.async_save(data)
    await send(entry, commands.charge_stop())


def _broken_key(kind: str) -> str:
    match kind:
        case "curve":
            key = ec.derive_private_key(7, ec.SECP384R1())
            return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        case "encrypted":
            return _ENCRYPTED
        case _:
            return (
                "" if kind == "missing" else "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
            )


# The same each time, as a test compares it.
_ENCRYPTED: Final = (
    ec.derive_private_key(7, ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    .decode()
)


async def test_waking_costs_one_request_and_tells_the_state(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """It is counted as what it is: ten times as dear as a read."""
    entry = await set_up(account)
    car.idle_seconds = 0.0
    before = simulator.bill.counts().get("wakes", 0)
    vehicle = await entry.runtime_data.account.client.wake_up(VIN, Purpose.REQUESTED)
    assert vehicle.state in {CloudState.ASLEEP, CloudState.OFFLINE}
    assert simulator.bill.counts()["wakes"] - before == 1
    assert entry.runtime_data.budget.requests_this_month.get(Category.WAKES) == 1


async def test_who_wants_to_know_hears_of_each_command_that_was_taken(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """After it, and not of one that was not."""
    car.command_protocol_required = False
    entry = await set_up(account, PLAIN)
    heard: list[tuple[str, str]] = []
    release = commander_of(entry).async_on_sent(lambda vin, name: heard.append((vin, name)))
    await send(entry, commands.set_charge_limit(70))
    await failure_of(entry, commands.charge_start())
    release()
    await send(entry, commands.set_charge_limit(80))
    assert heard == [(VIN, "set_charge_limit")]
