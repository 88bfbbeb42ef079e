"""The part of a car that knows keys: which are paired, the session's secrets, and what goes wrong on request.

Nothing here needs Tesla's protocol definitions; the car checks signatures in `protocol`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
import os
from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .orders import Order

VEHICLE_SECURITY = 2
INFOTAINMENT = 3
DOMAINS = (VEHICLE_SECURITY, INFOTAINMENT)
"""The two computers of a car that take signed commands, by Tesla's numbers."""

BOOTED_BEFORE_S = 1000.0
"""How long a car's computers have been running when it is made; their clocks count from their start."""

EPOCH_BYTES = 16

type What = Literal["session_info", "done", "refused", "fault", "spoiled"]
type Spoil = Literal["fault", "empty", "null", "error", "wait"]


class SignedRecord(NamedTuple):
    """One message that reached a car. time: epoch seconds. what: "session_info", "done", "refused", "fault", "spoiled".

    counter: 0 where the message had none. fault: Tesla's number of a fault, 0 without. order: None where none was decoded.
    """

    time: float
    domain: int
    what: What
    counter: int = 0
    fault: int = 0
    order: Order | None = None


@dataclass(slots=True)
class Forced:
    """A reply that is spoiled on purpose. obeys: the command is carried out all the same."""

    kind: Spoil
    fault: int = 0
    obeys: bool = False


@dataclass(slots=True, eq=False)
class Computer:
    """One computer's session state. started: epoch seconds of its clock's zero. seen: counters used, by public key."""

    started: float
    epoch: bytes = field(default_factory=lambda: os.urandom(EPOCH_BYTES), repr=False)
    counters: dict[bytes, set[int]] = field(default_factory=dict[bytes, "set[int]"], repr=False)

    def last(self, key: bytes) -> int:
        """Return the highest counter that this key has used, 0 before the first."""
        return max(self.counters.get(key, {0}), default=0)


class Keyring:
    """A car's keys and sessions.

    speaks_protocol: off for cars from before 2021 that answer signed commands with 422. clock_skew: seconds by which the
    car's clocks have jumped (changed in the middle of a session, what was signed before has expired). clock: epoch seconds
    for the expiry of commands; a simulator whose cars live faster than their client gives it the client's. log: every message.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.speaks_protocol = True
        self.clock_skew = 0.0
        self.log: list[SignedRecord] = []
        self.forced: list[Forced] = []
        self._clock = clock
        self._paired: set[bytes] = set()
        self.computers = {domain: Computer(clock() - BOOTED_BEFORE_S) for domain in DOMAINS}

    @cached_property
    def private_key(self) -> ec.EllipticCurvePrivateKey:
        """The car's own key, on P-256."""
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def public_point(self) -> bytes:
        """The car's public key as an uncompressed point."""
        return self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def clock(self) -> Callable[[], float]:
        """What the car's clocks go by; to set it starts its computers anew."""
        return self._clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.computers = {domain: Computer(clock() - BOOTED_BEFORE_S) for domain in DOMAINS}

    @property
    def paired(self) -> frozenset[bytes]:
        """The paired keys, as uncompressed points."""
        return frozenset(self._paired)

    def pair(self, public_key: ec.EllipticCurvePublicKey | bytes | str) -> None:
        """Let the owner confirm a key: an object, an uncompressed point of 65 bytes, or that in hex. ValueError if it is none."""
        self._paired.add(point_of(public_key))

    def unpair(self, public_key: ec.EllipticCurvePublicKey | bytes | str | None = None) -> None:
        """Delete a key on the car's Locks screen; all of them when none is named."""
        if public_key is None:
            self._paired.clear()
        else:
            self._paired.discard(point_of(public_key))

    def reboot(self, *domains: int) -> None:
        """Start these computers anew (both when none is named): a new epoch, counters from zero, clocks from zero."""
        for domain in domains or DOMAINS:
            self.computers[domain] = Computer(self._clock())

    def spoil(self, kind: Spoil, fault: int = 0, *, times: int = 1, obeys: bool = False) -> None:
        """Spoil the replies to the next signed commands (handshakes pass).

        kind: "fault" is a fault of this number with fresh session information, "empty" a reply of no bytes, "null" a JSON null
        in its place, "error" an operation status ERROR without a fault, "wait" an operation status WAIT. obeys: the car does
        what it was told, and says this.
        """
        self.forced += [Forced(kind, fault, obeys) for _ in range(times)]

    def seconds(self, domain: int) -> int:
        """Return what a computer's clock shows: seconds since it started, and its skew."""
        return max(0, int(self._clock() + self.clock_skew - self.computers[domain].started))


def point_of(public_key: ec.EllipticCurvePublicKey | bytes | str) -> bytes:
    """Return a public key as an uncompressed point. ValueError for what is no point on P-256."""
    if isinstance(public_key, str):
        public_key = bytes.fromhex(public_key)
    if isinstance(public_key, bytes):
        public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
