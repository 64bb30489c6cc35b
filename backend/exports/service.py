"""Asking for exports, looking at them and fetching their files; they are made in `building`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.analyses.service import PathOf
from backend.audit.service import record
from backend.blobs import service as blobs
from backend.db.models import Export, ExportState, Job, JobKind, JobState
from backend.db.session import now
from backend.exports import repository
from backend.exports.errors import (
    ConsentChangedError,
    ExportNotReadyError,
    ExportUnderWayError,
)
from backend.exports.schemas import ExportKind, ExportRead, ExportRequest
from backend.jobs import service as jobs
from backend.kit.errors import NotFoundError
from backend.kit.pagination import Page, Paging
from backend.kit.ranges import Content
from backend.kit.storage.blobs import Storage

MEDIA_TYPE = "application/zip"
# The right under which each kind is asked for, made and fetched.
RIGHTS = {
    ExportKind.RESEARCH: Permission.EXPORT_RESEARCH,
    ExportKind.PATIENT: Permission.EXPORT_CLINICAL,
}
# How long an archive is kept for fetching.
KEPT = timedelta(days=7)
_GIVEN_UP = (JobState.FAILED, JobState.PARKED, JobState.CANCELLED)


def ask(
    session: Session,
    caller: Caller,
    kind: ExportKind,
    wanted: ExportRequest,
    path: PathOf,
    patient_id: UUID | None = None,
) -> ExportRead:
    """Ask for an archive; raises NotFoundError, ExportUnderWayError."""
    if patient_id is not None:
        _check_patient(session, caller, patient_id)
    if repository.under_way(session, caller.user_id):
        raise ExportUnderWayError
    at = now(session)
    export = Export(
        kind=kind.value,
        patient_id=patient_id,
        parameters=wanted.model_dump(),
        state=ExportState.QUEUED,
        expires_at=at + KEPT,
        created_at=at,
        created_by_id=caller.user_id,
    )
    session.add(export)
    session.flush()
    job = jobs.enqueue(
        session,
        JobKind.EXPORT,
        patient_id=patient_id,
        request={"export_id": str(export.id)},
        created_by_id=caller.user_id,
    )
    export.job_id = job.id
    _note(session, caller, "export.request", export)
    return _read(export, job, None, None, path)


def get(
    session: Session,
    caller: Caller,
    kind: ExportKind,
    export_id: UUID,
    path: PathOf,
    patient_id: UUID | None = None,
) -> ExportRead:
    """One export as it stands; raises NotFoundError."""
    found = repository.one(session, caller, kind, export_id, patient_id)
    if found is None:
        raise NotFoundError
    return _with_size(session, [found], path)[0]


def listed(
    session: Session,
    caller: Caller,
    kind: ExportKind,
    paging: Paging,
    path: PathOf,
    patient_id: UUID | None = None,
) -> Page[ExportRead]:
    """The exports of a patient, or the caller's own ones for research, the newest first."""
    if patient_id is not None:
        _check_patient(session, caller, patient_id)
    rows, total = repository.listed(
        session, caller, kind, patient_id, limit=paging.limit, offset=paging.offset
    )
    return paging.page(_with_size(session, rows, path), total)


def file(
    session: Session,
    caller: Caller,
    storage: Storage,
    kind: ExportKind,
    export_id: UUID,
    patient_id: UUID | None = None,
) -> Content:
    """The archive, if all who are in it may still be exported.

    Raises NotFoundError, ExportNotReadyError, ConsentChangedError.
    """
    found = repository.one(session, caller, kind, export_id, patient_id)
    if found is None:
        raise NotFoundError
    export = found[0]
    if export.blob_id is None or export.expires_at <= now(session):
        raise ExportNotReadyError
    check_consents(session, caller, repository.patients_in(session, [export.id])[export.id])
    _note(session, caller, "export.download", export)
    blob = blobs.get(session, export.blob_id)
    ref = blobs.ref(blob)

    def read(start: int, end: int) -> Iterator[bytes]:
        return storage.stream(ref, start, end)

    name = f"sfpfr-{kind.value}-{export.created_at:%Y%m%d}-{export.id.hex[-6:]}.zip"
    return Content(blob.size_bytes, blob.digest.hex(), MEDIA_TYPE, read, name)


def check_consents(session: Session, caller: Caller, patient_ids: list[UUID]) -> None:
    """Raise ConsentChangedError unless the caller may still export every one of them."""
    if repository.how_many_remain(session, caller, patient_ids) < len(patient_ids):
        raise ConsentChangedError


def expire(session: Session) -> None:
    """Let go of archives that were kept long enough."""
    repository.expire(session, now(session))


def _check_patient(session: Session, caller: Caller, patient_id: UUID) -> None:
    if repository.patient(session, caller, patient_id) is None:
        raise NotFoundError


def _with_size(
    session: Session, rows: list[tuple[Export, Job | None]], path: PathOf
) -> list[ExportRead]:
    inside = repository.patients_in(session, [export.id for export, _ in rows])
    told = []
    for export, job in rows:
        ready = export.state is ExportState.READY
        size = blobs.get(session, export.blob_id).size_bytes if export.blob_id else None
        told.append(_read(export, job, len(inside[export.id]) if ready else None, size, path))
    return told


def _read(
    export: Export, job: Job | None, patients: int | None, size: int | None, path: PathOf
) -> ExportRead:
    state = export.state
    if state is ExportState.QUEUED and job is not None and job.state in _GIVEN_UP:
        state = ExportState.FAILED
    return ExportRead(
        id=export.id,
        kind=ExportKind(export.kind),
        patient_id=export.patient_id,
        state=state,
        wanted=ExportRequest.model_validate(export.parameters),
        job_id=export.job_id,
        progress=1.0 if state is ExportState.READY else (job.progress if job else 0.0),
        reason=job.reason if job is not None and state is ExportState.FAILED else None,
        patients=patients,
        size_bytes=size,
        created_at=export.created_at,
        expires_at=export.expires_at,
        href=_href(export, path) if state is ExportState.READY else None,
    )


def _href(export: Export, path: PathOf) -> str:
    if export.patient_id is None:
        return path("download_research_export", export_id=str(export.id))
    return path(
        "download_patient_export",
        patient_id=str(export.patient_id),
        export_id=str(export.id),
    )


def _note(session: Session, caller: Caller, action: str, export: Export) -> None:
    record(
        session,
        caller,
        action,
        "export",
        export.id,
        patient_id=export.patient_id,
        detail={"kind": export.kind},
    )
