"""What the wall gives is learned from charges that were read, also where they end in the taper: so the next plan fits."""

import time

from bench import VIN, Pass, SetUp
from charge_bench import HOUR, SIGNED, pair
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.planning.reckoning import model_of
from custom_components.tesla_scout_worker.worker.charge_model import ChargeModel, SessionRecord
from custom_components.tesla_scout_worker.worker.sessions import Session
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator
from fleet_simulator.charging import Charger

ENDED = 3.0 * HOUR


@pytest.mark.parametrize("charger", [WALL_BOX, Charger(amps=16, phases=1)], ids=["11 kW", "4 kW"])
async def test_one_charge_into_the_taper(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    charger: Charger,
) -> None:
    """From 60 to 95 by two reads: what the wall gave is known, and that the last hours go slower is not taken for less of it."""
    car: Car = account.add_car(VIN, "Scout", HOME, 60.0)
    car.set_limit(time.time(), 95)
    await pair(hass, car)
    entry = await set_up(account, SIGNED)
    await passes(60)
    plugged = time.time() + 60
    car.plug_in(plugged, charger)
    await passes(18 * HOUR, step=120)
    cared_for = entry.runtime_data.cars[VIN]
    (session,) = cared_for.worker.data.log.past
    assert (session.level_after, session.is_complete) == (95, True)
    assert session.ended_at is not None
    learned = cared_for.plans.learned
    ((wall_kw, _),) = learned.model["wall_kw"]
    assert wall_kw == pytest.approx(charger.volts * charger.amps * charger.phases / 1000, rel=0.03)
    ((taper, _),) = learned.model["taper_share"]
    assert 0.5 < taper <= 0.9
    curve = model_of(learned, cared_for.worker.data.vehicle_data).curve()
    assert curve.hours_to(60, 95) == pytest.approx((session.ended_at - plugged) / HOUR, rel=0.1)


def ended(before: float, after: float, kwh: float, wall_kw: float | None) -> SessionRecord:
    """Return the record of three hours at home."""
    record = SessionRecord.of(
        Session(0.0, before, 0.0, ENDED, after, kwh, None, is_home=True, wall_kw=wall_kw)
    )
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("record", "learned"),
    [
        pytest.param(ended(40, 80, 30.0, 11.0), 11.0, id="seen below the taper"),
        pytest.param(ended(60, 95, 26.0, 11.0), 11.0, id="seen below the taper, and on into it"),
        pytest.param(ended(85, 97, 9.0, 4.0), None, id="seen in the taper alone"),
        pytest.param(ended(60, 95, 26.0, 3.0), None, id="seen as the current was still rising"),
        pytest.param(ended(60, 95, 26.0, None), None, id="not seen"),
    ],
)
def test_what_is_believed(record: SessionRecord, learned: float | None) -> None:
    """No power that is less than what arrived, and none of the taper."""
    seen = ChargeModel().learned(record).wall_kw.seen
    assert [value for value, _ in seen] == ([] if learned is None else [learned])
