"""Registering and pairing as an owner does it: Home Assistant's own web server shows the key, the simulator fetches it."""

from collections.abc import AsyncIterator
import logging
from typing import Any, override

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.file import WriteError
from onboarding_bench import KEY_PATH, STORE, OnlySteps, app_of, fields, restart, serve, steps_of, submit
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_scout_worker.fleet.client import REGION_URLS
from custom_components.tesla_scout_worker.own_domain import external_domain, tidy_domain
from custom_components.tesla_scout_worker.settings import Endpoints
from custom_components.tesla_scout_worker.virtual_key import (
    async_key_cabinet,
    async_virtual_key,
    make_key,
)
from fleet_simulator import Fault, FleetSimulator


class NoNames(AbstractResolver):
    """Finds no host, as the system does for the names that are used here; the test library forbids asking it."""

    @override
    async def resolve(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        raise OSError("name not found")

    @override
    async def close(self) -> None:
        """Close nothing."""

    real_close = close


@pytest.fixture(autouse=True)
def mock_zeroconf_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put it in the place of the test library's own, which fails in a way that no system does."""
    monkeypatch.setattr("homeassistant.helpers.aiohttp_client._async_make_resolver", lambda _: NoNames())


@pytest.fixture
async def domain(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> str:
    """Serve Home Assistant's web server on loopback; its address is the owner's domain."""
    return await serve(hass, hass_client_no_auth)


@pytest.fixture
async def steps(hass: HomeAssistant, simulator: FleetSimulator, domain: str) -> OnlySteps:
    """Come to the steps as after a 412: the app is registered nowhere."""
    simulator.partner.require()
    return steps_of(hass, app_of(hass, simulator))


def problem(shown: ConfigFlowResult) -> tuple[str | None, dict[str, str] | None]:
    """Return the step that is shown and its errors."""
    return shown.get("step_id"), shown.get("errors")


class OwnServer:
    """The owner's own web server. It shows what it is told to."""

    def __init__(self) -> None:
        self.text = "welcome"
        self.status = 200
        self.headers: dict[str, str] = {}
        app = web.Application()
        app.router.add_get(KEY_PATH, self.answer)
        self.server = TestServer(app)

    @property
    def domain(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server.port}"

    async def answer(self, request: web.Request) -> web.Response:
        """Answer for the file."""
        return web.Response(text=self.text, status=self.status, headers=self.headers)


@pytest.fixture
async def own() -> AsyncIterator[OwnServer]:
    """Start the owner's web server."""
    own = OwnServer()
    await own.server.start_server()
    yield own
    await own.server.close()


async def test_home_assistant_shows_the_key_and_the_app_is_registered(
    hass: HomeAssistant, simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """One form, one key that Tesla has fetched from Home Assistant, and the link for the phone."""
    shown = await steps.async_step_register()
    assert set(fields(shown)) == {"domain", "serve_key"}
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)
    key = await async_virtual_key(hass)
    assert simulator.partner.registrations["eu"].public_key == key.public_point_hex
    assert simulator.partner.registrations["eu"].domain == domain
    url = f"https://tesla.com/_ak/{domain}"
    assert shown["description_placeholders"] == {"pairing_url": url}
    assert shown["data_schema"] is not None
    (qr_code,) = shown["data_schema"].schema.values()
    assert qr_code.config["data"] == url
    shown = await submit(steps, shown)
    assert shown["reason"] == "onboarded"
    assert [record.kind for record in simulator.requests] == ["token", "partner"]
    assert simulator.bill.usd == 0


async def test_a_pasted_address_is_tidied(simulator: FleetSimulator, steps: OnlySteps, domain: str) -> None:
    """Who copies the address of the browser has typed the domain."""
    shown = await steps.async_step_register()
    shown = await submit(steps, shown, domain=f" HTTP://{domain}/lovelace/0?kiosk ", serve_key=True)
    assert problem(shown) == ("pair", None)
    assert simulator.partner.registrations["eu"].domain == domain


async def test_after_a_restart_all_is_as_it_was(
    hass: HomeAssistant, simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """Another region later: the same key, the domain and the wish stand in the form, Tesla still finds the file."""
    shown = await steps.async_step_register()
    await submit(steps, shown, domain=domain, serve_key=True)
    key = await async_virtual_key(hass)
    restart(hass)
    app = app_of(hass, simulator)
    app.base_url = simulator.api_urls["na"]
    app.endpoints = Endpoints(simulator.token_url, simulator.api_urls["na"])
    app.transport._trusted |= {("http", "127.0.0.1", int(app.base_url.rpartition(":")[2]))}
    again = steps_of(hass, app)
    shown = await again.async_step_register()
    assert fields(shown) == {"domain": domain, "serve_key": True}
    shown = await submit(again, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)
    assert await async_virtual_key(hass) == key
    assert simulator.partner.registered == {"eu", "na"}


async def test_an_owner_hosts_the_file_himself(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    steps: OnlySteps,
    domain: str,
    own: OwnServer,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """He is shown the text and the place first; it is an error only when it is not there after that."""
    shown = await submit(steps, await steps.async_step_register(), domain=own.domain, serve_key=False)
    assert problem(shown) == ("host_key", {})
    assert fields(shown) == {"domain": own.domain, "serve_key": None}
    key = await async_virtual_key(hass)
    placeholders = shown["description_placeholders"]
    assert placeholders is not None
    assert placeholders["public_pem"] == key.public_pem.strip()
    assert placeholders["key_url"] == f"http://{own.domain}{KEY_PATH}"
    shown = await submit(steps, shown, domain=own.domain)
    assert problem(shown) == ("host_key", {"base": "key_differs"})
    assert simulator.requests == []
    own.text = key.public_pem
    shown = await submit(steps, shown, domain=own.domain, register_anyway=False)
    assert problem(shown) == ("pair", None)
    assert simulator.partner.registrations["eu"].domain == own.domain
    assert (await (await hass_client_no_auth()).get(KEY_PATH)).status == 404


async def test_the_file_may_be_packed_as_editors_do(
    hass: HomeAssistant, steps: OnlySteps, own: OwnServer
) -> None:
    """What counts is the key: other line ends or a blank line are the same key."""
    key = await async_virtual_key(hass)
    own.text = "\r\n" + key.public_pem.replace("\n", "\r\n") + "\r\n"
    shown = await submit(steps, await steps.async_step_register(), domain=own.domain, serve_key=False)
    assert problem(shown) == ("pair", None)


async def test_each_trouble_with_the_file_is_told(
    simulator: FleetSimulator, steps: OnlySteps, domain: str, own: OwnServer
) -> None:
    """With the place and what is wrong there; Tesla is not asked before the key can be read, and nobody signs in again."""
    shown = await steps.async_step_register()

    async def _submitted(typed: str) -> tuple[str | None, dict[str, str] | None]:
        nonlocal shown
        anyway = {"register_anyway": False} if "register_anyway" in fields(shown) else {}
        shown = await submit(steps, shown, domain=typed, serve_key=True, **anyway)
        assert fields(shown)["domain"] == typed
        return problem(shown)

    assert await _submitted(own.domain) == ("register", {"base": "key_differs"})
    own.text = make_key().public_pem
    assert await _submitted(own.domain) == ("register", {"base": "key_differs"})
    own.status, own.headers = 302, {"Location": f"http://{domain}{KEY_PATH}"}
    assert await _submitted(own.domain) == ("register", {"base": "key_not_served"})
    assert shown["description_placeholders"] is not None
    assert shown["description_placeholders"]["status"] == "302"
    assert shown["description_placeholders"]["key_url"] == f"http://{own.domain}{KEY_PATH}"
    await own.server.close()
    assert await _submitted("127.0.0.1:9") == ("register", {"base": "key_not_reachable"})
    assert await _submitted("no-such-host.invalid") == ("register", {"base": "key_unknown_host"})
    assert simulator.requests == []
    shown = await submit(steps, shown, domain=domain, serve_key=True, register_anyway=False)
    assert problem(shown) == ("pair", None)


async def test_a_home_that_does_not_see_itself_from_inside(
    hass: HomeAssistant, simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """Tesla looks for itself: with a tick the app is registered although we could not read the file."""
    simulator.partner.hosts["home.invalid"] = f"http://{domain}"
    shown = await submit(steps, await steps.async_step_register(), domain="home.invalid", serve_key=True)
    assert problem(shown) == ("register", {"base": "key_unknown_host"})
    shown = await submit(steps, shown, domain="home.invalid", serve_key=True, register_anyway=True)
    assert problem(shown) == ("pair", None)
    key = await async_virtual_key(hass)
    assert simulator.partner.registrations["eu"].public_key == key.public_point_hex


async def test_tesla_has_found_another_key(
    simulator: FleetSimulator, steps: OnlySteps, own: OwnServer
) -> None:
    """Then pairing would put a stranger's key into the car: the owner hears of it."""
    simulator.partner.hosts["home.invalid"] = f"http://{own.domain}"
    own.text = make_key().public_pem
    shown = await submit(steps, await steps.async_step_register(), domain="home.invalid", serve_key=False)
    shown = await submit(steps, shown, domain="home.invalid")
    shown = await submit(steps, shown, domain="home.invalid", register_anyway=True)
    assert problem(shown) == ("host_key", {"base": "key_differs"})
    assert "eu" in simulator.partner.registrations


@pytest.mark.parametrize(
    "fault",
    [Fault("token", "status", status=503), Fault("partner", "reset_before"), Fault("partner", "garbage")],
    ids=lambda fault: f"{fault.request}-{fault.kind}",
)
async def test_weather_is_waited_out_on_the_same_form(
    simulator: FleetSimulator, steps: OnlySteps, domain: str, fault: Fault
) -> None:
    """What was typed stays, the secret is not asked for again, and the next try goes through."""
    assert steps.app
    steps.app.client_secret = ""
    simulator.faults.add(fault)
    shown = await steps.async_step_register()
    shown = await submit(
        steps, shown, domain=domain, serve_key=True, client_secret=f" {simulator.client_secret}\n"
    )
    assert problem(shown) == ("register", {"base": "registration_later"})
    assert fields(shown) == {"domain": domain, "serve_key": True}
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)


async def test_the_words_of_tesla_are_shown(simulator: FleetSimulator, steps: OnlySteps, domain: str) -> None:
    """Tesla knows best what it does not like; the form stays, and the next try goes through."""
    words = "The root domain must match one of the allowed origins"
    simulator.faults.add(Fault("partner", "json", status=412, body={"response": None, "error": words}))
    shown = await submit(steps, await steps.async_step_register(), domain=domain, serve_key=True)
    assert problem(shown) == ("register", {"base": "registration_refused"})
    placeholders = shown["description_placeholders"]
    assert placeholders is not None
    assert (placeholders["status"], placeholders["answer"]) == ("412", words)
    assert "register_anyway" not in fields(shown)
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)


async def test_the_secret_is_asked_for_where_it_is_not_known_and_where_it_is_wrong(
    simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """It never stands in the form again, and it is forgotten when it has done its work."""
    assert steps.app
    steps.app.client_secret = "old"
    shown = await steps.async_step_register()
    assert "client_secret" not in fields(shown)
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("register", {"client_secret": "secret_refused"})
    shown = await submit(steps, shown, domain=domain, serve_key=True, client_secret="wrong")
    assert problem(shown) == ("register", {"client_secret": "secret_refused"})
    assert fields(shown) == {"domain": domain, "serve_key": True, "client_secret": None}
    shown = await submit(steps, shown, domain=domain, serve_key=True, client_secret=simulator.client_secret)
    assert problem(shown) == ("pair", None)
    assert steps._draft is not None
    assert steps._draft.secret == ""


@pytest.mark.parametrize("typed", ["none", " NONE ", "-", "", " "])
@pytest.mark.parametrize("kept", ["", "old"])
async def test_an_app_without_a_secret_is_told_that_it_cannot_be_registered(
    hass: HomeAssistant, simulator: FleetSimulator, steps: OnlySteps, domain: str, typed: str, kept: str
) -> None:
    """In the words that the credentials take, too; Tesla is not asked with them, and no key is made for nothing."""
    assert steps.app
    steps.app.client_secret = kept
    shown = await steps.async_step_register()
    if kept:
        shown = await submit(steps, shown, domain=domain, serve_key=True)
        assert problem(shown) == ("register", {"client_secret": "secret_refused"})
    asked = len(simulator.requests)
    shown = await submit(steps, shown, domain=domain, serve_key=True, client_secret=typed)
    assert problem(shown) == ("register", {"client_secret": "app_without_secret"})
    assert fields(shown) == {"domain": domain, "serve_key": True, "client_secret": None}
    assert len(simulator.requests) == asked
    assert ((await async_key_cabinet(hass)).key is None) is (not kept)
    shown = await submit(steps, shown, domain=domain, serve_key=True, client_secret=simulator.client_secret)
    assert problem(shown) == ("pair", None)


async def test_home_assistant_shows_the_file_after_all(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    steps: OnlySteps,
    domain: str,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Who meant to host the file himself changes his mind where it is shown, and does not sign in again for it."""
    shown = await submit(steps, await steps.async_step_register(), domain=domain, serve_key=False)
    assert problem(shown) == ("host_key", {})
    shown = await submit(steps, shown, domain="homeassistant.local", serve_key=True)
    assert problem(shown) == ("register", {"domain": "invalid_domain"})
    assert fields(shown) == {"domain": "homeassistant.local", "serve_key": True}
    shown = await submit(steps, shown, domain=domain, serve_key=False)
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)
    assert simulator.partner.registrations["eu"].domain == domain
    assert (await (await hass_client_no_auth()).get(KEY_PATH)).status == 200


async def test_an_app_is_registered_for_the_region_and_not_for_a_proxy(
    hass: HomeAssistant, simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """The request goes through the proxy that was typed; the token is made for the host that Tesla knows."""
    assert steps.app
    app = web.Application()

    async def _pass_on(request: web.Request) -> web.Response:
        session = async_get_clientsession(hass)
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
        body = await request.read()
        url = f"{simulator.api_url}{request.rel_url}"
        async with session.request(request.method, url, data=body, headers=headers) as answer:
            return web.Response(status=answer.status, body=await answer.read())

    app.router.add_route("*", "/{rest:.*}", _pass_on)
    proxy = TestServer(app)
    await proxy.start_server()
    proxy_url = str(proxy.make_url("")).rstrip("/")
    steps.app.base_url, steps.app.audience = proxy_url, simulator.api_url
    steps.app.transport._trusted |= {("http", "127.0.0.1", proxy.port)}
    shown = await submit(steps, await steps.async_step_register(), domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)
    assert simulator.partner.registrations["eu"].domain == domain
    await proxy.close()


async def test_the_developer_site_is_that_of_the_region(simulator: FleetSimulator, steps: OnlySteps) -> None:
    """China has one of its own."""
    assert steps.app
    for region, url in (
        ("eu", "https://developer.tesla.com/dashboard"),
        ("cn", "https://developer.tesla.cn"),
    ):
        steps.app.audience = REGION_URLS[region]
        shown = await steps.async_step_register()
        assert shown["description_placeholders"] is not None
        assert shown["description_placeholders"]["developer_url"] == url


async def test_pairing_can_be_shown_later(
    hass: HomeAssistant, simulator: FleetSimulator, domain: str
) -> None:
    """Where a domain is registered at once, elsewhere the registration comes first."""
    shown = await steps_of(hass, app_of(hass, simulator)).async_step_pair()
    assert shown["step_id"] == "register"
    await (await async_key_cabinet(hass)).async_registered("home.example.com")
    shown = await steps_of(hass, app_of(hass, simulator)).async_step_pair()
    assert shown["step_id"] == "pair"
    assert shown["description_placeholders"] == {"pairing_url": "https://tesla.com/_ak/home.example.com"}


async def test_another_domain_needs_no_other_sign_in(
    simulator: FleetSimulator, steps: OnlySteps, own: OwnServer
) -> None:
    """The domain can be corrected where the file is shown; the new place is shown first, then looked at."""
    shown = await submit(steps, await steps.async_step_register(), domain="127.0.0.1:1", serve_key=False)
    assert problem(shown) == ("host_key", {})
    shown = await submit(steps, shown, domain="homeassistant.local")
    assert problem(shown) == ("host_key", {"domain": "invalid_domain"})
    shown = await submit(steps, shown, domain=own.domain)
    assert problem(shown) == ("host_key", {})
    placeholders = shown["description_placeholders"]
    assert placeholders is not None
    assert placeholders["key_url"] == f"http://{own.domain}{KEY_PATH}"
    own.text = str(placeholders["public_pem"])
    assert problem(await submit(steps, shown, domain=own.domain)) == ("pair", None)
    assert simulator.partner.registrations["eu"].domain == own.domain


async def test_the_step_in_between_cannot_come_first(
    hass: HomeAssistant, simulator: FleetSimulator, domain: str
) -> None:
    """Without a domain there is no place to show."""
    shown = await steps_of(hass, app_of(hass, simulator)).async_step_host_key()
    assert shown["step_id"] == "register"


@pytest.mark.parametrize("typed", ["http://127.0.0.1", "", "homeassistant.local", "192.168.0.5"])
async def test_a_domain_that_is_none(simulator: FleetSimulator, steps: OnlySteps, typed: str) -> None:
    """It stays in the form as it was typed; loopback is for those who typed an API of their own."""
    assert steps.app
    steps.app.endpoints = Endpoints(simulator.token_url)
    shown = await submit(steps, await steps.async_step_register(), domain=typed, serve_key=True)
    assert problem(shown) == ("register", {"domain": "invalid_domain"})
    assert fields(shown)["domain"] == typed
    assert simulator.requests == []


async def test_a_damaged_key_is_told_and_heals_on_the_form(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    simulator: FleetSimulator,
    steps: OnlySteps,
    domain: str,
) -> None:
    """Nothing is overwritten; with the file back the same form goes on."""
    hass_storage[STORE] = damaged = {"version": 1, "data": {"private_key": "nonsense"}}
    shown = await steps.async_step_register()
    assert problem(shown) == ("register", {"base": "virtual_key_damaged"})
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("register", {"base": "virtual_key_damaged"})
    assert fields(shown) == {"domain": domain, "serve_key": True}
    assert hass_storage[STORE] is damaged
    assert simulator.requests == []
    shown = await steps.async_step_pair()
    assert problem(shown) == ("register", {"base": "virtual_key_damaged"})
    assert fields(shown) == {"domain": domain, "serve_key": True}
    del hass_storage[STORE]
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)


async def test_a_full_disk_is_told_and_heals_on_the_form(
    monkeypatch: pytest.MonkeyPatch, simulator: FleetSimulator, steps: OnlySteps, domain: str
) -> None:
    """No key is registered that would be lost at the next restart."""

    async def _full(*args: Any) -> None:
        raise WriteError

    shown = await steps.async_step_register()
    with monkeypatch.context() as patched:
        patched.setattr("homeassistant.helpers.storage.Store._async_write_data", _full)
        shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("register", {"base": "virtual_key_not_saved"})
    assert simulator.requests == []
    shown = await submit(steps, shown, domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)


async def test_no_secret_is_told_to_anyone(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    steps: OnlySteps,
    domain: str,
    own: OwnServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither the private key, nor the client secret, nor the partner token: not in a log, a form, a repr, an answer."""
    caplog.set_level(logging.DEBUG)
    # The web server's own log cannot write a time that is frozen.
    caplog.set_level(logging.WARNING, "aiohttp.access")
    assert steps.app
    steps.app.client_secret = ""
    secret = {"client_secret": simulator.client_secret}
    texts = []
    shown = await steps.async_step_register()
    for fault in (
        Fault("token", "status", status=500),
        Fault("partner", "json", status=400, body={"error": f"no, {simulator.client_secret}"}),
        Fault("partner", "reset_after"),
    ):
        simulator.faults.add(fault)
        typed = secret if "client_secret" in fields(shown) else {}
        shown = await submit(steps, shown, domain=domain, serve_key=True, **typed)
        texts += [repr(shown), repr(steps._draft), repr(steps.app)]
    steps.app.client_secret = simulator.client_secret
    texts.append(repr(steps.app))
    own_steps = steps_of(hass, steps.app)
    shown = await submit(own_steps, await own_steps.async_step_register(), domain=own.domain, serve_key=False)
    texts.append(repr(shown))
    shown = await submit(steps, await steps.async_step_register(), domain=domain, serve_key=True)
    assert problem(shown) == ("pair", None)
    texts += [repr(shown), repr(vars(steps))]
    texts += [repr(state.as_dict()) for state in hass.states.async_all()]
    # The store of the tests logs what it would write to the disk.
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if not record.name.startswith("pytest_homeassistant_custom_component")
    )
    key = await async_virtual_key(hass)
    everything = logged + "".join(texts)
    partner_tokens = set(simulator.auth._partners)
    assert len(partner_tokens) >= 3
    for told in (*key.private_key_pem.splitlines()[1:-1], simulator.client_secret, *partner_tokens):
        assert told not in everything


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("home.example.com", "home.example.com"),
        (" https://Home.Example.com:8123/lovelace/0?x#y ", "home.example.com"),
        ("home.example.com/path", "home.example.com"),
        ("home.example.com.", "home.example.com"),
        ("żółw.example.pl", "xn--w-uga1v8h.example.pl"),
        ("x.ui.nabu.casa", "x.ui.nabu.casa"),
        ("a" * 64 + ".example.com", None),
        (".".join(["a" * 60] * 5), None),
        ("example", None),
        ("homeassistant.local", None),
        ("ha.home.arpa", None),
        ("local.example.com", "local.example.com"),
        ("-a.example.com", None),
        ("a_b.example.com", None),
        ("1.2.3.4", None),
        ("[::1]", None),
        ("[::1", None),
        ("ftp://example.com", None),
        ("https://user@example.com", None),
        ("example.com:99999", None),
        ("exa mple.com", None),
        ("", None),
        ("https://", None),
        ("127.0.0.1:8123", None),
        ("localhost", None),
    ],
)
def test_what_is_a_domain(typed: str, domain: str | None) -> None:
    """Whatever is pasted becomes what Tesla wants, or nothing."""
    assert tidy_domain(typed) == domain


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("127.0.0.1:8123", "127.0.0.1:8123"),
        ("http://localhost:8123/x", "localhost:8123"),
        ("localhost", "localhost"),
        ("[::1]:8123", None),
        ("192.168.0.1:8123", None),
        ("home.example.com:8123", "home.example.com"),
    ],
)
def test_loopback_is_taken_on_request(typed: str, domain: str | None) -> None:
    """With its port: a simulator on this machine fetches the key from there."""
    assert tidy_domain(typed, allow_loopback=True) == domain


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://home.example.com", ("home.example.com", True)),
        ("https://home.example.com:443", ("home.example.com", True)),
        ("https://home.example.com:8123", ("home.example.com", False)),
        ("http://home.example.com", ("home.example.com", False)),
        ("https://203.0.113.5", (None, False)),
        (None, (None, False)),
    ],
)
async def test_the_form_begins_with_what_home_assistant_knows(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    domain: str,
    url: str | None,
    expected: tuple[str | None, bool],
) -> None:
    """The external address; and Home Assistant shows the key if Tesla would find it there."""
    await hass.config.async_update(external_url=url, internal_url="http://192.168.0.2:8123")
    assert external_domain(hass) == expected
    shown = await steps_of(hass, app_of(hass, simulator)).async_step_register()
    assert fields(shown) == {"domain": expected[0] or "", "serve_key": expected[1]}
