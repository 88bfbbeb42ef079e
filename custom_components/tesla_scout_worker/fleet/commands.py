"""The commands of a car's charging: Tesla's name and parameters for each, checked before anything is sent.

Tesla answers success to some values that are wrong (a charge limit of 30 %), and a value that it refuses costs as much as
one that it takes. https://developer.tesla.com/docs/fleet-api/endpoints/vehicle-commands
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Protocol

LEAST_PERCENT: Final = 50
MOST_PERCENT: Final = 100
# No Tesla has taken more from an alternating current (the first Model S with two chargers).
MOST_AMPS: Final = 80
MINUTES_A_DAY: Final = 24 * 60
_EVERY_DAY: Final = 127
# The id of a schedule is 64 bits wide; the clients that are known use the Unix second.
_LARGEST_ID: Final = 2**63 - 1
# In the order of the mask's bits. Tesla's proxy knows these spellings, and knows neither Tue nor Thu.
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Transports(StrEnum):
    """How commands get to a car."""

    AUTO = "auto"
    SIGNED = "signed"
    PROXY = "proxy"
    PLAIN = "plain"


class InvalidCommandError(ValueError):
    """A value that Tesla would refuse, or take without doing anything; nothing was sent.

    code: the key of its translated message. placeholders: what is put into that.
    """

    def __init__(self, code: str, **placeholders: object) -> None:
        super().__init__(code)
        self.code = code
        self.placeholders = {name: str(value) for name, value in placeholders.items()}


class AnyChargeSchedule(Protocol):
    """What a charge schedule must tell. days: a mask, Sunday is 1. start, end: minutes after midnight in the car."""

    @property
    def id(self) -> int | None:
        """Chosen by who makes the schedule; the car gives none and tells none."""
        ...

    @property
    def name(self) -> str | None:
        """What the car shows; Tesla's proxy leaves it out."""
        ...

    @property
    def days(self) -> int:
        """Sunday 1, Monday 2, Tuesday 4, Wednesday 8, Thursday 16, Friday 32, Saturday 64."""
        ...

    @property
    def start(self) -> int | None:
        """None: charge as soon as the car is plugged in."""
        ...

    @property
    def end(self) -> int | None:
        """None: charge until the limit. Before start: on the next day."""
        ...

    @property
    def enabled(self) -> bool:
        """A schedule that is not enabled is kept, and does nothing."""
        ...

    @property
    def one_time(self) -> bool:
        """Run once."""
        ...

    @property
    def latitude(self) -> float:
        """Where it holds; elsewhere it does nothing."""
        ...

    @property
    def longitude(self) -> float:
        """Where it holds."""
        ...


class AnyPreconditionSchedule(Protocol):
    """What a schedule for warming up must tell. at: minutes after midnight in the car, by when it is to be ready."""

    @property
    def id(self) -> int | None:
        """Chosen by who makes the schedule."""
        ...

    @property
    def name(self) -> str | None:
        """What the car shows."""
        ...

    @property
    def days(self) -> int:
        """A mask, Sunday is 1."""
        ...

    @property
    def at(self) -> int:
        """When the car is to be ready."""
        ...

    @property
    def enabled(self) -> bool:
        """A schedule that is not enabled is kept, and does nothing."""
        ...

    @property
    def one_time(self) -> bool:
        """Run once."""
        ...

    @property
    def latitude(self) -> float:
        """Where it holds."""
        ...

    @property
    def longitude(self) -> float:
        """Where it holds."""
        ...


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Command:
    """One command. name: in the path of Tesla's API. params: its body there; a schedule's hold the owner's home."""

    name: str
    params: Mapping[str, Any] = field(default=_NOTHING, repr=False)


def charge_start() -> Command:
    """Charge now, whatever the schedules say."""
    return Command("charge_start")


def charge_stop() -> Command:
    """Stop charging."""
    return Command("charge_stop")


def set_charge_limit(percent: int) -> Command:
    """Charge up to this level, 50 to 100 percent."""
    if not _is_int(percent, LEAST_PERCENT, MOST_PERCENT):
        raise InvalidCommandError("charge_limit_out_of_range", value=percent)
    return Command("set_charge_limit", {"percent": percent})


def set_charging_amps(amps: int) -> Command:
    """Draw at most this current on each phase, in amperes. What the cable or the car allows can be less."""
    if not _is_int(amps, 0, MOST_AMPS):
        raise InvalidCommandError("charging_amps_out_of_range", value=amps, most=MOST_AMPS)
    return Command("set_charging_amps", {"charging_amps": amps})


