"""The steps with which an owner registers a developer app and pairs its key: the part of the dialog after a 412.

Registering is a request for a token and one to register; neither is billed as far as Tesla says. Looking whether the key
can be reached goes to the owner's own domain.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_CLIENT_SECRET, CONF_DOMAIN
from homeassistant.core import HomeAssistant
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

from .fleet.client import region_of
from .fleet.errors import FleetError
from .fleet.partner import (
    RegistrationRefusedError,
    SecretRefusedError,
    async_partner_token,
    async_register,
    key_url,
    pairing_url,
)
from .fleet.transport import Obstacle, PublicFileError, Transport
from .fleet.words import shown_words
from .flow_progress import PatientSteps
from .oauth import developer_url, secret_in
from .own_domain import external_domain, tidy_domain
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
_OK: Final = 200
_STILL: Final = "still_not_registered"
_SECRETLESS: Final = "app_without_secret"
# The troubles that belong to a field; all others are told above the form.
_FIELDS: Final = {
    "invalid_domain": CONF_DOMAIN,
    SecretRefusedError.code: CONF_CLIENT_SECRET,
    _SECRETLESS: CONF_CLIENT_SECRET,
}
_OBSTACLES: Final = {
    Obstacle.UNKNOWN_HOST: "key_unknown_host",
    Obstacle.TLS: "key_no_tls",
    Obstacle.NO_ANSWER: "key_not_reachable",
}


@dataclass(slots=True)
class AppAccess:
    """The developer app for which the flow registers.

    client_secret: empty where not known yet. base_url: where the account's API answers. transport: metered, trusts what was
    typed. audience: the base URL by which Tesla knows the account's region, empty where base_url is that and no proxy's.
    """

    client_id: str
    client_secret: str = field(repr=False)
    endpoints: Endpoints
    base_url: str
    transport: Transport
    audience: str = ""

    @property
    def region_url(self) -> str:
        """Return the base URL by which Tesla knows the region."""
        return self.audience or self.base_url


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the app is not registered. code: the key of the message. is_hosting: it is the file that is not right."""

    code: str
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str])
    is_hosting: bool = False


@dataclass(slots=True)
class Draft:
    """What the owner typed so far.

    domain: as typed until it was understood. secret: used here, stored nowhere. is_without_secret: asked for it, the owner
    said that there is none.
    """

    domain: str
    serve_key: bool
    register_anyway: bool = False
    secret: str = field(default="", repr=False)
    is_without_secret: bool = False

    def take(self, user_input: Mapping[str, Any]) -> None:
        """Take what was typed into the form `register`. A secret that was typed before and is not asked for stays."""
        self.domain, self.serve_key = user_input[CONF_DOMAIN], user_input[CONF_SERVE_KEY]
        self.register_anyway = user_input.get(CONF_REGISTER_ANYWAY, False)
        typed = user_input.get(CONF_CLIENT_SECRET)
        self.secret = self.secret if typed is None else secret_in(typed)
        self.is_without_secret = typed is not None and not self.secret


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
            app.transport, app.endpoints.token_url, app.client_id, secret, app.region_url
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


