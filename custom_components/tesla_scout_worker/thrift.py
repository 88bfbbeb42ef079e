"""How much longer automatic looks wait so that the month's budget lasts, pure: dollars and time in, a factor out."""

from math import inf
from typing import Final

# The scout leaves this to the worker, whose read of a car that has come home is what it looks for.
SCOUT_SHARE: Final = 0.95
# Waits are made so long that a little less is spent, or the last day of the month would be one without looks.
_AIM: Final = 0.9
_LONGEST: Final = 4.0
# So much of the budget may be spent ahead of time, all of it on the first day, none on the last: a dense day is no trend.
_AHEAD: Final = 0.1
# How sharply the waits rise: at 1.6 times less money than time is left, they are the longest.
_SHARPNESS: Final = 3.0
# A forecast this much over the budget is taken at its word; up to there waits rise gradually.
_OVER: Final = 0.1
_NOTHING: Final = 1e-6


def thrift(spent: float, budget: float, gone: float, forecast: float | None) -> float:
    """Return the factor by which automatic looks wait longer: 1 while the money lasts, at most 4; inf where none is left.

    spent, budget, forecast: US dollars of this month. gone: share of the month that is over, from 0 to 1. forecast: what
    the month is expected to cost, None where nobody knows.
    """
    ours = SCOUT_SHARE * budget
    if spent >= ours:
        return inf
    doubt = 1.0 if forecast is None else (forecast / (_AIM * budget) - 1.0) / _OVER
    ahead = max(spent - _AHEAD * budget * (1.0 - gone), 0.0)
    left = max(1.0 - ahead / (_AIM * budget), _NOTHING)
    pace = (1.0 - gone) / left
    longest: float = min(max(pace, 1.0) ** _SHARPNESS, _LONGEST)
    return 1.0 + (longest - 1.0) * min(max(doubt, 0.0), 1.0)
