"""Queries of uploads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend.access import Caller
from backend.db.models import Patient, Upload, UploadState
from backend.scope import readable, unscoped, writable

ARRIVING = (UploadState.OPEN, UploadState.RECEIVED)
_CHECKED = "the upload was checked against its sender's rights when its bytes came"
_SITE = "room and time are the site's"


def patient_to_fill(session: Session, caller: Caller, patient_id: UUID) -> Patient | None:
    """A patient that the caller may add to."""
    return session.scalar(writable(caller, Patient).where(Patient.id == patient_id))


def one(session: Session, caller: Caller, upload_id: UUID) -> Upload | None:
    """An upload that the caller may see."""
    return session.scalar(readable(caller, Upload).where(Upload.id == upload_id))


def one_to_change(session: Session, caller: Caller, upload_id: UUID) -> Upload | None:
    """An upload that the caller may change."""
    return session.scalar(writable(caller, Upload).where(Upload.id == upload_id))


def of_recording(session: Session, caller: Caller, recording_id: UUID) -> Sequence[Upload]:
    """All uploads for a recording, the newest first."""
    return session.scalars(
        readable(caller, Upload)
        .where(Upload.recording_id == recording_id)
        .order_by(Upload.id.desc())
    ).all()


def locked(session: Session, upload_id: UUID) -> Upload | None:
    """The row of an upload whose bytes this process holds, locked."""
    return session.scalar(
        unscoped(Upload, because=_CHECKED)
        .where(Upload.id == upload_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def still_to_come(session: Session) -> int:
    """How many bytes of all announced uploads have not arrived."""
    total = func.sum(Upload.declared_bytes - Upload.received_bytes)
    arriving_now = unscoped(Upload, because=_SITE).where(Upload.state.in_(ARRIVING))
    return int(session.scalar(arriving_now.with_only_columns(func.coalesce(total, 0))) or 0)


def overdue(session: Session, at: datetime) -> Sequence[UUID]:
    """Uploads that have not been finished in their time."""
    late = unscoped(Upload, because=_SITE).where(Upload.state.in_(ARRIVING), Upload.expires_at < at)
    return session.scalars(late.with_only_columns(Upload.id)).all()


def arriving(session: Session, upload_ids: Collection[UUID]) -> set[UUID]:
    """Those of the uploads that are still under way."""
    alive = unscoped(Upload, because=_SITE).where(
        Upload.id.in_(upload_ids), Upload.state.in_(ARRIVING)
    )
    return set(session.scalars(alive.with_only_columns(Upload.id)))


def received(session: Session) -> Sequence[Upload]:
    """Uploads that are here whole and were not looked into, as after a crash."""
    return session.scalars(
        unscoped(Upload, because=_CHECKED).where(Upload.state == UploadState.RECEIVED)
    ).all()
