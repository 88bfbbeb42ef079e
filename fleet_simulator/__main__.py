"""Run the simulator alone, on the real clock: one account, one car that comes home."""

import argparse
import asyncio
from collections.abc import Sequence
import json
import signal
import time
from typing import Any

from .roads import HOME, drive_home
from .server import FleetSimulator

API_PORTS = 4
"""So many ports the simulator takes without a proxy."""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fleet_simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=8123, help="first of four ports; 0 takes free ones")
    parser.add_argument("--vin", default="5YJ3E1EA1KF000001")
    parser.add_argument("--name", default="Scout", help="the car's name")
    parser.add_argument("--battery", type=float, default=62.0, help="per cent at the start")
    parser.add_argument("--token-lifetime", type=float, default=28800.0, help="seconds an access token lives")
    parser.add_argument("--start-after", type=float, default=30.0, help="seconds until the car drives home")
    parser.add_argument(
        "--drive-seconds", type=float, default=None, help="only the last so many seconds of the way"
    )
    parser.add_argument(
        "--plug-in-after", type=float, default=None, help="seconds from parking until it is plugged in"
    )
    parser.add_argument("--unsigned", action="store_true", help="the car takes plain commands")
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="open the door of a tesla-http-proxy too, on the port after the last one, its key paired with the car",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of words")
    return parser.parse_args(argv)


async def serve(argv: Sequence[str] | None = None, stop: asyncio.Event | None = None) -> None:
    """Run until `stop` is set, or SIGINT or SIGTERM comes. OSError when a port is taken."""
    options = _arguments(argv)
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    simulator = FleetSimulator()
    account = simulator.add_account(access_token_lifetime=options.token_lifetime)
    drive = drive_home(options.drive_seconds).starting_at(time.time() + options.start_after)
    car = account.add_car(options.vin, options.name, drive.position(0), options.battery)
    car.command_protocol_required = not options.unsigned
    car.stay_awake(time.time(), drive.begin + 1)
    car.drive(drive, destination="Home")
    if options.plug_in_after is not None:
        car.plug_in(drive.end + options.plug_in_after)

    await simulator.start(options.host, options.port)
    facts: dict[str, Any] = {
        "auth_url": simulator.auth_url,
        "authorize_url": simulator.authorize_url,
        "token_url": simulator.token_url,
        **{f"api_url_{region}": url for region, url in simulator.api_urls.items()},
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        "refresh_token": account.issue_refresh_token(),
        "vin": car.vin,
        "home": HOME,
        "leaves_at": round(drive.begin, 1),
        "arrives_at": round(drive.end, 1),
        "report": f"{simulator.auth_url}/simulator",
    }
    if options.proxy:
        proxy = simulator.add_proxy()
        car.keyring.pair(proxy.public_point)
        await proxy.start(options.host, options.port + API_PORTS if options.port else 0)
        facts["proxy_url"] = proxy.url
    if options.json:
        print(json.dumps(facts), flush=True)
    else:
        print("\n".join(f"{name:16} {value}" for name, value in facts.items()), flush=True)
    try:
        await stop.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await simulator.stop()
        print(f"cost ${simulator.bill.usd:.3f} {simulator.bill.counts()}", flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
