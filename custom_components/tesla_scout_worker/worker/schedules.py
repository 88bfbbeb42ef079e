"""A car's schedules for charging and for preconditioning: how they are read, and the smallest change to the wanted ones. Pure.

Names, types and units: https://github.com/teslamotors/vehicle-command (common.proto, vehicle.proto). A car tells a mask
of days and `latitude`, `longitude`; a command takes names of days and `lat`, `lon`. Times are minutes after midnight by
the clock in the car, so 0 is midnight and None is no time at all.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
import math
from typing import Any, Final

from ..fleet.models import VehicleData
from .days import EVERY_DAY, WEEKDAYS, read_mask

MINUTES_A_DAY: Final = 1_440
# Two places that are nearer than this are one: a parked car, its receiver's error and the centre of a small zone (metres).
SAME_PLACE: Final = 100.0
# From this firmware on a car has schedules; before it has one start time and one departure.
_FIRST_WITH_SCHEDULES: Final = (2024, 26)
_METRES_A_DEGREE: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class ChargeSchedule:
    """When a car may charge at a place.

    id: chosen by who makes it; None of one that has none yet. days: a mask, Sunday is 1; those of the start. start:
    None means as soon as it is plugged in. end: None means until the limit; before start it is on the next day. one_time:
    it runs once. latitude, longitude: degrees; elsewhere it does nothing. Both 0 is no place.
    """

    id: int | None
    name: str | None
    days: int
    start: int | None
    end: int | None
    enabled: bool
    one_time: bool
    latitude: float = field(repr=False)
    longitude: float = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreconditionSchedule:
    """By when a car is to be warm at a place. at: when it is ready; the rest as with `ChargeSchedule`."""

    id: int | None
    name: str | None
    days: int
    at: int
    enabled: bool
    one_time: bool
    latitude: float = field(repr=False)
    longitude: float = field(repr=False)


type Schedule = ChargeSchedule | PreconditionSchedule


@dataclass(frozen=True, slots=True)
class Changes[S: (ChargeSchedule | PreconditionSchedule)]:
    """What is to be sent.

    add: each with the id under which it is added; where that is one of `replaced`, it takes that one's place in the same
    command. remove: ids. kept: what is in the car as it is wanted, as the car tells it.
    """

    add: tuple[S, ...] = ()
    remove: tuple[int, ...] = ()
    kept: tuple[S, ...] = ()
    replaced: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is to be sent."""
        return bool(self.add or self.remove)


def changes[S: (ChargeSchedule | PreconditionSchedule)](
    wanted: Iterable[S], present: Iterable[S], ours: Collection[int], *, first_id: int = 1
) -> Changes[S]:
    """Return the fewest commands after which the car does what is wanted, and nothing else by a schedule of ours.

    present: all that the car has. ours: ids that were given out here; nothing else is changed. first_id: new ids begin
    here (the Unix second is what others use), and none is one that is known already.

    What somebody made by hand with the same effect counts as present: a second one would do nothing, and its maker may
    remove it when he likes. Of two of ours with the same effect one goes. One of ours that is not wanted lends its id to one
    that is: a command with a known id changes that schedule.
    """
    present = tuple(present)
    mine = [one for one in present if one.id is not None and one.id in ours]
    others = [one for one in present if one.id is None or one.id not in ours]
    kept: list[S] = []
    missing: list[S] = []
    for one in wanted:
        if any(same_effect(one, known) for known in (*kept, *missing)):
            continue
        # Ours first: what another made can go at any time.
        found = next((known for known in (*mine, *others) if same_effect(one, known)), None)
        if found is None:
            missing.append(one)
        else:
            kept.append(found)
    kept_ids = {one.id for one in kept}
    spare = [one.id for one in mine if one.id is not None and one.id not in kept_ids]
    # Each keeps the id it was wanted under; what is left is lent, so that one command does what two would do.
    own = {one.id for one in missing} & set(spare)
    free = [spare_id for spare_id in spare if spare_id not in own]
    present_ids = {one.id for one in present if one.id is not None}
    given: list[int] = []
    for one in missing:
        if one.id is not None and one.id in own:
            own.discard(one.id)
            new = one.id
        elif free:
            new = free.pop(0)
        elif one.id is not None and one.id not in {*present_ids, *given}:
            new = one.id
        else:
            new = _new_id(first_id, {*ours, *present_ids, *given, *(other.id for other in missing)})
        given.append(new)
    return Changes(
        tuple(replace(one, id=its_id) for one, its_id in zip(missing, given, strict=True)),
        tuple(free),
        tuple(kept),
        tuple(its_id for its_id in given if its_id in spare),
    )


def same_effect(one: Schedule, other: Schedule) -> bool:
    """Return whether the car does the same by both, whatever they are called and whoever made them."""
    return _timing(one) == _timing(other) and is_near(one, other.latitude, other.longitude)


def charge_schedules_of(blocks: Mapping[str, Mapping[str, Any]]) -> tuple[ChargeSchedule, ...] | None:
    """Return the charge schedules of a read; None where the car was not asked or did not tell.

    An older firmware has one start time instead: that is told as a schedule without an id.
    """
    items = _items(blocks, "charge_schedule_data", "charge_schedules")
    if items is None:
        return _old_start(blocks) if not knows_schedules(blocks) else None
    return tuple(
        ChargeSchedule(
            start=_enabled_time(item, "start_enabled", "start_time"),
            end=_enabled_time(item, "end_enabled", "end_time"),
            **_common(item),
        )
        for item in items
    )


