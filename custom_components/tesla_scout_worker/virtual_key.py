"""The app's key pair: Home Assistant keeps the private half, and shows the public half to Tesla while the owner wishes.

A car that was paired with the key trusts it for good, so it is made once and never replaced by itself. Once it was
registered or shown it stays, without an account too: whoever deletes the integration and adds it again, as people do
when something is wrong, has the key that his cars know. To be rid of it is to delete the file, and the key in the cars.

Without an account Home Assistant does not set the integration up when it starts. Nothing is shown then, until an account
is added or a dialog comes to the registration.
"""

import asyncio
from dataclasses import dataclass, field
import logging
from pathlib import Path
from typing import Any, Final

from aiohttp.web import Request, Response
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .fleet.partner import KEY_PATH

_LOGGER = logging.getLogger(__name__)

_STORAGE_VERSION: Final = 1
_STORAGE_KEY: Final = f"{DOMAIN}.virtual_key"
_PRIVATE_KEY: Final = "private_key"
_IS_SERVED: Final = "is_served"
_DOMAIN: Final = "domain"


class VirtualKeyError(HomeAssistantError):
    """The stored key cannot be read, or a new one cannot be stored; what is on the disk is left alone."""


@dataclass(frozen=True, slots=True)
class VirtualKey:
    """An EC P-256 key pair as PEM. public_point_hex: the uncompressed point, 130 hex digits beginning with 04."""

    private_key_pem: str = field(repr=False)
    public_pem: str
    public_point_hex: str


def make_key() -> VirtualKey:
    """Make a new key pair. To be run in the executor."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _key_of(private_key, pem.decode())


def read_key(private_key_pem: str) -> VirtualKey:
    """Read a stored private key. Raises ValueError where it is none, or not one that Tesla takes."""
    try:
        private_key = load_pem_private_key(private_key_pem.encode(), None)
    except (TypeError, UnsupportedAlgorithm) as err:
        raise ValueError(type(err).__name__) from None
    if not _is_p256(private_key):
        raise ValueError("no P-256 key")
    return _key_of(private_key, private_key_pem)


def point_of(public_pem: str) -> str | None:
    """Return the uncompressed point of a public key in hex, None for what is no P-256 public key."""
    try:
        public_key = load_pem_public_key(public_pem.encode())
    except ValueError, UnsupportedAlgorithm:
        return None
    return _point_hex(public_key) if _is_p256(public_key) else None


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1
    )


def _key_of(private_key: Any, pem: str) -> VirtualKey:
    public_key = private_key.public_key()
    public_pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return VirtualKey(pem, public_pem, _point_hex(public_key))


def _point_hex(public_key: Any) -> str:
    point: bytes = public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point.hex()


class KeyCabinet:
    """The key on the disk, with the domain that it was registered for and whether Home Assistant shows its public half.

    key: None until one was needed.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize; nothing is read yet."""
        self._hass = hass
        self._lock = asyncio.Lock()
        self.key: VirtualKey | None = None
        self.is_served = False
        self.domain: str | None = None

    async def async_load(self) -> None:
        """Read the stored key. Raises VirtualKeyError where there is one that cannot be read: it stays as it is.

        What is no JSON is set aside by Home Assistant, under another name. Without it there would seem to be no key.
        """
        try:
            stored = await self._store().async_load()
            if stored is None:
                await self._hass.async_add_executor_job(_raise_if_set_aside, Path(self._store().path))
            else:
                key = await self._hass.async_add_executor_job(read_key, str(stored[_PRIVATE_KEY]))
                domain = stored.get(_DOMAIN)
        except (HomeAssistantError, AttributeError, KeyError, TypeError, RuntimeError, ValueError) as err:
            _LOGGER.debug("The virtual key cannot be read: %s", type(err).__name__)
            raise VirtualKeyError(translation_domain=DOMAIN, translation_key="virtual_key_damaged") from None
        if stored is None:
            return
        self.key, self.is_served = key, stored.get(_IS_SERVED) is True
        self.domain = domain if isinstance(domain, str) else None

    async def async_key(self) -> VirtualKey:
        """Return the key; the first time it is made. Raises VirtualKeyError where the disk would not take it."""
        async with self._lock:
            if self.key is None:
                key = await self._hass.async_add_executor_job(make_key)
                await self._async_save(key, is_served=self.is_served, domain=self.domain)
            else:
                key = self.key
            return key

    async def async_serve(self, *, is_served: bool) -> None:
        """Show the public half from now on, after a restart too, or show it no more. Raises VirtualKeyError."""
        await self._async_update(is_served=is_served, domain=self.domain)

    async def async_registered(self, domain: str) -> None:
        """Remember the domain with which Tesla knows the key. Raises VirtualKeyError."""
        await self._async_update(is_served=self.is_served, domain=domain)

    async def _async_update(self, *, is_served: bool, domain: str | None) -> None:
        key = await self.async_key()
        async with self._lock:
            if (is_served, domain) != (self.is_served, self.domain):
                await self._async_save(key, is_served=is_served, domain=domain)

    async def async_remove_unused(self) -> None:
        """Delete a key that nobody can have been told of: it is registered with no domain, and it is not shown."""
        async with self._lock:
            if self.domain is None and not self.is_served:
                self.key = None
                await self._store().async_remove()

    async def _async_save(self, key: VirtualKey, *, is_served: bool, domain: str | None) -> None:
        """Write all down, and only then let it be so: what the disk did not take is written at the next try."""
        data = {_PRIVATE_KEY: key.private_key_pem, _IS_SERVED: is_served, _DOMAIN: domain}
        await self._store().async_save(data)
        # A store logs a write that failed and says no more. A key that gets lost after pairing is a second pairing.
        try:
            is_saved = await self._store().async_load() == data
        except HomeAssistantError:
            is_saved = False
        if not is_saved:
            raise VirtualKeyError(translation_domain=DOMAIN, translation_key="virtual_key_not_saved")
        self.key, self.is_served, self.domain = key, is_served, domain

    def _store(self) -> Store[dict[str, Any]]:
        return Store(self._hass, _STORAGE_VERSION, _STORAGE_KEY, private=True, atomic_writes=True)


def _raise_if_set_aside(path: Path) -> None:
    if any(path.parent.glob(f"{path.name}.corrupt.*")):
        raise ValueError("set aside")


class PublicKeyView(HomeAssistantView):
    """Shows the public key to everybody, as Tesla wants it; to nobody unless the owner wishes."""

    url = KEY_PATH
    name = f"{DOMAIN}:public_key"
    requires_auth = False

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize."""
        self._hass = hass

    async def get(self, request: Request) -> Response:
        """Return the public key as PEM, 404 where Home Assistant is not to show it."""
        cabinet = self._hass.data.get(_CABINET)
        if cabinet is None or cabinet.key is None or not cabinet.is_served:
            return Response(status=404)
        return Response(text=cabinet.key.public_pem, content_type="text/plain")


