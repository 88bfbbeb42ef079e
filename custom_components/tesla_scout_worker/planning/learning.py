"""What charges teach: how the car charges, what the wall gives, and what was paid. Pure."""

from dataclasses import replace

from ..fleet.models import VehicleData
from ..fleet.vehicle_view import VehicleView
from ..worker.charge_model import SessionRecord
from ..worker.sessions import Session
from .paying import with_what_came_before
from .reckoning import model_of, wall_kw
from .wish import Learned, PaidCharge


def after_read(learned: Learned, view: VehicleView, *, is_home: bool) -> Learned:
    """Return what is learned after a read of the car."""
    seen = wall_kw(view) if is_home else None
    return learned if seen is None else replace(learned, wall_kw=seen)


def after_charge(learned: Learned, session: Session, data: VehicleData) -> Learned:
    """Return what is learned after a charge that has ended."""
    record = SessionRecord.of(session)
    if record is None:
        return learned
    return replace(learned, model=model_of(learned, data).learned(record).as_dict())


def after_paying(learned: Learned, session: Session, paid: PaidCharge | None) -> Learned:
    """Return what is learned after the cost of a charge is known."""
    if paid is None:
        return learned
    return replace(learned, paid=with_what_came_before(paid, session, learned.paid))
