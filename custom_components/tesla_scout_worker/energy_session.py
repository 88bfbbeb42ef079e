"""When the car's count of charged energy began anew, pure.

`charge_energy_added` counts from the moment the cable was put in, whatever pauses there are, and stays after the cable
was taken out until it is put in again. It is an estimate: within a session it can fall by half a kilowatt hour
(https://github.com/teslamate-org/teslamate/issues/118). So a fall alone is no new session, and since the car is read
rarely, a new session can already show more than the old one did. What tells them apart is what must happen between two
sessions: a cable that was out, a car that drove.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from .fleet.vehicle_view import VehicleView

# A fall by this much is no estimate that was corrected (kWh).
_FALL: Final = 1.0
# A car that moved this far had no cable in (miles).
_MOVED: Final = 0.1
_MOST_KWH: Final = 2_000.0
_MOST_MILES: Final = 5e6


@dataclass(frozen=True, slots=True)
class EnergySession:
    """One session of the car's counter.

    began_at: Unix seconds of the read that showed it first. added: kWh at the last read that told. was_plugged_in:
    whether the cable was in at the last read that told. odometer: miles, at the last read that told the energy.
    """

    began_at: float
    added: float
    was_plugged_in: bool | None = None
    odometer: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "began_at": self.began_at,
            "added": self.added,
            "was_plugged_in": self.was_plugged_in,
            "odometer": self.odometer,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self | None:
        """Read what was stored, None where it is no session."""
        began_at, added = stored.get("began_at"), stored.get("added")
        if not isinstance(began_at, int | float) or not isinstance(added, int | float):
            return None
        plugged, odometer = stored.get("was_plugged_in"), stored.get("odometer")
        return cls(
            began_at,
            added,
            plugged if isinstance(plugged, bool) else None,
            odometer if isinstance(odometer, int | float) else None,
        )


def energy_added(view: VehicleView) -> float | None:
    """Return the kWh that the car counts."""
    return view.number("charge_state", "charge_energy_added", 0, _MOST_KWH)


def follow(session: EnergySession | None, view: VehicleView) -> EnergySession | None:
    """Return the session after a read; the same read twice changes nothing. None while the car told of no energy."""
    added, read_at, plugged = energy_added(view), view.data.read_at, view.is_plugged_in
    odometer = view.number("vehicle_state", "odometer", 0, _MOST_MILES)
    if session is not None and (added is None or added == session.added):
        # A cable that was out counts until the energy is another: the counter need not be set back at once.
        return replace(session, was_plugged_in=False) if plugged is False else session
    if added is None or read_at is None:
        return session
    if session is None or _is_another(session, added, odometer, plugged=plugged):
        return EnergySession(read_at, added, plugged, odometer)
    return replace(
        session,
        added=added,
        was_plugged_in=session.was_plugged_in if plugged is None else plugged,
        odometer=session.odometer if odometer is None else odometer,
    )


def _is_another(
    session: EnergySession, added: float, odometer: float | None, *, plugged: bool | None
) -> bool:
    if session.added - added >= _FALL or (added == 0 < session.added):
        return True
    if not plugged:
        return False
    has_driven = (
        odometer is not None and session.odometer is not None and odometer - session.odometer > _MOVED
    )
    return session.was_plugged_in is False or has_driven
