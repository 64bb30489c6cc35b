"""A worker process whatever its tasks do: each job ends as it should and the next one begins."""

import threading

import pytest
from plant import wait_until

from backend.db.models import JobKind, JobState, Worker
from backend.jobs import service
from backend.kit.errors import ConflictError, StorageFullError, UnavailableError
from worker.errors import ChildError, RefusedWorkError
from worker.station import Station


@pytest.fixture
def stations(site):
    """Makes started stations whose one task is the test's; all are ended afterwards."""
    made = []

    def make(task):
        station = Station(site, ["cpu"], {JobKind.PROXY: task}, {})
        station.start()
        made.append(station)
        return station

    yield make
    for station in made:
        station.end()


def queued(clinic, n=1, **how):
    with clinic.site.database.unit_of_work() as session:
        return service.enqueue(session, JobKind.PROXY, request={"n": n}, **how)


def raising(error):
    def task(desk):
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (RefusedWorkError("VideoError", "The file is empty.", "Copy it."), "failed", "empty"),
        (ConflictError("There is no consent.", "Record it."), "failed", "consent"),
        (ChildError("crash", "The computation crashed."), "parked", "tried 1 times"),
        (ValueError("secret name"), "parked", "unexpected"),
    ],
)
def test_each_way_to_fail_ends_the_job_with_a_reason(clinic, stations, error, state, words):
    job = queued(clinic, attempts=1)
    stations(raising(error))
    wait_until(lambda: clinic.job(job).state == state, f"the job is {state}")
    assert words in clinic.job(job).reason
    assert "secret" not in clinic.job(job).reason


@pytest.mark.parametrize(
    "error",
    [
        StorageFullError(),
        UnavailableError(),
        OSError(28, "No space left on device"),
        ChildError("room", "There is no room left on the disk."),
    ],
)
def test_what_the_site_lacks_is_waited_for(clinic, stations, monkeypatch, error):
    for pause in ("_NO_ROOM_PAUSE_S", "_AWAY_PAUSE_S"):
        monkeypatch.setattr(f"backend.jobs.leases.{pause}", 0.1)
    tries = []

    def task(desk):
        tries.append(desk.job.attempt)
        if len(tries) < 4:
            raise error

    job = queued(clinic, attempts=1)
    station = stations(task)

    def done():
        station.wake()
        return clinic.job(job).state is JobState.SUCCEEDED

    wait_until(done, "the job is done at last")
    assert tries == [1, 1, 1, 1]


def test_a_running_job_is_cancelled_and_the_next_one_begins(clinic, stations):
    begun = threading.Event()

    def task(desk):
        begun.set()
        while desk.job.request["n"] == 1:
            desk.check()

    job, after = queued(clinic, 1), queued(clinic, 2)
    stations(task)
    assert begun.wait(30)
    with clinic.site.database.unit_of_work() as session:
        from_db = session.get_one(type(job), job.id)
        from_db.cancel_requested_at = clinic.site.database.clock.now()
    wait_until(lambda: clinic.job(after).state is JobState.SUCCEEDED, "the next job is done")
    assert clinic.job(job).state is JobState.CANCELLED


def test_a_station_that_closes_gives_its_job_back_untried(clinic, stations):
    begun = threading.Event()

    def task(desk):
        begun.set()
        while True:
            desk.check()

    job = queued(clinic)
    station = stations(task)
    assert begun.wait(30)
    station.end()
    waiting = clinic.job(job)
    assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 0)
    (worker,) = clinic.rows(Worker)
    assert worker.stopped_at is not None
    done = stations(lambda desk: None)
    assert not done.closing
    wait_until(lambda: clinic.job(job).state is JobState.SUCCEEDED, "another one does it")


def test_a_job_that_was_given_away_publishes_nothing(clinic, stations):
    begun, go_on = threading.Event(), threading.Event()

    def slow(desk):
        begun.set()
        assert go_on.wait(60)

    job, after = queued(clinic, 1), queued(clinic, 2)
    stations(slow)
    assert begun.wait(30)
    with clinic.site.database.unit_of_work() as session:
        row = session.get_one(type(job), job.id)
        service.end(session, row, JobState.CANCELLED)
    go_on.set()
    wait_until(lambda: clinic.job(after).state is JobState.SUCCEEDED, "the next job is done")
    assert clinic.job(job).state is JobState.CANCELLED
