"""What happens to jobs as server-sent events that survive reconnects; which jobs, scopes decide.

The database is asked once a second for each open stream, and more often where somebody waits for
the answer of one job, in threads of their own, so that neither the event loop nor the pool of the
endpoints waits. What happened has an id and is replayed from
`Last-Event-ID`; progress has none: only the present one counts. A stream ends after some minutes;
the browser comes back by itself, and its rights are looked at anew.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import anyio
import anyio.to_thread
from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.session import Database
from backend.jobs import repository
from backend.jobs.schemas import JobEventRead, JobProgress
from backend.kit.errors import ServiceError

POLL_S = 1.0
# A preview is to be there within two seconds: no half of one is lost to looking.
POLL_SOON_S = 0.15
LONGEST_S = 300.0
MEDIA_TYPE = "text/event-stream"

_STILL_HERE_S = 15.0
_COME_BACK_MS = 2000
_THREADS = 4
# An event may become visible after a later one; it is waited for this long.
_LATE_S = 10.0
_MOST_LATE = 200

# What one look at the database finds: lines to send, and whether nothing more will come.
Look = Callable[[Session], tuple[list[str], bool]]


class JobFeed:
    """What is new about one job since event number `after`."""

    def __init__(self, caller: Caller, job_id: UUID, after: int) -> None:
        self._caller = caller
        self._job_id = job_id
        self._after = after
        self._progress: JobProgress | None = None

    def __call__(self, session: Session) -> tuple[list[str], bool]:
        """Lines to send; the end comes with the end of the job, or of the right to see it."""
        job = repository.one(session, self._caller, self._job_id)
        if job is None:
            return [], True
        events = repository.events_of(session, self._caller, self._job_id, self._after)
        lines = [_line(event.kind, JobEventRead.of(event), event.number) for event in events]
        if events:
            self._after = events[-1].number
        if job.state not in repository.ALIVE:
            return lines, True
        progress = JobProgress.of(job)
        if progress != self._progress:
            self._progress = progress
            lines.append(_line("progress", progress))
        return lines, False


class CallerFeed:
    """What is new about all jobs that a caller may see since event id `after`; None: from now."""

    def __init__(self, caller: Caller, after: int | None) -> None:
        self._caller = caller
        self._after = after
        self._late: dict[int, float] = {}
        self._progress: dict[UUID, JobProgress] = {}

    def __call__(self, session: Session) -> tuple[list[str], bool]:
        """Lines to send; such a stream has no end of its own."""
        if self._after is None:
            self._after = repository.last_event_id(session)
        lines = []
        for event in repository.events_since(session, self._caller, self._after, among=self._late):
            self._note_gap(event.id)
            lines.append(_line(event.kind, JobEventRead.of(event), event.id))
        progress = {
            job.id: JobProgress.of(job) for job in repository.running(session, self._caller)
        }
        lines += [
            _line("progress", now)
            for job_id, now in progress.items()
            if self._progress.get(job_id) != now
        ]
        self._progress = progress
        return lines, False

    def _note_gap(self, event_id: int) -> None:
        assert self._after is not None
        now_s = time.monotonic()
        self._late.pop(event_id, None)
        gap: Sequence[int] = range(self._after + 1, event_id)[-_MOST_LATE:]
        self._late |= dict.fromkeys(gap, now_s + _LATE_S)
        self._late = {late: until_s for late, until_s in self._late.items() if until_s > now_s}
        self._after = max(self._after, event_id)


class EventStreams:
    """Opens streams on one database; their looks share a few threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = anyio.CapacityLimiter(_THREADS)

    async def stream(self, look: Look, poll_s: float = POLL_S) -> AsyncIterator[str]:
        """The lines of a stream until its end; `poll_s` lies between two looks."""
        yield f"retry: {_COME_BACK_MS}\n\n"
        end_s = time.monotonic() + LONGEST_S
        spoken_s = time.monotonic()
        while time.monotonic() < end_s:
            try:
                lines, over = await anyio.to_thread.run_sync(
                    self._look, look, limiter=self._threads
                )
            except ServiceError:
                # The database is away: the browser comes back and asks again.
                return
            for line in lines:
                yield line
            if over:
                return
            now_s = time.monotonic()
            if lines:
                spoken_s = now_s
            elif now_s - spoken_s > _STILL_HERE_S:
                spoken_s = now_s
                yield ": still here\n\n"
            await anyio.sleep(poll_s)

    def _look(self, look: Look) -> tuple[list[str], bool]:
        with self._database.unit_of_work(read_only=True) as session:
            return look(session)


def _line(kind: str, content: BaseModel, number: int | None = None) -> str:
    name = "" if number is None else f"id: {number}\n"
    return f"{name}event: {kind}\ndata: {content.model_dump_json()}\n\n"
