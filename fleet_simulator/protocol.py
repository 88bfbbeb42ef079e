"""A car that checks signatures: Tesla's Vehicle Command Protocol from the car's side.

Sources: the protocol definitions in the package `tesla_protocol`, and Tesla's own description of the protocol. It is
imported when the first signed command comes, so that a simulator without that package still does all the rest.
"""

from collections.abc import Callable
import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]  # protobuf ships no stubs
from tesla_protocol.command import (
    car_server_pb2 as car_server,
    errors_pb2 as errors,
    signatures_pb2 as signatures,
    universal_message_pb2 as universal,
    vcsec_pb2 as vcsec,
)

from .decoding import decode_infotainment, decode_security
from .keyring import INFOTAINMENT, Keyring, SignedRecord, What
from .orders import Order

type Obey = Callable[[Order], str]
"""Carries an order out and returns the car's refusal, "" when it is done."""

KEY_BYTES = 16
REORDER_WINDOW = 32
"""How far behind the highest one a counter may lie at the infotainment computer if it is new."""

_Fault = universal.MessageFault_E
_NO_ACTION = "unknown action"


class SignedCar:
    """Answers a message of `signed_command` for one car. now: epoch seconds."""

    def __init__(self, vin: str, keyring: Keyring, obey: Obey, now: float) -> None:
        self._vin = vin
        self._ring = keyring
        self._obey = obey
        self._now = now

    def answer(self, raw: bytes) -> bytes | None:
        """Return the reply to a message; None stands for a JSON null. ValueError when it is no RoutableMessage at all."""
        try:
            message = universal.RoutableMessage.FromString(raw)
        except DecodeError:
            raise ValueError("not a routable message") from None
        domain = message.to_destination.domain
        if domain not in self._ring.computers:
            return _bytes(self._fault(message, _Fault.MESSAGEFAULT_ERROR_INVALID_DOMAINS))
        if message.HasField("session_info_request"):
            self._note(domain, "session_info")
            return _bytes(self._session(message, message.session_info_request.public_key))
        return self._command(message)

    def _command(self, message: universal.RoutableMessage) -> bytes | None:
        key = message.signature_data.signer_identity.public_key
        if key not in self._ring.paired:
            return _bytes(self._fault(message, _Fault.MESSAGEFAULT_ERROR_UNKNOWN_KEY_ID))
        forced = self._ring.forced.pop(0) if self._ring.forced else None
        if forced is not None and not forced.obeys:
            return self._spoiled(message, key, forced.kind, forced.fault)
        payload = self._verified(message, key)
        if isinstance(payload, int):
            return _bytes(self._fault(message, payload, key))
        reply = self._carry_out(message, payload)
        if forced is not None:
            return self._spoiled(message, key, forced.kind, forced.fault)
        return _bytes(reply)

    def _verified(self, message: universal.RoutableMessage, key: bytes) -> bytes | int:
        """Return the command's bytes if its signature, epoch, counter and expiry hold, else the fault's number.

        In this order: a signature that is wrong says nothing of the rest.
        """
        domain = message.to_destination.domain
        data = message.signature_data
        signed: signatures.HMAC_Personalized_Signature_Data | signatures.AES_GCM_Personalized_Signature_Data
        if data.HasField("HMAC_Personalized_data"):
            signed = data.HMAC_Personalized_data
            payload = self._hmac_payload(message, key)
        elif data.HasField("AES_GCM_Personalized_data"):
            signed = data.AES_GCM_Personalized_data
            payload = self._aes_payload(message, key)
        else:
            return _Fault.MESSAGEFAULT_ERROR_INVALID_SIGNATURE
        if payload is None:
            return _Fault.MESSAGEFAULT_ERROR_INVALID_SIGNATURE
        computer = self._ring.computers[domain]
        if signed.epoch != computer.epoch:
            return _Fault.MESSAGEFAULT_ERROR_INCORRECT_EPOCH
        seen = computer.counters.setdefault(key, set())
        floor = computer.last(key) - (REORDER_WINDOW if domain == INFOTAINMENT else 0)
        if signed.counter in seen or signed.counter <= floor or signed.counter == 0:
            return _Fault.MESSAGEFAULT_ERROR_INVALID_TOKEN_OR_COUNTER
        if signed.expires_at < self._ring.seconds(domain):
            return _Fault.MESSAGEFAULT_ERROR_TIME_EXPIRED
        seen.add(signed.counter)
        return payload

    def _hmac_payload(self, message: universal.RoutableMessage, key: bytes) -> bytes | None:
        data = message.signature_data.HMAC_Personalized_data
        meta = self._metadata(
            message,
            signatures.SIGNATURE_TYPE_HMAC_PERSONALIZED,
            data.epoch,
            data.expires_at,
            data.counter,
        )
        payload = message.protobuf_message_as_bytes
        good = hmac.compare_digest(command_tag(self._shared(key), meta, payload), data.tag)
        return payload if good else None

    def _aes_payload(self, message: universal.RoutableMessage, key: bytes) -> bytes | None:
        data = message.signature_data.AES_GCM_Personalized_data
        meta = self._metadata(
            message,
            signatures.SIGNATURE_TYPE_AES_GCM_PERSONALIZED,
            data.epoch,
            data.expires_at,
            data.counter,
        )
        sealed = message.protobuf_message_as_bytes + data.tag
        try:
            return AESGCM(self._shared(key)).decrypt(data.nonce, sealed, hashlib.sha256(meta).digest())
        except InvalidTag, ValueError:
            return None

    def _metadata(
        self, message: universal.RoutableMessage, kind: int, epoch: bytes, expires_at: int, counter: int
    ) -> bytes:
        fields = [
            (signatures.TAG_SIGNATURE_TYPE, bytes([kind])),
            (signatures.TAG_DOMAIN, bytes([message.to_destination.domain])),
            (signatures.TAG_PERSONALIZATION, self._vin.encode()),
            (signatures.TAG_EPOCH, epoch),
            (signatures.TAG_EXPIRES_AT, struct.pack(">I", expires_at)),
            (signatures.TAG_COUNTER, struct.pack(">I", counter)),
        ]
        if message.flags:
            fields.append((signatures.TAG_FLAGS, struct.pack(">I", message.flags)))
        return metadata(*fields)

    def _shared(self, key: bytes) -> bytes:
        return shared_secret(self._ring.private_key, key)

    def _carry_out(self, message: universal.RoutableMessage, payload: bytes) -> universal.RoutableMessage:
        domain = message.to_destination.domain
        decode = decode_infotainment if domain == INFOTAINMENT else decode_security
        try:
            order = decode(payload, self._now)
        except DecodeError:
            return self._fault(message, _Fault.MESSAGEFAULT_ERROR_DECODING)
        reason = _NO_ACTION if order is None else self._obey(order)
        counter = max(
            message.signature_data.HMAC_Personalized_data.counter,
            message.signature_data.AES_GCM_Personalized_data.counter,
        )
        self._note(domain, "refused" if reason else "done", counter, order=order)
        reply = self._reply(message)
        said = _infotainment_says(reason) if domain == INFOTAINMENT else _security_says(reason)
        reply.protobuf_message_as_bytes = said
        return reply

    def _spoiled(self, message: universal.RoutableMessage, key: bytes, kind: str, fault: int) -> bytes | None:
        self._note(message.to_destination.domain, "spoiled", fault=fault)
        reply = self._reply(message)
        match kind:
            case "fault":
                return _bytes(self._fault(message, fault, key))
            case "empty":
                return b""
            case "null":
                return None
            case "wait":
                reply.signedMessageStatus.operation_status = universal.OPERATIONSTATUS_WAIT
            case _:
                reply.signedMessageStatus.operation_status = universal.OPERATIONSTATUS_ERROR
        return _bytes(reply)

    def _fault(
        self, message: universal.RoutableMessage, number: int, key: bytes | None = None
    ) -> universal.RoutableMessage:
        """Return a fault, with fresh session information for a key that is known."""
        self._note(message.to_destination.domain, "fault", fault=number)
        reply = self._reply(message) if key is None else self._session(message, key)
        reply.signedMessageStatus.operation_status = universal.OPERATIONSTATUS_ERROR
        # A number that the definitions do not know yet goes over the wire all the same: the field is open.
        reply.signedMessageStatus.MergeFromString(bytes([0x10, number]))
        return reply

    def _session(self, message: universal.RoutableMessage, key: bytes) -> universal.RoutableMessage:
        """Return the session information, with a tag that proves it to the key's owner; a stranger gets neither."""
        reply = self._reply(message)
        if key not in self._ring.paired:
            stranger = signatures.SessionInfo(status=signatures.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST)
            reply.session_info = stranger.SerializeToString()
            return reply
        domain = message.to_destination.domain
        computer = self._ring.computers[domain]
        info = signatures.SessionInfo(
            counter=computer.last(key),
            publicKey=self._ring.public_point,
            epoch=computer.epoch,
            clock_time=self._ring.seconds(domain),
        ).SerializeToString()
        reply.session_info = info
        reply.signature_data.session_info_tag.tag = session_tag(
            self._shared(key), self._vin, message.uuid, info
        )
        return reply

    def _reply(self, message: universal.RoutableMessage) -> universal.RoutableMessage:
        return universal.RoutableMessage(
            to_destination=message.from_destination,
            from_destination=universal.Destination(domain=message.to_destination.domain),
            request_uuid=message.uuid,
            uuid=os.urandom(16),
        )

    def _note(
        self, domain: int, what: What, counter: int = 0, fault: int = 0, order: Order | None = None
    ) -> None:
        self._ring.log.append(SignedRecord(self._now, domain, what, counter, fault, order))


