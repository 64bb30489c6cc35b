"""Queries of blobs; who may read one is decided by the row that refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func
from sqlalchemy.orm import Session

from backend.db.models import Blob
from backend.db.references import blob_references
from backend.scope import unscoped, unscoped_delete

_WHY = "blobs are reached through the rows that refer to them, whose queries are scoped"


def with_digest(session: Session, patient_id: UUID | None, digest: bytes) -> Blob | None:
    """The patient's blob of this content, held so that a sweep leaves it alone until the end."""
    return session.scalar(
        unscoped(Blob, because=_WHY)
        .where(Blob.patient_id == patient_id, Blob.digest == digest)
        .with_for_update(key_share=True, read=True)
    )


def get(session: Session, blob_id: UUID) -> Blob:
    """A blob that another row refers to."""
    return session.scalars(unscoped(Blob, because=_WHY).where(Blob.id == blob_id)).one()


def find(session: Session, blob_id: UUID) -> Blob | None:
    """A blob that may have been swept."""
    return session.scalar(unscoped(Blob, because=_WHY).where(Blob.id == blob_id))


def unused(session: Session, before: datetime, limit: int) -> Sequence[Blob]:
    """Some blobs written before `before` that no row refers to."""
    return session.scalars(
        unscoped(Blob, because="a sweep looks after all patients' files")
        .where(Blob.created_at < before, _nobody_refers())
        .limit(limit)
    ).all()


def remove_unused(session: Session, blob_id: UUID) -> bool:
    """Remove the row unless a row has come to refer to it; whether it was removed."""
    removed = session.execute(
        unscoped_delete(Blob, because=_WHY).where(Blob.id == blob_id, _nobody_refers())
    )
    return bool(removed.rowcount)  # type: ignore[attr-defined]


def known_names(session: Session, names: Sequence[str]) -> set[str]:
    """Those of the object names that a row knows."""
    known = unscoped(Blob, because=_WHY).where(Blob.object_name.in_(names))
    return set(session.scalars(known.with_only_columns(Blob.object_name)))


def stored_bytes(session: Session) -> int:
    """How much room all blobs take."""
    total = func.coalesce(func.sum(Blob.stored_bytes), 0)
    return int(session.scalar(unscoped(Blob, because=_WHY).with_only_columns(total)) or 0)


def _nobody_refers() -> ColumnElement[bool]:
    return and_(*(~exists().where(column == Blob.id) for column in blob_references()))
