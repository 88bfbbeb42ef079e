"""Tesla's rate limits: per car and account, shared by all apps (billing and limits page)."""

from collections import deque
from math import ceil

from .bill import Category
from .wire import Answer, failure

PER_MINUTE: dict[Category, int] = {"data": 60, "commands": 30, "wakes": 3}
WINDOW_S = 60.0


class RateLimits:
    """Counts requests in a sliding window of a minute. per_minute may be changed; a category without a limit has none.

    A request that is refused does not count against the limit. `headers` can be turned off, since not every answer seen
    in the field had them.
    """

    def __init__(self) -> None:
        self.per_minute = dict(PER_MINUTE)
        self.headers = True
        self._seen: dict[tuple[str, str, Category], deque[float]] = {}

    def take(
        self, account: str, vin: str, category: Category, now: float
    ) -> tuple[Answer | None, dict[str, str]]:
        """Count a request. Returns the 429 answer if it is one too many, and the headers for any other answer."""
        limit = self.per_minute.get(category)
        if limit is None:
            return None, {}
        seen = self._seen.setdefault((account, vin, category), deque())
        while seen and seen[0] <= now - WINDOW_S:
            seen.popleft()
        refused = len(seen) >= limit
        if not refused:
            seen.append(now)
        reset = max(1, ceil(seen[0] + WINDOW_S - now)) if seen else ceil(WINDOW_S)
        headers = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(limit - len(seen)),
            "RateLimit-Reset": str(reset),
        }
        if not refused:
            return None, headers if self.headers else {}
        headers["Retry-After"] = str(reset)
        text = f"Rate limit exceeded. Retry in {reset} seconds"
        return failure(429, text, headers=headers if self.headers else None), {}
