"""Claiming, keeping and losing jobs: whatever happens, one worker at a time and one end."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from service_factories import Factory
from sqlalchemy import select

from backend.db.models import Doorbell, Job, JobEvent, JobKind, JobState
from backend.jobs import leases
from backend.jobs.errors import LeaseLostError
from backend.jobs.kinds import KINDS
from backend.jobs.service import enqueue
from backend.kit.errors import StorageFullError, UnavailableError

LEASE_S = 30.0


def queued(database, kind=JobKind.PROXY, **how):
    how.setdefault("request", {"n": len(all_jobs(database))})
    with database.unit_of_work() as session:
        return enqueue(session, kind, **how).id


def all_jobs(database):
    with database.unit_of_work() as session:
        return list(session.scalars(select(Job)))


def job(database, job_id):
    with database.unit_of_work() as session:
        return session.get(Job, job_id)


def claim(database, worker="w1", queues=("cpu",), kinds=tuple(JobKind)):
    with database.unit_of_work() as session:
        taken = leases.claim(session, worker, queues, kinds, LEASE_S)
    return None if taken is None else taken[0]


def act(database, step, *arguments):
    with database.unit_of_work() as session:
        return step(session, *arguments)


def events(database, job_id):
    with database.unit_of_work() as session:
        found = select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.number)
        return [(event.number, event.kind) for event in session.scalars(found)]


def test_a_job_is_claimed_by_one_worker_only(database):
    job_id = queued(database)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: claim(database, f"w{n}"), range(8)))
    assert [lease.job_id for lease in taken if lease] == [job_id]


def test_urgent_jobs_go_first_and_equal_ones_in_their_order(database):
    first = queued(database, JobKind.PROXY)
    second = queued(database, JobKind.PROXY)
    urgent = queued(database, JobKind.PREVIEW)
    assert [claim(database).job_id for _ in range(3)] == [urgent, first, second]


def test_a_worker_takes_only_its_queues_and_kinds(database):
    job_id = queued(database, JobKind.ANALYZE_TAKE, queue="gpu")
    assert claim(database, queues=("cpu",)) is None
    assert claim(database, queues=("gpu",), kinds=(JobKind.PROXY,)) is None
    assert claim(database, queues=("gpu",)).job_id == job_id


def test_work_on_a_recording_waits_for_the_first_look_at_it(database):
    make = Factory(database)
    recording = make.recording(make.visit(make.patient()))
    analysis = queued(database, JobKind.ANALYZE_TAKE, recording_id=recording.id)
    queued(database, JobKind.QUICK_LOOK, recording_id=recording.id)
    heavy = [kind for kind in JobKind if KINDS[kind].lane == "heavy"]
    assert claim(database, kinds=heavy) is None
    act(database, leases.finish, claim(database))
    assert claim(database, kinds=heavy).job_id == analysis


def test_a_lease_that_ran_out_is_given_to_another_and_the_first_can_do_nothing(database, clock):
    job_id = queued(database)
    stale = claim(database, "w1")
    clock.advance(seconds=LEASE_S + 1)
    assert act(database, leases.reap) == 1
    fresh = claim(database, "w2")
    assert fresh.job_id == job_id
    assert fresh.attempt == 2
    for step in (leases.renew, leases.finish, leases.held):
        with pytest.raises(LeaseLostError):
            act(database, step, stale, *((LEASE_S,) if step is leases.renew else ()))
    act(database, leases.report, stale, "encode", 0.9, 3.0)
    assert job(database, job_id).progress == 0.0
    act(database, leases.finish, fresh)
    assert job(database, job_id).state == JobState.SUCCEEDED
    act(database, leases.finish, fresh)
    assert events(database, job_id)[-1] == (5, "succeeded")


def test_a_kept_lease_does_not_run_out(database, clock):
    queued(database)
    lease = claim(database)
    for _ in range(5):
        clock.advance(seconds=LEASE_S - 1)
        assert act(database, leases.renew, lease, LEASE_S) is False
        assert act(database, leases.reap) == 0


def test_a_job_that_kills_its_worker_each_time_is_parked_with_a_reason(database, clock):
    job_id = queued(database, attempts=3)
    for _ in range(3):
        assert claim(database) is not None
        clock.advance(seconds=LEASE_S + 1)
        act(database, leases.reap)
    assert claim(database) is None
    parked = job(database, job_id)
    assert parked.state == JobState.PARKED
    assert "3 times" in parked.reason
    assert parked.next_step


def test_failures_wait_longer_each_time_and_then_park(database, clock):
    job_id = queued(database, attempts=2)
    act(database, leases.fail, claim(database), "crash", "The computation crashed.", "")
    assert claim(database) is None
    assert job(database, job_id).reason == "The computation crashed."
    clock.advance(seconds=60)
    act(database, leases.fail, claim(database), "crash", "The computation crashed.", "")
    assert job(database, job_id).state == JobState.PARKED


@pytest.mark.parametrize("lacking", [StorageFullError(), UnavailableError()])
def test_what_the_site_lacks_is_waited_for_and_no_try(database, clock, lacking):
    job_id = queued(database, attempts=1)
    for _ in range(3):
        act(database, leases.put_off, claim(database), lacking)
        waiting = job(database, job_id)
        assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 0)
        assert (waiting.reason, waiting.next_step) == (lacking.message, lacking.next_step)
        assert claim(database) is None
        clock.advance(seconds=31)
    act(database, leases.finish, claim(database))
    assert job(database, job_id).reason is None


def test_a_refusal_is_not_tried_again(database):
    job_id = queued(database)
    act(database, leases.refuse, claim(database), "VideoError", "The file is empty.", "Copy it.")
    failed = job(database, job_id)
    assert (failed.state, failed.reason, failed.next_step) == (
        JobState.FAILED,
        "The file is empty.",
        "Copy it.",
    )


def test_a_worker_that_goes_down_gives_its_job_back_untried(database):
    job_id = queued(database, attempts=1)
    act(database, leases.give_back, claim(database))
    assert job(database, job_id).attempt == 0
    assert claim(database).job_id == job_id


def test_events_are_numbered_without_a_gap(database, clock):
    job_id = queued(database)
    act(database, leases.fail, claim(database), "crash", "It crashed.", "")
    clock.advance(seconds=60)
    lease = claim(database)
    act(database, leases.note, lease, "verdict", {"verdict": "ok"})
    act(database, leases.finish, lease)
    names = ["queued", "started", "retrying", "started", "verdict", "succeeded"]
    assert events(database, job_id) == list(enumerate(names, 1))


def test_a_job_nobody_heard_is_rung_for_again(database, clock):
    queued(database)
    with database.unit_of_work() as session:
        session.query(Doorbell).delete()
    act(database, leases.reap)
    with database.unit_of_work() as session:
        assert session.query(Doorbell).count() == 0
    clock.advance(seconds=20)
    for _ in range(2):
        act(database, leases.reap)
        clock.advance(seconds=1)
    with database.unit_of_work() as session:
        assert session.query(Doorbell).count() == 1


def test_progress_and_time_left_grow_out_of_the_stages(database):
    job_id = queued(database, JobKind.ANALYZE_TAKE)
    lease = claim(database)
    act(database, leases.report, lease, "fit", 0.5, 30.0)
    seen = job(database, job_id)
    assert 0.5 < seen.progress < 0.75
    assert seen.eta_s == pytest.approx(30.0 * (1 - seen.progress) / seen.progress)


def test_the_stages_of_each_kind_add_up():
    for spec in KINDS.values():
        assert sum(spec.stages.values()) == pytest.approx(1.0)
