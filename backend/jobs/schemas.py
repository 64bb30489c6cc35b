"""What is told of jobs, and what may be asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.db.models import Job, JobEvent, JobKind, JobState
from backend.jobs.kinds import KINDS
from models.request import Corrections, FrameIndex


class JobRead(BaseModel):
    """A job as it stands.

    progress: share that is done. eta_s: seconds it will still take, None while nobody can tell.
    reason: why it failed, or why its last attempt did; `next_step` is what a person can do.
    """

    id: UUID
    kind: JobKind
    title: str
    queue: str
    priority: int
    state: JobState
    stage: str | None
    progress: float
    eta_s: float | None
    attempt: int
    max_attempts: int
    cancelling: bool
    patient_id: UUID | None
    visit_id: UUID | None
    recording_id: UUID | None
    take_id: UUID | None
    reason_code: str | None
    reason: str | None
    next_step: str | None
    created_at: datetime
    available_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The row as it is told."""
        same = {name: getattr(job, name) for name in cls.model_fields if hasattr(job, name)}
        alive = job.state in (JobState.QUEUED, JobState.RUNNING)
        return cls(
            title=KINDS[job.kind].title,
            cancelling=alive and job.cancel_requested_at is not None,
            **same,
        )


class JobEventRead(BaseModel):
    """Something that happened to a job; `number` counts within the job from 1 without a gap."""

    job_id: UUID
    number: int
    at: datetime
    kind: str
    payload: dict[str, Any]

    @classmethod
    def of(cls, event: JobEvent) -> Self:
        """The row as it is told."""
        return cls(
            job_id=event.job_id,
            number=event.number,
            at=event.at,
            kind=event.kind,
            payload=event.payload,
        )


class JobProgress(BaseModel):
    """How far a running job is."""

    job_id: UUID
    stage: str | None
    progress: float
    eta_s: float | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The row as it is told."""
        return cls(job_id=job.id, stage=job.stage, progress=job.progress, eta_s=job.eta_s)


class PreviewRequest(BaseModel):
    """One frame of an analysis to be fitted again with these landmarks; nothing is kept."""

    model_config = ConfigDict(extra="forbid")

    analysis_id: UUID
    frame: FrameIndex
    corrections: Corrections
