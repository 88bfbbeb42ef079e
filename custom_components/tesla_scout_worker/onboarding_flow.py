"""The steps with which an owner registers a developer app and pairs its key: the part of the dialog after a 412.

Registering is a request for a token and one to register; neither is billed as far as Tesla says. Looking whether the key
can be reached goes to the owner's own domain.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_CLIENT_SECRET, CONF_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import (
    BooleanSelector,
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol
from yarl import URL

from .fleet.errors import FleetError
from .fleet.partner import (
    RegistrationRefusedError,
    SecretRefusedError,
    async_partner_token,
    async_register,
    key_url,
    pairing_url,
    shown_words,
)
from .fleet.transport import Obstacle, PublicFileError, Transport, is_loopback
from .oauth import DEVELOPER_URL
from .settings import Endpoints
from .virtual_key import (
    KeyCabinet,
    VirtualKey,
    VirtualKeyError,
    async_key_cabinet,
    async_setup_public_view,
    async_virtual_key,
    point_of,
)

_LOGGER = logging.getLogger(__name__)

CONF_SERVE_KEY: Final = "serve_key"
CONF_REGISTER_ANYWAY: Final = "register_anyway"
CONF_QR_CODE: Final = "qr_code"

_PASSWORD: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_HTTPS_PORT: Final = 443
_OK: Final = 200
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?![0-9]){_LABEL}", re.ASCII)
# Names that mean something at home and nothing to Tesla.
_HOME_NAMES: Final = (".local", ".lan", ".internal", ".localhost", ".home.arpa")
_OBSTACLES: Final = {
    Obstacle.UNKNOWN_HOST: "key_unknown_host",
    Obstacle.TLS: "key_no_tls",
    Obstacle.NO_ANSWER: "key_not_reachable",
}


@dataclass(slots=True)
class AppAccess:
    """The developer app for which the flow registers.

    client_secret: empty where not known yet. base_url: of the account's region. transport: metered, trusts what was typed.
    """

    client_id: str
    client_secret: str = field(repr=False)
    endpoints: Endpoints
    base_url: str
    transport: Transport


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the app is not registered. code: the key of the message. is_hosting: it is the file that is not right."""

    code: str
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str])
    is_hosting: bool = False


@dataclass(slots=True)
class Draft:
    """What the owner typed so far. domain: as typed until it was understood. secret: used here, stored nowhere."""

    domain: str
    serve_key: bool
    register_anyway: bool = False
    secret: str = field(default="", repr=False)


def tidy_domain(text: str, *, allow_loopback: bool = False) -> str | None:
    """Return the host of what was typed or pasted, as Tesla wants it; None for what has no public name.

    allow_loopback: take this very machine too, with its port.
    """
    typed = text.strip()
    try:
        url = URL(typed if "://" in typed else f"//{typed}")
        host, port = (url.raw_host or "").rstrip(".").lower(), url.explicit_port
    except ValueError:
        return None
    if url.scheme not in {"", "http", "https"} or url.user is not None:
        return None
    if is_loopback(host):
        # An IPv6 address cannot stand before a port as it is.
        return None if not allow_loopback or ":" in host else f"{host}:{port}" if port else host
    return host if _DOMAIN.fullmatch(host) and not host.endswith(_HOME_NAMES) else None


def external_domain(hass: HomeAssistant) -> tuple[str | None, bool]:
    """Return the domain under which the world knows Home Assistant, and whether Tesla would find it there (https, 443)."""
    try:
        url = URL(get_url(hass, allow_internal=False, allow_ip=False, prefer_external=True))
    except NoURLAvailableError, ValueError:
        return None, False
    domain = tidy_domain(str(url))
    return domain, domain is not None and url.scheme == "https" and url.port == _HTTPS_PORT