_CABINET: HassKey[KeyCabinet] = HassKey(f"{DOMAIN}.virtual_key")
_VIEW: HassKey[bool] = HassKey(f"{DOMAIN}.public_key_view")


async def async_key_cabinet(hass: HomeAssistant) -> KeyCabinet:
    """Return the one cabinet, read from the disk. Raises VirtualKeyError, each time, until the file can be read."""
    if (cabinet := hass.data.get(_CABINET)) is None:
        cabinet = KeyCabinet(hass)
        await cabinet.async_load()
        # Two may have read at once: the first one stays.
        cabinet = hass.data.setdefault(_CABINET, cabinet)
    return cabinet


async def async_virtual_key(hass: HomeAssistant) -> VirtualKey:
    """Return the app's key pair; the first time it is made. Raises VirtualKeyError."""
    return await (await async_key_cabinet(hass)).async_key()


@callback
def async_setup_public_view(hass: HomeAssistant) -> None:
    """Let the web server answer for the public key. A dialog may come before the integration's own set-up."""
    if not hass.data.get(_VIEW):
        hass.data[_VIEW] = True
        hass.http.register_view(PublicKeyView(hass))


async def async_setup_virtual_key(hass: HomeAssistant) -> None:
    """Show the public key again after a restart, if the owner wished so and has an account.

    A damaged file is logged and left alone.
    """
    async_setup_public_view(hass)
    try:
        await async_key_cabinet(hass)
    except VirtualKeyError:
        _LOGGER.warning("The public key is not shown until the file %s can be read", _STORAGE_KEY)


async def async_forget_virtual_key(hass: HomeAssistant) -> None:
    """Delete the key if nothing can depend on it. One that cannot be read, or that a dialog is about to use, stays."""
    if hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        return
    try:
        cabinet = await async_key_cabinet(hass)
    except VirtualKeyError:
        return
    await cabinet.async_remove_unused()
