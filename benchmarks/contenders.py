"""Who takes part. Each is started in a world and appends to a list whenever it tells of an arrival."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import HomeAssistant

from . import core_fleet, eyes, ours, pollers
from .world import World

type Start = Callable[[HomeAssistant, World, list[float], float], Awaitable[None]]
"""`await start(hass, world, told, until)`: take part until that time, in tasks of one's own or before it returns."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to notice arrivals. learns: it gets the weeks before the measured ones, too."""

    start: Start
    learns: bool = False


def _ours(promptness: str, *watched: eyes.Eye) -> Contender:
    async def _start(hass: HomeAssistant, world: World, told: list[float], until: float) -> None:
        options: dict[str, Any] = {"promptness": promptness}
        await ours.start(hass, world, told, options, watched)

    return Contender(_start, learns=True)


CONTENDERS: Final[dict[str, Contender]] = {
    "thrifty": _ours("thrifty"),
    "balanced": _ours("balanced"),
    "prompt": _ours("prompt"),
    "tracker": _ours("balanced", eyes.Tracker()),
    "phone": _ours("balanced", eyes.Phone()),
    "door": _ours("balanced", eyes.GarageDoor()),
    "core": Contender(core_fleet.start),
    "poll15": Contender(pollers.Every(900)),
    "poll60": Contender(pollers.Every(60)),
    "oracle": Contender(pollers.oracle),
}
"""By the name that the command line takes."""