async def async_look_at_hosting(transport: Transport, domain: str, key: VirtualKey) -> Trouble | None:
    """Look whether the domain shows our public key to the world. One request, to the owner's domain, never billed."""
    url = key_url(domain)
    place = {"key_url": url}
    try:
        answer = await transport.fetch_public(url)
    except PublicFileError as err:
        return Trouble(_OBSTACLES[err.obstacle], place, is_hosting=True)
    if answer.status != _OK:
        return Trouble("key_not_served", {**place, "status": str(answer.status)}, is_hosting=True)
    if not isinstance(answer.body, str) or point_of(answer.body) != key.public_point_hex:
        return Trouble("key_differs", place, is_hosting=True)
    return None


async def async_register_app(app: AppAccess, secret: str, domain: str, key: VirtualKey) -> Trouble | None:
    """Register the app in the account's region: two requests, none billed as far as Tesla says."""
    try:
        token = await async_partner_token(
            app.transport, app.endpoints.token_url, app.client_id, secret, app.base_url
        )
        found = await async_register(app.transport, app.base_url, token, domain)
    except SecretRefusedError as err:
        return Trouble(err.code)
    except RegistrationRefusedError as err:
        return Trouble(err.code, {"status": str(err.status), "answer": shown_words(err.answer, secret)})
    except FleetError as err:
        _LOGGER.debug("The registration was not answered: %s", err)
        return Trouble("registration_later")
    if found and found != key.public_point_hex:
        return Trouble("key_differs", {"key_url": key_url(domain)}, is_hosting=True)
    return None


