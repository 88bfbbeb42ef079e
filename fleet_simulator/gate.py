"""What stands before every endpoint of the API, in this order.

406, 401, the spent limit, 421, 412 (the app is not registered in the region), scopes, 404, 429.
"""

from collections.abc import Callable
from dataclasses import replace

from .account import AccessToken
from .auth import Auth
from .bill import Bill, BillEntry, Category
from .car import Car
from .limits import RateLimits
from .partner import Partner
from .vehicles import MISSING_SCOPES, WAKE, Endpoint, Knobs, Request
from .wire import Answer, Call, failure

REGIONS_PAGE = "https://developer.tesla.com/docs/fleet-api/getting-started/regions-countries"


class Gate:
    """Lets calls through to their endpoint, and writes the bill.

    strict_content_type: demand application/json of requests without a body too, as Tesla's conventions page reads. Off,
    a GET may leave the header out, as the clients do that are known to work; a wrong one is always 406.
    wake_scopes: any one of these lets a token wake a car; Tesla's pages disagree (device data or commands).
    forbid_missing_location: vehicle_data with location_data but without the scope is 403; else drive_state is missing.
    Both have been seen.
    """

    def __init__(
        self,
        auth: Auth,
        partner: Partner,
        bill: Bill,
        limits: RateLimits,
        urls: Callable[[], dict[str, str]],
    ) -> None:
        self.strict_content_type = False
        self.wake_scopes: frozenset[str] = WAKE
        self.forbid_missing_location = False
        self._auth = auth
        self._partner = partner
        self._bill = bill
        self._limits = limits
        self._urls = urls

    def answer(self, endpoint: Endpoint, call: Call) -> Answer:
        """Work on a call to the API and return the answer; the bill is not written yet."""
        token = self._admitted(call)
        if isinstance(token, Answer):
            return token
        scopes = self.wake_scopes if endpoint.kind == "wake_up" else endpoint.scopes
        if scopes and not scopes & token.scopes:
            return failure(403, MISSING_SCOPES)
        car = self._car(token, call)
        if call.tag is not None and car is None:
            return failure(404, "not_found")
        headers: dict[str, str] = {}
        if car is not None:
            refused, headers = self._limits.take(token.account.name, car.vin, endpoint.category, call.time)
            if refused is not None:
                return refused
        answer = endpoint.answer(Request(call, token, car, Knobs(self._urls(), self.forbid_missing_location)))
        return replace(answer, headers={**headers, **answer.headers})

    def charge(self, call: Call, category: Category, status: int) -> None:
        """Write a call on the bill, with the status that Tesla believes to have sent."""
        token = self._token(call)
        account = "" if token is None else token.account.name
        car = None if token is None else self._car(token, call)
        vin = call.tag if car is None else car.vin
        entry = BillEntry(
            call.time, category, vin, call.method, call.path, status, billed=False, account=account
        )
        self._bill.add(entry, suspended=self._bill.suspended(call.time))

    def _admitted(self, call: Call) -> AccessToken | Answer:
        """Return the living token of a call to the right region, or the refusal."""
        json_wanted = self.strict_content_type or call.method != "GET" or "Content-Type" in call.headers
        if json_wanted and call.content_type != "application/json":
            return failure(406, "not_acceptable", "Content-Type must be application/json")
        token = self._token(call)
        if token is None or token.revoked or call.time >= token.expires:
            return failure(401, "invalid bearer token" if token is None else "token expired (401)")
        if self._bill.suspended(call.time):
            return failure(403, "account disabled: EXCEEDED_LIMIT")
        region = token.account.region
        if region != call.role:
            url = self._urls()[region]
            return failure(421, f"user out of region, use base URL: {url}, see {REGIONS_PAGE}")
        # A user's own region and name are told to an app that is not registered there yet.
        if region not in self._partner.registered and not call.path.startswith("/api/1/users/"):
            return self._partner.unregistered(region)
        return token

    @staticmethod
    def _car(token: AccessToken, call: Call) -> Car | None:
        return None if call.tag is None else token.account.find_car(call.tag)

    def _token(self, call: Call) -> AccessToken | None:
        return self._auth.access(call.bearer)
