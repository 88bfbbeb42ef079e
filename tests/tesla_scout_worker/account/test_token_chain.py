"""The life of a refresh token, pure."""

from dataclasses import replace
import json
import math
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.auth import TokenAnswer, Verdict
from custom_components.tesla_scout_worker.fleet.errors import (
    AnswerLostError,
    FleetError,
    RateLimitedError,
    ServerError,
    SignInRequiredError,
)
from custom_components.tesla_scout_worker.token_decisions import Backoff, cause_of_refusal, next_offer
from custom_components.tesla_scout_worker.token_rotation import (
    GRACE,
    LIFE,
    Candidate,
    SignInCause,
    TokenChain,
    clean_token,
    is_foreign,
    newest,
)

NOW = 1_800_000_000.0
YEAR = 365 * 86_400.0
HUGE = 10**400


def grant(access: str = "access-1", refresh: str | None = "EU_1", lifetime: float = 28_800) -> TokenAnswer:
    """Return an answer that grants."""
    return TokenAnswer(Verdict.GRANTED, access, refresh, lifetime)


def chain_at(now: float = NOW) -> TokenChain:
    """Return a chain after its first rotation."""
    return TokenChain.begin("EU_0").offered("EU_0", now).granted("EU_0", grant(), now)


def names(chain: TokenChain) -> list[str]:
    """Return the candidates' tokens in order."""
    return [candidate.refresh_token for candidate in chain.candidates]


def test_a_rotation_keeps_the_token_just_used_behind_the_new_one() -> None:
    """The spent token still works for a day, and is tried only after its successor."""
    chain = chain_at()
    assert names(chain) == ["EU_1", "EU_0"]
    later = chain.offered("EU_1", NOW + 9).granted("EU_1", grant("access-2", "EU_2"), NOW + 9)
    assert names(later) == ["EU_2", "EU_1"]
    assert later.candidates[1].offered_at == NOW + 9
    assert (later.generation, later.access_token) == (2, "access-2")
    assert (later.obtained_at, later.expires_at) == (NOW + 9, NOW + 28_809)


def test_the_time_of_the_first_offer_stays() -> None:
    """The day of grace runs from the first use, so a second one does not move it."""
    assert TokenChain.begin("EU_0").offered("EU_0", 5).offered("EU_0", 9).candidates == (
        Candidate("EU_0", 5),
    )


@pytest.mark.parametrize("successor", [None, "EU_0"])
def test_an_answer_without_a_new_token_keeps_the_old_one(successor: str | None) -> None:
    """No successor is no loss, and no token is listed twice."""
    chain = TokenChain.begin("EU_0").granted("EU_0", grant(refresh=successor), NOW)
    assert names(chain) == ["EU_0"]
    assert chain.is_valid(NOW)


def test_a_refused_token_is_never_offered_again() -> None:
    """It goes, the others stay, and the chain counts as newer."""
    chain = chain_at()
    assert names(chain.refused("EU_1")) == ["EU_0"]
    assert chain.refused("EU_1").generation == chain.generation + 1
    assert chain.refused("EU_1").is_valid(NOW)
    assert names(chain.refused("EU_1").refused("EU_0")) == []


@pytest.mark.parametrize(
    ("passed", "is_valid"),
    [
        (0, True),
        (28_739, True),
        (28_740, False),
        (YEAR, False),
        (-GRACE + 1, True),
        (-GRACE, False),
        (-YEAR, False),
    ],
)
def test_an_access_token_is_handed_out_while_it_surely_works(passed: float, is_valid: bool) -> None:
    """A minute before its end it is old; a clock a year off makes it unknown, not good."""
    assert chain_at().is_valid(NOW + passed) is is_valid


def test_the_margin_of_a_short_life_is_short() -> None:
    """A token of five minutes is not old for half of them."""
    chain = TokenChain.begin("EU_0").granted("EU_0", grant(lifetime=300), NOW)
    assert chain.is_valid(NOW + 269)
    assert not chain.is_valid(NOW + 270)


