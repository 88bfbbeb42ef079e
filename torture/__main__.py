"""Let a storm of kills, lost answers, full disks and wrong clocks loose on the token chain, and tell what it cost."""

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

from .process import ProcessError
from .runner import Blown, Runner
from .verdict import is_good

_EPILOG = """\
A round is one life of a real Home Assistant core on one configuration folder: it starts, works, and is killed at a
random moment. Beside this integration one runs that does what is standard in Home Assistant, with a server and an
account of its own and the same faults. The last line on the standard output is a JSON object with the figures of
both. The exit code is 0 only if this integration never asked to sign in, never lost its token and never offered a
dead one twice. The seed makes the plan the same: which faults, which kills, which clocks. When exactly a kill hits is
a matter of the machine, and differs from run to run.
"""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/torture",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=50, metavar="N", help="how many rounds (default 50)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the plan (default 1)")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="a new folder to run in, and to leave behind"
    )
    parser.add_argument("--json", action="store_true", help="no progress, only the last line")
    return parser.parse_args(argv)


async def _run(options: argparse.Namespace) -> int:
    def _say(line: str) -> None:
        if not options.json:
            print(line, file=sys.stderr, flush=True)

    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="scout-worker-torture-"))
    try:
        runner = Runner(folder / "config", options.seed, _say)
        result = await runner.run(options.rounds)
    except asyncio.CancelledError:
        print("The storm was called off; nothing is left running.", file=sys.stderr)
        return 130
    except (ProcessError, OSError) as err:
        print(f"The storm could not blow: {err}", file=sys.stderr)
        return 2
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for line in _told(runner.blown):
        _say(line)
    print(json.dumps(result), flush=True)
    return 0 if is_good(result) else 1


def _told(blown: Blown) -> list[str]:
    """Return what the storm did, in lines."""
    return [
        f"{blown.kills} kills, {blown.stops} stops; {blown.starts} starts got as far as the integration",
        f"the disk was full in {blown.full_disk_rounds} rounds, the clock wrong in {blown.wrong_clock_rounds}",
        *(
            f"faults played on {name}: {sum(faults.values())}: "
            + ", ".join(f"{kind} {times}" for kind, times in sorted(faults.items()))
            for name, faults in blown.faults.items()
        ),
        "chores: " + ", ".join(f"{name} {times}" for name, times in sorted(blown.chores.items())),
        *(f"not foreseen, {times} times: {what}" for what, times in blown.surprises.items()),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the storm; return the exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_run(_arguments(argv)))
    return 130


if __name__ == "__main__":
    sys.exit(main())
