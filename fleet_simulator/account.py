"""An owner's account: its grants, its tokens and its cars, and Tesla's rules for refresh tokens."""

from collections.abc import Callable
from dataclasses import dataclass, field
import re
import secrets
from typing import Any, Literal, NamedTuple, Protocol
import uuid

from .car import Car
from .geo import Point

type Region = Literal["na", "eu", "cn"]
type Outcome = Literal["rotated", "grace", "login_required"]
type Reason = Literal["", "unknown", "spent", "expired", "revoked"]

DEFAULT_SCOPES = frozenset(
    {
        "openid",
        "offline_access",
        "user_data",
        "vehicle_device_data",
        "vehicle_location",
        "vehicle_cmds",
        "vehicle_charging_cmds",
    }
)

GRACE_S = 24 * 3600.0
REFRESH_LIFETIME_S = 90 * 86400.0
CODE_LIFETIME_S = 600.0


class RefreshRecord(NamedTuple):
    """One request with a refresh token. The token is named by its grant and its place in it, -1 when it is unknown.

    outcome "grace" is a rotation with a token that had been used before. reason says why login was required.
    """

    time: float
    grant: int
    token: int
    outcome: Outcome
    reason: Reason


@dataclass(slots=True, eq=False)
class RefreshToken:
    """One refresh token. generation: how many rotations lie behind it. first_used: epoch seconds or None."""

    value: str = field(repr=False)
    grant: Grant = field(repr=False)
    index: int
    generation: int
    issued: float
    first_used: float | None = None


@dataclass(slots=True, eq=False)
class Grant:
    """One sign-in: a family of refresh tokens, each born of the one before."""

    account: Account
    number: int
    tokens: list[RefreshToken] = field(default_factory=list["RefreshToken"], repr=False)
    last_used: RefreshToken | None = None
    revoked: bool = False

    def born(self, generation: int, now: float) -> RefreshToken:
        """Return a new token of this grant."""
        value = f"{self.account.region.upper()}_{secrets.token_hex(24)}"
        token = RefreshToken(value, self, len(self.tokens), generation, now)
        self.tokens.append(token)
        return token


@dataclass(slots=True, eq=False)
class AccessToken:
    """One access token as the server remembers it. Times are epoch seconds."""

    account: Account
    scopes: frozenset[str]
    issued: float
    expires: float
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Code:
    """One authorization code, to be exchanged once. expires: epoch seconds.

    challenge: the PKCE code_challenge (S256) that it was asked for with, None without. offline: whether the exchange gives
    a refresh token.
    """

    account: Account
    redirect_uri: str
    expires: float
    challenge: str | None = None
    offline: bool = True
    spent: bool = False


class SignIn(Protocol):
    """What an account needs of the sign-in server."""

    def mint(self, account: Account) -> str:
        """Return a new access token."""

    def keep_code(self, value: str, code: Code) -> None:
        """Remember a code."""

    def redeem(self, refresh_token: str) -> str | None:
        """Return the successor of a refresh token, None where it is refused."""