class OnboardingSteps(ConfigFlow, metaclass=ABCMeta):
    """The steps `register`, `host_key` and `pair` of a config flow, which sets `app` before it goes there."""

    app: AppAccess | None = None
    _draft: Draft | None = None

    @abstractmethod
    async def _async_onboarded(self) -> ConfigFlowResult:
        """Go on after the pairing was shown."""

    async def async_step_register(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the domain and who shows the key there; then look, and register."""
        app = self._known_app()
        async_setup_public_view(self.hass)
        try:
            cabinet = await async_key_cabinet(self.hass)
        except VirtualKeyError as err:
            draft = self._draft or Draft("", serve_key=False)
            return self._form_register(app, draft, Trouble(str(err.translation_key)))
        draft = self._draft = self._draft or _first_draft(self.hass, cabinet)
        if user_input is None:
            return self._form_register(app, draft, None)
        draft.serve_key = user_input[CONF_SERVE_KEY]
        draft.register_anyway = user_input.get(CONF_REGISTER_ANYWAY, False)
        draft.secret = user_input.get(CONF_CLIENT_SECRET, "").strip() or draft.secret
        draft.domain = user_input[CONF_DOMAIN]
        domain = tidy_domain(draft.domain, allow_loopback=bool(app.endpoints.api_url))
        if domain is None:
            return self._form_register(app, draft, Trouble("invalid_domain"))
        draft.domain = domain
        return await self._async_attempt(app, draft, is_first=True)

    async def async_step_host_key(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the public key to an owner who hosts it himself; then look again, and register."""
        app, draft = self._known_app(), self._draft
        if draft is None:
            return await self.async_step_register()
        if user_input is None:
            return await self._form_host_key(draft, None)
        draft.register_anyway = user_input.get(CONF_REGISTER_ANYWAY, False)
        domain = tidy_domain(user_input[CONF_DOMAIN], allow_loopback=bool(app.endpoints.api_url))
        if domain is None:
            return await self._form_host_key(draft, Trouble("invalid_domain"))
        is_another, draft.domain = domain != draft.domain, domain
        return await self._async_attempt(app, draft, is_first=is_another)

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show where the key is put into a car, as a link and as a picture for the phone."""
        if user_input is not None:
            return await self._async_onboarded()
        try:
            domain = (await async_key_cabinet(self.hass)).domain
        except VirtualKeyError:
            domain = None
        if domain is None:
            return await self.async_step_register()
        url = pairing_url(domain)
        picture = QrCodeSelector(
            QrCodeSelectorConfig(data=url, scale=6, error_correction_level=QrErrorCorrectionLevel.QUARTILE)
        )
        return self.async_show_form(
            step_id="pair",
            data_schema=vol.Schema({vol.Optional(CONF_QR_CODE): picture}),
            description_placeholders={"pairing_url": url},
        )

    async def _async_attempt(self, app: AppAccess, draft: Draft, *, is_first: bool) -> ConfigFlowResult:
        trouble = await self._async_trouble(app, draft)
        if trouble is None:
            draft.secret = ""
            return await self.async_step_pair()
        if trouble.is_hosting and not draft.serve_key:
            # Who hosts the file himself has not seen the key before: the first time this is no error.
            return await self._form_host_key(draft, None if is_first else trouble)
        return self._form_register(app, draft, trouble)

    async def _async_trouble(self, app: AppAccess, draft: Draft) -> Trouble | None:
        try:
            cabinet = await async_key_cabinet(self.hass)
            key = await cabinet.async_key()
            await cabinet.async_serve(is_served=draft.serve_key)
            if not draft.register_anyway and (
                trouble := await async_look_at_hosting(app.transport, draft.domain, key)
            ):
                return trouble
            secret = draft.secret or app.client_secret
            if trouble := await async_register_app(app, secret, draft.domain, key):
                return trouble
            await cabinet.async_registered(draft.domain)
        except VirtualKeyError as err:
            return Trouble(str(err.translation_key))
        return None

    def _known_app(self) -> AppAccess:
        assert self.app  # noqa: S101 - for the type checker: the flow sets it before it comes here
        return self.app

    def _form_register(self, app: AppAccess, draft: Draft, trouble: Trouble | None) -> ConfigFlowResult:
        code = trouble.code if trouble else ""
        fields: dict[Any, Any] = {
            vol.Required(CONF_DOMAIN): TextSelector(),
            vol.Required(CONF_SERVE_KEY): BooleanSelector(),
        }
        if code == SecretRefusedError.code:
            draft.secret = ""
        if not (draft.secret or app.client_secret) or code == SecretRefusedError.code:
            fields[vol.Required(CONF_CLIENT_SECRET)] = _PASSWORD
        if trouble and trouble.is_hosting:
            fields[vol.Required(CONF_REGISTER_ANYWAY, default=False)] = BooleanSelector()
        shown = {CONF_DOMAIN: draft.domain, CONF_SERVE_KEY: draft.serve_key}
        return self.async_show_form(
            step_id="register",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), shown),
            errors={_FIELDS.get(code, "base"): code} if trouble else {},
            description_placeholders={
                "developer_url": DEVELOPER_URL,
                **(trouble.placeholders if trouble else {}),
            },
        )

    async def _form_host_key(self, draft: Draft, trouble: Trouble | None) -> ConfigFlowResult:
        key = await async_virtual_key(self.hass)
        fields: dict[Any, Any] = {vol.Required(CONF_DOMAIN): TextSelector()}
        if trouble and trouble.is_hosting:
            fields[vol.Required(CONF_REGISTER_ANYWAY, default=False)] = BooleanSelector()
        shown = {CONF_DOMAIN: draft.domain}
        return self.async_show_form(
            step_id="host_key",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), shown),
            errors={_FIELDS.get(trouble.code, "base"): trouble.code} if trouble else {},
            description_placeholders={
                "key_url": key_url(draft.domain),
                "public_pem": key.public_pem.strip(),
                **(trouble.placeholders if trouble else {}),
            },
        )


_FIELDS: Final = {"invalid_domain": CONF_DOMAIN, SecretRefusedError.code: CONF_CLIENT_SECRET}


def _first_draft(hass: HomeAssistant, cabinet: KeyCabinet) -> Draft:
    domain, can_serve = external_domain(hass)
    if cabinet.domain:
        return Draft(cabinet.domain, cabinet.is_served)
    return Draft(domain or "", can_serve)
