"""What a price is told in, pure: "EUR/MWh", "öre/kWh", "p/kWh" to the main unit for a kWh."""

from dataclasses import dataclass
from typing import Final

from .reading import PriceDataError

_ENERGIES: Final = {"wh": 1_000.0, "kwh": 1.0, "mwh": 0.001, "gwh": 0.000_001}
_CENT: Final = 0.01
# The currencies of places with electricity markets; any other one is known where the source names it.
_CURRENCIES: Final = frozenset({
    "AED", "ALL", "AUD", "BAM", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "CZK", "DKK", "EUR", "GBP",
    "GEL", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MAD", "MDL", "MKD", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD",
    "VND", "ZAR",
})  # fmt: skip
# Words and signs; None where several currencies share them.
_MONEY: Final[dict[str, tuple[float, str | None]]] = {
    "€": (1.0, "EUR"), "euro": (1.0, "EUR"), "£": (1.0, "GBP"), "zł": (1.0, "PLN"), "zl": (1.0, "PLN"),
    "kč": (1.0, "CZK"), "ft": (1.0, "HUF"), "lei": (1.0, "RON"), "₴": (1.0, "UAH"), "¥": (1.0, None),
    "$": (1.0, None), "kr": (1.0, None), "kr.": (1.0, None),
    "öre": (_CENT, "SEK"), "øre": (_CENT, None), "ore": (_CENT, None), "gr": (_CENT, "PLN"), "grosz": (_CENT, "PLN"),
    "p": (_CENT, "GBP"), "pence": (_CENT, "GBP"), "rp": (_CENT, "CHF"), "rappen": (_CENT, "CHF"),
    "snt": (_CENT, "EUR"), "eurocent": (_CENT, "EUR"), "ct": (_CENT, None), "c": (_CENT, None), "¢": (_CENT, None),
    "cent": (_CENT, None), "cents": (_CENT, None), "c€": (_CENT, "EUR"), "€ct": (_CENT, "EUR"), "eurct": (_CENT, "EUR"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """per_kwh: what a price is multiplied by, to be one for a kWh in the main unit. currency: ISO 4217, None if not told."""

    per_kwh: float
    currency: str | None = None


def unit_of(text: str | None, currency: str | None = None) -> Unit:
    """Read a unit. currency: what is said beside it, for units that leave it open. Raises PriceDataError."""
    if not text or not text.strip():
        raise PriceDataError(translation_key="price_unit_missing")
    money, _, energy = text.strip().replace(" per ", "/").rpartition("/")
    money, energy = money.strip(), energy.strip().lower()
    found = _money_of(money, currency)
    if found is None or energy not in _ENERGIES:
        raise PriceDataError(translation_key="price_unit_unknown", unit=text.strip())
    parts, told = found
    return Unit(parts * _ENERGIES[energy], told or currency)


def _money_of(money: str, currency: str | None) -> tuple[float, str | None] | None:
    if money.upper() in _CURRENCIES or (currency and money.upper() == currency.upper()):
        return 1.0, money.upper()
    return _MONEY.get(money.lower())
