"""Independent pieces of work spread over the processor's cores; no result depends on how many."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Pieces computed ahead for each core: enough to keep it busy, few enough to stay small.
_AHEAD = 2


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `work(item)` of every item in the order of the items.

    The items are taken from this thread, a few ahead of what was yielded; `work` runs in threads
    and should spend its time outside the interpreter's lock. Its first error ends the iteration.
    """
    n = cores()
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n) as pool:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > _AHEAD * n:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
