"""Which cars an account has, as Tesla lists them.

A scout asks for the cloud's view of its car again and again, which is not billed. Once a day the list is asked in place
of that: it tells the same of the car, and which others there are. So a car that comes or goes is found out about without
a request more than the looks are; one more is sent where the list lacks the very car that was asked about.
"""

from collections.abc import Callable, Iterable
import logging
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from .fleet.client import FleetClient
from .fleet.errors import BadAnswerError, FleetError, NotFoundError, RequestRejectedError
from .fleet.metering import Purpose
from .fleet.models import Vehicle

_LOGGER = logging.getLogger(__name__)

# The list stands for so long (seconds).
_STANDS: Final = 86_400.0
# It is asked sooner where it failed, and where a car was refused that it had (seconds).
_STANDS_IN_DOUBT: Final = 21_600.0
# Lists were seen that lacked cars for hours: a car is gone when they did for so long, and Tesla refuses it (seconds).
_GONE_AFTER: Final = 3 * 86_400.0


class CarList:
    """The list of one account, and since when it lacks which car.

    known: returns the VINs of all cars that were ever on it and that were not let go.
    """

    def __init__(self, client: FleetClient, known: Callable[[], Iterable[str]]) -> None:
        """Initialize; nothing is asked yet."""
        self._client = client
        self._known = known
        self._listeners: list[CALLBACK_TYPE] = []
        #: By VIN, as they were listed last.
        self.vehicles: dict[str, Vehicle] = {}
        #: By VIN, the Unix second of the first list in a row that lacks the car.
        self.lacking_since: dict[str, float] = {}
        # Cars that Tesla refused when they were asked about by themselves.
        self._refused: set[str] = set()
        self._asked_at = self._due_at = 0.0
        #: When the list was had last (Unix seconds), None before.
        self.listed_at: float | None = None

    async def async_ask(self, purpose: Purpose) -> dict[str, Vehicle]:
        """Ask which cars there are: one request for each hundred, not billed. Raises FleetError."""
        self._asked_at = now = _now()
        self._due_at = now + _STANDS_IN_DOUBT
        self.vehicles = {vehicle.vin: vehicle for vehicle in await self._client.vehicles(purpose)}
        self._due_at, self.listed_at = now + _STANDS, now
        self._refused -= self.vehicles.keys()
        self.lacking_since = {
            vin: self.lacking_since.get(vin, now) for vin in self._known() if vin not in self.vehicles
        }
        for listener in tuple(self._listeners):
            listener()
        return self.vehicles

    async def async_ask_if_due(self, purpose: Purpose) -> None:
        """Ask which cars there are if that was not asked for a day: for an account with no car to look at."""
        if not self._is_due:
            return
        try:
            await self.async_ask(purpose)
        except FleetError as err:
            _LOGGER.debug("The list of cars could not be had: %s", err)

    async def async_vehicle(self, vin: str, purpose: Purpose) -> Vehicle:
        """Return the cloud's view of a car: one request, not billed, with the list where that is due. Raises FleetError."""
        if purpose is Purpose.SCOUT and self._is_due:
            try:
                listed = await self.async_ask(purpose)
            except (BadAnswerError, NotFoundError, RequestRejectedError) as err:
                # That says something of the list, and nothing of the car.
                _LOGGER.debug("The list of cars could not be had: %s", err)
            else:
                if vin in listed:
                    return listed[vin]
        try:
            vehicle = await self._client.vehicle(vin, purpose)
        except NotFoundError, RequestRejectedError:
            if vin not in self._refused:
                self._refused.add(vin)
                self._due_at = min(self._due_at, self._asked_at + _STANDS_IN_DOUBT)
            raise
        self._refused.discard(vin)
        return vehicle

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener after each answer with the list; the release comes back."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def is_lacking(self, vin: str) -> bool:
        """Return whether the last list had no such car."""
        return vin in self.lacking_since

    def is_gone(self, vin: str) -> bool:
        """Return whether a car left the account: lists lack it for days, and Tesla refuses to speak of it."""
        since = self.lacking_since.get(vin)
        return since is not None and vin in self._refused and _now() - since >= _GONE_AFTER

    @property
    def _is_due(self) -> bool:
        return _now() >= self._due_at


def _now() -> float:
    return dt_util.utcnow().timestamp()
