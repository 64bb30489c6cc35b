"""Streams of events: progress while a job runs, and no event lost, in order or late."""

from uuid import uuid4

import anyio
import pytest

from backend.access import Caller, Permission, Role
from backend.db.models import JobKind
from backend.jobs import leases
from backend.jobs.events import CallerFeed, EventStreams, JobFeed
from backend.jobs.service import enqueue


@pytest.fixture
def admin():
    return Caller(
        user_id=uuid4(),
        roles=frozenset({Role.ADMIN}),
        request_id="r",
        authenticated_by="session",
        permission=Permission.JOB_READ,
    )


def queued(database, n=1):
    with database.unit_of_work() as session:
        return enqueue(session, JobKind.PROXY, request={"n": n})


def look(database, feed):
    with database.unit_of_work(read_only=True) as session:
        lines, over = feed(session)
    return [line.partition("event: ")[2].splitlines()[0] for line in lines], over


def test_a_running_job_tells_its_progress_when_it_changes(database, admin):
    job = queued(database)
    feed = JobFeed(admin, job.id, 0)
    assert look(database, feed) == (["queued", "progress"], False)
    with database.unit_of_work() as session:
        lease, _ = leases.claim(session, "w", ["cpu"], [JobKind.PROXY], 30.0)
        leases.report(session, lease, "encode", 0.5, 4.0)
    assert look(database, feed) == (["started", "progress"], False)
    assert look(database, feed) == ([], False)
    with database.unit_of_work() as session:
        leases.finish(session, lease)
    assert look(database, feed) == (["succeeded"], True)


def test_the_stream_of_a_caller_begins_now_or_where_it_was_left(database, admin):
    queued(database, 1)
    fresh, returning = CallerFeed(admin, None), CallerFeed(admin, 0)
    assert look(database, fresh) == ([], False)
    assert look(database, returning) == (["queued"], False)
    queued(database, 2)
    assert look(database, fresh) == (["queued"], False)
    assert look(database, returning) == (["queued"], False)


def test_a_stream_ends_with_its_job(database, admin):
    job = queued(database)

    async def follow():
        got = []
        async for line in EventStreams(database).stream(JobFeed(admin, job.id, 0), 0.01):
            got.append(line)
            if "queued" in line:
                with database.unit_of_work() as session:
                    lease, _ = leases.claim(session, "w", ["cpu"], [JobKind.PROXY], 30.0)
                    leases.finish(session, lease)
        return got

    got = anyio.run(follow)
    assert got[0].startswith("retry:")
    assert "event: succeeded" in got[-1]
