"""What the tests of the app's registration need: a web site with a key, and the app's own calls."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sim_bench import Bench, Reply

KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
KEY = ec.generate_private_key(ec.SECP256R1())
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def pem(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


class Site:
    """A web site that hosts a key, or something else."""

    def __init__(self) -> None:
        self.body = pem(KEY.public_key())
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.domain = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer any path alike."""
        self.asked.append(request.path)
        return web.Response(body=self.body, status=self.status, headers=self.headers)


@asynccontextmanager
async def site() -> AsyncGenerator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_get("/{tail:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.domain = f"127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def partner_call(b: Bench, *, region: str = "eu", **changes: str | None) -> Reply:
    """Ask for a partner token."""
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": b.sim.client_id,
        "client_secret": b.sim.client_secret,
        "scope": "openid vehicle_device_data vehicle_cmds",
        "audience": b.sim.api_urls[region],
        **changes,
    }
    return await b.token_call(**{name: value for name, value in form.items() if value is not None})


async def as_partner(b: Bench, region: str = "eu") -> None:
    """Let the next requests carry a partner token of this region."""
    b.token = (await partner_call(b, region=region)).body["access_token"]


async def register(b: Bench, domain: Any, region: str = "eu") -> Reply:
    """Register the app."""
    return await b.api("POST", "partner_accounts", region=region, json={"domain": domain})
