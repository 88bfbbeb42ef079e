"""Commands over the owner's proxy: a second door of the simulator's, with a certificate of its own, as Tesla's program has."""

import asyncio
from collections.abc import AsyncIterator
import logging
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from bench import VIN, Pass, SetUp, settle
from command_bench import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    asked,
    commander_of,
    commands_counted,
    failure_of,
    let_clients_hang_up,
    open_proxy,
    paired_key,
    quiet,
    send,
)
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.tesla_scout_worker.const import CONF_COMMANDS, DOMAIN
from custom_components.tesla_scout_worker.fleet import commands
from custom_components.tesla_scout_worker.fleet.command_errors import (
    CommandRefusedError,
    KeyNotPairedError,
    NoCableError,
    NoProxyError,
    OutcomeUnknownError,
    ProxyDownError,
    VehicleBusyError,
)
from custom_components.tesla_scout_worker.fleet.commands import Transports
from custom_components.tesla_scout_worker.fleet.errors import (
    FleetError,
    MobileAccessDisabledError,
    RequestRejectedError,
    VehicleUnavailableError,
    WrongRegionError,
)
from custom_components.tesla_scout_worker.fleet.proxy import ProxyTransport, is_proxy_url
from fleet_simulator import Account, Car, Fault, FleetSimulator
from fleet_simulator.proxy import Proxy

PROXIED = ("proxy_health", "proxy_command", "signed_command", "command", "fleet_status")
SLUG = "local_tesla_http_proxy"


@pytest.fixture
async def proxy(simulator: FleetSimulator, car: Car) -> AsyncIterator[Proxy]:
    """Start a proxy whose key the car knows."""
    proxy = await open_proxy(simulator)
    car.keyring.pair(proxy.public_point)
    yield proxy
    await proxy.stop()


def over(proxy: Proxy, **changes: Any) -> dict[str, Any]:
    """Return the options of an owner who trusts the proxy's certificate and nothing else."""
    chosen = {"proxy_url": proxy.url, "certificate": CERTIFICATE.certificate.decode()}
    return {CONF_COMMANDS: {"transport": "proxy", **chosen, **changes}}


def has_repair(hass: HomeAssistant, key: str) -> bool:
    """Return whether the owner is told of something."""
    return any(
        domain == DOMAIN and issue.translation_key == key
        for (domain, _), issue in ir.async_get(hass).issues.items()
    )


async def test_a_command_goes_over_the_proxy_and_nothing_else_does(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, proxy: Proxy, set_up: SetUp
) -> None:
    """C2: it is asked for a command only, its health first; what it costs is counted here."""
    entry = await set_up(account, over(proxy))
    assert asked(simulator, "proxy_health", "proxy_command", "proxy") == []
    await quiet(hass, simulator)
    await send(entry, commands.set_charge_limit(70))
    assert asked(simulator, *PROXIED)[:2] == ["proxy_health", "proxy_command"]
    assert asked(simulator, "fleet_status", "command") == []
    assert car.battery(simulator.clock()).limit == 70
    assert commands_counted(entry) == 1
    # Automatic choice takes the proxy too, where there is one.
    hass.config_entries.async_update_entry(entry, options=over(proxy, transport="auto"))
    await hass.config_entries.async_reload(entry.entry_id)
    await quiet(hass, simulator)
    await send(entry, commands.set_charge_limit(75))
    assert asked(simulator, *PROXIED)[:3] == ["fleet_status", "proxy_health", "proxy_command"]
    assert commander_of(entry).way_of(VIN) is Transports.PROXY


async def test_its_words_are_understood(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, proxy: Proxy, set_up: SetUp
) -> None:
    """Refusals with their prefix and under another name, a sleeping car as a 500, and every kind of trouble."""
    entry = await set_up(account, over(proxy))
    await quiet(hass, simulator)
    await send(entry, commands.set_charge_limit(car.battery(simulator.clock()).limit))
    proxy.reason_key = "string"
    await send(entry, commands.set_charge_limit(car.battery(simulator.clock()).limit))
    assert type(await failure_of(entry, commands.charge_start())) is NoCableError
    for error, kind in (
        ("vehicle unavailable: vehicle is offline or asleep", VehicleUnavailableError),
        ("vehicle rejected request: your public key has not been paired with the vehicle", KeyNotPairedError),
        ("vehicle busy or finishing wake-up", VehicleBusyError),
        ("context deadline exceeded", OutcomeUnknownError),
        ("MESSAGEFAULT_ERROR_TIMEOUT", OutcomeUnknownError),
        ("MESSAGEFAULT_ERROR_INCORRECT_EPOCH", VehicleBusyError),
        ("MESSAGEFAULT_ERROR_INACTIVE_KEY", KeyNotPairedError),
        ("MESSAGEFAULT_ERROR_REMOTE_ACCESS_DISABLED", MobileAccessDisabledError),
        ("MESSAGEFAULT_ERROR_INSUFFICIENT_PRIVILEGES", CommandRefusedError),
        ("what nobody has seen", OutcomeUnknownError),
    ):
        await check(entry, simulator, kind, status=500, body={"response": None, "error": error})
    await check(entry, simulator, VehicleBusyError, status=503, body={"error": "context deadline exceeded"})
    await check(entry, simulator, OutcomeUnknownError, status=502, body={"error": ""})
    # What it only passes on has lost its words: no reason to stop the whole account.
    await check(entry, simulator, RequestRejectedError, status=412, body={"error": "Precondition Failed"})
    assert not entry.runtime_data.budget.is_unregistered
    # Where the account lives is the proxy's business, and no reason to send the token to another host.
    region = {"error": f"user out of region, use base URL: {simulator.api_urls['na']}, see x"}
    await check(entry, simulator, WrongRegionError, status=421, body=region)
    assert asked(simulator, "command", "signed_command") == []


