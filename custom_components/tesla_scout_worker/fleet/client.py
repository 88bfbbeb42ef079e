"""The Fleet API as this integration uses it: a token in, JSON out, typed errors, each request metered."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote

from .command_answers import check_answer, outcome_of
from .commands import Command
from .errors import BadAnswerError, FleetError, TokenRejectedError, WrongRegionError
from .metering import Category, Errand, Purpose
from .models import (
    FleetStatus,
    Vehicle,
    VehicleData,
    parse_fleet_status,
    parse_vehicle,
    parse_vehicle_data,
    parse_vehicles,
)
from .transport import Transport

# https://developer.tesla.com/docs/fleet-api/getting-started/regions-countries
REGION_URLS: Final[Mapping[str, str]] = {
    "na": "https://fleet-api.prd.na.vn.cloud.tesla.com",
    "eu": "https://fleet-api.prd.eu.vn.cloud.tesla.com",
    "cn": "https://fleet-api.prd.cn.vn.cloud.tesla.cn",
}


def region_of(base_url: str) -> str:
    """Return the region that a base URL serves (na, eu, cn), or the URL itself where it is none of Tesla's."""
    return next((region for region, url in REGION_URLS.items() if url == base_url), base_url)


# location_data puts the position into drive_state; without the word there is no error, and no position. Gear and speed
# come with drive_state, for the same price.
LOCATION_ENDPOINTS: Final = ("drive_state", "location_data")
SCHEDULE_ENDPOINTS: Final = ("charge_schedule_data", "preconditioning_schedule_data")
EVERYTHING_BUT_SCHEDULES: Final = (
    "charge_state",
    "climate_state",
    "closures_state",
    "drive_state",
    "gui_settings",
    "location_data",
    "vehicle_config",
    "vehicle_state",
)

_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 10


class TokenSource(Protocol):
    """Who hands out access tokens. There is one owner of the refresh token, and it is not here."""

    async def async_access_token(self) -> str:
        """Return an access token that should work now."""
        ...

    async def async_token_rejected(self, access_token: str) -> None:
        """Take note that Tesla answered 401 to this token; return when a better one can be had."""
        ...


