"""Lives that cars lead, day by day. Each is a function that writes so many days into a life."""

from datetime import timedelta
from typing import Final

from .life import FIRST_DAY, HOUR, MINUTE, Life, Lives, midnight
from .roads import Roads

SATURDAY: Final = 5
_FRIDAY, _SUNDAY = 4, 6
_WEDNESDAY: Final = 2
# About one day in ten is not like the others.
_ODD_DAY: Final = 0.1
# How often a day the car wakes although nobody drives.
_ODD_WAKE: Final = 0.4
_WEEKEND_KM, _MOTORWAY_KM = 120.0, 250.0


def live(name: str, roads: Roads, days: int, seed: int) -> Life:
    """Return the life of a profile: so many days from FIRST_DAY on. KeyError for a name that is none."""
    life = Life.of(roads, f"{name} {roads.name} {seed}")
    PROFILES[name](life, days)
    _wake_at_times(life, days)
    return life


def weekday(day: int) -> int:
    """Return the day of the week of a day after FIRST_DAY, Monday is 0."""
    return (FIRST_DAY + timedelta(days=day)).weekday()


# --- a day ----------------------------------------------------------------------------------------


def _work_day(life: Life, day: int, *, plugs_in: bool, sentry: bool = False) -> None:
    """To work about 07:40 and home about 17:00; seldom back after ten minutes, home early, or late from a meeting."""
    zero, work = midnight(day), life.roads.work
    odd = life.rng.choice(("early", "forgot", "late")) if life.rng.random() < _ODD_DAY else ""
    leaves = zero + 7 * HOUR + 40 * MINUTE + life.spread(20)
    if odd == "forgot":
        leaves = _forget_something(life, leaves)
    arrived = life.leave(work, leaves).end
    home_at = zero + 17 * HOUR + life.spread(20)
    if odd == "early":
        home_at -= life.rng.uniform(1.5, 3.5) * HOUR
    elif odd == "late":
        home_at += life.rng.uniform(1.5, 3.0) * HOUR
    way_home = life.come_home(work, home_at, plugs_in=plugs_in)
    if sentry:
        life.kept_awake.append((arrived, way_home.begin))


def _forget_something(life: Life, leaves: float) -> float:
    """Drive off, be back after ten minutes, and return when it goes on."""
    turns = life.roads.work.home.tail(280)
    out = life.go(turns.reversed(), leaves)
    back = life.go(turns, out.end + 20)
    return back.end + 4 * MINUTE


def _errand(life: Life, at: float, minutes: float, *, plugs_in: bool = False) -> None:
    """To a shop nearby and back."""
    out = life.leave(life.roads.near, at)
    life.come_home(life.roads.near, out.end + minutes * MINUTE, plugs_in=plugs_in)


def _saturday(life: Life, day: int) -> None:
    _errand(life, midnight(day) + 11 * HOUR + life.spread(60), life.rng.uniform(30, 60), plugs_in=True)


def _wake_at_times(life: Life, days: int) -> None:
    """Let the owner's app wake the car now and then, or the heating at home for 20 minutes; nobody drives after it."""
    rng = life.rng
    for day in range(days):
        if rng.random() >= _ODD_WAKE:
            continue
        at = midnight(day) + rng.uniform(7, 22) * HOUR
        if not life.is_parked(at, at + 20 * MINUTE):
            continue
        if rng.random() < 0.5:  # noqa: PLR2004 - either is as likely
            life.touches.append(at)
        else:
            life.kept_awake.append((at, at + 20 * MINUTE))


# --- lives ----------------------------------------------------------------------------------------


def _sleeper(life: Life, days: int) -> None:
    for day in range(days):
        if weekday(day) < SATURDAY:
            _work_day(life, day, plugs_in=day % 2 == 0)
        elif weekday(day) == SATURDAY:
            _saturday(life, day)


def _awake_at_work(life: Life, days: int) -> None:
    for day in range(days):
        if weekday(day) < SATURDAY:
            _work_day(life, day, plugs_in=True, sentry=True)
        elif weekday(day) == SATURDAY:
            _saturday(life, day)


def _evening_errand(life: Life, days: int) -> None:
    for day in range(days):
        if weekday(day) < SATURDAY:
            _work_day(life, day, plugs_in=False)
            evening = midnight(day) + 20 * HOUR + life.spread(30)
            _errand(life, evening, life.rng.uniform(15, 40), plugs_in=True)
        elif weekday(day) == SATURDAY:
            _saturday(life, day)


def _school_run(life: Life, days: int) -> None:
    school = life.roads.school
    for day in range(days):
        if weekday(day) >= SATURDAY:
            if weekday(day) == SATURDAY:
                _saturday(life, day)
            continue
        for hours, plugs_in in ((7 + 40 / 60, False), (15 + 20 / 60, day % 2 == 0)):
            out = life.leave(school, midnight(day) + hours * HOUR + life.spread(8))
            life.come_home(school, out.end + 3 * MINUTE, plugs_in=plugs_in)


def _weekend_away(life: Life, days: int) -> None:
    far = life.roads.far(_WEEKEND_KM)
    for day in range(days):
        if weekday(day) < SATURDAY:
            _work_day(life, day, plugs_in=day % 2 == 0)
        if weekday(day) == _FRIDAY and day + 2 < days:
            life.leave(far, midnight(day) + 18.5 * HOUR + life.spread(30))
            life.come_home(far, midnight(day + 2) + 16.5 * HOUR + life.spread(60), plugs_in=True)


def _night_shift(life: Life, days: int) -> None:
    work = life.roads.work
    for day in range(days):
        if weekday(day) < SATURDAY and day + 1 < days:
            life.leave(work, midnight(day) + 21 * HOUR + 10 * MINUTE + life.spread(20))
            life.come_home(work, midnight(day + 1) + 6 * HOUR + life.spread(20), plugs_in=True)
        elif weekday(day) == _SUNDAY:
            _errand(life, midnight(day) + 15 * HOUR + life.spread(60), life.rng.uniform(30, 60))


def _motorway(life: Life, days: int) -> None:
    far = life.roads.far(_MOTORWAY_KM)
    for day in range(days):
        if weekday(day) == _WEDNESDAY:
            out = life.leave(far, midnight(day) + 7 * HOUR + life.spread(20))
            life.come_home(far, out.end + life.rng.uniform(3.5, 5.5) * HOUR, plugs_in=True)
        elif weekday(day) < SATURDAY:
            _work_day(life, day, plugs_in=True)
        elif weekday(day) == SATURDAY:
            _saturday(life, day)


def _second_car(life: Life, days: int) -> None:
    for day in range(1, days, 4):
        _errand(
            life,
            midnight(day) + life.rng.uniform(9, 18) * HOUR,
            life.rng.uniform(20, 90),
            plugs_in=day % 8 == 1,
        )


def _garage(life: Life, days: int) -> None:
    _sleeper(life, days)
    for begin, end in life.stays_at_home(midnight(days) + 12 * HOUR):
        # The door closes before or after the car stands; on the way out the signal is back on the street.
        life.without_signal.append((begin + life.rng.uniform(-4, 30), end + life.rng.uniform(5, 12)))
    if life.drives:
        life.without_signal.append((midnight(0), life.drives[0].begin + 8))


PROFILES: Final[dict[str, Lives]] = {
    "sleeper": _sleeper,
    "awake at work": _awake_at_work,
    "evening errand": _evening_errand,
    "school run": _school_run,
    "weekend away": _weekend_away,
    "night shift": _night_shift,
    "motorway": _motorway,
    "second car": _second_car,
    "garage": _garage,
}
"""The lives by name."""
