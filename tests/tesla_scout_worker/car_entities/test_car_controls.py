"""The controls: a command goes out, is shown at once, and the read after it has the last word."""

import asyncio
from collections.abc import Awaitable
import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from car_payloads import CARS, MODEL_3, charge
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from lookout import asked, billed, errors, fields, state, value
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed
from read_bench import says

from fleet_simulator import HOME, SOCKET, SUPERCHARGER, WALL_BOX, Account, Car, Fault, FleetSimulator

SWITCH, LIMIT, AMPS = (
    "switch.scout_charge",
    "number.scout_charge_limit",
    "number.scout_charging_current_limit",
)
PORT = "cover.scout_charge_port"


async def use(
    hass: HomeAssistant, action: str, entity_id: str, context: Context | None = None, **data: Any
) -> None:
    """Use a control, as an automation does, or with a context as a person."""
    domain = entity_id.partition(".")[0]
    await hass.services.async_call(
        domain, action, {"entity_id": entity_id, **data}, blocking=True, context=context
    )
    await settle(hass)


async def waited_for(hass: HomeAssistant, freezer: FrozenDateTimeFactory, using: Awaitable[None]) -> None:
    """Let time pass while a control is at work: Home Assistant itself waits for that, so nobody may wait for it."""
    task = asyncio.ensure_future(using)
    for _ in range(60):
        freezer.tick(2)
        async_fire_time_changed(hass)
        # Real time for the real requests.
        await asyncio.to_thread(time.sleep, 0.01)
        if task.done():
            break
    await task


@pytest.fixture
def plain(account: Account) -> Car:
    """Make a car that takes commands without a signature, with its cable in and stopped."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    car.command_protocol_required = False
    car.plug_in(time.time() - 600, WALL_BOX)
    car.want_charge(time.time() - 300, wanted=False)
    return car


# --- charging -------------------------------------------------------------------------------------


async def test_charging_is_switched_on_and_off(
    hass: HomeAssistant, simulator: FleetSimulator, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """One command each; shown at once; one read afterwards tells what came of it."""
    await set_up(account)
    assert value(hass, SWITCH) == "off"
    await passes(60)
    start = time.time()
    await use(hass, "turn_on", SWITCH)
    assert plain.battery().wanted
    assert value(hass, SWITCH) == "on"
    assert (asked(simulator, "command", start), asked(simulator, "vehicle_data", start)) == (1, 0)
    # What was read before is still what was read before.
    assert value(hass, "sensor.scout_charging") == "stopped"
    await passes(60)
    assert asked(simulator, "vehicle_data", start) == 1
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "command"
    assert (value(hass, "sensor.scout_charging"), value(hass, SWITCH)) == ("charging", "on")
    assert value(hass, "binary_sensor.scout_charging_now") == "on"

    await use(hass, "turn_off", SWITCH)
    assert not plain.battery().wanted
    assert value(hass, SWITCH) == "off"
    await passes(60)
    assert (value(hass, "sensor.scout_charging"), value(hass, SWITCH)) == ("stopped", "off")
    assert (asked(simulator, "command", start), asked(simulator, "vehicle_data", start)) == (2, 2)


async def test_the_read_has_the_last_word(
    hass: HomeAssistant, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Tesla says done and the car does not: it is shown as it is, as soon as it is read."""
    await set_up(account)
    await passes(60)
    plain.transform = fields("charge_state", charging_state="Stopped", charge_limit_soc=80)
    await use(hass, "turn_on", SWITCH)
    await use(hass, "set_value", LIMIT, value=90)
    assert (value(hass, SWITCH), value(hass, LIMIT)) == ("on", "90")
    await passes(60)
    assert (value(hass, SWITCH), value(hass, LIMIT)) == ("off", "80")


async def test_refused_command_changes_nothing_and_says_why(
    hass: HomeAssistant, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The car's own reason is in the message; what was read stays."""
    await set_up(account)
    await passes(60)
    plain.refusals = ["unsafe_to_charge_today"]
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "turn_on", SWITCH)
    assert raised.value.translation_domain == "tesla_scout_worker"
    assert raised.value.translation_key == "command_refused"
    assert "unsafe" in str(raised.value)
    assert value(hass, SWITCH) == "off"
    plain.refusals = ["already_set"]
    await use(hass, "set_value", LIMIT, value=70)
    assert value(hass, LIMIT) == "70"


async def test_unplugged_car_cannot_charge(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The message says that the cable is missing."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    car.command_protocol_required = False
    await set_up(account)
    await passes(60)
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "turn_on", SWITCH)
    assert raised.value.translation_key == "command_refused_no_cable"
    assert value(hass, SWITCH) == "off"


