"""What a worker does with a job's row: claim it, keep it, report, end it; no computing here.

A lease is worth something only while its token is the row's and the row is running. Everything
that a worker leaves behind is written in a transaction that has called `held`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.db.models import Job, JobKind, JobState, Worker
from backend.db.session import now
from backend.jobs import repository
from backend.jobs.doorbell import ring_after_commit
from backend.jobs.errors import LeaseLostError
from backend.jobs.kinds import overall_progress, remaining_s
from backend.jobs.service import end
from backend.kit.errors import ServiceError, StorageFullError

_FIRST_PAUSE_S = 5.0
# Room is made by people; what does not answer is often back in seconds.
_NO_ROOM_PAUSE_S, _AWAY_PAUSE_S = 30.0, 3.0
# A job that is due for so long was not heard: its doorbell was lost.
_UNHEARD_S = 15.0
_LOST_CODE = "worker_lost"
_LOST = "The worker that computed this stopped answering."


@dataclass(frozen=True)
class Lease:
    """The right of one worker to do one attempt of a job."""

    job_id: UUID
    token: int
    kind: JobKind
    attempt: int


def claim(
    session: Session,
    worker: str,
    queues: Collection[str],
    kinds: Collection[JobKind],
    lease_s: float,
) -> tuple[Lease, Job] | None:
    """Take the most urgent job there is for this worker, or None."""
    at = now(session)
    job = repository.claim(
        session,
        worker=worker,
        queues=queues,
        kinds=kinds,
        at=at,
        lease_until=at + timedelta(seconds=lease_s),
    )
    if job is None:
        return None
    repository.add_event(session, job, "started", {"attempt": job.attempt}, at)
    return Lease(job.id, job.fencing_token, job.kind, job.attempt), job


def renew(session: Session, lease: Lease, lease_s: float) -> bool:
    """Keep a lease; whether somebody wants the job cancelled. Raises LeaseLostError."""
    at = now(session)
    until = at + timedelta(seconds=lease_s)
    kept, cancelled = repository.renew(session, lease.job_id, lease.token, at, until)
    if not kept:
        raise LeaseLostError
    return cancelled


def held(session: Session, lease: Lease) -> Job:
    """The job of this lease, locked for the rest of the transaction; raises LeaseLostError."""
    job = repository.held(session, lease.job_id, lease.token)
    if job is None:
        raise LeaseLostError
    return job


def report(session: Session, lease: Lease, stage: str, share: float, elapsed_s: float) -> None:
    """Write how far the job is, and how long it will still take."""
    progress = overall_progress(lease.kind, stage, share)
    repository.report(
        session, lease.job_id, lease.token, stage, progress, remaining_s(progress, elapsed_s)
    )


def note(session: Session, lease: Lease, kind: str, payload: Mapping[str, Any]) -> None:
    """Tell those who watch the job; raises LeaseLostError."""
    repository.add_event(session, held(session, lease), kind, payload, now(session))


def finish(session: Session, lease: Lease) -> None:
    """End the job well; done twice it stays so. Raises LeaseLostError."""
    if repository.succeeded(session, lease.job_id, lease.token):
        return
    end(session, held(session, lease), JobState.SUCCEEDED)


def refuse(session: Session, lease: Lease, code: str, reason: str, next_step: str) -> None:
    """End the job as failed: trying again would change nothing. Raises LeaseLostError."""
    end(
        session,
        held(session, lease),
        JobState.FAILED,
        code=code,
        reason=reason,
        next_step=next_step,
    )


def fail(session: Session, lease: Lease, code: str, reason: str, next_step: str) -> None:
    """An attempt failed: try again after a pause, or park the job. Raises LeaseLostError."""
    _again_or_park(session, held(session, lease), code, reason, next_step)


def put_off(session: Session, lease: Lease, lacking: ServiceError) -> None:
    """The site lacks something for the moment, such as room on its disk: wait for it.

    That is no fault of the job's and does not count as tried. Raises LeaseLostError.
    """
    job = held(session, lease)
    job.attempt -= 1
    pause_s = _NO_ROOM_PAUSE_S if isinstance(lacking, StorageFullError) else _AWAY_PAUSE_S
    _again(session, job, lacking.code, lacking.message, lacking.next_step, pause_s)


def cancelled(session: Session, lease: Lease) -> None:
    """End the job as somebody wished. Raises LeaseLostError."""
    end(session, held(session, lease), JobState.CANCELLED)


def give_back(session: Session, lease: Lease) -> None:
    """Put the job back as if it had not been tried: the worker is going down.

    Raises LeaseLostError.
    """
    job = held(session, lease)
    job.attempt -= 1
    _wait_again(session, job, 0.0)


def reap(session: Session) -> int:
    """Give the jobs of silent workers to others, and ring for jobs that nobody heard.

    Any worker may do it at any time. Returns how many leases had run out.
    """
    at = now(session)
    lost = repository.expired(session, at)
    for job in lost:
        if job.cancel_requested_at is not None:
            end(session, job, JobState.CANCELLED)
        else:
            _again_or_park(session, job, _LOST_CODE, _LOST, "", pause_s=0.0)
    unheard = repository.waiting_since(session, at - timedelta(seconds=_UNHEARD_S), at)
    for queue, job_id in unheard.items():
        ring_after_commit(session, job_id, queue)
    return len(lost)


def sign_in(session: Session, name: str, queues: list[str], details: Mapping[str, Any]) -> None:
    """Say that a worker is alive; also the beginning of its record."""
    at = now(session)
    known = repository.worker(session, name)
    if known is None:
        session.add(
            Worker(name=name, queues=queues, details=dict(details), started_at=at, last_seen_at=at)
        )
        return
    known.queues, known.details = queues, dict(details)
    known.last_seen_at = at
    known.stopped_at = None


def sign_out(session: Session, name: str) -> None:
    """Say that a worker has stopped."""
    known = repository.worker(session, name)
    if known is not None:
        known.stopped_at = now(session)


def _again_or_park(
    session: Session,
    job: Job,
    code: str,
    reason: str,
    next_step: str,
    *,
    pause_s: float | None = None,
) -> None:
    if job.attempt >= job.max_attempts:
        told = f"{reason} It was tried {job.attempt} times and is put aside."
        advice = next_step or "Look at the recording, then retry it, or tell an administrator."
        end(session, job, JobState.PARKED, code=code, reason=told, next_step=advice)
        return
    if pause_s is None:
        pause_s = _FIRST_PAUSE_S * 2.0 ** (job.attempt - 1)
    _again(session, job, code, reason, next_step, pause_s)


def _again(
    session: Session, job: Job, code: str, reason: str, next_step: str, pause_s: float
) -> None:
    job.reason_code, job.reason, job.next_step = code, reason, next_step
    _wait_again(session, job, pause_s)
    payload = {"reason_code": code, "reason": reason, "attempt": job.attempt}
    repository.add_event(session, job, "retrying", payload, now(session))


def _wait_again(session: Session, job: Job, pause_s: float) -> None:
    job.state = JobState.QUEUED
    job.available_at = now(session) + timedelta(seconds=pause_s)
    job.lease_until = job.worker = job.stage = job.eta_s = None
    job.progress = 0.0
    session.flush()
    ring_after_commit(session, job.id, job.queue, delay_s=pause_s)
