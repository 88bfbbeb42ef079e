"""Days of the week in the spellings that people use, as Tesla's mask. Pure.

A mask is an int: Sunday 1, Monday 2, Tuesday 4, Wednesday 8, Thursday 16, Friday 32, Saturday 64
(https://github.com/teslamotors/vehicle-command, pkg/proxy/command.go). Cars read and write it; the commands of the REST
API take names.

A text is read in each language as a whole. `So` is a Sunday in German and a Saturday in Polish: `Sa, So` is clear and
`So` alone is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date
import re
from typing import Any, Final
import unicodedata

EVERY_DAY: Final = 127
WEEKDAYS: Final = 62
WEEKEND: Final = 65

# Home Assistant's own keys (homeassistant.const.WEEKDAYS), in Tesla's order.
_KEYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_A_WEEK: Final = 7
# A word that was not understood is shown up to here.
_LONGEST_SHOWN: Final = 30
_LONGEST_TEXT: Final = 200

# Per language the whole names, Sunday first; then, day by day, what else is written for them. Whatever begins a name and
# has three letters is understood as well. All without diacritics.
_LANGUAGES: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("sunday monday tuesday wednesday thursday friday saturday", "su|mo|tu|we weds|th|fr|sa"),
    "pl": (
        "niedziela poniedzialek wtorek sroda czwartek piatek sobota",
        "nd ni ndz niedziele|pn poniedzialki|wt wtorki|sr srody srode|cz czwartki|pt piatki|so sb soboty sobote",
    ),
    "de": (
        "sonntag montag dienstag mittwoch donnerstag freitag samstag",
        "so|mo|di|mi|do|fr|sa sonnabend",
    ),
    "fr": ("dimanche lundi mardi mercredi jeudi vendredi samedi", ""),
    "es": ("domingo lunes martes miercoles jueves viernes sabado", ""),
    "it": ("domenica lunedi martedi mercoledi giovedi venerdi sabato", ""),
    "nl": ("zondag maandag dinsdag woensdag donderdag vrijdag zaterdag", "zo|ma|di|wo|do|vr|za"),
}
_RANGE_WORDS: Final[Mapping[str, str]] = {
    "en": "to|thru|through|until|till",
    "pl": "do",
    "de": "bis",
    "fr": "a|au",
    "es": "a|al",
    "it": "a|al",
    "nl": "tot|tm",
}
# Whole pieces of a text, in any language.
_GROUPS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        (
            *(
                "all",
                "any",
                "daily",
                "every",
                "every day",
                "everyday",
                "each day",
                "all days",
                "whole week",
                "*",
            ),
            *("codziennie", "co dzien", "kazdy dzien", "kazdego dnia", "wszystkie", "wszystkie dni"),
            *(
                "alle",
                "alle tage",
                "taglich",
                "taeglich",
                "jeden tag",
                "tous les jours",
                "cada dia",
                "todos los dias",
            ),
            *("ogni giorno", "tutti i giorni", "elke dag", "dagelijks"),
        ),
        EVERY_DAY,
    ),
    **dict.fromkeys(
        (
            *("weekday", "weekdays", "week days", "workday", "workdays", "work days", "working days"),
            *("business days", "robocze", "dni robocze", "dzien roboczy", "w dni robocze", "w tygodniu"),
            *("wochentags", "unter der woche", "arbeitstage", "jours ouvres", "jours de semaine"),
            *("laborables", "dias laborables", "giorni feriali", "feriali", "doordeweeks", "werkdagen"),
        ),
        WEEKDAYS,
    ),
    **dict.fromkeys(
        (
            *("weekend", "weekends", "week end", "weekendy", "w weekend", "w weekendy", "wochenende"),
            *(
                "am wochenende",
                "wochenenden",
                "fin de semana",
                "fine settimana",
                "finesettimana",
                "weekeinde",
            ),
        ),
        WEEKEND,
    ),
}
_SEPARATORS: Final = re.compile(r"[,;/&+|\n]|\b(?:and|i|oraz|und|et|y|e|en)\b")


class UnknownDaysError(ValueError):
    """Days that cannot be read. word: what was not understood, short enough to be shown; empty where nothing was said."""

    def __init__(self, word: object = "") -> None:
        text = " ".join(str(word).split())
        super().__init__(text[:_LONGEST_SHOWN])
        self.word = text[:_LONGEST_SHOWN]


def mask_of(days: Any) -> int:
    """Return Tesla's mask, 1 to 127, of days in any usual spelling.

    Texts: names and short forms in seven languages, lists with commas or spaces, ranges (`Mo-Fr`, `Fri to Mon`),
    `weekdays`, `weekend`, `every day`. Lists of texts or of numbers as in ISO 8601 and cron: Monday 1 … Saturday 6,
    Sunday 7 or 0. A single number is Tesla's mask. Raises UnknownDaysError for everything else.
    """
    if isinstance(days, str):
        return _of_text(days)
    if isinstance(days, list | tuple | set | frozenset):
        if days and all(isinstance(item, str) and item.strip() for item in days):
            # Read together: one day tells which language the others are in.
            return _of_text(",".join(days))
        mask = 0
        for item in days:
            mask |= _of_text(item) if isinstance(item, str) else _of_number(item)
        return _some(mask, days)
    return _of_mask(days)


def read_mask(value: Any) -> int:
    """Return the mask of a car's answer, 0 where it names no day: what a car says is never refused."""
    try:
        return mask_of(value)
    except UnknownDaysError:
        return 0


