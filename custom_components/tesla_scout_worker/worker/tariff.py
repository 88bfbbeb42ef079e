"""A fixed tariff, pure: prices by the hour of the day, the day of the week and the season."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final, Self

from .price_slots import Prices, PriceSlot

_DAY: Final = 1_440
_HOUR: Final = 3_600.0
_SATURDAY: Final = 5
# From April to September, in the seasons of Polish tariffs.
_SUMMER: Final = range(4, 10)
# Since this year Christmas Eve is a day off by law in Poland.
_EVE_OFF_SINCE: Final = 2025


class TariffError(ValueError):
    """A tariff that cannot be. translation_key: of the sentence that says what to change."""

    def __init__(self, *, translation_key: str) -> None:
        """Initialize."""
        super().__init__(translation_key)
        self.translation_key = translation_key


class Preset(StrEnum):
    """Which hours are cheap. Prices are always the owner's.

    The Polish hours are those of the operators' published tariffs for distribution (Tauron, Energa, Enea, PGE, Stoen;
    in force 2025 and 2026), for meters that follow summer time. Enea lets the two day hours and the eight night hours
    of G12 differ between meters: who has others than these types them as `day_night`.
    """

    #: One price at all times; in Poland that is G11.
    FLAT = "flat"
    #: The owner's own hours.
    DAY_NIGHT = "day_night"
    PL_G11 = "pl_g11"
    #: Tauron, Energa, Enea, Stoen: every day 22-6 and 13-15.
    PL_G12 = "pl_g12"
    #: PGE: every day 22-6, and 13-15 from October to March, 15-17 from April to September.
    PL_G12_PGE = "pl_g12_pge"
    #: Tauron, Energa: as G12 on work days; all of Saturday, Sunday and public holidays.
    PL_G12W = "pl_g12w"
    #: PGE: as its G12 on work days; all of Saturday, Sunday and public holidays.
    PL_G12W_PGE = "pl_g12w_pge"
    #: Enea: 21-6 on work days; all of Saturday, Sunday and public holidays.
    PL_G12W_ENEA = "pl_g12w_enea"
    #: Stoen: 22-6 on work days; all of Saturday, Sunday and public holidays.
    PL_G12W_STOEN = "pl_g12w_stoen"


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day, minutes after midnight; end may be 1440, and is before start where it goes over midnight."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "22:00-06:00" or "22-6". Raises TariffError."""
        try:
            start, end = (_minutes(part) for part in text.replace("\N{EN DASH}", "-").split("-"))
        except ValueError:
            raise TariffError(translation_key="tariff_hours_unreadable") from None
        if start in {end, _DAY}:
            raise TariffError(translation_key="tariff_hours_unreadable")
        return cls(start, end)

    def __contains__(self, minute: object) -> bool:
        """Return whether a minute of the day lies in it."""
        if not isinstance(minute, int):
            return False
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


