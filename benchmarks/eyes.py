"""States in Home Assistant that say something of the car and cost nothing: what an owner may have anyway."""

import asyncio
import random
import time
from typing import Protocol

from homeassistant.core import HomeAssistant

from fleet_simulator import Point, distance_m

from .life import Life
from .roads import RADIUS
from .world import World


class Eye(Protocol):
    """One entity that tells of the car. roles: how the integration is to use it."""

    entity_id: str
    roles: tuple[str, ...]

    async def follow(self, hass: HomeAssistant, world: World) -> None:
        """Give the entity a state at once, and then keep it as the car's life makes it."""


class Tracker:
    """A tracker that follows the car itself, as one over MQTT does: every ten seconds on a drive, five seconds late."""

    entity_id: str = "device_tracker.over_mqtt"
    roles: tuple[str, ...] = ("home", "away")
    _LATE, _EVERY = 5.0, 10.0

    async def follow(self, hass: HomeAssistant, world: World) -> None:
        """Follow the car."""
        _place(hass, self.entity_id, world.car.position(time.time()), world.life.home)
        for drive in world.life.drives:
            if drive.end < time.time():
                continue
            await _sleep_until(drive.begin + self._LATE)
            while time.time() < drive.end + self._LATE + self._EVERY:
                _place(hass, self.entity_id, world.car.position(time.time() - self._LATE), world.life.home)
                await asyncio.sleep(self._EVERY)


class Phone:
    """The driver's phone: knows home and away, half a minute to two minutes late, and walks without the car as well."""

    entity_id: str = "device_tracker.phone"
    roles: tuple[str, ...] = ("look",)

    async def follow(self, hass: HomeAssistant, world: World) -> None:
        """Go where the driver goes."""
        hass.states.async_set(self.entity_id, "home", {"source_type": "gps"})
        for at, state in sorted(self._moves(world.life)):
            if at < time.time():
                continue
            await _sleep_until(at)
            hass.states.async_set(self.entity_id, state, {"source_type": "gps"})

    def _moves(self, life: Life) -> list[tuple[float, str]]:
        rng = random.Random("phone")  # noqa: S311 - chance, not secrecy
        moves = [(at + rng.uniform(30, 120), "not_home") for at in life.departures]
        moves += [(at + rng.uniform(30, 120), "home") for at in life.arrivals]
        for _, end in zip(life.arrivals, life.departures[1:], strict=False):
            # A walk around the block, an hour before the car is needed.
            if rng.random() < 0.3:  # noqa: PLR2004 - some days
                moves += [(end - 4_500, "not_home"), (end - 3_000, "home")]
        return moves


class GarageDoor:
    """A garage door, opened by the car a little before it is there, and a minute before it leaves."""

    entity_id: str = "cover.garage"
    roles: tuple[str, ...] = ("look",)

    async def follow(self, hass: HomeAssistant, world: World) -> None:
        """Open and close with the car."""
        hass.states.async_set(self.entity_id, "closed", {"device_class": "garage"})
        moves = [(at - 5, "open") for at in world.life.arrivals]
        moves += [(at + 90, "closed") for at in world.life.arrivals]
        moves += [(at - 60, "open") for at in world.life.departures]
        moves += [(at + 30, "closed") for at in world.life.departures]
        for at, state in sorted(moves):
            if at < time.time():
                continue
            await _sleep_until(at)
            hass.states.async_set(self.entity_id, state, {"device_class": "garage"})


async def _sleep_until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - time.time()))


def _place(hass: HomeAssistant, entity_id: str, point: Point, home: Point) -> None:
    """Write a tracker's state as its platform would."""
    state = "home" if distance_m(point, home) <= RADIUS else "not_home"
    place = {"latitude": point[0], "longitude": point[1], "gps_accuracy": 5, "source_type": "gps"}
    hass.states.async_set(entity_id, state, place)