def shared_secret(private_key: ec.EllipticCurvePrivateKey, point: bytes) -> bytes:
    """Return the 16 bytes that two keys have in common: the head of SHA-1 over the x coordinate, as the protocol says."""
    other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    x = private_key.exchange(ec.ECDH(), other)
    return hashlib.sha1(x, usedforsecurity=False).digest()[:KEY_BYTES]


def session_tag(secret: bytes, vin: str, challenge: bytes, info: bytes) -> bytes:
    """Return the tag of session information for the request with this uuid."""
    meta = metadata(
        (signatures.TAG_SIGNATURE_TYPE, bytes([signatures.SIGNATURE_TYPE_HMAC])),
        (signatures.TAG_PERSONALIZATION, vin.encode()),
        (signatures.TAG_CHALLENGE, challenge),
    )
    return hmac.digest(_subkey(secret, b"session info"), meta + info, "sha256")


def command_tag(secret: bytes, meta: bytes, payload: bytes) -> bytes:
    """Return the tag of a command."""
    return hmac.digest(_subkey(secret, b"authenticated command"), meta + payload, "sha256")


def metadata(*fields: tuple[int, bytes]) -> bytes:
    """Return what is signed beside the payload: a byte of tag, a byte of length and the value each, and an end mark."""
    return b"".join(bytes([tag, len(value)]) + value for tag, value in fields) + bytes([signatures.TAG_END])


def _bytes(message: Message) -> bytes:
    return bytes(message.SerializeToString())


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, "sha256")


def _infotainment_says(reason: str) -> bytes:
    if not reason:
        status = car_server.ActionStatus(result=car_server.OPERATIONSTATUS_OK)
    else:
        status = car_server.ActionStatus(
            result=car_server.OPERATIONSTATUS_ERROR,
            result_reason=car_server.ResultReason(plain_text=reason),
        )
    return _bytes(car_server.Response(actionStatus=status))


def _security_says(reason: str) -> bytes:
    if not reason:
        status = vcsec.CommandStatus(operationStatus=vcsec.OPERATIONSTATUS_OK)
        return _bytes(vcsec.FromVCSECMessage(commandStatus=status))
    # This computer has numbers where the other one has words.
    number = (
        errors.GENERICERROR_VEHICLE_NOT_IN_PARK if reason == "not_in_park" else errors.GENERICERROR_UNKNOWN
    )
    return _bytes(vcsec.FromVCSECMessage(nominalError=errors.NominalError(genericError=number)))