def charge_port_door_open() -> Command:
    """Open the charge port, or release the cable."""
    return Command("charge_port_door_open")


def charge_port_door_close() -> Command:
    """Close the charge port."""
    return Command("charge_port_door_close")


def add_charge_schedule(schedule: AnyChargeSchedule) -> Command:
    """Put a schedule into the car, or change the one that has its id. Firmware 2024.26 or later."""
    if schedule.start is None and schedule.end is None:
        raise InvalidCommandError("schedule_without_times")
    params: dict[str, Any] = {
        **_when_and_where(schedule),
        "start_enabled": schedule.start is not None,
        "end_enabled": schedule.end is not None,
    }
    if schedule.start is not None:
        params["start_time"] = _minutes(schedule.start)
    if schedule.end is not None:
        params["end_time"] = _minutes(schedule.end)
    return Command("add_charge_schedule", params)


def remove_charge_schedule(schedule_id: int) -> Command:
    """Take a schedule out of the car. Firmware 2024.26 or later."""
    return Command("remove_charge_schedule", {"id": _id(schedule_id)})


def add_precondition_schedule(schedule: AnyPreconditionSchedule) -> Command:
    """Let the car be warm at a time, or change the schedule that has this id. Firmware 2024.26 or later."""
    params = {**_when_and_where(schedule), "precondition_time": _minutes(schedule.at)}
    return Command("add_precondition_schedule", params)


def remove_precondition_schedule(schedule_id: int) -> Command:
    """Take a schedule for warming up out of the car. Firmware 2024.26 or later."""
    return Command("remove_precondition_schedule", {"id": _id(schedule_id)})


def set_scheduled_charging(*, enable: bool, minutes: int) -> Command:
    """Charge from a time on, every day: for firmware before 2024.26. minutes: after midnight in the car."""
    return Command("set_scheduled_charging", {"enable": enable, "time": _minutes(minutes)})


def set_scheduled_departure(
    *,
    enable: bool,
    departure: int,
    preconditioning: bool = False,
    preconditioning_weekdays_only: bool = False,
    off_peak: bool = False,
    off_peak_weekdays_only: bool = False,
    off_peak_end: int = 0,
) -> Command:
    """Be charged and warm by a time: for firmware before 2024.26. departure, off_peak_end: minutes after midnight in the car."""
    return Command(
        "set_scheduled_departure",
        {
            "enable": enable,
            "departure_time": _minutes(departure),
            "preconditioning_enabled": preconditioning,
            "preconditioning_weekdays_only": preconditioning_weekdays_only,
            "off_peak_charging_enabled": off_peak,
            "off_peak_charging_weekdays_only": off_peak_weekdays_only,
            "end_off_peak_time": _minutes(off_peak_end),
        },
    )


def day_names(days: int) -> str:
    """Return a mask of days as Tesla's commands take it; raises InvalidCommandError for none and for what is no mask."""
    if not _is_int(days, 1, _EVERY_DAY):
        raise InvalidCommandError("schedule_days_wrong", value=days)
    return ",".join(name for bit, name in enumerate(_DAYS) if days >> bit & 1)


def day_mask(names: str) -> int:
    """Return what `day_names` made the names of."""
    return sum(1 << _DAYS.index(name) for name in names.split(","))


def _when_and_where(schedule: AnyChargeSchedule | AnyPreconditionSchedule) -> dict[str, Any]:
    latitude, longitude = schedule.latitude, schedule.longitude
    # The place is the owner's home: it is in no message.
    if not (isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - degrees on Earth
        raise InvalidCommandError("schedule_place_wrong")
    params: dict[str, Any] = {
        "id": _id(schedule.id),
        "days_of_week": day_names(schedule.days),
        "enabled": schedule.enabled,
        "one_time": schedule.one_time,
        "lat": latitude,
        "lon": longitude,
    }
    if schedule.name:
        params["name"] = schedule.name
    return params


def _minutes(value: int) -> int:
    if not _is_int(value, 0, MINUTES_A_DAY - 1):
        raise InvalidCommandError("schedule_time_wrong", value=value)
    return value


def _id(value: int | None) -> int:
    """Return an id. Without one Tesla takes the Unix second, so that two in one second would be one."""
    if value is None or not _is_int(value, 1, _LARGEST_ID):
        raise InvalidCommandError("schedule_id_wrong", value=value)
    return value


def _is_int(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
