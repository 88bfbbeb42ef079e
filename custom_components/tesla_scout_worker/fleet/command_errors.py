"""What only a command can meet, beside the errors of every request."""

from .errors import FleetError


class CommandError(FleetError):
    """What only a command can meet."""


class CommandRefusedError(CommandError):
    """The car refused a command, and did nothing. reason: the car's own words, fit to be shown."""

    code = "command_refused"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class NoCableError(CommandRefusedError):
    """The car refused since no cable is plugged in."""

    code = "command_refused_no_cable"


class NoPowerError(CommandRefusedError):
    """The car refused since the cable brings no power."""

    code = "command_refused_no_power"


class VehicleBusyError(CommandError):
    """The car did not take a command now, and did nothing."""

    code = "vehicle_busy"
    is_transient = True


class SignatureOutOfDateError(VehicleBusyError):
    """The car did nothing, since the session with it has moved on; it has told the new one."""


class OutcomeUnknownError(CommandError):
    """A command was sent and nobody knows what became of it: read the car before it is sent again."""

    code = "outcome_unknown"
    is_transient = True


class KeyNotPairedError(CommandError):
    """The car does not know the key that a command was signed with: the owner must pair it."""

    code = "key_not_paired"


class NotTheOwnerError(CommandError):
    """The car is another one's, who lent it to this account: Tesla tells of it, and lets the owner alone command it."""

    code = "ask_the_owner"


class NoKeyError(CommandError):
    """There is no key to sign with, and this car takes only signed commands."""

    code = "no_virtual_key"


class KeyUnusableError(CommandError):
    """The stored key cannot be used: it is damaged, encrypted, or of a curve that Tesla does not take."""

    code = "virtual_key_unusable"


class SigningUnavailableError(CommandError):
    """The library that signs cannot be loaded, or is not the one that is known."""

    code = "signing_unavailable"


class SigningNotSupportedError(CommandError):
    """422: this car is too old for signed commands, and takes plain ones."""

    code = "signing_not_supported"


class ProxyDownError(CommandError):
    """The owner's proxy does not answer; nothing was sent."""

    code = "proxy_down"
    is_transient = True


class NoProxyError(CommandError):
    """Commands are to go over a proxy, and no address of one was given."""

    code = "no_proxy"
