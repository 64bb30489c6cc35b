"""Queries of recordings, their views and files."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session, selectinload

from backend.access import Caller
from backend.db.models import (
    Recording,
    RecordingFile,
    RecordingFileRole,
    RecordingView,
    Take,
    Upload,
    View,
    Visit,
)
from backend.scope import readable, unscoped, unscoped_update, writable

_WITH_FILES = (selectinload(Recording.views), selectinload(Recording.files))


def visit_to_fill(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may add to."""
    return session.scalar(writable(caller, Visit).where(Visit.id == visit_id))


def visit_to_see(session: Session, caller: Caller, visit_id: UUID) -> Visit | None:
    """A visit that the caller may see."""
    return session.scalar(readable(caller, Visit).where(Visit.id == visit_id))


def visit_of(session: Session, recording: Recording) -> Visit:
    """The visit of a recording that the caller reached already."""
    return session.scalars(
        unscoped(Visit, because="the recording itself was read in the caller's scope").where(
            Visit.id == recording.visit_id
        )
    ).one()


def one(session: Session, caller: Caller, recording_id: UUID) -> Recording | None:
    """A recording that the caller may see, with its views and files."""
    return session.scalar(
        readable(caller, Recording)
        .where(Recording.id == recording_id)
        .options(*_WITH_FILES)
        .execution_options(populate_existing=True)
    )


def one_to_change(session: Session, caller: Caller, recording_id: UUID) -> Recording | None:
    """A recording that the caller may change, locked."""
    return session.scalar(
        writable(caller, Recording)
        .where(Recording.id == recording_id)
        .with_for_update(of=Recording)
        .execution_options(populate_existing=True)
    )


def of_visit(session: Session, caller: Caller, visit_id: UUID) -> Sequence[Recording]:
    """All recordings of a visit, in the order they were made."""
    return session.scalars(
        readable(caller, Recording)
        .where(Recording.visit_id == visit_id, Recording.voided_at.is_(None))
        .order_by(Recording.id)
        .options(*_WITH_FILES)
    ).all()


def locked(session: Session, recording_id: UUID) -> Recording:
    """The recording that a checked upload belongs to, locked."""
    return session.scalars(
        unscoped(Recording, because="the upload was checked against its sender's rights")
        .where(Recording.id == recording_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def views_of(session: Session, recording_id: UUID) -> Sequence[RecordingView]:
    """The accepted views of a recording that the caller reached already."""
    return session.scalars(
        unscoped(
            RecordingView, because="the recording itself was read in the caller's scope"
        ).where(RecordingView.recording_id == recording_id)
    ).all()


def takes_of(session: Session, recording_id: UUID) -> Sequence[Take]:
    """The takes in a recording that are neither void nor replaced."""
    return session.scalars(
        unscoped(Take, because="the recording itself was read in the caller's scope")
        .where(
            Take.recording_id == recording_id,
            Take.voided_at.is_(None),
            Take.replaced_by_id.is_(None),
        )
        .order_by(Take.number)
    ).all()


def file(
    session: Session, caller: Caller, recording_id: UUID, view: View, role: RecordingFileRole
) -> RecordingFile | None:
    """A derived file that the caller may see."""
    return session.scalar(
        readable(caller, RecordingFile).where(
            RecordingFile.recording_id == recording_id,
            RecordingFile.view == view,
            RecordingFile.role == role,
        )
    )


def let_go(session: Session, upload_id: UUID) -> None:
    """Have the upload of a removed view refer to no bytes any more."""
    session.execute(
        unscoped_update(Upload, because="the recording itself was read in the caller's scope")
        .where(Upload.id == upload_id)
        .values(blob_id=None)
    )
