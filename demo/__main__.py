"""Show a car coming home: the simulator, a real Home Assistant, and the story in lines."""

import argparse
import asyncio
from collections.abc import Sequence
import contextlib
import json
from pathlib import Path
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Final

from .server import USER, HomeAssistantServer, ServerError, free_port, running
from .story import Story
from .world import LEAD, RADIUS, Way, World, way_home

# An arrival that was not noticed this long after the edge of the zone was not noticed (seconds).
_PATIENCE: Final = 180.0
# The worker reads within seconds of the arrival; longer and it has failed.
_WORK_PATIENCE: Final = 60.0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="stop after the first arrival; the last line is a JSON summary"
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
    """Run the demo; return the summary of the first arrival, or never unless --once was given.

    Raises ServerError where Home Assistant or the dialog fails, ValueError where the drive cannot be used.
    """
    way: Way = way_home(options.trace, None if options.lead == "all" else float(options.lead))
    world = World(way)
    story = Story(world)
    server = HomeAssistantServer(folder, way.home, RADIUS, free_port(options.port))
    async with world.simulator:
        story.say("Home Assistant starts, with a fresh configuration")
        async with running(server):
            await server.log_in()
            story.say(f"Open {server.url} and log in as {USER} with password {USER}")
            world.drive_home()
            story.say(f"Road    {story.road()} and sets off")
            await server.set_up(
                {
                    "client_id": world.simulator.client_id,
                    "refresh_token": world.account.issue_refresh_token(),
                    "advanced": {
                        "token_url": world.simulator.token_url,
                        "api_url": world.simulator.api_url,
                    },
                }
            )
            story.say("The integration is set up through its dialog; from here on it is on its own")
            await _first_arrival(world, story, server)
            if options.once:
                return await _summary(world, story, server)
            story.say("The car goes on living: it charges, sleeps and drives again. Ctrl-C ends the demo")
            await _live_on(world, story, server)
    return None


async def _first_arrival(world: World, story: Story, server: HomeAssistantServer) -> None:
    while story.worked_at is None:
        story.follow(await server.states())
        deadline = (story.arrived_at or world.crosses_at + _PATIENCE) + _WORK_PATIENCE
        if time.time() > deadline or (
            story.arrived_at is None and time.time() > world.crosses_at + _PATIENCE
        ):
            return
        await asyncio.sleep(1)


async def _live_on(world: World, story: Story, server: HomeAssistantServer) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(world.live_on())
        while True:
            story.follow(await server.states())
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
    if not summary["arrived"]:
        print("The arrival was not noticed.", file=sys.stderr)
    elif not summary["worker_read"]:
        print("The worker did not read the car after the arrival.", file=sys.stderr)
    print(json.dumps(summary), flush=True)
    return 0 if summary["arrived"] and summary["worker_read"] else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_run(_arguments(argv)))
    return 130


if __name__ == "__main__":
    sys.exit(main())
