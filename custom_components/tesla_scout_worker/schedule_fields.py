"""From the fields of an action to a schedule, and from a schedule to what an action answers."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Final

from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .data import Car
from .fleet.commands import InvalidCommandError
from .schedule_kinds import CHARGE, PRECONDITION, Kind
from .worker.days import EVERY_DAY, UnknownDaysError, day_flag, day_keys, mask_of
from .worker.schedules import MINUTES_A_DAY, ChargeSchedule, PreconditionSchedule, Schedule

ATTR_ID: Final = "id"
ATTR_NAME: Final = "name"
ATTR_DAYS: Final = "days"
ATTR_START: Final = "start_time"
ATTR_END: Final = "end_time"
ATTR_AT: Final = "time"
ATTR_ENABLED: Final = "enabled"
ATTR_ONE_TIME: Final = "one_time"
# What an answer tells beside what an action takes: an answer can be handed back.
_TOLD: Final = frozenset({"at_home", "made_by"})
_COMMON: Final = frozenset(
    {ATTR_ID, ATTR_NAME, ATTR_DAYS, ATTR_ENABLED, ATTR_ONE_TIME, ATTR_LATITUDE, ATTR_LONGITUDE}
)
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    CHARGE.name: _COMMON | {ATTR_START, ATTR_END},
    PRECONDITION.name: _COMMON | {ATTR_AT},
}
_LONGEST_NAME: Final = 60
_LONGEST_SHOWN: Final = 30
_AN_HOUR: Final = 3_600
_A_DAY: Final = 86_400


def charge_schedule(fields: Mapping[str, Any], car: Car, zone: tzinfo, now: datetime) -> ChargeSchedule:
    """Return the charge schedule that an action's fields mean.

    zone: of the car's home. Raises InvalidCommandError for what makes no sense, NoHomeError where there is no place.
    """
    start, end = _time(fields.get(ATTR_START)), _time(fields.get(ATTR_END), is_end=True)
    if start is None and end is None:
        raise InvalidCommandError("schedule_without_times")
    if start == end:
        raise InvalidCommandError("schedule_without_length")
    first = start if start is not None else end
    return ChargeSchedule(start=start, end=end, **_common(fields, CHARGE, car, first or 0, zone, now))


def precondition_schedule(
    fields: Mapping[str, Any], car: Car, zone: tzinfo, now: datetime
) -> PreconditionSchedule:
    """Return the schedule for preconditioning that an action's fields mean; the rest as with `charge_schedule`."""
    at = _time(fields.get(ATTR_AT))
    if at is None:
        raise InvalidCommandError("schedule_without_time")
    return PreconditionSchedule(at=at, **_common(fields, PRECONDITION, car, at, zone, now))


def described(schedule: Schedule, kind: Kind[Any], car: Car) -> dict[str, JsonValueType]:
    """Return a schedule for an answer. Its coordinates are the owner's home: only whether it is there is told."""
    owner = car.schedules.owner(kind, schedule.id)
    times: dict[str, JsonValueType] = (
        {ATTR_START: clock(schedule.start), ATTR_END: clock(schedule.end)}
        if isinstance(schedule, ChargeSchedule)
        else {ATTR_AT: clock(schedule.at)}
    )
    return {
        ATTR_ID: schedule.id,
        ATTR_NAME: schedule.name,
        ATTR_DAYS: list[JsonValueType](day_keys(schedule.days)),
        **times,
        ATTR_ENABLED: schedule.enabled,
        ATTR_ONE_TIME: schedule.one_time,
        "at_home": car.schedules.is_at_home(schedule),
        "made_by": owner.value if owner else "other",
    }


def clock(minute: int | None) -> str | None:
    """Return minutes after midnight as HH:MM."""
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _common(
    fields: Mapping[str, Any], kind: Kind[Any], car: Car, minute: int, zone: tzinfo, now: datetime
) -> dict[str, Any]:
    for given in fields:
        if given not in FIELDS[kind.name] | _TOLD:
            raise InvalidCommandError("schedule_field_unknown", field=str(given)[:_LONGEST_SHOWN])
    one_time = _flag(fields, ATTR_ONE_TIME, default=False)
    name = str(fields.get(ATTR_NAME) or "").strip()[:_LONGEST_NAME]
    latitude, longitude = _place(fields, car)
    return {
        "id": _id(fields.get(ATTR_ID)),
        "name": name or None,
        "days": _days(fields.get(ATTR_DAYS), minute if one_time else None, zone, now),
        "enabled": _flag(fields, ATTR_ENABLED, default=True),
        "one_time": one_time,
        "latitude": latitude,
        "longitude": longitude,
    }


def _days(value: Any, once_at: int | None, zone: tzinfo, now: datetime) -> int:
    """Return the mask; without a word every day, and for what runs once the day on which its time comes next."""
    if value is None:
        if once_at is None:
            return EVERY_DAY
        local = now.astimezone(zone)
        is_tomorrow = local.hour * 60 + local.minute >= once_at
        return day_flag(local.date() + timedelta(days=is_tomorrow))
    try:
        return mask_of(value)
    except UnknownDaysError as err:
        if not err.word:
            raise InvalidCommandError("no_days") from err
        raise InvalidCommandError("unknown_days", word=err.word) from err


def _time(value: Any, *, is_end: bool = False) -> int | None:
    """Return minutes after midnight.

    Takes HH:MM, HH:MM:SS, a time, and minutes. Without quotation marks YAML reads 22:30 as 1350, and 22:30:00 as seconds.
    """
    match value:
        case None | "":
            return None
        case time():
            return value.hour * 60 + value.minute
        case bool():
            pass
        case int() | float() if value == value // 1:
            if 0 <= value < MINUTES_A_DAY:
                return int(value)
            if _AN_HOUR <= value < _A_DAY and value % 60 == 0:
                return int(value) // 60
        case str():
            text = value.strip()
            if is_end and text in {"24:00", "24:00:00"}:
                return 0
            try:
                read = cv.time(text)
            except vol.Invalid:
                pass
            else:
                return read.hour * 60 + read.minute
    raise InvalidCommandError("schedule_time_not_read", value=" ".join(str(value).split())[:_LONGEST_SHOWN])


def _id(value: Any) -> int | None:
    if value is None:
        return None
    try:
        number = vol.Coerce(int)(value)
    except vol.Invalid:
        number = 0
    is_whole = not isinstance(value, bool) and (not isinstance(value, float) or value == number)
    if not is_whole or not 0 < number < 2**63:
        raise InvalidCommandError("schedule_id_wrong", value=" ".join(str(value).split())[:_LONGEST_SHOWN])
    return int(number)


def _flag(fields: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = fields.get(name)
    if value is None:
        return default
    try:
        return bool(cv.boolean(value))
    except vol.Invalid as err:
        raise InvalidCommandError("schedule_flag_not_read", field=name) from err


def _place(fields: Mapping[str, Any], car: Car) -> tuple[float, float]:
    """Return the place that was given; without one it is home, and never where the car happens to be."""
    latitude, longitude = fields.get(ATTR_LATITUDE), fields.get(ATTR_LONGITUDE)
    if latitude is None and longitude is None:
        if fields.get("at_home") is False:
            # Handed back from an answer: it would move home.
            raise InvalidCommandError("schedule_place_missing")
        return car.schedules.place()
    try:
        place = float(cv.latitude(latitude)), float(cv.longitude(longitude))
    except vol.Invalid as err:
        raise InvalidCommandError("schedule_place_not_read") from err
    if place == (0.0, 0.0):
        raise InvalidCommandError("schedule_place_not_read")
    return place
