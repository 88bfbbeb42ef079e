"""What a request is for, and the gate that each one passes before it is sent."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from .errors import FleetError


class Category(StrEnum):
    """Tesla's price categories, and the two kinds of request that seem to have none.

    https://developer.tesla.com/docs/fleet-api/billing-and-limits
    """

    DATA = "data"
    COMMANDS = "commands"
    WAKES = "wakes"
    #: The car's cloud state, the car list, the region: no price is published for these.
    STATE = "state"
    #: The token endpoint, which Tesla says is not billed.
    AUTH = "auth"


class Purpose(StrEnum):
    """Who wanted a request: the ledger tells what each of them spent."""

    SETUP = "setup"
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    SCOUT = "scout"
    WORKER = "worker"
    #: A button pressed or an action called.
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class Errand:
    """One request as the meter sees it. endpoint: of which kind it is, in a word without a name or a place."""

    category: Category
    purpose: Purpose
    vin: str | None = None
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that was let out. day: under which it was counted. price: in US dollars, at which it was."""

    errand: Errand
    day: date
    price: float = 0.0


class Meter(Protocol):
    """Counts each request that leaves, and can refuse one."""

    def admit(self, errand: Errand) -> Admission:
        """Let a request out that is about to be sent, and count it: it may be that nobody is left to hear the answer.

        Raises AskedTooOftenError, BudgetSpentError, AccountDisabledError, NotRegisteredError or RateLimitedError where it
        must not be sent.
        """
        ...

    def settle(self, admission: Admission, status: int | None, *, sent: bool = True) -> None:
        """Correct the count by what came back.

        status: of the answer, None where none came. sent: False where the request surely never left.
        """
        ...

    def hold(self, errand: Errand, error: FleetError) -> None:
        """Keep back further requests of this kind as an error asks for."""
        ...
