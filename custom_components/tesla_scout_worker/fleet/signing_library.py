"""The one module that imports the library which signs. It is slow to import, so that is done in the executor, once needed.

What is used of it: the session with a car, the signature, and the message that a command becomes. What it would do by itself
is taken from it: it opens no connection, it never sends again, and it never takes no answer for a success.

https://github.com/Teslemetry/python-tesla-fleet-api
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, override

from cryptography.hazmat.primitives.asymmetric import ec
from tesla_fleet_api.exceptions import (
    NotOnWhitelistFault,
    SessionInfoAuthenticationFault,
    SignedMessageInformationFaultNotOnWhitelist,
    TeslaFleetError,
    TeslaFleetMessageFaultBusy,
    TeslaFleetMessageFaultInactiveKey,
    TeslaFleetMessageFaultIncorrectEpoch,
    TeslaFleetMessageFaultInsufficientPrivileges,
    TeslaFleetMessageFaultInternal,
    TeslaFleetMessageFaultInvalidSignature,
    TeslaFleetMessageFaultInvalidTokenOrCounter,
    TeslaFleetMessageFaultRemoteAccessDisabled,
    TeslaFleetMessageFaultRemoteServiceAccessDisabled,
    TeslaFleetMessageFaultRepeatedCounter,
    TeslaFleetMessageFaultResponseSizeExceedsMTU,
    TeslaFleetMessageFaultTimeExpired,
    TeslaFleetMessageFaultTimeout,
    TeslaFleetMessageFaultTimeToLiveTooLong,
    TeslaFleetMessageFaultUnknownKeyId,
)
from tesla_fleet_api.tesla.vehicle.signed import VehicleSigned
from tesla_protocol.command.car_server_pb2 import Response
from tesla_protocol.command.universal_message_pb2 import (
    Domain,
    MessageFault_E,
    OperationStatus_E,
    RoutableMessage,
)
from tesla_protocol.command.vcsec_pb2 import FromVCSECMessage

from .command_errors import (
    CommandRefusedError,
    KeyNotPairedError,
    OutcomeUnknownError,
    SignatureOutOfDateError,
    VehicleBusyError,
)
from .commands import Command, day_mask
from .errors import BadAnswerError, FleetError, MobileAccessDisabledError

# A handshake, a command, and the command again where the car said that its signature is out of date.
_MOST_MESSAGES: Final = 3
_OUT_OF_DATE: Final = (
    TeslaFleetMessageFaultIncorrectEpoch,
    TeslaFleetMessageFaultInvalidSignature,
    TeslaFleetMessageFaultInvalidTokenOrCounter,
    TeslaFleetMessageFaultRepeatedCounter,
    TeslaFleetMessageFaultTimeExpired,
    TeslaFleetMessageFaultTimeToLiveTooLong,
)
_UNPAIRED: Final = (
    NotOnWhitelistFault,
    SignedMessageInformationFaultNotOnWhitelist,
    TeslaFleetMessageFaultInactiveKey,
    TeslaFleetMessageFaultUnknownKeyId,
)
_FORBIDDEN: Final = (
    TeslaFleetMessageFaultRemoteAccessDisabled,
    TeslaFleetMessageFaultRemoteServiceAccessDisabled,
)
_FAULT: Final = "MESSAGEFAULT_ERROR_"
# Something in the car failed after it had taken the command.
_UNKNOWN: Final = (
    TeslaFleetMessageFaultInternal,
    TeslaFleetMessageFaultResponseSizeExceedsMTU,
    TeslaFleetMessageFaultTimeout,
)


class _NoParent:
    """What the library asks for its key and its connection: there is none."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        self.private_key = private_key

    async def _request(self, *_: Any, **__: Any) -> Any:
        raise BadAnswerError