def test_a_renewal_falls_around_four_fifths_of_the_life() -> None:
    """Jitter spreads it, and hours are left to recover."""
    chain = chain_at()
    assert chain.renew_at(0) == NOW + 0.75 * 28_800
    assert chain.renew_at(1) == pytest.approx(NOW + 0.85 * 28_800)


def test_a_rejected_access_token_is_forgotten_and_nothing_else() -> None:
    """What Tesla answered 401 to is not handed out again; the refresh tokens stay."""
    chain = chain_at()
    forgotten = chain.without_access()
    assert not forgotten.is_valid(NOW)
    assert forgotten.renew_at(0) <= NOW
    assert forgotten.candidates == chain.candidates


def test_what_is_stored_comes_back() -> None:
    """Through JSON and back nothing is lost."""
    chain = replace(chain_at(), sign_in=3)
    assert TokenChain.from_dict(json.loads(json.dumps(chain.as_dict()))) == chain


def test_no_repr_shows_a_token() -> None:
    """A repr lands in logs and traces."""
    shown = repr(chain_at()) + repr(chain_at().candidates)
    assert "EU_" not in shown
    assert "access-1" not in shown


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        7,
        {},
        {"grant": "g"},
        {"grant": 7, "generation": 1, "candidates": []},
        {"grant": "g", "generation": "1", "candidates": []},
        {"grant": "g", "generation": 1},
        {"grant": "g", "generation": 1, "candidates": None},
        {"grant": "g", "generation": 1, "candidates": {"a": 1}},
        {"grant": "g", "generation": 1, "candidates": [7, None, {"refresh_token": ""}]},
        {"access_token": "a", "refresh_token": "", "expires_at": 1},
        {"access_token": "a", "refresh_token": "two\nlines"},
    ],
)
def test_what_is_no_chain_is_none(stored: Any) -> None:
    """A foreign or damaged store holds no chain, and must not look like one whose tokens were all refused."""
    assert TokenChain.from_dict(stored) is None


@pytest.mark.parametrize("expires_at", [None, 0, "soon", 1.0])
def test_a_token_as_other_integrations_store_it_begins_a_chain(expires_at: object) -> None:
    """An entry of an OAuth library: the refresh token is what counts, its access token is not believed."""
    chain = TokenChain.from_dict({"access_token": "a", "refresh_token": "EU_0", "expires_at": expires_at})
    assert chain is not None
    assert names(chain) == ["EU_0"]
    assert not chain.is_valid(0)
    assert chain.is_due(NOW, 0)


@pytest.mark.parametrize("odd", [None, "x", [], True, math.nan, math.inf, -1, HUGE, 1e300])
@pytest.mark.parametrize(
    "key", ["obtained_at", "expires_at", "offered_at", "sign_in", "access_token", "rotations", "cause"]
)
def test_a_damaged_part_is_dropped_and_the_tokens_stay(key: str, odd: Any) -> None:
    """No number makes a token live for ever or breaks a date, and no refresh token is lost to one."""
    stored = chain_at().as_dict()
    if key == "offered_at":
        stored["candidates"][1][key] = odd
    else:
        stored[key] = odd
    chain = TokenChain.from_dict(stored)
    assert chain is not None
    assert names(chain) == ["EU_1", "EU_0"]
    assert not chain.is_valid(NOW + 10 * YEAR)
    assert 0 <= chain.renew_at(0.5) < 1e11
    assert isinstance(chain.access_token, str)


def test_one_damaged_candidate_does_not_take_the_others_along() -> None:
    """What can still be offered is offered."""
    stored = chain_at().as_dict()
    stored["candidates"][0] = {"refresh_token": "EU\n1"}
    chain = TokenChain.from_dict(stored)
    assert chain is not None
    assert names(chain) == ["EU_0"]


def test_a_chain_whose_tokens_were_all_refused_is_one() -> None:
    """That nothing is left to try is knowledge, and stays."""
    spent = chain_at().refused("EU_1").refused("EU_0")
    assert TokenChain.from_dict(spent.as_dict()) == spent


