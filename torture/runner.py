"""Round after round: the weather of the plan over both servers, one Home Assistant between them, and the kill."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
import time
from typing import Any, Final

from fleet_simulator import HOME, Account, Fault, FleetSimulator

from .folder import ConfigFolder
from .names import OURS, REFERENCE
from .plan import RoundPlan, storm
from .process import Child, ProcessError, Zygote
from .trace import Trace
from .verdict import Tally, figures, rotations

_VIN: Final = "5YJ3E1EA1KF000001"
_GLANCE: Final = 0.002
_CALM_TIMEOUT: Final = 30.0
_PROGRESS_EVERY: Final = 20
# The standard session renews a token so long before its end. The tokens of that account live longer by as much, so that
# both use each of theirs for equally long (seconds).
_STANDARD_MARGIN: Final = 20


class Side:
    """One integration with a server and an account of its own."""

    def __init__(self, name: str) -> None:
        """Initialize. name: the integration's domain."""
        self.name = name
        self.simulator = FleetSimulator()
        # This storm is about tokens; an account that is used this hard would soon be told to wait a minute.
        self.simulator.limits.per_minute.clear()
        self.account: Account = self.simulator.add_account(f"{name}@example.com", access_token_lifetime=2)
        car = self.account.add_car(_VIN, "Scout", HOME)
        car.stay_awake(time.time(), time.time() + 86_400)
        self.tally = Tally()
        self.needs_sign_in = True
        self.trace = Trace(self.simulator, self.account)


@dataclass(slots=True)
class Blown:
    """What the storm really did, for a reader who doubts it. faults: played, by integration, request and kind."""

    kills: int = 0
    stops: int = 0
    full_disk_rounds: int = 0
    wrong_clock_rounds: int = 0
    starts: int = 0
    faults: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    chores: Counter[str] = field(default_factory=Counter[str])
    surprises: Counter[str] = field(default_factory=Counter[str])


