"""A memory of what happened lately in this process, with bounds on time and size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock


class Recent:
    """Remembers keys for `span`, the newest `most` of them; safe between threads."""

    def __init__(self, span: timedelta, most: int = 10_000) -> None:
        self._span = span
        self._most = most
        self._seen: OrderedDict[Hashable, datetime] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, key_at: tuple[Hashable, datetime]) -> bool:
        """Whether `(key, at)` was remembered within the span before `at`."""
        key, at = key_at
        with self._lock:
            seen = self._seen.get(key)
            return seen is not None and timedelta(0) <= at - seen < self._span

    def remember(self, key: Hashable, at: datetime) -> None:
        """Note that it happened at `at`."""
        with self._lock:
            self._seen[key] = at
            self._seen.move_to_end(key)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
