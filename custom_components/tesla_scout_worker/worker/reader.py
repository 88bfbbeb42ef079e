"""One full read of a car with its fallbacks: what some cars cannot tell is left out, what does not answer gets a pause."""

from typing import Final

from homeassistant.util import dt as dt_util

from ..account import AccountCoordinator
from ..fleet.client import EVERYTHING_BUT_SCHEDULES, SCHEDULE_ENDPOINTS
from ..fleet.errors import (
    AccountDisabledError,
    AnswerLostError,
    FleetError,
    MissingScopeError,
    NotRegisteredError,
    ServerError,
    VehicleUnavailableError,
)
from ..fleet.metering import Purpose
from ..fleet.models import CloudState, VehicleData

_EVERYTHING: Final = EVERYTHING_BUT_SCHEDULES + SCHEDULE_ENDPOINTS
_POSITION: Final = "location_data"
_CHARGE: Final = "charge_schedule_data"
# What makes a read fail is then not asked for, for this long (seconds).
_LEAVE_OUT_FOR: Final = 86_400.0
# A car that the cloud calls online and that answers 408 is billed for each: a pause that doubles (seconds).
_FIRST_SILENCE: Final = 60.0
_LONGEST_SILENCE: Final = 14_400.0
# It slept since, for so long (seconds): it may answer now.
_TOLD_ANEW: Final = 7_200.0


class Reader:
    """Reads one car."""

    def __init__(self, account: AccountCoordinator, vin: str) -> None:
        """Initialize."""
        self._account = account
        self._vin = vin
        self._left_out: dict[str, float] = {}
        self._unanswered = 0
        self._unanswered_at = 0.0

    @property
    def silent_until(self) -> float:
        """Return until when nothing is read unasked, since the car did not answer though online (Unix seconds)."""
        if not self._unanswered:
            return 0.0
        return self._unanswered_at + min(
            _FIRST_SILENCE * 2.0 ** min(self._unanswered - 1, 10), _LONGEST_SILENCE
        )

    def is_silent(self, now: float) -> bool:
        """Return whether the car is left alone for now. A silence that began in the future is a clock set back."""
        return self._unanswered_at <= now < self.silent_until

    def came_online(self, now: float) -> None:
        """Take into account that the car came online anew: after hours of silence it may be asked at once."""
        if self._unanswered and now - self._unanswered_at >= _TOLD_ANEW:
            self._unanswered = 1

    async def async_is_online(self, purpose: Purpose) -> bool:
        """Ask the cloud, which is not billed."""
        return (await self._account.client.vehicle(self._vin, purpose)).state is CloudState.ONLINE

    async def async_read(self, purpose: Purpose, *, needs_position: bool = False) -> VehicleData:
        """Read everything in one billed request; where a part makes it fail, once more without that part.

        needs_position: a read without the position is no use. Raises FleetError.
        """
        try:
            read = await self._async_read(purpose, needs_position=needs_position)
        except VehicleUnavailableError:
            self._unanswered, self._unanswered_at = self._unanswered + 1, _now()
            raise
        self._unanswered = 0
        return read

    async def _async_read(self, purpose: Purpose, *, needs_position: bool) -> VehicleData:
        asked = tuple(endpoint for endpoint in _EVERYTHING if self._may_ask(endpoint))
        try:
            return await self._account.client.vehicle_data(self._vin, asked, purpose)
        except FleetError as err:
            suspects = tuple(
                part for part in _suspects(err) if part in asked and (part != _POSITION or not needs_position)
            )
            rest = tuple(endpoint for endpoint in asked if endpoint not in suspects)
            if rest == asked or (self._unanswered and isinstance(err, VehicleUnavailableError)):
                # That it was not the schedules was found out the last time.
                raise
            if isinstance(err, VehicleUnavailableError) and not await self.async_is_online(purpose):
                # It was not the schedules: it fell asleep.
                raise
            read = await self._account.client.vehicle_data(self._vin, rest, purpose)
        self._left_out |= dict.fromkeys(suspects, _now() + _LEAVE_OUT_FOR)
        if suspects == SCHEDULE_ENDPOINTS:
            # Which of the two it was shows the next read, without the one that no charge needs.
            self._left_out[_CHARGE] = 0.0
        return read

    def _may_ask(self, endpoint: str) -> bool:
        if endpoint == _POSITION and not self._account.sees_location:
            return False
        return self._left_out.get(endpoint, 0.0) <= _now()


def is_left_to_the_scout(err: FleetError) -> bool:
    """Return whether Tesla closed the door: the scout tries it, and then calls the worker; two would pay for each try."""
    return isinstance(err, AccountDisabledError | NotRegisteredError)


def _suspects(err: FleetError) -> tuple[str, ...]:
    """Return what may have made a read fail: some cars cannot read their schedules in time, some grants lack a part."""
    match err:
        case VehicleUnavailableError() | ServerError() | AnswerLostError():
            return SCHEDULE_ENDPOINTS
        case MissingScopeError():
            return (_POSITION,)
        case _:
            return ()


def _now() -> float:
    return dt_util.utcnow().timestamp()
