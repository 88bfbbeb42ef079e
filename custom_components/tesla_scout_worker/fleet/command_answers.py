"""What a car's answer to a command means: done, refused, or nobody knows."""

from typing import Any, Final

from .command_errors import (
    CommandRefusedError,
    NoCableError,
    NoPowerError,
    OutcomeUnknownError,
    VehicleBusyError,
)
from .errors import (
    AnswerLostError,
    BadAnswerError,
    FleetError,
    RequestRejectedError,
    ServerError,
    SigningRequiredError,
)
from .words import shown_words

# What Tesla's proxy puts before the car's own words, and the protocol before those of one of its computers.
_PREFIXES: Final = ("car could not execute command:", "vcsec could not execute command:", "genericerror_")
# The car is already as it was wanted: there is nothing to do, which is what was asked for.
_DONE_ALREADY: Final = {
    "charge_start": frozenset({"is_charging", "charging", "requested", "complete"}),
    "charge_stop": frozenset({"not_charging"}),
}
_ALREADY: Final = "already"
# The car has just been woken, and does not take commands yet.
_BUSY: Final = frozenset({"could_not_wake_buses"})
_UNSIGNED: Final = "unsigned_cmds_hardlocked"
# Surely not carried out, says Tesla's own SDK, though it is a 5xx.
_NOT_DONE: Final = 503
# The client hung up before the answer, says the server: what it did is unknown.
_HUNG_UP: Final = 499


def check_answer(command_name: str, response: Any) -> None:
    """Return where a command was carried out, or had nothing to do.

    response: what Tesla sent under that name. Raises CommandRefusedError, VehicleBusyError or SigningRequiredError where the
    car did nothing, OutcomeUnknownError for what is no answer to a command.
    """
    result = response.get("result") if isinstance(response, dict) else None
    if result is True:
        return
    if result is not False:
        raise OutcomeUnknownError
    # Tesla's proxy writes its reason under another name.
    words = response.get("reason") or response.get("string")
    check_refusal(command_name, words if isinstance(words, str) else "")


def check_refusal(command_name: str, words: str) -> None:
    """Return where a refusal says that there is nothing to do. words: the car's. Raises as `check_answer` does."""
    reason = words.strip()
    for prefix in _PREFIXES:
        if reason.lower().startswith(prefix):
            reason = reason[len(prefix) :].strip().lower()
    word = reason.lower()
    if word.startswith(_ALREADY) or word in _DONE_ALREADY.get(command_name, ()):
        return
    if word in _BUSY:
        raise VehicleBusyError
    if _UNSIGNED in word:
        raise SigningRequiredError
    shown = shown_words(reason)
    match word:
        case "disconnected":
            raise NoCableError(shown)
        case "no_power":
            raise NoPowerError(shown)
        case _:
            raise CommandRefusedError(shown)


def outcome_of(err: FleetError) -> FleetError:
    """Return the error of a command that failed on its way: that its outcome is unknown, where it is."""
    match err:
        case AnswerLostError() | BadAnswerError():
            return OutcomeUnknownError(err.status)
        case ServerError() if err.status != _NOT_DONE:
            return OutcomeUnknownError(err.status)
        case RequestRejectedError() if err.status == _HUNG_UP:
            return OutcomeUnknownError(err.status)
        case _:
            return err
