"""What the storm left: counts, and whether that is good enough. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fleet_simulator import RefreshRecord

_GRANTED = frozenset({"rotated", "grace"})
_REFUSED = "login_required"


@dataclass(slots=True)
class Tally:
    """What happened to one integration.

    sign_ins_asked: sign-ins after which it asked for the next one. tokens_lost: rounds after which the disk held no
    refresh token that would be taken. After either it gets a new sign-in, so that one loss is mostly counted as one of
    the two: what is seen to be lost on the disk is not waited for to be asked.
    """

    sign_ins_asked: int = 0
    tokens_lost: int = 0


def rotations(records: Iterable[RefreshRecord]) -> int:
    """Return how many refreshes were granted."""
    return sum(record.outcome in _GRANTED for record in records)


def dead_tokens_offered_twice(records: Iterable[RefreshRecord]) -> int:
    """Return how many refresh tokens were offered again after they had been refused for good."""
    # A server that works twice on one request has been asked once: by the time these are the same.
    offers = {(record.time, record.grant, record.token) for record in records if record.outcome == _REFUSED}
    times = Counter((grant, token) for _, grant, token in offers)
    return sum(count > 1 for count in times.values())


def figures(rounds: int, kills: int, tally: Tally, records: Iterable[RefreshRecord]) -> dict[str, int]:
    """Return one integration's figures. records: its account's refreshes as the server saw them."""
    records = tuple(records)
    return {
        "rounds": rounds,
        "kills": kills,
        "rotations": rotations(records),
        **asdict(tally),
        "dead_tokens_offered_twice": dead_tokens_offered_twice(records),
    }


def is_good(ours: Mapping[str, Any]) -> bool:
    """Return whether nothing was lost, nobody was asked, no dead token went out twice, and there was something to lose."""
    return bool(ours["rotations"]) and not (
        ours["sign_ins_asked"] or ours["tokens_lost"] or ours["dead_tokens_offered_twice"]
    )
