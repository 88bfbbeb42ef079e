"""The app's own side: its registration in each region, with the public key that its domain hosts.

Tesla publishes no price for these calls, so they are not billed here; nor are they rate-limited.
"""

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import Any
import uuid

import aiohttp
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from .account import Region
from .auth import REGIONS, Auth
from .wire import Answer, Call, failure, success

KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
REGISTER_PAGE = "https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints#register"

FETCH_TIMEOUT_S = 10.0
_TOO_LARGE = 16 * 1024
_OK = 200
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration in one region. public_key: the uncompressed P-256 point in hex. time: epoch seconds."""

    domain: str
    public_key: str
    time: float


class Partner:
    """The app as a partner of Tesla.

    registered: the regions where the app may read cars; at first all of them, without a domain. Where it is missing, the
    API answers 412 to owners' tokens. registrations: what POST /api/1/partner_accounts brought, by region.
    hosts: base URL to fetch a domain's key from in place of https://domain, as a hosts file would have it.
    """

    def __init__(self, auth: Auth, urls: Callable[[], dict[str, str]]) -> None:
        self.registered: set[Region] = set(REGIONS)
        self.registrations: dict[Region, Registration] = {}
        self.hosts: dict[str, str] = {}
        self._auth = auth
        self._urls = urls

    @property
    def account_id(self) -> str:
        """The id of the app's account at Tesla, a UUID."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fleet-simulator:app:{self._auth.client_id}"))

    def require(self, *regions: Region) -> None:
        """Take the registration back in these regions, in all when none is named: it is required anew."""
        for region in regions or REGIONS:
            self.registered.discard(region)
            self.registrations.pop(region, None)

    def unregistered(self, region: Region) -> Answer:
        """Return the 412 of a region where the app is not registered."""
        text = f"must be registered in the current region {self._urls()[region]}, please see {REGISTER_PAGE}"
        return Answer(412, {"response": None, "error": f"Account {self.account_id} {text}"})

    async def register(self, call: Call) -> Answer:
        """Answer POST /api/1/partner_accounts: fetch the domain's key and register the app in this region."""
        region = self._admitted(call)
        if isinstance(region, Answer):
            return region
        body = call.json_object()
        domain = None if body is None else body.get("domain")
        if not isinstance(domain, str) or not domain:
            return failure(400, "invalid_request", "The body must be a JSON object with a domain")
        if not (_DOMAIN.fullmatch(domain) or _LOOPBACK.fullmatch(domain)):
            text = f"Invalid domain: {domain}. Ensure that domain is lowercase and starts without https://"
            return failure(422, text)
        url = self._key_url(domain)
        pem = await _fetch(url)
        key = pem if isinstance(pem, _Unfit) else _point(pem)
        if isinstance(key, _Unfit):
            return failure(424, f"Public key download failed for {url}, error: {key.why}")
        made = Registration(domain, key, call.time)
        self.registrations[region] = made
        self.registered.add(region)
        return success(self._account(made))

    def public_key(self, call: Call) -> Answer:
        """Answer GET /api/1/partner_accounts/public_key: the key that this region has of a domain."""
        region = self._admitted(call)
        if isinstance(region, Answer):
            return region
        domain = call.query.get("domain")
        if not domain:
            return failure(400, "invalid_request", "domain is required")
        found = self.registrations.get(region)
        if found is None or found.domain != domain:
            return failure(404, "not_found")
        return success({"public_key": found.public_key})

    def _admitted(self, call: Call) -> Region | Answer:
        """Return the region of a call with a living partner token that was made for it, or the refusal."""
        json_wanted = call.method != "GET" or "Content-Type" in call.headers
        if json_wanted and call.content_type != "application/json":
            return failure(406, "not_acceptable", "Content-Type must be application/json")
        region = self._auth.partner_region(call.bearer, call.time)
        if region is None:
            owner = self._auth.access(call.bearer) is not None
            return failure(401, "Expected partner account" if owner else "invalid bearer token")
        if region != call.role:
            return failure(401, f"the token's audience is {self._urls()[region]}")
        return region

    def _key_url(self, domain: str) -> str:
        scheme = "http" if _LOOPBACK.fullmatch(domain) else "https"
        return self.hosts.get(domain, f"{scheme}://{domain}").rstrip("/") + KEY_PATH

    def _account(self, made: Registration) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "client_id": self._auth.client_id,
            "name": self._auth.app_name,
            "description": "",
            "domain": made.domain,
            "public_key": made.public_key,
            "enterprise_tier": "free",
            "ca": None,
            "issuer": None,
            "csr": None,
            "csr_updated_at": None,
        }


@dataclass(frozen=True, slots=True)
class _Unfit:
    """Why a key was not taken."""

    why: str


async def _fetch(url: str) -> bytes | _Unfit:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != _OK:
                return _Unfit(f"status {response.status}")
            # Read by pieces: one read returns what has come so far, which need not be all.
            pem = b""
            async for piece in response.content.iter_any():
                pem += piece
                if len(pem) > _TOO_LARGE:
                    return _Unfit("too large")
            return pem
    except TimeoutError:
        return _Unfit("timeout")
    except aiohttp.ClientError, OSError:
        return _Unfit("connection failed")


def _point(pem: bytes) -> str | _Unfit:
    """Return the uncompressed point of a PEM public key on P-256, in hex."""
    try:
        key = load_pem_public_key(pem)
    except ValueError, UnsupportedAlgorithm:
        return _Unfit("not a public key in PEM")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return _Unfit("not an EC key on prime256v1")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
