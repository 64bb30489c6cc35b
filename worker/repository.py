"""Queries that a worker asks to know what it computes on, and where results of it are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.db.models import (
    AffectedSide,
    Analysis,
    AnalysisFile,
    Episode,
    FileRole,
    Job,
    Patient,
    Recording,
    RecordingFile,
    RecordingFileRole,
    RecordingView,
    Review,
    ReviewState,
    SubjectFile,
    Take,
    Verdict,
    View,
    Visit,
)
from backend.db.session import now
from backend.scope import unscoped, unscoped_delete, unscoped_update

_WORKS = "a worker acts for no user; what it may touch was checked when the job was queued"


def take_with_recording(session: Session, job: Job) -> tuple[Take, Recording | None, Visit]:
    """The take of a job with its recording and visit."""
    assert job.take_id is not None
    row = take(session, job.take_id)
    found = None if row.recording_id is None else recording(session, row.recording_id)
    return row, found, visit(session, row.visit_id)


def visit(session: Session, visit_id: UUID) -> Visit:
    """A visit by its id."""
    return session.scalars(unscoped(Visit, because=_WORKS).where(Visit.id == visit_id)).one()


def take(session: Session, take_id: UUID) -> Take:
    """A take by its id."""
    return session.scalars(unscoped(Take, because=_WORKS).where(Take.id == take_id)).one()


def recording(session: Session, recording_id: UUID) -> Recording:
    """A recording by its id."""
    return session.scalars(
        unscoped(Recording, because=_WORKS).where(Recording.id == recording_id)
    ).one()


def views(session: Session, recording_id: UUID) -> Sequence[RecordingView]:
    """The views of a recording, always in the same order."""
    found = unscoped(RecordingView, because=_WORKS).where(
        RecordingView.recording_id == recording_id
    )
    return sorted(session.scalars(found), key=lambda row: list(View).index(row.view))


def takes_in(session: Session, recording_id: UUID) -> Sequence[Take]:
    """The takes of a recording that are to be measured."""
    return session.scalars(
        unscoped(Take, because=_WORKS)
        .where(
            Take.recording_id == recording_id,
            Take.voided_at.is_(None),
            Take.excluded_at.is_(None),
            Take.replaced_by_id.is_(None),
        )
        .order_by(Take.number)
    ).all()


def accepted_review(session: Session, take_id: UUID) -> Review | None:
    """The corrections of a take that count: the newest that a clinician made or accepted."""
    return session.scalar(
        unscoped(Review, because=_WORKS)
        .where(Review.take_id == take_id, Review.state == ReviewState.ACCEPTED)
        .order_by(Review.decided_at.desc(), Review.id.desc())
        .limit(1)
    )


def subject_of_visit(session: Session, visit_id: UUID) -> SubjectFile | None:
    """The subject file that a visit's takes are measured with."""
    return session.scalar(
        unscoped(SubjectFile, because=_WORKS).where(
            SubjectFile.visit_id == visit_id, SubjectFile.superseded_at.is_(None)
        )
    )


def scale_of_patient(session: Session, patient_id: UUID) -> SubjectFile | None:
    """The subject file that fixes a patient's scale."""
    return session.scalar(
        unscoped(SubjectFile, because=_WORKS)
        .where(
            SubjectFile.patient_id == patient_id,
            SubjectFile.fixes_scale,
            SubjectFile.superseded_at.is_(None),
        )
        .order_by(SubjectFile.created_at)
        .limit(1)
    )


def subject_file(session: Session, subject_file_id: UUID) -> SubjectFile:
    """A subject file by its id."""
    return session.scalars(
        unscoped(SubjectFile, because=_WORKS).where(SubjectFile.id == subject_file_id)
    ).one()


def lock_patient(session: Session, patient_id: UUID) -> None:
    """Let no other worker decide about this patient's subject files until the end."""
    session.scalars(
        unscoped(Patient, because=_WORKS).where(Patient.id == patient_id).with_for_update()
    ).one()


