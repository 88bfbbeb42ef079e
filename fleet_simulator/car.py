"""A car: it drives, parks, falls asleep and charges, and nothing of it happens before somebody asks.

There is no loop and no task. What happens is entered beforehand with absolute times (epoch seconds), and every question
is answered for the moment it is asked for, so a driven clock and the real one give the same car.
"""

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from typing import Any, Literal, NamedTuple, override

from .battery import Battery
from .charging import WALL_BOX, Charger
from .drive import Drive
from .geo import Point
from .keyring import Keyring
from .presence import CloudState, Presence
from .roads import HOME
from .scheduled import Scheduled

MPH_PER_MPS = 3600 / 1609.344
METRES_PER_MILE = 1609.344

type Transform = Callable[[dict[str, Any]], dict[str, Any] | None]


class Trip(NamedTuple):
    """A drive with a start, and what the navigation was told."""

    drive: Drive
    destination: str | None


class GpsFix(NamedTuple):
    """What the receiver reports: a position, its age as an epoch second, and the course in degrees."""

    point: Point
    as_of: float
    heading: float


class Car(Scheduled):
    """One simulated car. Attributes may be changed at any time and hold from the next question on.

    idle_seconds, wake_delay, wake_settle: seconds until sleep after the last activity, from a wake-up until online, and
    from then until live calls work. reads_keep_awake: a live vehicle_data restarts the countdown to sleep, as it does on
    older cars. sleep_word: what the cloud calls the sleeping car; some firmware says "offline". gps_lag: seconds a fix is
    behind. keyring: the paired keys, and faults of signed commands. refusals: words with which the next commands are refused,
    whichever way they come. places: what the navigation knows as home and work, for commands that name them.
    parked_shift_state: None is usual, "P" is seen. transform: changes the `response` of vehicle_data before it is
    sent; None makes it null.
    """

    def __init__(
        self,
        vin: str,
        name: str,
        *,
        number: int,
        clock: Callable[[], float],
        position: Point,
        battery_level: float,
        charge_limit: int = 80,
        capacity_kwh: float = 75.0,
        kwh_per_km: float = 0.16,
        asleep: bool = False,
    ) -> None:
        self.vin = vin
        self.name = name
        self.id = (
            9_100_000_000_000_000 + number
        )  # past 2^53, as Tesla's may be: only id_s survives JavaScript
        self.vehicle_id = 1_500_000_000 + number
        self.access_type: Literal["OWNER", "DRIVER"] = "OWNER"
        self.command_protocol_required = True
        self.keyring = Keyring(clock)
        self.refusals: list[str] = []
        self.places: dict[str, Point] = {"home": HOME}
        self.in_service = False
        self.sentry_mode = False
        self.wake_delay = 15.0
        self.reads_keep_awake = True
        self.sleep_word: CloudState = "asleep"
        self.gps_lag = 0.0
        self.parked_shift_state: str | None = None
        self.transform: Transform | None = None
        self.wakes: list[float] = []
        self.reads: list[float] = []
        self.home = position
        self._odometer_m = 10_430_000.0
        self._trips: list[Trip] = []
        self._frozen: list[tuple[float, float]] = []
        self._presence = Presence(idle_seconds=900.0)
        self._paired_says: bool | None = None
        born = clock()
        super().__init__(
            Battery(
                born, battery_level, charge_limit, amps=16, capacity_kwh=capacity_kwh, kwh_per_km=kwh_per_km
            ),
            clock,
        )
        if not asleep:
            self._presence.active(born)

    @property
    def idle_seconds(self) -> float:
        """Seconds from the last activity until the car sleeps."""
        return self._presence.idle_seconds

    @idle_seconds.setter
    def idle_seconds(self, seconds: float) -> None:
        self._presence.idle_seconds = seconds

    @property
    def wake_settle(self) -> float:
        """Seconds after a wake-up in which the car is online but live calls still fail with 408."""
        return self._presence.settle_seconds

    @wake_settle.setter
    def wake_settle(self, seconds: float) -> None:
        self._presence.settle_seconds = seconds

    @property
    def key_paired(self) -> bool:
        """Whether fleet_status says that the app's key is paired. Set it to let Tesla's servers say otherwise."""
        return bool(self.keyring.paired) if self._paired_says is None else self._paired_says

    @key_paired.setter
    def key_paired(self, paired: bool) -> None:
        self._paired_says = paired

    # What happens -----------------------------------------------------------------------------------------------------

    def drive(self, drive: Drive, destination: str | None = None) -> None:
        """Enter a drive; with a destination the car navigates there. It unplugs itself when it leaves.

        Raises ValueError for a drive without a start or one that overlaps another.
        """
        begin, end = drive.begin, drive.end
        if any(begin < trip.drive.end and trip.drive.begin < end for trip in self._trips):
            msg = "a car can make only one drive at a time"
            raise ValueError(msg)
        self._trips.append(Trip(drive, destination))
        self._trips.sort(key=lambda trip: trip.drive.begin)
        self._presence.awake(begin, end)
        self._line.change(begin, lambda battery: replace(battery, drive=drive, charger=None, waiting=False))
        self._line.change(end, lambda battery: replace(battery, drive=None))

    def stay_awake(self, start: float, end: float) -> None:
        """Keep the car awake from start to end: sentry mode, climate, somebody in it."""
        self._presence.awake(start, end)

    def offline(self, start: float, end: float) -> None:
        """Take the car's signal away from start to end: a garage."""
        self._presence.hide(start, end)

    def freeze_gps(self, start: float, end: float) -> None:
        """Let the receiver report the fix of `start` until `end`, with its age."""
        self._frozen.append((start, end))

    def plug_in(self, at: float, charger: Charger = WALL_BOX) -> None:
        """Connect a cable; the car wakes and charges to its limit, at once or by its schedules. ValueError during a drive."""
        if self.trip(at) is not None:
            msg = "a moving car has no cable"
            raise ValueError(msg)
        self._presence.active(at)
        self._line.change(
            at,
            lambda battery: self._keeper.plugged(
                replace(
                    battery, charger=charger, added_kwh=0.0, flow_from=None, flow_until=None, port_open=False
                )
            ),
        )

    def unplug(self, at: float) -> None:
        """Take the cable away; the car wakes."""
        self._presence.active(at)
        self._line.change(at, lambda battery: replace(battery, charger=None, waiting=False))

    def supply(self, at: float, charger: Charger) -> None:
        """Change what comes through the cable that is plugged in: a power cut, fewer amps. Nothing without a cable."""
        self._line.change(
            at, lambda battery: battery if battery.charger is None else replace(battery, charger=charger)
        )

    def want_charge(self, at: float, *, wanted: bool) -> None:
        """Start or stop charging, as a person or a command does."""
        self._line.change(at, lambda battery: replace(battery, wanted=wanted, waiting=False))

    def set_limit(self, at: float, percent: int) -> None:
        """Set the charge limit in per cent."""
        self._line.change(at, lambda battery: replace(battery, limit=percent))

    def set_amps(self, at: float, amps: int) -> None:
        """Set the amps the car asks for, per phase."""
        self._line.change(at, lambda battery: replace(battery, amps=amps))

    def open_port(self, at: float, *, is_open: bool) -> None:
        """Open or close the charge port's cover."""
        self._line.change(at, lambda battery: replace(battery, port_open=is_open))

    def wake(self, now: float) -> None:
        """Take a wake-up call: online after wake_delay, unless the car has no signal or is waking already."""
        self.wakes.append(now)
        if self._presence.hidden(now) or self._presence.waking(now):
            return
        if self._is_awake(now):
            self._presence.active(now)
        elif isfinite(self.wake_delay):
            self._presence.woken(now + self.wake_delay)

    def note_read(self, now: float) -> None:
        """Take note of a live read, which may keep the car awake."""
        self.reads.append(now)
        if self.reads_keep_awake:
            self._presence.active(now)

    def note_activity(self, at: float) -> None:
        """Take note of something that keeps every car awake: a door, the owner's app, a command."""
        self._presence.active(at)

    # What is so -------------------------------------------------------------------------------------------------------

    def state(self, now: float | None = None) -> CloudState:
        """Return what the cloud says of the car."""
        now = self._at(now)
        if self._presence.hidden(now):
            return "offline"
        return "online" if self._is_awake(now) else self.sleep_word

    def reachable(self, now: float | None = None) -> bool:
        """Return whether a live call reaches the car."""
        now = self._at(now)
        return self.state(now) == "online" and not self._presence.settling(now)

    def trip(self, now: float | None = None) -> Trip | None:
        """Return the trip the car is on."""
        now = self._at(now)
        return next((trip for trip in self._trips if trip.drive.begin <= now < trip.drive.end), None)

    def position(self, now: float | None = None) -> Point:
        """Return where the receiver sees the car, without lag or freeze."""
        now = self._at(now)
        last = self._last_drive(now)
        return self.home if last is None else last.position(now - last.begin)

    def gps_fix(self, now: float | None = None) -> GpsFix:
        """Return the fix the car reports: late by gps_lag, or frozen."""
        moment = self._at(now) - self.gps_lag
        moment = next((start for start, end in self._frozen if start <= moment < end), moment)
        last = self._last_drive(moment)
        return GpsFix(
            self.position(moment), moment, 0.0 if last is None else last.heading(moment - last.begin)
        )

    def speed_mph(self, now: float | None = None) -> float | None:
        """Return the speed in miles per hour, None when parked."""
        now = self._at(now)
        trip = self.trip(now)
        return None if trip is None else trip.drive.speed_mps(now - trip.drive.begin) * MPH_PER_MPS

    def shift_state(self, now: float | None = None) -> str | None:
        """Return "D" on a drive, else parked_shift_state."""
        return self.parked_shift_state if self.trip(now) is None else "D"

    def odometer_miles(self, now: float | None = None) -> float:
        """Return the miles driven in the car's life."""
        now = self._at(now)
        driven = sum(
            trip.drive.distance_m(now - trip.drive.begin) for trip in self._trips if trip.drive.begin <= now
        )
        return (self._odometer_m + driven) / METRES_PER_MILE

    @override
    def _place(self, moment: float) -> Point:
        return self.gps_fix(moment).point

    def _last_drive(self, now: float) -> Drive | None:
        return next((trip.drive for trip in reversed(self._trips) if trip.drive.begin <= now), None)

    def _is_awake(self, now: float) -> bool:
        if self._presence.is_awake(now):
            return True
        battery = self.battery(now)
        if battery.flow_from is None or battery.flow_until is None:
            return False
        return battery.flow_from <= now < battery.flow_until + self.idle_seconds
