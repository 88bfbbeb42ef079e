"""Show a car coming home and charging: the simulator, a real Home Assistant, and the story in lines."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
import contextlib
import json
from pathlib import Path
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Final

from .charging import ChargingStory
from .house import YAML, House, furnish
from .market import ENTITY as PRICE
from .server import USER, HomeAssistantServer, ServerError, free_port, running
from .story import Story, is_value
from .world import LEAD, RADIUS, Way, World, way_home

# An arrival that was not noticed this long after the edge of the zone was not noticed (seconds).
_PATIENCE: Final = 180.0
# The worker reads within seconds of the arrival; longer and it has failed.
_WORK_PATIENCE: Final = 60.0
# A charge whose cost was not told this long after the cheap time is not done.
_CHARGE_PATIENCE: Final = 300.0
_LAST_READ: Final = "sensor.scout_last_full_read"
# A plan that always takes the cheap time charges no more than this outside of it: until the car was told to wait.
_LEAST_CHEAP: Final = 0.95


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="stop after the first charge; the last line is a JSON summary"
    )
    parser.add_argument(
        "--trace",
        type=Path,
        metavar="FILE",
        help="replay a recorded drive, reversed: CSV with seconds,latitude,longitude; home is its first point",
    )
    parser.add_argument(
        "--lead",
        default=str(LEAD),
        metavar="SECONDS",
        help=f"how much of the way to show before the home zone, or 'all' (default {LEAD:.0f})",
    )
    parser.add_argument(
        "--port", type=int, default=8123, help="Home Assistant's port; another one if it is taken"
    )
    return parser.parse_args(argv)


async def tell(options: argparse.Namespace, folder: Path) -> dict[str, Any] | None:
    """Run the demo; return the summary of the first arrival and its charge, or never unless --once was given.

    Raises ServerError where Home Assistant or the dialog fails, ValueError where the drive cannot be used.
    """
    way: Way = way_home(options.trace, None if options.lead == "all" else float(options.lead))
    world = World(way)
    story = Story(world)
    charging = ChargingStory(world, story)
    server = HomeAssistantServer(folder, way.home, RADIUS, free_port(options.port), YAML)
    world.pair(furnish(folder))
    house = House(world, server)
    async with world.simulator:
        story.say(
            "Home Assistant starts, with a fresh configuration; all times are those of Berlin, where it is set"
        )
        async with running(server):
            await server.log_in()
            story.say(f"Open {server.url} and log in as {USER} with password {USER}")
            world.drive_home()
            await house.live()
            story.say(f"Road    {story.road()} and sets off")
            await _set_up(world, house)
            await house.plan_ahead()
            story.say(
                "The integration is set up through its dialogs, and an automation is made of its blueprint"
            )
            story.say("From here on they are on their own")
            await _first_arrival(world, story, server)
            if story.worked_at is not None:
                charging.squeezed()
                await _first_charge(world, story, charging, house)
            if options.once:
                return {**await _summary(world, story, server), "charge": charging.summary()}
            story.say("The car goes on living: it sleeps, drives and charges again. Ctrl-C ends the demo")
            await _live_on(world, story, charging, house)
    return None


async def _set_up(world: World, house: House) -> None:
    """Go through the dialogs, the sign-in and where the prices come from, and make the dashboard."""
    server = house.server
    entry_id = await server.set_up(
        {
            "client_id": world.simulator.client_id,
            "refresh_token": world.account.issue_refresh_token(),
            "advanced": {"token_url": world.simulator.token_url, "api_url": world.simulator.api_url},
        }
    )
    # A change of the options starts the integration anew. What it saw first is kept.
    async with asyncio.timeout(_WORK_PATIENCE):
        while not is_value((await server.states()).get(_LAST_READ, {}).get("state", "unknown")):  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.2)
    await house.show()
    await server.set_option(entry_id, "price_source", "price_entity", entity_id=[PRICE], on_top={})


async def _first_arrival(world: World, story: Story, server: HomeAssistantServer) -> None:
    while story.worked_at is None:
        story.follow(await server.states())
        deadline = (story.arrived_at or world.crosses_at + _PATIENCE) + _WORK_PATIENCE
        if time.time() > deadline or (
            story.arrived_at is None and time.time() > world.crosses_at + _PATIENCE
        ):
            return
        await asyncio.sleep(1)


async def _first_charge(world: World, story: Story, charging: ChargingStory, house: House) -> None:
    while not charging.is_over and time.time() < world.market.cheap_until + _CHARGE_PATIENCE:
        await _watch(story, charging, house)


async def _live_on(world: World, story: Story, charging: ChargingStory, house: House) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(world.live_on())
        while True:
            await _watch(story, charging, house)


async def _watch(story: Story, charging: ChargingStory, house: House) -> None:
    await house.live()
    await house.plan_ahead()
    states = await house.server.states()
    story.follow(states)
    charging.follow(states)
    await asyncio.sleep(1)


async def _summary(world: World, story: Story, server: HomeAssistantServer) -> dict[str, Any]:
    arrived = story.arrived_at is not None
    return {
        "arrived": arrived,
        "worker_read": story.worked_at is not None,
        "seconds_to_notice": round(story.arrived_at - world.crosses_at, 1) if story.arrived_at else None,
        "billed": world.simulator.bill.counts(),
        "cost_usd": round(world.simulator.bill.usd, 4),
        "token_refreshes": sum(record.outcome in {"rotated", "grace"} for record in world.account.refreshes),
        "home_assistant": await server.version(),
    }


async def _run(options: argparse.Namespace) -> int:
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    folder = Path(tempfile.mkdtemp(prefix="scout-worker-demo-"))
    try:
        summary = await tell(options, folder)
    except asyncio.CancelledError:
        print("The demo is over; nothing is left running.")
        return 130 if options.once else 0
    except (ServerError, ValueError, OSError) as err:
        print(f"The demo failed: {err}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if summary is None:
        return 0
    wrong = trouble(summary)
    if wrong:
        print(wrong, file=sys.stderr)
    print(json.dumps(summary), flush=True)
    return 1 if wrong else 0


def trouble(summary: Mapping[str, Any]) -> str | None:
    """Return what did not go as it should, None where all did."""
    charge = summary["charge"]
    if not summary["arrived"]:
        return "The arrival was not noticed."
    if not summary["worker_read"]:
        return "The worker did not read the car after the arrival."
    if not charge["planned"]:
        return "No charge was planned."
    if charge["cost"] is None:
        return "The cost of the charge was not told."
    if charge["cheap_share"] is None or charge["cheap_share"] < _LEAST_CHEAP:
        return "The car did not charge at the cheap time."
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_run(_arguments(argv)))
    return 130


if __name__ == "__main__":
    sys.exit(main())