class SigningCar(VehicleSigned[Any]):
    """One car, the sessions with its computers, and the key that signs for it."""

    def __init__(
        self,
        private_key: ec.EllipticCurvePrivateKey,
        vin: str,
        deliver: Callable[[str], Awaitable[str]],
    ) -> None:
        """Initialize. deliver: sends a message, once, and returns the reply, both base64; raises FleetError."""
        super().__init__(_NoParent(private_key), vin)
        self._deliver = deliver
        self._messages = 0
        #: Whether what is being sent could change something in the car.
        self.is_at_risk = False

    async def async_run(self, command: Command) -> Mapping[str, Any]:
        """Send a command once, with a handshake where there is no session; return the result and its reason.

        Whatever the library raises comes out as a FleetError. SignatureOutOfDateError: a second try begins with a good session.
        """
        self._messages, self.is_at_risk = 0, False
        try:
            answer = await _MESSAGES[command.name](self, command.params)
        except TeslaFleetError as err:
            raise _error_for(err, is_at_risk=self.is_at_risk) from None
        # The library meets what it does not expect with these: an unknown number of a fault, bytes that are no message.
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError) as err:
            cause = RuntimeError(type(err).__name__)
            raise (OutcomeUnknownError() if self.is_at_risk else BadAnswerError()) from cause
        response: Mapping[str, Any] = answer["response"]
        return response

    @override
    async def _send(
        self, msg: RoutableMessage, requires: str, expects_data: bool = True, **_: Any
    ) -> RoutableMessage:
        """Send a message, once, and return the reply if it is clear; raise where it is not, so that nothing is sent again."""
        self._messages += 1
        if self._messages > _MOST_MESSAGES:
            raise VehicleBusyError
        self.is_at_risk = not msg.HasField("session_info_request")
        reply: RoutableMessage = RoutableMessage.FromString(
            base64.b64decode(await self._deliver(_base64(msg)), validate=True)
        )
        self._authenticate(reply, msg.uuid)
        if self.is_at_risk:
            self._check(reply)
        return reply

    def _authenticate(self, reply: RoutableMessage, uuid: bytes) -> None:
        try:
            self.validate_msg(reply, uuid)
        except _OUT_OF_DATE:
            raise SignatureOutOfDateError from None
        except IndexError:
            # A fault that Tesla knows and the library does not. The car names a fault where it did nothing.
            fault = MessageFault_E.Name(reply.signedMessageStatus.signed_message_fault)
            raise CommandRefusedError(fault.removeprefix(_FAULT).lower()) from None

    def _check(self, reply: RoutableMessage) -> None:
        """Raise where the reply to a command does not clearly say that it was carried out or refused."""
        if reply.signedMessageStatus.operation_status != OperationStatus_E.OPERATIONSTATUS_OK:
            # To wait is to be asked again, and what was sent before may still be done.
            raise OutcomeUnknownError
        has_payload = reply.HasField("protobuf_message_as_bytes")
        if reply.signature_data.HasField("AES_GCM_Response_data"):
            return
        match reply.from_destination.domain:
            case Domain.DOMAIN_VEHICLE_SECURITY:
                # This computer says yes by saying nothing; but it must be the one that says so.
                message = FromVCSECMessage.FromString(reply.protobuf_message_as_bytes)
                status = message.commandStatus.operationStatus
                if status == OperationStatus_E.OPERATIONSTATUS_WAIT:
                    raise OutcomeUnknownError
            case Domain.DOMAIN_INFOTAINMENT if has_payload:
                if not Response.FromString(reply.protobuf_message_as_bytes).HasField("actionStatus"):
                    raise OutcomeUnknownError
            case _:
                raise OutcomeUnknownError


def _error_for(err: TeslaFleetError, *, is_at_risk: bool) -> FleetError:
    """Return what a fault of the library's means. is_at_risk: a command was sent, not only a handshake."""
    if isinstance(err, _UNPAIRED):
        return KeyNotPairedError()
    if isinstance(err, _FORBIDDEN):
        return MobileAccessDisabledError()
    if isinstance(err, TeslaFleetMessageFaultBusy):
        return VehicleBusyError()
    if isinstance(err, TeslaFleetMessageFaultInsufficientPrivileges):
        return CommandRefusedError("insufficient_privileges")
    if not is_at_risk:
        return BadAnswerError()
    if isinstance(err, (SessionInfoAuthenticationFault, *_UNKNOWN)):
        return OutcomeUnknownError()
    # The car has read the command and says why it did nothing.
    return CommandRefusedError(_word(type(err).__name__))


def _word(name: str) -> str:
    """Return a fault's name as a word: TeslaFleetMessageFaultBadParameter is bad_parameter."""
    short = name.removeprefix("TeslaFleetMessageFault").removeprefix("SignedMessageInformationFault")
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in short).lstrip("_")


def _base64(message: RoutableMessage) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


type _Params = Mapping[str, Any]
type _Message = Callable[[SigningCar, _Params], Awaitable[Mapping[str, Any]]]


def _as_it_is(name: str) -> _Message:
    def _send(car: SigningCar, params: _Params) -> Awaitable[Mapping[str, Any]]:
        sent: Awaitable[Mapping[str, Any]] = getattr(car, name)(**params)
        return sent

    return _send


def _schedule(name: str) -> _Message:
    """Return a schedule's message: there a time that is not meant is left out, and days are a mask."""

    def _send(car: SigningCar, params: _Params) -> Awaitable[Mapping[str, Any]]:
        kept = {key: value for key, value in params.items() if key not in {"start_enabled", "end_enabled"}}
        kept["days_of_week"] = day_mask(kept["days_of_week"])
        sent: Awaitable[Mapping[str, Any]] = getattr(car, name)(**kept)
        return sent

    return _send


_MESSAGES: Final[Mapping[str, _Message]] = {
    **{
        name: _as_it_is(name)
        for name in (
            "charge_start",
            "charge_stop",
            "set_charge_limit",
            "set_charging_amps",
            "charge_port_door_open",
            "charge_port_door_close",
            "remove_charge_schedule",
            "remove_precondition_schedule",
            "set_scheduled_charging",
            "set_scheduled_departure",
        )
    },
    "add_charge_schedule": _schedule("add_charge_schedule"),
    "add_precondition_schedule": _schedule("add_precondition_schedule"),
}
