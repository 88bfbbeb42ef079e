"""The charge after the arrival, told in lines, and whether it went as it should."""

from collections.abc import Mapping
import time
from typing import Any, Final

from .market import CURRENCY, SLOT
from .story import States, Story, is_value, when
from .world import World

_PLAN: Final = "sensor.scout_charge_plan"
_PAID: Final = "sensor.scout_last_charge_cost"
# What the car took before the plan stopped it is told if it cost more than this.
_TELLING: Final = 0.005

# What the car says of itself, as the lines say it.
_STATES: Final = {
    "Starting": "begins to charge",
    "Stopped": "stops charging",
    "Complete": "has reached its limit",
    "Disconnected": "has no cable",
    "NoPower": "gets no power",
}


class ChargingStory:
    """Watches the car, its plan and its cost. Times are Unix seconds."""

    def __init__(self, world: World, story: Story) -> None:
        """Initialize."""
        self._world = world
        self._story = story
        self._word = ""
        self._schedules = ""
        self._plan: Mapping[str, Any] | None = None
        self.planned_at: float | None = None
        self.told_cost: float | None = None

    @property
    def is_over(self) -> bool:
        """Return whether the planned charge is done and its cost was told."""
        return self.told_cost is not None

    def follow(self, states: States) -> None:
        """Say what changed since the last call."""
        self._car()
        self._made(states)
        self._in_car()
        self._paid(states)

    def squeezed(self) -> None:
        """Say what is faster here than at home."""
        market = self._world.market
        self._story.say(
            "Prices  sped up: an hour of the market lasts a minute here, and the wall box gives 55 kW. "
            f"Now {market.price(time.time()):.2f} {CURRENCY} for a kWh, "
            f"cheap from {self._story.clock(market.cheap_from)} to {self._story.clock(market.cheap_until)}"
        )

    def _car(self) -> None:
        battery = self._world.car.battery()
        word = str(battery.charging_state)
        if self._word and word != self._word and word in _STATES:
            price = f" at {self._world.market.price(time.time()):.2f} {CURRENCY} for a kWh"
            self._story.say(
                f"Car     {_STATES[word]}, battery {battery.level:.1f} %{price if word == 'Starting' else ''}"
            )
        if word == "Disconnected" != self._word and self.is_over:
            # The next charge is another one.
            self._plan, self.planned_at, self.told_cost = None, None, None
        self._word = word

    def _made(self, states: States) -> None:
        state = states.get(_PLAN)
        if state is None or not is_value(state["state"]):
            return
        told = state["attributes"]
        if told.get("windows") and told["windows"] != (self._plan or {}).get("windows"):
            self._plan = told
            self.planned_at = self.planned_at or time.time()
            spans = ", ".join(
                f"{self._story.clock(when(w['start']))} to {self._story.clock(when(w['end']))}"
                for w in told["windows"]
            )
            self._story.say(
                f"Plan    charge from {spans}: {told['energy_kwh']:.1f} kWh to {told['reaches_level']:.0f} % "
                f"for {told['cost']:.2f} {told['currency']}; wanted by {self._story.clock(when(told['ready_by']))}"
            )

    def _in_car(self) -> None:
        schedules = self._world.car.charge_schedules
        told = ", ".join(_schedule(one) for one in schedules) or "none"
        if told != self._schedules and (self._schedules or schedules):
            self._story.say(f"Car     its charge schedules: {told}")
        self._schedules = told

    def _paid(self, states: States) -> None:
        if self._plan is None or self.is_over:
            return
        paid = self._story.new(states, _PAID)
        ended_at = when(str(paid["attributes"].get("ended_at"))) if paid else None
        if paid is None or ended_at is None:
            return
        cost, energy = float(paid["state"]), paid["attributes"]["energy_kwh"]
        if ended_at < self._world.market.cheap_from:
            if cost < _TELLING:
                return
            self._story.say(f"Cost    {cost:.2f} {CURRENCY} for the {energy} kWh before the plan")
            return
        self.told_cost = cost
        self._story.say(
            f"Cost    CHARGED for {cost:.2f} {CURRENCY}, {energy:.1f} kWh; at the price of the arrival it would "
            f"have been {energy * self._world.market.price(self._world.plugs_in_at):.2f} {CURRENCY}"
        )

    def summary(self) -> dict[str, Any]:
        """Return what became of the charge: the cost that was told and the true one, and how much of it was at the cheap time."""
        world, now = self._world, time.time()
        market, car = world.market, world.car
        planned_at = self.planned_at or now
        # The command to wait follows the plan by a moment.
        after_plan = car.energy(min(planned_at + SLOT / 4, market.cheap_from), now).wall_kwh
        cheap = car.energy(market.cheap_from, min(now, market.cheap_until)).wall_kwh
        minutes = range(int((min(now, market.cheap_until) - market.cheap_from) // SLOT) + 1)
        true = sum(
            car.energy(start, start + SLOT).wall_kwh * market.price(start)
            for start in (market.cheap_from + minute * SLOT for minute in minutes)
        )
        return {
            "planned": self._plan is not None,
            "charged_kwh": round(after_plan, 2),
            "cheap_share": round(cheap / after_plan, 3) if after_plan else None,
            "cost": self.told_cost,
            "true_cost": round(true, 3),
            "currency": CURRENCY,
        }


def _schedule(one: Mapping[str, Any]) -> str:
    start, end = (_minutes(one[f"{name}_time"]) for name in ("start", "end"))
    return f"{start} to {end}" + (", once" if one.get("one_time") else "")


def _minutes(after_midnight: int) -> str:
    return f"{after_midnight // 60:02}:{after_midnight % 60:02}"
