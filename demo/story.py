"""What happens, told in lines that a person can follow, from the states that Home Assistant shows."""

from collections.abc import Mapping
from datetime import UTC, datetime
import sys
import time
from typing import Any, Final, TextIO

from .world import World

type States = Mapping[str, Mapping[str, Any]]

_REASONS: Final = {
    "first_look": "it has not been seen yet",
    "driving": "it is driving, and could be home by then",
    "driving_away": "it is driving away",
    "navigating_home": "it is navigating home",
    "back_about_now": "it is usually back about now",
    "out_of_reach": "it was driving and is out of reach",
    "parked_away": "it is parked away from home",
    "leaves_about_now": "it is parked and usually leaves about now",
    "woken_away": "it woke up away from home",
    "parked_home": "it is parked at home",
    "woken_home": "it woke up at home",
    "charging_home": "it charges at home",
    "eyes_answer": "other entities say where it is",
    "asleep_away": "it is asleep away from home",
    "asleep_home": "it is asleep at home",
    "doubtful_position": "the last position is doubtful",
    "no_position": "it gave no position",
    "location_not_granted": "location is not granted",
    "budget_spent": "the month's budget is used up",
    "retry": "the last look failed",
}

# What a read shows is told a moment after it (seconds).
_SAME: Final = 10.0


class Story:
    """Watches one car's entities and says what is new. Times told are Unix seconds."""

    def __init__(self, world: World, out: TextIO = sys.stdout) -> None:
        """Initialize."""
        self._world = world
        self._out = out
        self._told: dict[str, str] = {}
        self._has_crossed = False
        self.arrived_at: float | None = None
        self.worked_at: float | None = None

    def say(self, text: str) -> None:
        """Print a line with the time."""
        now = datetime.now(self._world.car.zone)
        print(f"{now:%H:%M:%S}  {text}", file=self._out, flush=True)

    def clock(self, at: float | None) -> str:
        """Return a time of day, by the clock of the car's home. at: Unix seconds."""
        return "?" if at is None else f"{datetime.fromtimestamp(at, self._world.car.zone):%H:%M}"

    def follow(self, states: States) -> None:
        """Say what changed since the last call."""
        self._crossing()
        self._look(states)
        self._presence(states)
        self._work(states)

    def road(self) -> str:
        """Return where the car really is, in words."""
        world, now = self._world, time.time()
        metres = world.distance_to_home(now)
        speed = (world.car.speed_mph(now) or 0.0) * 1.609344
        if speed < 1 and metres < 100:  # noqa: PLR2004
            return "the car stands at home"
        return f"the car is {metres / 1000:.1f} km from home, " + (
            f"at {speed:.0f} km/h" if speed >= 1 else "standing"
        )

    def _crossing(self) -> None:
        if not self._has_crossed and time.time() >= self._world.crosses_at > 0:
            self._has_crossed = True
            self.say("Road    the car crosses the edge of the home zone")

    def _look(self, states: States) -> None:
        next_look = self.new(states, "sensor.scout_next_look")
        if next_look is None:
            return
        wait = (when(next_look["state"]) or time.time()) - time.time()
        distance = states["sensor.scout_distance_to_home"]["state"]
        cloud = states["sensor.scout_cloud_state"]["state"]
        seen = f"{distance} km from home" if is_value(distance) else "place unknown"
        reason = _REASONS.get(next_look["attributes"].get("reason"), "")
        self.say(f"Road    {self.road()}")
        self.say(f"Scout   {cloud}, {seen}; next look in {max(0, round(wait))} s: {reason}")

    def _presence(self, states: States) -> None:
        event = self.new(states, "event.scout_presence")
        if event is None:
            return
        at = when(event["state"]) or time.time()
        if event["attributes"].get("event_type") == "left":
            self.say("Scout   the car has left home")
        elif event["attributes"].get("event_type") == "arrived":
            self.arrived_at = self.arrived_at or at
            late = at - self._world.crosses_at
            self.say(f"Scout   ARRIVED HOME, noticed {late:.0f} s after the edge of the zone")

    def _work(self, states: States) -> None:
        read = self.new(states, "sensor.scout_last_full_read")
        if read is None:
            return
        cause = read["attributes"].get("cause")
        at = when(read["state"])
        # The arrival's own read may be followed within a second by one that an automation wants.
        if at is not None and self.arrived_at is not None and at >= self.arrived_at - _SAME:
            self.worked_at = self.worked_at or at
        values = {
            key: states[f"sensor.scout_{key}"]["state"]
            for key in ("battery", "range", "charging", "charging_power")
        }
        self.say(
            f"Worker  read everything because of {str(cause).replace('_', ' ')}: battery {values['battery']} %, "
            f"range {values['range'].partition('.')[0]} km, {values['charging']}, {values['charging_power']} kW"
        )
        self.say(f"Bill    {self.bill()}")

    def bill(self) -> str:
        """Return what the simulator's bill says, in words."""
        bill = self._world.simulator.bill
        counts = ", ".join(f"{count} {category}" for category, count in bill.counts().items())
        return f"{counts}; {bill.state_calls} unbilled questions; ${bill.usd:.3f}"

    def new(self, states: States, entity_id: str) -> Mapping[str, Any] | None:
        """Return a state that has a value and was not told yet."""
        state = states.get(entity_id)
        if state is None or not is_value(state["state"]) or self._told.get(entity_id) == state["state"]:
            return None
        self._told[entity_id] = state["state"]
        return state


def is_value(text: str) -> bool:
    """Return whether a state says something."""
    return text not in {"unknown", "unavailable"}


def when(text: str) -> float | None:
    """Return the Unix seconds of an ISO time, None for what is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError:
        return None
