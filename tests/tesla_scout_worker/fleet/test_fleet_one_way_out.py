"""B1: there is no way to Tesla but the metered one. Read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import fleet_fixtures
import pytest

import custom_components.tesla_scout_worker as integration

_custom_integrations = fleet_fixtures.no_home_assistant
_start_time = fleet_fixtures.no_frozen_time

ROOT = Path(integration.__file__).parent
TRANSPORT = ROOT / "fleet" / "transport.py"
# The one module that takes a library which could talk by itself: it gets no session, and its way out is ours.
SIGNING = ROOT / "fleet" / "signing_library.py"
MODULES = sorted(ROOT.rglob("*.py"))
ASKING = frozenset(
    {"request", "get", "post", "put", "patch", "delete", "head", "options", "ws_connect", "_request"}
)
# Modules that can talk to a network by themselves.
NETWORKING = frozenset({"aiohttp", "httpx", "requests", "urllib3", "socket", "http", "tesla_fleet_api"})
# Answers what others ask, and cannot ask itself.
ANSWERING = frozenset({"aiohttp.web"})


def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(node: ast.expr) -> str:
    """Return the last part of a dotted name, empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return name_of(func)
        case _:
            return ""


def requests_in(tree: ast.Module) -> Iterator[int]:
    """Yield the lines on which something that is called a session is asked to send."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=owner, attr=method) if method in ASKING and (
                "session" in name_of(owner).lower()
            ):
                yield node.lineno


def imports_in(tree: ast.Module) -> Iterator[str]:
    """Yield the top-level packages that are imported when the module runs."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_but_the_transport_sends(path: Path) -> None:
    """No module but fleet/transport.py asks a session for anything, or imports what could."""
    if path == TRANSPORT:
        return
    tree = tree_of(path)
    assert list(requests_in(tree)) == []
    networking = {name for name in imports_in(tree) if name.partition(".")[0] in NETWORKING} - ANSWERING
    networking |= {name for name in imports_in(tree) if name == "urllib.request"}
    if path == SIGNING:
        networking -= {"tesla_fleet_api.exceptions", "tesla_fleet_api.tesla.vehicle.signed"}
    assert networking == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_session_goes_nowhere_but_into_a_transport(path: Path) -> None:
    """Home Assistant's client session is handed to a Transport where it is fetched, and to nobody else."""
    tree = tree_of(path)
    fetched = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "clientsession" in name_of(node.func).lower()
    ]
    handed_on = [
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).endswith("Transport")
        for argument in node.args
    ]
    assert all(any(call is argument for argument in handed_on) for call in fetched)


def test_the_transport_sends_in_one_place() -> None:
    """There is one request in the whole integration, and this test would see it."""
    assert len(list(requests_in(tree_of(TRANSPORT)))) == 1


def test_tesla_s_side_does_not_know_home_assistant() -> None:
    """Everything in fleet/ can be read, run and tested without Home Assistant."""
    for path in (ROOT / "fleet").glob("*.py"):
        assert not [name for name in imports_in(tree_of(path)) if name.startswith("homeassistant")], path
