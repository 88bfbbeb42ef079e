"""What Home Assistant's statistics and its energy dashboard make of the sensors of a read."""

from datetime import timedelta
import time

from bench import Pass, SetUp
from car_payloads import MODEL_3, charge
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.energy.validate import async_validate
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period, validate_statistics
from homeassistant.components.sensor import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from lookout import call, value
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager
from read_bench import enable_all, says

from custom_components.tesla_scout_worker.car_sensor import CAR_SENSORS
from custom_components.tesla_scout_worker.charging_sensor import _COMPLETION, _ENERGY_ADDED, CHARGING_SENSORS
from fleet_simulator import Account, Car

SENSORS = (*CAR_SENSORS, *CHARGING_SENSORS, _COMPLETION, _ENERGY_ADDED)


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Make the recorder's database before the core, as Home Assistant's tests want it."""


def test_classes_and_units_are_home_assistants() -> None:
    """State class and unit fit the device class, by Home Assistant's own tables."""
    for one in SENSORS:
        if one.device_class is None:
            continue
        assert one.state_class is None or one.state_class in DEVICE_CLASS_STATE_CLASSES[one.device_class], (
            one.key
        )
        units = DEVICE_CLASS_UNITS.get(one.device_class)
        assert units is None or one.native_unit_of_measurement in units, one.key
        is_number = one.native_unit_of_measurement is not None
        assert (one.state_class is not None) == is_number == (one.suggested_display_precision is not None), (
            one.key
        )


async def test_statistics_and_the_energy_dashboard_take_them(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """No complaint of the recorder; the sum over sessions is what was charged; the dashboard finds nothing wrong."""
    assert await async_setup_component(hass, "energy", {})
    car.transform = says(charge(MODEL_3, charge_energy_added=2.0))
    entry = await set_up(account)
    await enable_all(hass, entry)
    car.stay_awake(time.time(), time.time() + 40_000)
    # To 7 kWh, unplugged, and a new session that is first seen at 9: 5 and 9 were charged.
    for word, added in (("Charging", 7.0), ("Disconnected", 7.0), ("Charging", 9.0)):
        await passes(300, step=60)
        car.transform = says(charge(MODEL_3, charging_state=word, charge_energy_added=added))
        await call(hass, "run_worker")
    assert value(hass, "sensor.scout_energy_added") == "9.0"
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    await passes(3700 - time.time() % 3600, step=300)
    await async_wait_recording_done(hass)
    for part in range(12):
        do_adhoc_statistics(hass, start=start + timedelta(minutes=5 * part))
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, start, None, {"sensor.scout_energy_added", "sensor.scout_charging_power"},
        "hour", None, {"sum", "mean", "state"},
    )  # fmt: skip
    assert found["sensor.scout_energy_added"][-1]["sum"] == pytest.approx(14.0)
    assert 0 < (found["sensor.scout_charging_power"][-1]["mean"] or 0) <= 11
    problems = await get_instance(hass).async_add_executor_job(validate_statistics, hass)
    assert {key: item for key, item in problems.items() if key.startswith("sensor.scout_")} == {}

    manager = await async_get_manager(hass)
    await manager.async_update(
        {
            "energy_sources": [],
            "device_consumption": [{"stat_consumption": "sensor.scout_energy_added"}],
            "device_consumption_water": [],
        }
    )
    assert (await async_validate(hass)).as_dict()["device_consumption"] == [[]]