def day_keys(mask: int) -> list[str]:
    """Return the days in Home Assistant's words, from `mon` to `sun`."""
    return [_KEYS[index] for index in (1, 2, 3, 4, 5, 6, 0) if mask >> index & 1]


def day_flag(day: date) -> int:
    """Return the mask of the weekday on which a date falls."""
    return 1 << day.isoweekday() % _A_WEEK


def _of_mask(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number // 1:
        raise UnknownDaysError(number if number is not None else "")
    if not 0 < number <= EVERY_DAY:
        raise UnknownDaysError(number)
    return int(number)


def _of_number(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _A_WEEK:
        raise UnknownDaysError(number if number is not None else "")
    return 1 << number % _A_WEEK


def _of_text(text: str) -> int:
    if len(text) > _LONGEST_TEXT:
        raise UnknownDaysError(text)
    plain = _plain(text)
    if not plain:
        raise UnknownDaysError
    if plain.isdecimal():
        return _of_mask(int(plain))
    # A text in one language before one that mixes in English: `Sa, So` is German.
    wrong: list[str] = []
    for more in ((), ("en",)):
        found: set[int] = set()
        for language in _LANGUAGES:
            try:
                found.add(_in_language(plain, (language, *more)))
            except UnknownDaysError as err:
                wrong.append(err.word)
        if found:
            break
    if len(found) == 1:
        return found.pop()
    # The language that understood most of it names the word that is wrong.
    raise UnknownDaysError(text if found else max(wrong, key=plain.find))


def _in_language(plain: str, languages: tuple[str, ...]) -> int:
    """Return the mask of a text that is read in one language, or in one and English."""
    mask = 0
    for piece in _SEPARATORS.split(plain):
        if not (words := piece.strip()):
            continue
        if (group := _GROUPS.get(words)) is not None or (
            group := _GROUPS.get(words.replace("-", " "))
        ) is not None:
            mask |= group
            continue
        joined = re.sub(rf"\s+(?:{_RANGE_WORDS[languages[0]]})\s+", "-", words)
        for token in joined.split():
            mask |= _span(token, languages)
    return _some(mask, plain)


def _span(token: str, languages: tuple[str, ...]) -> int:
    """Return the mask of one day, or of a range of two that may run over the end of the week."""
    if token in _GROUPS:
        return _GROUPS[token]
    words = token.split("-")
    if len(words) > 2:  # noqa: PLR2004 - a range has two ends
        raise UnknownDaysError(token)
    first, last = _day(words[0], languages), _day(words[-1], languages)
    return sum(1 << (first + step) % _A_WEEK for step in range((last - first) % _A_WEEK + 1))


def _day(word: str, languages: tuple[str, ...]) -> int:
    """Return the index of a day, Sunday 0."""
    if word.isdecimal() and int(word) <= _A_WEEK:
        return int(word) % _A_WEEK
    for language in languages:
        if (day := _WORDS[language].get(word)) is not None:
            return day
    raise UnknownDaysError(word)


def _plain(text: str) -> str:
    """Return a text in small letters without diacritics and full stops, with `-` for each sign of a range."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    plain = re.sub(r"\s*(?:\.\.+|[-‐‑‒–—~→])\s*", "-", plain)  # noqa: RUF001 - the dashes that people type
    return re.sub(r"[.'\"\[\]()]", "", plain).strip(" -")


def _some(mask: int, said: Any) -> int:
    if not mask:
        raise UnknownDaysError("" if not said or not isinstance(said, str) else said)
    return mask


def _words(names: str, others: str) -> Iterable[tuple[str, int]]:
    for day, name in enumerate(names.split()):
        for length in range(3, len(name) + 1):
            yield name[:length], day
        yield f"{name}s", day
    for day, words in enumerate(others.split("|")):
        for word in words.split():
            yield word, day


_WORDS: Final[Mapping[str, Mapping[str, int]]] = {
    language: dict(_words(names, others)) for language, (names, others) in _LANGUAGES.items()
}
