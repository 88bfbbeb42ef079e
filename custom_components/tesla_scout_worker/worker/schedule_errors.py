"""Why schedules could not be put into a car."""

from ..fleet.command_errors import CommandError


class SchedulesUnknownError(CommandError):
    """The car did not tell its schedules, so nobody knows what is to be changed; nothing was sent."""

    code = "schedules_unknown"


class SchedulesNotTakenError(CommandError):
    """The car answered yes to each command and then told other schedules."""

    code = "schedules_not_taken"


class TooManySchedulesError(CommandError):
    """The car takes no more schedules; nothing was sent."""

    code = "too_many_schedules"


class NewerSoftwareNeededError(CommandError):
    """The car's software has one start time, which cannot express what is wanted; nothing was sent."""

    code = "newer_software_needed"


class SetByHandError(CommandError):
    """The one time that older software has was set by somebody else; nothing was sent."""

    code = "schedule_set_by_hand"


class NotAtHomeError(CommandError):
    """Older software keeps its time where the car stands, and that is not at home; nothing was sent."""

    code = "schedule_not_at_home"


class NoHomeError(CommandError):
    """No home zone has a position, so a schedule has no place; nothing was sent."""

    code = "no_home_zone"
