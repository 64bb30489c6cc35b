"""Queries about jobs, their events and doorbells; what they mean is decided in the services."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.access import Caller
from backend.db.models import (
    Analysis,
    Doorbell,
    Job,
    JobEvent,
    JobKind,
    JobState,
    Take,
    Worker,
)
from backend.scope import readable, unscoped, unscoped_delete, unscoped_update, writable

_MANY = 200
ALIVE = (JobState.QUEUED, JobState.RUNNING)
_WORKS = "workers act for no user; what a job may touch was checked when it was queued"


def one(session: Session, caller: Caller, job_id: UUID) -> Job | None:
    """A job that the caller may see."""
    return session.scalar(readable(caller, Job).where(Job.id == job_id))


def one_to_change(session: Session, caller: Caller, job_id: UUID) -> Job | None:
    """A job that the caller may change, locked."""
    return session.scalar(writable(caller, Job).where(Job.id == job_id).with_for_update())


def analysis_to_preview(session: Session, caller: Caller, analysis_id: UUID) -> Analysis | None:
    """An analysis whose face the caller may look at."""
    return session.scalar(readable(caller, Analysis).where(Analysis.id == analysis_id))


def recording_of(session: Session, take_id: UUID) -> UUID | None:
    """The recording of a take that the caller reached already."""
    why = "the analysis of the take was read in the caller's scope"
    return session.scalars(unscoped(Take, because=why).where(Take.id == take_id)).one().recording_id


def listed(
    session: Session,
    caller: Caller,
    *,
    kinds: Collection[JobKind] = (),
    states: Collection[JobState] = (),
    patient_id: UUID | None = None,
    visit_id: UUID | None = None,
    take_id: UUID | None = None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Job], int]:
    """The newest jobs first, and how many there are."""
    statement = readable(caller, Job)
    if kinds:
        statement = statement.where(Job.kind.in_(kinds))
    if states:
        statement = statement.where(Job.state.in_(states))
    for column, value in (
        (Job.patient_id, patient_id),
        (Job.visit_id, visit_id),
        (Job.take_id, take_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    newest = statement.order_by(Job.id.desc()).limit(limit).offset(offset)
    return session.scalars(newest).all(), total


def events_of(session: Session, caller: Caller, job_id: UUID, after: int) -> Sequence[JobEvent]:
    """What happened to a job after its event number `after`, in its order."""
    return session.scalars(
        readable(caller, JobEvent)
        .where(JobEvent.job_id == job_id, JobEvent.number > after)
        .order_by(JobEvent.number)
    ).all()


def events_since(
    session: Session, caller: Caller, after: int, among: Collection[int] = (), limit: int = 200
) -> Sequence[JobEvent]:
    """What happened to all jobs that the caller may see, after event id `after` or `among` ids."""
    new = or_(JobEvent.id > after, JobEvent.id.in_(among))
    return session.scalars(
        readable(caller, JobEvent).where(new).order_by(JobEvent.id).limit(limit)
    ).all()


def last_event_id(session: Session) -> int:
    """The id of the newest event."""
    return (
        session.scalar(
            unscoped(JobEvent, because="a number tells nothing").with_only_columns(
                func.max(JobEvent.id)
            )
        )
        or 0
    )


def running(session: Session, caller: Caller) -> Sequence[Job]:
    """The running jobs that the caller may see."""
    return session.scalars(readable(caller, Job).where(Job.state == JobState.RUNNING)).all()


def alive_with_key(session: Session, key: str) -> Job | None:
    """The job that does the work of this key now."""
    statement = unscoped(Job, because="the caller of enqueue has checked the subject")
    return session.scalar(statement.where(Job.deduplication_key == key))


def add_event(
    session: Session, job: Job, kind: str, payload: Mapping[str, Any], at: datetime
) -> None:
    """Write down what happened to a job; the caller holds the job's row."""
    numbers = unscoped(JobEvent, because=_WORKS).where(JobEvent.job_id == job.id)
    last = session.scalar(numbers.with_only_columns(func.max(JobEvent.number))) or 0
    session.add(
        JobEvent(
            job_id=job.id,
            patient_id=job.patient_id,
            number=last + 1,
            at=at,
            kind=kind,
            payload=dict(payload),
        )
    )
    session.flush()


