"""The last requests and what became of them, pure: for a person who has to find out what went wrong.

It is kept in memory only and bounded. No URL, no body and no token ever comes here.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .fleet.errors import FleetError
from .fleet.metering import Admission, Category, Errand

# Requests for tokens are rare and tell the history of a sign-in: they are not pushed out by the others.
MOST_REQUESTS: Final = 60
MOST_TOKENS: Final = 20


@dataclass(slots=True)
class Logged:
    """One request. admission: while it is under way. at: Unix seconds at which it left, or was kept back.

    status: of the answer, None where none came. seconds: until that, None while it is under way. cost: US dollars.
    kept_back: the code of the error with which our own meter refused it; how often in a row is told by times.
    """

    errand: Errand
    at: float
    admission: Admission | None = field(default=None, repr=False)
    status: int | None = None
    seconds: float | None = None
    cost: float = 0.0
    is_sent: bool = True
    kept_back: str | None = None
    times: int = 1


class RequestLog:
    """A ring of requests, and one of those for tokens."""

    def __init__(self) -> None:
        """Initialize."""
        self._others: deque[Logged] = deque(maxlen=MOST_REQUESTS)
        self._tokens: deque[Logged] = deque(maxlen=MOST_TOKENS)

    def admitted(self, admission: Admission, now: float) -> None:
        """Note a request that leaves now (Unix seconds)."""
        self._ring(admission.errand).append(Logged(admission.errand, now, admission, cost=admission.price))

    def settled(
        self, admission: Admission, status: int | None, now: float, *, sent: bool, billed: bool
    ) -> None:
        """Note what came back. sent: False where it surely never left. billed: False where it costs nothing."""
        ring = reversed(self._ring(admission.errand))
        logged = next((one for one in ring if one.admission is admission), None)
        if logged is None:
            return
        logged.admission = None
        logged.status, logged.seconds, logged.is_sent = status, now - logged.at, sent
        if not billed:
            logged.cost = 0.0

    def kept_back(self, errand: Errand, error: FleetError, now: float) -> None:
        """Note a request that our own meter refused; who asks in a loop fills no ring."""
        ring = self._ring(errand)
        last = ring[-1] if ring else None
        if last is not None and (last.errand, last.kept_back) == (errand, error.code):
            last.at, last.times = now, last.times + 1
            return
        ring.append(Logged(errand, now, is_sent=False, kept_back=error.code))

    @property
    def requests(self) -> Iterable[Logged]:
        """Return the last requests that were not for tokens, oldest first."""
        return tuple(self._others)

    @property
    def tokens(self) -> Iterable[Logged]:
        """Return the last requests for tokens, oldest first."""
        return tuple(self._tokens)

    def _ring(self, errand: Errand) -> deque[Logged]:
        return self._tokens if errand.category is Category.AUTH else self._others
