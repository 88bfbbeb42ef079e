"""The actions whose answers are known."""

from typing import Final

from .action import PriceAction
from .amberelectric import AMBERELECTRIC
from .dutch import EASYENERGY, ENERGYZERO
from .nordpool import NORDPOOL
from .tibber import TIBBER

KNOWN: Final[dict[str, PriceAction]] = {
    action.domain: action for action in (NORDPOOL, TIBBER, ENERGYZERO, EASYENERGY, AMBERELECTRIC)
}
