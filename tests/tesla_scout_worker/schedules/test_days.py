"""Days in the spellings that people use."""

from typing import Any

import pytest

from custom_components.tesla_scout_worker.worker.days import (
    EVERY_DAY,
    WEEKDAYS,
    WEEKEND,
    UnknownDaysError,
    day_keys,
    mask_of,
    read_mask,
)

SUN, MON, TUE, WED, THU, FRI, SAT = (1 << index for index in range(7))


@pytest.mark.parametrize(
    ("days", "mask"),
    [
        ("Mon", MON),
        ("monday", MON),
        ("MONDAYS", MON),
        ("poniedziałek", MON),
        ("pn", MON),
        ("pon.", MON),
        ("Tue", TUE),
        ("Tues", TUE),
        ("Thurs", THU),
        ("śr., czw.", WED | THU),
        ("piątek i sobota", FRI | SAT),
        ("niedziela", SUN),
        ("Mo-Fr", WEEKDAYS),
        ("Mo \N{EN DASH} Fr", WEEKDAYS),
        ("pn-pt", WEEKDAYS),
        ("pn do pt", WEEKDAYS),
        ("Montag bis Freitag", WEEKDAYS),
        ("Tuesday to Thursday", TUE | WED | THU),
        ("lun-ven", WEEKDAYS),
        ("Fri-Mon", FRI | SAT | SUN | MON),
        ("Sun-Sat", EVERY_DAY),
        ("Mon-Mon", MON),
        ("Mo Do", MON | THU),
        ("Sa, So", WEEKEND),
        ("Mo-So", EVERY_DAY),
        ("Mo-Fr, Sonntag", EVERY_DAY - SAT),
        (["Sa", "So"], WEEKEND),
        ("weekdays", WEEKDAYS),
        ("Weekday", WEEKDAYS),
        ("dni robocze", WEEKDAYS),
        ("weekend", WEEKEND),
        ("week-end", WEEKEND),
        ("Weekend, Wed", WEEKEND | WED),
        ("all", EVERY_DAY),
        ("every day", EVERY_DAY),
        ("everyday", EVERY_DAY),
        ("codziennie", EVERY_DAY),
        ("täglich", EVERY_DAY),
        ("Mon,Wed;Fri", MON | WED | FRI),
        ("Mon Wed Fri", MON | WED | FRI),
        ("Mon, Mon", MON),
        (["mon", "tue"], MON | TUE),
        (("mon", "sobota"), MON | SAT),
        (["Mon-Fri", "sobota"], WEEKDAYS | SAT),
        ("['mon', 'tue']", MON | TUE),
        ([1, 2, 7], MON | TUE | SUN),
        ([0], SUN),
        (["mon", 2], MON | TUE),
        ("1-5", WEEKDAYS),
        ("1,3", MON | WED),
        (62, WEEKDAYS),
        (62.0, WEEKDAYS),
        ("62", WEEKDAYS),
        (1, SUN),
        (127, EVERY_DAY),
    ],
)
def test_what_people_write(days: Any, mask: int) -> None:
    """Read as it is meant, or not at all."""
    assert mask_of(days) == mask


@pytest.mark.parametrize(
    ("days", "word"),
    [
        ("", ""),
        ("   ", ""),
        (None, ""),
        ([], ""),
        ([""], ""),
        (",", ","),
        ("Mon, foo, bar", "foo"),
        ("Dienstag, xyz", "xyz"),
        ("poniedziałek, wtor, kot", "kot"),
        ("Mon-Tue-Wed", "mon-tue-wed"),
        ("satisfied", "satisfied"),
        ("month", "month"),
        ("m", "m"),
        ("x" * 300, "x" * 30),
        (0, "0"),
        (128, "128"),
        (-1, "-1"),
        (62.5, "62.5"),
        (True, "True"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ([8], "8"),
        ([True], "True"),
        ([None], ""),
        ([["mon"]], "['mon']"),
        ({"mon": True}, "{'mon': True}"),
        # A Sunday in German, a Saturday in Polish.
        ("So", "So"),
    ],
)
def test_what_cannot_be_read_is_named(days: Any, word: str) -> None:
    """The error has the word that is wrong, short enough for a message."""
    with pytest.raises(UnknownDaysError) as raised:
        mask_of(days)
    assert raised.value.word == word


def test_what_a_car_says_is_never_refused() -> None:
    """Whatever comes as the days of a read has a mask, 0 where it names none."""
    assert [read_mask(value) for value in (62, "62", "Monday,Tuesday", 0, None, "?", 400)] == [
        62, 62, 6, 0, 0, 0, 0,
    ]  # fmt: skip


def test_days_in_home_assistants_words() -> None:
    """Monday first, as its own selectors have them."""
    assert day_keys(EVERY_DAY) == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert day_keys(WEEKEND) == ["sat", "sun"]
    assert day_keys(0) == []
