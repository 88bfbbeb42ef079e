"""What the weather will be: pure, and the same for the same seed. Which moment of the run it hits is the machine's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
import random
from typing import Any, Final, Literal

from fleet_simulator.faults import FaultKind, FaultRequest

type Ending = Literal["kill", "kill_at_rotation", "stop"]
type Side = Literal["ours", "reference"]

_HOUR: Final = 3600.0
# A clock is off by less than Tesla's day of grace, except where it has forgotten the date.
_FARTHEST: Final = 20 * _HOUR
# A board without a battery starts in 1970 or a little later (seconds from the true time).
_FORGOTTEN: Final = -1_750_000_000.0
_HTML: Final = "<!DOCTYPE html><html><body>Service temporarily unavailable</body></html>"
_SPOILED_JSON: Final[tuple[Any, ...]] = (
    None,
    [],
    7,
    {},
    {"error": None},
    {"response": None},
    {"access_token": ""},
)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """One way in which the servers will misbehave; the fields are those of fleet_simulator.Fault."""

    request: FaultRequest
    kind: FaultKind
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    seconds: float | None = None
    processed: bool | None = None
    skip: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One life of Home Assistant, from its start to its end. Times are seconds since the start.

    seed: for what the child does by chance. life: how long it may live. ending: "kill_at_rotation" kills it `after`
    seconds after the `rotation`-th refresh that the server of this `side` has worked on, if that comes before the end
    of its life. access_life: of the access tokens. disk: (when, limit), the limit in bytes for each file, None for a
    disk with room; an entry at 0 holds before anything starts. clock: how wrong it is at the start; steps: (when, by
    how much). revoked: when all access tokens are revoked.
    """

    number: int
    seed: int
    life: float
    ending: Ending
    rotation: int
    after: float
    side: Side
    access_life: int
    faults: tuple[FaultPlan, ...] = ()
    disk: tuple[tuple[float, int | None], ...] = ()
    clock: float = 0.0
    steps: tuple[tuple[float, float], ...] = ()
    revoked: tuple[float, ...] = ()

    @property
    def fills_disk(self) -> bool:
        """Return whether the disk is full at some time."""
        return any(limit is not None for _, limit in self.disk)

    @property
    def bends_time(self) -> bool:
        """Return whether the clock is wrong at some time."""
        return bool(self.clock or self.steps)


def storm(seed: int) -> Iterator[RoundPlan]:
    """Yield one round after the other, without an end."""
    rng = random.Random(seed)  # noqa: S311 - weather
    full_rounds = 0
    limit = 0
    for number in count(1):
        if full_rounds == 0 and rng.random() < 0.04:  # noqa: PLR2004 - how often
            full_rounds, limit = rng.randint(2, 6), _limit(rng)
        disk = ((0.0, limit),) if full_rounds else _disk(rng)
        full_rounds = max(0, full_rounds - 1)
        yield _round(rng, number, disk)


def _round(rng: random.Random, number: int, disk: tuple[tuple[float, int | None], ...]) -> RoundPlan:
    clock, steps = _clock(rng)
    is_long = rng.random() < 0.08  # noqa: PLR2004 - how often
    ending: Ending = rng.choices(("kill", "kill_at_rotation", "stop"), (50, 40, 10))[0]
    return RoundPlan(
        number=number,
        seed=rng.getrandbits(32),
        life=rng.uniform(3.0, 6.0) if is_long else rng.uniform(0.05, 3.0),
        ending=ending,
        rotation=rng.choices((1, 2, 3), (5, 3, 2))[0],
        after=rng.choice((0.0, rng.uniform(0, 0.02), rng.uniform(0, 0.2), rng.uniform(0, 1.2))),
        side=rng.choice(("ours", "reference")),
        access_life=rng.choices((1, 2, 3), (6, 3, 1))[0],
        faults=(*_faults(rng, is_token=True), *_faults(rng, is_token=False)),
        disk=disk,
        clock=clock,
        steps=steps,
        revoked=(rng.uniform(0.2, 1.5),) if rng.random() < 0.15 else (),  # noqa: PLR2004 - how often
    )


def _limit(rng: random.Random) -> int:
    """Return how much of a file a full disk still takes: nothing, or the first bytes of it."""
    return rng.choice((0, 0, 200))


