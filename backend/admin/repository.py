"""Counts and settings of the whole site; no row of a patient is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import Session

from backend.admin.schemas import DataClass, StoredClass
from backend.db.models import (
    Analysis,
    AnalysisFile,
    Blob,
    Consent,
    Doorbell,
    Export,
    FileRole,
    Job,
    JobState,
    Recording,
    RecordingFile,
    RecordingFileRole,
    RecordingView,
    RetentionRule,
    SubjectFile,
    Upload,
    UploadState,
    Worker,
)
from backend.scope import unscoped

_FIGURES = "figures of the site tell nothing about a patient"
_SITE = "workers and rules are the site's, no patient's"

_SHOWN = (RecordingFileRole.PROXY, RecordingFileRole.THUMBNAIL)
_MESHES = (
    FileRole.VERTICES,
    FileRole.ASYMMETRY,
    FileRole.DISPLACEMENT,
    FileRole.UNCERTAINTY,
    FileRole.ARRAYS,
)
_PICTURES = (FileRole.OVERLAY, FileRole.PREVIEW)


def room(session: Session, kind: StoredClass) -> tuple[int, int]:
    """Files of a class and their stored bytes."""
    statement = _blobs(Blob.id.in_(_ids(kind)))
    files, size = session.execute(statement).one()
    return int(files), int(size)


def whole_room(session: Session) -> tuple[int, int]:
    """All stored files and their bytes."""
    files, size = session.execute(_blobs()).one()
    return int(files), int(size)


def arriving_bytes(session: Session) -> int:
    """Bytes of uploads that are under way or in quarantine."""
    statement = (
        unscoped(Upload, because=_FIGURES)
        .where(Upload.state.in_((UploadState.OPEN, UploadState.RECEIVED)))
        .with_only_columns(func.coalesce(func.sum(Upload.received_bytes), 0))
    )
    return int(session.scalars(statement).one())


def job_counts(session: Session) -> Sequence[Any]:
    """Queue, kind, state, number and since when due, of the jobs that did not end well or yet."""
    columns = (Job.queue, Job.kind, Job.state)
    statement = (
        unscoped(Job, because=_FIGURES)
        .where(Job.state.not_in((JobState.SUCCEEDED, JobState.CANCELLED)))
        .with_only_columns(*columns, func.count(), func.min(Job.available_at))
        .group_by(*columns)
        .order_by(*columns)
    )
    return session.execute(statement).all()


def running(session: Session, most: int) -> Sequence[Job]:
    """Jobs that are being worked on, the longest first."""
    return session.scalars(
        unscoped(Job, because=_FIGURES)
        .where(Job.state == JobState.RUNNING)
        .order_by(Job.started_at)
        .limit(most)
    ).all()


def workers(session: Session, since: datetime) -> Sequence[Worker]:
    """Workers that gave a sign of life since then."""
    return session.scalars(
        unscoped(Worker, because=_SITE)
        .where(Worker.last_seen_at >= since)
        .order_by(Worker.last_seen_at.desc(), Worker.name)
    ).all()


def doorbells(session: Session) -> int:
    """How many doorbells wait for the broker."""
    statement = unscoped(Doorbell, because=_FIGURES).with_only_columns(func.count(Doorbell.id))
    return int(session.scalars(statement).one())


def models(session: Session) -> Sequence[Any]:
    """Name, version, code, analyses, how many count, first and last, newest model first."""
    columns = (Analysis.model_name, Analysis.model_version, Analysis.code_version)
    last = func.max(Analysis.published_at)
    statement = (
        unscoped(Analysis, because=_FIGURES)
        .with_only_columns(
            *columns,
            func.count(),
            func.count().filter(Analysis.superseded_at.is_(None)),
            func.min(Analysis.published_at),
            last,
        )
        .group_by(*columns)
        .order_by(last.desc(), *columns)
    )
    return session.execute(statement).all()


def rules(session: Session) -> dict[str, RetentionRule]:
    """The retention rules that were set, by class."""
    rows = session.scalars(unscoped(RetentionRule, because=_SITE))
    return {row.data_class: row for row in rows}


def rule(session: Session, data_class: DataClass) -> RetentionRule | None:
    """The rule of one class, locked."""
    return session.scalar(
        unscoped(RetentionRule, because=_SITE)
        .where(RetentionRule.data_class == data_class.value)
        .with_for_update()
    )


def _blobs(*conditions: ColumnElement[bool]) -> Select[int, int]:
    return (
        unscoped(Blob, because=_FIGURES)
        .where(*conditions)
        .with_only_columns(func.count(Blob.id), func.coalesce(func.sum(Blob.stored_bytes), 0))
    )


def _ids(kind: StoredClass) -> Select[Any]:
    """The blobs of a class."""
    role, derived = AnalysisFile.role, RecordingFile.role
    tables: dict[StoredClass, tuple[Any, Any, tuple[ColumnElement[bool], ...]]] = {
        StoredClass.VIDEOS: (RecordingView, RecordingView.blob_id, ()),
        StoredClass.BROWSER_VIDEOS: (RecordingFile, RecordingFile.blob_id, (derived.in_(_SHOWN),)),
        StoredClass.OBSERVATIONS: (
            RecordingFile,
            RecordingFile.blob_id,
            (derived.not_in(_SHOWN),),
        ),
        StoredClass.OVERLAYS: (AnalysisFile, AnalysisFile.blob_id, (role.in_(_PICTURES),)),
        StoredClass.MESHES: (AnalysisFile, AnalysisFile.blob_id, (role.in_(_MESHES),)),
        StoredClass.OTHER_RESULTS: (
            AnalysisFile,
            AnalysisFile.blob_id,
            (role.not_in((*_MESHES, *_PICTURES)),),
        ),
        StoredClass.SUBJECTS: (SubjectFile, SubjectFile.blob_id, ()),
        StoredClass.CONSENTS: (Consent, Consent.attachment_blob_id, ()),
        StoredClass.CALIBRATIONS: (Recording, Recording.calibration_blob_id, ()),
        StoredClass.EXPORTS: (Export, Export.blob_id, ()),
    }
    table, column, conditions = tables[kind]
    return (
        unscoped(table, because=_FIGURES)
        .where(column.is_not(None), *conditions)
        .with_only_columns(column)
    )
