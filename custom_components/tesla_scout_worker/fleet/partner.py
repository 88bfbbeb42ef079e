"""Registering a developer app in a region: a token for the app itself, and the domain that holds its public key.

https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints
https://developer.tesla.com/docs/fleet-api/authentication/partner-tokens
"""

from typing import Final

from .auth import Claims, Verdict, is_token, verdict
from .errors import BadAnswerError, FleetError
from .metering import Category, Errand, Purpose
from .transport import Answer, Transport, is_fleet_api, is_loopback
from .words import shown_words

KEY_PATH: Final = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
PARTNER_SCOPES: Final = "openid vehicle_device_data vehicle_location vehicle_cmds vehicle_charging_cmds"
_PAIRING_URL: Final = "https://tesla.com/_ak/"

# Tesla does not bill its token endpoint; for the registration it publishes no price.
_TOKEN_ERRAND: Final = Errand(Category.AUTH, Purpose.SETUP, endpoint="partner_token")
_REGISTER_ERRAND: Final = Errand(Category.STATE, Purpose.SETUP, endpoint="partner_accounts")


class SecretRefusedError(FleetError):
    """The token endpoint does not take this client id with this client secret."""

    code = "secret_refused"


class RegistrationRefusedError(FleetError):
    """Tesla will not register the app. answer: Tesla's own words, fit to be shown to the owner."""

    code = "registration_refused"

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(status)
        self.answer = answer


def key_url(domain: str) -> str:
    """Return where Tesla looks for the public key of a domain. This very machine, for a simulator, speaks no TLS."""
    scheme = "http" if is_loopback(domain.partition(":")[0]) else "https"
    return f"{scheme}://{domain}{KEY_PATH}"


def pairing_url(domain: str) -> str:
    """Return the address that, opened on the owner's phone, puts the domain's key into a car."""
    return f"{_PAIRING_URL}{domain}"


def audience_of(claims: Claims, base_url: str) -> str:
    """Return the base URL by which Tesla knows an account's region. claims: of a token of the owner's.

    base_url may be a proxy's, which is none that an app's token can be made for. What the owner's token names counts then;
    where that names nothing, base_url after all.
    """
    base_url = base_url.rstrip("/")
    # A server that stands in for Tesla names its own hosts there.
    is_known = is_fleet_api(base_url) or base_url in {url.rstrip("/") for url in claims.audience}
    return base_url if is_known else claims.base_url or base_url


async def async_partner_token(
    transport: Transport, token_url: str, client_id: str, client_secret: str, audience: str
) -> str:
    """Return an access token that speaks for the app, not for an owner. Not billed.

    audience: base URL of the region. Raises SecretRefusedError, RegistrationRefusedError, or a FleetError that
    another try can mend.
    """
    answer = await transport.send(
        "POST",
        token_url,
        _TOKEN_ERRAND,
        headers={"Accept": "application/json"},
        form={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": PARTNER_SCOPES,
            "audience": audience,
        },
    )
    if verdict(answer.status, answer.body) is Verdict.CLIENT_REFUSED:
        raise SecretRefusedError(answer.status)
    _raise_for_status(transport, answer, _TOKEN_ERRAND, client_secret)
    token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if not is_token(token):
        raise BadAnswerError(answer.status)
    return token


async def async_register(transport: Transport, base_url: str, partner_token: str, domain: str) -> str | None:
    """Register the app with the domain that holds its public key. No price is published; doing it twice is harmless.

    Tesla fetches the key while this runs, and the key that it found comes back: the uncompressed point in hex, None
    where the answer names none. Raises RegistrationRefusedError, or a FleetError that another try can mend.
    """
    answer = await transport.send(
        "POST",
        f"{base_url}/api/1/partner_accounts",
        _REGISTER_ERRAND,
        headers={"Authorization": f"Bearer {partner_token}", "Accept": "application/json"},
        json_body={"domain": domain},
    )
    _raise_for_status(transport, answer, _REGISTER_ERRAND, partner_token)
    response = answer.body.get("response") if isinstance(answer.body, dict) else None
    if not isinstance(response, dict):
        raise BadAnswerError(answer.status)
    public_key = response.get("public_key")
    return public_key.lower() if isinstance(public_key, str) and public_key else None


def _raise_for_status(transport: Transport, answer: Answer, errand: Errand, secret: str) -> None:
    try:
        transport.raise_for_status(answer, errand)
    except FleetError as err:
        if err.is_transient:
            raise
        raise RegistrationRefusedError(answer.status, shown_words(answer.body, secret)) from None