def _disk(rng: random.Random) -> tuple[tuple[float, int | None], ...]:
    if rng.random() > 0.2:  # noqa: PLR2004 - how often
        return ()
    fills_at = rng.choice((0.0, rng.uniform(0.05, 1.0)))
    events: list[tuple[float, int | None]] = [(fills_at, _limit(rng))]
    if rng.random() < 0.6:  # noqa: PLR2004 - how often
        events.append((fills_at + rng.uniform(0.05, 1.0), None))
    return tuple(events)


def _clock(rng: random.Random) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Return how wrong the clock is at the start, and the steps it makes."""
    if rng.random() < 0.03:  # noqa: PLR2004 - how often
        # It asks the time server later, or it never comes to that.
        return _FORGOTTEN, ((rng.uniform(0.1, 1.5), -_FORGOTTEN),)
    start = _error(rng) if rng.random() < 0.2 else 0.0  # noqa: PLR2004 - how often
    steps: list[tuple[float, float]] = []
    error = start
    if rng.random() < 0.5:  # noqa: PLR2004 - how often
        for at in sorted(rng.uniform(0.1, 2.5) for _ in range(rng.randint(1, 4))):
            wanted = max(-_FARTHEST, min(_FARTHEST, error + _error(rng)))
            steps.append((at, wanted - error))
            error = wanted
    return start, tuple(steps)


def _error(rng: random.Random) -> float:
    # Forward more often than back: that ends each wait for the next try, and there is more storm in a round.
    sign = rng.choice((-1, 1, 1))
    return sign * rng.choice((rng.uniform(1, 120), rng.uniform(120, _HOUR), rng.uniform(_HOUR, _FARTHEST)))


# Faults with their weights. A status stands for an answer with it, "late" for one that was worked on all the same.
_KINDS: Final[dict[str, int]] = {
    "reset_before": 4,
    "reset_after": 8,
    "half": 6,
    "delay": 8,
    "double": 6,
    "garbage": 4,
    "empty": 4,
    "json": 4,
    "late": 8,
    "400": 3,
    "401": 1,
    "403": 3,
    "404": 2,
    "408": 2,
    "429": 3,
    "500": 2,
    "502": 2,
    "503": 2,
}


def _faults(rng: random.Random, *, is_token: bool) -> Iterator[FaultPlan]:
    for _ in range(rng.choices((0, 1, 2, 3, 4), (25, 30, 25, 15, 5))[0]):
        request: FaultRequest = "token" if is_token else rng.choice(("list", "state", "vehicle_data", "api"))
        yield _fault(rng, request, rng.choices(list(_KINDS), list(_KINDS.values()))[0])


def _fault(rng: random.Random, request: FaultRequest, name: str) -> FaultPlan:
    skip, times = rng.choices((0, 1, 2), (65, 25, 10))[0], rng.choices((1, 2, 3), (80, 15, 5))[0]
    match name:
        case "reset_before" | "reset_after" | "half" | "double" | "garbage" | "empty":
            return FaultPlan(request, name, skip=skip, times=times)
        case "delay":
            return FaultPlan(request, "delay", seconds=rng.uniform(0.05, 2.5), skip=skip, times=times)
        case "json":
            return FaultPlan(request, "json", body=rng.choice(_SPOILED_JSON), skip=skip, times=times)
        case "late":
            status = rng.choice((408, 429, 500, 502, 503, 504))
            return FaultPlan(
                request, "status", status=status, body=_HTML, processed=True, skip=skip, times=times
            )
        case _:
            return _refusal(rng, request, int(name), skip, times)


def _refusal(rng: random.Random, request: FaultRequest, status: int, skip: int, times: int) -> FaultPlan:
    """Return an answer that says nothing about a refresh token, however much it looks like it."""
    body: Any = rng.choice((_HTML, "", {"error": "invalid_request", "error_description": "try again"}))
    # A 401 of the token endpoint with words would be a verdict; without, it comes from something in between.
    if status == 401 and request == "token":  # noqa: PLR2004
        body = rng.choice((_HTML, ""))
    headers = {"Retry-After": str(rng.randint(1, 3))} if rng.random() < 0.5 else {}  # noqa: PLR2004
    return FaultPlan(
        request, "status", status=status, body=body, headers=headers, processed=False, skip=skip, times=times
    )