@pytest.mark.parametrize("wrong", [0, -YEAR, YEAR])
def test_the_newest_chain_is_found_whatever_the_clocks_said(wrong: float) -> None:
    """Within a sign-in rotations count, between sign-ins their order: no date can bring an old token back."""
    old = chain_at()
    rotated = old.granted("EU_1", grant("access-2", "EU_2"), NOW + wrong)
    again = TokenChain.begin("EU_9").granted("EU_9", grant(), NOW + wrong).after(rotated)
    assert newest(old, rotated) is newest(rotated, None, old) is rotated
    assert newest(rotated, again, None) is newest(again, old) is again
    assert newest() is newest(None) is None
    assert newest(TokenChain("", 0, ()), old) is old
    assert newest(TokenChain("", 0, ())) is None


def test_two_that_went_on_from_the_same_rotation_are_joined() -> None:
    """After a backup was put back nobody knows whose token lives: both are kept, each once."""
    old = chain_at()
    mine = old.granted("EU_1", grant("access-2", "EU_mine"), NOW)
    theirs = old.granted("EU_1", grant("access-3", "EU_theirs"), NOW)
    both = newest(mine, theirs)
    assert both is not None
    assert names(both) == ["EU_mine", "EU_1", "EU_theirs"]
    assert both.access_token == "access-2"
    assert is_foreign(theirs, mine)
    assert is_foreign(theirs.granted("EU_theirs", grant("access-4", "EU_4"), NOW), mine)
    assert not is_foreign(mine, mine)
    assert not is_foreign(mine.offered("EU_mine", NOW), mine)
    assert not is_foreign(old, mine), "what was written before is nobody else's"
    assert not is_foreign(TokenChain.begin("EU_9"), mine), "another sign-in is no rotation"
    assert not is_foreign(old, TokenChain("", 0, ())), "nothing is known yet"


def test_rotations_are_counted_and_refusals_are_not() -> None:
    """The number that an owner sees is that of the tokens granted."""
    chain = chain_at().granted("EU_1", grant("access-2", "EU_2"), NOW).refused("EU_2")
    assert chain.rotations == 2
    assert chain.generation == 3


def test_the_cause_is_kept_with_the_last_refusal_and_goes_with_a_new_token() -> None:
    """While a candidate is left nobody needs a cause."""
    one_left = chain_at().refused("EU_1", SignInCause.EXPIRED)
    assert one_left.cause is None
    none_left = one_left.refused("EU_0", SignInCause.ANOTHER_PROGRAM)
    assert none_left.cause is SignInCause.ANOTHER_PROGRAM
    assert TokenChain.from_dict(json.loads(json.dumps(none_left.as_dict()))) == none_left
    assert none_left.without_access().cause is SignInCause.REVOKED, "the access token died too"
    assert none_left.granted("EU_0", grant(), NOW).cause is None


@pytest.mark.parametrize(
    ("lives", "age", "was_rejected", "cause"),
    [
        (True, 0, False, SignInCause.ANOTHER_PROGRAM),
        (True, 0, True, SignInCause.REVOKED),
        (False, 0, True, SignInCause.REVOKED),
        (False, LIFE - 1, False, SignInCause.REFUSED),
        (False, LIFE, False, SignInCause.EXPIRED),
    ],
)
def test_the_probable_cause_of_a_refusal(
    lives: bool, age: float, was_rejected: bool, cause: SignInCause
) -> None:
    """The table of causes, row by row."""
    chain = chain_at() if lives else chain_at().without_access()
    assert cause_of_refusal(chain, NOW + age + (10 if lives else 0), was_rejected=was_rejected) is cause


def test_without_any_date_no_age_is_made_up() -> None:
    """A token that was pasted and refused at once is not called old."""
    assert cause_of_refusal(TokenChain.begin("EU_0"), NOW, was_rejected=False) is SignInCause.REFUSED


def test_the_newest_token_is_offered_first() -> None:
    """With all on the disk."""
    chain = chain_at()
    offered = next_offer(chain, chain.refresh_tokens)
    assert offered is not None
    assert offered.refresh_token == "EU_1"
    assert next_offer(chain.refused("EU_1").refused("EU_0"), frozenset()) is None


