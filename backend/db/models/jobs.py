"""Tables of work to be done: jobs, doorbells to be rung, what happened to a job, workers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, Created, Identified
from backend.db.types import CountingColumn


class JobKind(StrEnum):
    """What a job does."""

    QUICK_LOOK = "quick_look"
    ANALYZE_TAKE = "analyze_take"
    PREVIEW = "preview"
    PROXY = "proxy"
    OVERLAY = "overlay"
    EXPORT = "export"


class JobState(StrEnum):
    """Where a job stands. `parked` jobs failed too often and wait for a person."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Job(Identified, Created, Base):
    """One piece of work; the row is the job, the broker's message only a doorbell.

    A worker claims with one conditional UPDATE: it sets `lease_until`, raises `attempt` and
    `fencing_token`; results count only under the present token. `request` holds ids and settings,
    nothing that identifies. `deduplication_key` is set while the job is alive, so that the same
    work is queued once; it is cleared when the job ends. `available_at` puts off a retry.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "state", "queue", "priority", "available_at"),
        Index(None, "state", "lease_until"),
    )

    kind: Mapped[JobKind]
    queue: Mapped[str] = mapped_column(String(32))
    priority: Mapped[int]
    state: Mapped[JobState]
    deduplication_key: Mapped[str | None] = mapped_column(unique=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recordings.id"), index=True)
    take_id: Mapped[UUID | None] = mapped_column(ForeignKey("takes.id"), index=True)
    request: Mapped[dict[str, Any]]
    attempt: Mapped[int]
    max_attempts: Mapped[int]
    available_at: Mapped[datetime]
    fencing_token: Mapped[int]
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    stage: Mapped[str | None] = mapped_column(String(64))
    progress: Mapped[float]
    eta_s: Mapped[float | None]
    reason_code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(1000))
    next_step: Mapped[str | None] = mapped_column(String(1000))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)


class Doorbell(Base):
    """The outbox: a job whose worker is still to be told; removed when the broker took it."""

    __tablename__ = "doorbells"

    id: Mapped[int] = mapped_column(CountingColumn, primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), index=True)
    queue: Mapped[str] = mapped_column(String(32))
    ring_after: Mapped[datetime] = mapped_column(index=True)


class JobEvent(Base):
    """What happened to a job, in its order; clients that come back replay from the last they saw.

    `number` counts from 1 within a job without a gap. `id` orders what one database wrote.
    """

    __tablename__ = "job_events"
    __table_args__ = (UniqueConstraint("job_id", "number"),)

    id: Mapped[int] = mapped_column(CountingColumn, primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]


class Worker(Base):
    """A worker process that says it is alive, for the state of the queues."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    queues: Mapped[list[str]]
    details: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