def precondition_schedules_of(
    blocks: Mapping[str, Mapping[str, Any]],
) -> tuple[PreconditionSchedule, ...] | None:
    """Return the schedules for preconditioning of a read; None where the car was not asked or did not tell."""
    items = _items(blocks, "preconditioning_schedule_data", "precondition_schedules")
    if items is None:
        return _old_departure(blocks) if not knows_schedules(blocks) else None
    return tuple(
        PreconditionSchedule(at=_time(item.get("precondition_time")), **_common(item)) for item in items
    )


def most_schedules(blocks: Mapping[str, Mapping[str, Any]], block: str, key: str) -> int | None:
    """Return how many schedules the car takes, None where it does not say. key: `max_num_charge_schedules` or its like."""
    most = VehicleData(blocks).number(block, key)
    return int(most) if most and most > 0 else None


def knows_schedules(blocks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether the car has schedules: its firmware is 2024.26 or later, or unknown."""
    if "charge_schedule_data" in blocks:
        return True
    version = VehicleData(blocks).text("vehicle_state", "car_version") or ""
    year, _, rest = version.partition(".")
    week = rest.partition(".")[0].partition(" ")[0]
    if not (year.isdecimal() and week.isdecimal()):
        return True
    return (int(year), int(week)) >= _FIRST_WITH_SCHEDULES


def is_near(one: Schedule, latitude: float, longitude: float, radius: float = SAME_PLACE) -> bool:
    """Return whether a schedule's place is within a radius (metres) of a point; what has no place is near nothing else."""
    has_no_place = one.latitude == one.longitude == 0
    if has_no_place or latitude == longitude == 0:
        return has_no_place and latitude == longitude == 0
    east = (one.longitude - longitude + 180) % 360 - 180
    return (
        math.hypot(one.latitude - latitude, east * math.cos(math.radians(latitude))) * _METRES_A_DEGREE
        <= radius
    )


def _timing(one: Schedule) -> tuple[Any, ...]:
    times = (one.start, one.end) if isinstance(one, ChargeSchedule) else (one.at,)
    return type(one), one.days, times, one.enabled, one.one_time


def _new_id(first: int, taken: Collection[int | None]) -> int:
    new = max(first, 1)
    while new in taken:
        new += 1
    return new


def _items(
    blocks: Mapping[str, Mapping[str, Any]], block: str, key: str
) -> tuple[Mapping[str, Any], ...] | None:
    told = blocks.get(block)
    if not told:
        return None
    # An empty list is what a null or a missing one stands for in protobuf's JSON.
    items = told.get(key) or ()
    return (
        tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list | tuple) else None
    )


def _common(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that both kinds have. What is missing is what protobuf leaves out: zero, and not enabled."""
    name = item.get("name")
    return {
        "id": _integer(item.get("id")),
        "name": name if isinstance(name, str) and name else None,
        "days": read_mask(item.get("days_of_week")),
        "enabled": _flag(item.get("enabled")) or False,
        "one_time": _flag(item.get("one_time")) or False,
        "latitude": _degrees(item.get("latitude", item.get("lat")), 90.0),
        "longitude": _degrees(item.get("longitude", item.get("lon")), 180.0),
    }


def _enabled_time(item: Mapping[str, Any], flag: str, key: str) -> int | None:
    """Return a time that counts, None for one that does not. With its flag set a missing time is midnight."""
    is_enabled = _flag(item.get(flag))
    if is_enabled is None:
        is_enabled = _integer(item.get(key)) is not None
    return _time(item.get(key)) if is_enabled else None


def _time(value: Any) -> int:
    # An end on the next day is seen as one of more than a day, too.
    return (_integer(value) or 0) % MINUTES_A_DAY


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().casefold())
    return bool(value) if isinstance(value, bool | int) else None


def _degrees(value: Any, most: float) -> float:
    try:
        degrees = float(value)
    except TypeError, ValueError:
        return 0.0
    return degrees if abs(degrees) <= most else 0.0


def _old_start(blocks: Mapping[str, Mapping[str, Any]]) -> tuple[ChargeSchedule, ...] | None:
    mode = VehicleData(blocks).text("charge_state", "scheduled_charging_mode")
    minutes = VehicleData(blocks).number("charge_state", "scheduled_charging_start_time_app")
    if mode is None:
        return None
    if mode != "StartAt" or minutes is None:
        return ()
    return (ChargeSchedule(start=_time(minutes), end=None, **_old(blocks, EVERY_DAY)),)


def _old_departure(blocks: Mapping[str, Mapping[str, Any]]) -> tuple[PreconditionSchedule, ...] | None:
    data = VehicleData(blocks)
    is_enabled = data.flag("charge_state", "preconditioning_enabled")
    minutes = data.number("charge_state", "scheduled_departure_time_minutes")
    if is_enabled is None:
        return None
    if not is_enabled or minutes is None or data.text("charge_state", "scheduled_charging_mode") == "Off":
        return ()
    days = WEEKDAYS if data.text("charge_state", "preconditioning_times") == "weekdays" else EVERY_DAY
    return (PreconditionSchedule(at=_time(minutes), **_old(blocks, days)),)


def _old(blocks: Mapping[str, Mapping[str, Any]], days: int) -> dict[str, Any]:
    # It holds where the car stands.
    fix = VehicleData(blocks, 0.0).fix
    return {
        "id": None,
        "name": None,
        "days": days,
        "enabled": True,
        "one_time": False,
        "latitude": fix.latitude if fix else 0.0,
        "longitude": fix.longitude if fix else 0.0,
    }
