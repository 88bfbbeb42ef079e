"""What counts as lost."""

import pytest

from fleet_simulator import RefreshRecord
from torture.verdict import Tally, dead_tokens_offered_twice, figures, is_good, rotations

GRANTED = RefreshRecord(1.0, 0, 0, "rotated", "")
AGAIN = RefreshRecord(2.0, 0, 0, "grace", "")
SPENT = RefreshRecord(3.0, 0, 0, "login_required", "spent")


def test_rotations_are_what_was_granted() -> None:
    assert rotations([GRANTED, AGAIN, SPENT]) == 2


def test_dead_token_may_be_offered_once() -> None:
    assert dead_tokens_offered_twice([GRANTED, SPENT]) == 0
    assert dead_tokens_offered_twice([SPENT, SPENT._replace(token=1), SPENT._replace(grant=1)]) == 0
    assert dead_tokens_offered_twice([SPENT, GRANTED, SPENT]) == 0, "one request, worked on twice"
    again = [SPENT._replace(time=4.0), SPENT._replace(time=5.0)]
    assert dead_tokens_offered_twice([SPENT, GRANTED, *again, SPENT._replace(token=4)]) == 1


def test_figures_and_verdict() -> None:
    good = figures(5, 4, Tally(), [GRANTED, AGAIN])
    assert good == {
        "rounds": 5,
        "kills": 4,
        "rotations": 2,
        "sign_ins_asked": 0,
        "tokens_lost": 0,
        "dead_tokens_offered_twice": 0,
    }
    assert is_good(good)


@pytest.mark.parametrize(
    "bad",
    [
        figures(5, 4, Tally(sign_ins_asked=1), [GRANTED]),
        figures(5, 4, Tally(tokens_lost=1), [GRANTED]),
        figures(5, 4, Tally(), [GRANTED, SPENT, SPENT._replace(time=4.0)]),
        # Nothing was renewed: this storm has shown nothing.
        figures(5, 4, Tally(), []),
    ],
)
def test_verdict_is_bad(bad: dict[str, int]) -> None:
    assert not is_good(bad)
