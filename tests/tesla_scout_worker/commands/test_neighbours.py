"""Core's own Tesla integrations live beside this one, with the same copy of the library that signs."""

from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import Any, override

from aiohttp import TCPConnector
from bench import SetUp, settle
from command_bench import paired_key, send
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from packaging.requirements import Requirement
from packaging.version import Version
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.tesla_scout_worker as package
from custom_components.tesla_scout_worker.fleet import commands
from fleet_simulator import Account, Car

NEIGHBOURS = ("tesla_fleet", "teslemetry", "tessie")
LIBRARY = "tesla-fleet-api"
MANIFEST: dict[str, Any] = json.loads(
    (Path(package.__file__).parent / "manifest.json").read_text(encoding="utf-8")
)


class _Any(type):
    """A class that has whatever is asked of it."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __getitem__(cls, _: Any) -> type:
        return cls


def _anything(name: str) -> type:
    # Whatever of it is used: a class, an exception, a member of an enum.
    return _Any(name, (Exception,), {})


class _StandIns(MetaPathFinder, Loader):
    """Stands in for a library that is not installed here, but never for the one that signs."""

    @override
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        is_ours = top in {"homeassistant", "custom_components", "tesla_fleet_api", "tesla_protocol"}
        return None if is_ours else ModuleSpec(fullname, self, is_package=True)

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        vars(module)["__getattr__"] = _anything
        return module

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Fill in nothing."""


@pytest.fixture
def _their_other_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let core's integrations be imported though not all of what they want is here; nothing of that is left behind."""
    known = set(sys.modules)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, _StandIns()])
    yield
    for name in set(sys.modules) - known:
        if not name.startswith(("tesla_fleet_api", "tesla_protocol", "custom_components")):
            del sys.modules[name]


@pytest.mark.usefixtures("_their_other_libraries")
async def test_they_load_and_set_up_beside_us(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of the library is loaded by then: theirs works as far as it goes without the internet, and so does ours."""
    await paired_key(hass, car)
    entry = await set_up(account)
    await send(entry, commands.charge_stop())
    for domain in NEIGHBOURS:
        integration = await async_get_integration(hass, domain)
        assert integration.is_built_in
        await integration.async_get_component()
        assert await integration.async_get_platform("config_flow")

    resolve = TCPConnector._resolve_host

    async def _offline(self: TCPConnector, host: str, *rest: Any, **named: Any) -> Any:
        if host != "127.0.0.1":
            raise OSError("no internet")
        return await resolve(self, host, *rest, **named)

    monkeypatch.setattr(TCPConnector, "_resolve_host", _offline)
    tessie = MockConfigEntry(domain="tessie", data={CONF_ACCESS_TOKEN: "token"}, unique_id="token")
    tessie.add_to_hass(hass)
    await hass.config_entries.async_setup(tessie.entry_id)
    await settle(hass)
    assert tessie.state is ConfigEntryState.SETUP_RETRY
    await send(entry, commands.charge_stop())


async def test_our_requirement_takes_the_version_that_core_pins(hass: HomeAssistant) -> None:
    """A lower bound and nothing else: whatever core pins is taken as it is, and no other copy is ever installed."""
    (ours,) = (Requirement(text) for text in MANIFEST["requirements"])
    assert ours.name == LIBRARY
    assert [bound.operator for bound in ours.specifier] == [">="]
    pins = set[str]()
    for domain in NEIGHBOURS:
        integration = await async_get_integration(hass, domain)
        pins |= {text for text in integration.requirements if Requirement(text).name == LIBRARY}
    (pin,) = pins
    (bound,) = Requirement(pin).specifier
    assert bound.operator == "=="
    assert ours.specifier.contains(Version(bound.version))


async def test_the_library_is_not_loaded_before_a_car_needs_it(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs a quarter of a second and 20 MiB: an account whose car takes plain commands never has it loaded."""
    for name in [
        name for name in sys.modules if name.startswith(f"{package.__name__}.fleet.signing_library")
    ]:
        monkeypatch.delitem(sys.modules, name)
    car.command_protocol_required = False
    entry = await set_up(account)
    await send(entry, commands.charge_stop())
    assert f"{package.__name__}.fleet.signing_library" not in sys.modules
