"""How often somebody may ask; who that is and how often is said by the callers."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from backend.kit.errors import TooManyRequestsError


class RateLimit:
    """At most so many requests a minute from each source, counted in this process."""

    def __init__(self, a_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def spend(self, source: str) -> None:
        """Count one request; raises TooManyRequestsError with the time to wait."""
        if not self._limiter.hit(self._limit, source):
            reset = self._limiter.get_window_stats(self._limit, source).reset_time
            raise TooManyRequestsError.retry_after(int(reset - time.time()) + 1)
