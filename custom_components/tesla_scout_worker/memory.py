"""What is known of each car, kept over restarts: the scout's view, pending triggers, the worker's last read."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .store import PlannedSave, async_load_or_empty

_STORAGE_VERSION: Final = 1
# A look that tells nothing new may be lost in a crash (seconds).
_SAVE_DELAY: Final = 5.0
# Each write has all cars in it: with more of them it is written less often, or the disk would get their number's square.
_SAVE_DELAY_A_CAR: Final = 3.0
_LONGEST_SAVE_DELAY: Final = 300.0


class Memory:
    """One config entry's store. Each room registers how to describe itself and reads back what it described."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize. key: of the store."""
        # Positions are in it: private. A pending arrival is in it: flushed to the disk.
        self._store: Store[dict[str, Any]] = Store(
            hass, _STORAGE_VERSION, f"{DOMAIN}.{key}.cars", private=True, atomic_writes=True
        )
        self._saving = PlannedSave(self._store, self._as_dict, _SAVE_DELAY)
        self._stored: Mapping[str, Any] = {}
        self._is_closed = False
        self._rooms: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {}

    async def async_load(self) -> None:
        """Read the store."""
        self._stored = await async_load_or_empty(self._store)

    def recall(self, vin: str, room: str) -> Mapping[str, Any]:
        """Return what a room described of a car in an earlier run, empty where it did not."""
        car = self._stored.get(vin)
        described = car.get(room) if isinstance(car, dict) else None
        return described if isinstance(described, dict) else {}

    def has(self, vin: str) -> bool:
        """Return whether anything is known of a car."""
        return bool(self._stored.get(vin))

    def register(self, vin: str, room: str, describe: Callable[[], dict[str, Any]]) -> None:
        """Keep what a room says of a car from now on."""
        self._rooms[vin, room] = describe
        cars = len({car for car, _ in self._rooms})
        self._saving.delay = min(max(_SAVE_DELAY, _SAVE_DELAY_A_CAR * cars), _LONGEST_SAVE_DELAY)

    def save_soon(self) -> None:
        """Write within 5 seconds; with more cars than one within 3 seconds for each, or 5 minutes."""
        if not self._is_closed:
            self._saving.plan()

    async def async_save(self) -> None:
        """Write; it is on the disk when this returns, or the failure is in the log."""
        if not self._is_closed:
            await self._saving.async_now()

    async def async_close(self) -> None:
        """Write for the last time: what comes after the entry was unloaded must not write over its next set-up."""
        await self.async_save()
        self._is_closed = True

    def forget(self, vin: str) -> None:
        """Let go of all that is known of a car; nothing more is kept of it."""
        self._stored = {known: rooms for known, rooms in self._stored.items() if known != vin}
        self._rooms = {place: describe for place, describe in self._rooms.items() if place[0] != vin}

    async def async_remove(self) -> None:
        """Delete the store."""
        await self._store.async_remove()

    def _as_dict(self) -> dict[str, Any]:
        # A car that is not watched now keeps what was known of it.
        cars: dict[str, Any] = {
            vin: dict(rooms) for vin, rooms in self._stored.items() if isinstance(rooms, dict)
        }
        for (vin, room), describe in self._rooms.items():
            cars.setdefault(vin, {})[room] = describe()
        return cars
