"""A car that Tesla does not answer for any more: sold, no longer shared, or mobile access switched off in it."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from lookout import SECOND_VIN, asked, billed, errors, park_at, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator

DAY = 86_400.0
REFUSED: dict[str, Any] = {"response": None, "error": "Unauthorized missing scopes"}


def told(hass: HomeAssistant, key: str) -> dict[str, str]:
    """Return the repairs of a kind: their issue IDs, and the cars that they name."""
    return {
        issue.issue_id: (issue.translation_placeholders or {})["name"]
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == key
    }


async def test_sold_car_is_asked_for_rarely_and_told_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """404 from one day on: one line in the log, one repair with its name, a question every few hours, no bill.

    The other car goes on as before. When Tesla knows the car again, so does the scout, and the repair goes.
    """
    account.add_car(SECOND_VIN, "Second", HOME, 44.0, asleep=True)
    entry = await set_up(account)
    await passes(3_600, step=60)
    sold = account.cars.pop(VIN)
    start = time.time()
    caplog.clear()
    await passes(600, step=60)
    assert told(hass, "car_refused") == {}
    await passes(2 * DAY, step=300)
    assert list(told(hass, "car_refused").values()) == ["Scout"]
    assert billed(simulator, start) == 0
    assert asked(simulator, "state", start, VIN) <= 20
    assert asked(simulator, "state", start, SECOND_VIN) >= 200
    assert len(errors(caplog)) == 1
    assert value(hass, "sensor.scout_reason_for_next_look") == "retry"
    assert value(hass, "sensor.scout_battery") == "62"

    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert told(hass, "car_refused") == {}
    await passes(DAY, step=300)
    assert list(told(hass, "car_refused").values()) == ["Scout"]

    account.cars[VIN] = sold
    park_at(sold, HOME)
    await passes(22_000, step=300)
    assert told(hass, "car_refused") == {}
    sold.note_activity(time.time())
    await passes(1_800, step=60)
    assert value(hass, "binary_sensor.scout_at_home") == "on"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(403, {"error": "you are not authorized to access this vehicle"}, id="no longer shared"),
        pytest.param(404, {"error": "not_found"}, id="unknown"),
        pytest.param(401, {"error": "mobile_access_disabled"}, id="mobile access off"),
    ],
)
async def test_read_that_is_refused_for_good_is_not_paid_for_all_day(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    status: int,
    body: dict[str, str],
) -> None:
    """The cloud still lists the car and says online, each read is refused and billed: at most a dozen a day."""
    await set_up(account)
    await passes(60)
    car.stay_awake(time.time(), time.time() + 3 * DAY)
    refusal = simulator.faults.add(
        Fault("vehicle_data", "json", times=None, status=status, body={"response": None, **body})
    )
    start = time.time()
    await passes(DAY, step=120)
    assert list(told(hass, "car_refused").values()) == ["Scout"]
    assert 6 <= billed(simulator, start) <= 12
    simulator.faults.active.remove(refusal)
    await passes(22_000, step=120)
    assert told(hass, "car_refused") == {}


async def test_proxy_that_is_mended_is_no_sold_car(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A quarter of an hour of 404s, as from a proxy without its route: no repair, and a look soon after."""
    await set_up(account)
    await passes(3_600, step=60)
    start = time.time()
    simulator.faults.add(Fault("api", "status", times=None, status=404, body="no route", end=start + 900))
    await passes(900, step=15)
    assert told(hass, "car_refused") == {}
    healed = time.time()
    await passes(900, step=15)
    assert asked(simulator, "state", healed) >= 1
    assert told(hass, "car_refused") == {}


async def test_refused_location_is_told_of_each_car(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """Two cars are refused, one repair each with its name and without its VIN; one that heals takes back its own."""
    second = account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    await passes(60)
    faults = {}
    for each, vin in ((car, VIN), (second, SECOND_VIN)):
        each.stay_awake(time.time(), time.time() + 60_000)
        faults[vin] = simulator.faults.add(
            Fault("vehicle_data", "json", times=None, vin=vin, asks="location_data", status=403, body=REFUSED)
        )
    await passes(16_000, step=60)
    shown = told(hass, "location_refused")
    assert sorted(shown.values()) == ["Scout", "Second"]
    assert not any(vin in issue_id for issue_id in shown for vin in (VIN, SECOND_VIN))
    simulator.faults.active.remove(faults[VIN])
    await passes(7_200, step=60)
    assert list(told(hass, "location_refused").values()) == ["Second"]
    hass.config_entries.async_update_entry(entry, options={"watched_vehicles": [VIN]})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert told(hass, "location_refused") == {}


async def test_repairs_go_with_the_entry(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """An entry that is removed leaves no repair behind."""
    entry = await set_up(account)
    await passes(60)
    account.cars.pop(VIN)
    await passes(DAY, step=300)
    assert told(hass, "car_refused")
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert not [domain for domain, _ in ir.async_get(hass).issues if domain == DOMAIN]
