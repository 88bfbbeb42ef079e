"""Commands that are signed here, with the app's own key.

A cold car costs a handshake more for each of its two computers, and once more where its session has moved on: a command is
at most three requests (commands). The sessions are kept in memory; a restart of Home Assistant or of the car's computer
ends them.
"""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .client import FleetClient
from .command_answers import check_answer, outcome_of
from .command_errors import (
    KeyUnusableError,
    NoKeyError,
    SignatureOutOfDateError,
    SigningNotSupportedError,
    SigningUnavailableError,
)
from .commands import Command
from .errors import FleetError, RequestRejectedError
from .metering import Purpose

if TYPE_CHECKING:
    from .signing_library import SigningCar

_LIBRARY: Final = ".signing_library"
_NOT_SUPPORTED: Final = 422


class SignedCommands:
    """Signs commands for an account's cars."""

    def __init__(
        self,
        client: FleetClient,
        key_pem: Callable[[], Awaitable[str | None]],
        in_executor: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        """Initialize; nothing is loaded. key_pem: the private key, None where there is none. Raises KeyUnusableError."""
        self._client = client
        self._key_pem = key_pem
        self._in_executor = in_executor
        self._cars: dict[str, SigningCar] = {}
        self._purpose: dict[str, Purpose] = {}

    async def send(self, vin: str, command: Command, purpose: Purpose) -> None:
        """Sign a command and send it: one to three billed requests. To be called for one command of a car at a time.

        Raises what `FleetClient.command` does, KeyNotPairedError, NoKeyError, KeyUnusableError, SigningNotSupportedError and
        SigningUnavailableError.
        """
        # Without a key the library is not needed.
        pem = await self._key_pem()
        if pem is None:
            raise NoKeyError
        car = await self._car(vin, pem)
        self._purpose[vin] = purpose
        try:
            response = await self._run(car, command)
        except FleetError as err:
            if isinstance(err, RequestRejectedError) and err.status == _NOT_SUPPORTED:
                raise SigningNotSupportedError(err.status) from err
            # A handshake changes nothing: only what came after it can have an unknown outcome.
            raise (outcome_of(err) if car.is_at_risk else err) from err
        check_answer(command.name, response)

    async def _run(self, car: SigningCar, command: Command) -> Mapping[str, Any]:
        try:
            return await car.async_run(command)
        except SignatureOutOfDateError:
            # The car said that it did nothing, and told its session anew.
            try:
                return await car.async_run(command)
            except SignatureOutOfDateError:
                # So that the next command begins with a handshake.
                self._cars.pop(car.vin, None)
                raise

    async def _car(self, vin: str, pem: str) -> SigningCar:
        if (known := self._cars.get(vin)) is not None:
            return known
        try:
            make: type[SigningCar] = await self._in_executor(_load)
        except ImportError, TypeError, AttributeError:
            # Another integration can have put another version there, with which this one does not work.
            raise SigningUnavailableError from None

        async def _deliver(message: str) -> str:
            return await self._client.signed_command(vin, message, self._purpose[vin])

        car = self._cars[vin] = make(_read(pem), vin, _deliver)
        return car


def _load() -> Any:
    return import_module(_LIBRARY, __package__).SigningCar


def check_key(pem: str) -> None:
    """Raise KeyUnusableError for a key that cannot sign."""
    _read(pem)


def _read(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError, ValueError, UnsupportedAlgorithm:
        raise KeyUnusableError from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusableError
    return key
