"""What a charge cost, pure: its energy at the prices of its hours."""

from collections.abc import Iterable
from typing import Final

from ..worker.charge_plan import ChargeWindow
from ..worker.price_slots import Prices
from ..worker.sessions import Session
from .wish import PaidCharge

# The car's own counter goes on from there while the cable stays in (kWh).
_COUNTED: Final = 0.05
# Windows of one plan are not further apart (seconds).
_ONE_NIGHT: Final = 43_200.0


def paid_for(session: Session, prices: Prices, windows: Iterable[ChargeWindow] = ()) -> PaidCharge | None:
    """Return what a charge cost, None where its energy or the price of a part of it is not known.

    windows: of the plan that was in force. They tell when it ran where only its end was seen. The current is taken to have
    been even: the car is read too rarely to know better.
    """
    energy, end = session.wall_energy, session.ended_at
    if energy is None or end is None:
        return None
    spans = [(session.started_at, max(end, session.started_at + 60.0))]
    if not session.is_start_seen:
        planned = [(max(one.start, session.started_at), min(one.end, end)) for one in windows]
        spans = [span for span in planned if span[0] < span[1]] or spans
    lasted = sum(until - since for since, until in spans)
    priced = cost = 0.0
    for since, until in spans:
        for slot in prices.slots:
            seconds = min(slot.end, until) - max(slot.start, since)
            if seconds > 0:
                priced += seconds
                cost += slot.price * energy * seconds / lasted
    if priced < lasted - 1.0:
        return None
    return PaidCharge(round(cost, 4), prices.currency, round(energy, 3), end)


def with_what_came_before(paid: PaidCharge, session: Session, before: PaidCharge | None) -> PaidCharge:
    """Return what was paid since the cable is in: a plan charges in several windows. before: what was told last."""
    if (
        before is None
        or session.counted_from < _COUNTED
        or before.currency != paid.currency
        or not session.started_at - _ONE_NIGHT <= before.ended_at < paid.ended_at
    ):
        return paid
    return PaidCharge(
        round(before.cost + paid.cost, 4),
        paid.currency,
        round(before.energy_kwh + paid.energy_kwh, 3),
        paid.ended_at,
    )