async def check(
    entry: Any, simulator: FleetSimulator, kind: type[FleetError], *, status: int, body: dict[str, Any]
) -> None:
    """Check what an answer of the proxy's means, and that it was asked once."""
    simulator.requests.clear()
    entry.runtime_data.budget._bounds.clear()
    counted = commands_counted(entry)
    simulator.faults.add(Fault("proxy_command", "status", status=status, body=body))
    failed = await failure_of(entry, commands.set_charge_limit(66))
    assert type(failed) is kind, body
    assert len(asked(simulator, "proxy_command")) == 1
    # A failure of the proxy's is most often an answer of Tesla's that is billed.
    assert commands_counted(entry) == counted + 1


async def test_a_car_that_really_sleeps_and_one_that_really_is_not_paired(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, proxy: Proxy, set_up: SetUp
) -> None:
    """Not by a fault, but by the door's own doing."""
    entry = await set_up(account, over(proxy))
    car.keyring.unpair()
    assert type(await failure_of(entry, commands.charge_stop())) is KeyNotPairedError
    assert has_repair(hass, "proxy_key_not_paired")
    car.keyring.pair(proxy.public_point)
    await send(entry, commands.charge_stop())
    assert not has_repair(hass, "proxy_key_not_paired")
    car.idle_seconds = 0.0
    assert type(await failure_of(entry, commands.charge_stop())) is VehicleUnavailableError
    # A token that Tesla refuses is renewed, over the proxy too, and the command goes out with the new one.
    car.idle_seconds = 900.0
    car.wake(simulator.clock() - 3600)
    account.revoke_access_tokens()
    await send(entry, commands.charge_stop())


async def test_a_proxy_that_is_down_is_told_and_is_replaced_by_the_own_key(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    proxy: Proxy,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C2: without a key an error and a repair; with one the command is signed here; and the log speaks once of each."""
    entry = await set_up(account, over(proxy))
    await proxy.stop()
    await quiet(hass, simulator)
    for _ in range(2):
        assert type(await failure_of(entry, commands.set_charge_limit(70))) is ProxyDownError
    assert has_repair(hass, "proxy_down")
    assert simulator.requests == []
    key = await paired_key(hass)
    # A key that the car does not know is no help, and the proxy is what the owner can mend.
    assert type(await failure_of(entry, commands.set_charge_limit(70))) is ProxyDownError
    car.keyring.pair(key.public_point_hex)
    await send(entry, commands.set_charge_limit(70))
    assert car.battery(simulator.clock()).limit == 70
    assert [record.levelno for record in caplog.records if "proxy for commands" in record.message] == [
        logging.WARNING
    ]
    proxy.healthy = False
    await proxy.start(port=int(proxy.url.rpartition(":")[2]))
    simulator.requests.clear()
    await send(entry, commands.set_charge_limit(75))
    assert asked(simulator, "proxy_health", "proxy_command") == ["proxy_health"]
    proxy.healthy = True
    await send(entry, commands.set_charge_limit(80))
    assert asked(simulator, "proxy_health", "proxy_command")[1:] == ["proxy_health", "proxy_command"]
    assert not has_repair(hass, "proxy_down")


async def test_a_proxy_that_goes_down_after_it_was_asked_for_its_health(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    proxy: Proxy,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command surely never left: it is down, and nothing is unknown."""
    entry = await set_up(account, over(proxy))
    await proxy.stop()

    async def _healthy(*_: object) -> None:
        """Say that it was there a moment ago."""

    monkeypatch.setattr(ProxyTransport, "check_health", _healthy)
    assert type(await failure_of(entry, commands.charge_stop())) is ProxyDownError


async def test_the_certificate_is_checked_as_the_owner_wished(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, proxy: Proxy, set_up: SetUp
) -> None:
    """One that nobody trusts is refused, unless it is the one that was pasted, or none is to be checked."""
    wishes: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"certificate": None}, False),
        ({"certificate": OTHER_CERTIFICATE.certificate.decode()}, False),
        ({"certificate": "no certificate"}, False),
        ({"certificate": None, "verify_certificate": False}, True),
        ({}, True),
    )
    let_clients_hang_up(hass)
    entry = await set_up(account)
    for changes, is_trusted in wishes:
        hass.config_entries.async_update_entry(entry, options=over(proxy, **changes))
        await hass.config_entries.async_reload(entry.entry_id)
        await quiet(hass, simulator)
        if is_trusted:
            await send(entry, commands.charge_stop())
        else:
            assert type(await failure_of(entry, commands.charge_stop())) is ProxyDownError, changes
            assert asked(simulator, *PROXIED) == []


