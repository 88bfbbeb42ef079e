"""The simulator as one object: accounts, the bill, the faults, and its listeners on loopback."""

from collections.abc import Callable, Iterable
from functools import partial
import time
from typing import TYPE_CHECKING, Any, Self

from .account import DEFAULT_SCOPES, Account, RefreshRecord, Region
from .auth import GRANT_TYPES, REGIONS, Auth
from .bill import Bill
from .car import Car
from .faults import Faults
from .front import Front, RequestRecord, Route
from .gate import Gate
from .limits import RateLimits
from .partner import Partner
from .pkce import METHOD
from .sign_in_page import SCOPES, SignInPage
from .vehicles import ENDPOINTS, Endpoint
from .wire import Answer, Call, Role

if TYPE_CHECKING:
    from .proxy import Proxy

DEFAULT_REGION: Region = "eu"


def wall_clock() -> float:
    """Return epoch seconds of the system; looked up at each call, so that it follows a freezer."""
    return time.time()


class FleetSimulator:
    """A strict stand-in for Tesla's Fleet API and its sign-in server, with cars.

    clock: returns epoch seconds; everything follows it, nothing waits for it. bill, limits, faults, gate, auth and
    partner are the parts with knobs. Use start() and stop(), or `async with`.
    """

    def __init__(self, clock: Callable[[], float] = wall_clock) -> None:
        self.clock = clock
        self.bill = Bill()
        self.limits = RateLimits()
        self.faults = Faults()
        self.auth = Auth(clock, self._known_urls)
        self.partner = Partner(self.auth, self._known_urls)
        self.gate = Gate(self.auth, self.partner, self.bill, self.limits, self._known_urls)
        self._page = SignInPage(self.auth)
        self._front = Front(clock, self.faults)
        self._urls: dict[str, str] = {}
        self._proxies: list[Proxy] = []

    @property
    def accounts(self) -> list[Account]:
        """The owners, in the order in which they were added."""
        return self.auth.accounts

    @property
    def client_id(self) -> str:
        """The one OAuth client that is known here."""
        return self.auth.client_id

    @property
    def client_secret(self) -> str:
        """Its secret, asked for when a code is exchanged."""
        return self.auth.client_secret

    @property
    def auth_url(self) -> str:
        """Base URL of the sign-in server. RuntimeError before the first start()."""
        return self._known_urls()["auth"]

    @property
    def authorize_url(self) -> str:
        """URL of the page where an owner signs in. RuntimeError before the first start()."""
        return f"{self.auth_url}/oauth2/v3/authorize"

    @property
    def token_url(self) -> str:
        """URL of the token endpoint. RuntimeError before the first start()."""
        return f"{self.auth_url}/oauth2/v3/token"

    @property
    def api_urls(self) -> dict[str, str]:
        """Base URL by region. RuntimeError before the first start()."""
        urls = self._known_urls()
        return {region: urls[region] for region in REGIONS}

    @property
    def api_url(self) -> str:
        """Base URL of the European region. RuntimeError before the first start()."""
        return self._known_urls()[DEFAULT_REGION]

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request in order of arrival, the sign-in server's too."""
        return self._front.requests

    @property
    def refreshes(self) -> list[RefreshRecord]:
        """Every request with a refresh token, of all accounts and of none."""
        return self.auth.refreshes

    @property
    def refresh_revokes_access(self) -> bool:
        """Whether a refresh kills older access tokens at once: unsettled, off by default."""
        return self.auth.refresh_revokes_access

    @refresh_revokes_access.setter
    def refresh_revokes_access(self, value: bool) -> None:
        self.auth.refresh_revokes_access = value

    def all_secrets(self) -> set[str]:
        """Return every refresh token, access token, partner token and code there ever was, and the client's secret."""
        return self.auth.all_secrets()

    def add_account(
        self,
        name: str = "owner@example.com",
        region: Region = DEFAULT_REGION,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        access_token_lifetime: float = 28800,
    ) -> Account:
        """Add an owner. access_token_lifetime: seconds; Tesla's is eight hours. ValueError if the name is taken."""
        if any(account.name == name for account in self.accounts):
            msg = "there is an account of this name"
            raise ValueError(msg)
        account = Account(name, region, set(scopes), access_token_lifetime, self.clock, self.auth)
        self.auth.register(account)
        return account

    def add_proxy(self) -> Proxy:
        """Return a stand-in for tesla-http-proxy in front of this API; it is to be started, and stops with the simulator.

        ImportError without the package tesla-protocol, which nothing else but signed commands needs.
        """
        from .proxy import Proxy as Made  # noqa: PLC0415 - see above

        proxy = Made(self.clock, self.faults, self.requests, self._known_urls)
        self._proxies.append(proxy)
        return proxy

    def pair_app_key(self, car: Car, region: Region = DEFAULT_REGION) -> None:
        """Let the owner open the pairing link: the key that the app is registered with here is paired. KeyError without one."""
        car.keyring.pair(self.partner.registrations[region].public_key)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Open the listeners: sign-in, na, eu, cn. port 0 takes free ports, else port, port + 1, … in this order.

        OSError when a port is taken; nothing is left open then.
        """
        api_routes = [
            Route(
                endpoint.method,
                endpoint.path,
                endpoint.kind,
                partial(self.gate.answer, endpoint),
                partial(self._charge, endpoint),
            )
            for endpoint in ENDPOINTS
        ]
        api_routes += [
            Route("POST", "/api/1/partner_accounts", "partner", self.partner.register),
            Route("GET", "/api/1/partner_accounts/public_key", "partner", self.partner.public_key),
        ]
        auth_routes = [
            Route("GET", "/oauth2/v3/authorize", "authorize", self._page.show),
            Route("POST", "/oauth2/v3/authorize", "authorize", self._page.decide),
            Route("POST", "/oauth2/v3/token", "token", self.auth.token),
            Route("GET", "/oauth2/v3/thirdparty/.well-known/openid-configuration", "other", self._metadata),
            Route("GET", "/simulator", "other", self._report),
        ]
        roles: tuple[Role, ...] = ("auth", *REGIONS)
        try:
            for offset, role in enumerate(roles):
                routes = auth_routes if role == "auth" else api_routes
                self._urls[role] = await self._front.listen(role, routes, host, port + offset if port else 0)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all faults and close the listeners; the URLs are remembered, accounts, cars and the bill stay."""
        self.faults.clear()
        for proxy in self._proxies:
            await proxy.stop()
        await self._front.close()

    async def __aenter__(self) -> Self:
        """Start on free ports."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _known_urls(self) -> dict[str, str]:
        if "cn" not in self._urls:
            msg = "the simulator has no URLs before it is started"
            raise RuntimeError(msg)
        return self._urls

    def _charge(self, endpoint: Endpoint, call: Call, status: int) -> None:
        self.gate.charge(call, endpoint.category, status)

    def _metadata(self, _call: Call) -> Answer:
        facts: dict[str, Any] = {
            "issuer": f"{self.auth_url}/oauth2/v3/nts",
            "authorization_endpoint": self.authorize_url,
            "token_endpoint": self.token_url,
            "grant_types_supported": list(GRANT_TYPES),
            "scopes_supported": list(SCOPES),
        }
        if self.auth.pkce_supported:
            facts["code_challenge_methods_supported"] = [METHOD]
        return Answer(200, facts)

    def _report(self, call: Call) -> Answer:
        """Answer a person or a script that watches a simulator in another process; Tesla has nothing like it."""
        cars: list[dict[str, Any]] = [
            {
                "vin": car.vin,
                "state": car.state(call.time),
                "position": car.position(call.time),
                "shift_state": car.shift_state(call.time),
                "battery_level": round(car.battery(call.time).level, 2),
                "charging_state": car.battery(call.time).charging_state,
            }
            for account in self.accounts
            for car in account.cars.values()
        ]
        bill = {"usd": self.bill.usd, "billed": self.bill.counts(), "state_calls": self.bill.state_calls}
        outcomes = [record.outcome for record in self.refreshes]
        return Answer(200, {"time": call.time, "bill": bill, "refreshes": outcomes, "cars": cars})
