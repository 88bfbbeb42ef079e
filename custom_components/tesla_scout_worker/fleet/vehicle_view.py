"""What a full read says of a car, field by field: typed, within what is possible, and never made up.

Whatever is missing, null, of another type, not finite or out of range is None. Field names, types and units:
https://developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints and
https://github.com/teslamotors/vehicle-command (vehicle.proto).
"""

from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any, Final

from .commands import LEAST_PERCENT, MOST_AMPS, MOST_PERCENT
from .models import VehicleData

# vehicle.proto, ChargingState, in Home Assistant's spelling. Tesla's eighth word is Unknown.
CHARGING_STATES: Final[Mapping[str, str]] = {
    "Disconnected": "disconnected",
    "NoPower": "no_power",
    "Starting": "starting",
    "Charging": "charging",
    "Complete": "complete",
    "Stopped": "stopped",
    "Calibrating": "calibrating",
}
# vehicle.proto, CableType and ChargerType. SNA is Tesla's "signal not available".
CABLES: Final[Mapping[str, str]] = {"IEC": "iec", "SAE": "sae", "GB_AC": "gb_ac", "GB_DC": "gb_dc"}
CHARGERS: Final[Mapping[str, str]] = {
    "Supercharger": "supercharger",
    "Tesla": "tesla",
    "Combo": "combo",
    "CHAdeMO": "chademo",
    "Gb": "gb",
    "ACSingleWireCAN": "ac",
    "MCSingleWireCAN": "mobile_connector",
    "Other": "other",
}
LATCHES: Final[Mapping[str, str]] = {
    "Engaged": "engaged",
    "Disengaged": "disengaged",
    "Blocking": "blocking",
}
GEARS: Final[Mapping[str, str]] = {"P": "p", "R": "r", "N": "n", "D": "d"}
_FLOWING: Final = frozenset({"starting", "charging"})
# Where no update waits the word is "".
_UPDATE_OFFERED: Final = frozenset(
    {"available", "scheduled", "downloading", "downloading_wifi_wait", "installing"}
)
# No Tesla of today takes more from an alternating current; one that does tells its own bound.
_USUAL_AMPS: Final = 48
_LONGEST_CHARGE_MINUTES: Final = 7 * 24 * 60
# Year, week, build: 2026.32.6, at times with more parts; the hash of the build follows.
_VERSION: Final = re.compile(r"\s*(20\d\d(?:\.\d{1,4}){1,5})(?:\s|$)")


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A read, and whether the cloud said since that the car sleeps.

    A sleeping car does not charge. What it did instead (it was full, stopped or unplugged) is not known before it is
    read again, so what the read said of a charge is then None, or 0 where something flowed.
    """

    data: VehicleData
    is_asleep: bool = False

    # --- fields -----------------------------------------------------------------------------------

    def number(self, block: str, key: str, low: float, high: float) -> float | None:
        """Return a number from low to high, both included."""
        value = self.data.number(block, key)
        return value if value is not None and low <= value <= high else None

    def flag(self, block: str, key: str) -> bool | None:
        """Return a truth value."""
        return self.data.flag(block, key)

    def word(self, block: str, key: str, words: Mapping[str, str]) -> str | None:
        """Return the word for one of Tesla's; upper and lower case do not matter."""
        said = self.data.text(block, key)
        if said is None:
            return None
        return next((word for name, word in words.items() if name.lower() == said.lower()), None)

    def percent(self, key: str) -> float | None:
        """Return a level of charge_state in per cent."""
        return self.number("charge_state", key, 0, 100)

    def flow(self, key: str, most: float) -> float | None:
        """Return what flows into the car: power (kW), current (A) or rate (miles of range an hour)."""
        value = self.number("charge_state", key, 0, most)
        return 0 if value and self.is_asleep else value

    def is_open(self, key: str) -> bool | None:
        """Return whether a door, a trunk or a window is open: 0 is closed, any other number is (partly) open."""
        flag = self.data.flag("vehicle_state", key)
        if flag is not None:
            return flag
        number = self.number("vehicle_state", key, 0, 255)
        return None if number is None else bool(number)

    # --- charging ---------------------------------------------------------------------------------

    @property
    def charging_state(self) -> str | None:
        """Return one of CHARGING_STATES; None where the car said something else, or sleeps since it charged."""
        word = self._charging_word
        return None if self.is_asleep and word in _FLOWING else word

    @property
    def is_charging(self) -> bool | None:
        """Return whether it charges, or is about to. Asleep it does not, whatever was read before."""
        word = self._charging_word
        return None if word is None else word in _FLOWING and not self.is_asleep

    @property
    def is_plugged_in(self) -> bool | None:
        """Return whether a cable is in the port. Door and cable fields are null or wrong on some cars; the state is not.

        A word that is not known yet is not "Disconnected".
        """
        said = (self.data.text("charge_state", "charging_state") or "unknown").lower()
        return None if said == "unknown" else said != "disconnected"

    @property
    def is_at_fast_charger(self) -> bool:
        """Return whether the car was at a fast charger (direct current) when it was read."""
        return self.flag("charge_state", "fast_charger_present") is True and self.is_plugged_in is not False

    @property
    def completes_at(self) -> float | None:
        """Return when the limit will be reached, in Unix seconds, as reckoned at the read; None while it does not charge."""
        if not self.is_charging or self.data.read_at is None:
            return None
        minutes = self.number("charge_state", "minutes_to_full_charge", 0, _LONGEST_CHARGE_MINUTES)
        if not minutes:
            # Old firmware tells only hours, in steps of a quarter.
            hours = self.number("charge_state", "time_to_full_charge", 0, _LONGEST_CHARGE_MINUTES / 60)
            minutes = hours * 60 if hours else None
        return self.data.read_at + minutes * 60 if minutes else None

    @property
    def phases(self) -> int | None:
        """Return the phases that are used; null where nothing flows, and with direct current."""
        number = self.number("charge_state", "charger_phases", 1, 3)
        return None if number is None or self.is_asleep else int(number)

    @property
    def limit_bounds(self) -> tuple[float, float]:
        """Return between which levels (per cent) this car lets its limit be set."""
        return self._bounds(
            ("charge_limit_soc_min", "charge_limit_soc_max"), LEAST_PERCENT, MOST_PERCENT, MOST_PERCENT
        )

    @property
    def amps_bounds(self) -> tuple[float, float]:
        """Return between which currents (A) this car lets its request be set: the cable and the charger change it."""
        return self._bounds((None, "charge_current_request_max"), 0, _USUAL_AMPS, MOST_AMPS)

    # --- the rest ---------------------------------------------------------------------------------

    @property
    def gear(self) -> str | None:
        """Return p, r, n or d. A parked car says P, null or nothing; a car whose block is missing said nothing at all."""
        said = self._raw("drive_state", "shift_state")
        if said is None or said == "":
            return "p" if self.data.is_driving is False else None
        return self.word("drive_state", "shift_state", GEARS)

    @property
    def firmware(self) -> str | None:
        """Return the version that is installed, without the hash of its build: 2026.32.6."""
        return _version(self.data.text("vehicle_state", "car_version"))

    @property
    def newest_firmware(self) -> str | None:
        """Return the newest version: one that waits to be installed, or where none waits the installed one.

        None where the car did not say whether one waits, or which.
        """
        update = self._raw("vehicle_state", "software_update")
        status = update.get("status") if isinstance(update, dict) else None
        if not isinstance(status, str):
            return None
        if status.lower() not in _UPDATE_OFFERED:
            return self.firmware
        version = update.get("version")
        return _version(version if isinstance(version, str) else None)

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _charging_word(self) -> str | None:
        return self.word("charge_state", "charging_state", CHARGING_STATES)

    def _raw(self, block: str, key: str) -> Any:
        return self.data.blocks.get(block, {}).get(key)

    def _bounds(
        self, keys: tuple[str | None, str], low: float, usual: float, most: float
    ) -> tuple[float, float]:
        least = self.number("charge_state", keys[0], low, most) if keys[0] else None
        highest = self.number("charge_state", keys[1], low, most)
        least, highest = low if least is None else least, usual if highest is None else highest
        # Nothing to choose from is a car that does not know.
        return (least, highest) if least < highest else (low, usual)


def _version(said: str | None) -> str | None:
    """Return the version that a text begins with; Tesla says " " where there is none."""
    found = _VERSION.match(said or "")
    return found.group(1) if found else None