def claim(
    session: Session,
    *,
    worker: str,
    queues: Collection[str],
    kinds: Collection[JobKind],
    at: datetime,
    lease_until: datetime,
) -> Job | None:
    """Take the first job that is due, in one conditional UPDATE; None when there is none.

    Work on a recording waits for the first look at it: a person waits for that one, and what it
    sees is used again.
    """
    first = (
        unscoped(Job, because=_WORKS)
        .with_only_columns(Job.id)
        .where(_due(queues, at), Job.kind.in_(kinds), ~_first_look_pending())
        .order_by(Job.priority.desc(), Job.available_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalar(
        unscoped_update(Job, because=_WORKS)
        .where(Job.id == first.scalar_subquery(), Job.state == JobState.QUEUED)
        .values(
            state=JobState.RUNNING,
            worker=worker,
            attempt=Job.attempt + 1,
            fencing_token=Job.fencing_token + 1,
            lease_until=lease_until,
            heartbeat_at=at,
            started_at=at,
            stage=None,
            progress=0.0,
            eta_s=None,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def renew(
    session: Session, job_id: UUID, token: int, at: datetime, lease_until: datetime
) -> tuple[bool, bool]:
    """Prolong a lease; whether it is still held, and whether somebody wants the job cancelled."""
    found = session.execute(
        unscoped_update(Job, because=_WORKS)
        .where(Job.id == job_id, Job.fencing_token == token, Job.state == JobState.RUNNING)
        .values(heartbeat_at=at, lease_until=lease_until)
        .returning(Job.cancel_requested_at)
    ).first()
    return found is not None, found is not None and found[0] is not None


def report(
    session: Session, job_id: UUID, token: int, stage: str, progress: float, eta_s: float | None
) -> None:
    """Write how far a job is; does nothing for a lease that was lost."""
    session.execute(
        unscoped_update(Job, because=_WORKS)
        .where(Job.id == job_id, Job.fencing_token == token, Job.state == JobState.RUNNING)
        .values(stage=stage, progress=progress, eta_s=eta_s)
    )


def held(session: Session, job_id: UUID, token: int) -> Job | None:
    """The running job of a lease, locked until the end of the transaction."""
    return session.scalar(
        unscoped(Job, because=_WORKS)
        .where(Job.id == job_id, Job.fencing_token == token, Job.state == JobState.RUNNING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def succeeded(session: Session, job_id: UUID, token: int) -> bool:
    """Whether the job of a lease has ended well under it."""
    found = unscoped(Job, because=_WORKS).where(
        Job.id == job_id, Job.fencing_token == token, Job.state == JobState.SUCCEEDED
    )
    return session.scalar(found) is not None


def expired(session: Session, at: datetime) -> Sequence[Job]:
    """Running jobs whose worker was silent for too long, locked."""
    return session.scalars(
        unscoped(Job, because=_WORKS)
        .where(Job.state == JobState.RUNNING, Job.lease_until < at)
        .with_for_update(skip_locked=True)
    ).all()


def waiting_since(session: Session, before: datetime, at: datetime) -> Mapping[str, UUID]:
    """Queue -> one of its jobs that has been due since `before`, unless a bell is to be rung."""
    rung = select(Doorbell.queue).where(Doorbell.ring_after <= at)
    due = unscoped(Job, because=_WORKS).where(_due((), before), Job.queue.not_in(rung))
    return {job.queue: job.id for job in session.scalars(due.limit(_MANY))}


def _due(queues: Collection[str], at: datetime) -> ColumnElement[bool]:
    due = and_(Job.state == JobState.QUEUED, Job.available_at <= at)
    return and_(due, Job.queue.in_(queues)) if queues else due


def _first_look_pending() -> ColumnElement[bool]:
    look = aliased(Job)
    return and_(
        Job.kind != JobKind.QUICK_LOOK,
        exists().where(
            look.recording_id == Job.recording_id,
            look.kind == JobKind.QUICK_LOOK,
            look.state.in_(ALIVE),
        ),
    )


def add_doorbell(session: Session, job_id: UUID, queue: str, at: datetime) -> None:
    """Put a doorbell into the outbox."""
    session.add(Doorbell(job_id=job_id, queue=queue, ring_after=at))


def doorbells(session: Session, at: datetime, limit: int = 100) -> Sequence[Doorbell]:
    """Doorbells to be rung now, the oldest first."""
    statement = (
        unscoped(Doorbell, because=_WORKS).where(Doorbell.ring_after <= at).order_by(Doorbell.id)
    )
    return session.scalars(statement.limit(limit)).all()


def remove_doorbells(session: Session, ids: Collection[int]) -> None:
    """Forget doorbells that the broker took."""
    session.execute(unscoped_delete(Doorbell, because=_WORKS).where(Doorbell.id.in_(ids)))


def worker(session: Session, name: str) -> Worker | None:
    """A worker by its name."""
    return session.scalar(unscoped(Worker, because=_WORKS).where(Worker.name == name))
