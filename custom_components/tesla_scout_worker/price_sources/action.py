"""What is known of an integration whose action answers with prices, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from .reading import PriceDataError
from .units import Unit

type Requests = Callable[[Sequence[datetime]], list[dict[str, Any]]]
type Reader = Callable[[Mapping[str, Any], str | None], Sequence[Any]]

DAY: Final = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class PriceAction:
    """One integration's action.

    domain, service: of the action. requests: from the days wanted (their local midnights, in order) to the data of each
    call. read: from a response and the owner's choice of area or home to its rows. unit: what its prices are in.
    entry_field: how its data names the config entry, None where it takes none. zone: whose days it counts, None for
    Home Assistant's. choice_field: how its data names what was chosen. defaults: data that it insists on.
    """

    domain: str
    service: str
    requests: Requests
    read: Reader
    unit: Unit
    entry_field: str | None = None
    zone: tzinfo | None = None
    choice_field: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the action as Home Assistant names it."""
        return f"{self.domain}.{self.service}"


def rows_at(response: Mapping[str, Any], key: str) -> Sequence[Any]:
    """Return the list under a key. Raises PriceDataError where there is none."""
    rows: Any = response.get(key)
    if not isinstance(rows, list):
        raise PriceDataError(translation_key="price_answer_unreadable")
    return rows


def chosen(lists: Mapping[str, Any], choice: str | None) -> Sequence[Any]:
    """Return the list of the area or home that was chosen; with one there is nothing to choose. Raises PriceDataError."""
    if not lists or not all(isinstance(rows, list) for rows in lists.values()):
        raise PriceDataError(translation_key="price_answer_unreadable")
    named: dict[str, Sequence[Any]] = {str(name).casefold(): rows for name, rows in lists.items()}
    if choice is None and len(named) == 1:
        return next(iter(named.values()))
    if choice is None or choice.casefold() not in named:
        raise PriceDataError(translation_key="price_area_unclear", areas=", ".join(map(str, lists)))
    return named[choice.casefold()]