class Account:
    """A Tesla account. Made by FleetSimulator.add_account().

    scopes: granted by the owner; a change holds for access tokens made afterwards. access_token_lifetime: seconds.
    """

    def __init__(
        self,
        name: str,
        region: Region,
        scopes: set[str],
        access_token_lifetime: float,
        clock: Callable[[], float],
        sign_in: SignIn,
    ) -> None:
        self.name = name
        self.region: Region = region
        self.scopes = scopes
        self.access_token_lifetime = access_token_lifetime
        self.sub = str(uuid.uuid5(uuid.NAMESPACE_URL, f"fleet-simulator:{name}"))
        self.cars: dict[str, Car] = {}
        self.energy_sites: list[dict[str, Any]] = []
        self.grants: list[Grant] = []
        self.access_tokens: list[AccessToken] = []
        self.refreshes: list[RefreshRecord] = []
        self._clock = clock
        self._sign_in = sign_in

    @property
    def full_name(self) -> str:
        """The owner's name as a person reads it: Jane Doe for jane.doe@example.com."""
        return " ".join(
            part.capitalize() for part in re.split(r"[._+-]+", self.name.partition("@")[0]) if part
        )

    def add_car(
        self,
        vin: str = "5YJ3E1EA1KF000001",
        name: str = "Scout",
        position: Point = (52.52, 13.405),
        battery_level: float = 62.0,
        *,
        charge_limit: int = 80,
        asleep: bool = False,
    ) -> Car:
        """Give the account a car; it is awake and has just been used unless asleep is said. ValueError if it has it."""
        if vin in self.cars:
            msg = "the account has this car already"
            raise ValueError(msg)
        # Two cars of the same owner differ in the VIN's last digits, and the id must not depend on the order.
        number = uuid.uuid5(uuid.NAMESPACE_URL, vin).int % 100_000_000
        car = Car(
            vin,
            name,
            number=number,
            clock=self._clock,
            position=position,
            battery_level=battery_level,
            charge_limit=charge_limit,
            asleep=asleep,
        )
        self.cars[vin] = car
        return car

    def add_energy_site(self, site_id: int = 2_000_000_001, name: str = "Home") -> None:
        """Put a Powerwall beside the cars in the list of products."""
        self.energy_sites.append(
            {
                "energy_site_id": site_id,
                "device_type": "energy",
                "resource_type": "battery",
                "site_name": name,
                "id": f"STE{site_id}",
                "components": {"battery": True, "solar": True, "grid": True},
            }
        )

    def find_car(self, tag: str) -> Car | None:
        """Return the car with this VIN or list id (not vehicle_id), as Tesla's paths take them."""
        return self.cars.get(tag) or next((car for car in self.cars.values() if str(car.id) == tag), None)

    def issue_refresh_token(self) -> str:
        """Return the refresh token of a fresh sign-in; grants before it stay as they are."""
        grant = Grant(self, len(self.grants))
        self.grants.append(grant)
        return grant.born(0, self._clock()).value

    def issue_access_token(self) -> str:
        """Return an access token (a JWT) with the scopes granted now. RuntimeError before the simulator has URLs."""
        return self._sign_in.mint(self)

    def issue_code(
        self, redirect_uri: str, code_challenge: str | None = None, *, offline: bool | None = None
    ) -> str:
        """Return an authorization code, as the sign-in page would send it to this URI; good once, for ten minutes.

        code_challenge: of PKCE, S256. offline: whether it gives a refresh token; None goes by the granted scopes.
        """
        value = secrets.token_hex(20)
        expires = self._clock() + CODE_LIFETIME_S
        if offline is None:
            offline = "offline_access" in self.scopes
        self._sign_in.keep_code(value, Code(self, redirect_uri, expires, code_challenge, offline))
        return value

    def rotate_elsewhere(self, refresh_token: str) -> str:
        """Redeem a refresh token as another program would, and return its successor.

        The token endpoint's rules hold, and it stands in `refreshes`. ValueError where the token is refused, or is not of
        this account.
        """
        ours = any(token.value == refresh_token for grant in self.grants for token in grant.tokens)
        successor = self._sign_in.redeem(refresh_token) if ours else None
        if successor is None:
            msg = "the refresh token is refused" if ours else "the refresh token is not of this account"
            raise ValueError(msg)
        return successor

    def accepts(self, refresh_token: str) -> bool:
        """Return whether the token endpoint would take this refresh token now; asking does not use it."""
        now = self._clock()
        return any(
            token.value == refresh_token and not refusal(token, now)
            for grant in self.grants
            for token in grant.tokens
        )

    def revoke(self) -> None:
        """Kill every token there is: the owner changed the password or took the consent back."""
        for grant in self.grants:
            grant.revoked = True
        self.revoke_access_tokens()

    def revoke_access_tokens(self) -> None:
        """Kill every access token there is."""
        for token in self.access_tokens:
            token.revoked = True


def refusal(token: RefreshToken, now: float) -> Reason:
    """Return why a refresh token is not taken, "" when it is.

    Tesla: single use, three months, and the most recently used one stays valid for 24 hours. Where that leaves a choice,
    this is the reading: the 24 hours run from the first use; using a token again in them makes another successor, and all
    unused successors stay good until one of them is used. Then that one is the most recently used, and its predecessor and
    its siblings are spent. So two programs that share a token both live on until the next refresh locks one of them out.
    """
    grant = token.grant
    if grant.revoked:
        return "revoked"
    if now >= token.issued + REFRESH_LIFETIME_S:
        return "expired"
    if token is grant.last_used:
        used = now if token.first_used is None else token.first_used
        return "" if now < used + GRACE_S else "spent"
    if grant.last_used is not None and token.generation <= grant.last_used.generation:
        return "spent"
    return ""
