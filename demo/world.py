"""The world of the demo: the simulator on real time, one account, one car with a life."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from fleet_simulator import Account, Car, Charger, Drive, FleetSimulator, distance_m, drive_home

from .market import Market

VIN: Final = "5YJ3E1EA1KF000001"
NAME: Final = "Scout"
RADIUS: Final = 100.0

# A life short enough to watch (seconds): how long the car stays at home and away, and how soon it falls asleep.
_AT_HOME: Final = 900.0
_AWAY: Final = 900.0
_FALLS_ASLEEP: Final = 300.0
_PLUGS_IN_AFTER: Final = 30.0
# The cheap time begins so long after the cable is in, or up to a minute later (seconds).
_CHEAP_AFTER: Final = 30.0
# Five times what a wall box gives, so that minutes do for hours (80 A on three phases are 55 kW), and what is to be charged.
_BOX: Final = Charger(amps=80)
_LIMIT: Final = 65
# How much of the way home is shown before the car crosses the edge of the home zone (seconds).
LEAD: Final = 100.0


@dataclass(frozen=True, slots=True)
class Way:
    """A way home that ends at home.

    whole: all of it; drive: the part that the demo begins with. crosses: seconds from the start of that part to the
    edge of the home zone.
    """

    whole: Drive
    drive: Drive
    home: tuple[float, float]
    crosses: float


def way_home(trace: Path | None, lead: float | None) -> Way:
    """Return the end of a way home.

    trace: a recorded drive whose first point is home; None for the road that comes with the simulator. lead: seconds
    to show before the edge of the zone, None for the whole way. ValueError where the drive never comes home.
    """
    whole = Drive.from_csv(trace).reversed() if trace else drive_home()
    home = whole.position(whole.duration)
    enters = [crossing.seconds for crossing in whole.crossings(home, RADIUS) if crossing.direction == "enter"]
    if not enters:
        raise ValueError(f"The drive does not cross the edge of the home zone ({RADIUS:.0f} m)")
    crosses = enters[-1]
    if lead is None or crosses <= lead:
        return Way(whole, whole, home, enters[0])
    shown = whole.tail(whole.duration - crosses + lead)
    first = next(c.seconds for c in shown.crossings(home, RADIUS) if c.direction == "enter")
    return Way(whole, shown, home, first)


class World:
    """The simulator and the car's life in it."""

    def __init__(self, way: Way) -> None:
        """Initialize. The car waits at the start of its way."""
        self.way = way
        self.simulator = FleetSimulator()
        self.account: Account = self.simulator.add_account()
        self.car: Car = self.account.add_car(VIN, NAME, way.drive.position(0), 62.0)
        self.car.set_amps(time.time(), _BOX.amps)
        self.car.set_limit(time.time(), _LIMIT)
        self.car.idle_seconds = _FALLS_ASLEEP
        # Somebody sits in it while Home Assistant starts.
        self.car.stay_awake(time.time(), time.time() + _FALLS_ASLEEP)
        self.drives_from = 0.0
        self.plugs_in_at = 0.0
        self.market = Market.cheap_after(time.time())

    def pair(self, key: ec.EllipticCurvePublicKey) -> None:
        """Let the car know the key that signs commands, as the owner does once in Tesla's app."""
        self.car.keyring.pair(key)

    @property
    def is_plugged(self) -> bool:
        """Return whether the cable is in the car, which the wall box knows too."""
        return self.car.battery().charger is not None

    @property
    def crosses_at(self) -> float:
        """Return when the car crosses the edge of the home zone, Unix seconds."""
        return self.drives_from + self.way.crosses

    def distance_to_home(self, now: float) -> float:
        """Return how far the car really is from home, metres. now: Unix seconds."""
        return distance_m(self.car.position(now), self.way.home)

    def drive_home(self) -> None:
        """Set off now, in sight of home."""
        self._drive_home(self.way.drive)

    async def live_on(self) -> None:
        """After the arrival: charge, sleep, drive away, come back all of the way, for ever."""
        back_at = self.drives_from + self.way.drive.duration
        while True:
            await asyncio.sleep(back_at + _AT_HOME - time.time())
            out = self.way.whole.reversed().starting_at(time.time())
            self.car.drive(out)
            await asyncio.sleep(out.end + _AWAY - time.time())
            back_at = self._drive_home(self.way.whole)

    def _drive_home(self, way: Drive) -> float:
        """Enter a drive from now on; return when it ends."""
        self.drives_from = time.time()
        drive = way.starting_at(self.drives_from)
        self.car.drive(drive, destination="Home")
        self.plugs_in_at = drive.end + _PLUGS_IN_AFTER
        self.car.plug_in(self.plugs_in_at, _BOX)
        self.market = Market.cheap_after(self.plugs_in_at + _CHEAP_AFTER)
        return drive.end
