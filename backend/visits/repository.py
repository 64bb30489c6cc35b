"""Queries of visits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Episode, Patient, Signature, Visit
from backend.scope import readable, unscoped, writable


def patient_is_seen(session: Session, caller: Caller, patient_id: UUID) -> bool:
    """Whether the caller may see the visits of this patient."""
    patients = readable(caller, Patient).where(Patient.id == patient_id)
    return session.scalar(patients.with_only_columns(Patient.id)) is not None


def one(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may see."""
    return session.scalar(readable(caller, Visit).where(Visit.id == visit_id))


def one_to_change(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may change, held until the end."""
    return session.scalar(
        writable(caller, Visit)
        .where(Visit.id == visit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def page(
    session: Session,
    caller: Caller,
    patient_id: UUID,
    episode_id: UUID | None,
    void: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Visit], int]:
    """Some visits of a patient, the newest first, and how many there are."""
    visits = readable(caller, Visit).where(Visit.patient_id == patient_id)
    if not void:
        visits = visits.where(Visit.voided_at.is_(None))
    if episode_id is not None:
        visits = visits.where(Visit.episode_id == episode_id)
    total = session.scalar(visits.with_only_columns(func.count(), maintain_column_froms=True))
    newest = visits.order_by(Visit.visited_on.desc(), Visit.started_at.desc(), Visit.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), int(total or 0)


def episode(session: Session, patient_id: UUID, episode_id: UUID) -> Episode | None:
    """An episode of this patient, also when it is void."""
    return session.scalar(
        unscoped(Episode, because="the patient was reached by the caller's rights").where(
            Episode.id == episode_id,
            Episode.patient_id == patient_id,
        )
    )


def newest_signatures(session: Session, visit_ids: Collection[UUID]) -> dict[UUID, Signature]:
    """Visit -> the newest signature under it."""
    signatures = unscoped(Signature, because="the visits were reached by the caller's rights")
    signatures = signatures.where(Signature.visit_id.in_(visit_ids))
    place = func.row_number().over(
        partition_by=Signature.visit_id,
        order_by=(Signature.signed_at.desc(), Signature.id.desc()),
    )
    ranked = signatures.with_only_columns(Signature.id, place.label("place")).subquery()
    newest = select(ranked.c.id).where(ranked.c.place == 1)
    found = session.scalars(signatures.where(Signature.id.in_(newest)))
    return {signature.visit_id: signature for signature in found}