async def test_a_token_goes_nowhere_but_to_the_address_that_was_typed(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, proxy: Proxy, set_up: SetUp
) -> None:
    """Not along a redirect, and not to something that only answers there."""
    entry = await set_up(account, over(proxy))
    seen: list[web.Request] = []

    async def _answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(text="<html>OK</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", _answer)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("")).rstrip("/")
        simulator.faults.add(Fault("proxy_command", "redirect", url=f"{url}/api/1/vehicles"))
        assert type(await failure_of(entry, commands.charge_stop())) is OutcomeUnknownError
        assert seen == []
        # Another server at the typed address: it is asked for its health without a token, and for no more.
        hass.config_entries.async_update_entry(entry, options=over(proxy, proxy_url=url))
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert type(await failure_of(entry, commands.charge_stop())) is ProxyDownError
        assert [request.path for request in seen] == ["/health"]
        assert "Authorization" not in seen[0].headers


async def test_without_an_address(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """An option that another version or a hand left there is told as what it is."""
    entry = await set_up(account, {CONF_COMMANDS: {"transport": "proxy"}})
    assert type(await failure_of(entry, commands.charge_stop())) is NoProxyError
    tesla = "https://fleet-api.prd.eu.vn.cloud.tesla.com"
    assert [
        url for url in (tesla, "http://192.168.1.5", "ftp://x", "https://a@b", "") if is_proxy_url(url)
    ] == []
    assert is_proxy_url("https://192.168.1.5:4443")


async def test_an_add_on_is_started_for_a_command_and_stopped_afterwards(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    proxy: Proxy,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """There is no Supervisor in a test: its two actions are played, and the door really opens and closes."""
    port = int(proxy.url.rpartition(":")[2])
    await proxy.stop()
    calls: list[tuple[str, Any]] = []

    async def _start(call: ServiceCall) -> None:
        calls.append((call.service, call.data["app"]))
        await proxy.start(port=port)

    async def _stop(call: ServiceCall) -> None:
        calls.append((call.service, call.data["app"]))
        await proxy.stop()

    hass.services.async_register("hassio", "app_start", _start)
    hass.services.async_register("hassio", "app_stop", _stop)
    entry = await set_up(account, over(proxy, add_on=SLUG, stop_add_on=True))
    assert calls == []
    await send(entry, commands.set_charge_limit(70))
    await passes(200, step=100)
    await send(entry, commands.set_charge_limit(75))
    await passes(200, step=100)
    assert calls == [("app_start", SLUG)]
    await passes(200, step=100)
    assert calls == [("app_start", SLUG), ("app_stop", SLUG)]
    assert car.battery(simulator.clock()).limit == 75
    # What is running when a reload comes is not forgotten.
    await send(entry, commands.set_charge_limit(80))
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert [name for name, _ in calls] == ["app_start", "app_stop"] * 2


async def test_an_add_on_that_does_not_start(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    proxy: Proxy,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """By the older name of the action; it says that it started, and nothing answers: a bounded wait, then the error."""
    await proxy.stop()
    started = async_mock_service(hass, "hassio", "addon_start")
    entry = await set_up(account, over(proxy, add_on=SLUG))
    sending = hass.async_create_task(failure_of(entry, commands.charge_stop()))
    began = simulator.clock()
    while not sending.done():
        freezer.tick(1)
        await asyncio.sleep(0)
    assert type(sending.result()) is ProxyDownError
    assert simulator.clock() - began > 50
    assert [call.data for call in started] == [{"addon": SLUG}]
    async_mock_service(hass, "hassio", "app_start", raise_exception=HomeAssistantError("no such add-on"))
    assert type(await failure_of(entry, commands.charge_stop())) is ProxyDownError
    assert has_repair(hass, "proxy_down")
