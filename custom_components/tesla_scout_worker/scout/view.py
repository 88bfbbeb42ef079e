"""What the scout's policy sees and says: the view of one car going in, the plan and its reason coming out."""

from dataclasses import dataclass, field
from enum import StrEnum

from ..fleet.models import CloudState
from .arrival import Presence
from .habits import Habits, LocalTime
from .journey import Journey

# Reads closer together than this keep some cars awake (seconds): core's own integration pauses 15 minutes.
LET_IT_SLEEP = 960.0
# A second fix settles a doubtful one. One that is not followed by another for this long, as in a garage, is not urgent.
_DOUBT_FOR = 180.0
# A car that was driving and is not reachable, a tunnel, a dead spot, is looked for this long (seconds).
_OUT_OF_REACH_FOR = 1_800.0


class Promptness(StrEnum):
    """The owner's wish: money or minutes."""

    THRIFTY = "thrifty"
    BALANCED = "balanced"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a wish means.

    late: how many seconds after its earliest arrival a car is looked at. pause: how much longer than balanced to leave
    a parked car unread. is_sparing: leave out the reads that only tell that a usual drive has begun.
    """

    late: float
    pause: float
    is_sparing: bool = False


WISHES = {
    Promptness.THRIFTY: Wish(200.0, 1.6, is_sparing=True),
    Promptness.BALANCED: Wish(31.0, 1.0),
    Promptness.PROMPT: Wish(10.0, 0.8),
}


class Reason(StrEnum):
    """Why the next look comes when it comes."""

    FIRST_LOOK = "first_look"
    DRIVING = "driving"
    DRIVING_AWAY = "driving_away"
    NAVIGATING_HOME = "navigating_home"
    BACK_ABOUT_NOW = "back_about_now"
    OUT_OF_REACH = "out_of_reach"
    PARKED_AWAY = "parked_away"
    LEAVES_ABOUT_NOW = "leaves_about_now"
    WOKEN_AWAY = "woken_away"
    PARKED_HOME = "parked_home"
    WOKEN_HOME = "woken_home"
    CHARGING_HOME = "charging_home"
    ASLEEP_AWAY = "asleep_away"
    ASLEEP_HOME = "asleep_home"
    EYES_ANSWER = "eyes_answer"
    DOUBTFUL_POSITION = "doubtful_position"
    NO_POSITION = "no_position"
    HOME_ZONE_MISSING = "home_zone_missing"
    LOCATION_NOT_GRANTED = "location_not_granted"
    BUDGET_SPENT = "budget_spent"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class View:
    """What the policy knows. Times are Unix seconds, distances metres.

    offset: of the local time from UTC (seconds). to_home: from the car to the nearest home zone's edge, None without a
    position. fix_at: of the position. speed: metres a second. parked_since: None while driving. home_since:
    when it came home, None while it is not there. online_since: None
    while it is not online. asleep_at: when it was last seen not online. last_look: when the cloud told its state, None for
    now. last_read: of the last billed read, None before the first. still: how many reads in a row found it where it was; vain: how many of them since it had woken. glimpsed_at: when an eye last asked for a look.
    eyes: what the eyes answer for the car now. doubted_at: of the fix that waits for a second one. minutes_home: what
    the car's own navigation says, None unless it leads home. charging_until: expected end of a charge. thrift: how much
    longer to wait to stay inside the month's budget.
    """

    now: float
    cloud: CloudState
    presence: Presence
    offset: float = 0.0
    to_home: float | None = None
    fix_at: float | None = None
    is_driving: bool = False
    speed: float | None = None
    parked_since: float | None = None
    home_since: float | None = None
    online_since: float | None = None
    asleep_at: float | None = None
    last_look: float | None = None
    last_read: float | None = None
    still: int = 0
    vain: int = 0
    glimpsed_at: float | None = None
    eyes: Presence | None = None
    doubted_at: float | None = None
    minutes_home: float | None = None
    charging_until: float | None = None
    journey: Journey = field(default_factory=Journey)
    habits: Habits = field(default_factory=Habits)
    promptness: Promptness = Promptness.BALANCED
    thrift: float = 1.0

    @property
    def wish(self) -> Wish:
        """Return what the owner's wish means."""
        return WISHES[self.promptness]

    @property
    def pause(self) -> float:
        """Return how much longer than balanced a parked car is left unread, for the wish and for the budget."""
        return self.wish.pause * self.thrift

    @property
    def late(self) -> float:
        """Return how many seconds after its earliest arrival a car is looked at."""
        return self.wish.late * self.thrift

    @property
    def looked_at(self) -> float:
        """Return when the cloud was asked last: however often it is planned anew, the next look comes no later for that."""
        return self.now if self.last_look is None else self.last_look

    @property
    def is_doubted(self) -> bool:
        """Return whether a second fix is worth a read now."""
        return self.doubted_at is not None and self.now - self.doubted_at < _DOUBT_FOR

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether the car was driving a moment ago, away from home."""
        is_fresh = self.last_read is not None and self.now - self.last_read < _OUT_OF_REACH_FOR
        return self.is_driving and is_fresh and self.presence is not Presence.HOME

    @property
    def has_woken(self) -> bool:
        """Return whether the car came online since it was read last: somebody is probably about to drive."""
        return self.online_since is not None and (self.last_read or 0.0) < self.online_since

    @property
    def is_kept_awake(self) -> bool:
        """Return whether the car has stayed online so long after it parked that a read does not keep it from sleep."""
        return (
            self.online_since is not None
            and self.parked_since is not None
            and self.last_read is not None
            and self.online_since <= self.parked_since
            and self.last_read - self.parked_since > 2 * LET_IT_SLEEP
        )

    def local(self, at: float) -> LocalTime:
        """Return the local time of the week."""
        return LocalTime.of(at, self.offset)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next.

    look_at: when to ask the cloud. read_at: from when on a read is worth its price, inf while it cannot be read. Both
    Unix seconds. is_full: the read may show the car at home: everything is asked for, for the same price. is_held: neither an
    eye nor a first look brings the read forward.
    """

    look_at: float
    read_at: float
    reason: Reason
    is_full: bool = False
    is_held: bool = False


def past(at: float | None, now: float) -> float | None:
    """Return a time unless it is still to come: the clock was set back, and waiting for it would take too long."""
    return at if at is not None and at <= now else None
