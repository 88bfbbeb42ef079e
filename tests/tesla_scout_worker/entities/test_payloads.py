"""Whatever a car sends: no traceback, the other entities update, and the next good answer heals."""

import time
from typing import Any

from bench import VIN, Pass, SetUp
from homeassistant.core import HomeAssistant
from lookout import call, errors, fields, value, without
import pytest

from fleet_simulator import Account, Car, Fault, FleetSimulator
from fleet_simulator.car import Transform

CHARGE = "charge_state"
BLOCKS = (CHARGE, "climate_state", "drive_state", "gui_settings", "vehicle_config", "vehicle_state",
          "charge_schedule_data", "preconditioning_schedule_data", "vin", "state", "id", "granular_access")  # fmt: skip
BADNESS: tuple[Any, ...] = (None, {}, [], "x", 5, True, [{"battery_level": 1}])
GOOD = {
    "sensor.scout_battery": "62",
    "sensor.scout_range": "289",  # 179.8 miles, shown in kilometres
    "sensor.scout_charging": "disconnected",
    "sensor.scout_charging_power": "0",
    "binary_sensor.scout_plugged_in": "off",
    "binary_sensor.scout_at_home": "off",
    "device_tracker.scout_location": "not_home",
}


def shown(hass: HomeAssistant) -> dict[str, str]:
    """Return what the entities say, the range in whole kilometres."""
    found = {entity_id: value(hass, entity_id) for entity_id in GOOD}
    if found["sensor.scout_range"] not in {"unknown", "unavailable"}:
        found["sensor.scout_range"] = f"{float(found['sensor.scout_range']):.0f}"
    return found


@pytest.mark.parametrize("block", BLOCKS)
async def test_block_that_is_not_what_it_should_be(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    block: str,
) -> None:
    """Dropped, null or of another type: the last values of that block stay, the others update."""
    await set_up(account)
    assert shown(hass) == GOOD
    bad: list[Transform] = [without(block, drop=True), *(without(block, put=put) for put in BADNESS)]
    for number, change in enumerate(bad):
        level = 10 + number

        def _bad(response: dict[str, Any], change: Transform = change, level: int = level) -> Any:
            return change(fields(CHARGE, battery_level=level)(response) or {})

        car.transform = _bad
        answer = await call(hass, "run_worker")
        assert answer["cars"][0]["vehicle_read"] is True
        expected = "62" if block == CHARGE else str(level)
        assert shown(hass) == {**GOOD, "sensor.scout_battery": expected}
    car.transform = None
    await call(hass, "run_worker")
    assert shown(hass) == GOOD
    assert errors(caplog) == []


@pytest.mark.parametrize(
    ("word", "charging", "plugged"),
    [
        ("Disconnected", "disconnected", "off"),
        ("NoPower", "no_power", "on"),
        ("Starting", "starting", "on"),
        ("Charging", "charging", "on"),
        ("Complete", "complete", "on"),
        ("Stopped", "stopped", "on"),
        ("Calibrating", "calibrating", "on"),
        (None, "unknown", "unknown"),
        ("", "unknown", "unknown"),
        ("<invalid>", "unknown", "unknown"),
        (5, "unknown", "unknown"),
        ("Levitating", "unknown", "on"),
    ],
)
async def test_charging_is_more_than_yes_or_no(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    word: Any,
    charging: str,
    plugged: str,
) -> None:
    """All words, none, and one of the future; door and cable say nothing."""
    car.transform = fields(
        CHARGE, charging_state=word, conn_charge_cable="<invalid>", charge_port_door_open=None,
        charge_port_latch="<invalid>",
    )  # fmt: skip
    await set_up(account)
    assert value(hass, "sensor.scout_charging") == charging
    assert value(hass, "binary_sensor.scout_plugged_in") == plugged
    assert value(hass, "sensor.scout_battery") == "62"
    assert errors(caplog) == []


@pytest.mark.parametrize("junk", [None, "", "x", [], {}, True, float("nan"), 10**400, "<invalid>"])
async def test_number_that_is_none_is_unknown(
    hass: HomeAssistant,
    account: Account,
    car: Car,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    junk: Any,
) -> None:
    """Never a made-up value, never a traceback; the next good answer brings them back."""
    names = ("battery_level", "battery_range", "est_battery_range", "charger_power", "charge_rate")
    car.transform = fields(CHARGE, **dict.fromkeys(names, junk))
    await set_up(account)
    for entity in ("battery", "range", "charging_power"):
        assert value(hass, f"sensor.scout_{entity}") == "unknown"
    assert value(hass, "sensor.scout_charging") == "disconnected"
    car.transform = None
    await call(hass, "run_worker")
    assert shown(hass) == GOOD
    assert errors(caplog) == []


@pytest.mark.parametrize("level", [-1, 101, 255])
async def test_impossible_battery_level_is_unknown(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, level: int
) -> None:
    """A battery has between none and a hundred per cent."""
    car.transform = fields(CHARGE, battery_level=level)
    await set_up(account)
    assert value(hass, "sensor.scout_battery") == "unknown"


@pytest.mark.parametrize("word", [None, "P", "", "<invalid>", 5, "X"])
async def test_every_word_for_parked_is_parked(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, word: Any
) -> None:
    """null, P, nothing and nonsense: only D, R and N drive."""
    car.transform = fields("drive_state", shift_state=word)
    await set_up(account)
    assert value(hass, "sensor.scout_reason_for_next_look") == "parked_away"


@pytest.mark.parametrize(
    "body",
    [{"response": None, "error": ""}, None, [], "<html>", {"response": []}, {"response": "x"}, {"other": 1}],
)
async def test_answer_that_is_no_answer(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
    body: Any,
) -> None:
    """A 200 with null, a list or a page: one error line, values stay, few are paid for, and the next good one heals."""
    await set_up(account)
    car.stay_awake(time.time(), time.time() + 20_000)
    bad = simulator.faults.add(Fault("vehicle_data", "json", times=None, body=body))
    await passes(7200, step=60)
    assert bad.fired <= 15
    assert shown(hass) == GOOD
    assert value(hass, "sensor.scout_reason_for_next_look") == "retry"
    assert len(errors(caplog)) == 1
    simulator.faults.active.remove(bad)
    await passes(1000, step=60)
    assert value(hass, "sensor.scout_reason_for_next_look") == "parked_away"
    assert len(errors(caplog)) == 1


async def test_miles_are_miles_whatever_the_car_shows(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """Tesla always sends miles; Home Assistant converts."""
    car.transform = fields("gui_settings", gui_distance_units="km/hr")
    await set_up(account)
    assert float(value(hass, "sensor.scout_range")) == pytest.approx(62 * 2.9 * 1.609344, rel=1e-3)


async def test_unknown_fields_and_blocks_are_passed_over(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """What Tesla adds tomorrow breaks nothing today."""
    car.transform = lambda response: {
        **response,
        "flux_state": {"a": 1},
        CHARGE: {**response.get(CHARGE, {}), "b": 2},
    }
    entry = await set_up(account)
    assert shown(hass) == GOOD
    assert "flux_state" in entry.runtime_data.cars[VIN].worker.data.vehicle_data.blocks
    assert errors(caplog) == []
