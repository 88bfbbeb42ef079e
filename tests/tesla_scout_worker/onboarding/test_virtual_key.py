"""The key pair: made once, kept over restarts, never replaced in silence, and its private half told to nobody."""

import asyncio
import json
import logging
from pathlib import Path
import stat
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
from onboarding_bench import KEY_PATH, STORE, restart
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.virtual_key import (
    VirtualKeyError,
    async_forget_virtual_key,
    async_key_cabinet,
    async_virtual_key,
    make_key,
    point_of,
)


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Leave Home Assistant's stores alone: the file itself is what matters here."""
    return {}


def key_file(hass: HomeAssistant) -> Path:
    """Return where the key is stored."""
    return Path(hass.config.path(".storage", STORE))


def private_pem(key: Any) -> str:
    """Return a private key as PEM."""
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def stored(data: Any, version: int = 1) -> str:
    """Return a store's file."""
    return json.dumps({"version": version, "minor_version": 1, "key": STORE, "data": data})


async def test_it_is_what_tesla_takes(hass: HomeAssistant) -> None:
    """EC P-256; the public half and the point belong to the private one."""
    key = await async_virtual_key(hass)
    private = load_pem_private_key(key.private_key_pem.encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert isinstance(private.curve, ec.SECP256R1)
    assert load_pem_public_key(key.public_pem.encode()) == private.public_key()
    assert key.public_pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert len(key.public_point_hex) == 130
    assert key.public_point_hex.startswith("04")
    assert point_of(key.public_pem) == key.public_point_hex


async def test_it_is_made_once(hass: HomeAssistant) -> None:
    """However many ask at once, before and after a restart; the file is for Home Assistant's user alone."""
    keys = await asyncio.gather(*(async_virtual_key(hass) for _ in range(5)))
    restart(hass)
    assert {*keys, await async_virtual_key(hass)} == {keys[0]}
    assert stat.S_IMODE(key_file(hass).stat().st_mode) == 0o600


async def test_nothing_is_made_before_it_is_needed(hass: HomeAssistant) -> None:
    """An integration whose owner needs no key has none."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert (await async_key_cabinet(hass)).key is None
    assert not key_file(hass).exists()


async def test_it_is_shown_while_the_owner_wishes(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """To everybody, without a sign-in; after a restart too; and no more when it is switched off."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    assert (await client.get(KEY_PATH)).status == 404
    key = await async_virtual_key(hass)
    assert (await client.get(KEY_PATH)).status == 404
    await (await async_key_cabinet(hass)).async_serve(is_served=True)
    response = await client.get(KEY_PATH)
    assert response.status == 200
    assert response.content_type == "text/plain"
    assert await response.text() == key.public_pem
    await (await async_key_cabinet(hass)).async_serve(is_served=False)
    assert (await client.get(KEY_PATH)).status == 404


@pytest.mark.parametrize(("is_served", "status"), [(True, 200), (False, 404)])
async def test_it_is_shown_again_after_a_restart(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, is_served: bool, status: int
) -> None:
    """Set-up reads what the owner wished; nobody has to ask for it."""
    cabinet = await async_key_cabinet(hass)
    await cabinet.async_key()
    await cabinet.async_registered("home.example.com")
    await cabinet.async_serve(is_served=is_served)
    restart(hass)
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    assert (await client.get(KEY_PATH)).status == status
    assert (await async_key_cabinet(hass)).domain == "home.example.com"


DAMAGES = {
    "no key": stored({"private_key": "nonsense", "is_served": True, "domain": None}),
    "null": stored({"private_key": None}),
    "nothing in it": stored({}),
    "a list": stored([]),
    "another curve": stored({"private_key": private_pem(ec.generate_private_key(ec.SECP384R1()))}),
    "another kind": stored({"private_key": private_pem(rsa.generate_private_key(65537, 2048))}),
    "a newer version": stored({"private_key": "later"}, version=2),
    "an older version": stored({"private_key": "earlier"}, version=0),
    "no store": "[]",
    "no version": '{"data": {}}',
}


@pytest.mark.parametrize("text", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_file_is_left_alone(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, text: str
) -> None:
    """It may hold the key that the cars trust: it is an error that a person hears of, and set-up goes on without."""
    key_file(hass).parent.mkdir(exist_ok=True)
    key_file(hass).write_text(text)
    assert await async_setup_component(hass, DOMAIN, {})
    for _ in range(2):
        with pytest.raises(VirtualKeyError) as caught:
            await async_virtual_key(hass)
        assert caught.value.translation_key == "virtual_key_damaged"
    assert key_file(hass).read_text() == text
    client = await hass_client_no_auth()
    assert (await client.get(KEY_PATH)).status == 404


async def test_a_file_that_was_mended_is_read_without_a_restart(hass: HomeAssistant) -> None:
    """The backup is put back, and that is all."""
    key = await async_virtual_key(hass)
    good = key_file(hass).read_text()
    restart(hass)
    key_file(hass).write_text(stored({"private_key": "nonsense"}))
    with pytest.raises(VirtualKeyError):
        await async_virtual_key(hass)
    key_file(hass).write_text(good)
    assert await async_virtual_key(hass) == key


async def test_half_a_file_is_set_aside_and_no_new_key_takes_its_place(hass: HomeAssistant) -> None:
    """Home Assistant keeps a file that is no JSON under another name: the backup, or a person's word, and then a key."""
    key = await async_virtual_key(hass)
    good = key_file(hass).read_text()
    restart(hass)
    key_file(hass).write_text(good[:200])
    for _ in range(3):
        with pytest.raises(VirtualKeyError) as caught:
            await async_virtual_key(hass)
        assert caught.value.translation_key == "virtual_key_damaged"
    (aside,) = key_file(hass).parent.glob(f"{STORE}.corrupt.*")
    assert aside.read_text() == good[:200]
    assert not key_file(hass).exists()
    key_file(hass).write_text(good)
    assert await async_virtual_key(hass) == key
    # Without a backup: what was set aside is deleted, as the message says.
    restart(hass)
    key_file(hass).unlink()
    with pytest.raises(VirtualKeyError):
        await async_virtual_key(hass)
    aside.unlink()
    assert await async_virtual_key(hass) != key


async def test_a_key_that_cannot_be_stored_is_not_used(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who paired it would pair again after the next restart."""

    def _full(*args: Any, **kwargs: Any) -> None:
        raise WriteError

    with monkeypatch.context() as patched:
        patched.setattr("homeassistant.helpers.storage.write_utf8_file_atomic", _full)
        with pytest.raises(VirtualKeyError) as caught:
            await async_virtual_key(hass)
        assert caught.value.translation_key == "virtual_key_not_saved"
        assert (await async_key_cabinet(hass)).key is None
    key = await async_virtual_key(hass)
    restart(hass)
    assert await async_virtual_key(hass) == key


@pytest.mark.parametrize("wish", ["is_served", "is_saved"])
async def test_what_a_full_disk_did_not_take_is_written_at_the_next_try(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    """It is not so before it is on the disk: a second submit tries again, and after a restart it still is so."""
    cabinet = await async_key_cabinet(hass)
    key = await cabinet.async_key()

    async def _wish() -> None:
        if wish == "is_served":
            await cabinet.async_serve(is_served=True)
        else:
            await cabinet.async_registered("home.example.com")

    def _full(*args: Any, **kwargs: Any) -> None:
        raise WriteError

    with monkeypatch.context() as patched:
        patched.setattr("homeassistant.helpers.storage.write_utf8_file_atomic", _full)
        for _ in range(2):
            with pytest.raises(VirtualKeyError) as caught:
                await _wish()
            assert caught.value.translation_key == "virtual_key_not_saved"
            assert (cabinet.is_served, cabinet.domain) == (False, None)
    await _wish()
    restart(hass)
    again = await async_key_cabinet(hass)
    expected = (True, None) if wish == "is_served" else (False, "home.example.com")
    assert (again.key, again.is_served, again.domain) == (key, *expected)


async def remove_the_last_account(hass: HomeAssistant) -> None:
    """Delete two accounts; the first of them is not the last."""
    entries = [MockConfigEntry(domain=DOMAIN, unique_id=name, data={"client_id": "x"}) for name in "ab"]
    for entry in entries:
        entry.add_to_hass(hass)
    await hass.config_entries.async_remove(entries[0].entry_id)
    assert key_file(hass).exists()
    await hass.config_entries.async_remove(entries[1].entry_id)


@pytest.mark.parametrize("is_served", [True, False])
@pytest.mark.parametrize("domain", ["home.example.com", None])
async def test_a_key_that_is_in_use_outlives_the_last_account(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, is_served: bool, domain: str | None
) -> None:
    """Who deletes and adds again does not pair again. A key that nobody was told of goes with the last account."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    key = await async_virtual_key(hass)
    cabinet = await async_key_cabinet(hass)
    await cabinet.async_serve(is_served=is_served)
    if domain:
        await cabinet.async_registered(domain)
    await remove_the_last_account(hass)
    assert (await client.get(KEY_PATH)).status == (200 if is_served else 404)
    is_kept = is_served or domain is not None
    assert key_file(hass).exists() is is_kept
    restart(hass)
    again = await async_key_cabinet(hass)
    assert (again.key, again.is_served, again.domain) == (key if is_kept else None, is_served, domain)


@pytest.mark.parametrize("text", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_file_outlives_the_last_account(hass: HomeAssistant, text: str) -> None:
    """Nobody knows whether a car trusts what is in it."""
    key_file(hass).parent.mkdir(exist_ok=True)
    key_file(hass).write_text(text)
    await remove_the_last_account(hass)
    assert key_file(hass).read_text() == text


async def test_no_key_is_no_trouble_for_the_last_account(hass: HomeAssistant) -> None:
    """Most owners never made one."""
    await async_forget_virtual_key(hass)
    assert not key_file(hass).exists()


async def test_a_key_that_a_dialog_is_about_to_register_stays(hass: HomeAssistant) -> None:
    """Another account is being added: the registration must not find another key at its end than at its beginning."""
    key = await async_virtual_key(hass)
    await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    await remove_the_last_account(hass)
    assert await async_virtual_key(hass) == key


async def test_the_private_half_is_told_to_nobody(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by a repr, not in a log with everything on, not by a damaged file's error."""
    caplog.set_level(logging.DEBUG)
    key = await async_virtual_key(hass)
    cabinet = await async_key_cabinet(hass)
    secret = "".join(key.private_key_pem.splitlines()[1:-1])
    text = key_file(hass).read_text().replace("PRIVATE KEY-----\\n", "PRIVATE KEY-----\\nA", 1)
    restart(hass)
    key_file(hass).write_text(text)
    with pytest.raises(VirtualKeyError) as caught:
        await async_virtual_key(hass)
    told = f"{key!r} {cabinet!r} {caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    for piece in (secret, *key.private_key_pem.splitlines()[1:-1]):
        assert piece not in told


def test_a_point_is_that_of_a_p256_key() -> None:
    """What a web server shows may be anything."""
    assert point_of(make_key().public_pem) is not None
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    for odd in (
        "",
        "<html>",
        make_key().private_key_pem,
        other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    ):
        assert point_of(odd) is None
