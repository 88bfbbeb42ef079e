"""Charge sessions as the reads show them, pure: a read in, what happened since the last one out.

The car is read rarely. So what happened is told when it is seen, and times between two reads are reckoned from what the
car counts: the energy added and its power. Level is per cent, energy kWh, times are Unix seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Final, Self

from ..fleet.models import VehicleData
from ..fleet.vehicle_view import VehicleView

_KEPT: Final = 20
_MOST_KWH: Final = 2_000.0
# The counter is an estimate: less than this is no charge, a fall by more than this is another session (kWh).
_LEAST: Final = 0.5
_FALL: Final = 1.0
# What of the wall's energy reaches the battery, where it was not measured, and between which values it is believed.
_EFFICIENCY: Final = 0.9
_LEAST_EFFICIENCY: Final = 0.6
# Before so much was added (kWh) the miles added are too coarse to reckon with.
_TELLING_KWH: Final = 1.0
_LEAST_VOLTS: Final = 80.0
_MOST_VOLTS: Final = 500.0
_MOST_AMPS: Final = 100.0
_MOST_MILES: Final = 1_000.0
# Who drove so far (miles, by the odometer) had no cable in between. A spot is changed for less.
_DRIVEN: Final = 0.1
_MOST_ODOMETER: Final = 2_000_000.0


class Happened(StrEnum):
    """What a read showed to have happened since the one before."""

    PLUGGED_IN = "plugged_in"
    CHARGING_STARTED = "charging_started"
    CHARGING_COMPLETE = "charging_complete"
    CHARGING_INTERRUPTED = "charging_interrupted"
    #: A schedule said so; `pauses` tells it from an interruption.
    CHARGING_PAUSED = "charging_paused"
    UNPLUGGED = "unplugged"


ENDS: Final = frozenset({Happened.CHARGING_COMPLETE, Happened.CHARGING_INTERRUPTED, Happened.CHARGING_PAUSED})


@dataclass(frozen=True, slots=True)
class Session:
    """A charge. ended_at and what follows from it: None, or so far, while it runs.

    counted_from: what the car's own counter showed when it began. energy_added: into the battery. efficiency: the share
    of the wall's energy that reaches the battery, as measured; None where it was not. is_home: None where unknown.
    is_start_seen: a read showed it running; without that its beginning is that of the gap it fell into.
    is_complete: it reached its limit. wall_kw: the most that was seen to be drawn, None where that was not told.
    """

    started_at: float
    level_before: float | None
    counted_from: float = 0.0
    ended_at: float | None = None
    level_after: float | None = None
    energy_added: float = 0.0
    efficiency: float | None = None
    is_fast: bool = False
    is_home: bool | None = None
    is_start_seen: bool = True
    is_complete: bool = False
    wall_kw: float | None = None

    @property
    def wall_energy(self) -> float | None:
        """Return what the wall gave, estimated; None for a fast charger, whose meter is not ours."""
        return None if self.is_fast else self.energy_added / (self.efficiency or _EFFICIENCY)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_dict(cls, stored: Any) -> Self | None:
        """Read what was stored, None where it is no session."""
        if not isinstance(stored, Mapping) or (started_at := _number(stored.get("started_at"))) is None:
            return None
        is_home = stored.get("is_home")
        return cls(
            started_at,
            _number(stored.get("level_before")),
            _number(stored.get("counted_from")) or 0.0,
            _number(stored.get("ended_at")),
            _number(stored.get("level_after")),
            _number(stored.get("energy_added")) or 0.0,
            _number(stored.get("efficiency")),
            stored.get("is_fast") is True,
            is_home if isinstance(is_home, bool) else None,
            stored.get("is_start_seen") is True,
            stored.get("is_complete") is True,
            _number(stored.get("wall_kw")),
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a read told of the charge.

    rate: kW into the battery. wall_kw: out of the wall. level, limit: per cent. energy: kWh, the car's counter.
    odometer: miles.
    """

    at: float
    is_plugged: bool
    state: str | None
    is_charging: bool
    level: float | None
    limit: float | None
    energy: float
    rate: float
    wall_kw: float | None
    efficiency: float | None
    ends_at: float | None
    is_fast: bool
    odometer: float | None

    @property
    def is_full(self) -> bool:
        """Return whether the limit is reached."""
        if self.state == "complete":
            return True
        return self.level is not None and self.limit is not None and self.level >= self.limit


