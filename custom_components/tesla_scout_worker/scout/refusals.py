"""What Tesla refuses of one car, again and again: asked ever more rarely, and told in a repair of that car."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..data import ScoutWorkerConfigEntry
from ..fleet.errors import (
    FleetError,
    MissingScopeError,
    MobileAccessDisabledError,
    NotFoundError,
    RequestRejectedError,
)
from ..fleet.models import Vehicle
from ..issues import car_id, update_issue

_KINDS: Final = frozenset({"location_refused", "car_refused"})
# Stray 403s on good tokens were seen: only a row of them is told. Each is billed, so they are far apart (seconds).
_LOCATION_TO_TELL: Final = 3
_LOCATION_RETRY: Final = 3_600.0
# A car that was sold is refused for good, one behind a proxy that is being mended for minutes: about 45 minutes of the
# usual retries tell them apart. After that an hour, then two, then four, then this (seconds).
_CAR_TO_TELL: Final = 6
_CAR_RETRY: Final = 3_600.0
_LONGEST_CAR_RETRY: Final = 21_600.0


class Refusals:
    """Counts the refusals in a row of one car. A look asks for the car's state first, and may then read it."""

    def __init__(self, hass: HomeAssistant, entry: ScoutWorkerConfigEntry, vehicle: Vehicle) -> None:
        """Initialize."""
        self._hass = hass
        self._entry = entry
        self._vin = vehicle.vin
        self._words = {"name": vehicle.name}
        self._car_id = car_id(entry, vehicle.vin)
        self._of_location = self._of_state = self._of_read = 0
        self._is_reading = False

    def note(self, err: FleetError) -> float:
        """Count a refusal; return how long to wait for that before the next look, seconds, 0 for any other error."""
        is_reading, self._is_reading = self._is_reading, False
        match err:
            case MissingScopeError():
                self._of_location += 1
                wait = _LOCATION_RETRY
            case NotFoundError() | RequestRejectedError() | MobileAccessDisabledError():
                self._of_read += is_reading
                self._of_state += not is_reading
                wait = self._car_wait
            case _:
                return 0.0
        self._tell()
        return wait

    def answered(self) -> None:
        """Note that the cloud knows the car; what is refused now is the read."""
        self._is_reading = True
        if self._of_state:
            self._of_state = 0
            self._tell()

    def read(self) -> None:
        """Note that the car was read, with its position as far as it has one."""
        self._is_reading = False
        if self._of_location or self._of_read:
            self._of_location = self._of_read = 0
            self._tell()

    @property
    def _of_car(self) -> int:
        return max(self._of_state, self._of_read)

    @property
    def _car_wait(self) -> float:
        beyond = self._of_car - _CAR_TO_TELL
        return min(_CAR_RETRY * 2.0 ** min(beyond, 10), _LONGEST_CAR_RETRY) if beyond >= 0 else 0.0

    def _tell(self) -> None:
        if self._vin not in self._entry.runtime_data.cars:
            # It was let go while it was looked at.
            return
        problems = {
            "location_refused": self._of_location >= _LOCATION_TO_TELL,
            "car_refused": self._of_car >= _CAR_TO_TELL,
        }
        for key, is_present in problems.items():
            update_issue(
                self._hass,
                self._entry,
                key,
                is_present=is_present,
                placeholders=self._words,
                about=self._car_id,
            )


@callback
def async_forget_refusals(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back what was told of an entry's cars: whether it still holds, each scout finds out anew."""
    for (domain, issue_id), issue in tuple(ir.async_get(hass).issues.items()):
        is_ours = domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}")
        if is_ours and issue.translation_key in _KINDS:
            ir.async_delete_issue(hass, domain, issue_id)
