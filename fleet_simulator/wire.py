"""What goes over the wire, without the web server: a call comes in, an answer goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from typing import Any, Literal, cast

type Role = Literal["auth", "na", "eu", "cn", "proxy"]
type Kind = Literal[
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
    "other",
]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read to its end. `tag` is the car's place in the path: a VIN or an id; `command` the last part."""

    time: float
    role: Role
    kind: Kind
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    tag: str | None = None
    command: str | None = None

    @property
    def content_type(self) -> str:
        """The media type without its parameters, lower case, "" when there is none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> str:
        """The bearer token, "" when there is none."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    def json_object(self) -> dict[str, Any] | None:
        """Return the body as a JSON object; {} when it is empty, None when it is anything else."""
        if not self.body:
            return {}
        try:
            data = json.loads(self.body)
        except ValueError:
            return None
        return cast("dict[str, Any]", data) if isinstance(data, dict) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a status and a body that is sent as JSON, or as it is when it is text."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"

    @property
    def payload(self) -> bytes:
        """The body's bytes."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


def failure(
    status: int, error: str, description: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error in the shape of the Fleet API's conventions: response null, error, error_description."""
    body = {"response": None, "error": error, "error_description": description}
    return Answer(status, body, headers or {})


def success(response: Any, **beside: Any) -> Answer:
    """Return a 200 with this `response`, and what stands beside it (a list's pagination)."""
    return Answer(200, {"response": response, **beside})
