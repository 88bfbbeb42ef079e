"""What happened to a chain in the last rounds, in lines that name tokens by their place and never by their value."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from custom_components.tesla_scout_worker.token_rotation import TokenChain
from fleet_simulator import Account, FleetSimulator, RefreshRecord, RequestRecord

from .plan import RoundPlan

_ROUNDS_KEPT = 4


class Trace:
    """The last rounds of one account: what was sent to the token endpoint, and what was on the disk after the end."""

    def __init__(self, simulator: FleetSimulator, account: Account) -> None:
        """Initialize."""
        self._simulator = simulator
        self._account = account
        self._rounds: deque[list[str]] = deque(maxlen=_ROUNDS_KEPT)
        self._requests = self._records = 0
        self._began = 0.0

    def begin(self, now: float) -> None:
        """Begin a round. now: Unix seconds."""
        self._began = now
        self._requests, self._records = len(self._simulator.requests), len(self._simulator.refreshes)

    def end(self, plan: RoundPlan, now: float, chains: Mapping[str, TokenChain | None]) -> None:
        """End a round. chains: what the disk holds, by the place where it was found."""
        records: defaultdict[float, list[RefreshRecord]] = defaultdict(list)
        for record in self._simulator.refreshes[self._records :]:
            records[record.time].append(record)
        requests = [r for r in self._simulator.requests[self._requests :] if r.kind == "token"]
        title = f"round {plan.number}: {plan.ending} at {now - self._began:.3f}, disk {plan.disk}"
        lines = [f"{title}, clock {plan.clock:.0f} {plan.steps}, revoked {plan.revoked}"]
        lines += [f"  {self._line(request, records[request.time])}" for request in requests]
        lines += [f"  on the disk, {place}: {self._chain(chain)}" for place, chain in chains.items()]
        self._rounds.append(lines)

    @property
    def lines(self) -> Iterable[str]:
        """Return the last rounds."""
        return (line for lines in self._rounds for line in lines)

    def _line(self, request: RequestRecord, records: list[RefreshRecord]) -> str:
        fault = f", fault {request.fault.kind} {request.fault.status}" if request.fault else ""
        outcomes = " and ".join(f"g{r.grant} t{r.token} {r.outcome} {r.reason}".rstrip() for r in records)
        return f"+{request.time - self._began:.3f} {outcomes or 'not worked on'}{fault}"

    def _chain(self, chain: TokenChain | None) -> str:
        if chain is None:
            return "nothing"
        names = {
            token.value: f"g{grant.number} t{token.index}"
            for grant in self._account.grants
            for token in grant.tokens
        }
        tokens = [
            names.get(candidate.refresh_token, "unknown")
            + (" taken" if self._account.accepts(candidate.refresh_token) else " dead")
            for candidate in chain.candidates
        ]
        return f"sign-in {chain.sign_in}, generation {chain.generation}: {', '.join(tokens) or 'no token'}"
