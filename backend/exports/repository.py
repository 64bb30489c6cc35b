"""Queries of exports and of what may go into them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import (
    AffectedSide,
    Episode,
    Export,
    ExportPatient,
    ExportState,
    Job,
    JobState,
    Patient,
    Visit,
)
from backend.exports.schemas import ExportKind
from backend.scope import readable, unscoped, unscoped_update

_MAKERS = "a bulk export belongs to whoever asked for it, and to no patient"
_WORKS = "a worker builds what was asked for, under the rights of who asked"


def one(
    session: Session, caller: Caller, kind: ExportKind, export_id: UUID, patient_id: UUID | None
) -> tuple[Export, Job | None] | None:
    """An export that the caller may see, with its job."""
    statement = _listed(caller, kind, patient_id).where(Export.id == export_id)
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def listed(
    session: Session,
    caller: Caller,
    kind: ExportKind,
    patient_id: UUID | None,
    *,
    limit: int,
    offset: int,
) -> tuple[list[tuple[Export, Job | None]], int]:
    """Exports with their jobs, the newest first, and how many there are."""
    statement = _listed(caller, kind, patient_id)
    total = session.scalar(
        select(func.count()).select_from(statement.with_only_columns(Export.id).subquery())
    )
    rows = session.execute(statement.order_by(Export.id.desc()).limit(limit).offset(offset))
    return [(row[0], row[1]) for row in rows], total or 0


def under_way(session: Session, user_id: UUID) -> bool:
    """Whether an export that the user asked for is being made."""
    statement = (
        unscoped(Export, because=_MAKERS)
        .join(Job, Job.id == Export.job_id)
        .where(
            Export.created_by_id == user_id,
            Export.state == ExportState.QUEUED,
            Job.state.in_((JobState.QUEUED, JobState.RUNNING)),
        )
        .with_only_columns(Export.id)
    )
    return session.scalar(statement.limit(1)) is not None


def patient(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient whose results the caller may export."""
    return session.scalar(readable(caller, Patient).where(Patient.id == patient_id))


def patients(session: Session, caller: Caller, patient_id: UUID | None) -> Sequence[Patient]:
    """The patients whose results the caller may export, by pseudonym."""
    statement = readable(caller, Patient).order_by(Patient.pseudonym)
    if patient_id is not None:
        statement = statement.where(Patient.id == patient_id)
    return session.scalars(statement).all()


def visits(session: Session, caller: Caller, patient_id: UUID) -> Sequence[Visit]:
    """The visits of a patient in the order of time."""
    return session.scalars(
        readable(caller, Visit)
        .where(Visit.patient_id == patient_id, Visit.voided_at.is_(None))
        .order_by(Visit.visited_on, Visit.started_at, Visit.id)
    ).all()


def affected_side(session: Session, caller: Caller, patient_id: UUID) -> AffectedSide | None:
    """The side of the patient's newest episode."""
    return session.scalar(
        readable(caller, Episode)
        .where(Episode.patient_id == patient_id, Episode.voided_at.is_(None))
        .order_by(Episode.id.desc())
        .limit(1)
        .with_only_columns(Episode.affected_side)
    )


def how_many_remain(session: Session, caller: Caller, patient_ids: Collection[UUID]) -> int:
    """Of these patients, how many the caller may still export."""
    statement = readable(caller, Patient).where(Patient.id.in_(patient_ids))
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def patients_in(session: Session, export_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Who is in some exports, which the caller was allowed to see."""
    rows = session.scalars(
        unscoped(ExportPatient, because=_MAKERS).where(ExportPatient.export_id.in_(export_ids))
    )
    found: dict[UUID, list[UUID]] = {export_id: [] for export_id in export_ids}
    for row in rows:
        found[row.export_id].append(row.patient_id)
    return found


def to_read(session: Session, export_id: UUID) -> Export:
    """The export that a job is about."""
    return session.scalars(unscoped(Export, because=_WORKS).where(Export.id == export_id)).one()


def to_build(session: Session, export_id: UUID) -> Export:
    """The export that a job is about, locked."""
    return session.scalars(
        unscoped(Export, because=_WORKS).where(Export.id == export_id).with_for_update()
    ).one()


def expire(session: Session, at: datetime) -> None:
    """Let go of the files of exports whose time is over; a sweep removes them."""
    session.execute(
        unscoped_update(Export, because="exports expire whoever made them")
        .where(Export.expires_at <= at, Export.state != ExportState.EXPIRED)
        .values(state=ExportState.EXPIRED, blob_id=None)
    )


def _listed(caller: Caller, kind: ExportKind, patient_id: UUID | None) -> Select[Any]:
    if kind is ExportKind.RESEARCH:
        own = Export.created_by_id == caller.user_id
        statement = unscoped(Export, because=_MAKERS).where(own)
    else:
        statement = readable(caller, Export).where(Export.patient_id == patient_id)
    joined = statement.where(Export.kind == kind.value).outerjoin(Job, Job.id == Export.job_id)
    return joined.add_columns(Job)
