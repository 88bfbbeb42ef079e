"""The Fleet API's endpoints, behind the gate: what each one needs, what it costs and what it answers."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
import zlib

from .account import AccessToken, Account
from .bill import Category
from .car import Car
from .commands import obey, run
from .orders import Order
from .payloads import LOCATION, vehicle, vehicle_data
from .wire import Answer, Call, Kind, failure, success

UNAVAILABLE = "vehicle unavailable: vehicle is offline or asleep"
UNSIGNED_CAR = "vehicle does not support signed commands"
MISSING_SCOPES = "Unauthorized missing scopes"

DEVICE_DATA = frozenset({"vehicle_device_data"})
WAKE = frozenset({"vehicle_device_data", "vehicle_cmds"})
COMMAND = frozenset({"vehicle_cmds", "vehicle_charging_cmds"})
PRODUCTS = frozenset({"vehicle_device_data", "energy_device_data"})
USER = frozenset({"user_data"})
NONE: frozenset[str] = frozenset()

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Knobs:
    """What the endpoints need to know of the simulator. api_urls: region to base URL."""

    api_urls: dict[str, str]
    forbid_missing_location: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A call that has passed the gate. car: the one in the path, where the path has one."""

    call: Call
    token: AccessToken
    car: Car | None
    knobs: Knobs

    @property
    def account(self) -> Account:
        """Whose token it is."""
        return self.token.account

    @property
    def the_car(self) -> Car:
        """The car in the path; RuntimeError for a path without one, which the gate does not let happen."""
        if self.car is None:
            msg = "no car in this path"
            raise RuntimeError(msg)
        return self.car


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the API. scopes: any one of them is enough, none means that any token is."""

    method: str
    path: str
    kind: Kind
    category: Category
    scopes: frozenset[str]
    answer: Callable[[Request], Answer]


def _user_id(account: Account) -> int:
    return zlib.crc32(account.sub.encode())


def _list(request: Request) -> Answer:
    query = request.call.query
    try:
        page, size = int(query.get("page", 1)), int(query.get("per_page", PAGE_SIZE))
    except ValueError:
        return failure(400, "invalid_request", "page and per_page must be numbers")
    if page < 1 or size < 1:
        return failure(400, "invalid_request", "page and per_page start at 1")
    cars = list(request.account.cars.values())
    shown = cars[(page - 1) * size : page * size]
    pagination = {
        "previous": page - 1 if page > 1 else None,
        "next": page + 1 if page * size < len(cars) else None,
        "current": page,
        "per_page": size,
        "count": len(cars),
        "pages": -(-len(cars) // size),
    }
    items = [vehicle(car, _user_id(request.account), request.call.time) for car in shown]
    return success(items, pagination=pagination, count=len(items))


def _products(request: Request) -> Answer:
    items: list[dict[str, Any]] = []
    if DEVICE_DATA & request.token.scopes:
        items += [
            vehicle(car, _user_id(request.account), request.call.time)
            for car in request.account.cars.values()
        ]
    if "energy_device_data" in request.token.scopes:
        items += request.account.energy_sites
    return success(items, count=len(items))


def _state(request: Request) -> Answer:
    return success(vehicle(request.the_car, _user_id(request.account), request.call.time))


def _data(request: Request) -> Answer:
    car, now = request.the_car, request.call.time
    asked = {block for block in request.call.query.get("endpoints", "").split(";") if block}
    location = "vehicle_location" in request.token.scopes
    if asked & LOCATION and not location and request.knobs.forbid_missing_location:
        return failure(403, MISSING_SCOPES)
    if not car.reachable(now):
        return failure(408, UNAVAILABLE)
    car.note_read(now)
    return success(vehicle_data(car, _user_id(request.account), asked, now, location=location))


def _wake(request: Request) -> Answer:
    request.the_car.wake(request.call.time)
    return _state(request)


def _command(request: Request) -> Answer:
    body = request.call.json_object()
    if body is None:
        return failure(400, "invalid_request", "the body must be a JSON object")
    if not request.the_car.reachable(request.call.time):
        return failure(408, UNAVAILABLE)
    return run(request.the_car, request.call.command or "", body, request.call.time)


def _signed_command(request: Request) -> Answer:
    """Hand a signed message to the car: its reply is base64 too, and an HTTP 200 says nothing of how it went."""
    # Tesla's protocol definitions are a test requirement; without a signed command the simulator runs without them.
    from .protocol import SignedCar  # noqa: PLC0415 - see above

    car, now = request.the_car, request.call.time
    body = request.call.json_object()
    text = None if body is None else body.get("routable_message")
    if not isinstance(text, str):
        return failure(400, "invalid_request", "routable_message must be base64 text")
    if not car.keyring.speaks_protocol:
        return failure(422, UNSIGNED_CAR)
    if not car.reachable(now):
        return failure(408, UNAVAILABLE)

    def carry_out(order: Order) -> str:
        return obey(car, order, now)

    try:
        reply = SignedCar(car.vin, car.keyring, carry_out, now).answer(base64.b64decode(text, validate=True))
    except binascii.Error, ValueError:
        return failure(400, "invalid_request", "routable_message must be base64 text of a RoutableMessage")
    return success(None if reply is None else base64.b64encode(reply).decode())


def _fleet_status(request: Request) -> Answer:
    body = request.call.json_object()
    vins = None if body is None else body.get("vins")
    if not isinstance(vins, list):
        return failure(400, "invalid_request", "vins must be a list")
    cars = [car for vin in vins if (car := request.account.cars.get(vin)) is not None]
    info = {
        car.vin: {
            "firmware_version": car.firmware,
            "vehicle_command_protocol_required": car.command_protocol_required,
            "discounted_device_data": False,
            "fleet_telemetry_version": "1.0.0",
            "total_number_of_keys": 2 + car.key_paired,
        }
        for car in cars
    }
    return success(
        {
            "key_paired_vins": [car.vin for car in cars if car.key_paired],
            "unpaired_vins": [car.vin for car in cars if not car.key_paired],
            "vehicle_info": info,
        }
    )


def _region(request: Request) -> Answer:
    region = request.account.region
    return success({"region": region, "fleet_api_base_url": request.knobs.api_urls[region]})


def _me(request: Request) -> Answer:
    account = request.account
    return success(
        {
            "email": account.name,
            "full_name": account.full_name,
            "profile_image_url": None,
            "vault_uuid": account.sub,
        }
    )


ENDPOINTS = (
    Endpoint("GET", "/api/1/users/region", "region", "state", NONE, _region),
    Endpoint("GET", "/api/1/users/me", "other", "state", USER, _me),
    Endpoint("GET", "/api/1/products", "list", "state", PRODUCTS, _products),
    Endpoint("GET", "/api/1/vehicles", "list", "state", DEVICE_DATA, _list),
    Endpoint("POST", "/api/1/vehicles/fleet_status", "fleet_status", "state", DEVICE_DATA, _fleet_status),
    Endpoint("GET", "/api/1/vehicles/{tag}", "state", "state", DEVICE_DATA, _state),
    Endpoint("GET", "/api/1/vehicles/{tag}/vehicle_data", "vehicle_data", "data", DEVICE_DATA, _data),
    Endpoint("POST", "/api/1/vehicles/{tag}/wake_up", "wake_up", "wakes", WAKE, _wake),
    Endpoint(
        "POST",
        "/api/1/vehicles/{tag}/signed_command",
        "signed_command",
        "commands",
        COMMAND,
        _signed_command,
    ),
    Endpoint("POST", "/api/1/vehicles/{tag}/command/{command}", "command", "commands", COMMAND, _command),
)