class Runner:
    """Runs the storm in one configuration folder."""

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None]) -> None:
        """Initialize. folder: is made here. say: takes a line for the person who watches."""
        self.ours, self.reference = Side(OURS), Side(REFERENCE)
        self.blown = Blown(faults={OURS: Counter(), REFERENCE: Counter()})
        self.rounds = 0
        self._seed = seed
        self._say = say
        self._folder = ConfigFolder(folder)
        self._zygote = Zygote(folder)

    async def run(self, rounds: int) -> dict[str, Any]:
        """Run so many rounds; return the figures. Raises ProcessError where Home Assistant cannot be run at all."""
        began = time.monotonic()
        async with self.ours.simulator, self.reference.simulator, self._zygote:
            for plan in self._plans(rounds):
                await self._sign_in()
                await self._round(plan)
                self.rounds = plan.number
                if plan.number % _PROGRESS_EVERY == 0:
                    self._say(self._progress(time.monotonic() - began))
        return {
            **self._figures(self.ours),
            "seed": self._seed,
            "seconds": round(time.monotonic() - began, 1),
            "reference": self._figures(self.reference),
        }

    def _plans(self, rounds: int) -> Iterator[RoundPlan]:
        for plan in storm(self._seed):
            if plan.number > rounds:
                return
            yield plan

    # --- a round ----------------------------------------------------------------------------------

    async def _round(self, plan: RoundPlan) -> None:
        faults = {side.name: self._begin_weather(side, plan) for side in self._sides}
        self.ours.trace.begin(time.time())
        limit = next((limit for at, limit in plan.disk if at == 0), None)
        child = await self._zygote.fork(
            self._spec(plan.seed, clock=plan.clock, steps=plan.steps, disk=limit, works=True)
        )
        weather = asyncio.create_task(self._weather(plan, child))
        heard = await self._live(plan, child)
        weather.cancel()
        await self._end(plan, child)
        self.ours.trace.end(plan, time.time(), self._folder.chains(self.ours.account))
        heard += child.reports()
        child.close()
        for side in self._sides:
            side.simulator.faults.clear()
            for fault in faults[side.name]:
                if fault.fired:
                    late = "_late" if fault.kind == "status" and fault.works else ""
                    kind = f"{fault.status}{late}" if fault.kind == "status" else fault.kind
                    where = "token" if fault.request == "token" else "api"
                    self.blown.faults[side.name][f"{where} {kind}"] += fault.fired
        self._settle(plan, heard)

    def _begin_weather(self, side: Side, plan: RoundPlan) -> list[Fault]:
        margin = _STANDARD_MARGIN if side is self.reference else 0
        side.account.access_token_lifetime = plan.access_life + margin
        return [side.simulator.faults.add(Fault(**asdict(fault))) for fault in plan.faults]

    async def _weather(self, plan: RoundPlan, child: Child) -> None:
        """Fill the disk, make room again, revoke access tokens: each at its time."""
        events: list[tuple[float, Callable[[], None]]] = [
            (at, partial(child.limit_files, limit)) for at, limit in plan.disk if at > 0
        ]
        events += [(at, side.account.revoke_access_tokens) for at in plan.revoked for side in self._sides]
        began = time.monotonic()
        for at, happen in sorted(events, key=lambda event: event[0]):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            happen()

    async def _live(self, plan: RoundPlan, child: Child) -> list[dict[str, Any]]:
        """Wait until the moment of the end has come; return what the child told until then."""
        heard: list[dict[str, Any]] = []
        records = (self.ours if plan.side == "ours" else self.reference).account.refreshes
        wanted = rotations(records) + plan.rotation
        seen, granted = len(records), rotations(records)
        ends = time.monotonic() + plan.life
        while time.monotonic() < ends and not child.has_ended:
            heard += child.reports()
            granted += rotations(records[seen:])
            seen = len(records)
            if plan.ending == "kill_at_rotation" and granted >= wanted:
                await asyncio.sleep(min(plan.after, max(0.0, ends - time.monotonic())))
                break
            await asyncio.sleep(_GLANCE)
        return heard

    async def _end(self, plan: RoundPlan, child: Child) -> None:
        if child.has_ended:
            raise ProcessError("Home Assistant ended by itself:\n" + "\n".join(list(self._zygote.log)[-40:]))
        if plan.ending != "stop":
            await child.kill()
            self.blown.kills += 1
        elif await child.stop():
            self.blown.kills += 1
        else:
            self.blown.stops += 1

    def _settle(self, plan: RoundPlan, heard: list[dict[str, Any]]) -> None:
        """Judge what is left after a round."""
        self.blown.full_disk_rounds += plan.fills_disk
        self.blown.wrong_clock_rounds += plan.bends_time
        asked = {report["domain"] for report in heard if report["event"] == "sign_in_asked"}
        for report in heard:
            match report["event"]:
                case "up":
                    self.blown.starts += 1
                case "chore":
                    self.blown.chores[f"{report['name']} {report.get('refused', 'done')}"] += 1
                case "surprise":
                    self.blown.surprises[f"{report['name']}: {report['error']}"] += 1
        holds = {
            OURS: self._folder.holds_ours(self.ours.account),
            REFERENCE: self._folder.holds_reference(self.reference.account),
        }
        for side in self._sides:
            side.tally.sign_ins_asked += side.name in asked
            side.tally.tokens_lost += not holds[side.name]
            side.needs_sign_in = side.name in asked or not holds[side.name]
        if self.ours.needs_sign_in:
            self._say(
                f"Lost in round {plan.number}: asked to sign in {OURS in asked}, has a token {holds[OURS]}"
            )
            for line in self.ours.trace.lines:
                self._say(line)

    # --- signing in -------------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        """Give each integration that needs it a new sign-in, in calm weather."""
        if self.ours.needs_sign_in:
            simulator, account = self.ours.simulator, self.ours.account
            typed = {
                "client_id": simulator.client_id,
                "client_secret": simulator.client_secret,
                "refresh_token": account.issue_refresh_token(),
                "token_url": simulator.token_url,
                "api_url": simulator.api_url,
            }
            await self._calm(typed)
            self.ours.needs_sign_in = False
        if self.reference.needs_sign_in:
            self._folder.sign_in_reference(self.reference.simulator, self.reference.account)
            self.reference.needs_sign_in = False

    async def _calm(self, typed: dict[str, str]) -> None:
        """Sign ours in through its own dialog, in a Home Assistant that ends in peace. Raises ProcessError."""
        child = await self._zygote.fork(self._spec(self._seed, sign_in=typed))
        try:
            async with asyncio.timeout(_CALM_TIMEOUT):
                failure = await _signed_in(child)
        except TimeoutError:
            failure = "no answer"
        await child.stop()
        child.close()
        if failure:
            raise ProcessError(f"the sign-in failed: {failure}\n" + "\n".join(list(self._zygote.log)[-40:]))

    @staticmethod
    def _spec(
        seed: int,
        *,
        clock: float = 0.0,
        steps: tuple[tuple[float, float], ...] = (),
        disk: int | None = None,
        sign_in: dict[str, str] | None = None,
        works: bool = False,
    ) -> dict[str, Any]:
        return {
            "seed": seed,
            "clock": clock,
            "steps": steps,
            "disk": disk,
            "sign_in": sign_in,
            "works": works,
        }

    # --- telling ----------------------------------------------------------------------------------

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.ours, self.reference

    def _figures(self, side: Side) -> dict[str, int]:
        return figures(self.rounds, self.blown.kills, side.tally, side.account.refreshes)

    def _progress(self, seconds: float) -> str:
        ours, reference = self._figures(self.ours), self._figures(self.reference)
        kept = ("rotations", "sign_ins_asked", "tokens_lost")
        return (
            f"{self.rounds} rounds in {seconds:.0f} s, {self.blown.kills} kills; "
            f"ours {', '.join(f'{key} {ours[key]}' for key in kept)}; "
            f"reference {', '.join(f'{key} {reference[key]}' for key in kept)}"
        )


async def _signed_in(child: Child) -> str | None:
    while not child.has_ended:
        for report in child.reports():
            if report["event"] == "signed_in":
                failure: str | None = report["failure"]
                return failure
        await asyncio.sleep(_GLANCE)
    return "Home Assistant ended"