class OnboardingSteps(PatientSteps, metaclass=ABCMeta):
    """The steps `register`, `host_key` and `pair` of a config flow, which sets `app` before it goes there."""

    app: AppAccess | None = None
    _draft: Draft | None = None
    #: The region, by its base URL, in which this dialog has registered the app.
    _registered_in: str | None = None

    @abstractmethod
    async def _async_onboarded(self) -> ConfigFlowResult:
        """Go on after the pairing was shown."""

    async def async_step_register(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the domain and who shows the key there; then look, and register.

        Who comes back here because Tesla knows nothing yet of a registration that it has just taken, is told to wait.
        """
        app, cabinet, trouble = self._known_app(), None, None
        async_setup_public_view(self.hass)
        try:
            cabinet = await async_key_cabinet(self.hass)
        except VirtualKeyError as err:
            trouble = Trouble(str(err.translation_key))
        draft = self._draft or _first_draft(self.hass, cabinet)
        was_registered = self._registered_in == app.region_url
        if user_input is None:
            if was_registered and trouble is None:
                trouble = Trouble(_STILL, {"region": region_of(app.region_url)})
            return self._form_register(app, draft, trouble)
        self._draft = draft
        draft.take(user_input)
        domain = tidy_domain(draft.domain, allow_loopback=bool(app.endpoints.api_url))
        if cabinet is None or domain is None:
            return self._form_register(app, draft, trouble or Trouble("invalid_domain"))
        draft.domain = domain
        if draft.secret or (app.client_secret and not draft.is_without_secret):
            return await self._async_patiently("register", self._async_attempt(app, draft, is_first=True))
        if was_registered and (domain, draft.serve_key) == (cabinet.domain, cabinet.is_served):
            # Nothing to register with, and nothing new to register: by now Tesla may know it.
            return await self._async_patiently("cars", self._async_onboarded())
        return self._form_register(app, draft, Trouble(_SECRETLESS))

    async def async_step_host_key(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the public key to an owner who hosts it himself; then look again, and register.

        Who would rather have Home Assistant show it says so here, and goes on in the step before.
        """
        app, draft = self._known_app(), self._draft
        if draft is None:
            return await self.async_step_register()
        if user_input is None:
            return await self._form_host_key(draft, None)
        draft.register_anyway = user_input.get(CONF_REGISTER_ANYWAY, False)
        draft.serve_key = user_input[CONF_SERVE_KEY]
        domain = tidy_domain(user_input[CONF_DOMAIN], allow_loopback=bool(app.endpoints.api_url))
        if domain is None and draft.serve_key:
            draft.domain = user_input[CONF_DOMAIN]
            return self._form_register(app, draft, Trouble("invalid_domain"))
        if domain is None:
            return await self._form_host_key(draft, Trouble("invalid_domain"))
        is_another, draft.domain = domain != draft.domain, domain
        return await self._async_patiently("register", self._async_attempt(app, draft, is_first=is_another))

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show where the key is put into a car, as a link and as a picture for the phone."""
        if user_input is not None:
            return await self._async_patiently("cars", self._async_onboarded())
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
            was_registered, self._registered_in = self._registered_in == app.region_url, app.region_url
            # Who comes here for the second time has seen how to pair.
            return await (self._async_onboarded() if was_registered else self.async_step_pair())
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
        if not (draft.secret or app.client_secret) or _FIELDS.get(code) == CONF_CLIENT_SECRET:
            marker = vol.Optional if code == _STILL else vol.Required
            fields[marker(CONF_CLIENT_SECRET)] = _PASSWORD
        if trouble and trouble.is_hosting:
            fields[vol.Required(CONF_REGISTER_ANYWAY, default=False)] = BooleanSelector()
        shown = {CONF_DOMAIN: draft.domain, CONF_SERVE_KEY: draft.serve_key}
        return self.async_show_form(
            step_id="register",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), shown),
            errors={_FIELDS.get(code, "base"): code} if trouble else {},
            description_placeholders={
                "developer_url": developer_url(region_of(app.region_url)),
                **(trouble.placeholders if trouble else {}),
            },
        )

    async def _form_host_key(self, draft: Draft, trouble: Trouble | None) -> ConfigFlowResult:
        key = await async_virtual_key(self.hass)
        fields: dict[Any, Any] = {
            vol.Required(CONF_DOMAIN): TextSelector(),
            vol.Required(CONF_SERVE_KEY, default=False): BooleanSelector(),
        }
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


def _first_draft(hass: HomeAssistant, cabinet: KeyCabinet | None) -> Draft:
    if cabinet and cabinet.domain:
        return Draft(cabinet.domain, cabinet.is_served)
    domain, can_serve = external_domain(hass)
    return Draft(domain or "", can_serve)
