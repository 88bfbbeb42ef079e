"""What a charge cost, pure."""

from dataclasses import replace

import pytest

from custom_components.tesla_scout_worker.planning.paying import paid_for, with_what_came_before
from custom_components.tesla_scout_worker.planning.wish import PaidCharge
from custom_components.tesla_scout_worker.worker.charge_plan import ChargeWindow
from custom_components.tesla_scout_worker.worker.price_slots import Prices, PriceSlot
from custom_components.tesla_scout_worker.worker.sessions import Session

START = 1_800_000_000.0
HOUR = 3_600.0
CHARGE = Session(START, 50.0, ended_at=START + 2 * HOUR, energy_added=9.0, efficiency=0.9, is_home=True)
PRICES = Prices(
    (PriceSlot(START - HOUR, START + HOUR, 0.1), PriceSlot(START + HOUR, START + 3 * HOUR, 0.3)), "EUR"
)


def test_energy_at_the_prices_of_its_hours() -> None:
    """Ten kWh from the wall, half of them in each hour."""
    paid = paid_for(CHARGE, PRICES)
    assert paid is not None
    assert paid.cost == pytest.approx(2.0)
    assert paid.energy_kwh == pytest.approx(10.0)
    assert paid.currency == "EUR"


@pytest.mark.parametrize(
    ("charge", "prices"),
    [
        pytest.param(replace(CHARGE, is_fast=True), PRICES, id="a fast charger's meter is not ours"),
        pytest.param(replace(CHARGE, ended_at=None), PRICES, id="it runs"),
        pytest.param(CHARGE, Prices(PRICES.slots[:1], "EUR"), id="a price is missing"),
    ],
)
def test_what_is_not_known_is_not_told(charge: Session, prices: Prices) -> None:
    """Rather nothing than a part."""
    assert paid_for(charge, prices) is None


def test_charge_whose_beginning_nobody_saw_ran_in_its_windows() -> None:
    """The car was read in the evening and in the morning, and charged in the second hour, as it was planned."""
    unseen = replace(CHARGE, is_start_seen=False)
    late = ChargeWindow(START + HOUR, START + 1.5 * HOUR, 9.0, 3.0)
    elsewhere = ChargeWindow(START + 9 * HOUR, START + 10 * HOUR, 9.0, 3.0)
    for windows, cost in (((late, elsewhere), 3.0), ((elsewhere,), 2.0), ((), 2.0)):
        paid = paid_for(unseen, PRICES, windows)
        assert paid is not None
        assert paid.cost == pytest.approx(cost)
    seen = paid_for(replace(CHARGE, is_start_seen=True), PRICES, (late,))
    assert seen is not None
    assert seen.cost == pytest.approx(2.0)


def test_windows_of_one_night_are_paid_for_together() -> None:
    """The car's own counter goes on while the cable stays in. What was told twice is not paid twice."""
    second = replace(CHARGE, started_at=START + 4 * HOUR, ended_at=START + 5 * HOUR, counted_from=9.0)
    last = PaidCharge(0.2, "EUR", 2.0, START + 2 * HOUR)
    now = PaidCharge(0.3, "EUR", 3.0, START + 5 * HOUR)
    assert with_what_came_before(now, second, last) == PaidCharge(0.5, "EUR", 5.0, START + 5 * HOUR)
    for session, before in (
        (second, None),
        (replace(second, counted_from=0.0), last),
        (second, replace(last, currency="PLN")),
        (second, replace(last, ended_at=START - 30 * HOUR)),
        (second, now),
    ):
        assert with_what_came_before(now, session, before) == now