def test_while_the_disk_takes_nothing_the_token_on_it_goes_on_being_used() -> None:
    """Using the newest would kill the one that a crash would leave; only Tesla's word ends its use, no clock."""
    for chain in (chain_at(), chain_at(0.0), chain_at(NOW + YEAR)):
        candidate = next_offer(chain, frozenset({"EU_0"}))
        assert candidate is not None
        assert candidate.refresh_token == "EU_0"
        left = next_offer(chain.refused("EU_0"), frozenset({"EU_0"}))
        assert left is not None
        assert left.refresh_token == "EU_1"


def test_with_nothing_on_the_disk_the_newest_is_offered() -> None:
    """Nothing is saved by holding it back."""
    candidate = next_offer(chain_at(), frozenset({"EU_from_elsewhere"}))
    assert candidate is not None
    assert candidate.refresh_token == "EU_1"


@pytest.mark.parametrize(("lifetime", "due_after"), [(28_800, 23_040), (2, 60), (300, 240)])
def test_a_short_life_is_not_renewed_in_the_background_all_the_time(
    lifetime: float, due_after: float
) -> None:
    """A token that lives for seconds is renewed when somebody needs it, not once a second for nobody."""
    chain = TokenChain.begin("EU_0").granted("EU_0", grant(lifetime=lifetime), NOW)
    assert not chain.is_due(NOW + due_after - 1, 0.5)
    assert chain.is_due(NOW + due_after, 0.5)
    assert chain.is_due(NOW - GRACE, 0.5), "a clock that went back says nothing of its age"


def test_a_sign_in_follows_what_was_before_it_and_not_itself() -> None:
    """Submitting a form again is no other sign-in."""
    first = chain_at()
    assert first.after(None) is first
    assert first.after(first.refused("EU_1")) is first
    assert chain_at().after(replace(first, sign_in=4)).sign_in == 5


def test_failures_in_a_row_are_waited_out_longer_and_longer() -> None:
    """From half a minute to a quarter of an hour, however many there were."""
    backoff = Backoff()
    waits = []
    for _ in range(2000):
        backoff.failed(ServerError(503), NOW)
        waits.append((backoff.retry_at or 0) - NOW)
    assert waits[:7] == [30, 60, 120, 240, 480, 900, 900]
    assert set(waits[6:]) == {900}
    assert backoff.failures == 2000


@pytest.mark.parametrize(("asked", "wait"), [(None, 30), (7, 30), (37_829, 37_829)])
def test_a_wish_of_tesla_is_kept(asked: float | None, wait: float) -> None:
    """Ten hours are ten hours."""
    backoff = Backoff()
    backoff.failed(RateLimitedError(429, retry_after=asked), NOW)
    assert backoff.retry_at == NOW + wait


@pytest.mark.parametrize("error", [ServerError(503), AnswerLostError(), SignInRequiredError(401)])
def test_while_it_waits_the_last_failure_is_raised_anew(error: FleetError) -> None:
    """Each caller gets an error of its own that says how long is left; afterwards it may be tried."""
    backoff = Backoff()
    backoff.check(NOW)
    assert backoff.failed(error, NOW) is error
    with pytest.raises(type(error)) as caught:
        backoff.check(NOW + 10)
    assert caught.value is not error
    assert (caught.value.status, caught.value.retry_after) == (error.status, 20)
    backoff.check(NOW + 30)
    backoff.check(NOW - 1)


@pytest.mark.parametrize(
    ("pasted", "token"),
    [
        ("EU_1", "EU_1"),
        ("  EU_1\n", "EU_1"),
        ('"EU_1",', "EU_1"),
        ("`EU_1`;", "EU_1"),
        ("EU_\n  1", "EU_1"),
        ("'EU_1' ", "EU_1"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_a_pasted_token_is_cleaned(pasted: str, token: str) -> None:
    """What an editor or a JSON file put around it is no part of it."""
    assert clean_token(pasted) == token
