"""What the contenders are called; needs nothing, so that the command line can say it at once."""

from typing import Final

LABELS: Final = {
    "thrifty": "ours, thrifty",
    "balanced": "ours, balanced",
    "prompt": "ours, prompt",
    "tracker": "ours, with a free tracker",
    "phone": "ours, with a phone's hint",
    "door": "ours, with a garage door's hint",
    "core": "core's tesla_fleet",
    "poll15": "poll every 15 min",
    "poll60": "poll every 60 s",
    "oracle": "the floor (knows all)",
}
"""By the name that the command line takes: what the tables say."""

SECONDS_A_DAY: Final = {"core": 0.6, "poll15": 0.15, "poll60": 2.0, "oracle": 0.03}
"""How long a virtual day of a contender takes, roughly and on one core."""

OURS_A_DAY: Final = 0.6
"""The same for the others."""
