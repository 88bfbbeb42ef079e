"""What can keep a plan from being made."""

from ..fleet.command_errors import CommandError


class BatteryUnknownError(CommandError):
    """The car has never told how full it is: it must be read once, while it is awake."""

    code = "battery_unknown"
