"""Bad weather, on request: what the network and Tesla's cloud do on their worse days."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from .wire import Answer, Call

type FaultKind = Literal[
    "status", "reset_before", "reset_after", "half", "garbage", "json", "delay", "double", "empty", "redirect"
]
type FaultRequest = Literal[
    "token",
    "authorize",
    "partner",
    "state",
    "list",
    "vehicle_data",
    "wake_up",
    "command",
    "signed_command",
    "region",
    "fleet_status",
    "proxy",
    "proxy_command",
    "proxy_health",
    "api",
    "any",
]

HTML = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>Welcome</body></html>"

_AFTER_PROCESSING: frozenset[FaultKind] = frozenset({"reset_after", "half", "delay", "double"})


@dataclass(eq=False, slots=True)
class Fault:
    """One way to misbehave. The first fault in the list that fits a request, and has times left, is played.

    request: which kind of request; "api" is any but those to the sign-in host and to the proxy, "proxy" what the proxy only
    hands on, "any" is all of them. vin, asks: only this car's,
    only a vehicle_data that asks for this block. start, end: only from then until then (epoch seconds). skip: let so many
    fitting requests pass first. times: how often, None for ever.

    kind:
      status        answer `status` with `body` (text is sent as text/html, all else as JSON) and `headers`
      json          the same, 200 unless `status` says otherwise; body may be None (null), a list, a number
      garbage       200 and a page of HTML
      empty         200 and no body
      redirect      307 to `url`
      reset_before  the connection breaks before the request is worked on: no rotation, no bill
      reset_after   the request is worked on (token rotated, command done, bill written), then the connection breaks
      half          the same, after half of the body
      delay         worked on, but the answer waits for release(), for `seconds` of real time, or for the client to leave
      double        worked on and billed twice; the second answer is sent

    processed: says otherwise than the kind whether the request is worked on (a 503 after the token was rotated:
    kind="status", status=503, processed=True). fired counts the times it was played, waiting the answers held back.
    """

    request: FaultRequest
    kind: FaultKind
    times: int | None = 1
    vin: str | None = None
    asks: str | None = None
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    seconds: float | None = None
    processed: bool | None = None
    skip: int = 0
    start: float | None = None
    end: float | None = None
    fired: int = 0
    waiting: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _reached: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def works(self) -> bool:
        """Whether the request is worked on although the fault spoils its answer."""
        return self.kind in _AFTER_PROCESSING if self.processed is None else self.processed

    def release(self) -> None:
        """Let the answers that this fault holds back go, and hold no more back."""
        self._released.set()

    async def reached(self) -> None:
        """Wait until the fault has been played (a delay: until its request has been worked on)."""
        await self._reached.wait()

    async def let_go(self) -> None:
        """Wait until an answer that was held back has gone, or its client has."""
        await self._gone.wait()

    async def hold(self) -> None:
        """Keep an answer until release() or, if given, for so many real seconds."""
        self.waiting += 1
        self._reached.set()
        try:
            async with asyncio.timeout(self.seconds):
                await self._released.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1
            self._gone.set()

    def played(self) -> None:
        """Count once."""
        self.fired += 1
        if self.kind != "delay":
            self._reached.set()

    def fits(self, call: Call) -> bool:
        """Return whether this fault is meant for the request and still has times left."""
        return (
            (self.times is None or self.fired < self.times)
            and (
                self.request in {"any", call.kind}
                or (self.request == "api" and call.role not in {"auth", "proxy"})
            )
            and (self.vin is None or self.vin == call.tag)
            and (self.asks is None or self.asks in call.query.get("endpoints", ""))
            and (self.start is None or self.start <= call.time)
            and (self.end is None or call.time < self.end)
        )

    def answer(self) -> Answer:
        """Return what is sent in place of the true answer, for the kinds that send something."""
        match self.kind:
            case "garbage":
                return Answer(200, HTML, self.headers, "text/html")
            case "empty":
                return Answer(200, "", self.headers)
            case "redirect":
                return Answer(307, "", {**self.headers, "Location": self.url})
            case _:
                text = isinstance(self.body, str)
                return Answer(
                    self.status, self.body, self.headers, "text/html" if text else "application/json"
                )


class Faults:
    """The faults that are in force, in order."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force and return it."""
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults and let go of every answer that is held back."""
        for fault in self.active:
            fault.release()
        self.active.clear()

    def pick(self, call: Call) -> Fault | None:
        """Return the fault to play for this request, and count it."""
        for fault in self.active:
            if not fault.fits(call):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.played()
            return fault
        return None
