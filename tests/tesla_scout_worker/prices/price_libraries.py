"""Core's price integrations, loaded without the libraries of the suppliers where those are not installed.

The actions are core's own: their schemas, their days, their answers. Only what talks to the supplier is a stand-in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
import sys
from types import ModuleType
from typing import Any, override
from zoneinfo import ZoneInfo

LIBRARY_OF = {
    "nordpool": "pynordpool",
    "tibber": "tibber",
    "energyzero": "energyzero",
    "easyenergy": "easyenergy",
    "amberelectric": "amberelectric",
}


class Granularity(StrEnum):
    """easyEnergy's steps."""

    HOUR = "hour"
    QUARTER = "quarter"


class PriceType(StrEnum):
    """easyEnergy's kinds of price."""

    MARKET = "market"
    INVOICE = "invoice"


class Currency(StrEnum):
    """Nord Pool's currencies."""

    DKK = "DKK"
    EUR = "EUR"
    NOK = "NOK"
    PLN = "PLN"
    SEK = "SEK"


# What core looks into while it loads or answers; any other name is a class of no meaning.
_NAMES: dict[str, Any] = {
    "AREAS": {"PL": "Poland", "SE3": "Stockholm", "SE4": "Malmö"},
    "Currency": Currency,
    "ElectricityGranularity": Granularity,
    "ElectricityPriceType": PriceType,
    "MARKET_TIMEZONE": ZoneInfo("Europe/Amsterdam"),
}


class _Named(type):
    """The class of a stand-in: any attribute of it is its own name, as of an enum's member."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return f"{cls.__name__}.{name}"


class _Module(ModuleType):
    __path__: list[str] = []  # noqa: RUF012 - what makes a module a package

    @override
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _NAMES.get(name) or _Named(name, (Exception,), {})
        setattr(self, name, found)
        return found


class _StandIns(MetaPathFinder, Loader):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    @override
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname.partition(".")[0] in self._names else None

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    @override
    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def suppliers() -> Iterator[None]:
    """Let core's integrations be imported."""
    missing = tuple(name for name in LIBRARY_OF.values() if find_spec(name) is None)
    finder = _StandIns(missing)
    sys.meta_path.insert(0, finder)
    before = set(sys.modules)
    yield
    sys.meta_path.remove(finder)
    for name in set(sys.modules) - before:
        parts = name.split(".")
        is_core = parts[:2] == ["homeassistant", "components"] and parts[2:3] != [] and parts[2] in LIBRARY_OF
        if parts[0] in missing or is_core:
            del sys.modules[name]
