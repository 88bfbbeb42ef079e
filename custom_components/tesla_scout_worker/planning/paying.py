"""What a charge cost, pure: its energy at the prices of its hours."""

from ..worker.price_slots import Prices
from ..worker.sessions import Session
from .wish import PaidCharge


def paid_for(session: Session, prices: Prices) -> PaidCharge | None:
    """Return what a charge cost, None where its energy or the price of a part of it is not known.

    The current is taken to have been even: the car is read too rarely to know better.
    """
    energy, end = session.wall_energy, session.ended_at
    if energy is None or end is None:
        return None
    lasted = max(end - session.started_at, 60.0)
    until = session.started_at + lasted
    priced = cost = 0.0
    for slot in prices.slots:
        seconds = min(slot.end, until) - max(slot.start, session.started_at)
        if seconds > 0:
            priced += seconds
            cost += slot.price * energy * seconds / lasted
    if priced < lasted - 1.0:
        return None
    return PaidCharge(round(cost, 4), prices.currency, round(energy, 3), end)
