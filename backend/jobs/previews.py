"""Trying out a correction on one frame: asked for, computed by a worker, read once; not kept.

The result is a blob that no row refers to: the sweep takes it away.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller
from backend.audit import service as audit
from backend.blobs import service as blobs
from backend.db.models import Blob, Job, JobKind, JobState
from backend.jobs import repository
from backend.jobs.errors import PreviewNotReadyError
from backend.jobs.schemas import PreviewRequest
from backend.jobs.service import enqueue
from backend.kit.errors import InvalidError, NotFoundError

RESULT = "result"

Part = Literal["mesh", "landmarks"]


def ask(session: Session, caller: Caller, asked: PreviewRequest) -> Job:
    """Queue the preview of a correction; raises NotFoundError, InvalidError."""
    analysis = repository.analysis_to_preview(session, caller, asked.analysis_id)
    if analysis is None:
        raise NotFoundError
    if asked.frame >= analysis.frames:
        raise InvalidError(f"The analysis has {analysis.frames} frames, counted from 0.")
    return enqueue(
        session,
        JobKind.PREVIEW,
        patient_id=analysis.patient_id,
        visit_id=analysis.visit_id,
        recording_id=repository.recording_of(session, analysis.take_id),
        take_id=analysis.take_id,
        request=asked.model_dump(mode="json"),
        created_by_id=caller.user_id,
    )


def result(session: Session, caller: Caller, job_id: UUID, part: Part) -> Blob:
    """A part of a finished preview; the look at the face is audited.

    Raises NotFoundError, PreviewNotReadyError.
    """
    job = repository.one(session, caller, job_id)
    if job is None or job.kind is not JobKind.PREVIEW:
        raise NotFoundError
    if job.state is not JobState.SUCCEEDED:
        raise PreviewNotReadyError
    events = repository.events_of(session, caller, job_id, 0)
    payload = next(event.payload for event in events if event.kind == RESULT)
    blob = blobs.find(session, UUID(payload[part]))
    if blob is None:
        raise NotFoundError
    audit.record(session, caller, "face.preview", "job", job.id, patient_id=job.patient_id)
    return blob
