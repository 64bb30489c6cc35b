"""What people do with jobs: queue, look, cancel, retry; how workers do them is in `leases`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.db.models import Job, JobKind, JobState
from backend.db.session import now
from backend.jobs import repository
from backend.jobs.doorbell import ring_after_commit
from backend.jobs.errors import JobEndedError, JobRunsError
from backend.jobs.kinds import KINDS, Queue
from backend.kit.errors import NotFoundError
from backend.settings import Settings

# Keys of `Session.info` under which the site's number of attempts is, and the queue of fits.
_ATTEMPTS, _FIT_QUEUE = "job_attempts", "fit_queue"
_USUAL_ATTEMPTS = 3
_USUAL_QUEUE: Queue = "cpu"


def rules(settings: Settings) -> dict[str, Any]:
    """What a site says of its jobs, to be carried by each unit of work."""
    return {_ATTEMPTS: settings.job_attempts, _FIT_QUEUE: settings.analysis_queue}


def enqueue(
    session: Session,
    kind: JobKind,
    *,
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
    recording_id: UUID | None = None,
    take_id: UUID | None = None,
    request: Mapping[str, Any] | None = None,
    created_by_id: UUID | None = None,
    queue: Queue | None = None,
    priority: int | None = None,
    attempts: int | None = None,
) -> Job:
    """Queue a job in the caller's transaction; the doorbell rings once that is committed.

    request: ids and settings of the kind, nothing that identifies anybody. The same work (kind,
    subjects, request) is under way only once: asking again gives the job there is. The caller has
    checked that the subjects may be worked on.
    """
    spec = KINDS[kind]
    wanted = dict(request or {})
    job = Job(
        kind=kind,
        queue=queue or (spec.fits and session.info.get(_FIT_QUEUE)) or _USUAL_QUEUE,
        priority=spec.priority if priority is None else priority,
        state=JobState.QUEUED,
        deduplication_key=None,
        patient_id=patient_id,
        visit_id=visit_id,
        recording_id=recording_id,
        take_id=take_id,
        request=wanted,
        attempt=0,
        max_attempts=attempts or spec.attempts or session.info.get(_ATTEMPTS, _USUAL_ATTEMPTS),
        available_at=now(session),
        fencing_token=0,
        progress=0.0,
        created_at=now(session),
        created_by_id=created_by_id,
    )
    job.deduplication_key = key = _key(job)
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:
        alive = repository.alive_with_key(session, key)
        if alive is None:
            raise
        return alive
    _announce(session, job)
    return job


def get(session: Session, caller: Caller, job_id: UUID) -> Job:
    """A job; raises NotFoundError for one that the caller may not see."""
    job = repository.one(session, caller, job_id)
    if job is None:
        raise NotFoundError
    return job


def cancel(session: Session, caller: Caller, job_id: UUID) -> Job:
    """Cancel a job: a waiting one at once, a running one within seconds.

    Raises NotFoundError, and JobEndedError when it is over.
    """
    job = _locked(session, caller, job_id)
    if job.state not in repository.ALIVE:
        raise JobEndedError
    if job.cancel_requested_at is not None:
        return job
    job.cancel_requested_at = now(session)
    _note(session, caller, "job.cancel", job)
    if job.state == JobState.QUEUED:
        end(session, job, JobState.CANCELLED)
    else:
        repository.add_event(session, job, "cancelling", {}, now(session))
    return job


def retry(session: Session, caller: Caller, job_id: UUID) -> Job:
    """Queue an ended job again, with all its attempts before it.

    Raises NotFoundError, and JobRunsError when it has not ended without a result, or when the
    same work is under way as another job.
    """
    job = _locked(session, caller, job_id)
    if job.state not in (JobState.FAILED, JobState.PARKED, JobState.CANCELLED):
        raise JobRunsError
    key = _key(job)
    if repository.alive_with_key(session, key) is not None:
        raise JobRunsError
    job.deduplication_key = key
    job.state = JobState.QUEUED
    job.attempt = 0
    job.available_at = now(session)
    job.progress = 0.0
    job.stage = job.eta_s = job.worker = None
    job.reason = job.reason_code = job.next_step = None
    job.cancel_requested_at = job.finished_at = job.started_at = None
    _note(session, caller, "job.retry", job)
    _announce(session, job)
    return job


def end(
    session: Session,
    job: Job,
    state: JobState,
    *,
    code: str | None = None,
    reason: str | None = None,
    next_step: str | None = None,
) -> None:
    """Bring a job to its end; the caller holds its row."""
    job.state = state
    job.deduplication_key = None
    job.finished_at = now(session)
    job.lease_until = job.eta_s = None
    job.reason_code, job.reason, job.next_step = code, reason, next_step
    if state == JobState.SUCCEEDED:
        job.progress = 1.0
    session.flush()
    said = {"reason_code": code, "reason": reason, "next_step": next_step}
    payload = {name: text for name, text in said.items() if text is not None}
    repository.add_event(session, job, state.value, payload, now(session))


def _announce(session: Session, job: Job) -> None:
    session.flush()
    repository.add_event(session, job, JobState.QUEUED.value, {}, now(session))
    ring_after_commit(session, job.id, job.queue)


def _locked(session: Session, caller: Caller, job_id: UUID) -> Job:
    job = repository.one_to_change(session, caller, job_id)
    if job is None:
        raise NotFoundError
    return job


def _note(session: Session, caller: Caller, action: str, job: Job) -> None:
    detail = {"kind": job.kind.value}
    audit.record(session, caller, action, "job", job.id, patient_id=job.patient_id, detail=detail)


def _key(job: Job) -> str:
    """Equal for equal work: the kind, its subjects and its request."""
    subjects = (job.patient_id, job.visit_id, job.recording_id, job.take_id)
    text = json.dumps([[str(one) for one in subjects], job.request], sort_keys=True, default=str)
    return f"{job.kind.value}:{hashlib.sha256(text.encode()).hexdigest()}"
