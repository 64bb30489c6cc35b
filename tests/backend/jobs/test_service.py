"""What people do with jobs: the same work once, cancel, retry; foreign jobs are not there."""

from uuid import uuid4

import pytest

from backend.access import Caller, Permission, Role
from backend.db.models import Job, JobKind, JobState, Patient, PatientTeam, Sex, Team
from backend.jobs import leases, repository, service
from backend.jobs.errors import JobEndedError, JobRunsError
from backend.kit.errors import NotFoundError
from backend.settings import Settings


@pytest.fixture
def team_id(database, clock):
    with database.unit_of_work() as session:
        team = Team(name="Facial clinic", created_at=clock.now())
        session.add(team)
        return team.id


@pytest.fixture
def patient_id(database, clock, team_id):
    with database.unit_of_work() as session:
        patient = Patient(pseudonym="P-0001", sex=Sex.UNKNOWN, created_at=clock.now())
        session.add(patient)
        session.flush()
        session.add(PatientTeam(patient_id=patient.id, team_id=team_id, created_at=clock.now()))
        return patient.id


def caller(*team_ids, role=Role.CLINICIAN, permission=Permission.ANALYSIS_CONTROL):
    return Caller(
        user_id=uuid4(),
        roles=frozenset({role}),
        request_id="r",
        authenticated_by="session",
        team_ids=frozenset(team_ids),
        permission=permission,
    )


def enqueue(database, patient_id, **how):
    with database.unit_of_work() as session:
        return service.enqueue(session, JobKind.ANALYZE_TAKE, patient_id=patient_id, **how)


def test_the_same_work_is_under_way_only_once(database, patient_id):
    jobs = {enqueue(database, patient_id, request={"take": 1}).id for _ in range(5)}
    assert len(jobs) == 1
    assert enqueue(database, patient_id, request={"take": 2}).id not in jobs


def test_what_fits_faces_goes_to_the_queue_of_the_site(database):
    settings = Settings(analysis_queue="gpu", job_attempts=5)
    with database.unit_of_work() as session:
        session.info.update(service.rules(settings))
        made = {kind: service.enqueue(session, kind) for kind in JobKind}
        elsewhere = {kind for kind, job in made.items() if job.queue == "gpu"}
        assert elsewhere == {JobKind.ANALYZE_TAKE, JobKind.OVERLAY}
        assert made[JobKind.ANALYZE_TAKE].max_attempts == 5
        assert {job.queue for kind, job in made.items() if kind not in elsewhere} == {"cpu"}


def test_work_that_ended_can_be_queued_anew(database, patient_id):
    first = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        lease, _ = leases.claim(session, "w", ["cpu"], [JobKind.ANALYZE_TAKE], 30.0)
        leases.finish(session, lease)
    assert enqueue(database, patient_id).id != first.id


def test_a_waiting_job_is_cancelled_at_once_and_can_be_retried(database, patient_id, team_id):
    job = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        assert service.cancel(session, caller(team_id), job.id).state == JobState.CANCELLED
    with database.unit_of_work() as session, pytest.raises(JobEndedError):
        service.cancel(session, caller(team_id), job.id)
    with database.unit_of_work() as session:
        assert service.retry(session, caller(team_id), job.id).state == JobState.QUEUED
    with database.unit_of_work() as session, pytest.raises(JobRunsError):
        service.retry(session, caller(team_id), job.id)


def test_a_running_job_is_told_to_stop_by_its_next_heartbeat(database, patient_id, team_id):
    job = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        lease, _ = leases.claim(session, "w", ["cpu"], [JobKind.ANALYZE_TAKE], 30.0)
    with database.unit_of_work() as session:
        assert service.cancel(session, caller(team_id), job.id).state == JobState.RUNNING
    with database.unit_of_work() as session:
        assert leases.renew(session, lease, 30.0) is True
        leases.cancelled(session, lease)
    with database.unit_of_work() as session:
        assert session.get(Job, job.id).state == JobState.CANCELLED


def test_a_cancelled_job_whose_worker_died_ends(database, clock, patient_id, team_id):
    job = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        leases.claim(session, "w", ["cpu"], [JobKind.ANALYZE_TAKE], 30.0)
    with database.unit_of_work() as session:
        service.cancel(session, caller(team_id), job.id)
    clock.advance(seconds=31)
    with database.unit_of_work() as session:
        leases.reap(session)
        assert session.get(Job, job.id).state == JobState.CANCELLED


def test_retrying_beside_the_same_work_under_way_is_refused(database, patient_id, team_id):
    job = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        service.cancel(session, caller(team_id), job.id)
    enqueue(database, patient_id)
    with database.unit_of_work() as session, pytest.raises(JobRunsError):
        service.retry(session, caller(team_id), job.id)


def test_jobs_of_other_teams_look_like_missing_ones(database, patient_id):
    job = enqueue(database, patient_id)
    stranger = caller(uuid4())
    for step in (service.get, service.cancel, service.retry):
        with database.unit_of_work() as session, pytest.raises(NotFoundError):
            step(session, stranger, job.id)
    with database.unit_of_work() as session:
        assert repository.listed(session, stranger, limit=10, offset=0) == ([], 0)
        assert repository.events_of(session, stranger, job.id, 0) == []
        assert repository.events_since(session, stranger, 0) == []


def test_an_administrator_may_cancel_any_job(database, patient_id):
    job = enqueue(database, patient_id)
    with database.unit_of_work() as session:
        cancelled = service.cancel(session, caller(role=Role.ADMIN), job.id)
        assert cancelled.state == JobState.CANCELLED


def test_nothing_is_queued_when_the_cause_is_rolled_back(database, patient_id):
    def cause():
        with database.unit_of_work() as session:
            service.enqueue(session, JobKind.ANALYZE_TAKE, patient_id=patient_id)
            raise LookupError

    with pytest.raises(LookupError):
        cause()
    with database.unit_of_work() as session:
        assert session.query(Job).count() == 0