class FleetClient:
    """One account's Fleet API."""

    def __init__(
        self,
        transport: Transport,
        tokens: TokenSource,
        base_url: str,
        *,
        region_moved: Callable[[str], None] | None = None,
    ) -> None:
        """Initialize.

        base_url: of the account's region. region_moved: called with the new base URL after a 421.
        """
        self._transport = transport
        self._tokens = tokens
        self.base_url = base_url
        self._region_moved = region_moved

    async def vehicles(self, purpose: Purpose) -> list[Vehicle]:
        """Return the account's cars with their cloud state: one request a hundred cars, none of them billed."""
        vehicles: dict[str, Vehicle] = {}
        for page in range(1, _MOST_PAGES + 1):
            payload = await self._get(
                "/api/1/vehicles",
                Errand(Category.STATE, purpose, endpoint="vehicles"),
                {"page": str(page), "per_page": str(_PAGE_SIZE)},
            )
            known = len(vehicles)
            vehicles |= {vehicle.vin: vehicle for vehicle in parse_vehicles(payload)}
            # A page that is not full is the last; one without anything new is the same page again.
            if len(payload) < _PAGE_SIZE or len(vehicles) == known:
                break
        return list(vehicles.values())

    async def vehicle(self, vin: str, purpose: Purpose) -> Vehicle:
        """Return the cloud's view of a car. Answered by the cloud: it does not touch the car and is not billed."""
        return parse_vehicle(
            await self._get(
                f"/api/1/vehicles/{quote(vin, safe='')}", Errand(Category.STATE, purpose, vin, "vehicle")
            )
        )

    async def vehicle_data(self, vin: str, endpoints: tuple[str, ...], purpose: Purpose) -> VehicleData:
        """Read the car itself: one billed request (data), whatever the number of endpoints.

        Raises VehicleUnavailableError where the car sleeps; that costs the same.
        """
        payload = await self._get(
            _path(vin, "vehicle_data"),
            Errand(Category.DATA, purpose, vin, "vehicle_data"),
            {"endpoints": ";".join(endpoints)},
        )
        return parse_vehicle_data(payload, self._transport.clock())

    async def wake_up(self, vin: str, purpose: Purpose) -> Vehicle:
        """Ask a car to wake: one billed request (wakes), ten times as dear as a read.

        The answer mostly still says asleep: whether it woke is told by `vehicle`, which is not billed. A car without a
        connection cannot be woken.
        """
        return parse_vehicle(
            await self._post(_path(vin, "wake_up"), Errand(Category.WAKES, purpose, vin, "wake_up"), {})
        )

    async def fleet_status(self, vin: str, purpose: Purpose) -> FleetStatus:
        """Ask whether a car takes only signed commands, and whether it knows the app's key.

        Answered by the cloud, without touching the car. Tesla publishes no price for it: it is counted with the unbilled
        state, at the price that its owner gave that. What it says of the key may lag behind the car.
        """
        payload = await self._post(
            "/api/1/vehicles/fleet_status",
            Errand(Category.STATE, purpose, vin, "fleet_status"),
            {"vins": [vin]},
        )
        return parse_fleet_status(payload, vin)

    async def command(self, vin: str, command: Command, purpose: Purpose) -> None:
        """Send a command as it is, without a signature: one billed request (commands).

        Raises CommandRefusedError where the car did nothing, SigningRequiredError where it must be signed,
        VehicleUnavailableError where the car sleeps, OutcomeUnknownError where nobody knows. It is never sent twice.
        """
        try:
            response = await self._post(
                _path(vin, f"command/{command.name}"),
                Errand(Category.COMMANDS, purpose, vin, command.name),
                dict(command.params),
            )
        except FleetError as err:
            raise outcome_of(err) from err
        check_answer(command.name, response)

    async def signed_command(self, vin: str, message: str, purpose: Purpose) -> str:
        """Pass a signed message on to a car: one billed request (commands).

        message: base64, and so is the reply; what either says is known to who signed. Raises BadAnswerError where the reply
        is no text.
        """
        reply = await self._post(
            _path(vin, "signed_command"),
            Errand(Category.COMMANDS, purpose, vin, "signed_command"),
            {"routable_message": message},
        )
        if not isinstance(reply, str):
            raise BadAnswerError
        return reply

    async def region_url(self, purpose: Purpose) -> str | None:
        """Return the base URL of the account's region, None where Tesla names none that may be used."""
        payload = await self._get("/api/1/users/region", Errand(Category.STATE, purpose, endpoint="region"))
        url = payload.get("fleet_api_base_url") if isinstance(payload, dict) else None
        return url if isinstance(url, str) and self._transport.is_api(url) else None

    async def _get(self, path: str, errand: Errand, params: Mapping[str, str] | None = None) -> Any:
        return await self._request("GET", path, errand, params=params)

    async def _post(self, path: str, errand: Errand, json_body: Mapping[str, Any]) -> Any:
        return await self._request("POST", path, errand, json_body=json_body)

    async def _request(
        self,
        method: str,
        path: str,
        errand: Errand,
        *,
        params: Mapping[str, str] | None = None,
        json_body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request; on a first 401 with a better token, on a first 421 to the region it names.

        Both answers are billed where the request is, so each is followed once.
        """
        may_renew = may_move = True
        while True:
            token = await self._tokens.async_access_token()
            try:
                return await self._send(method, path, errand, token, params=params, json_body=json_body)
            except TokenRejectedError:
                if not may_renew:
                    raise
                may_renew = False
                await self._tokens.async_token_rejected(token)
            except WrongRegionError as err:
                if not may_move or err.base_url is None or not self._transport.is_api(err.base_url):
                    raise
                may_move = False
                self.base_url = err.base_url
                if self._region_moved:
                    self._region_moved(err.base_url)

    async def _send(
        self,
        method: str,
        path: str,
        errand: Errand,
        token: str,
        *,
        params: Mapping[str, str] | None,
        json_body: Mapping[str, Any] | None,
    ) -> Any:
        answer = await self._transport.send(
            method,
            self.base_url + path,
            errand,
            # Tesla answers 406 to a request, even a GET, that does not name this content type.
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            params=params,
            json_body=json_body,
        )
        self._transport.raise_for_status(answer, errand)
        if not isinstance(answer.body, dict) or "response" not in answer.body:
            raise BadAnswerError(answer.status)
        return answer.body["response"]


def _path(vin: str, rest: str) -> str:
    return f"/api/1/vehicles/{quote(vin, safe='')}/{rest}"