async def test_outcome_that_nobody_knows_is_read(
    hass: HomeAssistant, simulator: FleetSimulator, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The answer got lost: the person hears so, nothing is sent again, and the read tells."""
    await set_up(account)
    await passes(60)
    start = time.time()
    simulator.faults.add(Fault("command", "reset_after"))
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "turn_on", SWITCH)
    assert raised.value.translation_key in {"outcome_unknown", "answer_lost"}
    assert asked(simulator, "command", start) == 1
    assert value(hass, SWITCH) == "off"
    await passes(60)
    assert (value(hass, SWITCH), asked(simulator, "vehicle_data", start)) == ("on", 1)


# --- numbers --------------------------------------------------------------------------------------


async def test_limit_and_current_are_set_within_the_cars_bounds(
    hass: HomeAssistant, simulator: FleetSimulator, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """As the car told them last; what is beyond is refused before anything is sent."""
    await set_up(account)
    await passes(60)
    limit, amps = state(hass, LIMIT), state(hass, AMPS)
    assert (limit.attributes["min"], limit.attributes["max"], limit.attributes["step"]) == (50, 100, 1)
    assert (amps.attributes["min"], amps.attributes["max"]) == (0, 16)
    start = time.time()
    for entity_id, bad in ((LIMIT, 49), (LIMIT, 101), (AMPS, 17), (AMPS, -1)):
        with pytest.raises(ServiceValidationError):
            await use(hass, "set_value", entity_id, value=bad)
    assert billed(simulator, start) == 0
    await use(hass, "set_value", LIMIT, value=75)
    await use(hass, "set_value", AMPS, value=10)
    assert (plain.battery().limit, plain.battery().amps) == (75, 10)
    assert (value(hass, LIMIT), value(hass, AMPS)) == ("75", "10")
    await passes(90)
    assert (value(hass, LIMIT), value(hass, AMPS)) == ("75", "10")
    # Two commands in a row share one read.
    assert (asked(simulator, "command", start), asked(simulator, "vehicle_data", start)) == (2, 1)


async def test_bounds_follow_the_car(
    hass: HomeAssistant, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """Another charger, another bound."""
    await set_up(account)
    await passes(60)
    plain.unplug(time.time())
    plain.plug_in(time.time(), SOCKET)
    await hass.services.async_call(
        "tesla_scout_worker", "run_worker", {}, blocking=True, return_response=True
    )
    assert state(hass, AMPS).attributes["max"] == 10


# --- the port -------------------------------------------------------------------------------------


async def test_port_opens_and_closes(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """One command each, confirmed by a read."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    car.command_protocol_required = False
    await set_up(account)
    await passes(60)
    assert value(hass, PORT) == "closed"
    assert state(hass, PORT).attributes["device_class"] == "door"
    for action, word in (("open_cover", "open"), ("close_cover", "closed")):
        await use(hass, action, PORT)
        assert value(hass, PORT) == word
        await passes(60)
        assert value(hass, PORT) == word


# --- asleep ---------------------------------------------------------------------------------------


async def asleep(hass: HomeAssistant, passes: Pass) -> None:
    """Wait until the scout has seen that the car sleeps."""
    await passes(3 * 3600, step=300)
    assert value(hass, "sensor.scout_cloud_state") == "asleep"


async def test_command_wakes_a_plugged_in_car_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: FleetSimulator,
    plain: Car,
    account: Account,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Whether it still sleeps is asked for free; one wake, one command."""
    await set_up(account)
    await asleep(hass, passes)
    start = time.time()
    await waited_for(hass, freezer, use(hass, "turn_on", SWITCH))
    assert plain.battery().wanted
    assert value(hass, SWITCH) == "on"
    assert (asked(simulator, "wake_up", start), asked(simulator, "command", start)) == (1, 1)
    await passes(120)
    assert (value(hass, "sensor.scout_charging"), value(hass, SWITCH)) == ("charging", "on")


@pytest.mark.parametrize(("is_plugged", "action", "entity_id"), [
    (False, "turn_on", SWITCH),
    (False, "open_cover", PORT),
    # A car that sleeps does not charge.
    (True, "turn_off", SWITCH),
])  # fmt: skip
async def test_command_that_is_no_reason_to_wake_the_car(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    plain: Car,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    is_plugged: bool,
    action: str,
    entity_id: str,
) -> None:
    """It costs nothing, and says that the car sleeps and was not woken."""
    if not is_plugged:
        plain.unplug(time.time() - 60)
    await set_up(account)
    await asleep(hass, passes)
    start = time.time()
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, action, entity_id)
    assert raised.value.translation_key == "vehicle_unavailable"
    assert (billed(simulator, start), plain.wakes) == (0, [])


async def test_car_that_was_out_of_reach_for_a_moment_is_told_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: FleetSimulator,
    plain: Car,
    account: Account,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """What is plugged in gets the command once more when it is surely online, and no oftener. Unplugged, it does not."""
    await set_up(account)
    await passes(60)
    assert value(hass, "sensor.scout_cloud_state") == "online"
    simulator.faults.add(Fault("command", "status", status=408))
    start = time.time()
    await waited_for(hass, freezer, use(hass, "turn_on", SWITCH))
    assert plain.battery().wanted
    assert (asked(simulator, "wake_up", start), asked(simulator, "command", start)) == (0, 2)
    plain.unplug(time.time())
    await hass.services.async_call(
        "tesla_scout_worker", "run_worker", {}, blocking=True, return_response=True
    )
    await passes(30)
    simulator.faults.add(Fault("command", "status", status=408))
    start = time.time()
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "set_value", LIMIT, value=70)
    assert raised.value.translation_key == "vehicle_unavailable"
    assert (asked(simulator, "wake_up", start), asked(simulator, "command", start)) == (0, 1)


async def test_wake_button(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """It is there before the car was ever read, sends one wake, and costs nothing where the car is awake."""
    car = account.add_car(VIN, "Scout", HOME, asleep=True)
    await set_up(account)
    await waited_for(hass, freezer, use(hass, "press", "button.scout_wake_up"))
    assert car.state() == "online"
    assert len(car.wakes) == asked(simulator, "wake_up") == 1
    await use(hass, "press", "button.scout_wake_up")
    assert len(car.wakes) == 1


# --- who may --------------------------------------------------------------------------------------


async def test_at_a_fast_charger_only_a_person_stops(
    hass: HomeAssistant,
    hass_admin_user: MockUser,
    simulator: FleetSimulator,
    plain: Car,
    account: Account,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """An automation is told why not, and nothing is sent; the person who waits there decides."""
    plain.unplug(time.time() - 60)
    plain.plug_in(time.time() - 30, SUPERCHARGER)
    await set_up(account)
    await passes(30)
    assert value(hass, "binary_sensor.scout_at_a_fast_charger") == "on"
    start = time.time()
    with pytest.raises(ServiceValidationError) as raised:
        await use(hass, "turn_off", SWITCH)
    assert raised.value.translation_key == "at_fast_charger"
    assert billed(simulator, start) == 0
    assert plain.battery().wanted
    await use(hass, "turn_off", SWITCH, context=Context(user_id=hass_admin_user.id))
    assert not plain.battery().wanted


async def test_without_the_permission_for_commands(
    hass: HomeAssistant, simulator: FleetSimulator, plain: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """What the controls show is there all the same; who uses one hears what is missing."""
    await set_up(account)
    await passes(60)
    simulator.faults.add(
        Fault("command", "json", times=None, status=403, body={"error": "Unauthorized missing scopes"})
    )
    assert (value(hass, SWITCH), value(hass, LIMIT)) == ("off", "80")
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "turn_on", SWITCH)
    assert raised.value.translation_key == "missing_scope"
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "set_value", LIMIT, value=60)
    assert raised.value.translation_key == "missing_scope"
    assert (value(hass, SWITCH), value(hass, LIMIT)) == ("off", "80")


async def test_car_that_wants_a_signature_and_no_key(
    hass: HomeAssistant, simulator: FleetSimulator, car: Car, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """The message names what to do, and nothing billed was sent."""
    car.transform = says(charge(MODEL_3, charging_state="Stopped"))
    await set_up(account)
    await passes(60)
    start = time.time()
    with pytest.raises(HomeAssistantError) as raised:
        await use(hass, "turn_on", SWITCH)
    assert raised.value.translation_key == "no_virtual_key"
    assert billed(simulator, start) == 0


@pytest.mark.parametrize("model", CARS)
async def test_no_control_that_would_break_on_a_strange_car(
    hass: HomeAssistant,
    plain: Car,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    model: str,
) -> None:
    """Each control sends its command, whatever the car tells of itself."""
    plain.transform = says(CARS[model])
    await set_up(account)
    await passes(30)
    await use(hass, "set_value", LIMIT, value=60)
    await use(hass, "set_value", AMPS, value=8)
    assert (plain.battery().limit, plain.battery().amps) == (60, 8)
    assert errors(caplog) == []