@dataclass(frozen=True, slots=True)
class Log:
    """The sessions of a car, oldest first, and the one that runs.

    is_in_elsewhere: the cable was told to be in while the car was not known to be at home.
    """

    past: tuple[Session, ...] = ()
    running: Session | None = None
    is_in_elsewhere: bool = False

    @property
    def last(self) -> Session | None:
        """Return the session that runs, else the last one."""
        return self.running or (self.past[-1] if self.past else None)

    def of(self, happened: Happened) -> Session | None:
        """Return the session to which something happened just now: one read can show an end and another begin."""
        return self.past[-1] if happened in ENDS and self.past else self.last

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "past": [session.as_dict() for session in self.past],
            "running": self.running.as_dict() if self.running else None,
            "is_in_elsewhere": self.is_in_elsewhere,
        }

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what was stored; what is no session is left out."""
        if not isinstance(stored, Mapping):
            return cls()
        past = stored.get("past")
        found = [Session.from_dict(item) for item in (past if isinstance(past, list) else ())]
        return cls(
            tuple(item for item in found if item)[-_KEPT:],
            Session.from_dict(stored.get("running")),
            stored.get("is_in_elsewhere") is True,
        )


def after_read(
    log: Log, before: VehicleData, read: VehicleData, *, is_home: bool | None
) -> tuple[Log, tuple[Happened, ...]]:
    """Return the log after a read, and what happened since the one before.

    before: what was known until then. A read that tells nothing of the charge changes nothing; of a first one nothing
    is said to have happened.
    """
    now, was = _seen(read), _seen(before)
    if now is None:
        return log, ()
    happened: list[Happened] = []
    running, past = log.running, log.past
    has_driven = was is not None and _has_driven(was, now)
    # That it is at home can be seen later than the cable. Then it is told again: at home is where somebody waits for it.
    is_told_again = log.is_in_elsewhere and is_home is True
    is_in_elsewhere = log.is_in_elsewhere and now.is_plugged and not is_told_again
    if was is not None and now.is_plugged and (has_driven or is_told_again or not was.is_plugged):
        happened.append(Happened.PLUGGED_IN)
        is_in_elsewhere = is_home is not True
    if was is not None and was.is_plugged and now.is_plugged:
        is_another = running is not None and _is_another(running, was, now)
        if running is not None and (has_driven or is_another):
            # It ended and another one began, both unseen: all that is known of its end is what was read last.
            past = (*past, replace(running, ended_at=was.at))
            happened.append(Happened.CHARGING_INTERRUPTED)
            running = None
        if has_driven or is_another:
            was = replace(was, is_plugged=False, is_charging=False, energy=0.0)
    if now.is_charging:
        if running is None:
            running = _begun(was, now, is_home)
            happened += [Happened.CHARGING_STARTED] if was is not None else []
        running = _gone_on(running, now)
    else:
        ended = running or _unseen(was, now, is_home)
        if ended is not None:
            past = (*past, _ended(ended, was, now))
            happened.append(Happened.CHARGING_COMPLETE if now.is_full else Happened.CHARGING_INTERRUPTED)
        running = None
    if was is not None and was.is_plugged and not now.is_plugged:
        happened.append(Happened.UNPLUGGED)
    return Log(past[-_KEPT:], running, is_in_elsewhere), tuple(happened)


def _seen(read: VehicleData) -> _Seen | None:
    view = VehicleView(read)
    is_plugged = view.is_plugged_in
    if is_plugged is None or read.read_at is None:
        return None
    rate, wall_kw, efficiency = _flow(view)
    return _Seen(
        read.read_at,
        is_plugged,
        view.charging_state,
        bool(view.is_charging),
        view.percent("battery_level"),
        view.percent("charge_limit_soc"),
        view.number("charge_state", "charge_energy_added", 0, _MOST_KWH) or 0.0,
        rate,
        wall_kw,
        efficiency,
        view.completes_at,
        view.is_at_fast_charger,
        view.number("vehicle_state", "odometer", 0, _MOST_ODOMETER),
    )


def _flow(view: VehicleView) -> tuple[float, float | None, float | None]:
    """Return the power into the battery and out of the wall (kW), and the share of the latter that the former is.

    The power is told in whole kilowatts only. But miles of range an hour are told as well, and how many miles the energy
    so far has given: where that is enough to reckon with, it is exact, and only then the share is known.
    """
    told = view.flow("charger_power", _MOST_KWH) or 0.0
    added = view.number("charge_state", "charge_energy_added", _TELLING_KWH, _MOST_KWH)
    miles = view.number("charge_state", "charge_miles_added_rated", 1, _MOST_MILES)
    pace = view.flow("charge_rate", _MOST_MILES)
    exact = pace * added / miles if pace and added and miles else None
    volts = view.number("charge_state", "charger_voltage", _LEAST_VOLTS, _MOST_VOLTS)
    amps = view.flow("charger_actual_current", _MOST_AMPS)
    rate = exact or told
    if not rate or not volts or not amps or view.is_at_fast_charger:
        return rate, None, None
    # Some cars say two of three phases: what fits best is believed.
    wall = min(
        (volts * amps * phases / 1000 for phases in (1, 2, 3)),
        key=lambda kw: abs(kw - rate / _EFFICIENCY),
    )
    share = exact / wall if exact else None
    return rate, wall, share if share is not None and _LEAST_EFFICIENCY <= share <= 1 else None


def _is_another(running: Session, was: _Seen, now: _Seen) -> bool:
    """Return whether the counter began anew since: only a cable that was out does that."""
    return (
        now.energy < was.energy - _FALL and now.energy < running.counted_from + running.energy_added - _FALL
    )


def _has_driven(was: _Seen, now: _Seen) -> bool:
    """Return whether the car has driven between two reads, by its odometer; False where that is not told."""
    if was.odometer is None or now.odometer is None:
        return False
    return now.odometer - was.odometer > _DRIVEN


def _counted_from(was: _Seen | None, now: _Seen) -> float:
    """Return what the counter showed before this charge: it goes on while the cable stays in."""
    if was is None or not was.is_plugged or was.energy > now.energy:
        return 0.0
    return was.energy


def _begun(was: _Seen | None, now: _Seen, is_home: bool | None) -> Session:
    counted_from = _counted_from(was, now)
    hours = (now.energy - counted_from) / now.rate if now.rate else 0.0
    started_at = now.at - hours * 3600.0
    return Session(
        started_at if was is None else min(max(started_at, was.at), now.at),
        now.level if was is None else was.level,
        counted_from,
        is_home=is_home,
        is_start_seen=was is not None,
    )


def _gone_on(session: Session, now: _Seen) -> Session:
    # At full power the share is exact: amps are whole ones, and near full they say little.
    is_more = session.efficiency is None or (now.wall_kw or 0.0) > (session.wall_kw or 0.0)
    return replace(
        session,
        level_after=now.level,
        energy_added=max(now.energy - session.counted_from, 0.0),
        efficiency=(now.efficiency if is_more else None) or session.efficiency,
        wall_kw=max(now.wall_kw or 0.0, session.wall_kw or 0.0) or None,
        is_fast=session.is_fast or now.is_fast,
    )


def _unseen(was: _Seen | None, now: _Seen, is_home: bool | None) -> Session | None:
    """Return a charge that fell wholly into the gap between two reads, None where there was none."""
    if was is None or was.is_charging:
        return None
    counted_from = _counted_from(was, now)
    has_risen = was.level is not None and now.level is not None and now.level > was.level
    if not has_risen or now.energy - counted_from < _LEAST:
        return None
    return Session(was.at, was.level, counted_from, is_home=is_home, is_start_seen=False)


def _ended(session: Session, was: _Seen | None, now: _Seen) -> Session:
    energy = max(now.energy - session.counted_from, session.energy_added)
    ended_at = now.at
    if was is not None and was.is_charging:
        if now.is_full and was.ends_at is not None:
            ended_at = was.ends_at
        elif was.rate:
            ended_at = was.at + (session.counted_from + energy - was.energy) / was.rate * 3600.0
        ended_at = min(max(ended_at, was.at), now.at)
    return replace(
        session,
        ended_at=ended_at,
        level_after=now.level,
        energy_added=energy,
        is_complete=now.is_full,
        is_fast=session.is_fast or now.is_fast,
    )


def _number(stored: Any) -> float | None:
    is_number = isinstance(stored, int | float) and not isinstance(stored, bool) and isfinite(stored)
    return stored if is_number else None