def last_subject_version(session: Session, visit_id: UUID) -> int:
    """The highest version number of a visit's subject files; 0 without any."""
    files = unscoped(SubjectFile, because=_WORKS).where(SubjectFile.visit_id == visit_id)
    return max((file.version_number for file in session.scalars(files)), default=0)


def users_of_subject(session: Session, subject_file_id: UUID) -> Sequence[Analysis]:
    """The analyses in force that were made with a subject file or its scale, visits unsigned."""
    latest = (
        unscoped(Analysis, because=_WORKS)
        .join(Visit, Visit.id == Analysis.visit_id)
        .join(Take, Take.id == Analysis.take_id)
        .where(
            Analysis.superseded_at.is_(None),
            Visit.signed_at.is_(None),
            Take.voided_at.is_(None),
            Take.excluded_at.is_(None),
            Take.replaced_by_id.is_(None),
        )
    )
    subject = subject_file(session, subject_file_id)
    patients = latest.where(Analysis.patient_id == subject.patient_id)
    name = str(subject_file_id)
    return [
        analysis
        for analysis in session.scalars(patients)
        if name in (analysis.request.get("subject_file_id"), analysis.request.get("scale_file_id"))
    ]


def birth_year(session: Session, patient_id: UUID) -> int | None:
    """The year in which a patient was born."""
    return (
        session.scalars(unscoped(Patient, because=_WORKS).where(Patient.id == patient_id))
        .one()
        .birth_year
    )


def affected_side(session: Session, episode_id: UUID | None) -> AffectedSide | None:
    """The affected side of an episode; None without one."""
    found = session.scalar(unscoped(Episode, because=_WORKS).where(Episode.id == episode_id))
    return None if found is None else found.affected_side


def analysis_of_job(session: Session, job_id: UUID) -> Analysis | None:
    """What a job has published already."""
    return session.scalar(unscoped(Analysis, because=_WORKS).where(Analysis.job_id == job_id))


def analysis(session: Session, analysis_id: UUID) -> Analysis:
    """An analysis by its id."""
    return session.scalars(
        unscoped(Analysis, because=_WORKS).where(Analysis.id == analysis_id)
    ).one()


def analysis_file(session: Session, analysis_id: UUID, role: FileRole) -> AnalysisFile:
    """The file of an analysis that has no view."""
    return session.scalars(
        unscoped(AnalysisFile, because=_WORKS).where(
            AnalysisFile.analysis_id == analysis_id, AnalysisFile.role == role
        )
    ).one()


def recording_files(
    session: Session, recording_id: UUID, role: RecordingFileRole
) -> Mapping[View | None, RecordingFile]:
    """What is kept of a recording's views, by view."""
    found = unscoped(RecordingFile, because=_WORKS).where(
        RecordingFile.recording_id == recording_id, RecordingFile.role == role
    )
    return {file.view: file for file in session.scalars(found)}


def keep_recording_file(
    session: Session,
    recording_row: Recording,
    role: RecordingFileRole,
    view: View,
    blob_id: UUID,
    details: Mapping[str, Any],
) -> None:
    """Let a recording have this file; an older one of the same role and view goes."""
    session.execute(
        unscoped_delete(RecordingFile, because=_WORKS).where(
            RecordingFile.recording_id == recording_row.id,
            RecordingFile.role == role,
            RecordingFile.view == view,
        )
    )
    session.add(
        RecordingFile(
            recording_id=recording_row.id,
            patient_id=recording_row.patient_id,
            role=role,
            view=view,
            blob_id=blob_id,
            details=dict(details),
            created_at=now(session),
        )
    )
    session.flush()


def set_first_verdict(
    session: Session, take_id: UUID, verdict: Verdict, report: Mapping[str, Any]
) -> None:
    """Keep the early word of quality control; nobody's edit of the take collides with it."""
    session.execute(
        unscoped_update(Take, because=_WORKS)
        .where(Take.id == take_id)
        .values(first_verdict=verdict, first_qc=dict(report))
        .execution_options(synchronize_session=False)
    )
