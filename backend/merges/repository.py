"""Queries that move what belongs to a patient from one record to another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.access import Caller
from backend.db.base import Base
from backend.db.models import (
    Analysis,
    AnalysisFile,
    Blob,
    Consent,
    Episode,
    EpisodeEvent,
    Export,
    Invitation,
    Job,
    JobEvent,
    JobState,
    Measure,
    Patient,
    PatientMerge,
    PatientTeam,
    Recording,
    RecordingFile,
    RecordingView,
    Review,
    Signature,
    SubjectFile,
    Take,
    Upload,
    Visit,
)
from backend.db.references import blob_references
from backend.patients.repository import note_last_visit
from backend.scope import unscoped, writable

_WHY = "only administrators merge, and they reach every patient"

# What is moved by itself, and remembered for undoing.
ROOTS: dict[str, Any] = {
    root.__tablename__: root for root in (Visit, Episode, Consent, Invitation, Export, Upload, Job)
}
# What goes where its parent goes, also what was added after the merge; parents come first.
FOLLOWERS: tuple[tuple[type[Base], InstrumentedAttribute[Any], type[Base]], ...] = (
    (EpisodeEvent, EpisodeEvent.episode_id, Episode),
    (Recording, Recording.visit_id, Visit),
    (Take, Take.visit_id, Visit),
    (SubjectFile, SubjectFile.visit_id, Visit),
    (Review, Review.visit_id, Visit),
    (Signature, Signature.visit_id, Visit),
    (Analysis, Analysis.visit_id, Visit),
    (Measure, Measure.visit_id, Visit),
    (Job, Job.visit_id, Visit),
    (RecordingView, RecordingView.recording_id, Recording),
    (RecordingFile, RecordingFile.recording_id, Recording),
    (Upload, Upload.recording_id, Recording),
    (AnalysisFile, AnalysisFile.analysis_id, Analysis),
    (JobEvent, JobEvent.job_id, Job),
)
# Who broke the glass to a record sees nothing of the other; exports of many stay as they were.
STAYING = ("break_glass", "export_patients", "patient_search_tokens", "patient_teams", "blobs")


def both(session: Session, caller: Caller, ids: Collection[UUID]) -> dict[UUID, Patient]:
    """The records in use of these ids, held until the end, always in the same order."""
    rows = session.scalars(
        writable(caller, Patient).where(Patient.id.in_(ids)).order_by(Patient.id).with_for_update()
    )
    return {row.id: row for row in rows}


def held(session: Session, patient_id: UUID) -> Patient:
    """A record of whatever state, held until the end."""
    return session.scalars(
        unscoped(Patient, because=_WHY).where(Patient.id == patient_id).with_for_update()
    ).one()


def work_under_way(session: Session, patient_ids: Collection[UUID]) -> bool:
    """Whether jobs of these patients wait or run."""
    alive = unscoped(Job, because=_WHY).where(
        Job.patient_id.in_(patient_ids), Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    )
    return session.scalar(alive.with_only_columns(Job.id).limit(1)) is not None


def roots_of(session: Session, patient_id: UUID) -> dict[str, list[str]]:
    """Table -> ids of what is moved by itself."""
    found: dict[str, list[str]] = {}
    for name, root in ROOTS.items():
        own = unscoped(root, because=_WHY).where(root.patient_id == patient_id)
        if root is Upload:
            own = own.where(Upload.recording_id.is_(None))
        if root is Job:
            own = own.where(Job.visit_id.is_(None))
        found[name] = [str(row) for row in session.scalars(own.with_only_columns(root.id))]
    return found


def move(session: Session, moved: dict[str, list[str]], source: UUID, target: UUID) -> None:
    """Let these rows, all that hangs from them and their files belong to `target`."""
    for name, root in ROOTS.items():
        chosen = unscoped(root, because=_WHY).where(
            root.id.in_([UUID(row) for row in moved.get(name, ())]), root.patient_id == source
        )
        _give(session, root, chosen.with_only_columns(root.id), target)
    for follower, parent_id, parent in FOLLOWERS:
        table: Any = follower
        parents = unscoped(parent, because=_WHY).where(_owner(parent) == target)
        chosen = unscoped(follower, because=_WHY).where(
            table.patient_id == source, parent_id.in_(parents.with_only_columns(parent.id))
        )
        _give(session, follower, chosen.with_only_columns(table.id), target)
    _give(session, Blob, _files(source, target), target)
    for patient_id in (source, target):
        note_last_visit(session, patient_id)
    session.expire_all()


def teams_of(session: Session, patient_id: UUID) -> set[UUID]:
    """The care teams of a patient."""
    return set(
        session.scalars(
            unscoped(PatientTeam, because=_WHY)
            .where(PatientTeam.patient_id == patient_id)
            .with_only_columns(PatientTeam.team_id)
        )
    )


def consents_of(session: Session, patient_id: UUID) -> Sequence[Consent]:
    """All consents of a patient."""
    return session.scalars(
        unscoped(Consent, because=_WHY).where(Consent.patient_id == patient_id)
    ).all()


def consents(session: Session, ids: Collection[UUID]) -> Sequence[Consent]:
    """Consents by their ids."""
    return session.scalars(unscoped(Consent, because=_WHY).where(Consent.id.in_(ids))).all()


def merge(session: Session, merge_id: UUID) -> PatientMerge | None:
    """A merge, held until the end."""
    return session.scalar(
        unscoped(PatientMerge, because=_WHY).where(PatientMerge.id == merge_id).with_for_update()
    )


def page(
    session: Session, patient_id: UUID, limit: int, offset: int
) -> tuple[Sequence[PatientMerge], int]:
    """Some merges that a record took part in, the newest first, and how many there are."""
    merges = unscoped(PatientMerge, because=_WHY).where(
        or_(PatientMerge.kept_id == patient_id, PatientMerge.merged_id == patient_id)
    )
    total = session.scalar(merges.with_only_columns(func.count(), maintain_column_froms=True))
    newest = merges.order_by(PatientMerge.merged_at.desc(), PatientMerge.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), int(total or 0)


def _owner(entity: Any) -> Any:
    return entity.patient_id


def _give(session: Session, entity: Any, ids: Select[Any], target: UUID) -> None:
    session.execute(
        update(entity)
        .where(entity.id.in_(ids))
        .values(patient_id=target)
        .execution_options(synchronize_session=False)
    )


def _files(source: UUID, target: UUID) -> Select[Any]:
    """Ids of the blobs of `source` that rows of `target` refer to."""
    referring = union(
        *(
            select(column).where(column.table.c.patient_id == target)
            for column in blob_references()
            if "patient_id" in column.table.c
        )
    )
    own = unscoped(Blob, because=_WHY).where(Blob.patient_id == source, Blob.id.in_(referring))
    return own.with_only_columns(Blob.id)
