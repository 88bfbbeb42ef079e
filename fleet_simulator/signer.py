"""A client's side of signed commands, of the simulator's own: what the proxy stand-in signs with."""

import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no stubs
from tesla_protocol.command import (
    car_server_pb2 as car_server,
    errors_pb2 as errors,
    signatures_pb2 as signatures,
    universal_message_pb2 as universal,
    vcsec_pb2 as vcsec,
)

from .keyring import VEHICLE_SECURITY
from .protocol import command_tag, metadata, session_tag, shared_secret

EXPIRES_S = 5
"""How long a command of the proxy is good, in seconds of the car's clock."""

NOT_PAIRED = "vehicle rejected request: your public key has not been paired with the vehicle"
BUSY = "vehicle busy or finishing wake-up"
NO_REPLY = "context deadline exceeded"

_REPAIRABLE = {
    universal.MESSAGEFAULT_ERROR_INVALID_SIGNATURE,
    universal.MESSAGEFAULT_ERROR_INVALID_TOKEN_OR_COUNTER,
    universal.MESSAGEFAULT_ERROR_INCORRECT_EPOCH,
    universal.MESSAGEFAULT_ERROR_TIME_EXPIRED,
}
_TEMPORARY = {
    universal.MESSAGEFAULT_ERROR_BUSY,
    universal.MESSAGEFAULT_ERROR_TIMEOUT,
    universal.MESSAGEFAULT_ERROR_INTERNAL,
    universal.MESSAGEFAULT_ERROR_TIME_TO_LIVE_TOO_LONG,
}


class SigningError(Exception):
    """The car did not take a message. repaired: it sent new session information. temporary: it may, a little later."""

    def __init__(self, text: str, *, repaired: bool = False, temporary: bool = False) -> None:
        super().__init__(text)
        self.repaired = repaired
        self.temporary = temporary


class RefusedError(Exception):
    """The car understood and refused; the text is the proxy's."""


class Session:
    """One session with one computer of one car."""

    def __init__(self, vin: str, domain: int, key: ec.EllipticCurvePrivateKey) -> None:
        self.ready = False
        self._vin = vin
        self._domain = domain
        self._key = key
        self._point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._secret = b""
        self._info = signatures.SessionInfo()
        self._uuid = b""
        self._learned = 0.0

    def handshake(self) -> bytes:
        """Return the message that asks for the session's information."""
        message = self._message()
        message.session_info_request.public_key = self._point
        return bytes(message.SerializeToString())

    def sign(self, payload: bytes, now: float) -> bytes:
        """Return a command, signed with HMAC. now: seconds of any clock that is the same for all calls."""
        self._info.counter += 1
        expires_at = max(0, int(self._info.clock_time + now - self._learned)) + EXPIRES_S
        message = self._message()
        message.protobuf_message_as_bytes = payload
        data = message.signature_data
        data.signer_identity.public_key = self._point
        signed = data.HMAC_Personalized_data
        signed.epoch = self._info.epoch
        signed.counter = self._info.counter
        signed.expires_at = expires_at
        meta = metadata(
            (signatures.TAG_SIGNATURE_TYPE, bytes([signatures.SIGNATURE_TYPE_HMAC_PERSONALIZED])),
            (signatures.TAG_DOMAIN, bytes([self._domain])),
            (signatures.TAG_PERSONALIZATION, self._vin.encode()),
            (signatures.TAG_EPOCH, signed.epoch),
            (signatures.TAG_EXPIRES_AT, struct.pack(">I", expires_at)),
            (signatures.TAG_COUNTER, struct.pack(">I", signed.counter)),
        )
        signed.tag = command_tag(self._secret, meta, payload)
        return bytes(message.SerializeToString())

    def take(self, raw: bytes, now: float) -> None:
        """Read a reply. SigningError for one that is no success, RefusedError for the car's refusal.

        An operation status ERROR without a fault passes for a success, as it does in Tesla's own code.
        """
        try:
            reply = universal.RoutableMessage.FromString(raw)
        except DecodeError:
            raise SigningError(NO_REPLY) from None
        if reply.request_uuid != self._uuid:
            raise SigningError(NO_REPLY)
        repaired = bool(reply.session_info) and self._learn(reply, now)
        fault = reply.signedMessageStatus.signed_message_fault
        if fault == universal.MESSAGEFAULT_ERROR_UNKNOWN_KEY_ID:
            raise SigningError(NOT_PAIRED)
        if fault:
            known = universal.MessageFault_E.DESCRIPTOR.values_by_number.get(fault)
            text = f"unrecognized error code {fault}" if known is None else known.name
            raise SigningError(
                text, repaired=repaired and fault in _REPAIRABLE, temporary=fault in _REPAIRABLE | _TEMPORARY
            )
        if reply.signedMessageStatus.operation_status == universal.OPERATIONSTATUS_WAIT:
            raise SigningError(BUSY, temporary=True)
        self._refusal(reply.protobuf_message_as_bytes)

    def _refusal(self, payload: bytes) -> None:
        if self._domain == VEHICLE_SECURITY:
            said = vcsec.FromVCSECMessage.FromString(payload)
            if said.HasField("nominalError"):
                name = errors.GenericError_E.Name(said.nominalError.genericError)
                raise RefusedError(f"vcsec could not execute command: genericError:{name}")
            return
        status = car_server.Response.FromString(payload).actionStatus
        if status.result == car_server.OPERATIONSTATUS_ERROR:
            raise RefusedError(f"car could not execute command: {status.result_reason.plain_text}")

    def _learn(self, reply: universal.RoutableMessage, now: float) -> bool:
        """Take over session information whose tag is right. SigningError where the key is not paired."""
        info = signatures.SessionInfo.FromString(reply.session_info)
        if info.status == signatures.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST:
            raise SigningError(NOT_PAIRED)
        secret = shared_secret(self._key, info.publicKey)
        tag = reply.signature_data.session_info_tag.tag
        if tag != session_tag(secret, self._vin, self._uuid, reply.session_info):
            raise SigningError("session info HMAC invalid")
        self._secret, self._info, self._learned, self.ready = secret, info, now, True
        return True

    def _message(self) -> universal.RoutableMessage:
        self._uuid = os.urandom(16)
        message = universal.RoutableMessage(uuid=self._uuid)
        message.to_destination.domain = self._to
        message.from_destination.routing_address = os.urandom(16)
        return message

    @property
    def _to(self) -> universal.Domain:
        """The computer's number as the protocol's own type."""
        security = self._domain == VEHICLE_SECURITY
        return universal.DOMAIN_VEHICLE_SECURITY if security else universal.DOMAIN_INFOTAINMENT
