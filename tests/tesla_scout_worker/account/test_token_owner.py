"""Who can see a refresh token: read from the code itself."""

import ast
from pathlib import Path

import pytest

import custom_components.tesla_scout_worker as integration
from custom_components.tesla_scout_worker.account import AccountCoordinator
from custom_components.tesla_scout_worker.token_health import TokenHealth

ROOT = Path(integration.__file__).parent
# The chain, what decides about it, the keeper, its journal, the first refresh, and the request itself.
OWNERS = frozenset(
    {
        "token_rotation.py",
        "token_decisions.py",
        "token_keeper.py",
        "token_journal.py",
        "sign_in.py",
        "fleet/auth.py",
    }
)
# What one of them may have beside: the coordinator its keeper and the entry's token, which it hands on unread; a dialog
# what a person typed, and the new entry's token; diagnostics and system health a keeper's health, also of an account that
# could not be set up.
MESSENGERS = {
    "__init__.py": frozenset({"token_journal"}),
    "account.py": frozenset({"_keeper", "CONF_TOKEN", "TokenKeeper", "keeper_for", "token_rotation"}),
    "flow_account.py": frozenset({"CONF_TOKEN"}),
    "flow_browser.py": frozenset({"keeper_for"}),
    "flow_forms.py": frozenset({"CONF_REFRESH_TOKEN", "token_rotation"}),
    "config_flow.py": frozenset({"CONF_REFRESH_TOKEN", "token_rotation"}),
    "token_health.py": frozenset({"token_rotation"}),
    "const.py": frozenset({"CONF_REFRESH_TOKEN"}),
    "diagnostics_account.py": frozenset({"keeper_for"}),
    "system_health.py": frozenset({"keeper_for"}),
}
# Classes, functions, constants and modules that lead to one.
NAMES = frozenset(
    {
        "CONF_TOKEN",
        "CONF_REFRESH_TOKEN",
        "TokenChain",
        "TokenJournal",
        "TokenKeeper",
        "keeper_for",
        "token_rotation",
        "token_journal",
        "token_decisions",
    }
)
# Attributes and keys that hold one.
PLACES = frozenset({"refresh_token", "refresh_tokens", "candidates", "_chain", "_keeper", "stored", "token"})
# The same words for other things: what Home Assistant's own dialog calls so, and the health of our token.
OTHER_MEANINGS = {
    "account.py": frozenset({"token"}),
    "entity.py": frozenset({"token"}),
    "account_event.py": frozenset({"token"}),
    "account_sensor.py": frozenset({"token"}),
    "services.py": frozenset({"token"}),
    "token_sharing.py": frozenset({"token"}),
}
MODULES = sorted(ROOT.rglob("*.py"))


def ways_in(tree: ast.Module) -> set[str]:
    """Return with which names, attributes and keys a module could reach a refresh token."""
    words: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.alias(name=name):
                words |= {name} & NAMES
            case ast.ImportFrom(module=str(module)):
                words |= {module.rpartition(".")[2]} & NAMES
            case ast.Attribute(attr=name):
                words |= {name} & PLACES
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                words |= {key} & PLACES
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
                words |= {key} & PLACES
    return words


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_can_read_a_refresh_token(path: Path) -> None:
    """No module but the owners has a way to one; scout, worker, services and entities have none at all."""
    name = str(path.relative_to(ROOT))
    if name in OWNERS:
        return
    allowed = MESSENGERS.get(name, frozenset()) | OTHER_MEANINGS.get(name, frozenset())
    assert ways_in(ast.parse(path.read_text(encoding="utf-8"))) == allowed


def test_the_search_would_find_a_way() -> None:
    """Each kind of way is seen."""
    for code in (
        "from .token_journal import TokenJournal",
        "from .token_keeper import keeper_for",
        "account._keeper",
        "entry.data[CONF_TOKEN]",
        "entry.data['token']",
        "entry.data.get('token')",
        "chain.candidates",
    ):
        assert ways_in(ast.parse(code)), code


def test_what_the_account_shows_has_no_place_for_a_token() -> None:
    """Neither what it publishes nor what others may call is or returns a refresh token."""
    assert not {name for name in TokenHealth.__dataclass_fields__ if name.endswith("token")}
    public = {name for name in vars(AccountCoordinator) if not name.startswith("_")}
    assert public == {
        "async_access_token",
        "async_bind",
        "async_list_vehicles",
        "async_refresh_token",
        "async_token_rejected",
        "sees_location",
    }