_NIGHT: Final = Hours(1_320, 360)
_AFTERNOON: Final = Hours(780, 900)
_SUMMER_AFTERNOON: Final = Hours(900, 1_020)
_G12: Final = (_NIGHT, _AFTERNOON)
_G12_SUMMER: Final = (_NIGHT, _SUMMER_AFTERNOON)
# Cheap hours from October to March, and from April to September.
_CHEAP: Final[dict[Preset, tuple[tuple[Hours, ...], tuple[Hours, ...]]]] = {
    Preset.PL_G12: (_G12, _G12),
    Preset.PL_G12_PGE: (_G12, _G12_SUMMER),
    Preset.PL_G12W: (_G12, _G12),
    Preset.PL_G12W_PGE: (_G12, _G12_SUMMER),
    Preset.PL_G12W_ENEA: ((Hours(1_260, 360),), (Hours(1_260, 360),)),
    Preset.PL_G12W_STOEN: ((_NIGHT,), (_NIGHT,)),
}
_WEEKENDS: Final = frozenset({Preset.PL_G12W, Preset.PL_G12W_PGE, Preset.PL_G12W_ENEA, Preset.PL_G12W_STOEN})
ONE_PRICE: Final = frozenset({Preset.FLAT, Preset.PL_G11})


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff with the owner's prices, each for a kWh.

    day: the price where no other counts. night: in the cheap hours. weekend: all Saturday and Sunday; where it is not
    given these are as other days, in G12w at the night's price. night_hours: of `day_night`; other presets bring
    their own. polish_holidays: public holidays of Poland count as Sundays, in G12w they always do. winter_clock: the
    meter stays on winter time all year, as old ones do. Raises TariffError where something is missing.
    """

    preset: Preset
    day: float
    night: float | None = None
    weekend: float | None = None
    night_hours: tuple[Hours, ...] = ()
    polish_holidays: bool = False
    winter_clock: bool = False

    def __post_init__(self) -> None:
        """Refuse what has no price at some time."""
        if self.preset in ONE_PRICE:
            return
        if self.night is None:
            raise TariffError(translation_key="tariff_night_missing")
        if self.preset is Preset.DAY_NIGHT and not self.night_hours:
            raise TariffError(translation_key="tariff_hours_missing")

    @property
    def currency(self) -> str | None:
        """Return the currency of the country that the tariff is of, None where that is not said."""
        return "PLN" if self.preset.value.startswith("pl_") else None

    def price_at(self, clock: datetime) -> float:
        """Return the price at a time of the meter's clock."""
        if self._is_free(clock.date()):
            weekend = self.night if self.weekend is None and self.preset in _WEEKENDS else self.weekend
            if weekend is not None:
                return weekend
        minute = clock.hour * 60 + clock.minute
        if self.night is not None and any(minute in hours for hours in self._cheap(clock.month)):
            return self.night
        return self.day

    def prices(self, start: float, end: float, zone: tzinfo, currency: str | None = None) -> Prices:
        """Return the prices of a span, in as few slots as they need. start, end: UTC timestamps. zone: where the meter is."""
        cuts = [start, *self._cuts(start, end, zone), end]
        slots = (
            PriceSlot(since, until, self.price_at(self._clock(since, zone)))
            for since, until in pairwise(cuts)
            if since < until
        )
        return Prices(tuple(slots), currency).joined()

    def _is_free(self, day: date) -> bool:
        if self.preset in ONE_PRICE:
            return False
        counts_holidays = self.polish_holidays or self.preset in _WEEKENDS
        return day.weekday() >= _SATURDAY or (counts_holidays and day in polish_holidays(day.year))

    def _cheap(self, month: int) -> tuple[Hours, ...]:
        if self.preset is Preset.DAY_NIGHT:
            return self.night_hours
        return _CHEAP.get(self.preset, ((), ()))[month in _SUMMER]

    def _cuts(self, start: float, end: float, zone: tzinfo) -> Iterable[float]:
        """Yield the times at which a price could change: at each hour, the minutes that some span begins or ends at."""
        spans = (*self.night_hours, *(hours for season in _CHEAP.get(self.preset, ()) for hours in season))
        minutes = {0, *(minute % 60 for hours in spans for minute in (hours.start, hours.end))}
        # Not every zone is whole hours from UTC, and one changes its clock by half an hour.
        shifts = {int(self._offset(at, zone).total_seconds() // 60) for at in (start, end)}
        within = sorted({(minute - shift) % 60 for minute in minutes for shift in shifts})
        hour = start - start % _HOUR
        while hour < end:
            yield from (at for at in (hour + minute * 60 for minute in within) if start < at < end)
            hour += _HOUR

    def _clock(self, at: float, zone: tzinfo) -> datetime:
        return datetime.fromtimestamp(at, UTC) + self._offset(at, zone)

    def _offset(self, at: float, zone: tzinfo) -> timedelta:
        local = datetime.fromtimestamp(at, zone)
        offset = local.utcoffset() or timedelta()
        return offset - (local.dst() or timedelta()) if self.winter_clock else offset


def polish_holidays(year: int) -> frozenset[date]:
    """Return the days off by law in Poland (act of 18 January 1951 as it stands; Christmas Eve since 2025)."""
    easter = _easter(year)
    moving = (easter + timedelta(days=days) for days in (0, 1, 49, 60))
    fixed = [(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)]
    if year >= _EVE_OFF_SINCE:
        fixed.append((12, 24))
    return frozenset((*moving, *(date(year, month, day) for month, day in fixed)))


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar, by the anonymous computus (Nature, 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leaps, leap_rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moon + 15) % 30
    quarter, quarter_rest = divmod(rest, 4)
    weekday = (32 + 2 * leap_rest + 2 * quarter - epact - quarter_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _minutes(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    found = int(hour) * 60 + int(minute or 0)
    if not 0 <= found <= _DAY or int(minute or 0) not in range(60):
        raise ValueError("not a time of the day")
    return found
