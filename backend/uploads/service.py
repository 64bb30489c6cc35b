"""The rows of uploads: announced before the first byte, accepted or refused after the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.audit import service as audit
from backend.blobs import repository as blob_repository
from backend.blobs import service as blobs
from backend.db.models import Recording, RecordingView, Upload, UploadKind, UploadState
from backend.db.session import now
from backend.kit.errors import NotAllowedError, NotFoundError, ServiceError, StorageFullError
from backend.kit.storage.blobs import NewBlob
from backend.recordings import repository as recording_repository
from backend.recordings import service as recordings
from backend.uploads import repository
from backend.uploads.errors import FileRefusedError, UploadGoneError, UploadTooLargeError
from backend.uploads.inspection import MediaFacts
from backend.uploads.schemas import Announcement

_PAPER_BYTES = {UploadKind.CONSENT: 32 * 2**20, UploadKind.CALIBRATION: 2**20}
# The partial file, the file while it is looked into and the sealed one are there at once.
_COPIES = 3


@dataclass(frozen=True)
class Room:
    """How much may come: bytes a file, bytes altogether (0: any), free bytes that must stay."""

    file_bytes: int
    quota_bytes: int
    reserve_bytes: int
    free_bytes: int
    keep_open: timedelta


def announce(
    session: Session, caller: Caller, what: Announcement, declared_bytes: int, room: Room
) -> Upload:
    """The row of a new upload.

    Raises NotFoundError for what the caller may not add to, ConflictErrors without consent to care
    or without room in the recording, UploadTooLargeError and StorageFullError.
    """
    _check_size(what.kind, declared_bytes, room)
    recording = None
    if what.kind is UploadKind.CONSENT:
        patient_id = _patient_of_scan(session, caller, what.patient_id)
    else:
        recording = _recording_to_fill(session, caller, what)
        patient_id = recording.patient_id
    _check_room(session, declared_bytes, room)
    upload = Upload(
        patient_id=patient_id,
        kind=what.kind,
        recording_id=recording.id if recording else None,
        view=what.view,
        state=UploadState.OPEN,
        declared_bytes=declared_bytes,
        received_bytes=0,
        checksum=what.sha256,
        expires_at=now(session) + room.keep_open,
        created_at=now(session),
        created_by_id=caller.user_id,
    )
    session.add(upload)
    session.flush()
    _note(session, caller, "upload.announce", upload, kind=upload.kind, view=upload.view)
    return upload


def get(session: Session, caller: Caller, upload_id: UUID) -> Upload:
    """An upload that the caller may see; raises NotFoundError."""
    upload = repository.one(session, caller, upload_id)
    if upload is None:
        raise NotFoundError
    return upload


def of_recording(session: Session, caller: Caller, recording_id: UUID) -> Sequence[Upload]:
    """All uploads for a recording, the newest first; raises NotFoundError."""
    if recording_repository.one(session, caller, recording_id) is None:
        raise NotFoundError
    return repository.of_recording(session, caller, recording_id)


def to_continue(session: Session, caller: Caller, upload_id: UUID) -> Upload:
    """An upload that the caller may send to; raises NotFoundError or UploadGoneError."""
    upload = repository.one_to_change(session, caller, upload_id)
    if upload is None:
        raise NotFoundError
    if upload.state in (UploadState.REFUSED, UploadState.ABANDONED):
        raise UploadGoneError(upload.reason, upload.next_step)
    return upload


def note_progress(session: Session, upload_id: UUID, received_bytes: int) -> Upload | None:
    """Tell how much has arrived; with all of it the upload is received.

    Returns None when the upload is no longer under way.
    """
    upload = _under_way(session, upload_id)
    if upload is not None:
        upload.received_bytes = received_bytes
        if received_bytes == upload.declared_bytes:
            upload.state = UploadState.RECEIVED
    return upload


def accept(
    session: Session, caller: Caller | None, upload_id: UUID, new: NewBlob, facts: MediaFacts | str
) -> None:
    """Let the file out of quarantine: facts of a view, or the media type of a paper.

    The last view of a recording starts its work. Raises ConflictErrors when the recording has no
    room for it any more or the consent was withdrawn.
    """
    upload = _under_way(session, upload_id)
    if upload is None:
        raise UploadGoneError
    media_type = facts if isinstance(facts, str) else facts.media_type
    blob = blobs.keep(session, new, patient_id=upload.patient_id, media_type=media_type)
    upload.state = UploadState.ACCEPTED
    upload.blob_id = blob.id
    upload.media_type = media_type
    upload.completed_at = now(session)
    session.flush()
    if isinstance(facts, MediaFacts):
        recordings.add_view(session, _view(upload, facts, new.sha256), upload.created_by_id)
    elif upload.recording_id is not None:
        recordings.set_calibration(session, upload.recording_id, blob)
    _note(session, caller, "upload.accept", upload, kind=upload.kind, view=upload.view)


def refuse(session: Session, caller: Caller | None, upload_id: UUID, why: ServiceError) -> None:
    """Keep the reason; the file is gone already."""
    upload = _under_way(session, upload_id)
    if upload is None:
        return
    upload.state = UploadState.REFUSED
    upload.reason, upload.next_step = why.message[:1000], why.next_step[:1000]
    upload.completed_at = now(session)
    _note(session, caller, "upload.refuse", upload, code=why.code)


def abandon(session: Session, caller: Caller | None, upload_id: UUID) -> None:
    """End an upload that nobody will finish."""
    upload = _under_way(session, upload_id)
    if upload is None:
        return
    upload.state = UploadState.ABANDONED
    upload.completed_at = now(session)
    _note(session, caller, "upload.abandon", upload)


def _check_size(kind: UploadKind, declared_bytes: int, room: Room) -> None:
    most = min(room.file_bytes, _PAPER_BYTES.get(kind, room.file_bytes))
    if declared_bytes > most:
        raise UploadTooLargeError(
            f"The file has {declared_bytes / 2**20:.0f} MiB; {most / 2**20:.0f} are accepted."
        )
    if declared_bytes == 0:
        raise FileRefusedError("The file is empty (0 bytes).", "Copy it again from the camera.")


def _check_room(session: Session, declared_bytes: int, room: Room) -> None:
    to_come = repository.still_to_come(session)
    if room.free_bytes < _COPIES * (declared_bytes + to_come) + room.reserve_bytes:
        raise StorageFullError
    if room.quota_bytes:
        stored = blob_repository.stored_bytes(session)
        if stored + to_come + declared_bytes > room.quota_bytes:
            raise StorageFullError("The storage that this site may use is full.")


def _patient_of_scan(session: Session, caller: Caller, patient_id: UUID | None) -> UUID:
    if not caller.may(Permission.CONSENT_RECORD):
        raise NotAllowedError
    acting = caller.acting(Permission.CONSENT_RECORD)
    patient = patient_id and repository.patient_to_fill(session, acting, patient_id)
    if not patient:
        raise NotFoundError
    return patient.id


def _recording_to_fill(session: Session, caller: Caller, what: Announcement) -> Recording:
    if what.recording_id is None:
        raise NotFoundError
    recording = recordings.to_fill(session, caller, what.recording_id)
    if what.view is not None:
        recordings.check_room_for(session, recording, what.view)
    return recording


def _under_way(session: Session, upload_id: UUID) -> Upload | None:
    upload = repository.locked(session, upload_id)
    return upload if upload is not None and upload.state in repository.ARRIVING else None


def _view(upload: Upload, facts: MediaFacts, sha256: str) -> RecordingView:
    return RecordingView(
        patient_id=upload.patient_id,
        recording_id=upload.recording_id,
        view=upload.view,
        upload_id=upload.id,
        blob_id=upload.blob_id,
        sha256=sha256,
        container=facts.container,
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        fps=facts.fps if facts.kind == "video" else None,
        duration_s=facts.duration_s if facts.kind == "video" else None,
        frames=facts.n_frames,
        created_at=upload.completed_at,
    )


def _note(
    session: Session, caller: Caller | None, action: str, upload: Upload, **detail: object
) -> None:
    audit.record(
        session,
        caller,
        action,
        "upload",
        upload.id,
        patient_id=upload.patient_id,
        detail=detail,
    )
